/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MSI-X capability: its table and pending bits in a BAR of their own or in one each, function
 * and vector masks (PCI Local Bus 3.0, 6.8.2).
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/core/rid.h"
#include "hw/intr/lint.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"

#define MIN_BAR_SIZE 4096u

size_t msix_table_size(const void *msix)
{
    return (size_t)((const PciMsix *)msix)->vectors * PCI_MSIX_ENTRY_SIZE;
}

/* Whole qwords (6.8.2.10). */
size_t msix_pba_size(const void *msix)
{
    return (((const PciMsix *)msix)->vectors + 63u) / 64 * 8;
}

/* Where the table's BAR has the pending bits, too. */
static uint32_t pba_offset(const PciDevice *pci)
{
    return (uint32_t)pci->msix.region.size / 2;
}

static uint16_t msix_control(const PciDevice *pci)
{
    return pci_get_word(&pci->config[pci->msix.cap + PCI_MSIX_FLAGS]);
}

bool msix_enabled(const PciDevice *pci)
{
    return pci->msix.cap != 0 && (msix_control(pci) & PCI_MSIX_FLAGS_ENABLE) != 0;
}

static uint8_t *entry_of(PciDevice *pci, unsigned n)
{
    return &pci->msix.table[n * PCI_MSIX_ENTRY_SIZE];
}

static bool function_is_masked(const PciDevice *pci)
{
    return (msix_control(pci) & PCI_MSIX_FLAGS_MASKALL) != 0;
}

static bool is_masked(PciDevice *pci, unsigned n)
{
    return function_is_masked(pci) || (pci_get_long(entry_of(pci, n) + PCI_MSIX_ENTRY_VECTOR_CTRL) &
                                       PCI_MSIX_ENTRY_CTRL_MASKBIT) != 0;
}

static IntrResult masked_by(const PciDevice *pci)
{
    return function_is_masked(pci) ? INTR_FUNCTION_MASKED : INTR_VECTOR_MASKED;
}

static bool is_pending(const PciDevice *pci, unsigned n)
{
    return (pci->msix.pba[n / 8] & 1u << n % 8) != 0;
}

static bool is_live(PciDevice *pci, unsigned n)
{
    return msix_enabled(pci) && !is_masked(pci, n);
}

static void message_of(PciDevice *pci, unsigned n, uint64_t *address, uint32_t *data)
{
    const uint8_t *entry = entry_of(pci, n);

    *address = pci_get_long(entry + PCI_MSIX_ENTRY_LOWER_ADDR) & ~3ull;
    *address |= (uint64_t)pci_get_long(entry + PCI_MSIX_ENTRY_UPPER_ADDR) << 32;
    *data = pci_get_long(entry + PCI_MSIX_ENTRY_DATA);
}

static IntrResult msix_send_vector(PciDevice *pci, unsigned n, uint64_t serial)
{
    uint64_t address;
    uint32_t data;
    message_of(pci, n, &address, &data);
    return pci_send_message(pci, serial, address, data);
}

IntrResult msix_relay(PciDevice *pci, unsigned n, uint64_t serial)
{
    if (!is_masked(pci, n)) {
        return msix_send_vector(pci, n, serial);
    }
    pci->msix.pba[n / 8] |= (uint8_t)(1u << n % 8);
    return journal_wait(pci->dev.platform->journal, serial, masked_by(pci), &pci->msix.waiting[n]);
}

IntrResult msix_notify(PciDevice *pci, unsigned n)
{
    Journal *journal = pci->dev.platform->journal;
    uint64_t serial = journal_open(journal, JOURNAL_MSIX, pci->dev.id, pci->rid, n);
    if (!msix_enabled(pci)) {
        return journal_keep(journal, serial, INTR_MSIX_DISABLED);
    }
    if (n >= pci->msix.vectors) {
        return journal_keep(journal, serial, INTR_NO_VECTOR);
    }
    return msix_relay(pci, n, serial);
}

/* A message that may go out from now on; or that could already, and was changed. */
static void msix_check_message(PciDevice *pci, unsigned n, bool was_live, bool changed)
{
    uint64_t address;
    uint32_t data;
    if (!is_live(pci, n)) {
        return;
    }
    message_of(pci, n, &address, &data);
    if (!was_live) {
        pci_rules_message(pci, address, data);
    } else if (changed) {
        LINT_BREAK(&pci->dev, LINT_MSIX_CHANGED_LIVE, "vector %u, address %#" PRIx64 ", data %#x",
                   n, address, data);
    }
}

static void send_if_due(PciDevice *pci, unsigned n)
{
    Journal *journal = pci->dev.platform->journal;
    if (!msix_enabled(pci) || !is_pending(pci, n)) {
        return;
    }
    if (is_masked(pci, n)) {
        journal_wait_on(journal, pci->msix.waiting[n], masked_by(pci));
        return;
    }
    pci->msix.pba[n / 8] &= (uint8_t) ~(1u << n % 8);
    msix_send_vector(
        pci, n,
        journal_reopen(journal, &pci->msix.waiting[n], JOURNAL_MSIX, pci->dev.id, pci->rid, n));
}

void msix_config_written(PciDevice *pci, uint32_t offset, unsigned size)
{
    if (pci->msix.cap == 0 ||
        !pci_ranges_overlap(offset, size, pci->msix.cap + PCI_MSIX_FLAGS, 2)) {
        return;
    }
    for (unsigned n = 0; n < pci->msix.vectors; n++) {
        msix_check_message(pci, n, pci->msix.was_live, false);
        send_if_due(pci, n);
    }
    pci->msix.was_live = msix_enabled(pci) && !function_is_masked(pci);
}

/* The pending bits' bytes; the rest is reserved. */
static uint64_t pba_read(void *opaque, uint64_t offset, unsigned size)
{
    const PciDevice *pci = opaque;
    bool inside = offset + size <= msix_pba_size(&pci->msix);
    return inside ? bytes_load(&pci->msix.pba[offset], size) : 0;
}

/* 6.8.2.10: software should never write them. */
static void pba_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
}

static uint64_t bar_read(void *opaque, uint64_t offset, unsigned size)
{
    const PciDevice *pci = opaque;
    uint32_t pba = pba_offset(pci);
    if (offset + size <= msix_table_size(&pci->msix)) {
        return bytes_load(&pci->msix.table[offset], size);
    }
    bool shared = pci->msix.pba_region.size == 0;
    return shared && offset >= pba ? pba_read(opaque, offset - pba, size) : 0;
}

/* Only vector control's mask bit exists: the rest of that dword is reserved (6.8.2.9). */
static void write_table_dword(PciDevice *pci, unsigned n, unsigned field, uint32_t value)
{
    if (field == PCI_MSIX_ENTRY_LOWER_ADDR && (value & 3)) {
        LINT_BREAK(&pci->dev, LINT_MSIX_ADDRESS_UNALIGNED, "vector %u, address %#x", n, value);
    }
    pci_set_long(entry_of(pci, n) + field,
                 field == PCI_MSIX_ENTRY_VECTOR_CTRL ? value & PCI_MSIX_ENTRY_CTRL_MASKBIT : value);
}

/* 6.8.2: table accesses are whole dwords or qwords; others are undefined, and dropped here. */
static void bar_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PciDevice *pci = opaque;
    if (size < 4 || (offset & (size - 1)) != 0) {
        LINT_BREAK(&pci->dev, LINT_MSIX_ACCESS_SIZE, "%u bytes at %#" PRIx64, size, offset);
        return;
    }
    if (offset + size > msix_table_size(&pci->msix)) {
        return;
    }
    unsigned n = (unsigned)(offset / PCI_MSIX_ENTRY_SIZE);
    unsigned field = offset % PCI_MSIX_ENTRY_SIZE;
    bool was_live = is_live(pci, n);
    bool changed = field <= PCI_MSIX_ENTRY_DATA && bar_read(pci, offset, size) != value;
    write_table_dword(pci, n, field, (uint32_t)value);
    if (size == 8) {
        write_table_dword(pci, n, field + 4, (uint32_t)(value >> 32));
    }
    trace_event(pci->dev.platform->trace, TRACE_MSI,
                "msix_write sid=%s dev=%s index=%u reg=%u size=%u data=%" PRIx64,
                rid_text(pci_requester_id(pci)).text, pci->dev.id, n, field, size, value);
    msix_check_message(pci, n, was_live, changed);
    send_if_due(pci, n);
}

static const MemOps msix_ops = {.read = bar_read, .write = bar_write};
static const MemOps pba_ops = {.read = pba_read, .write = pba_write};

static MemRegion msix_region(PciDevice *pci, const MemOps *ops, uint64_t bytes)
{
    uint64_t size = MIN_BAR_SIZE;
    while (size < bytes) {
        size *= 2;
    }
    return (MemRegion){.name = "msix", .size = size, .kind = MEM_IO, .ops = ops, .opaque = pci};
}

/* In one BAR the table has the lower half, the pending bits have the upper. */
static uint32_t add_bars(PciDevice *pci, int table_bar, int pba_bar)
{
    PciMsix *msix = &pci->msix;
    bool shared = table_bar == pba_bar;
    size_t table = msix_table_size(msix), pba = msix_pba_size(msix);
    msix->region = msix_region(pci, &msix_ops, shared ? 2 * MAX(table, pba) : table);
    pci_register_bar(pci, table_bar, PCI_BAR_MEM32, &msix->region);
    if (shared) {
        return pba_offset(pci);
    }
    msix->pba_region = msix_region(pci, &pba_ops, pba);
    pci_register_bar(pci, pba_bar, PCI_BAR_MEM32, &msix->pba_region);
    return 0;
}

bool msix_init(PciDevice *pci, unsigned vectors, int bar, GError **error)
{
    return msix_init_bars(pci, vectors, bar, bar, error);
}

static bool add_msix_capability(PciDevice *pci, unsigned vectors, GError **error)
{
    if (vectors == 0 || vectors > PCI_MSIX_MAX_VECTORS) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: %u MSI-X vectors; 1 to %d are possible", pci->dev.id, vectors,
                    PCI_MSIX_MAX_VECTORS);
        return false;
    }
    uint8_t cap = pci_add_capability(pci, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
    pci->msix.cap = cap;
    pci->msix.vectors = (uint16_t)vectors;
    pci->msix.table = g_malloc0(msix_table_size(&pci->msix));
    pci->msix.pba = g_malloc0(msix_pba_size(&pci->msix));
    pci->msix.waiting = g_new0(uint64_t, pci->msix.vectors);
    pci_set_word(&pci->config[cap + PCI_MSIX_FLAGS], (uint16_t)(vectors - 1));
    pci_set_word(&pci->writable[cap + PCI_MSIX_FLAGS],
                 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    msix_reset(pci);
    return true;
}

static void tell_msix_place(PciDevice *pci, int table_bar, int pba_bar, uint32_t pba_at)
{
    uint8_t *cap = &pci->config[pci->msix.cap];
    pci_set_long(cap + PCI_MSIX_TABLE, (uint32_t)table_bar);
    pci_set_long(cap + PCI_MSIX_PBA, pba_at | (uint32_t)pba_bar);
}

bool msix_init_bars(PciDevice *pci, unsigned vectors, int table_bar, int pba_bar, GError **error)
{
    if (!add_msix_capability(pci, vectors, error)) {
        return false;
    }
    tell_msix_place(pci, table_bar, pba_bar, add_bars(pci, table_bar, pba_bar));
    return true;
}

bool msix_init_inside(PciDevice *pci, unsigned vectors, int bar, uint32_t bytes, GError **error)
{
    if (!add_msix_capability(pci, vectors, error)) {
        return false;
    }
    pci->msix.region = msix_region(pci, &msix_ops, bytes);
    tell_msix_place(pci, bar, bar, pba_offset(pci));
    return true;
}

void msix_free(PciDevice *pci)
{
    g_clear_pointer(&pci->msix.table, g_free);
    g_clear_pointer(&pci->msix.pba, g_free);
    g_clear_pointer(&pci->msix.waiting, g_free);
}

void msix_reset(PciDevice *pci)
{
    if (pci->msix.cap == 0) {
        return;
    }
    memset(pci->msix.table, 0, msix_table_size(&pci->msix));
    memset(pci->msix.pba, 0, msix_pba_size(&pci->msix));
    pci->msix.was_live = false;
    for (unsigned n = 0; n < pci->msix.vectors; n++) {
        journal_withdraw(pci->dev.platform->journal, &pci->msix.waiting[n], INTR_DEVICE_RESET);
    }
    for (unsigned n = 0; n < pci->msix.vectors; n++) {
        pci_set_long(entry_of(pci, n) + PCI_MSIX_ENTRY_VECTOR_CTRL, PCI_MSIX_ENTRY_CTRL_MASKBIT);
    }
}
