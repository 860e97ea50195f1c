/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intr-testdev on a whole machine: MSI and MSI-X in every form, as a local APIC sees them; vectors
 * that are moved while the device fires; INTx, shared and disabled (PCI Local Bus 3.0, 2.2.6, 6.2.2
 * and 6.8). What any sequence of these leads to is test-msi-model's.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "libqtest.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/pci.h"

#define EMITTER (5 << 3)
#define BAR0    0xe8000000u
#define TABLE   0xe9000000u /* BAR 2 */
#define PBA     0xea000000u /* BAR 3 */
#define MESSAGE 0xfee00000u
#define VECTOR  0x60
#define PERIOD  5000

static uint64_t ecam(uint8_t devfn, unsigned offset)
{
    return PCI_ECAM + ((uint64_t)devfn << 12) + offset;
}

static void enable_apic(QTest *qts)
{
    uint64_t base;
    g_assert_true(qtest_msr_read(qts, 0, 0x1b, &base));
    g_assert_true(qtest_msr_write(qts, 0, 0x1b, base | 0xc00)); /* x2APIC mode */
    g_assert_true(qtest_msr_write(qts, 0, 0x80f, 0x1ff));       /* software-enabled */
}

static void place(QTest *qts, uint8_t devfn, uint32_t at)
{
    qtest_writew(qts, ecam(devfn, PCI_COMMAND), 0);
    for (unsigned i = 0; i < 4; i++) {
        static const uint32_t bars[] = {BAR0, 0, TABLE, PBA};
        qtest_writel(qts, ecam(devfn, PCI_BASE_ADDRESS_0 + 4 * i), bars[i] + at);
    }
    qtest_writew(qts, ecam(devfn, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static QTest *start(const char *props)
{
    QTest *qts = qtest_initf("-machine q35 -nodefaults -device intr-testdev,addr=5%s", props);
    enable_apic(qts);
    place(qts, EMITTER, 0);
    return qts;
}

static void command(QTest *qts, unsigned what, uint32_t n)
{
    qtest_writel(qts, BAR0 + E_DATA, n);
    qtest_writel(qts, BAR0 + E_COMMAND, what);
}

/* The vector that the CPU takes next; -1: none. */
static int take(QTest *qts)
{
    int vector = qtest_apic_ack(qts, 0);
    if (vector >= 0) {
        g_assert_true(qtest_msr_write(qts, 0, 0x80b, 0));
    }
    return vector;
}

static uint64_t capability(QTest *qts, uint8_t id)
{
    return ecam(EMITTER, qtest_pci_find_capability(qts, 0, EMITTER, id));
}

/* ---- MSI ---- */

static void check_msi(unsigned vectors, bool is64, bool maskable)
{
    g_autofree char *props = g_strdup_printf(",msi-vectors=%u,msi-64=%s,msi-mask=%s", vectors,
                                             is64 ? "on" : "off", maskable ? "on" : "off");
    QTest *qts = start(props);
    uint64_t cap = capability(qts, PCI_CAP_ID_MSI);
    unsigned data = is64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32;
    unsigned mask = is64 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32;
    unsigned log2_vectors = (unsigned)g_bit_nth_lsf(vectors, -1), last = vectors - 1;
    g_assert_cmphex(qtest_readw(qts, cap + PCI_MSI_FLAGS), ==,
                    log2_vectors << 1 | (is64 ? 0x80 : 0) | (maskable ? 0x100 : 0));
    qtest_writel(qts, cap + PCI_MSI_ADDRESS_LO, MESSAGE);
    qtest_writew(qts, cap + data, VECTOR);
    qtest_writew(qts, cap + PCI_MSI_FLAGS, (uint16_t)(1 | log2_vectors << 4));
    command(qts, C_MSI, last);
    g_assert_cmphex(take(qts), ==, VECTOR + (int)last);
    if (maskable) {
        qtest_writel(qts, cap + mask, 1u << last);
        command(qts, C_MSI, last);
        g_assert_cmphex(take(qts), ==, -1);
        g_assert_cmphex(qtest_readl(qts, cap + mask + 4), ==, 1u << last);
        qtest_writel(qts, cap + mask, 0);
        g_assert_cmphex(take(qts), ==, VECTOR + (int)last);
        g_assert_cmphex(qtest_readl(qts, cap + mask + 4), ==, 0);
    }
    if (is64) { /* not an interrupt's address any more */
        qtest_writel(qts, cap + PCI_MSI_ADDRESS_HI, 1);
        command(qts, C_MSI, last);
        g_assert_cmphex(take(qts), ==, -1);
    }
    qtest_quit(qts);
}

static void test_msi(void)
{
    for (unsigned vectors = 1; vectors <= 32; vectors *= 2) {
        for (unsigned form = 0; form < 4; form++) {
            check_msi(vectors, form & 1, form & 2);
        }
    }
}

/* ---- MSI-X ---- */

typedef struct {
    uint64_t cap, table, pba;
} Msix;

static Msix msix_of(QTest *qts)
{
    uint64_t cap = capability(qts, PCI_CAP_ID_MSIX);
    uint32_t table = qtest_readl(qts, cap + PCI_MSIX_TABLE);
    uint32_t pba = qtest_readl(qts, cap + PCI_MSIX_PBA);
    g_assert_cmphex(table, ==, 2);
    return (Msix){cap, TABLE, ((pba & 7) == 2 ? TABLE : PBA) + (pba & ~7u)};
}

static void set_entry(QTest *qts, const Msix *x, unsigned n, uint8_t vector, bool masked)
{
    qtest_writeq(qts, x->table + 16 * n, MESSAGE);
    qtest_writeq(qts, x->table + 16 * n + 8, vector | (uint64_t)masked << 32);
}

static void check_msix(unsigned vectors, bool two_bars)
{
    g_autofree char *props =
        g_strdup_printf(",msix-vectors=%u,msix-pba-bar=%d", vectors, two_bars ? 3 : 2);
    QTest *qts = start(props);
    Msix x = msix_of(qts);
    unsigned last = vectors - 1;
    uint64_t pba = x.pba + last / 64 * 8;
    g_assert_cmpuint(qtest_readw(qts, x.cap + PCI_MSIX_FLAGS), ==, last);
    set_entry(qts, &x, last, VECTOR, true);
    qtest_writew(qts, x.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    command(qts, C_MSIX, last);
    command(qts, C_MSIX, vectors); /* there is none */
    g_assert_cmphex(take(qts), ==, -1);
    g_assert_cmphex(qtest_readq(qts, pba), ==, 1ull << last % 64);
    qtest_writel(qts, x.table + 16 * last + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    g_assert_cmphex(take(qts), ==, VECTOR);
    g_assert_cmphex(qtest_readq(qts, pba), ==, 0);
    qtest_writew(qts, x.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    command(qts, C_MSIX, last);
    g_assert_cmphex(take(qts), ==, -1);
    g_assert_cmphex(qtest_readl(qts, pba + last % 64 / 32 * 4), ==, 1u << last % 32);
    qtest_writew(qts, x.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    g_assert_cmphex(take(qts), ==, VECTOR);
    qtest_writeq(qts, pba, UINT64_MAX); /* read-only */
    g_assert_cmphex(qtest_readq(qts, pba), ==, 0);
    qtest_quit(qts);
}

static void test_msix(void)
{
    static const unsigned counts[] = {1, 32, 64, 65, 1024, 2048};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        check_msix(counts[i], false);
        check_msix(counts[i], true);
    }
}

/* 6.8.2: dwords and qwords; narrower accesses are undefined, and change nothing here. */
static void test_widths(void)
{
    QTest *qts = start("");
    Msix x = msix_of(qts);
    uint64_t e = x.table + 16;
    qtest_writel(qts, e, 0x11223344);
    qtest_writeq(qts, e + 8, 0xfffffffe55667788);
    g_assert_cmphex(qtest_readq(qts, e), ==, 0x11223344);
    g_assert_cmphex(qtest_readq(qts, e + 8), ==, 0x55667788); /* of control the mask bit alone */
    for (unsigned i = 0; i < 16; i++) {
        qtest_writeb(qts, e + i, 0xff);
    }
    for (unsigned i = 0; i < 16; i += 2) {
        qtest_writew(qts, e + i, 0xffff);
    }
    g_assert_cmphex(qtest_readq(qts, e), ==, 0x11223344);
    g_assert_cmphex(qtest_readq(qts, e + 8), ==, 0x55667788);
    /* Reads of every width see the same bytes. */
    g_assert_cmphex(qtest_readb(qts, e + 2), ==, 0x22);
    g_assert_cmphex(qtest_readw(qts, e + 8), ==, 0x7788);
    qtest_quit(qts);
}

/* ---- Moved while it fires ---- */

static void fire_for_ever(QTest *qts, unsigned what, uint32_t n)
{
    qtest_writel(qts, BAR0 + E_DELAY, PERIOD);
    qtest_writel(qts, BAR0 + E_REPEAT, 1000);
    command(qts, what, n);
    g_assert_cmpuint(qtest_readl(qts, BAR0 + E_LEFT), ==, 1000);
}

/* What one period brings. */
static int next(QTest *qts)
{
    qtest_clock_step(qts, PERIOD);
    return take(qts);
}

static void test_msix_moved(void)
{
    QTest *qts = start("");
    Msix x = msix_of(qts);
    set_entry(qts, &x, 3, 0x60, false);
    qtest_writew(qts, x.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    fire_for_ever(qts, C_MSIX, 3);
    g_assert_cmphex(next(qts), ==, 0x60);
    /* As it should be done: masked, written, let go. Nothing is lost, and nothing goes astray. */
    qtest_writel(qts, x.table + 48 + 12, 1);
    g_assert_cmphex(next(qts), ==, -1);
    qtest_writel(qts, x.table + 48, MESSAGE | 5 << 12);
    g_assert_cmphex(next(qts), ==, -1);
    qtest_writel(qts, x.table + 48, MESSAGE);
    qtest_writel(qts, x.table + 48 + 8, 0x71);
    g_assert_cmphex(next(qts), ==, -1);
    qtest_writel(qts, x.table + 48 + 12, 0);
    g_assert_cmphex(take(qts), ==, 0x71); /* three became one */
    g_assert_cmphex(take(qts), ==, -1);
    g_assert_cmphex(next(qts), ==, 0x71);
    /* As it should not: what goes out is what is there, half old and half new. */
    qtest_writel(qts, x.table + 48, MESSAGE | 5 << 12); /* nobody is 5 */
    g_assert_cmphex(next(qts), ==, -1);
    qtest_writel(qts, x.table + 48 + 8, 0x72);
    g_assert_cmphex(next(qts), ==, -1);
    qtest_writel(qts, x.table + 48, MESSAGE);
    g_assert_cmphex(next(qts), ==, 0x72);
    /* Data and mask by one write. */
    qtest_writeq(qts, x.table + 48 + 8, 0x73 | 1ull << 32);
    g_assert_cmphex(next(qts), ==, -1);
    qtest_writeq(qts, x.table + 48 + 8, 0x74);
    g_assert_cmphex(take(qts), ==, 0x74);
    qtest_quit(qts);
}

static void test_msi_moved(void)
{
    QTest *qts = start(",msi-vectors=4");
    uint64_t cap = capability(qts, PCI_CAP_ID_MSI);
    qtest_writel(qts, cap + PCI_MSI_ADDRESS_LO, MESSAGE);
    qtest_writew(qts, cap + PCI_MSI_DATA_64, 0x60);
    qtest_writew(qts, cap + PCI_MSI_FLAGS, 1 | 2 << 4);
    fire_for_ever(qts, C_MSI, 3);
    g_assert_cmphex(next(qts), ==, 0x63);
    qtest_writew(qts, cap + PCI_MSI_FLAGS, 1 | 1 << 4); /* two vectors: 3 is 1 of these */
    g_assert_cmphex(next(qts), ==, 0x61);
    qtest_writeb(qts, cap + PCI_MSI_DATA_64, 0x70);
    g_assert_cmphex(next(qts), ==, 0x71);
    qtest_writel(qts, cap + PCI_MSI_ADDRESS_LO, MESSAGE | 5 << 12);
    g_assert_cmphex(next(qts), ==, -1);
    qtest_writel(qts, cap + PCI_MSI_MASK_64, 2);
    qtest_writel(qts, cap + PCI_MSI_ADDRESS_LO, MESSAGE);
    g_assert_cmphex(next(qts), ==, -1);
    qtest_writew(qts, cap + PCI_MSI_FLAGS, 1 << 4); /* off: what waits goes on waiting */
    qtest_writel(qts, cap + PCI_MSI_MASK_64, 0);
    g_assert_cmphex(take(qts), ==, -1);
    qtest_writew(qts, cap + PCI_MSI_FLAGS, 1 | 1 << 4);
    g_assert_cmphex(take(qts), ==, 0x71);
    qtest_quit(qts);
}

/* DELAY and REPEAT: LEFT counts down, a new command takes the place, a reset ends it. */
static void test_delay(void)
{
    QTest *qts = start("");
    Msix x = msix_of(qts);
    unsigned express = qtest_pci_find_capability(qts, 0, EMITTER, PCI_CAP_ID_EXP);
    set_entry(qts, &x, 0, 0x60, false);
    set_entry(qts, &x, 1, 0x61, false);
    qtest_writew(qts, x.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    qtest_writel(qts, BAR0 + E_DELAY, PERIOD);
    qtest_writel(qts, BAR0 + E_REPEAT, 2);
    command(qts, C_MSIX, 0);
    qtest_clock_step(qts, PERIOD - 1);
    g_assert_cmphex(take(qts), ==, -1);
    qtest_clock_step(qts, 1);
    g_assert_cmphex(take(qts), ==, 0x60);
    g_assert_cmpuint(qtest_readl(qts, BAR0 + E_LEFT), ==, 1);
    command(qts, C_MSIX, 1);
    g_assert_cmphex(next(qts), ==, 0x61);
    g_assert_cmphex(next(qts), ==, 0x61);
    g_assert_cmphex(next(qts), ==, -1);
    g_assert_cmpuint(qtest_readl(qts, BAR0 + E_LEFT), ==, 0);
    command(qts, C_MSIX, 1);
    qtest_writew(qts, ecam(EMITTER, express + PCI_EXP_DEVCTL), PCI_EXP_DEVCTL_BCR_FLR);
    place(qts, EMITTER, 0);
    g_assert_cmphex(next(qts), ==, -1);
    g_assert_cmphex(qtest_readw(qts, x.cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE, ==, 0);
    qtest_quit(qts);
}

/* ---- INTx ---- */

/* Functions 0 and 1 of a slot on one pin: its line is up while one of them pulls it. */
static void test_shared_pin(void)
{
    enum { OTHER = EMITTER + 1, APART = 0x1000000, LINES = 24 };
    QTest *qts = qtest_init("-machine q35 -nodefaults "
                            "-device intr-testdev,addr=5.0,pin=2,multifunction=on "
                            "-device intr-testdev,addr=5.1,pin=2");
    int line = -1;
    place(qts, EMITTER, 0);
    place(qts, OTHER, APART * 4);
    g_assert_cmpuint(qtest_readb(qts, ecam(OTHER, PCI_INTERRUPT_PIN)), ==, 2);
    qtest_irq_intercept_in(qts, "ioapic");
    command(qts, C_PIN, 1);
    for (int n = 0; n < LINES; n++) {
        line = qtest_get_irq(qts, n) ? n : line;
    }
    g_assert_cmpint(line, >=, 16);
    qtest_writel(qts, BAR0 + APART * 4 + E_DATA, 1);
    qtest_writel(qts, BAR0 + APART * 4 + E_COMMAND, C_PIN);
    command(qts, C_PIN, 0);
    g_assert_true(qtest_get_irq(qts, line));
    /* INTx disable takes one off, whose status still tells. */
    qtest_writew(qts, ecam(OTHER, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
    g_assert_false(qtest_get_irq(qts, line));
    g_assert_cmphex(qtest_readw(qts, ecam(OTHER, PCI_STATUS)) & PCI_STATUS_INTERRUPT, !=, 0);
    command(qts, C_PIN, 1);
    g_assert_true(qtest_get_irq(qts, line));
    qtest_writew(qts, ecam(OTHER, PCI_COMMAND), PCI_COMMAND_MEMORY);
    command(qts, C_PIN, 0);
    g_assert_true(qtest_get_irq(qts, line));
    /* And so does MSI. */
    uint8_t msi = qtest_pci_find_capability(qts, 0, OTHER, PCI_CAP_ID_MSI);
    qtest_writew(qts, ecam(OTHER, msi + PCI_MSI_FLAGS), PCI_MSI_FLAGS_ENABLE);
    g_assert_false(qtest_get_irq(qts, line));
    qtest_quit(qts);
}

static void test_without(void)
{
    QTest *qts = start(",pin=0,msi-vectors=0,msix-vectors=0");
    uint8_t cap = qtest_readb(qts, ecam(EMITTER, PCI_CAPABILITY_LIST));
    g_assert_cmphex(qtest_readb(qts, ecam(EMITTER, cap)), ==, PCI_CAP_ID_EXP);
    g_assert_cmphex(qtest_readb(qts, ecam(EMITTER, cap + 1u)), ==, 0);
    g_assert_cmpuint(qtest_readb(qts, ecam(EMITTER, PCI_INTERRUPT_PIN)), ==, 0);
    command(qts, C_PIN, 1);
    command(qts, C_MSI, 0);
    command(qts, C_MSIX, 0);
    g_assert_cmphex(take(qts), ==, -1);
    qtest_quit(qts);
}

static void test_refused(void)
{
    static const struct {
        const char *props, *says;
    } cases[] = {
        {"msi-vectors=3", "1, 2, 4, 8, 16 or 32"},
        {"msix-vectors=2049", "2048"},
        {"msix-pba-bar=4", "1, 2, 3 and 5"},
        {"pin=5", "4"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *args = g_strdup_printf("-device intr-testdev,%s", cases[i].props);
        g_autofree char *err = NULL;
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        g_assert_nonnull(strstr(err, cases[i].says));
        g_assert_true(strchr(err, '\n') == err + strlen(err) - 1);
    }
}

/* The command line that the device's page gives. */
static void test_example(void)
{
    static const char program[] = "\nqemu-system-x86_64 ";
    g_autofree char *page = NULL;
    const char *name = g_test_get_filename(G_TEST_DIST, "docs", "devices", "intr-testdev.md", NULL);
    g_assert_true(g_file_get_contents(name, &page, NULL, NULL));
    const char *args = strstr(page, program) + strlen(program);
    g_autofree char *line = g_strndup(args, strcspn(args, "\n"));
    QTest *qts = qtest_init(line);
    g_assert_nonnull(strstr(line, "-device intr-testdev"));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/intr-testdev/msi", test_msi);
    g_test_add_func("/intr-testdev/msix", test_msix);
    g_test_add_func("/intr-testdev/widths", test_widths);
    g_test_add_func("/intr-testdev/msix-moved", test_msix_moved);
    g_test_add_func("/intr-testdev/msi-moved", test_msi_moved);
    g_test_add_func("/intr-testdev/delay", test_delay);
    g_test_add_func("/intr-testdev/shared-pin", test_shared_pin);
    g_test_add_func("/intr-testdev/without", test_without);
    g_test_add_func("/intr-testdev/refused", test_refused);
    g_test_add_func("/intr-testdev/example", test_example);
    return g_test_run();
}
