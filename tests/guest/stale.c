/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries for a unit that sees memory and not what was stored: ECAP.C is 0, or CAP.RWBF is 1, or
 * both, and it takes its time (stale-tables=on). -append has the ways to flush that are tried, each
 * with an entry that becomes present and one that is changed; with "nothing", a driver that
 * forgets.
 */
#include "lib/vtd.h"
#include "tests/include/testdevs.h"

enum { VECTOR_FIRST = 0x40 };
#define INDEX       5
#define CAP_RWBF    (1u << 4)
#define LEAF_7_OPT  (1u << 23)
#define LEAF_7_CLWB (1u << 24)

static Vtd vtd;
static Pci edu;
static uint64_t bar;

static void clflush(void)
{
    asm volatile("clflush %0; mfence" : : "m"(*(const char *)vtd_entry(INDEX)) : "memory");
}

static void clflushopt(void)
{
    asm volatile("clflushopt %0; sfence" : : "m"(*(const char *)vtd_entry(INDEX)) : "memory");
}

static void clwb(void)
{
    asm volatile("clwb %0; sfence" : : "m"(*(const char *)vtd_entry(INDEX)) : "memory");
}

static void wbinvd(void)
{
    asm volatile("wbinvd" : : : "memory");
}

static void nothing(void)
{
}

static const struct {
    const char *name;
    void (*flush)(void);
    uint32_t leaf_7;
} ways[] = {
    {"clflush", clflush, 0},     {"clflushopt", clflushopt, LEAF_7_OPT},
    {"clwb", clwb, LEAF_7_CLWB}, {"wbinvd", wbinvd, 0},
    {"buffer", nothing, 0},      {"nothing", nothing, 0},
};

static bool is_word(const char *word, const char *at)
{
    while (*word && *word == *at) {
        word++;
        at++;
    }
    return !*word && (!*at || *at == ' ');
}

static bool wanted(const char *name)
{
    for (const char *at = command_line(); *at; at++) {
        if ((at == command_line() || at[-1] == ' ') && is_word(name, at)) {
            return true;
        }
    }
    return false;
}

static void store(uint8_t vector)
{
    vtd_store(ORDER_XEN, INDEX, vtd_irte(&vtd, vector, apic_id(), false, pci_id(edu)));
}

/* Raises edu's interrupt; whether it came as `vector`. */
static bool comes(uint8_t vector)
{
    uint64_t before = vector_count[vector];
    write32(bar + EDU_RAISE, 1);
    for (uint64_t start = rdtsc(); rdtsc() - start < 1000000; pause()) {
    }
    write32(bar + EDU_ACK, 1);
    return vector_count[vector] == before + 1;
}

static void flush(void (*line)(void))
{
    line();
    if (read64(vtd.base + CAP) & CAP_RWBF) {
        vtd_flush_write_buffer(&vtd);
    }
}

static void try(const char *name, void (*line)(void), uint8_t vector)
{
    bool snoops = read64(vtd.base + ECAP) & 1;
    store(vector);
    flush(line);
    vtd_flush_index(&vtd, INDEX, 0);
    check(comes(vector), "%s: a new entry is not seen", name);
    store((uint8_t)(vector + 1));
    if (!snoops) {
        vtd_flush_index(&vtd, INDEX, 0);
        check(comes(vector), "%s: a change is seen before its flush", name);
    }
    flush(line);
    vtd_flush_index(&vtd, INDEX, 0);
    check(comes((uint8_t)(vector + 1)), "%s: a change is not seen after its flush", name);
    check(vtd_faults(&vtd) == 0, "%s: fault status %x", name, vtd_faults(&vtd));
    print("guest: %s: %lu and %lu interrupts\n", name, vector_count[vector],
          vector_count[vector + 1]);
}

static void forget(void)
{
    store(VECTOR_FIRST);
    check(!comes(VECTOR_FIRST), "an entry is seen that nobody has flushed");
    check(vtd_faults(&vtd) == FSTS_PPF, "fault status %x", vtd_faults(&vtd));
}

void guest_main(void)
{
    uint32_t leaf[4];
    if (!vtd_begin(&vtd, ORDER_LINUX, EDU, &edu, &bar)) {
        return;
    }
    msi_set(edu, vtd_msi_address(INDEX), 0);
    cpuid(7, 0, leaf);
    for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (!wanted(ways[i].name)) {
            continue;
        }
        check((leaf[1] & ways[i].leaf_7) == ways[i].leaf_7, "the CPU has no %s", ways[i].name);
        if (is_word("nothing", ways[i].name)) {
            forget();
        } else {
            try(ways[i].name, ways[i].flush, (uint8_t)(VECTOR_FIRST + 2 * i));
        }
    }
}
