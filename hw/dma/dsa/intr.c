/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completion interrupts (DSA 1.0, 3.7 and 5.4). A descriptor names an interrupt handle; through an
 * MSI-X portal it stands for a vector, and MSIXPERM's entry says whose descriptors may use it;
 * through an IMS portal it stands for a slot of the message store, whose control says that.
 *
 * With handles a driver has to ask for one. Ours is the entry's number and the generation, so that
 * it is never the number alone, and none of before a revocation is valid after it. Without, the
 * handle is the number. MSI-X's entry 0 is for events of the device.
 */
#include <string.h>

#include "hw/dma/dsa/device.h"
#include "hw/intr/journal.h"

#define INDEX_BITS       11u
#define INDEX_MASK       ((1u << INDEX_BITS) - 1)
#define FIRST_GENERATION 1u

static bool entry_exists(const Dsa *d, bool ims, uint32_t index)
{
    return ims ? index < d->ims_slots : index > 0 && index < DSA_VECTORS;
}

static uint8_t *granted(Dsa *d, bool ims, uint32_t index)
{
    return &d->granted[(ims ? DSA_VECTORS : 0) + index];
}

DsaCmdError dsa_handle_request(Dsa *d, bool ims, uint16_t index, uint16_t *handle)
{
    if (!entry_exists(d, ims, index)) {
        return DSA_CMD_INT_INDEX;
    }
    *granted(d, ims, index) = true;
    *handle = (uint16_t)(index | (uint32_t)d->generation << INDEX_BITS);
    return DSA_CMD_SUCCESS;
}

/* INTR_ON_ITS_WAY: it is good. */
static IntrResult entry_of_handle(Dsa *d, bool ims, uint16_t handle, uint16_t *index)
{
    if (!d->int_handles) {
        *index = handle;
        return entry_exists(d, ims, handle) ? INTR_ON_ITS_WAY : INTR_HANDLE_UNKNOWN;
    }
    *index = handle & INDEX_MASK;
    if (!entry_exists(d, ims, *index)) {
        return INTR_HANDLE_UNKNOWN;
    }
    unsigned generation = handle >> INDEX_BITS;
    if (generation >= FIRST_GENERATION && generation < d->generation) {
        return INTR_HANDLE_REVOKED;
    }
    return generation == d->generation && *granted(d, ims, *index) ? INTR_ON_ITS_WAY
                                                                   : INTR_HANDLE_UNKNOWN;
}

DsaCmdError dsa_handle_release(Dsa *d, bool ims, uint16_t handle)
{
    uint16_t index;
    if (entry_of_handle(d, ims, handle, &index) != INTR_ON_ITS_WAY) {
        return DSA_CMD_INT_INDEX;
    }
    *granted(d, ims, index) = false;
    return DSA_CMD_SUCCESS;
}

void dsa_handles_reset(Dsa *d)
{
    memset(d->granted, 0, sizeof(d->granted));
    d->generation = FIRST_GENERATION;
    d->interrupts = 0;
}

/* As a hypervisor does that moves the function elsewhere (3.7). */
static void dsa_revoke(Dsa *d)
{
    memset(d->granted, 0, sizeof(d->granted));
    d->generation = (uint8_t)(d->generation % DSA_LAST_GENERATION + FIRST_GENERATION);
    d->interrupts = 0;
    dsa_event(d, INTCAUSE_REVOKED);
}

/* All descriptors come without a PASID. */
static bool is_permitted(const Dsa *d, bool ims, uint16_t index)
{
    uint32_t rule = ims ? pci_ims_control(&d->ims, index) : d->msixperm[index];
    return !(rule & PERM_PASID_ON) || (rule & PERM_IGNORE);
}

bool dsa_intr_may(Dsa *d, bool ims, uint16_t handle, uint16_t *vector)
{
    IntrResult why = entry_of_handle(d, ims, handle, vector);
    if (why == INTR_ON_ITS_WAY && is_permitted(d, ims, *vector)) {
        return true;
    }
    bool known = why == INTR_ON_ITS_WAY;
    uint64_t serial =
        journal_open(dsa_journal(d), ims ? JOURNAL_STORED : JOURNAL_MSIX, d->pci.dev.id,
                     pci_requester_id(&d->pci), known ? *vector : handle);
    journal_keep(dsa_journal(d), serial, known ? INTR_NOT_PERMITTED : why);
    return false;
}

void dsa_intr_send(Dsa *d, bool ims, uint16_t vector)
{
    if (ims) {
        pci_ims_notify(&d->ims, vector);
    } else {
        msix_notify(&d->pci, vector);
    }
    if (d->int_handles && d->revoke_after && ++d->interrupts >= d->revoke_after) {
        dsa_revoke(d);
    }
}
