/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -machine forgive=: each row lets through what its sentence says, and without it (or with all the
 * others) the machine does as hardware does. The row of IA32_FMASK is the CPU's: see the guest that
 * leans on it (tests/guest/lean.c).
 */
#include <linux/pci_regs.h>
#include <stdio.h>

#include "vtd-lib.h"

#include "tests/include/ioapic.h"
#include "tests/include/pci.h"
#include "tests/include/testdevs.h"

#define EDU     (8 << 3) /* pin A of slot 8 is PIRQ E */
#define EDU_PIN 20
#define VECTOR  0x51

static const char *const names[] = {"ioapic-sid",  "pirq-low-pins", "cf8-low-bits",
                                    "irte-reread", "pci-polarity",  "fmask-upper"};

typedef bool Check(const char *forgive);

/* All rows but one. */
static char *others(const char *name)
{
    GString *list = g_string_new("none");

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!g_str_equal(names[i], name)) {
            g_string_append_printf(list, ":%s", names[i]);
        }
    }
    return g_string_free(list, FALSE);
}

static void check_row(const char *name, Check *lets)
{
    g_autofree char *rest = others(name);

    g_assert_false(lets("none"));
    g_assert_false(lets(rest));
    g_assert_true(lets(name));
    g_assert_true(lets("qemu"));
}

static void write_rte(QTest *qts, unsigned pin, uint64_t rte)
{
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL_HIGH(pin));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, (uint32_t)(rte >> 32));
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL(pin));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, (uint32_t)rte);
}

static Vtd *start(const char *forgive)
{
    g_autofree char *props = g_strdup_printf(" -M forgive=%s -device edu,addr=8", forgive);
    Vtd *v = vtd_start(props, 1, false);

    qtest_pci_config_write(v->qts, 0, EDU, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    return v;
}

static uint64_t edu_bar(Vtd *v)
{
    return qtest_pci_config_read(v->qts, 0, EDU, PCI_BASE_ADDRESS_0, 4) & ~0xfu;
}

/* Does pin 4 get through an entry that names another source than the IOAPIC? */
static bool lets_any_source(const char *forgive)
{
    Vtd *v = start(forgive);
    Pair irte = irte_for(VECTOR, 0, false);
    bool came;

    irte.high = IRTE_SVT_SID | EDU;
    vtd_set_irte(v, 3, irte);
    vtd_remap_on(v, 7, false);
    write_rte(v->qts, 4, 3ull << 49 | 1ull << 48 | VECTOR);
    qtest_set_irq_in(v->qts, "ioapic", "", 4, 1);
    came = vtd_took(v, 0, VECTOR);
    if (came) {
        vtd_expect_no_fault(v);
    } else {
        g_assert_cmphex(vtd_take_fault(v, 0).reason, ==, 0x26);
    }
    vtd_send_index(v, 3, SID_OWN); /* others are checked all the same */
    g_assert_false(vtd_took(v, 0, VECTOR));
    vtd_stop(v);
    return came;
}

/* Does a PIRQ routed to IRQ 10 come to IOAPIC pin 10? */
static bool lets_pirq_on_pin_10(const char *forgive)
{
    Vtd *v = start(forgive);
    bool came;

    qtest_pci_config_write(v->qts, 0, LPC_DEVFN, LPC_PIRQ_E_ROUTE, 10, 1);
    write_rte(v->qts, 10, 1u << 15 | VECTOR);
    write_rte(v->qts, EDU_PIN, 1u << 15 | 1u << 13 | (VECTOR + 0x20));
    qtest_writel(v->qts, edu_bar(v) + EDU_RAISE, 1);
    g_assert_true(qtest_apic_irr(v->qts, 0, VECTOR + 0x20)); /* its own pin in any case */
    came = qtest_apic_irr(v->qts, 0, VECTOR);
    vtd_stop(v);
    return came;
}

/* Does an access at CFCh read the byte that CF8h's low bits name? */
static bool lets_low_bits(const char *forgive)
{
    Vtd *v = start(forgive);
    uint16_t vendor, device;

    qtest_outl(v->qts, PCI_CONFIG_ADDRESS, PCI_CONFIG_ENABLE | EDU << 8 | PCI_DEVICE_ID);
    device = qtest_inw(v->qts, PCI_CONFIG_DATA);
    vendor = (uint16_t)qtest_pci_config_read(v->qts, 0, EDU, PCI_VENDOR_ID, 2);
    g_assert_cmphex(qtest_pci_config_read(v->qts, 0, EDU, PCI_DEVICE_ID, 2), ==, 0x11e8);
    g_assert_true(device == vendor || device == 0x11e8);
    vtd_stop(v);
    return device != vendor;
}

/* Does a changed entry count without a flush? */
static bool lets_unflushed_entries(const char *forgive)
{
    Vtd *v = start(forgive);
    bool fresh;

    vtd_set_irte(v, 3, irte_for(VECTOR, 0, false));
    vtd_remap_on(v, 7, false);
    vtd_send_index(v, 3, SID_OWN);
    g_assert_true(vtd_took(v, 0, VECTOR));
    vtd_set_irte(v, 3, irte_for(VECTOR + 1, 0, false));
    vtd_send_index(v, 3, SID_OWN);
    fresh = vtd_took(v, 0, VECTOR + 1);
    vtd_stop(v);
    return fresh;
}

/* Does a PCI pin work with an entry that calls it active high, as well as with one that does not?
 * Without that, the idle wire counts as active. */
static bool lets_active_high(const char *forgive)
{
    Vtd *v = start(forgive);
    bool quiet;

    write_rte(v->qts, EDU_PIN, 1u << 15 | 1u << 13 | VECTOR);
    g_assert_false(vtd_took(v, 0, VECTOR));
    qtest_writel(v->qts, edu_bar(v) + EDU_RAISE, 1);
    qtest_writel(v->qts, edu_bar(v) + EDU_ACK, 1);
    g_assert_true(vtd_took(v, 0, VECTOR));
    write_rte(v->qts, EDU_PIN, 1u << 16);
    write_rte(v->qts, EDU_PIN, 1u << 15 | (VECTOR + 1));
    quiet = !qtest_apic_irr(v->qts, 0, VECTOR + 1);
    qtest_writel(v->qts, edu_bar(v) + EDU_RAISE, 1);
    g_assert_true(qtest_apic_irr(v->qts, 0, VECTOR + 1));
    vtd_stop(v);
    return quiet;
}

static void test_ioapic_sid(void)
{
    check_row("ioapic-sid", lets_any_source);
}

static void test_pirq_low_pins(void)
{
    check_row("pirq-low-pins", lets_pirq_on_pin_10);
}

static void test_cf8_low_bits(void)
{
    check_row("cf8-low-bits", lets_low_bits);
}

static void test_irte_reread(void)
{
    check_row("irte-reread", lets_unflushed_entries);
}

static void test_pci_polarity(void)
{
    check_row("pci-polarity", lets_active_high);
}

/* ISA pins are never forgiven: no program is known to lean on that. */
static void test_isa_polarity(void)
{
    Vtd *v = start("qemu");

    write_rte(v->qts, 5, 1u << 15 | 1u << 13 | VECTOR);
    g_assert_true(qtest_apic_irr(v->qts, 0, VECTOR));
    vtd_stop(v);
}

static void test_words(void)
{
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint(qtest_run("-machine q35,forgive=help", &out, NULL), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *row = g_strdup_printf("\n  %s ", names[i]);
        g_assert_nonnull(strstr(out, row));
    }
    g_assert_cmpint(qtest_run("-machine q35,forgive=qmu", NULL, &err), ==, 1);
    g_assert_nonnull(strstr(err, "there is no 'qmu' (did you mean 'qemu'?)"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forgive/ioapic-sid", test_ioapic_sid);
    g_test_add_func("/forgive/pirq-low-pins", test_pirq_low_pins);
    g_test_add_func("/forgive/cf8-low-bits", test_cf8_low_bits);
    g_test_add_func("/forgive/irte-reread", test_irte_reread);
    g_test_add_func("/forgive/pci-polarity", test_pci_polarity);
    g_test_add_func("/forgive/isa-polarity", test_isa_polarity);
    g_test_add_func("/forgive/words", test_words);
    return g_test_run();
}
