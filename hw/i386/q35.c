/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The q35 machine: an ICH9-style PC. q35_build() shows the whole topology; docs/machine.md draws
 * it.
 */
#include "hw/acpi/pm.h"
#include "hw/char/debugcon.h"
#include "hw/char/serial.h"
#include "hw/hyperv/hyperv.h"
#include "hw/i386/iommu/iommu.h"
#include "hw/i386/mch.h"
#include "hw/i386/q35_internal.h"
#include "hw/input/i8042.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/isa/lpc.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/i8254.h"
#include "machine/accel.h"

bool q35_forgives(const Q35Machine *m, Forgiveness what)
{
    return forgives(m->machine.opts.forgive, what);
}

Device *q35_make(Q35Machine *m, const DeviceClass *cls, const char *id)
{
    Device *dev = device_new(cls, &m->machine.platform, id);
    machine_own(&m->machine, dev);
    return dev;
}

bool q35_finish(Q35Machine *m, Device *dev, GError **error)
{
    return machine_apply_globals(&m->machine, dev, error) && device_realize(dev, error);
}

static uint64_t hole_read(void *opaque, uint64_t offset, unsigned size)
{
    return UINT64_MAX;
}

static void hole_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    /* Nobody is there. */
}

static const MemOps hole_ops = {.read = hole_read, .write = hole_write};

/* What units' tables say is kept for some functions is nobody else's (VT-d 8.4). */
static bool reserve_list(Q35Machine *m, const Device *unit, const IommuList *list, bool forget,
                         GError **error)
{
    E820Map reserved = m->e820;
    if (!e820_reserve(&reserved, list->base, list->limit - list->base + 1)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "-device %s,id=%s: %s: %#" PRIx64 "-%#" PRIx64
                    " is not in RAM that the firmware leaves to others",
                    unit->cls->name, unit->id, list->property, list->base, list->limit);
        return false;
    }
    if (!forget) {
        m->e820 = reserved;
    }
    return true;
}

static bool reserve_lists(Q35Machine *m, GError **error)
{
    for (guint i = 0; i < m->machine.iommus->len; i++) {
        Device *unit = m->machine.iommus->pdata[i];
        const IommuPlace *place = iommu_class(unit)->place(unit);
        for (guint k = 0; k < place->lists->len; k++) {
            const IommuList *list = &g_array_index(place->lists, IommuList, k);
            bool forget = place->broken == IOMMU_RMRR_NOT_RESERVED;
            if (list->limit && !reserve_list(m, unit, list, forget, error)) {
                return false;
            }
        }
    }
    return true;
}

static bool build_memory(Q35Machine *m, GError **error)
{
    AddressSpace *memory = m->machine.platform.memory;
    uint64_t size = m->machine.opts.ram_size, low = MIN(size, RAM_LOW_MAX);
    if (!ram_init(&m->ram_low, "ram-below-4g", low, error)) {
        return false;
    }
    as_add(memory, &m->ram_low, 0);
    g_ptr_array_add(m->machine.ram, &m->ram_low);
    if (size > low) {
        if (!ram_init(&m->ram_high, "ram-above-4g", size - low, error)) {
            return false;
        }
        as_add(memory, &m->ram_high, RAM_HIGH_BASE);
        g_ptr_array_add(m->machine.ram, &m->ram_high);
    }
    m->vga_hole = (MemRegion){
        .name = "vga-hole", .size = VGA_HOLE_SIZE, .kind = MEM_IO, .priority = 1, .ops = &hole_ops};
    as_add(memory, &m->vga_hole, VGA_HOLE_BASE);
    q35_init_pam(m);

    e820_add(&m->e820, 0, LOW_RAM_END, E820_RAM);
    e820_add(&m->e820, LOW_RAM_END, 0x100000 - LOW_RAM_END, E820_RESERVED);
    e820_add(&m->e820, 0x100000, low - ACPI_AREA - 0x100000, E820_RAM);
    e820_add(&m->e820, low - ACPI_AREA, ACPI_AREA, E820_ACPI);
    e820_add(&m->e820, MCH_ECAM_BASE, MCH_ECAM_SIZE, E820_RESERVED);
    e820_add(&m->e820, RAM_HIGH_BASE, size - low, E820_RAM);
    return reserve_lists(m, error);
}

static void map_changed(void *opaque)
{
    Q35Machine *m = opaque;
    for (unsigned i = 0; i < m->machine.cpu_count; i++) {
        m->machine.cpus[i]->ops->map_changed(m->machine.cpus[i]);
    }
}

static void a20_changed(void *opaque, bool on)
{
    Q35Machine *m = opaque;
    for (unsigned i = 0; i < m->machine.cpu_count; i++) {
        m->machine.cpus[i]->ops->set_a20(m->machine.cpus[i], on);
    }
}

static bool build_serial(Q35Machine *m, GError **error)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(m->machine.opts.serial); i++) {
        if (!m->machine.opts.serial[i]) {
            continue;
        }
        g_autofree char *id = g_strdup_printf("serial%u", i);
        g_autofree char *index = g_strdup_printf("%u", i);
        Device *dev = q35_make(m, &serial_class, id);
        serial_set_chardev(dev, m->machine.opts.serial[i]);
        if (!device_set_prop(dev, "index", index, error) || !q35_finish(m, dev, error)) {
            return false;
        }
    }
    if (!m->machine.opts.debugcon) {
        return true;
    }
    g_autofree char *port = g_strdup_printf("%u", m->machine.opts.debugcon_port);
    Device *dev = q35_make(m, &debugcon_class, "debugcon");
    debugcon_set_chardev(dev, m->machine.opts.debugcon);
    return device_set_prop(dev, "iobase", port, error) && q35_finish(m, dev, error);
}

static void fill_e820(Q35Machine *m)
{
    uint8_t e820[E820_MAX * E820_ENTRY_BYTES];
    for (size_t i = 0; i < m->e820.count; i++) {
        e820_encode(&m->e820.entry[i], e820 + i * E820_ENTRY_BYTES);
    }
    fw_cfg_add_file(m->fw_cfg, "etc/e820", e820, m->e820.count * E820_ENTRY_BYTES);
}

static void fill_fw_cfg(Q35Machine *m)
{
    enum { KEY_RAM_SIZE = 0x03, KEY_CPUS = 0x05, KEY_MAX_CPUS = 0x0f };
    const MachineOptions *opts = &m->machine.opts;
    uint16_t cpus = (uint16_t)opts->cpus, max_cpus = (uint16_t)opts->max_cpus;
    fw_cfg_add(m->fw_cfg, KEY_RAM_SIZE, &opts->ram_size, sizeof(opts->ram_size));
    fw_cfg_add(m->fw_cfg, KEY_CPUS, &cpus, sizeof(cpus));
    fw_cfg_add(m->fw_cfg, KEY_MAX_CPUS, &max_cpus, sizeof(max_cpus));
    if (q35_has_firmware(m)) {
        q35_fill_firmware(m);
    } else {
        fill_e820(m);
    }
    for (guint i = 0; opts->fw_cfg && i < opts->fw_cfg->len; i++) {
        const FwCfgItem *item = opts->fw_cfg->pdata[i];
        fw_cfg_add_file(m->fw_cfg, item->name, item->data, item->len);
    }
}

/* The chips of a PC at their old addresses, on lines 0 to 15. */
static void pulse_nmi(void *opaque)
{
    machine_pulse_nmi(opaque);
}

static bool build_legacy(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    m->pm = q35_make(m, &pm_class, "pm");
    m->pit = q35_make(m, &i8254_class, "pit");
    m->rtc = q35_make(m, &mc146818_class, "rtc");
    Device *i8042 = q35_make(m, &i8042_class, "i8042");
    m->fw_cfg = q35_make(m, &fw_cfg_class, "fw_cfg");
    if (machine->opts.rtc_base && !device_set_prop(m->rtc, "base", machine->opts.rtc_base, error)) {
        return false;
    }
    Device *const all[] = {m->pm, m->pit, m->rtc, i8042, m->fw_cfg};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (!q35_finish(m, all[i], error)) {
            return false;
        }
    }
    irq_connect(i8254_irq_out(m->pit), &m->gsi[0]);
    irq_connect(mc146818_irq_out(m->rtc), &m->gsi[8]);
    irq_connect(mc146818_wake_out(m->rtc), device_irq_in(m->pm, "rtc", 0));
    irq_connect(pm_sci_out(m->pm), &m->gsi[PM_SCI_IRQ]);
    runstate_set_power_button(machine->runstate, pm_press_power_button, m->pm);
    runstate_set_nmi(machine->runstate, pulse_nmi, machine);
    fill_fw_cfg(m);
    return build_serial(m, error);
}

static bool build_pic(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    machine->pic = q35_make(m, &i8259_class, "pic");
    return q35_finish(m, machine->pic, error);
}

static bool q35_build(Machine *machine, GError **error)
{
    Q35Machine *m = (Q35Machine *)machine;
    machine->platform.runstate = machine->runstate;
    machine->platform.gsi = m->gsi;
    a20_gate_init(&m->a20, a20_changed, m);
    machine->platform.a20 = &m->a20;
    machine->apic_bus = apic_bus_new(machine->platform.journal);
    q35_irq_init(m);
    /* From the CPUs outwards: each stage of an interrupt's way is there before what sends into it.
     */
    bool built =
        q35_check_cpus(m, error) && q35_count_emitters(m, error) && q35_build_upstream(m, error) &&
        q35_build_bios(m, error) && build_memory(m, error) && build_pic(m, error) &&
        q35_build_hyperv(m, error) && q35_build_cpus(m, error) && q35_build_ioapics(m, error) &&
        q35_build_pci(m, error) && build_legacy(m, error) && q35_build_cpu_hotplug(m, error) &&
        q35_build_hpets(m, error) && q35_build_uv_hubs(m, error) && q35_build_ramfb(m, error);
    if (!built) {
        return false;
    }
    irq_connect(i8259_intr_out(machine->pic), apic_lint(machine->apics[0], 0));
    as_set_listener(machine->platform.memory, map_changed, m);
    return true;
}

static bool q35_plug(Machine *machine, Device *dev, GError **error)
{
    if (dev->cls == &hyperv_testdev_class) {
        hyperv_testdev_link(dev, machine->hyperv);
    }
    if (dev->cls->bus == BUS_ISA) {
        return true;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "machine '%s' has no bus for '%s'",
                machine->cls->name, dev->cls->name);
    return false;
}

static void q35_destroy(Machine *machine)
{
    Q35Machine *m = (Q35Machine *)machine;
    as_set_listener(machine->platform.memory, NULL, NULL);
    runstate_set_power_button(machine->runstate, NULL, NULL);
    runstate_set_nmi(machine->runstate, NULL, NULL);
    pci_bus_free(machine->pci_root);
    g_free(machine->apics);
    apic_bus_free(machine->apic_bus);
    q35_free_upstream(m);
    MemRegion *const regions[] = {&m->ram_low, &m->ram_high, &m->vga_hole, &m->bios};
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        ram_free(regions[i]);
    }
}

static const StateField q35_state[] = {
    STATE_STRUCTS(Q35Machine, gsi_to_pic, ISA_IRQS, IrqOut, irq_out_state),
    STATE_STRUCTS(Q35Machine, gsi_to_ioapic, PLATFORM_GSIS, IrqOut, irq_out_state),
    STATE_STRUCTS(Q35Machine, pirq_to_pic, LPC_PIRQS, IrqOut, irq_out_state),
    STATE_STRUCTS(Q35Machine, pirq_to_ioapic, LPC_PIRQS, IrqOut, irq_out_state),
    STATE_FIELD(STATE_UINT32, Q35Machine, pci_buses),
    STATE_END,
};

static const PropInfo q35_props[] = {
    PROP(PROP_BOOL, "host-decompress", Q35Machine, host_decompress, "on",
         "unpack a bzImage on the host, so that the kernel starts at once"),
    PROP(PROP_BOOL, "hpet", Q35Machine, hpet_on, "on", "have an HPET"),
    PROP(PROP_BOOL, "sata", Q35Machine, sata_on, "on", "have a SATA controller"),
    PROP(PROP_BOOL, "hyperv", Q35Machine, hyperv_on, "off",
         "show guests a Hyper-V partition, as all of -cpu's hv-* do"),
    PROP_END,
};

const MachineClass q35_machine_class = {
    .name = "pc-q35-8.2",
    .alias = "q35",
    .desc = "PC with an ICH9-style chipset",
    .max_cpus = 288,
    .acpi = true,
    .props = q35_props,
    .instance_size = sizeof(Q35Machine),
    .build = q35_build,
    .check = q35_check_units,
    .boot = q35_boot,
    .wake = q35_wake,
    .plug = q35_plug,
    .intx_pin = q35_intx_pin,
    .cpu_plugged = q35_cpu_plugged,
    .cpu_asked_out = q35_cpu_asked_out,
    .state = q35_state,
    .destroy = q35_destroy,
};
