/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Further root buses (pxb-pcie), on a whole machine: their numbers, what the ACPI tables tell of
 * them, whose unit they are under, pins, and devices that come and go on them.
 */
#include <string.h>

#include "far-lib.h"
#include "tests/include/testdevs.h"
#include "vtd-lib.h"

#define VECTOR     0x52
#define INDEX      11u
#define ROOT       0x80
#define OTHER_ROOT 0x40
#define SVT_ID     (1ull << 18)
#define RSDP       0xf0000u
#define HEADER     36u
#define FIRST_PIN  16

/* Root port 80:00.0 with bus 81h, an endpoint at 80:03.0; root port 40:00.0 with bus 41h; and on
 * the first root bus a root port with bus 1. */
#define ROOTS                                                                                      \
    " -device pxb-pcie,id=far,bus_nr=0x80,addr=8 -device pcie-root-port,id=rp,bus=far,addr=0"      \
    " -device intr-testdev,id=end,bus=far,addr=3"                                                  \
    " -device pxb-pcie,id=near,bus_nr=0x40,addr=9,numa_node=5"                                     \
    " -device pcie-root-port,id=np,bus=near -device pcie-root-port,id=first,addr=a"

static QTest *roots_start(const char *more)
{
    QTest *qts = qtest_initf("-machine q35 -nodefaults -m 64M" ROOTS "%s", more);
    far_open(qts, ROOT, 0);
    far_open(qts, OTHER_ROOT, 0);
    return qts;
}

/* Each root bus has its numbers; bridges on it number on from there, and by no bridge's register
 * does one reach another root bus. */
static void test_numbers(void)
{
    QTest *qts = roots_start(" -device edu,bus=rp -device edu,bus=np -device edu,bus=first");
    g_assert_cmphex(far_id(qts, 0, 8 << 3), ==, 0x000b1b36);
    g_assert_cmphex(far_config(qts, 0, 8 << 3, PCI_CLASS_REVISION) >> 8, ==, 0x060000);
    g_assert_cmphex(far_id(qts, ROOT, 0), ==, 0x000c1b36);
    g_assert_cmphex(far_id(qts, ROOT, 3 << 3), ==, 0x00f51b36);
    g_assert_cmphex(far_id(qts, OTHER_ROOT, 0), ==, 0x000c1b36);
    g_assert_cmphex(far_config(qts, ROOT, 0, PCI_PRIMARY_BUS) & 0xffffff, ==, 0x818180);
    g_assert_cmphex(far_config(qts, OTHER_ROOT, 0, PCI_PRIMARY_BUS) & 0xffffff, ==, 0x414140);
    g_assert_cmphex(far_config(qts, 0, 0xa << 3, PCI_PRIMARY_BUS) & 0xffffff, ==, 0x010100);
    static const uint8_t behind[] = {ROOT + 1, OTHER_ROOT + 1, 1};
    far_open(qts, 0, 0xa << 3);
    for (size_t i = 0; i < G_N_ELEMENTS(behind); i++) {
        g_assert_cmphex(far_id(qts, behind[i], 0), ==, 0x11e81234);
        g_assert_cmphex(qtest_readl(qts, far_device(qts, behind[i], 0).bar + EDU_ID), ==,
                        0x010000ed);
    }
    qtest_writel(qts, far_ecam(0, 0xa << 3, PCI_PRIMARY_BUS), 0x00ff0100);
    g_assert_cmphex(far_id(qts, ROOT + 1, 0), ==, 0x11e81234);
    qtest_writel(qts, far_ecam(0, 0xa << 3, PCI_PRIMARY_BUS), 0x00818100);
    g_assert_cmphex(far_id(qts, ROOT + 1, 0), ==, 0x11e81234);
    g_assert_cmphex(far_id(qts, 1, 0), ==, 0xffffffff);
    qtest_quit(qts);
}

/* The guest numbers and places what is on such a bus otherwise, and a reset puts it back. */
static void test_reassigned(void)
{
    QTest *qts = roots_start(" -device edu,bus=rp");
    qtest_writel(qts, far_ecam(ROOT, 0, PCI_PRIMARY_BUS), 0x00a0a080);
    g_assert_cmphex(far_id(qts, 0x81, 0), ==, 0xffffffff);
    qtest_writel(qts, far_ecam(ROOT, 0, PCI_MEMORY_BASE), 0xe000e000);
    qtest_writel(qts, far_ecam(0xa0, 0, PCI_BASE_ADDRESS_0), 0xe0000000);
    far_command(qts, 0xa0, 0, PCI_COMMAND_MEMORY);
    g_assert_cmphex(qtest_readl(qts, 0xe0000000 + EDU_ID), ==, 0x010000ed);
    g_autoptr(JsonObject) done = qtest_qmp(qts, "{'execute': 'system_reset'}");
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "RESET");
    g_assert_nonnull(event);
    g_assert_cmphex(far_id(qts, 0x81, 0), ==, 0x11e81234);
    qtest_quit(qts);
}

/* The n-th table of this signature, whole; to be freed. */
static uint8_t *read_table(QTest *qts, const char *signature, unsigned n, uint32_t *len)
{
    uint64_t xsdt = qtest_readq(qts, RSDP + 24);
    for (uint64_t at = xsdt + HEADER; at < xsdt + qtest_readl(qts, xsdt + 4); at += 8) {
        uint64_t table = qtest_readq(qts, at);
        char name[4];
        qtest_memread(qts, table, name, sizeof(name));
        if (memcmp(name, signature, sizeof(name)) == 0 && n-- == 0) {
            *len = qtest_readl(qts, table + 4);
            uint8_t *bytes = g_malloc(*len);
            qtest_memread(qts, table, bytes, *len);
            return bytes;
        }
    }
    g_assert_not_reached();
}

static uint64_t field(const uint8_t *at, unsigned width, unsigned n)
{
    uint64_t value = 0;
    memcpy(&value, at + n * width, width);
    return value;
}

/* The resources of a root bus's device in the SSDT: whether one of this type (0 memory, 1 ports, 2
 * bus numbers) has all of [base, limit]. */
static bool decodes(QTest *qts, const char *device, uint8_t type, uint64_t base, uint64_t limit)
{
    enum { WORD = 0x88, DWORD = 0x87, QWORD = 0x8a, END = 0x79, SMALL_PORTS = 0x47 };
    g_autofree char *name = g_strdup_printf("%s_CRS", device);
    uint32_t len;
    g_autofree uint8_t *ssdt = read_table(qts, "SSDT", 0, &len);
    const uint8_t *at = memmem(ssdt, len, name, strlen(name));
    g_assert_nonnull(at);
    at += strlen(name) + 1 + 3 + 3; /* BufferOp, PkgLength, the size as a word */
    for (; *at != END; at += *at == SMALL_PORTS ? 8u : 3u + field(at + 1, 2, 0)) {
        unsigned width = *at == WORD ? 2 : *at == DWORD ? 4 : 8;
        if (*at == SMALL_PORTS || at[3] != type) {
            continue;
        }
        g_assert_true(*at == WORD || *at == DWORD || *at == QWORD);
        uint64_t first = field(at + 6, width, 1), last = field(at + 6, width, 2);
        g_assert_cmphex(field(at + 6, width, 4), ==, last - first + 1);
        if (base >= first && limit <= last) {
            return true;
        }
    }
    return false;
}

/* Each root bus tells of its own numbers and addresses, and the first of none of the others'. */
static void test_tables(void)
{
    enum { MEMORY, PORTS, BUSES };
    QTest *qts = roots_start(" -device edu,bus=rp -device nvme,serial=1,bus=near,addr=5"
                             " -device virtio-rng-pci,bus=far,addr=6");
    static const struct {
        const char *device;
        uint8_t first, last;
    } rows[] = {{"PCI0", 0, 0x3f}, {"PC40", 0x40, 0x7f}, {"PC80", 0x80, 0xff}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_true(decodes(qts, rows[i].device, BUSES, rows[i].first, rows[i].last));
        g_assert_false(decodes(qts, rows[i].device, BUSES, rows[i].first, rows[i].last + 1u));
    }
    const struct {
        const char *device;
        uint64_t bar;
    } bars[] = {
        {"PC80", far_config(qts, ROOT + 1, 0, PCI_BASE_ADDRESS_0)},
        {"PC80", far_config(qts, ROOT, 3 << 3, PCI_BASE_ADDRESS_0)},
        {"PC40", far_config(qts, OTHER_ROOT, 5 << 3, PCI_BASE_ADDRESS_0) & ~0xfu},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bars); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(rows); k++) {
            bool own = strcmp(rows[k].device, bars[i].device) == 0;
            g_assert_cmpint(decodes(qts, rows[k].device, MEMORY, bars[i].bar, bars[i].bar + 0xfff),
                            ==, own);
        }
    }
    g_assert_true(decodes(qts, "PCI0", PORTS, 0xd00, 0xd00));
    g_assert_true(decodes(qts, "PCI0", MEMORY, 0xfeb00000, 0xfebfffff));
    g_assert_true(decodes(qts, "PCI0", MEMORY, 0x8000000000, 0x8000000000));
    uint32_t len;
    static const char proximity[] = "PC40_PXM\x0b\x05";
    g_autofree uint8_t *ssdt = read_table(qts, "SSDT", 0, &len);
    g_assert_nonnull(memmem(ssdt, len, proximity, sizeof(proximity)));
    g_assert_null(memmem(ssdt, len, "PC80_PXM", 8));
    qtest_quit(qts);
}

/* One unit takes all; each function has the id that its own root bus gives. */
static void test_messages(void)
{
    static const struct {
        uint8_t bus, devfn;
    } from[] = {{ROOT, 3 << 3}, {ROOT + 1, 0}};
    Vtd *v = vtd_start(ROOTS " -device intr-testdev,bus=rp", 1, true);
    far_open(v->qts, ROOT, 0);
    vtd_remap_on(v, 7, true);
    for (size_t i = 0; i < G_N_ELEMENTS(from); i++) {
        Far f = far_device(v->qts, from[i].bus, from[i].devfn);
        uint16_t id = (uint16_t)(from[i].bus << 8 | from[i].devfn);
        Pair irte = irte_for(VECTOR, 0, true);
        irte.high = SVT_ID | id;
        vtd_set_irte(v, INDEX, irte);
        vtd_flush_iec(v);
        far_send(&f, remappable_address(INDEX, false), 0);
        g_assert_true(vtd_took(v, 0, VECTOR));
        vtd_set_irte(v, INDEX, (Pair){0});
        vtd_flush_iec(v);
        far_send(&f, remappable_address(INDEX, false), 0);
        vtd_expect_fault(v, 0x22, id, (uint64_t)INDEX << 48);
    }
    vtd_stop(v);
}

/* Has the scope of the table's n-th unit this function, as one by itself or as a bridge? */
static bool in_scope(QTest *qts, unsigned n, uint8_t type, uint8_t bus, uint8_t device)
{
    enum { FIRST = HEADER + 12, SCOPES = 16 };
    uint32_t len;
    g_autofree uint8_t *dmar = read_table(qts, "DMAR", 0, &len);
    const uint8_t *unit = dmar + FIRST;
    while (n-- > 0) {
        unit += field(unit + 2, 2, 0);
    }
    g_assert_cmpuint(field(unit, 2, 0), ==, 0);
    const uint8_t wanted[] = {type, 8, 0, 0, 0, bus, device, 0};
    for (const uint8_t *at = unit + SCOPES; at < unit + field(unit + 2, 2, 0); at += at[1]) {
        if (memcmp(at, wanted, sizeof(wanted)) == 0) {
            return true;
        }
    }
    return false;
}

/* A unit that names a root bus has what is on it, each function told of by itself, but what a unit
 * before it has by its own name or path. */
static void test_scopes(void)
{
    enum { FUNCTION = 1, BRIDGE = 2 };
    static const char *const names[] = {"end", "80:03.0"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *props =
            g_strdup_printf(",id=one,scope=%s -device intel-iommu,id=own,scope=far"
                            " -device intel-iommu,id=rest" ROOTS " -device intr-testdev,bus=rp",
                            names[i]);
        Vtd *v = vtd_start(props, 1, true);
        g_assert_true(in_scope(v->qts, 0, FUNCTION, ROOT, 3));
        g_assert_true(in_scope(v->qts, 1, BRIDGE, ROOT, 0));
        g_assert_false(in_scope(v->qts, 1, FUNCTION, ROOT, 3));
        g_assert_false(in_scope(v->qts, 2, BRIDGE, ROOT, 0));
        far_open(v->qts, ROOT, 0);
        Far end = far_device(v->qts, ROOT, 3 << 3), behind = far_device(v->qts, ROOT + 1, 0);
        /* The first unit remaps: compatibility format is refused there, and passes elsewhere. */
        vtd_remap_on(v, 7, true);
        far_send(&behind, 0xfee00000, VECTOR);
        g_assert_true(vtd_took(v, 0, VECTOR));
        far_send(&end, 0xfee00000, VECTOR);
        g_assert_false(qtest_apic_irr(v->qts, 0, VECTOR));
        vtd_expect_fault(v, 0x25, ROOT << 8 | 3 << 3, 0);
        g_autofree char *said = qtest_hmp(v->qts, "info iommu");
        g_assert_nonnull(strstr(said, "rp and what is behind it"));
        vtd_stop(v);
    }
}

/* The flags of the DMAR's only unit. */
static uint8_t drhd_flags(QTest *qts)
{
    uint32_t len;
    g_autofree uint8_t *dmar = read_table(qts, "DMAR", 0, &len);
    return dmar[HEADER + 12 + 4];
}

/* What is on a root bus with bypass_iommu=on goes by no unit, at any depth, and the table says of
 * what else is there that it does, one by one. */
static void test_bypass(void)
{
    enum { FUNCTION = 1, BRIDGE = 2, INCLUDE_ALL = 1 };
    Vtd *v = vtd_start(" -device pxb-pcie,id=far,bus_nr=0x80,addr=8,bypass_iommu=on"
                       " -device pcie-root-port,id=rp,bus=far,addr=0"
                       " -device intr-testdev,bus=rp"
                       " -device pxb-pcie,id=near,bus_nr=0x40,addr=9"
                       " -device intr-testdev,bus=near,addr=3"
                       " -device pcie-root-port,id=first,addr=a",
                       1, true);
    g_assert_cmphex(drhd_flags(v->qts) & INCLUDE_ALL, ==, 0);
    g_assert_true(in_scope(v->qts, 0, FUNCTION, 0, 0x1f));
    g_assert_true(in_scope(v->qts, 0, BRIDGE, 0, 0xa));
    g_assert_true(in_scope(v->qts, 0, FUNCTION, OTHER_ROOT, 3));
    g_assert_false(in_scope(v->qts, 0, BRIDGE, ROOT, 0));
    far_open(v->qts, ROOT, 0);
    Far free = far_device(v->qts, ROOT + 1, 0), held = far_device(v->qts, OTHER_ROOT, 3 << 3);
    vtd_remap_on(v, 7, true);
    far_send(&free, 0xfee00000, VECTOR);
    g_assert_true(vtd_took(v, 0, VECTOR));
    far_send(&held, 0xfee00000, VECTOR);
    g_assert_false(qtest_apic_irr(v->qts, 0, VECTOR));
    vtd_expect_fault(v, 0x25, OTHER_ROOT << 8 | 3 << 3, 0);
    vtd_stop(v);
}

/* Pins are wired as on the first root bus: slot 5's pin A is PIRQ F, and what is behind slot 0's
 * port is E. */
static void test_pins(void)
{
    QTest *qts = roots_start(" -device edu,bus=far,addr=5 -device edu,bus=rp");
    static const struct {
        uint8_t bus, devfn, pin;
    } rows[] = {{ROOT, 5 << 3, 21}, {ROOT + 1, 0, 20}};
    qtest_irq_intercept_in(qts, "ioapic");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Far f = far_device(qts, rows[i].bus, rows[i].devfn);
        qtest_writel(qts, f.bar + EDU_RAISE, 1);
        for (int pin = FIRST_PIN; pin < 24; pin++) {
            g_assert_cmpint(qtest_get_irq(qts, pin), ==, pin == rows[i].pin);
        }
        qtest_writel(qts, f.bar + EDU_ACK, 1);
    }
    qtest_quit(qts);
}

static void must(JsonObject *response)
{
    g_assert_true(json_object_has_member(response, "return"));
    json_object_unref(response);
}

/* Root ports there have slots like others; the root bus itself stays as it is. */
static void test_hotplug(void)
{
    QTest *qts = roots_start("");
    uint64_t slot = far_ecam(ROOT, 0, far_express(qts, ROOT, 0) + PCI_EXP_SLTCTL);
    must(qtest_qmp(qts, "{'execute': 'device_add', 'arguments': {'driver': 'edu', 'id': 'x',"
                        " 'bus': 'rp'}}"));
    qtest_writew(qts, slot, PCI_EXP_SLTCTL_PWR_ON | PCI_EXP_SLTCTL_PWR_IND_ON);
    g_assert_cmphex(far_id(qts, ROOT + 1, 0), ==, 0x11e81234);
    must(qtest_qmp(qts, "{'execute': 'device_del', 'arguments': {'id': 'x'}}"));
    qtest_writew(qts, slot, PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF);
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "DEVICE_DELETED");
    g_assert_nonnull(event);
    g_assert_cmphex(far_id(qts, ROOT + 1, 0), ==, 0xffffffff);
    static const char *const refused[] = {"'driver': 'edu', 'bus': 'far'",
                                          "'driver': 'pxb-pcie', 'bus_nr': 32"};
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(JsonObject) answer =
            qtest_qmp(qts, "{'execute': 'device_add', 'arguments': {'id': 'y', %s}}", refused[i]);
        g_assert_true(qtest_qmp_is_error(answer, "GenericError"));
    }
    g_assert_cmphex(far_id(qts, ROOT, 3 << 3), ==, 0x00f51b36);
    qtest_quit(qts);
}

static void test_mistakes(void)
{
    static const struct {
        const char *args, *says;
    } rows[] = {
        {"-device pxb-pcie,id=p", "bus number 0 is that of 'pcie.0'"},
        {"-device pxb-pcie,id=p,bus_nr=8 -device pxb-pcie,id=q,bus_nr=8",
         "bus number 8 is that of 'p'"},
        {"-device pxb-pcie,id=p,bus_nr=255", "254"},
        {"-device pxb-pcie,id=p,bus_nr=8 -device pxb-pcie,id=q,bus_nr=9,bus=p",
         "goes on the first root bus"},
        {"-device pcie-root-port,id=p -device pxb-pcie,id=q,bus_nr=9,bus=p",
         "goes on the first root bus"},
        {"-device pxb-pcie,id=p,bus_nr=8 -device edu,id=e,bus=p"
         " -device intel-iommu,id=a,scope=p+e -device intel-iommu,id=b",
         "e is behind a bridge that the scope names"},
        {"-device pxb-pcie,id=p,bus_nr=8,bypass_iommu=on -device edu,id=e,bus=p"
         " -device intel-iommu,id=a,scope=e -device intel-iommu,id=b",
         "e is under no unit"},
        {"-device pxb-pcie,id=p,bus_nr=8,bypass_iommu=on"
         " -device intel-iommu,id=a,scope=p -device intel-iommu,id=b",
         "p is under no unit"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *args =
            g_strdup_printf("-machine q35 -accel qtest -display none %s", rows[i].args);
        g_autofree char *err = NULL;
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        g_test_message("%s", err);
        g_assert_nonnull(strstr(err, rows[i].says));
        g_assert_cmpint(strcspn(err, "\n"), ==, (int)strlen(err) - 1);
    }
}

static int64_t member(JsonObject *o, const char *name)
{
    return json_object_get_int_member(o, name);
}

/* `query-pci` has a row for each root bus, with all that hangs from it. */
static void test_monitor(void)
{
    QTest *qts = roots_start(" -device edu,bus=rp");
    g_autoptr(JsonObject) answer = qtest_qmp(qts, "{'execute': 'query-pci'}");
    JsonArray *rows = json_object_get_array_member(answer, "return");
    static const struct {
        int64_t bus, devices, last; /* the last device's bus */
    } wanted[] = {{0, 6, 0}, {0x80, 3, 0x80}, {0x40, 1, 0x40}};
    g_assert_cmpuint(json_array_get_length(rows), ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);
        JsonArray *devices = json_object_get_array_member(row, "devices");
        guint count = json_array_get_length(devices);
        g_assert_cmpint(member(row, "bus"), ==, wanted[i].bus);
        g_assert_cmpint(count, ==, wanted[i].devices);
        g_assert_cmpint(member(json_array_get_object_element(devices, count - 1), "bus"), ==,
                        wanted[i].last);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/expander/numbers", test_numbers);
    g_test_add_func("/expander/reassigned", test_reassigned);
    g_test_add_func("/expander/tables", test_tables);
    g_test_add_func("/expander/messages", test_messages);
    g_test_add_func("/expander/scopes", test_scopes);
    g_test_add_func("/expander/bypass", test_bypass);
    g_test_add_func("/expander/pins", test_pins);
    g_test_add_func("/expander/hotplug", test_hotplug);
    g_test_add_func("/expander/monitor", test_monitor);
    g_test_add_func("/expander/mistakes", test_mistakes);
    return g_test_run();
}
