/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables. Each is appended to one blob; the XSDT is written first with room for all, so that
 * its place is known, and filled in last.
 */
#include "hw/i386/boot/acpi.h"

#include <string.h>

#include "base/blob.h"
#include "base/bytes.h"
#include "dsdt.hex"
#include "hw/acpi/pm.h"
#include "hw/i386/boot/cpu_ssdt.h"
#include "hw/i386/boot/numa_tables.h"
#include "hw/i386/boot/roots_ssdt.h"

enum { HEADER_BYTES = 36, HEADER_LENGTH = 4, HEADER_CHECKSUM = 9 };
enum { TABLES_MAX = 10 + ACPI_SOURCES + ACPI_EXTRA_TABLES, ALIGN = 64 };
enum { FADT_BYTES = 276 }; /* revision 6 */

typedef struct {
    GByteArray *blob;
    uint64_t base;
    uint64_t entries[TABLES_MAX]; /* addresses for the XSDT */
    unsigned count;
    AcpiLinks *links; /* for who puts the tables elsewhere; NULL: they stay */
} Builder;

/* An address of another table, or of the same blob at least. */
static void acpi_put_pointer(Builder *b, uint64_t address, uint8_t size)
{
    if (b->links) {
        AcpiPointer pointer = {b->blob->len, size};
        g_array_append_val(b->links->pointers, pointer);
    }
    blob_put(b->blob, address, size);
}

/* The checksum of the table, or zero where the table will change. */
static void seal(const Builder *b, guint start, guint len)
{
    if (b->links) {
        AcpiSum sum = {start, len};
        g_array_append_val(b->links->sums, sum);
        b->blob->data[start + HEADER_CHECKSUM] = 0;
    } else {
        blob_seal(b->blob->data + start, len, HEADER_CHECKSUM);
    }
}

/* Aligns, and writes a header whose length and checksum table_end() fills in. */
static guint table_begin(Builder *b, const char *signature, uint8_t revision)
{
    blob_zeros(b->blob, (ALIGN - b->blob->len % ALIGN) % ALIGN);
    guint start = b->blob->len;
    blob_text(b->blob, signature);
    blob_put(b->blob, 0, 4);
    blob_put(b->blob, revision, 1);
    blob_put(b->blob, 0, 1);
    blob_text(b->blob, "SWYARD");
    blob_text(b->blob, "Q35     ");
    blob_put(b->blob, 1, 4);
    blob_text(b->blob, "SWYD");
    blob_put(b->blob, 1, 4);
    return start;
}

static uint64_t table_end(Builder *b, guint start)
{
    guint len = b->blob->len - start;
    bytes_put32(b->blob->data + start + HEADER_LENGTH, len);
    seal(b, start, len);
    return b->base + start;
}

static void table_list(Builder *b, uint64_t address)
{
    g_assert(b->count < TABLES_MAX);
    b->entries[b->count++] = address;
}

/* Generic address structure in I/O space (ACPI 5.2.3.2). */
static void put_io_address(GByteArray *blob, uint16_t port, uint8_t bits)
{
    uint8_t access = bits == 8 ? 1 : bits == 16 ? 2 : 3;
    blob_put(blob, 1, 1);
    blob_put(blob, bits, 1);
    blob_put(blob, 0, 1);
    blob_put(blob, port ? access : 0, 1);
    blob_put(blob, port, 8);
}

static uint64_t build_dsdt(Builder *b)
{
    blob_zeros(b->blob, (ALIGN - b->blob->len % ALIGN) % ALIGN);
    guint start = b->blob->len;
    g_byte_array_append(b->blob, dsdt_aml_code, sizeof(dsdt_aml_code));
    return b->base + start;
}

static void build_cpu_ssdt(Builder *b, unsigned cpus)
{
    blob_zeros(b->blob, (ALIGN - b->blob->len % ALIGN) % ALIGN);
    guint start = b->blob->len;
    cpu_ssdt_write(b->blob, cpus);
    table_list(b, table_end(b, start));
}

static void build_roots_ssdt(Builder *b, const AcpiInfo *info)
{
    guint start = table_begin(b, "SSDT", 2);
    roots_ssdt_write(b->blob, info);
    table_list(b, table_end(b, start));
}

static uint64_t build_facs(Builder *b)
{
    guint start = b->blob->len;
    g_assert(start == ACPI_FACS_AT);
    blob_text(b->blob, "FACS");
    blob_put(b->blob, 64, 4);
    blob_zeros(b->blob, 24);
    blob_put(b->blob, 2, 1); /* version */
    blob_zeros(b->blob, 31);
    return b->base + start;
}

enum {
    FADT_WBINVD = 1 << 0,
    FADT_PROC_C1 = 1 << 2,
    FADT_SLEEP_BUTTON = 1 << 5,
    FADT_RESET_REG = 1 << 10,
};
/* Not set: FIX_RTC (the RTC has its bits in PM1) and TMR_VAL_EXT (the timer has 24 bits). */
#define FADT_FLAGS (FADT_WBINVD | FADT_PROC_C1 | FADT_SLEEP_BUTTON | FADT_RESET_REG)
enum { BOOT_LEGACY_DEVICES = 1 << 0, BOOT_8042 = 1 << 1, BOOT_NO_VGA = 1 << 2 };
#define CMOS_CENTURY 0x32
#define RESET_PORT   0xcf9
#define RESET_VALUE  6

/* ACPI 5.2.9 */
static void build_fadt(Builder *b, const AcpiInfo *info, uint64_t dsdt, uint64_t facs)
{
    uint16_t boot = BOOT_LEGACY_DEVICES | BOOT_8042 | (info->vga ? 0 : BOOT_NO_VGA);
    guint start = table_begin(b, "FACP", 6);
    GByteArray *t = b->blob;
    acpi_put_pointer(b, facs, 4);
    acpi_put_pointer(b, dsdt, 4);
    blob_put(t, 0, 1); /* reserved */
    blob_put(t, 1, 1); /* preferred profile: desktop */
    blob_put(t, PM_SCI_IRQ, 2);
    blob_zeros(t, 8); /* no SMI command port: always in ACPI mode */
    blob_put(t, PM1_EVENT, 4);
    blob_put(t, 0, 4);
    blob_put(t, PM1_CONTROL, 4);
    blob_zeros(t, 8);
    blob_put(t, PM_TIMER, 4);
    blob_put(t, PM_GPE0, 4);
    blob_put(t, 0, 4);
    blob_put(t, 4, 1);
    blob_put(t, 2, 1);
    blob_put(t, 0, 1);
    blob_put(t, 4, 1);
    blob_put(t, PM_GPE0_LEN, 1);
    blob_zeros(t, 3);
    blob_put(t, 0xfff, 2); /* no C2 */
    blob_put(t, 0xfff, 2); /* no C3 */
    blob_zeros(t, 6);      /* cache flush and duty cycle: not told */
    blob_put(t, 0, 1);     /* no day alarm */
    blob_put(t, 0, 1);
    blob_put(t, CMOS_CENTURY, 1);
    blob_put(t, boot, 2);
    blob_put(t, 0, 1);
    blob_put(t, FADT_FLAGS, 4);
    put_io_address(t, RESET_PORT, 8);
    blob_put(t, RESET_VALUE, 1);
    blob_zeros(t, 2);
    blob_put(t, 4, 1); /* minor version */
    acpi_put_pointer(b, facs, 8);
    acpi_put_pointer(b, dsdt, 8);
    put_io_address(t, PM1_EVENT, 32);
    put_io_address(t, 0, 0);
    put_io_address(t, PM1_CONTROL, 16);
    put_io_address(t, 0, 0);
    put_io_address(t, 0, 0);
    put_io_address(t, PM_TIMER, 32);
    put_io_address(t, PM_GPE0, PM_GPE0_LEN * 8);
    put_io_address(t, 0, 0);
    put_io_address(t, 0, 0); /* sleep control */
    put_io_address(t, 0, 0); /* sleep status */
    blob_put(t, 0, 8);       /* hypervisor vendor */
    g_assert(t->len - start == FADT_BYTES);
    table_list(b, table_end(b, start));
}

enum {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_NMI = 4,
    MADT_X2APIC = 9,
    MADT_X2APIC_NMI = 10
};
/* ACPI ids of 255 and above have no local APIC entry: FFh is the broadcast (ACPI 5.2.12.12). */
#define XAPIC_IDS         255
#define LEVEL_ACTIVE_HIGH 0x000d

enum { CPU_ENABLED = 1 << 0, CPU_ONLINE_CAPABLE = 1 << 1 };

static void put_cpu(GByteArray *t, uint32_t uid, uint32_t apic_id, bool present)
{
    uint32_t flags = present ? CPU_ENABLED : CPU_ONLINE_CAPABLE;
    if (apic_id < XAPIC_IDS) {
        blob_put(t, MADT_LAPIC, 1);
        blob_put(t, 8, 1);
        blob_put(t, uid, 1);
        blob_put(t, apic_id, 1);
        blob_put(t, flags, 4);
    } else {
        blob_put(t, MADT_X2APIC, 1);
        blob_put(t, 16, 1);
        blob_put(t, 0, 2);
        blob_put(t, apic_id, 4);
        blob_put(t, flags, 4);
        blob_put(t, uid, 4);
    }
}

static void acpi_put_ioapic(GByteArray *t, const AcpiIoapic *ioapic)
{
    blob_put(t, MADT_IOAPIC, 1);
    blob_put(t, 12, 1);
    blob_put(t, ioapic->id, 1);
    blob_put(t, 0, 1);
    blob_put(t, ioapic->base, 4);
    blob_put(t, ioapic->gsi_base, 4);
}

static void put_override(GByteArray *t, uint8_t irq, uint32_t gsi, uint16_t flags)
{
    blob_put(t, MADT_OVERRIDE, 1);
    blob_put(t, 10, 1);
    blob_put(t, 0, 1);
    blob_put(t, irq, 1);
    blob_put(t, gsi, 4);
    blob_put(t, flags, 2);
}

/* ACPI 5.2.12 */
static void build_madt(Builder *b, const AcpiInfo *info)
{
    guint start = table_begin(b, "APIC", 5);
    GByteArray *t = b->blob;
    bool wide = false;
    blob_put(t, INTR_WINDOW_BASE, 4);
    blob_put(t, 1, 4); /* there is an i8259 pair */
    for (unsigned i = 0; i < info->cpus; i++) {
        put_cpu(t, i, info->apic_ids[i], !info->absent || !info->absent[i]);
        wide |= info->apic_ids[i] >= XAPIC_IDS;
    }
    for (unsigned i = 0; i < info->ioapic_count; i++) {
        acpi_put_ioapic(t, &info->ioapics[i]);
    }
    put_override(t, 0, 2, 0);
    put_override(t, PM_SCI_IRQ, PM_SCI_IRQ, LEVEL_ACTIVE_HIGH);
    blob_put(t, MADT_LAPIC_NMI, 1);
    blob_put(t, 6, 1);
    blob_put(t, 0xff, 1); /* all CPUs */
    blob_put(t, 0, 2);
    blob_put(t, 1, 1); /* LINT1 */
    if (wide) {
        blob_put(t, MADT_X2APIC_NMI, 1);
        blob_put(t, 12, 1);
        blob_put(t, 0, 2);
        blob_put(t, UINT32_MAX, 4);
        blob_put(t, 1, 1);
        blob_zeros(t, 3);
    }
    table_list(b, table_end(b, start));
}

/* IA-PC HPET 3.2.4: a table for each block. */
static void acpi_build_hpet(Builder *b, const AcpiHpet *hpet)
{
    guint start = table_begin(b, "HPET", 1);
    GByteArray *t = b->blob;
    blob_put(t, hpet->hardware_id, 4);
    blob_zeros(t, 4); /* generic address: memory */
    blob_put(t, hpet->base, 8);
    blob_put(t, hpet->number, 1);
    blob_put(t, 0x80, 2); /* smallest periodic tick */
    blob_put(t, 0, 1);
    table_list(b, table_end(b, start));
}

/* PCI Firmware 3.2, 4.1.2 */
static void build_mcfg(Builder *b, const AcpiInfo *info)
{
    guint start = table_begin(b, "MCFG", 1);
    GByteArray *t = b->blob;
    blob_zeros(t, 8);
    blob_put(t, info->ecam_base, 8);
    blob_put(t, 0, 2);
    blob_put(t, 0, 1);
    blob_put(t, 0xff, 1);
    blob_zeros(t, 4);
    table_list(b, table_end(b, start));
}

static void build_numa(Builder *b, const AcpiInfo *info)
{
    guint start = table_begin(b, "SRAT", 3);
    numa_write_srat(b->blob, info);
    table_list(b, table_end(b, start));
    if (info->numa->has_distances) {
        start = table_begin(b, "SLIT", 1);
        numa_write_slit(b->blob, info->numa);
        table_list(b, table_end(b, start));
    }
}

/* Somebody else's table, whole but for its checksum. */
static void build_extra(Builder *b, const GByteArray *table)
{
    blob_zeros(b->blob, (ALIGN - b->blob->len % ALIGN) % ALIGN);
    guint start = b->blob->len;
    g_byte_array_append(b->blob, table->data, table->len);
    table_list(b, table_end(b, start));
}

/* Remapping units: each kind's table tells of all units of the kind. */
static void build_unit_table(Builder *b, const IommuTable *table, const GPtrArray *iommus)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    for (guint i = 0; i < iommus->len; i++) {
        if (iommu_class(iommus->pdata[i])->table == table) {
            g_ptr_array_add(units, iommus->pdata[i]);
        }
    }
    guint start = table_begin(b, table->signature, table->revision);
    table->write(units, b->blob);
    table_list(b, table_end(b, start));
}

static bool is_first_of_table(const GPtrArray *iommus, guint n)
{
    guint i = 0;
    while (iommu_class(iommus->pdata[i])->table != iommu_class(iommus->pdata[n])->table) {
        i++;
    }
    return i == n;
}

static void build_unit_tables(Builder *b, const GPtrArray *iommus)
{
    for (guint i = 0; i < iommus->len; i++) {
        const IommuTable *table = iommu_class(iommus->pdata[i])->table;
        if (table && is_first_of_table(iommus, i)) {
            build_unit_table(b, table, iommus);
        }
    }
}

/* The RSDT and XSDT, in their places at the blob's beginning. */
enum { XSDT_AT = 0, XSDT_BYTES = HEADER_BYTES + 8 * TABLES_MAX, RSDT_AT = 320 };
enum { ROOTS_BYTES = ACPI_FACS_AT };
G_STATIC_ASSERT(XSDT_BYTES <= RSDT_AT && RSDT_AT + HEADER_BYTES + 4 * TABLES_MAX <= ROOTS_BYTES);

static void fill_root(Builder *b, guint at, const char *signature, unsigned width)
{
    Builder root = {.blob = g_byte_array_new()};
    table_begin(&root, signature, 1);
    guint len = HEADER_BYTES + b->count * width;
    bytes_put32(root.blob->data + HEADER_LENGTH, len);
    for (unsigned i = 0; i < b->count; i++) {
        if (b->links) {
            AcpiPointer pointer = {at + root.blob->len, (uint8_t)width};
            g_array_append_val(b->links->pointers, pointer);
        }
        blob_put(root.blob, b->entries[i], width);
    }
    memcpy(b->blob->data + at, root.blob->data, len);
    seal(b, at, len);
    g_byte_array_unref(root.blob);
}

GByteArray *acpi_build(const AcpiInfo *info, uint64_t base, AcpiLinks *links)
{
    Builder b = {.blob = g_byte_array_new(), .base = base, .links = links};
    blob_zeros(b.blob, ROOTS_BYTES);
    uint64_t facs = build_facs(&b), dsdt = build_dsdt(&b);
    build_fadt(&b, info, dsdt, facs);
    build_madt(&b, info);
    if (info->root_count) {
        build_roots_ssdt(&b, info);
    }
    if (info->absent) {
        build_cpu_ssdt(&b, info->cpus);
    }
    for (unsigned i = 0; i < info->hpet_count; i++) {
        acpi_build_hpet(&b, &info->hpets[i]);
    }
    build_mcfg(&b, info);
    if (info->numa) {
        build_numa(&b, info);
    }
    for (guint i = 0; info->extra && i < info->extra->len; i++) {
        build_extra(&b, info->extra->pdata[i]);
    }
    if (info->iommus) {
        build_unit_tables(&b, info->iommus);
    }
    fill_root(&b, XSDT_AT, "XSDT", 8);
    fill_root(&b, RSDT_AT, "RSDT", 4);
    return b.blob;
}

/* ACPI 5.2.5.3 */
void acpi_build_rsdp(uint64_t base, uint8_t rsdp[ACPI_RSDP_BYTES])
{
    g_autoptr(GByteArray) t = g_byte_array_new();
    blob_text(t, "RSD PTR ");
    blob_put(t, 0, 1);
    blob_text(t, "SWYARD");
    blob_put(t, 2, 1);
    blob_put(t, base + RSDT_AT, 4);
    blob_put(t, ACPI_RSDP_BYTES, 4);
    blob_put(t, base + XSDT_AT, 8);
    blob_zeros(t, 4);
    blob_seal(t->data, ACPI_RSDP_V1_BYTES, ACPI_RSDP_CHECKSUM);
    blob_seal(t->data, ACPI_RSDP_BYTES, ACPI_RSDP_XCHECKSUM);
    memcpy(rsdp, t->data, ACPI_RSDP_BYTES);
}
