/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables: every pointer leads to a table whose length and checksum are right. */
#include <string.h>

#include "hw/i386/boot/acpi.h"
#include "hw/i386/iommu/dmar.h"

#define BASE      0x1000000ull
#define IOAPIC_ID 5
#define SECOND_ID 7
#define UNIT_BASE 0xfed90000ull

enum { HEADER = 36, LENGTH = 4 };

static uint64_t get(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;) {
        value = value << 8 | p[i];
    }
    return value;
}

static uint8_t sum(const uint8_t *p, size_t len)
{
    uint8_t total = 0;
    for (size_t i = 0; i < len; i++) {
        total += p[i];
    }
    return total;
}

static const uint8_t *at(const GByteArray *tables, uint64_t address)
{
    g_assert_cmpuint(address, >=, BASE);
    g_assert_cmpuint(address - BASE + HEADER, <=, tables->len);
    return tables->data + (address - BASE);
}

static const uint8_t *checked(const GByteArray *tables, uint64_t address)
{
    const uint8_t *table = at(tables, address);
    size_t len = get(table + LENGTH, 4);
    g_assert_cmpuint(address - BASE + len, <=, tables->len);
    g_assert_cmpuint(sum(table, len), ==, 0);
    return table;
}

/* The table of this signature after another one, or the first; NULL if there is none. */
static const uint8_t *find_next(const GByteArray *tables, const char *signature,
                                const uint8_t *after)
{
    bool passed = !after;
    uint8_t rsdp[ACPI_RSDP_BYTES];
    acpi_build_rsdp(BASE, rsdp);
    g_assert_true(memcmp(rsdp, "RSD PTR ", 8) == 0);
    g_assert_cmpuint(sum(rsdp, 20), ==, 0);
    g_assert_cmpuint(sum(rsdp, sizeof(rsdp)), ==, 0);
    const uint8_t *xsdt = checked(tables, get(rsdp + 24, 8));
    for (size_t i = HEADER; i < get(xsdt + LENGTH, 4); i += 8) {
        const uint8_t *table = checked(tables, get(xsdt + i, 8));
        if (passed && memcmp(table, signature, 4) == 0) {
            return table;
        }
        passed = passed || table == after;
    }
    return NULL;
}

static const uint8_t *find(const GByteArray *tables, const char *signature)
{
    return find_next(tables, signature, NULL);
}

/* A unit of another class than any there is: what tells of it are its links and its part. */
typedef struct {
    Device dev;
    IommuLinks links;
    IommuPlace place;
    DmarUnit part;
    MemRegion region;
} Unit;

static IommuLinks *unit_links(Device *dev)
{
    return &((Unit *)dev)->links;
}

static MemRegion *unit_region(Device *dev, uint64_t *base)
{
    *base = UNIT_BASE + 0x1000 * ((Unit *)dev)->links.number;
    return &((Unit *)dev)->region;
}

static void unit_part(Device *dev, void *part)
{
    *(DmarUnit *)part = ((Unit *)dev)->part;
}

static IommuPlace *unit_place(Device *dev)
{
    return &((Unit *)dev)->place;
}

static const IommuClass unit_iommu_class = {.links = unit_links,
                                            .place = unit_place,
                                            .region = unit_region,
                                            .table = &dmar_table,
                                            .table_part = unit_part};
static const DeviceClass unit_class = {.name = "unit", .iommu = &unit_iommu_class};

static const IommuScopeEntry emitters[] = {
    {.type = IOMMU_IOAPIC, .bus = ACPI_SCOPE_BUS, .steps = 1, .enumeration_id = IOAPIC_ID},
    {.type = IOMMU_HPET, .bus = ACPI_SCOPE_BUS, .steps = 1, .path = {1 << 3}},
};

static GByteArray *build_with(unsigned cpus, const GPtrArray *iommus, bool hpet)
{
    g_autofree uint32_t *ids = g_new(uint32_t, cpus);
    for (unsigned i = 0; i < cpus; i++) {
        ids[i] = i;
    }
    const AcpiInfo info = {
        .apic_ids = ids,
        .cpus = cpus,
        .ioapics = {{.id = IOAPIC_ID, .base = 0xfec00000},
                    {.id = SECOND_ID, .base = 0xfec01000, .gsi_base = 24}},
        .ioapic_count = 2,
        .hpets = {{.hardware_id = 0x8086a201, .base = 0xfed00000},
                  {.hardware_id = 0x8086a201, .base = 0xfed01000, .number = 1}},
        .hpet_count = hpet ? 2 : 0,
        .ecam_base = 0xb0000000,
        .iommus = iommus,
    };
    return acpi_build(&info, BASE, NULL);
}

static GByteArray *build_with_unit(bool hpet, DmarUnit part)
{
    Unit unit = {
        .dev.cls = &unit_class,
        .links.scope = {.include_all = true, .entries = emitters, .count = hpet ? 2 : 1},
        .part = part,
    };
    g_autoptr(GPtrArray) iommus = g_ptr_array_new();
    g_ptr_array_add(iommus, &unit);
    return build_with(2, iommus, hpet);
}

static GByteArray *build(unsigned cpus, bool iommu)
{
    return iommu ? build_with_unit(true, (DmarUnit){.intremap = true, .host_address_width = 39})
                 : build_with(cpus, NULL, true);
}

static void test_fadt(void)
{
    g_autoptr(GByteArray) tables = build(1, false);
    const uint8_t *fadt = find(tables, "FACP");
    g_assert_nonnull(fadt);
    g_assert_cmpuint(get(fadt + LENGTH, 4), ==, 276);
    uint64_t dsdt = get(fadt + 140, 8);
    g_assert_cmphex(get(fadt + 40, 4), ==, dsdt);
    g_assert_true(memcmp(checked(tables, dsdt), "DSDT", 4) == 0);
    g_assert_true(memcmp(at(tables, get(fadt + 36, 4)), "FACS", 4) == 0);
    g_assert_cmphex(get(fadt + 36, 4), ==, BASE + ACPI_FACS_AT);
    g_assert_cmphex(get(fadt + 112, 4) & (1u << 6 | 1u << 8), ==, 0); /* RTC in PM1, 24-bit timer */
    /* The blocks by their old fields and by their generic addresses. */
    g_assert_cmphex(get(fadt + 56, 4), ==, get(fadt + 148 + 4, 8));
    g_assert_cmphex(get(fadt + 64, 4), ==, get(fadt + 172 + 4, 8));
    g_assert_cmphex(get(fadt + 76, 4), ==, get(fadt + 208 + 4, 8));
    g_assert_cmphex(get(fadt + 80, 4), ==, get(fadt + 220 + 4, 8));
    g_assert_cmphex(get(fadt + 116 + 4, 8), ==, 0xcf9);
    g_assert_null(find(tables, "DMAR"));
    g_assert_nonnull(find(tables, "HPET"));
    g_assert_nonnull(find(tables, "MCFG"));
}

/* Link devices: interrupts of PCI are levels, active low and shared (ACPI 6.4.3.6; flags by bits:
 * consumer, edge, low, shared). */
static void test_links(void)
{
    enum { EXTENDED_INTERRUPT = 0x89, LEVEL_LOW_SHARED = 0x0d, LINKS = 4 };
    g_autoptr(GByteArray) tables = build(1, false);
    const uint8_t *dsdt = at(tables, get(find(tables, "FACP") + 140, 8));
    unsigned found = 0;
    for (size_t i = HEADER; i + 4 < get(dsdt + LENGTH, 4); i++) {
        /* Tag, length, flags, and how many numbers of four bytes follow. */
        if (dsdt[i] == EXTENDED_INTERRUPT && get(dsdt + i + 1, 2) == 2u + 4 * dsdt[i + 4]) {
            g_assert_cmphex(dsdt[i + 3], ==, LEVEL_LOW_SHARED);
            found++;
        }
    }
    g_assert_cmpuint(found, ==, 2 * LINKS); /* _PRS and _CRS each */
}

/* Counts the MADT's entries of one type. */
static unsigned madt_count(const uint8_t *madt, uint8_t type)
{
    unsigned count = 0;
    size_t len = get(madt + LENGTH, 4);
    for (size_t i = HEADER + 8; i < len; i += madt[i + 1]) {
        g_assert_cmpuint(madt[i + 1], >=, 2);
        g_assert_cmpuint(i + madt[i + 1], <=, len);
        count += madt[i] == type;
    }
    return count;
}

static void test_madt(void)
{
    enum { LOCAL_APIC = 0, IO_APIC = 1, OVERRIDE = 2, X2APIC = 9 };
    g_autoptr(GByteArray) tables = build(288, false);
    const uint8_t *madt = find(tables, "APIC");
    g_assert_nonnull(madt);
    g_assert_cmpuint(madt_count(madt, LOCAL_APIC), ==, 255);
    g_assert_cmpuint(madt_count(madt, X2APIC), ==, 33);
    g_assert_cmpuint(madt_count(madt, IO_APIC), ==, 2);
    g_assert_cmpuint(madt_count(madt, OVERRIDE), >=, 2);
}

/* How often `text` stands in a table. */
static unsigned table_count(const uint8_t *table, const char *text)
{
    unsigned count = 0;
    for (size_t i = HEADER; i + strlen(text) <= get(table + LENGTH, 4); i++) {
        count += memcmp(table + i, text, strlen(text)) == 0;
    }
    return count;
}

/* Empty places are there to be filled (ACPI 5.2.12.2, "online capable"), and have devices. */
static void test_cpu_hotplug(void)
{
    enum { LOCAL_APIC = 0, ENABLED = 1, ONLINE_CAPABLE = 2, CPUS = 300, PRESENT = 3 };
    uint32_t ids[CPUS];
    bool absent[CPUS];
    for (unsigned i = 0; i < CPUS; i++) {
        ids[i] = i;
        absent[i] = i >= PRESENT;
    }
    const AcpiInfo info = {.apic_ids = ids, .cpus = CPUS, .absent = absent};
    g_autoptr(GByteArray) tables = acpi_build(&info, BASE, NULL);
    const uint8_t *madt = find(tables, "APIC"), *ssdt = find(tables, "SSDT");
    g_assert_nonnull(ssdt);
    for (unsigned i = 0; i < PRESENT + 2; i++) {
        const uint8_t *entry = madt + HEADER + 8 + 8 * i;
        g_assert_cmpuint(entry[0], ==, LOCAL_APIC);
        g_assert_cmpuint(get(entry + 4, 4), ==, i < PRESENT ? ENABLED : ONLINE_CAPABLE);
    }
    g_assert_cmpuint(table_count(ssdt, "ACPI0007"), ==, CPUS);
    g_assert_cmpuint(table_count(ssdt, "C000"), ==, 2); /* its device, and who notifies it */
    g_assert_cmpuint(table_count(ssdt, "C12B"), ==, 2); /* the 300th */
    g_assert_cmpuint(table_count(ssdt, "C12C"), ==, 0);
    g_assert_cmpuint(table_count(ssdt, "CXXX"), ==, 0);
    g_autoptr(GByteArray) fixed = build(2, false);
    g_assert_null(find(fixed, "SSDT"));
}

/* Two nodes, of which the first has all memory below 4 GiB but for its last 256 MiB; the CPU of the
 * second has an id that only the x2APIC's structure has room for (ACPI 5.2.16, 5.2.17). */
static void test_numa(void)
{
    enum { LAPIC = 0, MEMORY = 1, X2APIC = 2, FIRST = HEADER + 12 };
    const uint64_t mib = 1u << 20, low = 2048 * mib;
    const uint32_t ids[] = {0, 300};
    NumaLayout numa = {.count = 2,
                       .memory = {1792 * mib, 512 * mib},
                       .cpu = {0, 1},
                       .has_distances = true,
                       .distance = {{10, 21}, {31, 10}}};
    AcpiInfo info = {.apic_ids = ids, .cpus = 2, .numa = &numa, .ram_low = low};
    g_autoptr(GByteArray) tables = acpi_build(&info, BASE, NULL);
    const uint8_t *srat = find(tables, "SRAT"), *slit = find(tables, "SLIT"), *part = srat + FIRST;
    g_assert_cmpuint(part[0], ==, LAPIC);
    g_assert_cmpuint(part[2], ==, 0);
    g_assert_cmpuint(get(part + 4, 4), ==, 1);
    part += part[1];
    g_assert_cmpuint(part[0], ==, X2APIC);
    g_assert_cmpuint(get(part + 4, 4), ==, 1);
    g_assert_cmpuint(get(part + 8, 4), ==, 300);
    part += part[1];
    const uint64_t ranges[][3] = {{0, 0, 0xa0000},
                                  {0, mib, 1791 * mib},
                                  {1, 1792 * mib, 256 * mib},
                                  {1, 4096 * mib, 256 * mib}};
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++, part += part[1]) {
        g_assert_cmpuint(part[0], ==, MEMORY);
        g_assert_cmpuint(get(part + 2, 4), ==, ranges[i][0]);
        g_assert_cmphex(get(part + 8, 8), ==, ranges[i][1]);
        g_assert_cmphex(get(part + 16, 8), ==, ranges[i][2]);
        g_assert_cmpuint(get(part + 28, 4), ==, 1);
    }
    g_assert_true(part == srat + get(srat + LENGTH, 4));
    g_assert_cmpuint(get(slit + HEADER, 8), ==, 2);
    g_assert_cmpmem(slit + HEADER + 8, 4, "\x0a\x15\x1f\x0a", 4);
    numa.has_distances = false;
    g_autoptr(GByteArray) plain = acpi_build(&info, BASE, NULL);
    g_assert_null(find(plain, "SLIT"));
}

/* Tables of the user's are there with their bytes, and a right checksum. */
static void test_extra(void)
{
    const uint32_t id = 0;
    uint8_t bytes[HEADER + 3] = "TEST";
    bytes[LENGTH] = sizeof(bytes);
    bytes[HEADER] = 0x5a;
    g_autoptr(GPtrArray) extra = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    for (unsigned i = 0; i < ACPI_EXTRA_TABLES; i++) {
        g_ptr_array_add(extra, g_byte_array_append(g_byte_array_new(), bytes, sizeof(bytes)));
    }
    const AcpiInfo info = {.apic_ids = &id, .cpus = 1, .extra = extra};
    g_autoptr(GByteArray) tables = acpi_build(&info, BASE, NULL);
    const uint8_t *table = NULL;
    for (unsigned i = 0; i < ACPI_EXTRA_TABLES; i++) {
        table = find_next(tables, "TEST", table);
        g_assert_nonnull(table);
        g_assert_cmphex(table[HEADER], ==, 0x5a);
    }
    g_assert_null(find_next(tables, "TEST", table));
}

static void test_dmar(void)
{
    g_autoptr(GByteArray) tables = build(2, true);
    const uint8_t *dmar = find(tables, "DMAR");
    g_assert_nonnull(dmar);
    g_assert_cmpuint(dmar[HEADER], ==, 38);
    g_assert_cmpuint(dmar[HEADER + 1] & 3, ==, 1);
    const uint8_t *drhd = dmar + 48;
    g_assert_cmpuint(get(drhd, 2), ==, 0);
    g_assert_cmpuint(drhd[4], ==, 1); /* INCLUDE_PCI_ALL */
    g_assert_cmphex(get(drhd + 8, 8), ==, UNIT_BASE);
    const uint8_t *scope = drhd + 16;
    g_assert_cmpuint(scope[0], ==, 3); /* IOAPIC */
    g_assert_cmphex(scope[5] << 8 | scope[6] << 3 | scope[7], ==, ACPI_IOAPIC_SID);
    scope += scope[1];
    g_assert_cmpuint(scope[0], ==, 4); /* HPET */
    g_assert_cmphex(scope[5] << 8 | scope[6] << 3 | scope[7], ==, ACPI_HPET_SID);
}

/* An IOAPIC is named by its MADT entry's id, an HPET by its table's number (VT-d 8.3.1). */
static void test_scopes(void)
{
    enum { IO_APIC = 1, HPET_NUMBER = 52 };
    g_autoptr(GByteArray) tables = build(1, true);
    const uint8_t *madt = find(tables, "APIC"), *entry = madt + HEADER + 8;
    const uint8_t *hpet = find(tables, "HPET"), *scope = find(tables, "DMAR") + 48 + 16;
    while (entry[0] != IO_APIC) {
        entry += entry[1];
        g_assert_cmpuint((size_t)(entry - madt), <, get(madt + LENGTH, 4));
    }
    g_assert_cmpuint(entry[2], ==, IOAPIC_ID);
    g_assert_cmpuint(scope[4], ==, entry[2]);
    scope += scope[1];
    g_assert_cmpuint(scope[4], ==, hpet[HPET_NUMBER]);
}

/* The second IOAPIC's entry; a table for each HPET. */
static void test_several(void)
{
    enum { IO_APIC = 1, HPET_NUMBER = 52, HPET_BASE_AT = 44 };
    g_autoptr(GByteArray) tables = build(1, false);
    const uint8_t *entry = find(tables, "APIC") + HEADER + 8;
    while (entry[0] != IO_APIC || entry[2] != SECOND_ID) {
        entry += entry[1];
    }
    g_assert_cmphex(get(entry + 4, 4), ==, 0xfec01000);
    g_assert_cmpuint(get(entry + 8, 4), ==, 24);
    const uint8_t *first = find(tables, "HPET"), *second = find_next(tables, "HPET", first);
    g_assert_cmphex(get(first + HPET_BASE_AT, 8), ==, 0xfed00000);
    g_assert_cmpuint(first[HPET_NUMBER], ==, 0);
    g_assert_nonnull(second);
    g_assert_cmphex(get(second + HPET_BASE_AT, 8), ==, 0xfed01000);
    g_assert_cmpuint(second[HPET_NUMBER], ==, 1);
    g_assert_null(find_next(tables, "HPET", second));
}

/* What the unit has and has not, and no scope without its device. */
static void test_dmar_options(void)
{
    enum { INTR_REMAP = 1, OPT_OUT = 2, ATSR = 2, SCOPE = 8, DRHD = 16 };
    for (unsigned i = 0; i < 32; i++) {
        DmarUnit v = {.host_address_width = 48,
                      .intremap = i & 1,
                      .x2apic_opt_out = i >> 1 & 1,
                      .device_iotlb = i >> 2 & 1,
                      .register_pages_log2 = i >> 3 & 1};
        bool hpet = i >> 4;
        g_autoptr(GByteArray) tables = build_with_unit(hpet, v);
        const uint8_t *dmar = find(tables, "DMAR"), *drhd = dmar + 48;
        size_t length = get(drhd + 2, 2), end = get(dmar + LENGTH, 4);
        g_assert_cmphex(dmar[HEADER + 1], ==,
                        (v.intremap ? INTR_REMAP : 0) | (v.x2apic_opt_out ? OPT_OUT : 0));
        g_assert_cmpuint(length, ==, DRHD + SCOPE * (1 + hpet));
        g_assert_cmpuint(drhd[5], ==, v.register_pages_log2);
        g_assert_cmpuint(end, ==, 48 + length + (v.device_iotlb ? 8 : 0));
        if (v.device_iotlb) {
            g_assert_cmpuint(get(drhd + length, 2), ==, ATSR);
            g_assert_cmpuint(drhd[length + 4], ==, 1); /* all ports */
        }
    }
}

/* Two units: the one that takes the rest comes last, and the platform remaps interrupts only if
 * both do. */
static void test_dmar_units(void)
{
    static const IommuScopeEntry bridge[] = {
        {.type = IOMMU_BRIDGE, .bus = 2, .steps = 2, .path = {0x08, 0xff}}};
    Unit rest = {
        .dev.cls = &unit_class,
        .links.scope = {.include_all = true, .entries = emitters, .count = 2},
        .part = {.intremap = true, .host_address_width = 48},
    };
    Unit some = {
        .dev.cls = &unit_class,
        .links = {.number = 1, .scope = {.entries = bridge, .count = 1}},
        .part = {.host_address_width = 39},
    };
    g_autoptr(GPtrArray) iommus = g_ptr_array_new();
    g_ptr_array_add(iommus, &rest);
    g_ptr_array_add(iommus, &some);
    g_autoptr(GByteArray) tables = build_with(1, iommus, true);
    const uint8_t *dmar = find(tables, "DMAR"), *first = dmar + 48;
    const uint8_t *second = first + get(first + 2, 2);
    g_assert_cmpuint(dmar[HEADER], ==, 38);
    g_assert_cmphex(dmar[HEADER + 1], ==, 0);
    g_assert_cmpuint(first[4], ==, 0);
    g_assert_cmphex(get(first + 8, 8), ==, UNIT_BASE + 0x1000);
    static const uint8_t scope[] = {IOMMU_BRIDGE, 10, 0, 0, 0, 2, 1, 0, 31, 7};
    g_assert_cmpuint(get(first + 2, 2), ==, 16 + sizeof(scope));
    g_assert_cmpmem(first + 16, sizeof(scope), scope, sizeof(scope));
    g_assert_cmpuint(second[4], ==, 1);
    g_assert_cmphex(get(second + 8, 8), ==, UNIT_BASE);
    g_assert_true(second + get(second + 2, 2) == dmar + get(dmar + LENGTH, 4));
}

/* The opt-ins, and which memory each unit is near. */
static void test_dmar_records(void)
{
    enum { FLAGS = HEADER + 1, RHSA = 3, RHSA_BYTES = 20 };
    Unit units[] = {{.part = {.x2apic_opt_out = true, .host_address_width = 48}},
                    {.links.number = 1,
                     .part = {.dma_ctrl_opt_in = true,
                              .host_address_width = 48,
                              .has_proximity = true,
                              .proximity = 0x01020304}}};
    g_autoptr(GPtrArray) iommus = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        units[i].dev.cls = &unit_class;
        g_ptr_array_add(iommus, &units[i]);
    }
    g_autoptr(GByteArray) tables = build_with(1, iommus, true);
    const uint8_t *dmar = find(tables, "DMAR"), *rhsa = dmar + 48 + 2 * 16;
    g_assert_cmphex(dmar[FLAGS], ==, 6);
    g_assert_cmpuint(get(dmar + LENGTH, 4), ==, 48 + 2 * 16 + RHSA_BYTES);
    g_assert_cmpuint(get(rhsa, 2), ==, RHSA);
    g_assert_cmpuint(get(rhsa + 2, 2), ==, RHSA_BYTES);
    g_assert_cmphex(get(rhsa + 8, 8), ==, UNIT_BASE + 0x1000);
    g_assert_cmphex(get(rhsa + 16, 4), ==, 0x01020304);
}

/* What firmware gets wrong is in the table, and nothing else of it is. */
static void test_dmar_mistakes(void)
{
    for (int broken = IOMMU_NOT_BROKEN; iommu_broken_choices[broken]; broken++) {
        Unit unit = {.dev.cls = &unit_class,
                     .links.scope.include_all = true,
                     .place.broken = broken,
                     .part.host_address_width = 48};
        g_autoptr(GPtrArray) iommus = g_ptr_array_new();
        g_ptr_array_add(iommus, &unit);
        g_autoptr(GByteArray) tables = build_with(1, iommus, true);
        const uint8_t *dmar = find(tables, "DMAR"), *drhd = dmar + 48;
        bool twice = broken == IOMMU_DUPLICATE_BASE;
        g_assert_cmpuint(dmar[HEADER], ==, broken == IOMMU_WRONG_HAW ? 7 : 47);
        g_assert_cmpuint(get(dmar + LENGTH, 4), ==, 48u + (twice ? 32u : 16u));
        g_assert_cmpuint(drhd[4], ==, broken != IOMMU_UNCOVERED_DEVICE);
        g_assert_cmphex(get(drhd + 8, 8), ==, broken == IOMMU_ZERO_BASE ? 0 : UNIT_BASE);
        if (twice) {
            g_assert_cmpmem(drhd, 16, drhd + 16, 16);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi/fadt", test_fadt);
    g_test_add_func("/acpi/links", test_links);
    g_test_add_func("/acpi/madt", test_madt);
    g_test_add_func("/acpi/cpu-hotplug", test_cpu_hotplug);
    g_test_add_func("/acpi/numa", test_numa);
    g_test_add_func("/acpi/extra", test_extra);
    g_test_add_func("/acpi/dmar", test_dmar);
    g_test_add_func("/acpi/scopes", test_scopes);
    g_test_add_func("/acpi/dmar-options", test_dmar_options);
    g_test_add_func("/acpi/dmar-units", test_dmar_units);
    g_test_add_func("/acpi/dmar-records", test_dmar_records);
    g_test_add_func("/acpi/dmar-mistakes", test_dmar_mistakes);
    g_test_add_func("/acpi/several", test_several);
    return g_test_run();
}
