/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that come and go while the machine runs, through the slots of PCI Express ports (PCI
 * Express 5.0, 6.7 and 7.5.3.10): what the slot tells, when it interrupts, when a device is let go
 * of, and what becomes of one that is torn out in the middle of something.
 */
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>

#include "libqtest.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/ioapic.h"
#include "tests/include/pci.h"
#include "tests/include/testdevs.h"

#define RP          (1 << 3)
#define BEHIND      1
#define OFF         (PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF)
#define ON          (PCI_EXP_SLTCTL_PWR_ON | PCI_EXP_SLTCTL_PWR_IND_ON)
#define EDU_ID_WORD 0x11e81234u
#define NOBODY      0xffffffffu
#define VECTOR      0x61
#define PIN         21 /* of slot 1's pin A */

static QTest *start(const char *more)
{
    QTest *qts = qtest_initf("-machine q35 -nodefaults -m 64M"
                             " -device pcie-root-port,id=rp,addr=1,slot=9 %s",
                             more);
    uint64_t base;
    g_assert_true(qtest_msr_read(qts, 0, 0x1b, &base));
    g_assert_true(qtest_msr_write(qts, 0, 0x1b, base | 0xc00)); /* x2APIC mode */
    g_assert_true(qtest_msr_write(qts, 0, 0x80f, 0x1ff));
    return qts;
}

static uint64_t ecam(uint8_t bus, uint8_t devfn, unsigned offset)
{
    return PCI_ECAM + ((uint64_t)bus << 20) + ((uint64_t)devfn << 12) + offset;
}

static uint64_t port_at(QTest *qts, unsigned offset)
{
    return ecam(0, RP, qtest_pci_find_capability(qts, 0, RP, PCI_CAP_ID_EXP) + offset);
}

static uint16_t status(QTest *qts)
{
    return qtest_readw(qts, port_at(qts, PCI_EXP_SLTSTA));
}

static uint16_t take_status(QTest *qts)
{
    uint16_t now = status(qts);
    qtest_writew(qts, port_at(qts, PCI_EXP_SLTSTA), now);
    return now;
}

static void control(QTest *qts, uint16_t value)
{
    qtest_writew(qts, port_at(qts, PCI_EXP_SLTCTL), value);
}

static bool has_link(QTest *qts)
{
    return qtest_readw(qts, port_at(qts, PCI_EXP_LNKSTA)) & PCI_EXP_LNKSTA_DLLLA;
}

static uint32_t id_behind(QTest *qts)
{
    return qtest_readl(qts, ecam(BEHIND, 0, PCI_VENDOR_ID));
}

static void must(JsonObject *response)
{
    g_assert_true(json_object_has_member(response, "return"));
    json_object_unref(response);
}

static void must_fail(JsonObject *response, const char *says)
{
    g_assert_true(json_object_has_member(response, "error"));
    JsonObject *error = json_object_get_object_member(response, "error");
    const char *desc = json_object_get_string_member(error, "desc");
    g_test_message("%s", desc);
    g_assert_nonnull(strstr(desc, says));
    json_object_unref(response);
}

static void add(QTest *qts, const char *driver)
{
    must(qtest_qmp(qts,
                   "{'execute': 'device_add', 'arguments': {'driver': '%s', 'id': 'x', "
                   "'bus': 'rp'}}",
                   driver));
}

static void del(QTest *qts, bool surprise)
{
    must(qtest_qmp(qts, "{'execute': 'device_del', 'arguments': {'id': 'x', 'surprise': %s}}",
                   surprise ? "true" : "false"));
}

static void expect_deleted(QTest *qts, const char *id)
{
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "DEVICE_DELETED");
    JsonObject *data = json_object_get_object_member(event, "data");
    g_assert_cmpstr(json_object_get_string_member(data, "device"), ==, id);
}

/* What is behind the port, placed and on. */
static uint64_t place(QTest *qts)
{
    uint32_t window = qtest_readl(qts, ecam(0, RP, PCI_MEMORY_BASE));
    uint64_t base = (uint64_t)(window & 0xfff0) << 16;
    g_assert_cmphex(window >> 16, >=, window & 0xffff); /* kept for what may come */
    qtest_writew(qts, ecam(0, RP, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    qtest_writel(qts, ecam(BEHIND, 0, PCI_BASE_ADDRESS_0), (uint32_t)base);
    qtest_writew(qts, ecam(BEHIND, 0, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    return base;
}

static void test_at_power_on(void)
{
    QTest *qts = start("");
    uint32_t can = qtest_readl(qts, port_at(qts, PCI_EXP_SLTCAP));
    g_assert_cmphex(can, ==,
                    PCI_EXP_SLTCAP_ABP | PCI_EXP_SLTCAP_PCP | PCI_EXP_SLTCAP_PIP |
                        PCI_EXP_SLTCAP_HPC | 9u << 19);
    g_assert_cmphex(status(qts), ==, 0);
    g_assert_cmphex(qtest_readw(qts, port_at(qts, PCI_EXP_SLTCTL)), ==, OFF);
    g_assert_false(has_link(qts));
    qtest_quit(qts);
    qts = start("-device edu,bus=rp");
    g_assert_cmphex(status(qts), ==, PCI_EXP_SLTSTA_PDS);
    g_assert_cmphex(qtest_readw(qts, port_at(qts, PCI_EXP_SLTCTL)), ==, ON);
    g_assert_true(has_link(qts));
    g_assert_cmphex(id_behind(qts), ==, EDU_ID_WORD);
    qtest_quit(qts);
}

static void test_in_and_out(void)
{
    QTest *qts = start("");
    add(qts, "edu");
    g_assert_cmphex(take_status(qts), ==,
                    PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_ABP);
    g_assert_false(has_link(qts));
    g_assert_cmphex(id_behind(qts), ==, NOBODY); /* without power */
    control(qts, ON);
    g_assert_cmphex(take_status(qts), ==,
                    PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_CC | PCI_EXP_SLTSTA_DLLSC);
    g_assert_cmphex(status(qts), ==, PCI_EXP_SLTSTA_PDS);
    g_assert_true(has_link(qts));
    g_assert_cmphex(id_behind(qts), ==, EDU_ID_WORD);
    uint64_t bar = place(qts);
    g_assert_cmphex(qtest_readl(qts, bar + EDU_ID), ==, 0x010000ed);
    /* It stays until the guest has taken its power and says so. */
    del(qts, false);
    g_assert_cmphex(take_status(qts), ==, PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_ABP);
    g_assert_cmphex(qtest_readl(qts, bar + EDU_ID), ==, 0x010000ed);
    control(qts, PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_BLINK);
    qtest_clock_step(qts, 1);
    g_assert_cmphex(take_status(qts), ==,
                    PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_CC | PCI_EXP_SLTSTA_DLLSC);
    g_assert_cmphex(id_behind(qts), ==, NOBODY);
    g_assert_cmphex(qtest_readl(qts, bar + EDU_ID), ==, NOBODY);
    control(qts, OFF);
    qtest_clock_step(qts, 1);
    expect_deleted(qts, "x");
    g_assert_cmphex(take_status(qts), ==, PCI_EXP_SLTSTA_CC | PCI_EXP_SLTSTA_PDC);
    control(qts, ON);
    g_assert_cmphex(id_behind(qts), ==, NOBODY);
    control(qts, OFF);
    /* The id and the slot are free again. */
    for (int i = 0; i < 20; i++) {
        add(qts, "edu");
        control(qts, ON);
        g_assert_cmphex(id_behind(qts), ==, EDU_ID_WORD);
        g_assert_cmphex(qtest_readl(qts, ecam(BEHIND, 0, PCI_BASE_ADDRESS_0)), ==, 0);
        del(qts, false);
        control(qts, OFF);
        qtest_clock_step(qts, 1);
        expect_deleted(qts, "x");
    }
    qtest_quit(qts);
}

/* 6.7.3.4: a message when an enabled event comes, one until all are gone; or the pin meanwhile. */
static void test_interrupts(void)
{
    QTest *qts = start("");
    uint64_t cap = ecam(0, RP, qtest_pci_find_capability(qts, 0, RP, PCI_CAP_ID_MSIX));
    uint64_t table = qtest_readl(qts, ecam(0, RP, PCI_BASE_ADDRESS_0)) & ~0xfu;
    uint16_t enables = PCI_EXP_SLTCTL_HPIE | PCI_EXP_SLTCTL_ABPE;
    qtest_writew(qts, ecam(0, RP, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    qtest_irq_intercept_in(qts, "ioapic");
    control(qts, OFF | enables);
    g_assert_false(qtest_get_irq(qts, PIN)); /* CC is not enabled */
    add(qts, "edu");
    g_assert_true(qtest_get_irq(qts, PIN));
    control(qts, (OFF | enables) & ~PCI_EXP_SLTCTL_HPIE);
    g_assert_false(qtest_get_irq(qts, PIN));
    control(qts, OFF | enables);
    g_assert_true(qtest_get_irq(qts, PIN));
    qtest_writew(qts, port_at(qts, PCI_EXP_SLTSTA), PCI_EXP_SLTSTA_PDC);
    g_assert_true(qtest_get_irq(qts, PIN));
    qtest_writew(qts, port_at(qts, PCI_EXP_SLTSTA), PCI_EXP_SLTSTA_ABP);
    g_assert_false(qtest_get_irq(qts, PIN));
    qtest_writel(qts, table, 0xfee00000);
    qtest_writel(qts, table + PCI_MSIX_ENTRY_DATA, VECTOR);
    qtest_writel(qts, table + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    qtest_writew(qts, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    control(qts, ON | enables | PCI_EXP_SLTCTL_CCIE | PCI_EXP_SLTCTL_DLLSCE);
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR);
    g_assert_true(qtest_msr_write(qts, 0, 0x80b, 0));
    del(qts, false); /* two of the events are still there */
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, -1);
    take_status(qts);
    /* Link and command are not enabled; presence changes soon after. */
    control(qts, OFF | enables | PCI_EXP_SLTCTL_PDCE);
    qtest_clock_step(qts, 1);
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR);
    expect_deleted(qts, "x");
    g_assert_false(qtest_get_irq(qts, PIN));
    qtest_quit(qts);
}

/* Torn out while its DMA is on its way and a vector waits behind its mask. */
static void test_surprise(void)
{
    QTest *qts = start("-device edu,id=x,bus=rp -device pcie-root-port,id=rp2,addr=2"
                       " -device intr-testdev,id=y,bus=rp2");
    uint64_t bar = place(qts);
    uint32_t other = qtest_readl(qts, ecam(2, 0, PCI_BASE_ADDRESS_0)) & ~0xfu;
    uint8_t msix = qtest_pci_find_capability(qts, 2, 0, PCI_CAP_ID_MSIX);
    qtest_irq_intercept_in(qts, "ioapic");
    qtest_memset(qts, 0x100000, 0x5a, 16);
    qtest_writel(qts, bar + EDU_RAISE, 1);
    qtest_writeq(qts, bar + 0x80, 0x40000);
    qtest_writeq(qts, bar + 0x88, 0x100000);
    qtest_writeq(qts, bar + 0x90, 16);
    qtest_writeq(qts, bar + 0x98, 1 | 2 | 4); /* to memory, in a millisecond, and interrupt */
    g_assert_true(qtest_get_irq(qts, PIN));
    del(qts, true);
    expect_deleted(qts, "x");
    g_assert_false(qtest_get_irq(qts, PIN));
    g_assert_cmphex(take_status(qts), ==, PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_DLLSC);
    g_assert_false(has_link(qts));
    g_assert_cmphex(id_behind(qts), ==, NOBODY);
    g_assert_cmphex(qtest_readl(qts, bar + EDU_ID), ==, NOBODY);
    qtest_clock_step(qts, 10000000);
    g_assert_cmphex(qtest_readb(qts, 0x100000), ==, 0x5a);
    g_assert_false(qtest_get_irq(qts, PIN));
    /* What waited has its end, and the journal still has its name. */
    qtest_writew(qts, ecam(0, 2 << 3, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    qtest_writew(qts, ecam(2, 0, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    qtest_writew(qts, ecam(2, 0, msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
    qtest_writel(qts, other + E_DATA, 3);
    qtest_writel(qts, other + E_COMMAND, C_MSIX);
    must(qtest_qmp(qts, "{'execute': 'device_del', 'arguments': {'id': 'y', 'surprise': true}}"));
    expect_deleted(qts, "y");
    g_autofree char *said = qtest_hmp(qts, "why y");
    g_test_message("%s", said);
    g_assert_nonnull(strstr(said, "reset"));
    qtest_quit(qts);
}

/* A device goes with all that is behind it, or plugged into it. */
static void test_with_what_is_behind(void)
{
    g_autofree char *disk = NULL;
    int file = g_file_open_tmp("switchyard-test-XXXXXX", &disk, NULL);
    g_assert_true(file >= 0 && ftruncate(file, 0x10000) == 0);
    g_autofree char *args = g_strdup_printf(
        "-device pcie-pci-bridge,id=b,bus=rp -device edu,id=e1,bus=b,addr=1"
        " -device pci-bridge,id=bb,bus=b,addr=2 -device edu,id=e2,bus=bb,addr=1"
        " -device pcie-root-port,id=rp2,addr=2 -device virtio-serial-pci,id=s,bus=rp2"
        " -device virtserialport,id=p,name=n,bus=s.0"
        " -device pcie-root-port,id=rp3,addr=3 -device nvme,id=nv,serial=1,bus=rp3"
        " -drive file=%s,if=none,id=d,format=raw -device nvme-ns,id=ns,bus=nv,drive=d",
        disk);
    QTest *qts = start(args);
    close(file);
    unlink(disk);
    static const char *const order[] = {"e2", "bb", "e1", "b"};
    must(qtest_qmp(qts, "{'execute': 'device_del', 'arguments': {'id': 'b'}}"));
    control(qts, OFF);
    qtest_clock_step(qts, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        expect_deleted(qts, order[i]);
    }
    must(qtest_qmp(qts, "{'execute': 'device_del', 'arguments': {'id': 's', 'surprise': true}}"));
    expect_deleted(qts, "p");
    expect_deleted(qts, "s");
    must(qtest_qmp(qts, "{'execute': 'device_del', 'arguments': {'id': 'nv', 'surprise': true}}"));
    expect_deleted(qts, "ns");
    expect_deleted(qts, "nv");
    must(qtest_qmp(qts, "{'execute': 'system_reset'}"));
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    qtest_quit(qts);
}

/* A card that comes while the guest still works at the slot, or has given power: nobody presses the
 * button, which would mean that it is to go. */
static void test_not_off(void)
{
    static const uint16_t controls[] = {
        PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_ON,
        PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_BLINK,
        ON,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(controls); i++) {
        QTest *qts = start("-device edu,id=x,bus=rp");
        del(qts, true);
        control(qts, controls[i]);
        take_status(qts);
        add(qts, "edu");
        bool power = controls[i] == ON;
        g_assert_cmphex(take_status(qts), ==,
                        PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC |
                            (power ? PCI_EXP_SLTSTA_DLLSC : 0));
        g_assert_cmpint(has_link(qts), ==, power);
        qtest_quit(qts);
    }
}

/* A controller's drive is free for the next one once it is gone, and not before, however often one
 * tries. */
static void test_drive(void)
{
    g_autofree char *disk = NULL;
    int file = g_file_open_tmp("switchyard-test-XXXXXX", &disk, NULL);
    g_assert_true(file >= 0 && ftruncate(file, 0x10000) == 0);
    g_autofree char *args = g_strdup_printf(
        "-device pcie-root-port,id=rp2,addr=2 -drive file=%s,if=none,id=d,format=raw", disk);
    QTest *qts = start(args);
    close(file);
    unlink(disk);
    for (int round = 0; round < 3; round++) {
        must(qtest_qmp(qts, "{'execute': 'device_add', 'arguments': {'driver': 'nvme', 'id': 'x',"
                            " 'bus': 'rp', 'serial': '1', 'drive': 'd'}}"));
        for (int again = 0; again < 2; again++) {
            must_fail(qtest_qmp(qts, "{'execute': 'device_add', 'arguments': {'driver': 'nvme',"
                                     " 'bus': 'rp2', 'serial': '2', 'drive': 'd'}}"),
                      "in use by another device");
        }
        del(qts, true);
        expect_deleted(qts, "x");
    }
    qtest_quit(qts);
}

/* What was asked for is let go of by a reset; asking again has to wait. */
static void test_asking(void)
{
    QTest *qts = start("-device edu,id=x,bus=rp");
    del(qts, false);
    must_fail(qtest_qmp(qts, "{'execute': 'device_del', 'arguments': {'id': 'x'}}"),
              "already in the process of unplug");
    qtest_clock_step(qts, 5000000000);
    take_status(qts);
    del(qts, false);
    g_assert_cmphex(status(qts), ==, PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_ABP);
    must(qtest_qmp(qts, "{'execute': 'system_reset'}"));
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    qtest_clock_step(qts, 1);
    expect_deleted(qts, "x");
    qtest_quit(qts);
}

/* The link may be disabled: what is behind is reset and does not answer. */
static void test_link_disable(void)
{
    QTest *qts = start("-device edu,id=x,bus=rp");
    uint64_t link = port_at(qts, PCI_EXP_LNKCTL);
    place(qts);
    qtest_writew(qts, link, PCI_EXP_LNKCTL_LD);
    g_assert_cmphex(take_status(qts), ==, PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_DLLSC);
    g_assert_false(has_link(qts));
    g_assert_cmphex(id_behind(qts), ==, NOBODY);
    qtest_writew(qts, link, 0);
    g_assert_true(has_link(qts));
    g_assert_cmphex(id_behind(qts), ==, EDU_ID_WORD);
    g_assert_cmphex(qtest_readl(qts, ecam(BEHIND, 0, PCI_BASE_ADDRESS_0)), ==, 0);
    qtest_quit(qts);
}

static void test_mistakes(void)
{
    static const struct {
        const char *command, *says;
    } rows[] = {
        {"{'execute': 'device_add', 'arguments': {'driver': 'edu'}}",
         "Bus 'pcie.0' does not support hotplugging"},
        {"{'execute': 'device_add', 'arguments': {'driver': 'edu', 'bus': 'still'}}",
         "Bus 'still' does not support hotplugging"},
        {"{'execute': 'device_add', 'arguments': {'driver': 'edu', 'bus': 'full'}}",
         "no free slot on PCI bus full"},
        {"{'execute': 'device_add', 'arguments': {'driver': 'edu', 'bus': 'rp', 'addr': '3'}}",
         "there is only device 0"},
        {"{'execute': 'device_add', 'arguments': {'driver': 'edux', 'bus': 'rp'}}",
         "there is no device 'edux'"},
        {"{'execute': 'device_add', 'arguments': {'driver': 'edu', 'bus': 'rp', 'id': 'root'}}",
         "another device has this id"},
        {"{'execute': 'device_add', 'arguments': {'driver': 'edu', 'bus': 'rp', 'x': [1]}}",
         "has to be a string"},
        {"{'execute': 'device_add', 'arguments': {'driver': 'pc-testdev'}}",
         "does not support hotplugging"},
        {"{'execute': 'device_del', 'arguments': {'id': 'nobody'}}", "Device 'nobody' not found"},
        {"{'execute': 'device_del', 'arguments': {'id': 'root'}}",
         "Bus 'pcie.0' does not support hotplugging"},
    };
    QTest *qts = start("-device edu,id=root -device pcie-root-port,id=still,addr=5,hotplug=off"
                       " -device pcie-root-port,id=full,addr=6 -device edu,bus=full");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        must_fail(qtest_qmp(qts, "%s", rows[i].command), rows[i].says);
    }
    g_autofree char *refused = qtest_hmp(qts, "device_del root");
    g_assert_nonnull(strstr(refused, "Error: Bus 'pcie.0' does not support hotplugging"));
    g_autofree char *usage = qtest_hmp(qts, "device_add");
    g_assert_nonnull(strstr(usage, "usage: device_add"));
    g_autofree char *done = qtest_hmp(qts, "device_add edu,bus=rp,id=x");
    g_assert_cmpstr(done, ==, "");
    g_autofree char *torn = qtest_hmp(qts, "device_del x surprise");
    g_assert_cmpstr(torn, ==, "");
    expect_deleted(qts, "x");
    qtest_quit(qts);
}

/* A netdev comes before its card, and goes after it. */
static void test_network_cards(void)
{
    static const char *const cards[] = {"e1000e", "igb", "virtio-net-pci"};
    QTest *qts = start("");
    for (size_t i = 0; i < G_N_ELEMENTS(cards); i++) {
        must(qtest_qmp(qts, "{'execute': 'netdev_add', 'arguments': {'type': 'user', 'id': 'n', "
                            "'restrict': true}}"));
        must_fail(qtest_qmp(qts, "{'execute': 'netdev_add', 'arguments': {'type': 'user', "
                                 "'id': 'n'}}"),
                  "another netdev has this id");
        must(qtest_qmp(qts,
                       "{'execute': 'device_add', 'arguments': {'driver': '%s', 'id': 'x', "
                       "'bus': 'rp', 'netdev': 'n'}}",
                       cards[i]));
        must_fail(qtest_qmp(qts, "{'execute': 'netdev_del', 'arguments': {'id': 'n'}}"),
                  "in use by 'x'");
        g_autofree char *shown = qtest_hmp(qts, "info network");
        g_assert_nonnull(strstr(shown, "Attached to:      x"));
        del(qts, true);
        expect_deleted(qts, "x");
        must(qtest_qmp(qts, "{'execute': 'netdev_del', 'arguments': {'id': 'n'}}"));
        must_fail(qtest_qmp(qts, "{'execute': 'netdev_del', 'arguments': {'id': 'n'}}"),
                  "Device 'n' not found");
    }
    must_fail(qtest_qmp(qts, "{'execute': 'netdev_add', 'arguments': {'type': 'usr', 'id': 'n'}}"),
              "there is no network backend 'usr'");
    g_autofree char *made = qtest_hmp(qts, "netdev_add user,id=h"),
                    *gone = qtest_hmp(qts, "netdev_del h"), *again = qtest_hmp(qts, "netdev_del h");
    g_assert_cmpstr(made, ==, "");
    g_assert_cmpstr(gone, ==, "");
    g_assert_nonnull(strstr(again, "Error: Device 'h' not found"));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hotplug/at-power-on", test_at_power_on);
    g_test_add_func("/hotplug/in-and-out", test_in_and_out);
    g_test_add_func("/hotplug/interrupts", test_interrupts);
    g_test_add_func("/hotplug/surprise", test_surprise);
    g_test_add_func("/hotplug/behind", test_with_what_is_behind);
    g_test_add_func("/hotplug/not-off", test_not_off);
    g_test_add_func("/hotplug/drive", test_drive);
    g_test_add_func("/hotplug/asking", test_asking);
    g_test_add_func("/hotplug/link-disable", test_link_disable);
    g_test_add_func("/hotplug/mistakes", test_mistakes);
    g_test_add_func("/hotplug/network-cards", test_network_cards);
    return g_test_run();
}
