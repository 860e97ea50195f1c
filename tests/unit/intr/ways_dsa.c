/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways that a data streaming accelerator's completions end before there is a message. */
#include "hw/dma/dsa.h"
#include "hw/dma/dsa/device.h"
#include "intr/ways.h"
#include "pci-fixture.h"

#define ENTRY 1

static Dsa *accelerator(Rig *rig)
{
    PciDevice *pci = pci_add(&rig->platform, &dsa_class, rig->bus, "6");
    device_reset(&pci->dev);
    return (Dsa *)pci;
}

static IntrResult attempt(Dsa *d, uint16_t handle)
{
    uint16_t vector;
    g_assert_false(dsa_intr_may(d, false, handle, &vector));
    pci_bus_detach(&d->pci);
    device_free(&d->pci.dev);
    return WAY_TRACED;
}

static uint16_t handle_of(Dsa *d)
{
    uint16_t handle = 0;
    g_assert_cmpint(dsa_handle_request(d, false, ENTRY, &handle), ==, DSA_CMD_SUCCESS);
    return handle;
}

IntrResult way_handle_unknown(Rig *rig)
{
    return attempt(accelerator(rig), ENTRY);
}

IntrResult way_handle_revoked(Rig *rig)
{
    Dsa *d = accelerator(rig);
    uint16_t handle = handle_of(d);
    d->revoke_after = 1;
    dsa_intr_send(d, false, ENTRY);
    return attempt(d, handle);
}

IntrResult way_not_permitted(Rig *rig)
{
    Dsa *d = accelerator(rig);
    d->msixperm[ENTRY] = PERM_PASID_ON;
    return attempt(d, handle_of(d));
}
