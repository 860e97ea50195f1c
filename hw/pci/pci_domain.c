/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain of its own behind a function (its aperture): buses, numbers and configuration cycles
 * apart from those around it. Memory is shared, as far as the aperture passes addresses down; pins
 * and ports do not reach across.
 */
#include <string.h>

#include "hw/pci/pci_internal.h"

PciBus *pci_domain_behind(const PciDevice *aperture)
{
    return aperture->domain;
}

PciDevice *pci_domain_aperture(const PciDevice *pci)
{
    return pci->bus ? pci_root_of(pci->bus)->aperture : NULL;
}

const PciDevice *pci_message_rewriter(const PciDevice *pci)
{
    const PciBus *root = pci->bus ? pci_root_of(pci->bus) : NULL;
    return root && root->view.rewrites ? root->aperture : NULL;
}

static Upstream domain_above(void *opaque, PciDevice *pci)
{
    return ((const PciBus *)opaque)->up;
}

/* What is above the domain frees slots. */
static void domain_released(void *opaque, PciDevice *port)
{
    const PciBus *root = opaque;
    const PciHost *outer = &pci_root_of(root->aperture->bus)->host;
    if (outer->released) {
        outer->released(outer->opaque, port);
    }
}

PciBus *pci_domain_new(PciDevice *aperture, const char *name, uint8_t number, const Upstream *above)
{
    const PciHost *outer = &pci_root_of(aperture->bus)->host;
    PciHost host = *outer;
    host.intx_line = NULL;
    host.above = domain_above;
    host.released = domain_released;
    PciBus *root = pci_root_bus_new(name, &host);
    root->host.opaque = root;
    root->up = *above;
    root->number = number;
    root->aperture = aperture;
    aperture->domain = root;
    return root;
}

void pci_domain_hand_over(PciDevice *aperture, GPtrArray *devices)
{
    PciBus *root = aperture->domain;
    for (int devfn = 0; root && devfn < PCI_DEVFNS; devfn++) {
        if (root->devices[devfn]) {
            g_ptr_array_add(devices, root->devices[devfn]);
        }
    }
    if (root) {
        root->handed_over = true;
    }
}

static void free_functions(PciBus *root)
{
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        PciDevice *pci = root->devices[devfn];
        if (pci) {
            pci_bus_detach(pci);
            device_free(&pci->dev);
        }
    }
}

void pci_domain_free(PciDevice *aperture)
{
    PciBus *root = aperture->domain;
    if (root && !root->handed_over) {
        free_functions(root);
    }
    pci_bus_free(root);
    aperture->domain = NULL;
}

static void follow_view(PciDevice *pci, void *opaque)
{
    pci_update_bars(pci);
}

void pci_domain_show(PciBus *root, const PciDomainView *view)
{
    if (memcmp(&root->view, view, sizeof(*view)) != 0) {
        root->view = *view;
        pci_bus_foreach(root, follow_view, NULL);
    }
}

uint64_t pci_domain_reach(const PciBus *root, bool io, uint64_t base, uint64_t size)
{
    if (!root->aperture) {
        return base;
    }
    for (int i = 0; i < PCI_DOMAIN_WINDOWS && !io; i++) {
        const PciDomainWindow *window = &root->view.windows[i];
        if (base >= window->first && base - window->first < window->size &&
            size <= window->size - (base - window->first)) {
            return window->at + (base - window->first);
        }
    }
    return PCI_BAR_UNMAPPED;
}
