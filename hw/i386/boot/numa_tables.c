/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SRAT and SLIT, ACPI 6.4, 5.2.16 and 5.2.17. */
#include "hw/i386/boot/numa_tables.h"

#include "base/blob.h"

enum { SRAT_LAPIC = 0, SRAT_MEMORY = 1, SRAT_X2APIC = 2 };
enum { SRAT_ENABLED = 1 << 0 };
/* APIC ids from here on have the x2APIC's structure: FFh is no processor (5.2.16.1). */
#define SRAT_XAPIC_IDS 255
#define LOW_HOLE       0xa0000ull
#define LOW_HOLE_END   0x100000ull
#define HIGH_START     (1ull << 32)

static void srat_cpu(GByteArray *t, uint32_t apic_id, uint32_t node)
{
    if (apic_id < SRAT_XAPIC_IDS) {
        blob_put(t, SRAT_LAPIC, 1);
        blob_put(t, 16, 1);
        blob_put(t, node & 0xff, 1);
        blob_put(t, apic_id, 1);
        blob_put(t, SRAT_ENABLED, 4);
        blob_put(t, 0, 1); /* SAPIC */
        blob_put(t, node >> 8, 3);
        blob_put(t, 0, 4); /* clock domain */
    } else {
        blob_put(t, SRAT_X2APIC, 1);
        blob_put(t, 24, 1);
        blob_put(t, 0, 2);
        blob_put(t, node, 4);
        blob_put(t, apic_id, 4);
        blob_put(t, SRAT_ENABLED, 4);
        blob_put(t, 0, 8);
    }
}

/* Of [from, to) of guest addresses. */
static void srat_range(GByteArray *t, uint32_t node, uint64_t from, uint64_t to)
{
    if (from >= to) {
        return;
    }
    blob_put(t, SRAT_MEMORY, 1);
    blob_put(t, 40, 1);
    blob_put(t, node, 4);
    blob_put(t, 0, 2);
    blob_put(t, from, 8);
    blob_put(t, to - from, 8);
    blob_put(t, 0, 4);
    blob_put(t, SRAT_ENABLED, 4);
    blob_put(t, 0, 8);
}

/* Of [from, to) of the machine's memory, `low` bytes of which are below 4 GiB. */
static void srat_memory(GByteArray *t, uint32_t node, uint64_t from, uint64_t to, uint64_t low)
{
    srat_range(t, node, from, MIN(to, LOW_HOLE));
    srat_range(t, node, MAX(from, LOW_HOLE_END), MIN(to, low));
    srat_range(t, node, MAX(from, low) - low + HIGH_START, MAX(to, low) - low + HIGH_START);
}

void numa_write_srat(GByteArray *out, const AcpiInfo *info)
{
    uint64_t at = 0;
    blob_put(out, 1, 4);
    blob_zeros(out, 8);
    for (unsigned i = 0; i < info->cpus; i++) {
        srat_cpu(out, info->apic_ids[i], info->numa->cpu[i]);
    }
    for (unsigned node = 0; node < info->numa->count; node++) {
        srat_memory(out, node, at, at + info->numa->memory[node], info->ram_low);
        at += info->numa->memory[node];
    }
}

void numa_write_slit(GByteArray *out, const NumaLayout *numa)
{
    blob_put(out, numa->count, 8);
    for (unsigned from = 0; from < numa->count; from++) {
        g_byte_array_append(out, numa->distance[from], numa->count);
    }
}
