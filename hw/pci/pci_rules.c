/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI and MSI-X: lint's checks (PCI Local Bus 3.0, 6.8). Configuration space is looked at before
 * and after a write of it, MSI-X entries where they are written.
 */
#include <inttypes.h>

#include "hw/intr/lint.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"

#define FIRST_VECTOR    16
#define ADDR_REMAPPABLE (1u << 4) /* VT-d 5.1.2.2 */

enum { HALF_LOW = 1 << 0, HALF_HIGH = 1 << 1, HALF_DATA = 1 << 2 };

static void look_at_msi(const PciDevice *pci, PciRulesView *v)
{
    const uint8_t *cap = &pci->config[pci->msi.cap];
    bool is64 = pci->msi.is64;

    v->flags = pci_get_word(cap + PCI_MSI_FLAGS);
    v->low = pci_get_long(cap + PCI_MSI_ADDRESS_LO);
    v->high = is64 ? pci_get_long(cap + PCI_MSI_ADDRESS_HI) : 0;
    v->data = pci_get_word(cap + (is64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32));
    v->mask =
        pci->msi.maskable ? pci_get_long(cap + (is64 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32)) : 0;
}

PciRulesView pci_rules_look(const PciDevice *pci)
{
    PciRulesView v = {.command = pci_get_word(&pci->config[PCI_COMMAND]),
                      .msi = msi_enabled(pci),
                      .msix = msix_enabled(pci)};

    if (pci->msi.cap) {
        look_at_msi(pci, &v);
    }
    return v;
}

void pci_rules_message(const PciDevice *pci, uint64_t address, uint32_t data)
{
    uint32_t mode = data >> MSI_DATA_DELIVERY_SHIFT & MSI_DATA_DELIVERY_MASK;

    if (pci_message_rewriter(pci)) {
        return; /* its data says nothing, its address a number there */
    }
    if (!intr_window_contains(address)) {
        LINT_BREAK(&pci->dev, LINT_MSI_ADDRESS_OUTSIDE, "address %#" PRIx64, address);
    } else if (!(address & ADDR_REMAPPABLE) && mode <= INTR_MODE_LOWEST &&
               (data & MSI_DATA_VECTOR_MASK) < FIRST_VECTOR) {
        LINT_BREAK(&pci->dev, LINT_MSI_VECTOR_LOW, "data %#x", data);
    }
}

static void check_enabled(const PciDevice *pci, const PciRulesView *v)
{
    unsigned log2_enabled = (v->flags & PCI_MSI_FLAGS_QSIZE) >> 4;

    pci_rules_message(pci, (uint64_t)v->high << 32 | v->low, v->data);
    if (1u << log2_enabled > pci->msi.vectors) {
        LINT_BREAK(&pci->dev, LINT_MSI_TOO_MANY, "%u of %u", 1u << log2_enabled, pci->msi.vectors);
    } else if (v->data & ((1u << log2_enabled) - 1)) {
        LINT_BREAK(&pci->dev, LINT_MSI_DATA_BITS, "data %#x, %u messages", v->data,
                   1u << log2_enabled);
    }
}

/* Can one go out now? */
static bool rules_is_live(const PciDevice *pci, const PciRulesView *v)
{
    unsigned vectors = MIN(1u << ((v->flags & PCI_MSI_FLAGS_QSIZE) >> 4), pci->msi.vectors);
    uint32_t all = (uint32_t)((1ull << vectors) - 1);

    return v->msi && (v->mask & all) != all;
}

static void check_halves(PciDevice *pci, const PciRulesView *before, const PciRulesView *now)
{
    PciMsi *msi = &pci->msi;
    unsigned changed = (before->low != now->low ? HALF_LOW : 0) |
                       (before->high != now->high ? HALF_HIGH : 0) |
                       (before->data != now->data ? HALF_DATA : 0);
    bool another = changed & ~(unsigned)msi->halves;

    if (!rules_is_live(pci, before) || !rules_is_live(pci, now)) {
        msi->halves = 0;
        msi->half_sent = false;
        return;
    }
    if (msi->halves && another) {
        LINT_BREAK(&pci->dev, msi->half_sent ? LINT_MSI_SENT_HALF_WRITTEN : LINT_MSI_HALVES_LIVE,
                   "address %08x%08x, data %#x", now->high, now->low, now->data);
    }
    msi->halves |= (uint8_t)changed;
}

void pci_rules_config_written(PciDevice *pci, const PciRulesView *before)
{
    PciRulesView now = pci_rules_look(pci);

    if (now.msi && !before->msi) {
        check_enabled(pci, &now);
    }
    if (now.msi && now.msix) {
        LINT_BREAK(&pci->dev, LINT_MSI_AND_MSIX, "MSI flags %#x", now.flags);
    }
    if ((now.msi || now.msix) && (before->command & ~now.command & PCI_COMMAND_MASTER)) {
        LINT_BREAK(&pci->dev, LINT_MASTER_OFF_WITH_MSI, "COMMAND=%#x", now.command);
    }
    check_halves(pci, before, &now);
}
