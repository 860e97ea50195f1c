/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that make the machine: -machine, -accel, -cpu, -smp, -m, -kernel and their kin. */
#include <stdio.h>
#include <string.h>

#include "base/datafile.h"
#include "base/report.h"
#include "hw/core/properties.h"
#include "system/options.h"
#include "target/i386/cpu.h"

#define RAM_MIN (16ull << 20)
#define RAM_MAX (64ull << 30)

static void list_machines(Options *o)
{
    printf("Supported machines are:\n");
    for (const MachineClass *const *cls = machine_classes; *cls; cls++) {
        printf("%-20s %s%s\n", (*cls)->name, (*cls)->desc,
               cls == machine_classes ? " (default)" : "");
        if ((*cls)->alias) {
            printf("%-20s %s (alias of %s)\n", (*cls)->alias, (*cls)->desc, (*cls)->name);
        }
    }
    o->done = true;
}

/* "TYPE,help" */
static void list_machine_props(Options *o, const MachineClass *cls)
{
    printf("%s options:\n", cls->name);
    for (const PropInfo *p = cls->props; p && p->name; p++) {
        printf("  %s=<%s>%s%s\n", p->name, prop_type_name(p), p->help ? " - " : "",
               p->help ? p->help : "");
    }
    o->done = true;
}

/* QEMU's other PCs are this one, with what differs said; versions are not told apart. */
static bool nearest_machine(Options *o, const char *name)
{
    static const char *const older[] = {"pc", "pc-i440fx-*", "isapc"};
    bool q35 = g_pattern_match_simple("pc-q35-*", name), other = false;
    for (size_t i = 0; i < G_N_ELEMENTS(older); i++) {
        other = other || g_pattern_match_simple(older[i], name);
    }
    if (other) {
        g_printerr(PROGRAM ": warning: -machine %s: is q35 here: PCI Express, an ICH9 southbridge "
                           "and INTx on IOAPIC pins 16 to 23\n",
                   name);
    }
    o->machine_class = q35 || other ? machine_classes[0] : NULL;
    return o->machine_class != NULL;
}

static bool set_machine_class(Options *o, const char *name, GError **error)
{
    o->machine_class = machine_class_find(name);
    if (o->machine_class || nearest_machine(o, name)) {
        return true;
    }
    if (strcmp(name, "microvm") == 0) {
        g_set_error(error, OPT_ERROR, 0,
                    "there is no 'microvm'; the nearest is q35, with -nodefaults and -kernel");
        return false;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const MachineClass *const *cls = machine_classes; *cls; cls++) {
        g_ptr_array_add(names, (char *)(*cls)->name);
        if ((*cls)->alias) {
            g_ptr_array_add(names, (char *)(*cls)->alias);
        }
    }
    opt_error_nearest(error, name, (const char *const *)names->pdata, names->len,
                      "there is no machine '%s'", name);
    return false;
}

/* "kvm:tcg": the first that works. */
static void add_accels(Options *o, const char *list)
{
    g_auto(GStrv) names = g_strsplit(list, ":", -1);
    for (char **name = names; *name; name++) {
        g_ptr_array_add(o->accels, g_strdup(*name));
    }
}

/* What QEMU's machines can have and this one has not: "off" is true anyway. Guests do without those
 * that are a warning. */
static bool absent_feature(OptList *opts, GError **error)
{
    static const struct {
        const char *name;
        bool missed;
    } absent[] = {{"usb", false},    {"nvdimm", true},  {"smm", false},
                  {"vmport", false}, {"sgx-epc", true}, {"xen", true}};
    for (size_t i = 0; i < G_N_ELEMENTS(absent); i++) {
        const char *text = optlist_get(opts, absent[i].name);
        bool on = true;
        if (!text || strcmp(text, "auto") == 0 || (opt_parse_bool(text, &on) && !on)) {
            continue;
        }
        if (absent[i].missed || !opt_parse_bool(text, &on)) {
            g_set_error(error, OPT_ERROR, 0, "%s=%s: this machine has none; leave it out or off",
                        absent[i].name, text);
            return false;
        }
        g_printerr(PROGRAM ": warning: -machine %s=on: this machine has none and goes on "
                           "without\n",
                   absent[i].name);
    }
    return true;
}

/* memory-backend=ID: an object of the machine's size. It is checked once all options are read. */
static void read_memory_backend(Options *o, OptList *opts)
{
    const char *id = optlist_get(opts, "memory-backend");
    o->memory_backend = id ? options_keep(o, id) : o->memory_backend;
}

/* The chips are emulated whatever this says, but a misspelt value is not taken. */
static bool check_irqchip(OptList *opts, GError **error)
{
    static const char *const keys[] = {"kernel-irqchip", "kernel_irqchip"};
    bool on;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *text = optlist_get(opts, keys[i]);
        if (text && strcmp(text, "split") != 0 && !opt_parse_bool(text, &on)) {
            g_set_error(error, OPT_ERROR, 0, "%s=%s: is none of on, off and split", keys[i], text);
            return false;
        }
    }
    return true;
}

static bool read_forgive(Options *o, OptList *opts, GError **error)
{
    const char *text = optlist_get(opts, "forgive");
    if (text && opt_wants_help(text)) {
        GString *help = g_string_new(NULL);
        forgive_help(help);
        fputs(help->str, stdout);
        g_string_free(help, TRUE);
        o->done = true;
        return true;
    }
    return !text || forgive_parse(text, &o->machine.forgive, error);
}

/* Keys that are not the board's own. */
static bool common_machine_keys(Options *o, OptList *opts, GError **error)
{
    static const char *const harmless[] = {"graphics",
                                           "kernel-irqchip",
                                           "kernel_irqchip",
                                           "dump-guest-core",
                                           "mem-merge",
                                           "smbus",
                                           "sata",
                                           "suppress-vmdesc",
                                           "hmat",
                                           "pcspk-audiodev",
                                           "i8042",
                                           "pit",
                                           "pic",
                                           NULL};
    const char *accel = optlist_get(opts, "accel");
    if (accel) {
        add_accels(o, accel);
    }
    optlist_ignore(opts, harmless);
    const char *kernel = optlist_get(opts, "kernel"), *initrd = optlist_get(opts, "initrd"),
               *append = optlist_get(opts, "append");
    const char *firmware = optlist_get(opts, "firmware");
    static const char *const flash[] = {"pflash0", "pflash1"};
    for (size_t i = 0; i < G_N_ELEMENTS(flash); i++) {
        const char *drive = optlist_get(opts, flash[i]);
        if (drive) {
            o->machine.firmware.flash[i] = options_keep(o, drive);
        }
    }
    o->machine.firmware.bios = firmware ? options_keep(o, firmware) : o->machine.firmware.bios;
    o->machine.kernel = kernel ? options_keep(o, kernel) : o->machine.kernel;
    o->machine.initrd = initrd ? options_keep(o, initrd) : o->machine.initrd;
    o->machine.append = append ? options_keep(o, append) : o->machine.append;
    const char *ioapic = optlist_get(opts, "ioapic-version");
    if (ioapic) {
        if (strcmp(ioapic, "0x11") != 0 && strcmp(ioapic, "0x20") != 0) {
            g_set_error(error, OPT_ERROR, 0, "ioapic-version=%s: is neither 0x11 nor 0x20", ioapic);
            return false;
        }
        o->machine.ioapic_version = options_keep(o, ioapic);
    }
    read_memory_backend(o, opts);
    return read_forgive(o, opts, error) && check_irqchip(opts, error) &&
           absent_feature(opts, error);
}

static bool opt_machine(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        list_machines(o);
        return true;
    }
    g_autoptr(OptList) opts = optlist_parse(value, "type");
    const char *type = optlist_get(opts, "type");
    if (type && opt_wants_help(type)) {
        list_machines(o);
        return true;
    }
    if (type && !set_machine_class(o, type, error)) {
        return false;
    }
    const MachineClass *cls = o->machine_class ? o->machine_class : machine_classes[0];
    g_autofree char *option = g_strconcat("-machine ", value, NULL);
    if (optlist_get(opts, "help") || optlist_get(opts, "?")) {
        list_machine_props(o, cls);
        return true;
    }
    for (const PropInfo *p = cls->props; p && p->name; p++) {
        const char *text = optlist_get(opts, p->name);
        if (text) {
            options_set_machine_prop(o, option, p->name, text);
        }
    }
    return common_machine_keys(o, opts, error) && optlist_finish(opts, error);
}

static bool opt_accel(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        printf("Accelerators supported in QEMU binary:\ntcg\nqtest\n");
        o->done = true;
        return true;
    }
    g_ptr_array_add(o->accels, g_strdup(value));
    return true;
}

static bool opt_enable_kvm(Options *o, const char *value, GError **error)
{
    o->prefer_kvm = true;
    return true;
}

static void warn_missing(const CpuModel *model)
{
    g_autoptr(GString) text = g_string_new(NULL);
    cpu_model_warnings(model, text);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    for (int i = 0; lines[i] && *lines[i]; i++) {
        g_printerr(PROGRAM ": warning: %s\n", lines[i]);
    }
}

static bool opt_cpu(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        GString *text = g_string_new(NULL);
        cpu_model_help(text);
        fputs(text->str, stdout);
        g_string_free(text, TRUE);
        o->done = true;
        return true;
    }
    CpuModel *model = cpu_model_parse(value, error);
    if (!model) {
        return false;
    }
    warn_missing(model);
    cpu_model_free(model);
    o->machine.cpu_model = options_keep(o, value);
    return true;
}

/* Fills in what -smp left out: cores take up what is not said. */
static bool complete_topology(MachineOptions *m, uint64_t cpus, uint64_t max, uint64_t sockets,
                              uint64_t cores, uint64_t threads, GError **error)
{
    uint64_t total = max ? max : cpus;
    uint64_t known = MAX(sockets, 1) * MAX(cores, 1) * MAX(threads, 1);
    if (total == 0) {
        total = known;
    }
    if (cores == 0) {
        cores = MAX(total / known, 1);
    } else if (sockets == 0) {
        sockets = MAX(total / known, 1);
    } else if (threads == 0) {
        threads = MAX(total / known, 1);
    }
    sockets = MAX(sockets, 1);
    threads = MAX(threads, 1);
    if (cpus == 0) {
        cpus = total;
    }
    if (sockets * cores * threads != total || cpus > total) {
        g_set_error(error, OPT_ERROR, 0,
                    "sockets (%" G_GUINT64_FORMAT ") * cores (%" G_GUINT64_FORMAT
                    ") * threads (%" G_GUINT64_FORMAT ") must be maxcpus (%" G_GUINT64_FORMAT
                    "), and cpus at most that",
                    sockets, cores, threads, total);
        return false;
    }
    m->cpus = (unsigned)cpus;
    m->max_cpus = (unsigned)total;
    m->sockets = (unsigned)sockets;
    m->cores = (unsigned)cores;
    m->threads = (unsigned)threads;
    return true;
}

/* Dies are cores of their socket: CPUID leaf 1Fh, which would tell, is not there. */
static bool opt_smp(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, "cpus");
    uint64_t cpus = 0, max = 0, sockets = 0, cores = 0, threads = 0, dies = 1, one = 1;
    return optlist_uint(opts, "cpus", 1, 4096, &cpus, error) &&
           optlist_uint(opts, "maxcpus", 1, 4096, &max, error) &&
           optlist_uint(opts, "sockets", 1, 4096, &sockets, error) &&
           optlist_uint(opts, "cores", 1, 4096, &cores, error) &&
           optlist_uint(opts, "threads", 1, 4096, &threads, error) &&
           optlist_uint(opts, "dies", 1, 4096, &dies, error) &&
           optlist_uint(opts, "clusters", 1, 1, &one, error) &&
           optlist_uint(opts, "modules", 1, 1, &one, error) && optlist_finish(opts, error) &&
           complete_topology(&o->machine, cpus, max, sockets, cores * dies, threads, error);
}

static bool opt_memory(Options *o, const char *value, GError **error)
{
    static const char *const harmless[] = {"slots", "maxmem", NULL};
    g_autoptr(OptList) opts = optlist_parse(value, "size");
    uint64_t size = o->machine.ram_size;
    optlist_ignore(opts, harmless);
    if (!optlist_size(opts, "size", 1u << 20, &size, error) || !optlist_finish(opts, error)) {
        return false;
    }
    o->memory_given = true;
    return options_set_memory(o, size, error);
}

bool options_set_memory(Options *o, uint64_t size, GError **error)
{
    if (size < RAM_MIN || size > RAM_MAX) {
        g_set_error(error, OPT_ERROR, 0,
                    "%" G_GUINT64_FORMAT " bytes of memory: must be from 16M to 64G", size);
        return false;
    }
    /* Whole pages; QEMU rounds up likewise. */
    o->machine.ram_size = (size + 8191) & ~8191ull;
    return true;
}

static bool opt_kernel(Options *o, const char *value, GError **error)
{
    o->machine.kernel = options_keep(o, value);
    return true;
}

static bool opt_initrd(Options *o, const char *value, GError **error)
{
    o->machine.initrd = options_keep(o, value);
    return true;
}

static bool opt_append(Options *o, const char *value, GError **error)
{
    o->machine.append = options_keep(o, value);
    return true;
}

static bool opt_no_hpet(Options *o, const char *value, GError **error)
{
    options_set_machine_prop(o, "-no-hpet", "hpet", "off");
    return true;
}

static bool opt_name(Options *o, const char *value, GError **error)
{
    static const char *const harmless[] = {"process", "debug-threads", NULL};
    g_autoptr(OptList) opts = optlist_parse(value, "guest");
    const char *name = optlist_get(opts, "guest");
    optlist_ignore(opts, harmless);
    o->machine.name = name ? options_keep(o, name) : NULL;
    return optlist_finish(opts, error);
}

static bool opt_uuid(Options *o, const char *value, GError **error)
{
    if (!g_uuid_string_is_valid(value)) {
        g_set_error(error, OPT_ERROR, 0,
                    "is no UUID, which looks like 01234567-89ab-cdef-0123-456789abcdef");
        return false;
    }
    o->machine.uuid = options_keep(o, value);
    return true;
}

static bool opt_rtc(Options *o, const char *value, GError **error)
{
    static const char *const clocks[] = {"host", "rt", "vm"}; /* it is the machine's, always */
    static const char *const harmless[] = {"driftfix", NULL};
    g_autoptr(OptList) opts = optlist_parse(value, NULL);
    const char *base = optlist_get(opts, "base"), *clock = optlist_get(opts, "clock");
    optlist_ignore(opts, harmless);
    if (clock && strcmp(clock, clocks[0]) != 0 && strcmp(clock, clocks[1]) != 0 &&
        strcmp(clock, clocks[2]) != 0) {
        opt_error_nearest(error, clock, clocks, G_N_ELEMENTS(clocks), "clock=%s: there is none",
                          clock);
        return false;
    }
    o->machine.rtc_base = base ? options_keep(o, base) : NULL;
    return optlist_finish(opts, error);
}

static bool boot_letters(const char *key, const char *text, GError **error)
{
    if (!text || text[strspn(text, "acdn")] == '\0') {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0,
                "%s=%s: letters are a (floppy), c (disk), d (CD-ROM) and n (network)", key, text);
    return false;
}

static bool boot_time(OptList *opts, const char *key, int *value, GError **error)
{
    const char *text = optlist_get(opts, key);
    int64_t number = *value;
    if (text && (!g_ascii_string_to_signed(text, 10, -1, 0xffff, &number, NULL))) {
        g_set_error(error, OPT_ERROR, 0, "%s=%s: write milliseconds, 65535 at most, or -1", key,
                    text);
        return false;
    }
    *value = (int)number;
    return true;
}

static bool opt_boot(Options *o, const char *value, GError **error)
{
    static const char *const harmless[] = {"splash", NULL};
    BootOptions *boot = &o->machine.firmware.boot;
    g_autoptr(OptList) opts = optlist_parse(value, "order");
    const char *order = optlist_get(opts, "order"), *once = optlist_get(opts, "once");
    optlist_ignore(opts, harmless);
    boot->order = order ? options_keep(o, order) : boot->order;
    boot->once = once ? options_keep(o, once) : boot->once;
    return boot_letters("order", order, error) && boot_letters("once", once, error) &&
           optlist_bool(opts, "menu", &boot->menu, error) &&
           optlist_bool(opts, "strict", &boot->strict, error) &&
           boot_time(opts, "splash-time", &boot->splash_time, error) &&
           boot_time(opts, "reboot-timeout", &boot->reboot_timeout, error) &&
           optlist_finish(opts, error);
}

static bool opt_bios(Options *o, const char *value, GError **error)
{
    o->machine.firmware.bios = options_keep(o, value);
    return true;
}

static bool opt_folder(Options *o, const char *value, GError **error)
{
    if (strcmp(value, "help") == 0) {
        g_autoptr(GString) list = g_string_new(NULL);
        datafile_list_folders(o->machine.firmware.folders, list);
        fputs(list->str, stdout);
        o->done = true;
    } else {
        g_ptr_array_add(o->folders, g_strdup(value));
    }
    return true;
}

static bool opt_fw_cfg(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, "name");
    const char *name = optlist_get(opts, "name"), *file = optlist_get(opts, "file"),
               *string = optlist_get(opts, "string");
    if (!optlist_finish(opts, error)) {
        return false;
    }
    if (!name || !name[0] || strlen(name) > 55 || !!file == !!string) {
        g_set_error(error, OPT_ERROR, 0,
                    "write name=NAME,file=PATH or name=NAME,string=TEXT, NAME up to 55 letters");
        return false;
    }
    g_autofree FwCfgItem *item = g_new0(FwCfgItem, 1);
    if (file) {
        g_autoptr(GError) why = NULL;
        if (!g_file_get_contents(file, (char **)&item->data, &item->len, &why)) {
            g_set_error(error, OPT_ERROR, 0, "file=%s: could not be read: %s", file, why->message);
            return false;
        }
    } else {
        item->data = (uint8_t *)g_strdup(string);
        item->len = strlen(string);
    }
    item->name = g_strdup(name);
    g_ptr_array_add(o->fw_cfg, g_steal_pointer(&item));
    return true;
}

static bool opt_mem_path(Options *o, const char *value, GError **error)
{
    g_printerr(PROGRAM ": warning: -mem-path %s: memory is the process's own; no file has it\n",
               value);
    return true;
}

const OptRow opt_rows_machine[] = {
    {"machine", true, opt_machine, "the machine: TYPE[,PROPERTY=VALUE...]; help lists them"},
    {"M", true, opt_machine, NULL},
    {"accel", true, opt_accel, "how CPUs run: tcg, qtest; help lists them"},
    {"enable-kvm", false, opt_enable_kvm, "use KVM if it is there (it is not yet)"},
    {"cpu", true, opt_cpu, "CPU model and features: max, qemu64, base[,+FEATURE,-FEATURE]"},
    {"smp", true, opt_smp, "CPUs: N[,maxcpus=,sockets=,dies=,cores=,threads=]"},
    {"m", true, opt_memory, "memory: 512M, 4G; a bare number is MiB"},
    {"kernel", true, opt_kernel, "kernel: bzImage, vmlinux or multiboot"},
    {"initrd", true, opt_initrd, "initial file system or multiboot modules"},
    {"append", true, opt_append, "the kernel's command line"},
    {"fw_cfg", true, opt_fw_cfg, "a file for the guest: name=NAME,file=PATH|string=TEXT"},
    {"name", true, opt_name, "the machine's name"},
    {"uuid", true, opt_uuid, "the machine's UUID"},
    {"rtc", true, opt_rtc, "start of the real-time clock: base=utc|localtime|DATE"},
    {"no-hpet", false, opt_no_hpet, "leave the HPET out"},
    {"boot", true, opt_boot, "what firmware starts: [order=]acdn,once=,menu=,strict=,..."},
    {"bios", true, opt_bios, "firmware, by its file's name"},
    {"L", true, opt_folder, "a folder with firmware and option ROMs; help lists them"},
    {"smbios", true, opt_not_yet, NULL},
    {"mem-prealloc", false, opt_accept, NULL, "the host gives memory when it is used"},
    {"mem-path", true, opt_mem_path, NULL, "memory is the process's own; no file has it"},
    {"overcommit", true, opt_accept, NULL, "memory is not locked, and a CPU that waits is idle"},
    {"k", true, opt_accept, NULL, "keys are named by where they are, not by a layout"},
    {"tb-size", true, opt_accept, NULL, "the translator's cache has a size of its own"},
    {NULL},
};
