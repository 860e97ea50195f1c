/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each device among all others: its registers at all widths, its configuration space, the memory
 * that its rings and tables lie in, time, resets in the middle. What a run does to others than its
 * own device is a part of it: addresses that a device is given are often another's registers, or
 * its own.
 */
#include "chardev/internal.h"
#include "commands.h"
#include "display/display.h"
#include "fuzz.h"
#include "rings.h"
#include "tests/unit/machine-windows.h"

enum {
    ARENA = 0x100000, /* where the scenes lie, too */
    ARENA_END = 0x400000,
    RINGS = 0x300000, /* the driver's */
    MOST_NS = 20,     /* a step of time is at most 2^20 ns */
};

typedef struct {
    const char *cls;
    const char *scenes[2]; /* what it may be in the middle of */
    const char *unit;      /* the remapping unit beside it; NULL: Intel's */
    const char *driven;    /* the virtio device that has a driver, as often as not */
    bool host;             /* bytes and keys come for it from the host */
} FuzzDevice;

typedef struct {
    Box box;
    Map own, all; /* its registers, and everybody's */
    const FuzzDevice *device;
    Rings rings; /* no queues: there is no driver */
    Commands commands;
} Board;

static void *devices_open(const void *data)
{
    Board *b = g_new0(Board, 1);
    MachineOptions options = box_machine_options();
    b->device = data;
    box_open_with(&b->box, &options, true, b->device->unit ? b->device->unit : "intel-iommu");
    map_open(&b->all, &b->box, NULL);
    b->own = (Map){.windows = g_array_new(false, false, sizeof(Window))};
    for (guint i = 0; i < b->all.windows->len; i++) {
        Window window = g_array_index(b->all.windows, Window, i);
        if (strcmp(window.of, b->device->cls) == 0) {
            map_add(&b->own, window);
        }
    }
    if (b->own.weights == 0) { /* it is reached through others alone */
        g_array_append_vals(b->own.windows, b->all.windows->data, b->all.windows->len);
        b->own.weights = b->all.weights;
    }
    return b;
}

static void devices_close(void *state)
{
    Board *b = state;
    g_array_unref(b->own.windows);
    g_array_unref(b->all.windows);
    box_close(&b->box);
    g_free(b);
}

static const Window *devices_window(const Map *map, FuzzInput *in)
{
    unsigned left = fuzz_below(in, map->weights);
    const Window *w = &g_array_index(map->windows, Window, 0);
    while (left >= w->weight) {
        left -= w++->weight;
    }
    return w;
}

/* Memory that a device may be given: of the arena, the end of RAM, or what is no memory. */
static uint64_t devices_address(Board *b, FuzzInput *in)
{
    switch (fuzz_below(in, 8)) {
    case 0:
        return BOX_RAM - fuzz_below(in, 256);
    case 1:
        return devices_window(&b->own, in)->base + fuzz_u8(in);
    case 2:
        return devices_window(&b->all, in)->base + fuzz_u8(in);
    case 3:
        return 0xfee00000 | fuzz_below(in, 65536);
    case 4:
        return ARENA + fuzz_below(in, 65536) * 16u;
    default:
        return ARENA + fuzz_below(in, (ARENA_END - ARENA) >> 12) * 4096u;
    }
}

static uint64_t devices_value(Board *b, FuzzInput *in)
{
    switch (fuzz_below(in, 4)) {
    case 0:
        return devices_address(b, in);
    case 1:
        return devices_address(b, in) | fuzz_u8(in); /* with flags in its low bits */
    default:
        return fuzz_number(in);
    }
}

static void devices_access(Board *b, const Map *map, FuzzInput *in, bool store)
{
    const Window *w = devices_window(map, in);
    AddressSpace *as = w->ports ? b->box.platform.ports : b->box.platform.memory;
    unsigned size = 1u << fuzz_below(in, w->ports ? 3 : 4);
    uint64_t at = w->base + fuzz_below(in, MIN(w->len, 65536));
    if (fuzz_below(in, 8)) {
        at = at / size * size;
    }
    if (store) {
        as_store(as, at, devices_value(b, in), size);
    } else {
        as_load(as, at, size, NULL);
    }
}

/* A word of a ring or table, near others that were written. */
static void devices_memory(Board *b, FuzzInput *in)
{
    static const uint32_t bases[] = {QUEUE,           VIRTQ,
                                     VIRTQ + 0x1000,  VIRTQ + 0x4000,
                                     NVME_MEM,        NVME_MEM + 0x2000,
                                     ARENA + 0x10000, ARENA + 0x80000,
                                     AHCI_MEM,        AHCI_MEM + 0x1000,
                                     VSCSI_MEM,       VSCSI_MEM + 0x4000};
    uint64_t at = bases[fuzz_below(in, G_N_ELEMENTS(bases))] + fuzz_below(in, 1024) * 4u;
    for (unsigned n = fuzz_below(in, 4) + 1; n > 0; n--, at += 8) {
        as_store(b->box.platform.memory, at, devices_value(b, in), 1u << fuzz_below(in, 4));
    }
}

static void devices_local_apic(Board *b, FuzzInput *in)
{
    ApicState *apic = b->box.machine->apics[fuzz_below(in, BOX_CPUS)];
    uint32_t at = fuzz_u8(in) * 16u % 0x400;
    switch (fuzz_below(in, 4)) {
    case 0:
        apic_mmio_read(apic, at, 4);
        break;
    case 1:
        apic_ack(apic);
        break;
    default:
        apic_mmio_write(apic, at, (uint32_t)fuzz_number(in), 4);
    }
}

static void devices_hyperv(Board *b, FuzzInput *in)
{
    static const uint32_t registers[] = {HV_GUEST_ID,  HV_HYPERCALL, HV_REF_TSC,   HV_VP_ASSIST,
                                         HV_SCONTROL,  HV_SIEFP,     HV_SIMP,      HV_EOM,
                                         HV_SINT(0),   HV_SINT(3),   HV_CONFIG(0), HV_COUNT(0),
                                         HV_CONFIG(3), HV_TIME_COUNT};
    HvVp *vp = hv_vp(b->box.machine->hyperv, fuzz_below(in, BOX_CPUS));
    uint32_t msr = registers[fuzz_below(in, G_N_ELEMENTS(registers))];
    uint64_t value;
    if (fuzz_below(in, 4)) {
        hv_msr_write(vp, msr, devices_value(b, in));
    } else {
        hv_msr_read(vp, msr, &value);
    }
}

/* What comes from the host's side: bytes on serial lines and consoles, keys. */
static void devices_host(Board *b, FuzzInput *in)
{
    static const char *const ids[] = {"c0", "c2", "c3"};
    Chardev *chr = backends_chardev(b->box.platform.backends, ids[fuzz_below(in, 3)]);
    uint8_t bytes[64];
    size_t len = fuzz_take(in, bytes, fuzz_below(in, sizeof(bytes))), room = chr_can_receive(chr);
    if (fuzz_below(in, 2)) {
        chr_receive(chr, bytes, MIN(len, room));
        return;
    }
    for (size_t i = 0; i + 1 < len; i += 2) {
        const Key key = {.name = "any",
                         .set1 = (uint16_t)(bytes[i] & 1 ? 0xe000 | bytes[i + 1] : bytes[i + 1]),
                         .set2 = bytes[i + 1],
                         .set3 = bytes[i + 1]};
        display_press(backends_display(b->box.platform.backends), &key, bytes[i] & 2);
    }
}

static void devices_step(Board *b, FuzzInput *in)
{
    unsigned kind = fuzz_below(in, 32);
    if (b->rings.queues && fuzz_below(in, 2)) {
        rings_offer(&b->rings, in);
    } else if (b->commands.post && fuzz_below(in, 4) == 0) {
        b->commands.post(&b->commands, in);
    } else if (kind < 6) {
        devices_access(b, &b->own, in, false);
    } else if (kind < 17) {
        devices_access(b, &b->own, in, true);
    } else if (kind < 19) {
        devices_access(b, &b->all, in, fuzz_below(in, 2));
    } else if (kind < 24) {
        devices_memory(b, in);
    } else if (kind < 27) {
        let_pass(&b->box, 1ll << fuzz_below(in, MOST_NS + 1));
    } else if (kind < 29) {
        devices_local_apic(b, in);
    } else if (kind < 30) {
        devices_hyperv(b, in);
    } else if (kind == 31 && b->device->host) {
        devices_host(b, in);
    } else if (kind == 30 && fuzz_below(in, 8) == 0) {
        machine_reset(b->box.machine);
    }
}

static const Scene *devices_scene(const FuzzDevice *device, FuzzInput *in)
{
    const char *name = device->scenes[fuzz_below(in, 2)];
    for (size_t i = 0; name && i < G_N_ELEMENTS(scenes); i++) {
        if (strcmp(scenes[i].name, name) == 0) {
            return &scenes[i];
        }
    }
    return NULL;
}

static uint64_t devices_ring_address(void *opaque, FuzzInput *in)
{
    return devices_address(opaque, in);
}

static void devices_start_driver(Board *b, FuzzInput *in)
{
    b->rings.queues = 0;
    if (b->device->driven && fuzz_below(in, 2) &&
        rings_start(&b->rings, &b->box, b->device->driven, RINGS, in)) {
        b->rings.address = devices_ring_address;
        b->rings.opaque = b;
    }
}

static void devices_run(void *state, FuzzInput *in)
{
    Board *b = state;
    GError *error = NULL;
    const Scene *scene = devices_scene(b->device, in);
    box_must(machine_restart(b->box.machine, &error), error);
    if (scene) {
        memset(as_ram_to_write(b->box.platform.memory, ARENA, ARENA_END - ARENA), 0,
               ARENA_END - ARENA);
        scene->start(&b->box);
    }
    commands_start(&b->commands, &b->box, scene ? scene->name : NULL);
    b->commands.address = devices_ring_address;
    b->commands.opaque = b;
    devices_start_driver(b, in);
    while (fuzz_more(in)) {
        devices_step(b, in);
    }
    let_pass(&b->box, 1ll << MOST_NS);
}

#define DEVICE(cls_name, ...)                                                                      \
    {                                                                                              \
        .name = (cls_name), .open = devices_open, .run = devices_run, .close = devices_close,      \
        .length = 4000, .renew = 100, .cost = 8,                                                   \
        .data = &(const FuzzDevice){.cls = (cls_name), __VA_ARGS__},                               \
    }

/* clang-format off */
const FuzzTarget fuzz_devices[] = {
    DEVICE("ICH9-LPC"),
    DEVICE("VGA"),
    DEVICE("acpi-cpu-hotplug"),
    DEVICE("amd-iommu", .scenes = {"amd-queue"}, .unit = "amd-iommu"),
    DEVICE("amd-iommu-pci", .scenes = {"amd-queue"}, .unit = "amd-iommu"),
    DEVICE("amd-smbus", .unit = "amd-iommu"),
    DEVICE("apic", .scenes = {"timers"}),
    DEVICE("cfi.pflash01"),
    DEVICE("dsa", .scenes = {"dsa", "dsa"}),
    DEVICE("e1000"),
    DEVICE("e1000e"),
    DEVICE("edu", .scenes = {"edu", "edu"}),
    DEVICE("fw_cfg"),
    DEVICE("hpet", .scenes = {"hpet-legacy", "timers"}),
    DEVICE("hyperv", .scenes = {"hyperv", "hyperv"}),
    DEVICE("hyperv-testdev", .scenes = {"hyperv"}),
    DEVICE("i6300esb"),
    DEVICE("i8042", .host = true),
    DEVICE("ich9-pm"),
    DEVICE("ich9-ahci", .scenes = {"ahci", "ahci"}),
    DEVICE("ide-cd", .scenes = {"ahci", "ahci"}),
    DEVICE("ide-hd", .scenes = {"ahci", "ahci"}),
    DEVICE("igb"),
    DEVICE("igbvf"),
    DEVICE("intel-iommu", .scenes = {"vtd-queue", "device-tlb"}),
    DEVICE("intr-testdev"),
    DEVICE("intr-testdev-vf"),
    DEVICE("ioapic", .scenes = {"timers"}),
    DEVICE("isa-debug-exit"),
    DEVICE("isa-debugcon"),
    DEVICE("isa-i8259", .scenes = {"timers", "hpet-legacy"}),
    DEVICE("isa-pit", .scenes = {"timers"}),
    DEVICE("isa-serial", .host = true),
    DEVICE("mc146818rtc", .scenes = {"timers"}),
    DEVICE("mch"),
    DEVICE("nvme", .scenes = {"nvme", "nvme"}),
    DEVICE("nvme-ns", .scenes = {"nvme", "nvme"}),
    DEVICE("nvme-vf", .scenes = {"nvme"}),
    DEVICE("pc-testdev"),
    DEVICE("pci-bridge"),
    DEVICE("pci-serial", .host = true),
    DEVICE("pci-testdev"),
    DEVICE("pcie-pci-bridge"),
    DEVICE("pcie-root-port"),
    DEVICE("pxb-pcie"),
    DEVICE("ramfb"),
    DEVICE("scsi-cd", .scenes = {"virtio-scsi"}, .driven = "virtio-scsi-pci"),
    DEVICE("scsi-hd", .scenes = {"virtio-scsi"}, .driven = "virtio-scsi-pci"),
    DEVICE("uv-hub", .scenes = {"uv-hub"}),
    DEVICE("virtconsole", .driven = "virtio-serial-pci", .host = true),
    DEVICE("virtio-9p-pci", .driven = "virtio-9p-pci"),
    DEVICE("virtio-blk-pci", .scenes = {"virtqueue"}, .driven = "virtio-blk-pci"),
    DEVICE("virtio-keyboard-pci", .driven = "virtio-keyboard-pci"),
    DEVICE("virtio-mouse-pci", .driven = "virtio-mouse-pci"),
    DEVICE("virtio-net-pci", .driven = "virtio-net-pci"),
    DEVICE("virtio-rng-pci", .driven = "virtio-rng-pci"),
    DEVICE("virtio-scsi-pci", .scenes = {"virtio-scsi"}, .driven = "virtio-scsi-pci"),
    DEVICE("virtio-serial-pci", .driven = "virtio-serial-pci", .host = true),
    DEVICE("virtio-tablet-pci", .driven = "virtio-tablet-pci"),
    DEVICE("virtserialport", .driven = "virtio-serial-pci", .host = true),
    DEVICE("vmd"),
    DEVICE("x3130-upstream"),
    DEVICE("xio3130-downstream"),
    {0},
};
/* clang-format on */
