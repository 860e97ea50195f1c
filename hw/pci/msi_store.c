/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt message storage (Intel Scalable I/O Virtualization 1.1). Software owns address, data
 * and mask of a slot; the function owns its pending bit, which says that it meant to interrupt
 * while the slot was masked. A slot is looked at when the function means to interrupt, never
 * before: what software has written by then goes out.
 *
 * Slots in memory are read through the bus, so a remapping unit may refuse that. Of these the
 * function keeps the pending bit itself, and writes what software sees of it into memory. It does
 * not notice what is written there: software says so.
 *
 * Left out: PASIDs in slots, and a function's copies of slots in memory.
 */
#include "hw/pci/ims.h"

#include "base/bytes.h"
#include "hw/intr/journal.h"
#include "hw/intr/lint.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"

#define MIN_BAR_SIZE    4096u
#define CONTROL_AT      12u
#define CONTROL_MASK    1u
#define CONTROL_PENDING 2u

typedef struct {
    uint64_t address;
    uint32_t data;
    bool masked, pending;
} ImsSlot;

static ImsSlot ims_decode(const uint8_t *bytes)
{
    uint32_t control = pci_get_long(bytes + CONTROL_AT);
    return (ImsSlot){
        .address = bytes_load(bytes, 8),
        .data = pci_get_long(bytes + 8),
        .masked = control & CONTROL_MASK,
        .pending = control & CONTROL_PENDING,
    };
}

static bool ims_is_free(const ImsSlot *slot)
{
    return slot->address == 0;
}

static Journal *ims_journal(const PciIms *ims)
{
    return ims->pci->dev.platform->journal;
}

static uint64_t ims_open(PciIms *ims, JournalKind kind, uint32_t n)
{
    return journal_open(ims_journal(ims), kind, ims->pci->dev.id, ims->pci->rid, n);
}

static uint64_t ims_reopen(PciIms *ims, JournalKind kind, uint64_t *waiting, uint32_t n)
{
    return journal_reopen(ims_journal(ims), waiting, kind, ims->pci->dev.id, ims->pci->rid, n);
}

/* ---- Slots in the BAR ---- */

static uint8_t *slot_bytes(const PciIms *ims, uint32_t n)
{
    return &ims->table[(size_t)n * PCI_IMS_SLOT_SIZE];
}

uint32_t pci_ims_control(const PciIms *ims, uint32_t n)
{
    return pci_get_long(slot_bytes(ims, n) + CONTROL_AT);
}

static void set_pending(PciIms *ims, uint32_t n, bool pending)
{
    uint8_t *control = slot_bytes(ims, n) + CONTROL_AT;
    *control = (uint8_t)((*control & ~CONTROL_PENDING) | (pending ? CONTROL_PENDING : 0));
}

IntrResult pci_ims_notify(PciIms *ims, uint32_t n)
{
    uint64_t serial = ims_open(ims, JOURNAL_STORED, n);
    if (n >= ims->slots) {
        return journal_keep(ims_journal(ims), serial, INTR_NO_SLOT);
    }
    ImsSlot slot = ims_decode(slot_bytes(ims, n));
    if (ims_is_free(&slot)) {
        return journal_keep(ims_journal(ims), serial, INTR_NO_SLOT);
    }
    if (slot.masked) {
        set_pending(ims, n, true);
        return journal_wait(ims_journal(ims), serial, INTR_SLOT_MASKED, &ims->waiting[n]);
    }
    return pci_send_message(ims->pci, serial, slot.address, slot.data);
}

/* What software's write of a slot lets go, or takes away. */
static void follow_slot(PciIms *ims, uint32_t n)
{
    ImsSlot slot = ims_decode(slot_bytes(ims, n));
    if (!slot.pending || (slot.masked && !ims_is_free(&slot))) {
        return;
    }
    set_pending(ims, n, false);
    if (ims_is_free(&slot)) {
        journal_withdraw(ims_journal(ims), &ims->waiting[n], INTR_SLOT_FREED);
        return;
    }
    pci_send_message(ims->pci, ims_reopen(ims, JOURNAL_STORED, &ims->waiting[n], n), slot.address,
                     slot.data);
}

static void write_slot_dword(PciIms *ims, uint64_t offset, uint32_t value)
{
    uint8_t *bytes = &ims->table[offset];
    if (offset % PCI_IMS_SLOT_SIZE == CONTROL_AT) {
        uint32_t writable = CONTROL_MASK | ims->control_bits;
        value = (value & writable) | (pci_get_long(bytes) & CONTROL_PENDING);
    }
    pci_set_long(bytes, value);
}

/* A message that may go out at any time should not change (as PCI 3.0, 6.8.2, has it of MSI-X). */
static void check_slot(const PciIms *ims, uint32_t n, const ImsSlot *before)
{
    ImsSlot now = ims_decode(slot_bytes(ims, n));
    bool live = !ims_is_free(before) && !before->masked && !now.masked;
    if (live && (before->address != now.address || before->data != now.data)) {
        LINT_BREAK(&ims->pci->dev, LINT_IMS_CHANGED_LIVE, "slot %u, address %#" PRIx64 ", data %#x",
                   n, now.address, now.data);
    }
}

uint64_t pci_ims_read(void *opaque, uint64_t offset, unsigned size)
{
    const PciIms *ims = opaque;
    bool inside = offset + size <= (uint64_t)ims->slots * PCI_IMS_SLOT_SIZE;
    return inside ? bytes_load(&ims->table[offset], size) : 0;
}

/* As of an MSI-X table, accesses are aligned dwords or qwords; others change nothing. */
void pci_ims_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PciIms *ims = opaque;
    if (size < 4 || offset % size || offset + size > (uint64_t)ims->slots * PCI_IMS_SLOT_SIZE) {
        return;
    }
    uint32_t n = (uint32_t)(offset / PCI_IMS_SLOT_SIZE);
    ImsSlot before = ims_decode(slot_bytes(ims, n));
    for (unsigned i = 0; i < size; i += 4) {
        write_slot_dword(ims, offset + i, (uint32_t)(value >> 8 * i));
    }
    check_slot(ims, n, &before);
    follow_slot(ims, n);
}

static const MemOps ims_ops = {.read = pci_ims_read, .write = pci_ims_write};

/* ---- Slots in memory ---- */

static MemResult fetch_slot(PciIms *ims, uint64_t at, ImsSlot *slot)
{
    uint8_t bytes[PCI_IMS_SLOT_SIZE];
    MemResult result = pci_dma_read(ims->pci, at, bytes, sizeof(bytes));
    *slot = ims_decode(bytes);
    return result;
}

static void show_pending(PciIms *ims, uint64_t at, const ImsSlot *slot, bool pending)
{
    uint8_t control[4];
    pci_set_long(control, (slot->masked ? CONTROL_MASK : 0) | (pending ? CONTROL_PENDING : 0));
    pci_dma_write(ims->pci, at + CONTROL_AT, control, sizeof(control));
}

IntrResult pci_ims_memory_notify(PciIms *ims, uint64_t base, uint32_t n)
{
    uint64_t serial = ims_open(ims, JOURNAL_STORED_MEMORY, n);
    uint64_t at = base + (uint64_t)n * PCI_IMS_SLOT_SIZE;
    ImsSlot slot;
    if (n >= ims->memory_slots) {
        return journal_keep(ims_journal(ims), serial, INTR_NO_SLOT);
    }
    if (fetch_slot(ims, at, &slot) != MEM_OK) {
        return journal_keep(ims_journal(ims), serial, INTR_SLOT_UNREADABLE);
    }
    if (ims_is_free(&slot)) {
        return journal_keep(ims_journal(ims), serial, INTR_NO_SLOT);
    }
    if (slot.masked) {
        ims->memory_pending[n] = true;
        show_pending(ims, at, &slot, true);
        return journal_wait(ims_journal(ims), serial, INTR_SLOT_MASKED,
                            &ims->waiting[ims->slots + n]);
    }
    return pci_send_message(ims->pci, serial, slot.address, slot.data);
}

void pci_ims_memory_changed(PciIms *ims, uint64_t base, uint32_t n)
{
    if (n >= ims->memory_slots || !ims->memory_pending[n]) {
        return;
    }
    uint64_t at = base + (uint64_t)n * PCI_IMS_SLOT_SIZE;
    uint64_t *waiting = &ims->waiting[ims->slots + n];
    ImsSlot slot;
    MemResult result = fetch_slot(ims, at, &slot);
    if (result == MEM_OK && slot.masked && !ims_is_free(&slot)) {
        return;
    }
    ims->memory_pending[n] = false;
    if (result != MEM_OK || ims_is_free(&slot)) {
        journal_withdraw(ims_journal(ims), waiting,
                         result != MEM_OK ? INTR_SLOT_UNREADABLE : INTR_SLOT_FREED);
        return;
    }
    show_pending(ims, at, &slot, false);
    pci_send_message(ims->pci, ims_reopen(ims, JOURNAL_STORED_MEMORY, waiting, n), slot.address,
                     slot.data);
}

/* ---- Life ---- */

static size_t table_size(const void *ims)
{
    return (size_t)((const PciIms *)ims)->slots * PCI_IMS_SLOT_SIZE;
}

static size_t memory_pending_size(const void *ims)
{
    return ((const PciIms *)ims)->memory_slots;
}

static size_t waiting_size(const void *ims)
{
    const PciIms *i = ims;
    return ((size_t)i->slots + i->memory_slots) * sizeof(uint64_t);
}

const StateField pci_ims_state[] = {
    STATE_BYTES_PTR(PciIms, table, table_size),
    STATE_BYTES_PTR(PciIms, memory_pending, memory_pending_size),
    STATE_BYTES_PTR(PciIms, waiting, waiting_size),
    STATE_END,
};

static uint64_t ims_bar_size(const PciIms *ims)
{
    uint64_t size = MIN_BAR_SIZE;
    while (size < table_size(ims)) {
        size *= 2;
    }
    return size;
}

void pci_ims_init(PciIms *ims, PciDevice *pci, uint32_t slots, int bar, uint32_t memory_slots)
{
    *ims = (PciIms){.pci = pci, .slots = slots, .memory_slots = memory_slots};
    ims->table = g_malloc0(table_size(ims));
    ims->memory_pending = g_malloc0(memory_slots);
    ims->waiting = g_malloc0(waiting_size(ims));
    pci->ims = ims;
    if (slots && bar != PCI_IMS_NO_BAR) {
        ims->region = (MemRegion){.name = "ims",
                                  .size = ims_bar_size(ims),
                                  .kind = MEM_IO,
                                  .ops = &ims_ops,
                                  .opaque = ims};
        pci_register_bar(pci, bar, PCI_BAR_MEM32, &ims->region);
    }
    pci_ims_reset(ims);
}

void pci_ims_free(PciIms *ims)
{
    g_clear_pointer(&ims->table, g_free);
    g_clear_pointer(&ims->memory_pending, g_free);
    g_clear_pointer(&ims->waiting, g_free);
}

void pci_ims_reset(PciIms *ims)
{
    for (uint32_t n = 0; n < ims->slots + ims->memory_slots; n++) {
        journal_withdraw(ims_journal(ims), &ims->waiting[n], INTR_DEVICE_RESET);
    }
    for (uint32_t n = 0; n < ims->slots; n++) {
        bytes_store(slot_bytes(ims, n), 0, 8);
        bytes_store(slot_bytes(ims, n) + 8, (uint64_t)CONTROL_MASK << 32, 8);
    }
    for (uint32_t n = 0; n < ims->memory_slots; n++) {
        ims->memory_pending[n] = false;
    }
}

/* ---- Monitors ---- */

void pci_ims_describe_message(const PciIms *ims, uint32_t n, const Facts *f)
{
    if (n < ims->slots) {
        ImsSlot slot = ims_decode(slot_bytes(ims, n));
        msi_describe_as_message(slot.address, slot.data, f);
    }
}

static void describe_slot(uint32_t n, const ImsSlot *slot, const Facts *f)
{
    if (ims_is_free(slot)) {
        return;
    }
    facts_open(f, NULL);
    facts_number(f, "number", n);
    facts_say(f, "  %4u ", n);
    msi_describe_as_message(slot->address, slot->data, f);
    facts_flag(f, "masked", slot->masked);
    facts_flag(f, "pending", slot->pending);
    facts_say(f, "%s%s\n", slot->masked ? ", masked" : "", slot->pending ? ", pending" : "");
    facts_close(f);
}

static void describe_slots(const PciIms *ims, const Facts *f)
{
    facts_number(f, "slots", ims->slots);
    facts_say(f, "  IMS, %u slots\n", ims->slots);
    facts_open_list(f, "entries");
    for (uint32_t n = 0; n < ims->slots; n++) {
        ImsSlot slot = ims_decode(slot_bytes(ims, n));
        describe_slot(n, &slot, f);
    }
    facts_close_list(f);
}

static void describe_memory_slots(const PciIms *ims, const Facts *f)
{
    bool any = false;
    facts_number(f, "memory-slots", ims->memory_slots);
    facts_say(f, "  IMS in memory, %u slots; pending:", ims->memory_slots);
    facts_open_list(f, "memory-pending");
    for (uint32_t n = 0; n < ims->memory_slots; n++) {
        if (ims->memory_pending[n]) {
            facts_number(f, NULL, n);
            facts_say(f, " %u", n);
            any = true;
        }
    }
    facts_close_list(f);
    facts_say(f, any ? "\n" : " none\n");
}

void pci_ims_describe(const PciIms *ims, const Facts *f)
{
    facts_open(f, "ims");
    if (ims->slots) {
        describe_slots(ims, f);
    }
    if (ims->memory_slots) {
        describe_memory_slots(ims, f);
    }
    facts_close(f);
}
