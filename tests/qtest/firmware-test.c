/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with firmware (-bios): what it finds at the reset vector, and what it reads of the
 * machine. The firmware here is bytes that nobody executes; the test is what it would do. */
#include "libqtest.h"
#include "tests/include/pci.h"

#include <glib/gstdio.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/report.h"

#define ROM_SIZE  0x40000u
#define PCIEXBAR  0x60
#define PAM0      0x90
#define EDU_DEVFN (4 << 3)
#define PATH      "firmware-test.rom"

static uint8_t rom_byte(uint32_t offset)
{
    return (uint8_t)(offset * 7 + (offset >> 8) * 13 + 5);
}

static QTest *start(const char *more)
{
    g_autofree char *rom = g_malloc(ROM_SIZE);
    for (uint32_t i = 0; i < ROM_SIZE; i++) {
        rom[i] = (char)rom_byte(i);
    }
    g_assert_true(g_file_set_contents(PATH, rom, ROM_SIZE, NULL));
    QTest *qts = qtest_initf("-m 64M -bios " PATH " %s", more);
    g_unlink(PATH);
    return qts;
}

/* The byte of the ROM that ends at FFFFFh. */
static uint8_t low_rom(uint32_t address)
{
    return rom_byte(ROM_SIZE - 0x100000 + address);
}

static void set_pam(QTest *qts, unsigned n, uint8_t value)
{
    qtest_pci_config_write(qts, 0, 0, (uint8_t)(PAM0 + n), value, 1);
}

static void test_rom(void)
{
    QTest *qts = start("");
    g_assert_cmphex(qtest_readb(qts, 0xfffffff0), ==, rom_byte(ROM_SIZE - 16));
    g_assert_cmphex(qtest_readb(qts, 0x100000000ull - ROM_SIZE), ==, rom_byte(0));
    g_assert_cmphex(qtest_readb(qts, 0xffff0), ==, low_rom(0xffff0));
    g_assert_cmphex(qtest_readb(qts, 0xe0000), ==, low_rom(0xe0000));
    g_assert_cmphex(qtest_readb(qts, 0xdffff), ==, 0xff); /* 128 KiB of it, no more */
    qtest_writeb(qts, 0xffff0, (uint8_t)~low_rom(0xffff0));
    qtest_writeb(qts, 0xfffffff0, (uint8_t)~low_rom(0xffff0));
    g_assert_cmphex(qtest_readb(qts, 0xffff0), ==, low_rom(0xffff0));
    g_assert_cmphex(qtest_readb(qts, 0xfffffff0), ==, low_rom(0xffff0));
    qtest_quit(qts);
}

/* Each segment goes from ROM to RAM and back by its own two bits. */
static void check_segment(QTest *qts, unsigned reg, unsigned shift, uint32_t base, uint32_t last)
{
    const uint32_t at[] = {base, last};
    uint8_t under = base >= 0xe0000 ? 0 : 0xff;
    for (size_t i = 0; i < G_N_ELEMENTS(at); i++) {
        uint8_t rom = under ? under : low_rom(at[i]), mark = (uint8_t)(rom ^ 0x5a);
        set_pam(qts, reg, (uint8_t)(2 << shift)); /* writes go to RAM, reads do not */
        qtest_writeb(qts, at[i], mark);
        g_assert_cmphex(qtest_readb(qts, at[i]), ==, rom);
        set_pam(qts, reg, (uint8_t)(1 << shift)); /* the other way round */
        g_assert_cmphex(qtest_readb(qts, at[i]), ==, mark);
        qtest_writeb(qts, at[i], rom);
        g_assert_cmphex(qtest_readb(qts, at[i]), ==, mark);
        set_pam(qts, reg, (uint8_t)(3 << shift));
        qtest_writeb(qts, at[i], (uint8_t)(mark + 1));
        g_assert_cmphex(qtest_readb(qts, at[i]), ==, (uint8_t)(mark + 1));
        set_pam(qts, reg, 0);
        g_assert_cmphex(qtest_readb(qts, at[i]), ==, rom);
    }
}

static void test_pam(void)
{
    QTest *qts = start("");
    check_segment(qts, 0, 4, 0xf0000, 0xfffff);
    for (unsigned n = 0; n < 12; n++) {
        uint32_t base = 0xc0000 + n * 0x4000;
        check_segment(qts, 1 + n / 2, n % 2 ? 4 : 0, base, base + 0x3fff);
    }
    g_assert_cmphex(qtest_pci_config_read(qts, 0, 0, PAM0 + 1, 1), ==, 0);
    set_pam(qts, 0, 0xff);
    set_pam(qts, 6, 0xff);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, 0, PAM0, 1), ==, 0x30);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, 0, PAM0 + 6, 1), ==, 0x33);
    qtest_quit(qts);
}

/* A reset brings the ROM back; RAM keeps what was in it. */
static void test_reset(void)
{
    QTest *qts = start("");
    set_pam(qts, 0, 0x30);
    qtest_writeb(qts, 0xffff0, 0x12);
    json_object_unref(qtest_qmp(qts, "{'execute':'system_reset'}"));
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    g_assert_cmphex(qtest_readb(qts, 0xffff0), ==, low_rom(0xffff0));
    g_assert_cmphex(qtest_pci_config_read(qts, 0, 0, PAM0, 1), ==, 0);
    set_pam(qts, 0, 0x30);
    g_assert_cmphex(qtest_readb(qts, 0xffff0), ==, 0x12);
    qtest_quit(qts);
}

/* A kernel's machine has RAM there. */
static void test_without_firmware(void)
{
    QTest *qts = qtest_init("");
    qtest_writeb(qts, 0xffff0, 0x12);
    qtest_writeb(qts, 0xc0000, 0x34);
    g_assert_cmphex(qtest_readb(qts, 0xffff0), ==, 0x12);
    g_assert_cmphex(qtest_readb(qts, 0xc0000), ==, 0x34);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, 0, PAM0, 4), ==, 0x33333330);
    qtest_quit(qts);
}

static void test_nothing_assigned(void)
{
    QTest *qts = start("-device edu,addr=4");
    g_assert_cmphex(qtest_pci_config_read(qts, 0, EDU_DEVFN, PCI_BASE_ADDRESS_0, 4), ==, 0);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, EDU_DEVFN, PCI_COMMAND, 2), ==, 0);
    g_assert_cmphex(qtest_readl(qts, 0xf0000) == qtest_readl(qts, 0xfffffff0), ==, 0);
    qtest_quit(qts);
}

/* The configuration window is where PCIEXBAR says, and as long. */
static void test_pciexbar(void)
{
    QTest *qts = start("");
    g_assert_cmphex(qtest_readl(qts, PCI_ECAM), ==, UINT32_MAX);
    qtest_pci_config_write(qts, 0, 0, PCIEXBAR, 0xe0000001, 4);
    g_assert_cmphex(qtest_readl(qts, 0xe0000000), ==, 0x29c08086);
    qtest_pci_config_write(qts, 0, 0, PCIEXBAR, 0xd8000003, 4); /* 128 buses */
    g_assert_cmphex(qtest_readl(qts, 0xe0000000), ==, UINT32_MAX);
    g_assert_cmphex(qtest_readl(qts, 0xd8000000), ==, 0x29c08086);
    qtest_pci_config_write(qts, 0, 0, PCIEXBAR, 0xdc000005, 4); /* 64 */
    g_assert_cmphex(qtest_readl(qts, 0xdc000000), ==, 0x29c08086);
    qtest_pci_config_write(qts, 0, 0, PCIEXBAR, 0xdc000007, 4); /* reserved */
    g_assert_cmphex(qtest_readl(qts, 0xdc000000), ==, UINT32_MAX);
    qtest_quit(qts);
}

/* The script's commands as firmware does them. */
typedef struct {
    GByteArray *tables, *rsdp;
    uint64_t tables_at;
} Loaded;

static GByteArray *loaded_file(Loaded *l, const uint8_t *name)
{
    if (strcmp((const char *)name, "etc/acpi/tables") == 0) {
        return l->tables;
    }
    g_assert_cmpstr((const char *)name, ==, "etc/acpi/rsdp");
    return l->rsdp;
}

static void add_pointer(Loaded *l, const uint8_t *arg)
{
    GByteArray *file = loaded_file(l, arg);
    uint32_t offset = bytes_get32(arg + 112);
    uint8_t size = arg[116];
    g_assert_true(loaded_file(l, arg + 56) == l->tables);
    g_assert_cmpuint(offset + size, <=, file->len);
    uint64_t value = bytes_load(file->data + offset, size);
    g_assert_cmpuint(value, <, l->tables->len);
    bytes_store(file->data + offset, value + l->tables_at, size);
}

static void add_checksum(Loaded *l, const uint8_t *arg)
{
    GByteArray *file = loaded_file(l, arg);
    uint32_t at = bytes_get32(arg + 56), from = bytes_get32(arg + 60), len = bytes_get32(arg + 64);
    uint8_t sum = 0;
    g_assert_cmpuint(from + len, <=, file->len);
    g_assert_cmphex(file->data[at], ==, 0);
    for (uint32_t i = 0; i < len; i++) {
        sum = (uint8_t)(sum + file->data[from + i]);
    }
    file->data[at] = (uint8_t)-sum;
}

static void load_tables(QTest *qts, Loaded *l)
{
    g_autoptr(GByteArray) script = qtest_fw_cfg_file(qts, "etc/table-loader");
    l->tables = qtest_fw_cfg_file(qts, "etc/acpi/tables");
    l->rsdp = qtest_fw_cfg_file(qts, "etc/acpi/rsdp");
    l->tables_at = 0x3000000;
    for (guint at = 0; at < script->len; at += 128) {
        const uint8_t *command = script->data + at;
        if (bytes_get32(command) == 2) {
            add_pointer(l, command + 4);
        } else if (bytes_get32(command) == 3) {
            add_checksum(l, command + 4);
        } else {
            g_assert_cmpuint(bytes_get32(command), <=, 1);
        }
    }
    qtest_memwrite(qts, l->tables_at, l->tables->data, l->tables->len);
    set_pam(qts, 0, 0x30);
    qtest_memwrite(qts, 0xf0000, l->rsdp->data, l->rsdp->len);
}

/* qtest_acpi_table() follows the RSDP and checks what it finds. */
static void test_acpi(void)
{
    static const char *const signatures[] = {"FACP", "APIC", "HPET", "MCFG", "SSDT", "DMAR"};
    QTest *qts = start("-device intel-iommu,intremap=on");
    Loaded l;
    qtest_pci_config_write(qts, 0, 0, PCIEXBAR, 0xe0000001, 4);
    load_tables(qts, &l);
    for (size_t i = 0; i < G_N_ELEMENTS(signatures); i++) {
        uint64_t at = qtest_acpi_table(qts, signatures[i], 0);
        uint8_t sum = 0;
        g_assert_cmphex(at, !=, 0);
        for (uint32_t k = 0; k < qtest_readl(qts, at + 4); k++) {
            sum = (uint8_t)(sum + qtest_readb(qts, at + k));
        }
        g_assert_cmphex(sum, ==, 0);
    }
    uint64_t facp = qtest_acpi_table(qts, "FACP", 0);
    g_assert_cmphex(qtest_readl(qts, qtest_readl(qts, facp + 36)), ==, 0x53434146); /* FACS */
    g_assert_cmphex(qtest_readl(qts, qtest_readl(qts, facp + 40)), ==, 0x54445344); /* DSDT */
    g_assert_cmphex(qtest_readq(qts, facp + 140), ==, qtest_readl(qts, facp + 40));
    g_assert_cmphex(qtest_readq(qts, qtest_acpi_table(qts, "MCFG", 0) + 44), ==, 0xe0000000);
    g_byte_array_unref(l.tables);
    g_byte_array_unref(l.rsdp);
    qtest_quit(qts);
}

/* RAM whole; what is kept for somebody besides. */
static void test_e820(void)
{
    QTest *qts = start("-device intel-iommu,rmrr=0x2000000-0x2000fff:e -device edu,id=e");
    g_autoptr(GByteArray) map = qtest_fw_cfg_file(qts, "etc/e820");
    g_assert_cmpuint(map->len, ==, 2 * 20);
    g_assert_cmphex(bytes_get64(map->data), ==, 0);
    g_assert_cmphex(bytes_get64(map->data + 8), ==, 64 << 20);
    g_assert_cmphex(bytes_get32(map->data + 16), ==, 1);
    g_assert_cmphex(bytes_get64(map->data + 20), ==, 0x2000000);
    g_assert_cmphex(bytes_get64(map->data + 28), ==, 0x1000);
    g_assert_cmphex(bytes_get32(map->data + 36), ==, 2);
    qtest_quit(qts);
}

static void test_cmos(void)
{
    QTest *qts = start("-smp 3 -boot order=nd,once=c");
    g_assert_cmphex(qtest_cmos_read(qts, 0x15), ==, 640 & 0xff);
    g_assert_cmphex(qtest_cmos_read(qts, 0x16), ==, 640 >> 8);
    g_assert_cmphex(qtest_cmos_read(qts, 0x34), ==, 0x00); /* 48 MiB in 64 KiB */
    g_assert_cmphex(qtest_cmos_read(qts, 0x35), ==, 0x03);
    g_assert_cmphex(qtest_cmos_read(qts, 0x5b), ==, 0);
    g_assert_cmphex(qtest_cmos_read(qts, 0x5f), ==, 2);
    g_assert_cmphex(qtest_cmos_read(qts, 0x3d), ==, 0x02);
    json_object_unref(qtest_qmp(qts, "{'execute':'system_reset'}"));
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    g_assert_cmphex(qtest_cmos_read(qts, 0x3d), ==, 0x34);
    g_assert_cmphex(qtest_cmos_read(qts, 0x38), ==, 0x00);
    qtest_quit(qts);
}

static void test_boot_options(void)
{
    QTest *qts = start("-boot menu=on,splash-time=1500,reboot-timeout=2000");
    g_autoptr(GByteArray) wait = qtest_fw_cfg_file(qts, "etc/boot-menu-wait");
    g_autoptr(GByteArray) fail = qtest_fw_cfg_file(qts, "etc/boot-fail-wait");
    g_assert_cmpuint(wait->len, ==, 2);
    g_assert_cmpuint(bytes_get16(wait->data), ==, 1500);
    g_assert_cmpuint(bytes_get32(fail->data), ==, 2000);
    qtest_outw(qts, 0x510, 0x0e);
    g_assert_cmpuint(qtest_inb(qts, 0x511), ==, 1);
    qtest_outw(qts, 0x510, 0x8002);
    g_assert_cmpuint(qtest_inb(qts, 0x511), ==, 1);
    qtest_quit(qts);
}

static void check_refused(const char *args, const char *const wanted[])
{
    g_autofree char *out = NULL, *err = NULL;
    g_assert_cmpint(qtest_run(args, &out, &err), ==, 1);
    for (size_t i = 0; wanted[i]; i++) {
        g_assert_nonnull(strstr(err, wanted[i]));
    }
    g_assert_true(strchr(err, '\n') == err + strlen(err) - 1);
}

static void test_refusals(void)
{
    const char *const missing[] = {PROGRAM ": vgabios-none.bin: there is no such file",
                                   "package 'seabios'", NULL};
    const char *const size[] = {"-bios " PATH ": 512 bytes: ", "multiple of 64 KiB", NULL};
    char bytes[512] = {0};
    check_refused("-M q35 -accel qtest -bios vgabios-none.bin", missing);
    g_assert_true(g_file_set_contents(PATH, bytes, sizeof(bytes), NULL));
    check_refused("-M q35 -accel qtest -bios " PATH, size);
    g_unlink(PATH);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/firmware/rom", test_rom);
    g_test_add_func("/firmware/pam", test_pam);
    g_test_add_func("/firmware/reset", test_reset);
    g_test_add_func("/firmware/without", test_without_firmware);
    g_test_add_func("/firmware/nothing-assigned", test_nothing_assigned);
    g_test_add_func("/firmware/pciexbar", test_pciexbar);
    g_test_add_func("/firmware/acpi", test_acpi);
    g_test_add_func("/firmware/e820", test_e820);
    g_test_add_func("/firmware/cmos", test_cmos);
    g_test_add_func("/firmware/boot-options", test_boot_options);
    g_test_add_func("/firmware/refusals", test_refusals);
    return g_test_run();
}
