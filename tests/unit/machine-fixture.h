/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole q35 machine in a test, with every device that a user can add, on a clock that the test
 * moves. With or without vCPUs; without, the test plays them, as under qtest.
 */
#ifndef TESTS_UNIT_MACHINE_FIXTURE_H
#define TESTS_UNIT_MACHINE_FIXTURE_H

#include <string.h>
#include <unistd.h>

#include "hw/core/state_stream.h"
#include "machine/accel.h"
#include "machine/machine_state.h"

#define BOX_RAM    (32u << 20)
#define BOX_CPUS   2
#define BOX_DRIVE  4096 /* bytes of each drive, d0, d1 .. */
#define BOX_DRIVES 7

typedef struct {
    Trace trace;
    Platform platform;
    RunState *runstate;
    Machine *machine;
    char *drives[BOX_DRIVES]; /* file names */
    char *share;              /* a folder's, empty and read only */
} Box;

/* What a class needs beside its name. Two of some kinds, told apart by order alone. */
static const struct {
    const char *name, *options;
} box_options[] = {
    {"amd-iommu", "command-latency=1000,event-latency=700"},
    {"intel-iommu",
     "intremap=on,device-iotlb=on,qi-latency=1000,gcmd-latency=500,gcmd-early=queue"},
    {"ide-cd", "drive=d4"},
    {"ide-hd", "drive=d3"},
    {"isa-serial", "chardev=c0,index=3"},
    {"isa-debugcon", "chardev=c1,iobase=0x402"},
    {"nvme", "drive=d1,serial=S,max_ioqpairs=7,msix_qsize=7,sriov_max_vfs=2,sriov-online=on"},
    {"nvme-ns", "drive=d2"},
    {"pxb-pcie", "bus_nr=128"},
    {"scsi-cd", "drive=d6,lun=1,scsi-id=3"},
    {"scsi-hd", "drive=d5,scsi-id=3"},
    {"virtio-9p-pci", "fsdev=s0,mount_tag=share"},
    {"virtio-blk-pci", "drive=d0,vectors=3"},
    {"virtserialport", "chardev=c2,name=first"},
    {"virtconsole", "chardev=c3"},
    {"vmd", "mode=bypass,membar1-phys=0x60000000,cfg-latency=1000,ports=2"},
    {"x3130-upstream", "bus=pcie-root-port"},
    {"xio3130-downstream", "bus=x3130-upstream"},
};

static inline char *box_device_text(const DeviceClass *cls)
{
    for (size_t i = 0; i < G_N_ELEMENTS(box_options); i++) {
        if (strcmp(box_options[i].name, cls->name) == 0) {
            return g_strdup_printf("%s,%s", cls->name, box_options[i].options);
        }
    }
    return g_strdup(cls->name);
}

static inline void box_must(bool ok, const GError *error)
{
    if (!ok) {
        g_error("%s", error ? error->message : "no reason is given");
    }
}

static inline void box_make_backends(Box *box)
{
    GError *error = NULL;
    uint8_t disk[BOX_DRIVE];
    for (size_t i = 0; i < sizeof(disk); i++) {
        disk[i] = (uint8_t)(i * 7 + i / 512);
    }
    for (int i = 0; i < BOX_DRIVES; i++) {
        g_autofree char *id = g_strdup_printf("d%d", i);
        int fd = g_file_open_tmp("switchyard-test-XXXXXX", &box->drives[i], &error);
        box_must(fd >= 0, error);
        close(fd);
        box_must(g_file_set_contents(box->drives[i], (const char *)disk, sizeof(disk), &error),
                 error);
        const BlockOptions options = {.file = box->drives[i], .read_only = true};
        BlockBackend *drive = blk_open(id, &options, &error);
        box_must(drive && backends_add_drive(box->platform.backends, drive, &error), error);
    }
    for (int i = 0; i < 4; i++) {
        g_autofree char *id = g_strdup_printf("c%d", i);
        Chardev *chr = chr_new_from_spec(id, "null", &error);
        box_must(chr && backends_add_chardev(box->platform.backends, chr, &error), error);
    }
}

static inline void box_make_share(Box *box)
{
    GError *error = NULL;
    box->share = g_dir_make_tmp("switchyard-test-XXXXXX", &error);
    box_must(box->share != NULL, error);
    const FsdevOptions options = {.id = (char *)"s0", .path = box->share, .readonly = true};
    Fsdev *fsdev = fsdev_new_within(&options, &error);
    box_must(fsdev && backends_add_fsdev(box->platform.backends, fsdev, &error), error);
}

/* The machine before it is built. */
static inline void box_begin(Box *box, const MachineOptions *options)
{
    *box = (Box){0};
    trace_init(&box->trace);
    box->runstate = runstate_new();
    box->platform = (Platform){.clock = clock_new(CLOCK_MANUAL),
                               .memory = as_new("memory", 52),
                               .ports = as_new("I/O", 16),
                               .trace = &box->trace,
                               .backends = backends_new()};
    box_make_backends(box);
    box_make_share(box);
    box->machine = machine_new(machine_class_find("q35"), &box->platform, box->runstate, options);
}

/* It has all its devices now. */
static inline void box_start(Box *box, const MachineOptions *options)
{
    GError *error = NULL;
    if (options->accel->has_cpus) {
        machine_reset(box->machine); /* the test has code of its own to start */
    } else {
        box_must(machine_restart(box->machine, &error), error);
    }
}

/* `unit` is the remapping unit among the devices. */
static inline void box_open_with(Box *box, const MachineOptions *options, bool with_devices,
                                 const char *unit)
{
    GError *error = NULL;
    box_begin(box, options);
    for (const DeviceClass *const *cls = device_classes; with_devices && *cls; cls++) {
        bool other = (*cls)->iommu && strcmp((*cls)->name, unit) != 0;
        if ((*cls)->user_creatable && (*cls)->bus == BUS_SYSTEM && !other) {
            g_autofree char *text = box_device_text(*cls);
            box_must(machine_add_system_device(box->machine, text, &error), error);
        }
    }
    if (with_devices) {
        box_must(machine_set_prop(box->machine, "hyperv", "on", &error), error);
    }
    box_must(machine_build(box->machine, &error), error);
    /* Buses of devices come before what is plugged into them: by kind of bus. */
    for (int bus = BUS_SYSTEM + 1; with_devices && bus < BUS_TYPES; bus++) {
        for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
            if ((*cls)->user_creatable && (*cls)->bus == (BusType)bus) {
                g_autofree char *text = box_device_text(*cls);
                box_must(machine_add_device(box->machine, text, &error), error);
            }
        }
    }
    box_start(box, options);
}

static inline void box_open(Box *box, const MachineOptions *options, bool with_devices)
{
    box_open_with(box, options, with_devices, "intel-iommu");
}

static inline void box_close(Box *box)
{
    machine_free(box->machine);
    backends_free(box->platform.backends);
    as_free(box->platform.memory);
    as_free(box->platform.ports);
    clock_free(box->platform.clock);
    runstate_free(box->runstate);
    trace_close(&box->trace);
    rmdir(box->share);
    g_free(box->share);
    for (int i = 0; i < BOX_DRIVES; i++) {
        unlink(box->drives[i]);
        g_free(box->drives[i]);
    }
}

static inline MachineOptions box_machine_options(void)
{
    return (MachineOptions){.ram_size = BOX_RAM,
                            .cpus = BOX_CPUS,
                            .sockets = 1,
                            .cores = BOX_CPUS,
                            .threads = 1,
                            .max_cpus = BOX_CPUS,
                            .accel = &qtest_accel,
                            .rtc_base = "2021-02-03T04:05:06"};
}

static inline GByteArray *box_save(Box *box)
{
    GError *error = NULL;
    GByteArray *out = g_byte_array_new();
    box_must(machine_save(box->machine, out, &error), error);
    return out;
}

static inline void box_load(Box *box, const GByteArray *saved)
{
    GError *error = NULL;
    box_must(machine_load(box->machine, saved->data, saved->len, &error), error);
}

/* Names the section and byte of the first difference. */
static inline void box_assert_same(const GByteArray *a, const GByteArray *b, const char *when)
{
    g_autoptr(GPtrArray) in_a = state_stream_parse(a->data, a->len, NULL);
    g_autoptr(GPtrArray) in_b = state_stream_parse(b->data, b->len, NULL);
    g_assert_cmpuint(in_a->len, ==, in_b->len);
    for (guint i = 0; i < in_a->len; i++) {
        const StateSection *sa = in_a->pdata[i], *sb = in_b->pdata[i];
        for (size_t at = 0; at < MAX(sa->len, sb->len); at++) {
            if (at >= sa->len || at >= sb->len || sa->data[at] != sb->data[at]) {
                size_t from = at > 60 ? at - 60 : 0;
                g_autofree char *near = g_strndup((const char *)sa->data + from, at - from);
                g_autofree char *shown = NULL;
                for (char *c = near; c < near + (at - from); c++) {
                    *c = g_ascii_isprint(*c) ? *c : '.';
                }
                shown = g_strndup(near, at - from);
                g_error("%s: section '%s' of '%s' differs at byte %zu of %zu and %zu, after '%s'",
                        when, sa->name, sa->id, at, sa->len, sb->len, shown);
            }
        }
    }
    g_assert_cmpmem(a->data, a->len, b->data, b->len);
}

#endif
