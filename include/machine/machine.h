/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine: the options that make it, the board that builds it, and what the main loop, monitor
 * and qtest need to find on it.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "base/runstate.h"
#include "hw/core/backends.h"
#include "hw/core/device.h"
#include "hw/intc/apic.h"
#include "hw/intr/filter.h"
#include "hw/intr/lint.h"
#include "hw/pci/pci.h"
#include "machine/forgive.h"
#include "machine/numa.h"
#include "machine/vcpu.h"

typedef struct AccelOps AccelOps; /* machine/accel.h */

/* -fw_cfg: an extra file. */
typedef struct {
    char *name;
    uint8_t *data;
    size_t len;
} FwCfgItem;

/* -add-fd: a file that whoever started the program has opened. */
typedef struct {
    unsigned set;
    int fd;
    const char *opaque; /* may be NULL */
} FdsetFile;

/* -boot. */
typedef struct {
    const char *order, *once; /* letters of acdn; NULL: the firmware's own order */
    bool menu, strict;
    int splash_time;    /* ms for the menu; -1: not said */
    int reboot_timeout; /* ms until a machine that finds nothing starts again; -1: never, -2: not
                           said */
} BootOptions;

/* What runs from the reset vector on where there is no -kernel. */
typedef struct {
    const char *bios;     /* -bios: a file's name; NULL: CPUs find nothing to execute */
    const char *flash[2]; /* drives of if=pflash: the first ends at 4 GiB; may be NULL */
    GPtrArray *folders;   /* -L: of char *, where files are looked for by name */
    bool no_graphic;      /* -nographic: it shows itself on the first serial port */
    BootOptions boot;
} FirmwareOptions;

/* machine/checkpoint.h */
typedef struct {
    unsigned most;       /* checkpoints; 0: the default */
    uint64_t most_bytes; /* that all of them may keep, or the oldest go; 0: the default */
} CheckpointLimits;
typedef struct Checkpoints Checkpoints;
/* Who can take the machine back, and forward as it went (system/past.c): asked for while it stands,
 * it sets out and stops when it is there. */
typedef struct {
    /* To the last breakpoint hit before, or to before the last instruction of `step`. */
    void (*reverse)(void *opaque, Vcpu *step);
    /* One instruction of that vCPU, with all that happens until then. */
    void (*forward)(void *opaque, Vcpu *step);
    void *opaque;
} MachinePast;

typedef struct {
    const char *name;                       /* -name, may be NULL */
    const char *uuid;                       /* -uuid, may be NULL */
    uint64_t ram_size;                      /* bytes */
    unsigned cpus, sockets, cores, threads; /* cpus at start; -smp */
    unsigned max_cpus;
    const NumaLayout *numa;               /* -numa; NULL: one node that nothing tells of */
    GPtrArray *acpi_tables;               /* of GByteArray *: -acpitable; may be NULL */
    GArray *fdsets;                       /* of FdsetFile; may be NULL */
    bool no_acpi;                         /* guests are not told of any ACPI table */
    const char *cpu_model;                /* "max,-x2apic" or NULL */
    const char *kernel, *initrd, *append; /* may be NULL */
    FirmwareOptions firmware;
    ForgiveSet forgive;
    LintMode lint;
    const char *ioapic_version; /* NULL, "0x11" or "0x20" */
    Chardev *serial[4];         /* may be NULL; -nodefaults leaves none */
    Chardev *debugcon;
    unsigned debugcon_port;
    const char *rtc_base;
    const char *snapshots; /* the folder of savevm; may be NULL */
    CheckpointLimits checkpoints;
    bool vary_turns; /* -seed: where time is counted, vCPUs' turns have lengths that follow from it
                      */
    uint64_t seed;
    const AccelOps *accel;     /* what its vCPUs are, */
    const void *accel_options; /* and what -accel said about it (AccelOps.configure); may be NULL */
    GHashTable *globals;       /* "driver.prop" -> text, from -global */
    const char *const *option_names; /* of the command line, for those who ask; may be NULL */
    GPtrArray *fw_cfg;               /* of FwCfgItem *, from -fw_cfg; may be NULL */
} MachineOptions;

typedef struct Machine Machine;

typedef struct {
    const char *name, *alias, *desc;
    unsigned max_cpus;
    bool acpi;             /* it has ACPI tables */
    const PropInfo *props; /* of the Machine subclass; PROP_END */
    size_t instance_size;
    /* Builds the board: everything but the -device devices. The machine's remapping units and
     * added sources are created; the board links and realizes them. */
    bool (*build)(Machine *machine, GError **error);
    /* Once, after all -device devices: do options that name them hold? May be NULL. */
    bool (*check)(Machine *machine, GError **error);
    /* After all devices: ACPI tables, BARs, boot image. Called again at each reset, after the
     * devices were reset, since firmware would run again. */
    bool (*boot)(Machine *machine, GError **error);
    /* After a sleep, in place of boot: memory is as it was. NULL where nothing sleeps. */
    bool (*wake)(Machine *machine, GError **error);
    /* Fills in the links of a -device device that is on no PCI bus (lines, run state ...), before
     * it is realized. NULL: such devices have nothing to be plugged into. */
    bool (*plug)(Machine *machine, Device *dev, GError **error);
    /* The IOAPIC's pin that a function's INTx leads to, or -1; for monitors. May be NULL. */
    int (*intx_pin)(const Machine *machine, const PciDevice *pci);
    /* A vCPU was plugged in; and, where the guest is to let one go: it calls machine_cpu_gone()
     * when it has. NULL: neither is possible. */
    void (*cpu_plugged)(Machine *machine, unsigned index);
    void (*cpu_asked_out)(Machine *machine, unsigned index);
    /* What a guest can have changed of the board itself, of the Machine subclass: wires, for one.
     * May be NULL. */
    const StateField *state;
    /* Frees what build() made and machine_own() was not given; the devices are gone already. */
    void (*destroy)(Machine *machine);
} MachineClass;

/* migration.h */
typedef struct {
    const char *status; /* QMP's MigrationStatus; NULL: there was none */
    char *error;        /* of the last that failed; may be NULL */
    bool events;        /* monitors' clients want to be told */
    bool starts;        /* one that comes in runs then */
    int64_t total_ms;
} Migration;

struct Machine {
    const MachineClass *cls;
    MachineOptions opts;
    Platform platform;
    Journal journal;
    JournalFilter line_filter; /* of the monitor, for the journal's lines */
    Lint lint;                 /* platform.lint is NULL with -lint off */
    RunState *runstate;
    GPtrArray
        *devices; /* of Device *, in order of creation; reset in this order, freed in reverse */
    ApicBus *apic_bus;
    HvPartition *hyperv; /* NULL: no Hyper-V; among the devices too */
    void *accel_state;
    VcpuTraits cpu_traits;
    unsigned cpu_count;   /* places for them (-smp maxcpus=): machine_cpu_is_present() */
    const char **cpu_ids; /* device_add's ids of those that were plugged in, interned; or NULL */
    ApicState **apics;    /* cpu_count of them */
    Vcpu **cpus;          /* and of these, made by machine_make_vcpu() */
    uint64_t pause_at;    /* AccelOps.executed when somebody wants to look; 0: nobody */
    Migration migration;
    Checkpoints *checkpoints; /* NULL: there were none yet */
    const MachinePast *past;  /* NULL: there is nobody */
    uint64_t inputs;          /* what came from outside and is remembered, so much of it is here */
    bool seeks;               /* it is on its way: breakpoints do not stop it, but run_slice() */
    bool at_begin;            /* it could not go back further */
    VcpuBreakpoint broke_for; /* which one; length 0: none of a debugger's */
    Vcpu *broke;      /* whose breakpoint stopped the machine, until a debugger has told it */
    GPtrArray *ram;   /* of MemRegion *: all memory that a guest can write to; the board's */
    PciBus *pci_root; /* NULL for machine none */
    /* Of Device *, in order; among the devices too. */
    GPtrArray *iommus;        /* remapping units */
    GPtrArray *added_sources; /* IOAPICs and the like that -device adds to the board's own */
    GPtrArray *ioapics;       /* all; the board's own is the first */
    Device *pic;
};

extern const MachineClass *const machine_classes[]; /* ends with NULL; hw/i386/machines.c */

/* `opts` is copied, what it points at is not and must outlive the machine. */
Machine *machine_new(const MachineClass *cls, const Platform *platform, RunState *rs,
                     const MachineOptions *opts);
/* A property of the Machine subclass, or an error that names the nearest. */
bool machine_set_prop(Machine *machine, const char *name, const char *text, GError **error);
/* Starts the accelerator and builds the board (MachineClass.build). */
bool machine_build(Machine *machine, GError **error);
void machine_free(Machine *machine);
/* Takes ownership of a realized or board-made device, so that it is reset, shown and freed. */
void machine_own(Machine *machine, Device *dev);
/* Creates and owns a device that is on no bus (BUS_SYSTEM: a remapping unit, an IOAPIC) from
 * -device's options; before MachineClass.build, which links and realizes it. */
Device *machine_add_system_device(Machine *machine, const char *text, GError **error);
/* Creates, sets up, attaches to its bus, realizes and owns a device from -device's options
 * ("edu,id=x,addr=5"; `globals` applied first). Owned by the machine. */
Device *machine_add_device(Machine *machine, const char *text, GError **error);
/* device_add: a vCPU, or a device into a slot that takes devices while the machine runs; the guest
 * is told. */
bool machine_hot_add(Machine *machine, const char *text, GError **error);
/* device_del: asks the guest to let go of the device by that id; or, by surprise, takes it away at
 * once, in the middle of whatever it does. A vCPU is always asked for. */
bool machine_hot_remove(Machine *machine, const char *id, bool surprise, GError **error);
/* Monitors tell of a device that is gone; `id` may be NULL. */
void machine_tell_deleted(Machine *machine, const char *id, const char *path);
/* For the board: the guest has let go of what is behind the port (PciHost.released). */
void machine_slot_released(Machine *machine, PciDevice *port);
/* The first half of machine_add_device(): created and set up, but on no bus, unrealized, and the
 * caller's. */
Device *machine_create_device(Machine *machine, const char *text, GError **error);
/* Sets what -global says about this class: the board calls it for each device it makes itself,
 * after its own settings and before realize. */
bool machine_apply_globals(Machine *machine, Device *dev, GError **error);
/* The device that the user gave this id, or NULL. */
Device *machine_find_named(const Machine *machine, const char *id);
/* Has a device or a vCPU of the user's this id? */
bool machine_id_is_taken(const Machine *machine, const char *id);
/* By id, or by a QOM-like path ("/machine/peripheral/x", "ioapic"); NULL if there is none. */
Device *machine_find_device(Machine *machine, const char *path);
/*
 * Plugging in and taking out vCPUs (machine_cpus.c). Their places are there from the start, -smp
 * cpus= of them taken.
 */
typedef struct {
    unsigned socket, core, thread;
} CpuPlace;
CpuPlace machine_cpu_place(const Machine *machine, unsigned index);
bool machine_cpu_is_present(const Machine *machine, unsigned index);
/* -cpu's text, or what it is where nothing is said. */
const char *machine_cpu_model(const Machine *machine);
/* The driver of device_add: the CPU model's name with "-x86_64-cpu". */
char *machine_cpu_driver(const Machine *machine);
/* True if device_add's options are for a vCPU, whether this machine's or not. */
bool machine_is_cpu_driver(const char *driver);
/* "max-x86_64-cpu,id=,socket-id=,core-id=,thread-id=". Called between two slices. */
bool machine_plug_cpu(Machine *machine, const char *text, GError **error);
/* The place of a plugged vCPU by its id, or -1. */
int machine_find_cpu(const Machine *machine, const char *id);
/* Asks the guest to let it go. */
bool machine_ask_cpu_out(Machine *machine, unsigned index, GError **error);
/* QOM's path of a vCPU that is there; the caller frees it. */
char *machine_cpu_path(const Machine *machine, unsigned index);
/* The guest has let it go: what is still sent to it is lost. */
void machine_cpu_gone(Machine *machine, unsigned index);

/* After the devices of the command line (MachineClass.check). */
bool machine_check(Machine *machine, GError **error);
/* Does `act` with a machine that does not run: time in which it is looked at does not pass for it.
 */
bool machine_while_stopped(Machine *machine, const char *path,
                           bool (*act)(Machine *machine, const char *path, GError **error),
                           GError **error);
/* Pulses the board's NMI pin, which is LINT1 of each local APIC; how many CPUs saw it. */
unsigned machine_pulse_nmi(Machine *machine);
/* Devices in order, then the vCPUs. */
void machine_reset(Machine *machine);
/* machine_reset(), then what firmware would do (MachineClass.boot). */
bool machine_restart(Machine *machine, GError **error);
/* Out of sleep with memory kept (S3): devices that lost their power and the vCPUs are reset, then
 * MachineClass.wake. */
bool machine_wake(Machine *machine, GError **error);
/* By name or alias, or NULL. */
const MachineClass *machine_class_find(const char *name);

/* `none`: no devices, no memory, no CPUs. */
extern const MachineClass machine_none_class;

#endif
