/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 machine's vCPUs: local APICs and their ids, and what -smp, -m and -cpu have to agree on.
 */
#include "hw/acpi/cpu_hotplug.h"
#include "hw/i386/q35_internal.h"
#include "hw/intc/i8259.h"
#include "machine/accel.h"

uint32_t q35_apic_id(const Q35Machine *m, unsigned index)
{
    int64_t id = m->machine.cpu_traits.apic_id;
    return id < 0 ? index : (uint32_t)id;
}

/* QEMU has the property on each CPU; -cpu's would give all the same id. */
static bool check_apic_id(const Q35Machine *m, GError **error)
{
    int64_t id = m->machine.cpu_traits.apic_id;

    if (id >= 0 && m->machine.opts.cpus > 1) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "-cpu ...,apic-id=%" PRIi64
                    " is for a single vCPU; with -smp %u the ids follow "
                    "from -smp's sockets, cores and threads",
                    id, m->machine.opts.cpus);
        return false;
    }
    if (id > XAPIC_ID_MAX && !m->machine.cpu_traits.x2apic) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "apic-id=%" PRIi64 " needs x2APIC; without it the last is %d", id,
                    XAPIC_ID_MAX);
        return false;
    }
    return true;
}

static bool check_phys_bits(const Q35Machine *m, GError **error)
{
    uint64_t size = m->machine.opts.ram_size;
    uint64_t end = size > RAM_LOW_MAX ? RAM_HIGH_BASE + size - RAM_LOW_MAX : size;
    unsigned bits = m->machine.cpu_traits.phys_bits;

    if (end <= 1ull << bits) {
        return true;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                "phys-bits=%u reach to 0x%" PRIx64 ", and -m %" PRIu64 "M to 0x%" PRIx64, bits,
                (uint64_t)1 << bits, size >> 20, end);
    return false;
}

/* What -smp, -m and the CPU model have to agree on. */
bool q35_check_cpus(const Q35Machine *m, GError **error)
{
    const MachineOptions *opts = &m->machine.opts;
    if (opts->max_cpus > 255 && !m->machine.cpu_traits.x2apic) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "-smp %u: more than 255 vCPUs need x2APIC, which -cpu %s has not; use -cpu max",
                    opts->max_cpus, opts->cpu_model);
        return false;
    }
    return check_apic_id(m, error) && check_phys_bits(m, error);
}

/* A partition where -cpu or -machine asks for one. */
bool q35_build_hyperv(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    const VcpuTraits *traits = &machine->cpu_traits;
    HvFeatures features = traits->hyperv;
    if (m->hyperv_on) {
        hv_features_add_all(&features);
    }
    if (features.set == 0 && features.spinlocks == HV_SPINLOCKS_NEVER) {
        return true;
    }
    if (hv_has(&features, HV_ROOT) && machine->iommus->len > 0) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "hv-root: the hypervisor keeps remapping to itself; leave '%s' out",
                    ((Device *)machine->iommus->pdata[0])->id);
        return false;
    }
    Device *dev = q35_make(m, &hyperv_class, "hyperv");
    *hv_links(dev) = (HvLinks){.features = features,
                               .vps = machine->opts.max_cpus,
                               .phys_bits = traits->phys_bits,
                               .amd = traits->amd,
                               .tsc_hz = traits->tsc_hz,
                               .apic_hz = traits->apic_timer_hz,
                               .bus = machine->apic_bus,
                               .below = m->fabric.apic};
    if (!q35_finish(m, dev, error)) {
        return false;
    }
    machine->hyperv = hv_from_device(dev);
    if (hv_has(&features, HV_ROOT)) {
        m->fabric.apic = hv_sink(machine->hyperv); /* devices' requests go through its table */
    }
    return true;
}

static void connect_hyperv(const Machine *machine, unsigned index)
{
    if (machine->hyperv) {
        hv_vp_connect_apic(hv_vp(machine->hyperv, index), machine->apics[index]);
    }
}

bool q35_build_cpus(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    const VcpuTraits *traits = &machine->cpu_traits;
    machine->cpu_count = machine->opts.max_cpus;
    machine->apics = g_new0(ApicState *, machine->cpu_count);
    machine->cpus = g_new0(Vcpu *, machine->cpu_count);
    machine->cpu_ids = g_new0(const char *, machine->cpu_count);
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        g_autofree char *id = g_strdup_printf("apic%u", i);
        Device *dev = q35_make(m, &apic_class, id);
        machine->apics[i] = apic_from_device(dev);
        Vcpu *cpu = machine_make_vcpu(machine, i, q35_apic_id(m, i), machine->apics[i]);
        *apic_links(dev) = (ApicLinks){
            .bus = machine->apic_bus,
            .apic_id = cpu->apic_id,
            .is_bsp = i == 0,
            .x2apic = traits->x2apic,
            /* Which processors take a new id is up to the model (SDM vol. 3, 11.4.6): here those
             * that came before x2APIC, where the id became the hardware's alone. */
            .id_writable = !traits->x2apic,
            .tsc_deadline = traits->tsc_deadline,
            /* Directed EOI is Intel's: the version register of AMD's says no (PPR, family 17h, APIC
             * 30h). Xen, for one, ends levels of remapped pins by it, with a vector that only
             * Intel's entries have. */
            .eoi_suppression = !traits->amd,
            .phys_bits = (uint8_t)traits->phys_bits,
            .timer_hz = traits->apic_timer_hz,
            .pins = cpu->pins,
            .pins_opaque = cpu->pins_opaque,
            .pic_ack = i8259_ack,
            .pic_opaque = machine->pic,
        };
        if (!q35_finish(m, dev, error)) {
            return false;
        }
        connect_hyperv(machine, i);
        apic_set_present(machine->apics[i], i < machine->opts.cpus);
    }
    return true;
}

static bool cpu_present(void *opaque, unsigned cpu)
{
    return machine_cpu_is_present(opaque, cpu);
}

static uint32_t cpu_apic_id(void *opaque, unsigned cpu)
{
    return apic_initial_id(((const Machine *)opaque)->apics[cpu]);
}

/* The bootstrap processor stays. */
static void cpu_eject(void *opaque, unsigned cpu)
{
    if (cpu != 0) {
        machine_cpu_gone(opaque, cpu);
    }
}

/* ACPI 6.3.5 */
static void cpu_status(void *opaque, unsigned cpu, uint32_t event, uint32_t status)
{
    Machine *machine = opaque;
    const char *id = machine->cpu_ids[cpu];
    g_autofree char *device = id ? g_strdup_printf("\"device\": \"%s\", ", id) : g_strdup("");
    g_autofree char *data =
        g_strdup_printf("{\"info\": {%s\"slot\": \"%u\", \"slot-type\": \"CPU\", "
                        "\"source\": %u, \"status\": %u}}",
                        device, cpu, event, status);
    runstate_tell(machine->runstate, "ACPI_DEVICE_OST", data);
}

bool q35_build_cpu_hotplug(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    if (machine->opts.max_cpus == machine->opts.cpus) {
        return true;
    }
    m->cpu_hotplug = q35_make(m, &cpu_hotplug_class, "cpu-hotplug");
    *cpu_hotplug_links(m->cpu_hotplug) = (CpuHotplugLinks){.count = machine->cpu_count,
                                                           .present = cpu_present,
                                                           .apic_id = cpu_apic_id,
                                                           .eject = cpu_eject,
                                                           .status = cpu_status,
                                                           .opaque = machine};
    if (!q35_finish(m, m->cpu_hotplug, error)) {
        return false;
    }
    irq_connect(cpu_hotplug_event_out(m->cpu_hotplug),
                device_irq_in(m->pm, "gpe", CPU_HOTPLUG_GPE));
    return true;
}

/* Firmware would set the newcomer up, too, before the operating system is told. */
void q35_cpu_plugged(Machine *machine, unsigned index)
{
    Vcpu *cpu = machine->cpus[index];
    cpu->ops->firmware_mtrrs(cpu, RAM_LOW_MAX);
    cpu_hotplug_inserted(((Q35Machine *)machine)->cpu_hotplug, index);
}

void q35_cpu_asked_out(Machine *machine, unsigned index)
{
    cpu_hotplug_ask_out(((Q35Machine *)machine)->cpu_hotplug, index);
}
