/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MP table: found by its pointer, read back entry by entry. */
#include <string.h>

#include "hw/i386/boot/mptable.h"

#define ADDRESS 0xf0100u

enum { POINTER = 16, HEADER = 44 };
enum { CPU, BUS, IOAPIC, IO_INT, LOCAL_INT, TYPES };

typedef struct {
    GByteArray *bytes;
    GPtrArray *of[TYPES]; /* entries, of const uint8_t * */
} Parsed;

static uint32_t get(const uint8_t *p, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = bytes; i-- > 0;) {
        value = value << 8 | p[i];
    }
    return value;
}

static uint8_t sum(const uint8_t *p, size_t len)
{
    uint8_t total = 0;
    for (size_t i = 0; i < len; i++) {
        total = (uint8_t)(total + p[i]);
    }
    return total;
}

static int wired_to(uint8_t devfn, int pin)
{
    return 20 + ((devfn >> 3) + pin) % 4;
}

static const uint8_t *check_header(const Parsed *p)
{
    const uint8_t *pointer = p->bytes->data, *header = pointer + POINTER;
    g_assert_cmpmem(pointer, 4, "_MP_", 4);
    g_assert_cmphex(get(pointer + 4, 4), ==, ADDRESS + POINTER);
    g_assert_cmpuint(pointer[8], ==, 1);
    g_assert_cmpuint(pointer[9], ==, 4);
    g_assert_cmpuint(sum(pointer, POINTER), ==, 0);
    g_assert_cmpuint(get(pointer + 11, 4), ==, 0); /* a table, and virtual wire mode */
    g_assert_cmpmem(header, 4, "PCMP", 4);
    g_assert_cmpuint(get(header + 4, 2), ==, p->bytes->len - POINTER);
    g_assert_cmpuint(header[6], ==, 4);
    g_assert_cmpuint(sum(header, get(header + 4, 2)), ==, 0);
    g_assert_cmphex(get(header + 36, 4), ==, 0xfee00000);
    return header;
}

/* In ascending order of types (4.2), each as long as its type says, and as many as counted. */
static Parsed parse(const MpInfo *info)
{
    static const unsigned lengths[TYPES] = {20, 8, 8, 8, 8};
    Parsed p = {.bytes = mptable_build(info, ADDRESS)};
    const uint8_t *header = check_header(&p), *at = header + HEADER,
                  *end = header + get(header + 4, 2);
    unsigned count = 0, last = 0;
    for (int type = 0; type < TYPES; type++) {
        p.of[type] = g_ptr_array_new();
    }
    for (; at < end; at += lengths[at[0]], count++) {
        g_assert_cmpuint(at[0], <, TYPES);
        g_assert_cmpuint(at[0], >=, last);
        last = at[0];
        g_ptr_array_add(p.of[at[0]], (gpointer)at);
    }
    g_assert_true(at == end);
    g_assert_cmpuint(get(header + 34, 2), ==, count);
    return p;
}

static void release(Parsed *p)
{
    for (int type = 0; type < TYPES; type++) {
        g_ptr_array_unref(p->of[type]);
    }
    g_byte_array_unref(p->bytes);
}

static const uint8_t *entry(const Parsed *p, int type, guint n)
{
    g_assert_cmpuint(n, <, p->of[type]->len);
    return p->of[type]->pdata[n];
}

static MpInfo info_of(const uint32_t *ids, unsigned cpus)
{
    return (MpInfo){
        .apic_ids = ids,
        .cpus = cpus,
        .cpu_signature = 0x12345,
        .cpu_features = 0x201,
        .apic_version = 0x14,
        .apic_base = 0xfee00000,
        .ioapic_id = 5,
        .ioapic_version = 0x20,
        .ioapic_base = 0xfec00000,
        .sci_irq = 9,
        .pci_buses = 3,
        .pci_pin = wired_to,
    };
}

static void test_entries(void)
{
    static const uint32_t ids[] = {0, 2, 7};
    const MpInfo info = info_of(ids, 3);
    Parsed p = parse(&info);
    g_assert_cmpuint(p.of[CPU]->len, ==, 3);
    for (guint i = 0; i < 3; i++) {
        const uint8_t *cpu = entry(&p, CPU, i);
        g_assert_cmpuint(cpu[1], ==, ids[i]);
        g_assert_cmphex(cpu[2], ==, 0x14);
        g_assert_cmphex(cpu[3], ==, i == 0 ? 3 : 1);
        g_assert_cmphex(get(cpu + 4, 4), ==, 0x12345);
        g_assert_cmphex(get(cpu + 8, 4), ==, 0x201);
    }
    g_assert_cmpuint(p.of[BUS]->len, ==, 4);
    for (guint i = 0; i < 4; i++) {
        g_assert_cmpuint(entry(&p, BUS, i)[1], ==, i);
        g_assert_cmpmem(entry(&p, BUS, i) + 2, 6, i < 3 ? "PCI   " : "ISA   ", 6);
    }
    g_assert_cmpuint(p.of[IOAPIC]->len, ==, 1);
    g_assert_cmpmem(entry(&p, IOAPIC, 0), 8, "\x02\x05\x20\x01\x00\x00\xc0\xfe", 8);
    g_assert_cmpuint(p.of[LOCAL_INT]->len, ==, 2);
    g_assert_cmpmem(entry(&p, LOCAL_INT, 0), 8, "\x04\x03\x00\x00\x03\x00\xff\x00", 8);
    g_assert_cmpmem(entry(&p, LOCAL_INT, 1), 8, "\x04\x01\x00\x00\x03\x00\xff\x01", 8);
    release(&p);
}

/* Every line has one entry: ISA's as the MADT's overrides have them, PCI's active low and level. */
static void test_interrupts(void)
{
    static const uint32_t ids[] = {0};
    const MpInfo info = info_of(ids, 1);
    Parsed p = parse(&info);
    unsigned isa = 0, pci = 0;
    for (guint i = 0; i < p.of[IO_INT]->len; i++) {
        const uint8_t *e = entry(&p, IO_INT, i);
        unsigned flags = get(e + 2, 2), bus = e[4], source = e[5], pin = e[7];
        g_assert_cmpuint(e[1], ==, 0);
        g_assert_cmpuint(e[6], ==, 5);
        if (bus == 3) {
            isa |= 1u << source;
            g_assert_cmpuint(pin, ==, source == 0 ? 2 : source);
            g_assert_cmphex(flags, ==, source == 9 ? 0xd : 0);
        } else {
            g_assert_cmpuint(bus, ==, 0);
            g_assert_cmpuint(source, ==, pci++);
            g_assert_cmpuint(pin, ==, 20 + (source / 4 + source % 4) % 4);
            g_assert_cmphex(flags, ==, 0xf);
        }
    }
    g_assert_cmphex(isa, ==, 0xfffb);
    g_assert_cmpuint(pci, ==, 128);
    release(&p);
}

/* 288 CPUs and 256 buses: ids that 8 bits cannot tell are left out. */
static void test_large(void)
{
    uint32_t ids[288];
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
        ids[i] = i;
    }
    MpInfo info = info_of(ids, G_N_ELEMENTS(ids));
    info.pci_buses = 256;
    Parsed p = parse(&info);
    g_assert_cmpuint(p.of[CPU]->len, ==, 255);
    g_assert_cmpuint(entry(&p, CPU, 254)[1], ==, 254);
    g_assert_cmpuint(p.of[BUS]->len, ==, 256);
    g_assert_cmpmem(entry(&p, BUS, 255) + 1, 7, "\xffISA   ", 7);
    /* Between the RSDP and the BIOS's code. */
    g_assert_cmpuint(ADDRESS + p.bytes->len, <, 0xff000);
    release(&p);
    info.pci_buses = 0;
    p = parse(&info);
    g_assert_cmpuint(p.of[BUS]->len, ==, 1);
    g_assert_cmpuint(p.of[IO_INT]->len, ==, 15);
    release(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mptable/entries", test_entries);
    g_test_add_func("/mptable/interrupts", test_interrupts);
    g_test_add_func("/mptable/large", test_large);
    return g_test_run();
}
