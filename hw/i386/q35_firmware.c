/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What firmware would do on the q35 machine before a kernel starts: interrupt routes, PCI
 * resources, ACPI and MP tables, MTRRs and APIC modes; and then the boot protocol. Done again at
 * each reset; after S3 what does not touch memory, and then the waking vector.
 */
#include "hw/acpi/pm.h"
#include "hw/i386/boot/acpi.h"
#include "hw/i386/mch.h"
#include "hw/i386/q35_internal.h"
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
    mch_set_up(m->mch);
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

static uint64_t acpi_base(const Q35Machine *m)
{
    return m->ram_low.size - ACPI_AREA;
}

static void write_acpi(Q35Machine *m)
{
    AddressSpace *memory = m->machine.platform.memory;
    uint64_t base = acpi_base(m);
    uint8_t rsdp[ACPI_RSDP_BYTES];
    g_autoptr(GByteArray) tables = q35_acpi_tables(m, base, NULL);
    acpi_build_rsdp(base, rsdp);
    as_write(memory, base, tables->data, tables->len);
    as_write(memory, RSDP_ADDRESS, rsdp, sizeof(rsdp));
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

/* Without a kernel the first CPU sleeps, on an accelerator that has none. */
static void load_idle_loop(Q35Machine *m, CpuBoot *boot)
{
    static const uint8_t code[] = {0xfa, 0xf4, 0xeb, 0xfd}; /* cli; 1: hlt; jmp 1b */
    const uint64_t at = 0x7c00;
    as_write(m->machine.platform.memory, at, code, sizeof(code));
    *boot = (CpuBoot){.mode = CPU_BOOT_REAL, .rip = at};
}

static bool load_kernel(Q35Machine *m, CpuBoot *boot, GError **error)
{
    Machine *machine = &m->machine;
    const BootInfo info = {
        .memory = machine->platform.memory,
        .e820 = &m->e820,
        .rsdp = machine->opts.no_acpi ? 0 : RSDP_ADDRESS,
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
    if (q35_has_firmware(m)) {
        q35_start_firmware(m);
        return true;
    }
    program_chipset(m);
    if (!machine->opts.no_acpi) {
        write_acpi(m);
    }
    q35_write_mptable(m);
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
    if (q35_has_firmware(m)) {
        q35_wake_firmware(m);
        return true;
    }
    if (!read_waking_vector(m, &boot)) {
        return machine_restart(machine, error); /* nobody to go back to */
    }
    pm_woken(m->pm);
    program_chipset(m);
    apic_set_virtual_wire(machine->apics[0]);
    hand_over(m, &boot);
    return true;
}
