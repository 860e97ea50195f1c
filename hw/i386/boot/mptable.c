/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MP configuration table (include/hw/i386/boot/mptable.h). Left out: extended entries. */
#include "hw/i386/boot/mptable.h"

#include "base/blob.h"
#include "base/bytes.h"

enum { POINTER_BYTES = 16, POINTER_CHECKSUM = 10 };
enum { HEADER_BYTES = 44, HEADER_LENGTH = 4, HEADER_CHECKSUM = 7, HEADER_ENTRIES = 34 };
enum { ENTRY_CPU = 0, ENTRY_BUS = 1, ENTRY_IOAPIC = 2, ENTRY_IO_INT = 3, ENTRY_LOCAL_INT = 4 };
enum { CPU_ENABLED = 1, CPU_BOOTSTRAP = 2, IOAPIC_ENABLED = 1 };
enum { INT_VECTORED = 0, INT_NMI = 1, INT_EXTINT = 3 };
/* Polarity in bits 1:0, trigger mode in bits 3:2; 0 is what the bus has by itself. */
enum { AS_THE_BUS = 0, HIGH_LEVEL = 0xd, LOW_LEVEL = 0xf };
enum { REVISION = 4, ALL_APICS = 0xff, XAPIC_IDS = 255, BUSES_MAX = 255 };
enum { ISA_IRQS = 16, TIMER_IRQ = 0, TIMER_PIN = 2, CASCADE_IRQ = 2, SLOTS = 32, PINS = 4 };

typedef struct {
    GByteArray *bytes;
    unsigned entries;
} Table;

static void mptable_begin(Table *table, uint8_t type)
{
    blob_put(table->bytes, type, 1);
    table->entries++;
}

/* 4.3.1 */
static void put_cpus(Table *table, const MpInfo *info)
{
    for (unsigned i = 0; i < info->cpus; i++) {
        if (info->apic_ids[i] >= XAPIC_IDS) {
            continue;
        }
        mptable_begin(table, ENTRY_CPU);
        blob_put(table->bytes, info->apic_ids[i], 1);
        blob_put(table->bytes, info->apic_version, 1);
        blob_put(table->bytes, CPU_ENABLED | (i == 0 ? CPU_BOOTSTRAP : 0), 1);
        blob_put(table->bytes, info->cpu_signature, 4);
        blob_put(table->bytes, info->cpu_features, 4);
        blob_put(table->bytes, 0, 8);
    }
}

static unsigned pci_buses(const MpInfo *info)
{
    return MIN(info->pci_buses, BUSES_MAX);
}

/* The ISA bus comes after all PCI buses, whose ids are their numbers (4.3.2). */
static uint8_t isa_bus(const MpInfo *info)
{
    return (uint8_t)pci_buses(info);
}

static void put_bus(Table *table, unsigned id, const char *type)
{
    mptable_begin(table, ENTRY_BUS);
    blob_put(table->bytes, id, 1);
    blob_text(table->bytes, type);
}

static void put_buses(Table *table, const MpInfo *info)
{
    for (unsigned i = 0; i < pci_buses(info); i++) {
        put_bus(table, i, "PCI   ");
    }
    put_bus(table, isa_bus(info), "ISA   ");
}

/* 4.3.3 */
static void put_ioapic(Table *table, const MpInfo *info)
{
    mptable_begin(table, ENTRY_IOAPIC);
    blob_put(table->bytes, info->ioapic_id, 1);
    blob_put(table->bytes, info->ioapic_version, 1);
    blob_put(table->bytes, IOAPIC_ENABLED, 1);
    blob_put(table->bytes, info->ioapic_base, 4);
}

/* 4.3.4 and 4.3.5 */
static void put_interrupt(Table *table, uint8_t entry, uint8_t type, uint16_t flags, uint8_t bus,
                          unsigned irq, uint8_t apic, unsigned pin)
{
    mptable_begin(table, entry);
    blob_put(table->bytes, type, 1);
    blob_put(table->bytes, flags, 2);
    blob_put(table->bytes, bus, 1);
    blob_put(table->bytes, irq, 1);
    blob_put(table->bytes, apic, 1);
    blob_put(table->bytes, pin, 1);
}

static void put_isa_interrupts(Table *table, const MpInfo *info)
{
    for (unsigned irq = 0; irq < ISA_IRQS; irq++) {
        if (irq != CASCADE_IRQ) {
            put_interrupt(table, ENTRY_IO_INT, INT_VECTORED,
                          irq == info->sci_irq ? HIGH_LEVEL : AS_THE_BUS, isa_bus(info), irq,
                          info->ioapic_id, irq == TIMER_IRQ ? TIMER_PIN : irq);
        }
    }
}

/* Of the root bus; what lies behind bridges goes by the usual swizzle. A source is the slot in bits
 * 6:2 and the pin in bits 1:0 (appendix D.3). */
static void put_pci_interrupts(Table *table, const MpInfo *info)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        for (unsigned pin = 0; pin < PINS; pin++) {
            put_interrupt(table, ENTRY_IO_INT, INT_VECTORED, LOW_LEVEL, 0, slot << 2 | pin,
                          info->ioapic_id, (unsigned)info->pci_pin((uint8_t)(slot << 3), (int)pin));
        }
    }
}

static void put_local_interrupts(Table *table, const MpInfo *info)
{
    put_interrupt(table, ENTRY_LOCAL_INT, INT_EXTINT, AS_THE_BUS, isa_bus(info), 0, ALL_APICS, 0);
    put_interrupt(table, ENTRY_LOCAL_INT, INT_NMI, AS_THE_BUS, isa_bus(info), 0, ALL_APICS, 1);
}

/* 4.1; an address of the table follows, and no default configuration: the table tells all. */
static void put_pointer(GByteArray *out, uint32_t address)
{
    guint start = out->len;
    blob_text(out, "_MP_");
    blob_put(out, address + POINTER_BYTES, 4);
    blob_put(out, POINTER_BYTES / 16, 1);
    blob_put(out, REVISION, 1);
    blob_put(out, 0, 6);
    blob_seal(out->data + start, POINTER_BYTES, POINTER_CHECKSUM);
}

/* 4.2; lengths and the checksum are filled in at the end. */
static void put_header(GByteArray *out, const MpInfo *info)
{
    blob_text(out, "PCMP");
    blob_put(out, 0, 2);
    blob_put(out, REVISION, 1);
    blob_put(out, 0, 1);
    blob_text(out, "SWYARD  ");
    blob_text(out, "Q35         ");
    blob_put(out, 0, 8);
    blob_put(out, info->apic_base, 4);
    blob_put(out, 0, 4);
}

GByteArray *mptable_build(const MpInfo *info, uint32_t address)
{
    Table table = {.bytes = g_byte_array_new()};
    put_pointer(table.bytes, address);
    put_header(table.bytes, info);
    put_cpus(&table, info);
    put_buses(&table, info);
    put_ioapic(&table, info);
    put_isa_interrupts(&table, info);
    if (info->pci_buses > 0) {
        put_pci_interrupts(&table, info);
    }
    put_local_interrupts(&table, info);
    uint8_t *header = table.bytes->data + POINTER_BYTES;
    uint16_t len = (uint16_t)(table.bytes->len - POINTER_BYTES);
    bytes_put16(header + HEADER_LENGTH, len);
    bytes_put16(header + HEADER_ENTRIES, (uint16_t)table.entries);
    blob_seal(header, len, HEADER_CHECKSUM);
    return table.bytes;
}
