/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What firmware would do on the q35 machine before a kernel starts: interrupt routes, PCI
 * resources, ACPI and MP tables, MTRRs and APIC modes; and then the boot protocol. Done again at
 * each reset; after S3 what does not touch memory, and then the waking vector.
 */
#include "base/report.h"
#include "hw/acpi/pm.h"
#include "hw/i386/boot/acpi.h"
#include "hw/i386/boot/mptable.h"
#include "hw/i386/mch.h"
#include "hw/i386/q35_internal.h"
#include "hw/pci-bridge/bridges.h"
#include "hw/timer/hpet.h"
#include "machine/accel.h"

static uint8_t irq_of(void *opaque, uint8_t devfn, int pin)
{
    Q35Machine *m = opaque;
    int irq = lpc_pirq_route(m->lpc, q35_pirq_of(devfn, pin));
    return irq < 0 ? 0xff : (uint8_t)irq;
}

static void program_chipset(Q35Machine *m)
{
    static const uint8_t routes[LPC_PIRQS] = {10, 10, 11, 11, 10, 10, 11, 11};
    const uint16_t elcr_high = 0x4d1,
                   levels = 1 << (10 - 8) | 1 << (11 - 8) | 1 << (PM_SCI_IRQ - 8);
    for (int n = 0; n < LPC_PIRQS; n++) {
        lpc_set_pirq_route(m->lpc, n, routes[n]);
    }
    as_store(m->machine.platform.ports, elcr_high, levels, 1);
    for (int port = 0; port < 2; port++) {
        lpc_set_serial_enabled(m->lpc, port, m->machine.opts.serial[port] != NULL);
    }
    const PciAssignment how = {
        .mem32_base = MEM32_BASE,
        .mem32_limit = MEM32_LIMIT,
        .mem64_base = MEM64_BASE,
        .mem64_limit = MEM64_LIMIT,
        .io_base = IO_BASE,
        .io_limit = IO_LIMIT,
        .irq_of = irq_of,
        .opaque = m,
    };
    m->pci_buses = pci_assign_resources(m->machine.pci_root, &how);
}

/* Local APIC ids, cpu_count of them. */
static uint32_t *apic_ids(const Q35Machine *m)
{
    uint32_t *ids = g_new(uint32_t, m->machine.cpu_count);
    for (unsigned i = 0; i < m->machine.cpu_count; i++) {
        ids[i] = q35_apic_id(m, i);
    }
    return ids;
}

/* The ids of those that are there, in place; how many. */
static unsigned keep_present(const Q35Machine *m, uint32_t *ids)
{
    unsigned count = 0;
    for (unsigned i = 0; i < m->machine.cpu_count; i++) {
        if (machine_cpu_is_present(&m->machine, i)) {
            ids[count++] = ids[i];
        }
    }
    return count;
}

/* Which places are empty; NULL if none can be, now or later. */
static bool *absent_cpus(const Q35Machine *m)
{
    bool *absent = m->cpu_hotplug ? g_new(bool, m->machine.cpu_count) : NULL;
    for (unsigned i = 0; absent && i < m->machine.cpu_count; i++) {
        absent[i] = !machine_cpu_is_present(&m->machine, i);
    }
    return absent;
}

static int ioapic_pin_of_pci(uint8_t devfn, int pin)
{
    return PIRQ_GSI + q35_pirq_of(devfn, pin);
}

/* Of IOAPICs and root buses, only the board's own: the pins that this table tells of are there. */
static void write_mptable(Q35Machine *m)
{
    enum { APIC_XAPIC = 0x14 };
    const Machine *machine = &m->machine;
    Device *ioapic = machine->ioapics->pdata[0];
    g_autofree uint32_t *ids = apic_ids(m);
    unsigned cpus = keep_present(m, ids);
    Vcpu *first = machine->cpus[0];
    CpuidResult cpuid = first->ops->cpuid ? first->ops->cpuid(first, 1, 0) : (CpuidResult){0};
    const MpInfo info = {
        .apic_ids = ids,
        .cpus = cpus,
        .cpu_signature = cpuid.eax,
        .cpu_features = cpuid.edx,
        .apic_version = APIC_XAPIC,
        .apic_base = INTR_WINDOW_BASE,
        .ioapic_id = ioapic_place(ioapic)->id,
        .ioapic_version = ioapic_version(ioapic),
        .ioapic_base = IOAPIC_BASE,
        .sci_irq = PM_SCI_IRQ,
        .pci_buses = m->pci_buses,
        .pci_pin = ioapic_pin_of_pci,
    };
    g_autoptr(GByteArray) table = mptable_build(&info, MP_ADDRESS);
    as_write(machine->platform.memory, MP_ADDRESS, table->data, table->len);
}

static uint64_t acpi_base(const Q35Machine *m)
{
    return m->ram_low.size - ACPI_AREA;
}

static void list_ioapics(const Machine *machine, AcpiInfo *info)
{
    for (guint i = 0; i < machine->ioapics->len; i++) {
        const IoapicPlace *place = ioapic_place(machine->ioapics->pdata[i]);
        info->ioapics[info->ioapic_count++] =
            (AcpiIoapic){.id = place->id, .base = place->base, .gsi_base = place->gsi_base};
    }
}

static void list_hpets(const Q35Machine *m, AcpiInfo *info)
{
    for (unsigned i = 0; i < m->hpet_count; i++) {
        uint64_t base = *hpet_base(m->hpets[i]);
        info->hpets[info->hpet_count++] = (AcpiHpet){
            .hardware_id = (uint32_t)as_load(m->machine.platform.memory, base, 4, NULL),
            .base = base,
            .number = (uint8_t)i,
        };
    }
}

static void list_root(PciBus *root, void *opaque)
{
    const PciDevice *expander = pci_bus_holder(root);
    AcpiRoot one = {.first = pci_bus_number(root), .last = pci_root_last(root)};
    if (expander) {
        one.has_domain = expander_proximity(expander, &one.domain);
        for (PciWindowKind kind = 0; kind < PCI_WINDOWS; kind++) {
            one.window[kind] = pci_root_window(root, kind);
        }
    } else {
        one.window[PCI_WINDOW_IO] = (PciWindow){0, UINT16_MAX};
        one.window[PCI_WINDOW_MEM] = (PciWindow){MEM32_BASE, MEM32_LIMIT};
        one.window[PCI_WINDOW_PREFETCH] = (PciWindow){MEM64_BASE, MEM64_LIMIT};
    }
    g_array_append_val((GArray *)opaque, one);
}

static void write_acpi(Q35Machine *m)
{
    Machine *machine = &m->machine;
    uint64_t base = acpi_base(m);
    g_autofree uint32_t *ids = apic_ids(m);
    g_autofree bool *absent = absent_cpus(m);
    g_autoptr(GArray) roots = g_array_new(false, false, sizeof(AcpiRoot));
    pci_roots_foreach(machine->pci_root, list_root, roots);
    AcpiInfo info = {
        .apic_ids = ids,
        .cpus = machine->cpu_count,
        .absent = absent,
        .ecam_base = MCH_ECAM_BASE,
        .roots = (const AcpiRoot *)roots->data,
        .root_count = roots->len,
        .iommus = machine->iommus,
    };
    list_ioapics(machine, &info);
    list_hpets(m, &info);
    uint8_t rsdp[ACPI_RSDP_BYTES];
    q35_tell_scopes(m);
    g_autoptr(GByteArray) tables = acpi_build(&info, base);
    g_assert(tables->len <= ACPI_AREA);
    acpi_build_rsdp(tables, base, rsdp);
    as_write(machine->platform.memory, base, tables->data, tables->len);
    as_write(machine->platform.memory, RSDP_ADDRESS, rsdp, sizeof(rsdp));
}

/* Where an id does not fit into 8 bits, firmware hands all CPUs over in x2APIC mode: kernels leave
 * out CPUs that they could not address in the mode they start in. */
static void enable_x2apic_if_needed(Q35Machine *m)
{
    Machine *machine = &m->machine;
    const uint64_t extd = 1u << 10;
    uint64_t base;
    bool needed = q35_apic_id(m, machine->cpu_count - 1) > XAPIC_ID_MAX;
    for (unsigned i = 0; needed && i < machine->cpu_count; i++) {
        if (!machine_cpu_is_present(machine, i)) {
            continue;
        }
        apic_msr_read(machine->apics[i], MSR_IA32_APIC_BASE, &base);
        apic_msr_write(machine->apics[i], MSR_IA32_APIC_BASE, base | extd);
    }
}

/* Without a kernel or firmware the first CPU sleeps, so that the monitor still has a machine. */
static void load_idle_loop(Q35Machine *m, CpuBoot *boot)
{
    static const uint8_t code[] = {0xfa, 0xf4, 0xeb, 0xfd}; /* cli; 1: hlt; jmp 1b */
    const uint64_t at = 0x7c00;
    as_write(m->machine.platform.memory, at, code, sizeof(code));
    *boot = (CpuBoot){.mode = CPU_BOOT_REAL, .rip = at};
    if (m->machine.opts.accel->has_cpus) {
        g_printerr(PROGRAM ": warning: no -kernel is given and this machine has no firmware to "
                           "look for one: its CPUs stay halted\n");
    }
}

static bool load_kernel(Q35Machine *m, CpuBoot *boot, GError **error)
{
    Machine *machine = &m->machine;
    const BootInfo info = {
        .memory = machine->platform.memory,
        .e820 = &m->e820,
        .rsdp = RSDP_ADDRESS,
        .kernel = machine->opts.kernel,
        .initrd = machine->opts.initrd,
        .append = machine->opts.append,
        .host_decompress = m->host_decompress,
    };
    /* Kernels expect to find the i8259 pair connected (MultiProcessor specification 3.6.2.2). */
    apic_set_virtual_wire(machine->apics[0]);
    return boot_load(&info, boot, error);
}

/* The last that firmware does, and where CPU 0 goes. */
static void hand_over(Q35Machine *m, const CpuBoot *boot)
{
    Machine *machine = &m->machine;
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        machine->cpus[i]->ops->firmware_mtrrs(machine->cpus[i], RAM_LOW_MAX);
    }
    enable_x2apic_if_needed(m);
    machine->cpus[0]->ops->boot(machine->cpus[0], boot);
}

bool q35_boot(Machine *machine, GError **error)
{
    Q35Machine *m = (Q35Machine *)machine;
    CpuBoot boot;
    program_chipset(m);
    write_acpi(m);
    write_mptable(m);
    if (!machine->opts.kernel) {
        load_idle_loop(m, &boot);
    } else if (!load_kernel(m, &boot, error)) {
        return false;
    }
    hand_over(m, &boot);
    return true;
}

/* The address that the operating system left in the FACS before it went to sleep (ACPI 5.2.10): in
 * real mode, or in flat protected mode where it filled in the extended field. */
static bool read_waking_vector(const Q35Machine *m, CpuBoot *boot)
{
    AddressSpace *memory = m->machine.platform.memory;
    uint64_t facs = acpi_base(m) + ACPI_FACS_AT;
    uint64_t real = as_load(memory, facs + ACPI_FACS_WAKE_VECTOR, 4, NULL);
    uint64_t extended = as_load(memory, facs + ACPI_FACS_XWAKE_VECTOR, 8, NULL);
    if (extended != 0) {
        *boot = (CpuBoot){.mode = CPU_BOOT_PROT32, .rip = extended};
        return extended <= UINT32_MAX;
    }
    *boot = (CpuBoot){.mode = CPU_BOOT_REAL, .cs = (uint16_t)(real >> 4), .rip = real & 0xf};
    return real != 0 && real < REAL_MODE_END;
}

bool q35_wake(Machine *machine, GError **error)
{
    Q35Machine *m = (Q35Machine *)machine;
    CpuBoot boot;
    if (!read_waking_vector(m, &boot)) {
        return machine_restart(machine, error); /* nobody to go back to */
    }
    pm_woken(m->pm);
    program_chipset(m);
    apic_set_virtual_wire(machine->apics[0]);
    hand_over(m, &boot);
    return true;
}
