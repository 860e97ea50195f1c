/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The q35 machine with firmware: its ROM below 4 GiB, and what firmware reads of the machine: CMOS
 * bytes (as SeaBIOS' and OVMF's sources name them) and fw_cfg's items (QEMU's
 * docs/specs/fw_cfg.rst). Everything else is the firmware's to set up, from the reset vector on.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/datafile.h"
#include "hw/acpi/pm.h"
#include "hw/block/pflash.h"
#include "hw/i386/boot/acpi_loader.h"
#include "hw/i386/mch.h"
#include "hw/i386/q35_internal.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/rtc/mc146818.h"

#define BIOS_GRANULE  0x10000u
#define BIOS_MAX      0x1000000u
#define BIOS_END      0x100000000ull
#define LOADER_BYTES  0x4000u
#define CMOS_SHUTDOWN 0x0f
#define SHUTDOWN_S3   0xfe

bool q35_has_firmware(const Q35Machine *m)
{
    const MachineOptions *opts = &m->machine.opts;
    return !opts->kernel && (opts->firmware.bios || opts->firmware.flash[0]);
}

static bool bios_size_fits(const char *name, size_t size, GError **error)
{
    if (size > 0 && size <= BIOS_MAX && size % BIOS_GRANULE == 0) {
        return true;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                "-bios %s: %zu bytes: firmware has a multiple of 64 KiB, and 16 MiB at most", name,
                size);
    return false;
}

static bool build_flash(Q35Machine *m, GError **error)
{
    uint64_t end = BIOS_END;
    for (unsigned n = 0; n < G_N_ELEMENTS(m->flash); n++) {
        const char *drive = m->machine.opts.firmware.flash[n];
        if (!drive) {
            continue;
        }
        m->flash[n] = q35_make(m, &pflash_class, n ? "pflash1" : "pflash0");
        if (!device_set_prop(m->flash[n], "drive", drive, error) ||
            !q35_finish(m, m->flash[n], error)) {
            return false;
        }
        pflash_map(m->flash[n], end);
        end -= pflash_size(m->flash[n]);
    }
    return true;
}

static bool build_rom(Q35Machine *m, GError **error)
{
    const FirmwareOptions *firmware = &m->machine.opts.firmware;
    const char *name = firmware->bios;
    g_autoptr(GBytes) bytes = datafile_read(firmware->folders, name, error);
    gsize size;
    const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    if (!data || !bios_size_fits(name, size, error) || !ram_init(&m->bios, "bios", size, error)) {
        return false;
    }
    memcpy(m->bios.host, data, size);
    m->bios.kind = MEM_ROM;
    as_add(m->machine.platform.memory, &m->bios, BIOS_END - size);
    return true;
}

bool q35_build_bios(Q35Machine *m, GError **error)
{
    if (!q35_has_firmware(m)) {
        return true;
    }
    return m->machine.opts.firmware.flash[0] ? build_flash(m, error) : build_rom(m, error);
}

void q35_init_pam(Q35Machine *m)
{
    uint8_t *rom = m->bios.host;
    uint64_t size = m->bios.size;
    if (m->flash[0]) {
        rom = pflash_bytes(m->flash[0]);
        size = pflash_size(m->flash[0]);
    }
    pam_init(&m->pam, m->machine.platform.memory, &m->ram_low, rom, (uint32_t)size);
}

/* "acdn" to the codes of CMOS: floppy, disk, CD-ROM, network. */
static unsigned boot_code(char letter)
{
    static const char letters[] = "acdn";
    const char *at = letter ? strchr(letters, letter) : NULL;
    return at ? (unsigned)(at - letters) + 1 : 0;
}

static void put_boot_order(Q35Machine *m, const char *order)
{
    enum { BOOT_FIRST = 0x3d, BOOT_THIRD = 0x38 };
    unsigned code[3] = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(code) && order[i]; i++) {
        code[i] = boot_code(order[i]);
    }
    mc146818_set_cmos(m->rtc, BOOT_FIRST, (uint8_t)(code[1] << 4 | code[0]));
    mc146818_set_cmos(m->rtc, BOOT_THIRD, (uint8_t)(code[2] << 4));
}

static void put_cmos(Q35Machine *m, uint8_t index, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        mc146818_set_cmos(m->rtc, (uint8_t)(index + i), (uint8_t)(value >> (8 * i)));
    }
}

/* Memory: in KiB below and above 1 MiB, in 64 KiB above 16 MiB and above 4 GiB. */
static void put_cmos_sizes(Q35Machine *m)
{
    enum { BASE = 0x15, EXTENDED = 0x17, EXTENDED_TOO = 0x30, ABOVE_16M = 0x34, ABOVE_4G = 0x5b };
    enum { CPUS = 0x5f, WORD_MAX = 0xffff, BASE_KIB = 640 };
    uint64_t low = m->ram_low.size, extended = MIN((low >> 10) - 1024, WORD_MAX);
    put_cmos(m, BASE, BASE_KIB, 2);
    put_cmos(m, EXTENDED, extended, 2);
    put_cmos(m, EXTENDED_TOO, extended, 2);
    put_cmos(m, ABOVE_16M, low > 16 << 20 ? (low - (16 << 20)) >> 16 : 0, 2);
    put_cmos(m, ABOVE_4G, m->ram_high.size >> 16, 3);
    put_cmos(m, CPUS, m->machine.opts.cpus - 1, 1);
}

/* Firmware makes its own map of what is RAM here and what is kept for somebody. */
static void put_e820(Q35Machine *m)
{
    E820Map map = {0};
    uint8_t bytes[E820_MAX * E820_ENTRY_BYTES];
    e820_add(&map, 0, m->ram_low.size, E820_RAM);
    e820_add(&map, RAM_HIGH_BASE, m->ram_high.size, E820_RAM);
    for (size_t i = 0; i < m->e820.count; i++) {
        const E820Entry *entry = &m->e820.entry[i];
        bool in_ram = entry->base >= 0x100000 && entry->base < m->ram_low.size;
        if (entry->type == E820_RESERVED && in_ram) {
            e820_add(&map, entry->base, entry->size, E820_RESERVED);
        }
    }
    for (size_t i = 0; i < map.count; i++) {
        e820_encode(&map.entry[i], bytes + i * E820_ENTRY_BYTES);
    }
    fw_cfg_add_file(m->fw_cfg, "etc/e820", bytes, map.count * E820_ENTRY_BYTES);
}

/* Asked for when buses have their numbers, which the tables tell of. */
static void make_acpi(void *opaque)
{
    Q35Machine *m = opaque;
    AcpiLinks links = {.pointers = g_array_new(false, false, sizeof(AcpiPointer)),
                       .sums = g_array_new(false, false, sizeof(AcpiSum))};
    uint8_t rsdp[ACPI_RSDP_BYTES];
    g_autoptr(GByteArray) tables = q35_acpi_tables(m, 0, &links);
    g_autoptr(GByteArray) script = acpi_loader_script(&links);
    acpi_build_rsdp(0, rsdp);
    rsdp[ACPI_RSDP_CHECKSUM] = rsdp[ACPI_RSDP_XCHECKSUM] = 0;
    fw_cfg_put_file(m->fw_cfg, ACPI_TABLES_FILE, tables->data, tables->len);
    fw_cfg_put_file(m->fw_cfg, ACPI_RSDP_FILE, rsdp, sizeof(rsdp));
    fw_cfg_put_file(m->fw_cfg, ACPI_LOADER_FILE, script->data, script->len);
    g_array_unref(links.pointers);
    g_array_unref(links.sums);
}

/* S3 is there, S4 as the system's own doing, S5; each with its SLP_TYP value. */
static void put_sleep_states(Q35Machine *m)
{
    enum { THERE = 0x80, S3_TYPE = 5, S5_TYPE = 0 };
    const uint8_t states[] = {THERE, 0, 0, THERE | S3_TYPE, 0, THERE | S5_TYPE};
    fw_cfg_add_file(m->fw_cfg, "etc/system-states", states, sizeof(states));
}

static void put_boot_options(Q35Machine *m)
{
    enum { KEY_BOOT_MENU = 0x0e };
    const BootOptions *boot = &m->machine.opts.firmware.boot;
    uint8_t word[4];
    bytes_put16(word, boot->menu);
    fw_cfg_add(m->fw_cfg, KEY_BOOT_MENU, word, 2);
    if (boot->strict) { /* after the devices that are listed comes the end */
        fw_cfg_add_file(m->fw_cfg, "bootorder", "HALT", sizeof("HALT"));
    }
    if (boot->splash_time >= 0) {
        bytes_put16(word, (uint16_t)boot->splash_time);
        fw_cfg_add_file(m->fw_cfg, "etc/boot-menu-wait", word, 2);
    }
    bytes_put32(word, (uint32_t)boot->reboot_timeout);
    fw_cfg_add_file(m->fw_cfg, "etc/boot-fail-wait", word, 4);
}

void q35_fill_firmware(Q35Machine *m)
{
    enum { KEY_NO_GRAPHIC = 0x04, KEY_IRQ0_OVERRIDE = 0x8002 };
    const FirmwareOptions *firmware = &m->machine.opts.firmware;
    const uint16_t no_graphic = firmware->no_graphic;
    const uint32_t irq0_override = 1; /* IRQ 0 is the IOAPIC's pin 2 */
    put_cmos_sizes(m);
    put_e820(m);
    put_sleep_states(m);
    put_boot_options(m);
    fw_cfg_add(m->fw_cfg, KEY_NO_GRAPHIC, &no_graphic, sizeof(no_graphic));
    fw_cfg_add(m->fw_cfg, KEY_IRQ0_OVERRIDE, &irq0_override, sizeof(irq0_override));
    if (m->machine.opts.no_acpi) {
        return;
    }
    fw_cfg_add_made_file(m->fw_cfg, ACPI_TABLES_FILE, ACPI_AREA, make_acpi, m);
    fw_cfg_add_made_file(m->fw_cfg, ACPI_RSDP_FILE, ACPI_RSDP_BYTES, make_acpi, m);
    fw_cfg_add_made_file(m->fw_cfg, ACPI_LOADER_FILE, LOADER_BYTES, make_acpi, m);
}

/* -boot once= holds until the first reset. */
void q35_start_firmware(Q35Machine *m)
{
    const BootOptions *boot = &m->machine.opts.firmware.boot;
    const char *order = boot->once && !m->booted ? boot->once : boot->order;
    put_boot_order(m, order ? order : "cad");
    for (int port = 0; port < 2; port++) {
        lpc_set_serial_enabled(m->lpc, port, m->machine.opts.serial[port] != NULL);
    }
    /* SeaBIOS makes a device master of its bus and leaves the bridges above it as they were. */
    pci_open_bridges(m->machine.pci_root);
    m->booted = true;
}

/* It sees by CMOS that memory is as it was, and goes to the waking vector itself. */
void q35_wake_firmware(Q35Machine *m)
{
    mc146818_set_cmos(m->rtc, CMOS_SHUTDOWN, SHUTDOWN_S3);
    pm_woken(m->pm);
    q35_start_firmware(m);
}
