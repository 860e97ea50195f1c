/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines: their devices from creation to reset and end (include/machine/machine.h). What is on a
 * board is the board's business, in hw/i386.
 */
#include "machine/machine.h"
#include "base/names.h"

#include <string.h>

#include "base/optlist.h"
#include "hw/core/properties.h"
#include "hw/ide/ide.h"
#include "hw/nvme/nvme.h"
#include "hw/virtio/virtio_devices.h"
#include "machine/accel.h"
#include "machine/checkpoint.h"

/* For lines of -d. */
static void machine_stamp(void *opaque, GString *out)
{
    const Machine *machine = opaque;
    const Journal *j = &machine->journal;
    JournalWhere at = journal_where(j);
    int64_t now = journal_now(j); /* no floating point while a vCPU runs: target/i386/mxcsr.h */
    g_string_append_printf(out, "time=%lld.%09lld", now / NS_PER_SEC, now % NS_PER_SEC);
    if (at.cpu != JOURNAL_NO_CPU) {
        g_autofree char *symbol = symbols_name(j->symbols, at.rip);
        g_string_append_printf(out, " cpu=%u", at.cpu);
        if (symbol) {
            g_string_append_printf(out, " at=%s", symbol);
        }
    }
}

Machine *machine_new(const MachineClass *cls, const Platform *platform, RunState *rs,
                     const MachineOptions *opts)
{
    g_assert(cls->instance_size >= sizeof(Machine));
    Machine *machine = g_malloc0(cls->instance_size);
    machine->cls = cls;
    machine->opts = *opts;
    machine->platform = *platform;
    machine->platform.runstate = rs;
    machine->platform.journal = &machine->journal;
    journal_filter_init(&machine->line_filter);
    journal_init(&machine->journal, JOURNAL_DEFAULT_SIZE, platform->trace, platform->clock);
    lint_init(&machine->lint, &machine->journal);
    machine->platform.lint = opts->lint == LINT_MODE_OFF ? NULL : &machine->lint;
    machine->runstate = rs;
    if (platform->trace) {
        platform->trace->stamp = machine_stamp;
        platform->trace->stamp_opaque = machine;
    }
    machine->devices = g_ptr_array_new();
    machine->iommus = g_ptr_array_new();
    machine->added_sources = g_ptr_array_new();
    machine->ioapics = g_ptr_array_new();
    machine->ram = g_ptr_array_new();
    prop_set_defaults(machine, cls->props);
    return machine;
}

bool machine_build(Machine *machine, GError **error)
{
    const MachineOptions *opts = &machine->opts;
    return opts->accel->start(machine, opts->accel_options, &machine->accel_state,
                              &machine->cpu_traits, error) &&
           machine->cls->build(machine, error);
}

static void free_vcpus(Machine *machine)
{
    for (unsigned i = 0; machine->cpus && i < machine->cpu_count; i++) {
        if (machine->cpus[i]) { /* else building failed before it */
            machine->cpus[i]->ops->free(machine->cpus[i]);
        }
    }
    g_clear_pointer(&machine->cpus, g_free);
    g_clear_pointer(&machine->cpu_ids, g_free);
}

void machine_free(Machine *machine)
{
    if (!machine) {
        return;
    }
    checkpoints_free(machine);
    as_clear(machine->platform.memory);
    as_clear(machine->platform.ports);
    /* In reverse: what a device depends on was there before it. */
    while (machine->devices->len > 0) {
        Device *dev = g_ptr_array_remove_index(machine->devices, machine->devices->len - 1);
        if (dev->cls->bus == BUS_PCI) {
            pci_bus_detach((PciDevice *)dev);
        }
        device_free(dev);
    }
    g_ptr_array_unref(machine->devices);
    g_ptr_array_unref(machine->iommus);
    g_ptr_array_unref(machine->added_sources);
    g_ptr_array_unref(machine->ioapics);
    g_ptr_array_unref(machine->ram);
    free_vcpus(machine);
    if (machine->cls->destroy) {
        machine->cls->destroy(machine);
    }
    machine->opts.accel->stop(machine->accel_state);
    prop_clear(machine, machine->cls->props);
    lint_free(&machine->lint);
    journal_free(&machine->journal);
    journal_filter_clear(&machine->line_filter);
    if (machine->platform.trace) {
        machine->platform.trace->stamp = NULL;
    }
    g_free(machine->migration.error);
    g_free(machine);
}

bool machine_set_prop(Machine *machine, const char *name, const char *text, GError **error)
{
    const PropInfo *prop = prop_find(machine->cls->props, name);
    if (prop) {
        return prop_set(machine, prop, text, machine->platform.backends, error);
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const PropInfo *p = machine->cls->props; p && p->name; p++) {
        g_ptr_array_add(names, (char *)p->name);
    }
    opt_error_nearest(error, name, (const char *const *)names->pdata, names->len,
                      "machine '%s' has no property '%s'", machine->cls->name, name);
    return false;
}

void machine_own(Machine *machine, Device *dev)
{
    g_ptr_array_add(machine->devices, dev);
    if (dev->cls->bus == BUS_PCI) {
        pci_hand_over((PciDevice *)dev, machine->devices);
    }
}

bool machine_apply_globals(Machine *machine, Device *dev, GError **error)
{
    if (!machine->opts.globals) {
        return true;
    }
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, machine->opts.globals);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const char *dot = strchr(key, '.');
        g_autofree char *driver = g_strndup(key, (size_t)(dot - (const char *)key));
        if (device_class_find(driver) == dev->cls && !device_set_prop(dev, dot + 1, value, error)) {
            g_prefix_error(error, "-global %s=%s: ", (char *)key, (char *)value);
            return false;
        }
    }
    return true;
}

static void set_unknown_driver(GError **error, const char *driver)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        if ((*cls)->user_creatable) {
            g_ptr_array_add(names, (char *)(*cls)->name);
            if ((*cls)->alias) {
                g_ptr_array_add(names, (char *)(*cls)->alias);
            }
        }
    }
    const char *nearest = nearest_name(driver, (const char *const *)names->pdata, names->len);
    if (nearest) {
        g_set_error(error, OPT_ERROR, 0, "there is no device '%s' (did you mean '%s'?)", driver,
                    nearest);
    } else {
        g_set_error(error, OPT_ERROR, 0, "there is no device '%s'; '-device help' lists them",
                    driver);
    }
}

static const DeviceClass *find_driver(OptList *opts, GError **error)
{
    const char *driver = optlist_get(opts, "driver");
    if (!driver) {
        g_set_error(error, OPT_ERROR, 0, "no driver is named; '-device help' lists them");
        return NULL;
    }
    const DeviceClass *cls = device_class_find(driver);
    if (!cls) {
        set_unknown_driver(error, driver);
        return NULL;
    }
    if (!cls->user_creatable) {
        g_set_error(error, OPT_ERROR, 0,
                    "'%s' is a part of the board and cannot be added; '-global %s.PROPERTY=VALUE' "
                    "sets it up",
                    driver, driver);
        return NULL;
    }
    return cls;
}

Device *machine_find_named(const Machine *machine, const char *id)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        Device *dev = machine->devices->pdata[i];
        if (dev->has_user_id && strcmp(dev->id, id) == 0) {
            return dev;
        }
    }
    return NULL;
}

bool machine_id_is_taken(const Machine *machine, const char *id)
{
    return machine_find_named(machine, id) || machine_find_cpu(machine, id) >= 0;
}

static bool set_props(Device *dev, const OptList *opts, GError **error)
{
    for (size_t i = 0; i < optlist_count(opts); i++) {
        const char *key = optlist_key(opts, i);
        if (strcmp(key, "driver") != 0 && strcmp(key, "id") != 0 &&
            !device_set_prop(dev, key, optlist_value(opts, i), error)) {
            return false;
        }
    }
    return true;
}

Device *machine_create_device(Machine *machine, const char *text, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "driver");
    const DeviceClass *cls = find_driver(opts, error);
    if (!cls) {
        return NULL;
    }
    const char *id = optlist_get(opts, "id");
    if (id && machine_id_is_taken(machine, id)) {
        g_set_error(error, OPT_ERROR, 0, "id=%s: another device has this id; choose a new one", id);
        return NULL;
    }
    Device *dev = device_new(cls, &machine->platform, id);
    dev->has_user_id = id != NULL;
    if (!machine_apply_globals(machine, dev, error) || !set_props(dev, opts, error)) {
        device_free(dev);
        return NULL;
    }
    return dev;
}

static bool attach_pci(Machine *machine, Device *dev, GError **error)
{
    PciDevice *pci = (PciDevice *)dev;
    PciBus *bus = machine->pci_root;
    if (!bus) {
        g_set_error(error, OPT_ERROR, 0, "machine '%s' has no PCI bus for '%s'; use -machine q35",
                    machine->cls->name, dev->cls->name);
        return false;
    }
    if (pci->bus_name) {
        bus = pci_bus_find(machine->pci_root, pci->bus_name);
        if (!bus) {
            g_set_error(error, OPT_ERROR, 0, "bus=%s: there is no such bus; the root is '%s'",
                        pci->bus_name, pci_bus_name(machine->pci_root));
            return false;
        }
    }
    return pci_bus_attach(bus, pci, error);
}

static bool attach(Machine *machine, Device *dev, GError **error)
{
    if (dev->cls->bus == BUS_PCI) {
        return attach_pci(machine, dev, error);
    }
    if (dev->cls->bus == BUS_VIRTIO_SERIAL) {
        return virtio_serial_plug(machine->devices, dev, error);
    }
    if (dev->cls->bus == BUS_IDE) {
        return ide_plug(machine->devices, dev, error);
    }
    if (dev->cls->bus == BUS_SCSI) {
        return virtio_scsi_plug(machine->devices, dev, error);
    }
    if (dev->cls->bus == BUS_NVME) {
        return nvme_ns_plug(machine->devices, dev, error);
    }
    if (machine->cls->plug) {
        return machine->cls->plug(machine, dev, error);
    }
    /* An ISA device finds its ports and lines through the platform. */
    if (dev->cls->bus == BUS_ISA && machine->platform.gsi) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "machine '%s' has no bus for '%s'", machine->cls->name,
                dev->cls->name);
    return false;
}

Device *machine_add_device(Machine *machine, const char *text, GError **error)
{
    Device *dev = machine_create_device(machine, text, error);
    if (!dev) {
        return NULL;
    }
    if (!attach(machine, dev, error)) {
        device_free(dev);
        return NULL;
    }
    if (!device_realize(dev, error)) {
        if (dev->cls->bus == BUS_PCI) {
            pci_bus_detach((PciDevice *)dev);
        }
        device_free(dev);
        return NULL;
    }
    machine_own(machine, dev);
    return dev;
}

bool machine_check(Machine *machine, GError **error)
{
    return !machine->cls->check || machine->cls->check(machine, error);
}

/* Units without an id of their own are told apart all the same. */
static void number_iommu(const Machine *machine, Device *dev)
{
    if (dev->cls->iommu && machine->iommus->len && !dev->has_user_id) {
        g_autofree char *id = g_strdup_printf("%s.%u", dev->id, machine->iommus->len);
        dev->id = g_intern_string(id);
    }
}

Device *machine_add_system_device(Machine *machine, const char *text, GError **error)
{
    Device *dev = machine_create_device(machine, text, error);
    if (dev) {
        number_iommu(machine, dev);
        g_ptr_array_add(dev->cls->iommu ? machine->iommus : machine->added_sources, dev);
        machine_own(machine, dev);
    }
    return dev;
}

Device *machine_find_device(Machine *machine, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (guint i = 0; i < machine->devices->len; i++) {
        Device *dev = machine->devices->pdata[i];
        if (strcmp(dev->id, name) == 0) {
            return dev;
        }
    }
    for (guint i = 0; i < machine->devices->len; i++) {
        Device *dev = machine->devices->pdata[i];
        if (device_class_find(name) == dev->cls || strcmp(dev->cls->name, name) == 0) {
            return dev;
        }
    }
    return NULL;
}

/* Devices in order, then the vCPUs. After a sleep, those that had power all the time are left out.
 */
static void reset_all(Machine *machine, bool slept)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        Device *dev = machine->devices->pdata[i];
        if (slept && dev->cls->powered_in_sleep) {
            continue;
        }
        if (dev->cls->bus == BUS_PCI) {
            pci_function_reset((PciDevice *)dev);
        } else {
            device_reset(dev);
        }
    }
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        machine->cpus[i]->ops->reset(machine->cpus[i]);
    }
}

bool machine_while_stopped(Machine *machine, const char *path,
                           bool (*act)(Machine *machine, const char *path, GError **error),
                           GError **error)
{
    bool ran = runstate_time_passes(machine->runstate);
    runstate_stop(machine->runstate);
    bool done = act(machine, path, error);
    if (ran) {
        runstate_cont(machine->runstate);
    }
    return done;
}

void machine_reset(Machine *machine)
{
    reset_all(machine, false);
}

bool machine_wake(Machine *machine, GError **error)
{
    reset_all(machine, true);
    return !machine->cls->wake || machine->cls->wake(machine, error);
}

bool machine_restart(Machine *machine, GError **error)
{
    machine_reset(machine);
    return !machine->cls->boot || machine->cls->boot(machine, error);
}

uint64_t machine_executed(const Machine *machine)
{
    const AccelOps *accel = machine->opts.accel;
    return accel && accel->executed ? accel->executed(machine->accel_state) : 0;
}

Vcpu *machine_make_vcpu(Machine *machine, unsigned index, uint32_t apic_id, ApicState *apic)
{
    HvVp *vp = machine->hyperv ? hv_vp(machine->hyperv, index) : NULL;
    const VcpuConfig config = {.index = index, .apic_id = apic_id, .apic = apic, .hyperv = vp};
    machine->cpus[index] = machine->opts.accel->vcpu->create(machine->accel_state, &config);
    return machine->cpus[index];
}

void machine_triple_fault(Machine *machine, const Vcpu *vcpu)
{
    if (trace_on(machine->platform.trace, TRACE_CPU_RESET)) {
        g_autoptr(GString) text = g_string_new(NULL);
        vcpu->ops->describe(vcpu, text);
        trace_print(machine->platform.trace, TRACE_CPU_RESET, "triple fault\n%s", text->str);
    }
    runstate_request_reset(machine->runstate, CAUSE_GUEST_PANIC);
}

const MachineClass *machine_class_find(const char *name)
{
    for (const MachineClass *const *cls = machine_classes; *cls; cls++) {
        if (strcmp((*cls)->name, name) == 0 ||
            ((*cls)->alias && strcmp((*cls)->alias, name) == 0)) {
            return *cls;
        }
    }
    return NULL;
}

static bool none_build(Machine *machine, GError **error)
{
    const GPtrArray *given = machine->iommus->len ? machine->iommus : machine->added_sources;
    if (!given->len) {
        return true;
    }
    const Device *dev = given->pdata[0];
    g_set_error(error, OPT_ERROR, 0, "machine 'none' has no place for '%s'; use -machine q35",
                dev->cls->name);
    return false;
}

const MachineClass machine_none_class = {
    .name = "none",
    .desc = "empty machine",
    .max_cpus = 1,
    .instance_size = sizeof(Machine),
    .build = none_build,
};
