/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A root partition's calls for its devices' interrupts, and what they make of requests. */
#include "hyperv-board.h"

/* The root's devices. */

#define PCI_DEVICE    (1ull << 62)
#define IOAPIC_DEVICE (2ull << 62)

/* Input of a call to map: VP 65 by a set, or VPs of a mask. */
static void put_map(Rig *r, uint64_t device, uint8_t vector, uint64_t mask)
{
    static const uint8_t zeros[128];

    as_write(r->platform.memory, HV_AT_INPUT, zeros, sizeof(zeros));
    poke(r, HV_AT_INPUT, 1, 8); /* the partition by its id */
    poke(r, HV_AT_INPUT + 8, device, 8);
    poke(r, HV_AT_INPUT + 48, 1, 4);
    poke(r, HV_AT_INPUT + 56, vector, 4);
    if (mask) {
        poke(r, HV_AT_INPUT + 64, mask, 8);
    } else {
        poke(r, HV_AT_INPUT + 60, 2, 4);
        poke(r, HV_AT_INPUT + 72, 2, 8);
        poke(r, HV_AT_INPUT + 80, 2, 8);
    }
}

static uint64_t map(Rig *r, uint64_t device, uint8_t vector, uint64_t mask)
{
    put_map(r, device, vector, mask);
    uint64_t control = 0x7c | (mask ? 0 : HV_VAR(2));
    g_assert_cmphex(hv_call(vp_of(r, 0), control, HV_AT_INPUT, HV_AT_OUTPUT), ==, 0);
    return peek(r, HV_AT_OUTPUT + 8, 8);
}

static uint64_t unmap(Rig *r, uint64_t device, uint32_t source, uint64_t entry)
{
    poke(r, HV_AT_INPUT, UINT64_MAX, 8);
    poke(r, HV_AT_INPUT + 8, device, 8);
    poke(r, HV_AT_INPUT + 16, source, 8);
    poke(r, HV_AT_INPUT + 24, entry, 8);
    return hv_call(vp_of(r, 0), 0x7d, HV_AT_INPUT, 0);
}

static IntrResult request(Rig *r, uint64_t address, uint32_t data, uint16_t requester)
{
    IntrSink sink = hv_sink(r->hv);
    IntrMsg msg = {.serial = journal_open(&r->journal, JOURNAL_MSI, "disk", requester, 0),
                   .address = address,
                   .data = data,
                   .requester_id = requester};

    journal_send(&r->journal, &msg);
    return intr_send(&sink, &msg);
}

static void test_map_pci(Rig *r, gconstpointer data)
{
    const uint64_t device = PCI_DEVICE | 0x0123;
    uint64_t first = map(r, device, VECTOR, 1ull << 7), second = map(r, device, VECTOR + 1, 0);

    g_assert_cmpuint(peek(r, HV_AT_OUTPUT, 4), ==, 1);
    g_assert_cmphex(first, ==, 0xfee00010);
    g_assert_cmphex(second, ==, 0xfee00030);
    g_assert_cmpint(request(r, first, 0, 0x0123), ==, INTR_DELIVERED);
    g_assert_true(has_vector(r, 7, VECTOR));
    g_assert_cmpint(request(r, second, 0, 0x0123), ==, INTR_DELIVERED);
    g_assert_true(has_vector(r, 65, VECTOR + 1));
    g_assert_cmpint(request(r, first, 0, 0x0124), ==, INTR_HV_OTHER_DEVICE);
    g_assert_cmphex(last(r)->wanted, ==, 0x0123);
    g_assert_cmpint(request(r, 0xfee00050, 0, 0x0123), ==, INTR_HV_NOT_MAPPED);
    g_assert_cmpint(request(r, 0xfeefffec | 0x14, 0, 0x0123), ==, INTR_HV_NOT_MAPPED);
    /* In the form of a machine without a hypervisor: APIC id 3 is VP 1's. */
    g_assert_cmpint(request(r, 0xfee03000, VECTOR, 0x0123), ==, INTR_DELIVERED);
    g_assert_true(has_vector(r, 1, VECTOR));
    g_assert_cmphex(unmap(r, device + 1, 1, first), ==, 5);
    g_assert_cmphex(unmap(r, device, 1, first), ==, 0);
    g_assert_cmphex(unmap(r, device, 1, first), ==, 5);
    g_assert_cmpint(request(r, first, 0, 0x0123), ==, INTR_HV_NOT_MAPPED);
    g_assert_cmphex(map(r, device, VECTOR, 1), ==, first); /* it is free again */
}

static void test_root_described(Rig *r, gconstpointer data)
{
    g_autoptr(GString) words = g_string_new(NULL);

    map(r, PCI_DEVICE | 0x0123, VECTOR, 1ull << 7);
    map(r, PCI_DEVICE | 0x0123, VECTOR + 1, 0);
    hv_describe(r->hv, &(Facts){.words = words});
    g_assert_nonnull(strstr(words->str, "     0 PCI 01:04.3: vector 51h fixed edge to vp7\n"
                                        "     1 PCI 01:04.3: vector 52h fixed edge to vp65\n"));
}

static void test_retarget(Rig *r, gconstpointer data)
{
    const uint64_t device = PCI_DEVICE | 0x0123;
    uint64_t entry = map(r, device, VECTOR, 1);
    static const uint8_t zeros[128];

    as_write(r->platform.memory, HV_AT_INPUT, zeros, sizeof(zeros));
    poke(r, HV_AT_INPUT, UINT64_MAX, 8);
    poke(r, HV_AT_INPUT + 8, device, 8);
    poke(r, HV_AT_INPUT + 16, 1, 4);
    poke(r, HV_AT_INPUT + 24, entry, 8);
    poke(r, HV_AT_INPUT + 40, VECTOR + 3, 4);
    poke(r, HV_AT_INPUT + 44, 2, 4);
    poke(r, HV_AT_INPUT + 56, 2, 8);
    poke(r, HV_AT_INPUT + 64, 4, 8); /* VP 66 */
    g_assert_cmphex(hv_call(vp_of(r, 0), 0x7e | HV_VAR(2), HV_AT_INPUT, 0), ==, 0);
    g_assert_cmpint(request(r, entry, 0, 0x0123), ==, INTR_DELIVERED);
    g_assert_true(has_vector(r, 66, VECTOR + 3));
    g_assert_false(has_vector(r, 0, VECTOR));
    poke(r, HV_AT_INPUT + 64, 1ull << 40, 8); /* VP 104 is not there: nothing changes */
    g_assert_cmphex(hv_call(vp_of(r, 0), 0x7e | HV_VAR(2), HV_AT_INPUT, 0), ==, 0xe);
    g_assert_cmpint(request(r, entry, 0, 0x0123), ==, INTR_MERGED);
    poke(r, HV_AT_INPUT + 8, device + 8, 8);
    g_assert_cmphex(hv_call(vp_of(r, 0), 0x7e | HV_VAR(2), HV_AT_INPUT, 0), ==, 5);
}

static void test_map_ioapic(Rig *r, gconstpointer data)
{
    map(r, PCI_DEVICE, VECTOR, 1);
    put_map(r, IOAPIC_DEVICE, VECTOR, 8);
    poke(r, HV_AT_INPUT + 44, 1, 4); /* level */
    g_assert_cmphex(hv_call(vp_of(r, 0), 0x7c, HV_AT_INPUT, HV_AT_OUTPUT), ==, 0);
    g_assert_cmpuint(peek(r, HV_AT_OUTPUT, 4), ==, 2);
    uint64_t rte = peek(r, HV_AT_OUTPUT + 8, 8);
    g_assert_cmphex(rte, ==, 1ull << 49 | 1ull << 48 | 1u << 15 | VECTOR);
    g_assert_cmpint(request(r, 0xfee00030, VECTOR | 0x8000, 0xf0ff), ==, INTR_DELIVERED);
    g_assert_true(apic_tmr(apic_from_device(r->apic[3]), VECTOR));
    g_assert_cmpint(request(r, 0xfee00030, VECTOR, 0x00ff), ==, INTR_HV_OTHER_DEVICE);
    g_assert_cmphex(unmap(r, IOAPIC_DEVICE, 2, rte), ==, 0);
}

/* A bridge's range of buses, and phantom functions. */
static void test_shadow(Rig *r, gconstpointer data)
{
    const uint64_t range = PCI_DEVICE | 1ull << 50 | 3ull << 40 | 5ull << 32 | 0x0300;
    uint64_t entry = map(r, range, VECTOR, 1), phantom;

    g_assert_cmpint(request(r, entry, 0, 0x02ff), ==, INTR_HV_OTHER_DEVICE);
    g_assert_cmpint(request(r, entry, 0, 0x0400), ==, INTR_DELIVERED);
    g_assert_cmpint(request(r, entry, 0, 0x05ff), ==, INTR_MERGED);
    g_assert_cmpint(request(r, entry, 0, 0x0600), ==, INTR_HV_OTHER_DEVICE);
    phantom = map(r, PCI_DEVICE | 1ull << 48 | 0x0011, VECTOR + 1, 1);
    g_assert_cmpint(request(r, phantom, 0, 0x0015), ==, INTR_DELIVERED);
    g_assert_cmpint(request(r, phantom, 0, 0x0013), ==, INTR_HV_OTHER_DEVICE);
}

static uint64_t try_map(Rig *r, uint64_t control)
{
    return hv_call(vp_of(r, 0), control, HV_AT_INPUT, HV_AT_OUTPUT);
}

static void test_map_refused(Rig *r, gconstpointer data)
{
    static const struct {
        unsigned at, size;
        uint64_t value, status;
    } rows[] = {
        {0, 8, 7, 0xd},                  /* another partition */
        {8, 8, 5, 5},                    /* a logical device */
        {8, 8, 3ull << 62, 5},           /* ACPI's */
        {8, 8, PCI_DEVICE | 1 << 16, 5}, /* another segment */
        {8, 8, IOAPIC_DEVICE | 9, 5},    /* no such IOAPIC */
        {40, 4, 2, 5},                   /* an SMI */
        {44, 4, 2, 5},                   /* neither edge nor level */
        {48, 4, 2, 5},                   /* two vectors */
        {56, 4, 15, 5},
        {56, 4, 256, 5},
        {60, 4, 1, 5}, /* multicast */
        {60, 4, 2, 3}, /* a set that is not there */
        {64, 8, 0, 5}, /* no VP */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        put_map(r, PCI_DEVICE, VECTOR, 1);
        poke(r, HV_AT_INPUT + rows[i].at, rows[i].value, rows[i].size);
        g_assert_cmphex(try_map(r, 0x7c), ==, rows[i].status);
    }
    put_map(r, PCI_DEVICE, VECTOR, 1);
    g_assert_cmphex(try_map(r, 0x7c | HV_FAST), ==, 3);
    g_assert_cmphex(hv_call(vp_of(r, 0), 0x7c, HV_AT_INPUT, HV_AT_OUTPUT + 4), ==, 4);
    for (unsigned i = 0; i < 1024; i++) {
        g_assert_cmphex(try_map(r, 0x7c), ==, 0);
    }
    g_assert_cmphex(try_map(r, 0x7c), ==, 0xb);
    device_reset(r->hyperv);
    g_assert_cmpint(request(r, 0xfee00010, 0, 0), ==, INTR_HV_NOT_MAPPED);
}

static void test_root(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);

    g_assert_cmphex(hv_cpuid(vp, 0x40000003u).ebx, ==, 0x30 | 1u << 12 | 1u << 1);
    uint64_t page = hv_get(vp, HV_HYPERCALL) & ~0xfffull;
    g_assert_cmphex(page, >, RAM);
    g_assert_cmphex(peek(r, page, 4), ==, 0xc3c1010f);
    g_assert_cmphex(hv_get(vp_of(r, 1), HV_VP_ASSIST), !=, hv_get(vp, HV_VP_ASSIST));
    g_assert_cmphex(hv_call(vp, 0x46, 0, HV_AT_OUTPUT), ==, 0);
    g_assert_cmpuint(peek(r, HV_AT_OUTPUT, 8), ==, 1);
    poke(r, HV_AT_INPUT, 4, 4);
    poke(r, HV_AT_INPUT + 4, 12, 4);
    g_assert_cmphex(hv_call(vp, 0x76, HV_AT_INPUT, HV_AT_OUTPUT), ==, 0);
    poke(r, HV_AT_INPUT + 4, 13, 4);
    g_assert_cmphex(hv_call(vp, 0x76, HV_AT_INPUT, HV_AT_OUTPUT), ==, 5);
    poke(r, HV_AT_INPUT, 1, 8);
    poke(r, HV_AT_INPUT + 8, VPS - 1, 4);
    g_assert_cmphex(hv_call(vp, 0x4e, HV_AT_INPUT, 0), ==, 0);
    poke(r, HV_AT_INPUT + 8, VPS, 4);
    g_assert_cmphex(hv_call(vp, 0x4e, HV_AT_INPUT, 0), ==, 0xe);
    poke(r, HV_AT_INPUT, 2, 8);
    g_assert_cmphex(hv_call(vp, 0x4e, HV_AT_INPUT, 0), ==, 0xd);
}

int main(int argc, char **argv)
{
    static const BoardTest tests[] = {
        {"/hyperv/root/start", true, test_root},
        {"/hyperv/root/pci", true, test_map_pci},
        {"/hyperv/root/described", true, test_root_described},
        {"/hyperv/root/retarget", true, test_retarget},
        {"/hyperv/root/ioapic", true, test_map_ioapic},
        {"/hyperv/root/shadow", true, test_shadow},
        {"/hyperv/root/refused", true, test_map_refused},
    };

    g_test_init(&argc, &argv, NULL);
    board_add_tests(tests, G_N_ELEMENTS(tests));
    return g_test_run();
}
