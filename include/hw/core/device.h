/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices: a const description (DeviceClass), an instance that starts with a Device, properties and
 * state as tables. The list of all classes is explicit, in system/devices.c.
 *
 * Life: device_new() -> set properties and links -> device_realize() -> device_reset() ... ->
 * device_free(). Links (what a device depends on: lines, sinks, buses) are plain fields of the
 * instance, filled in by the board before realize.
 */
#ifndef HW_CORE_DEVICE_H
#define HW_CORE_DEVICE_H

#include <glib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/trace.h"
#include "hw/core/irq.h"
#include "hw/core/state.h"

typedef struct Device Device;
typedef struct DeviceClass DeviceClass;

/* What every device of a machine may use. Passed in; outlives the devices. */
typedef struct Platform {
    Clock *clock;
    AddressSpace *memory; /* as the CPUs see it; bus masters go through their Upstream */
    AddressSpace *ports;
    Random *random; /* NULL: the host's */
    Trace *trace;
    struct Journal *journal;   /* hw/intr/journal.h; NULL: interrupts leave no record */
    struct Lint *lint;         /* hw/intr/lint.h; NULL: nobody looks after rules */
    struct Backends *backends; /* -drive, -chardev and -netdev, for PROP_DRIVE ... */
    struct RunState *runstate; /* reset, power-off and exit requests; set by the board */
    IrqLine *gsi;              /* the board's interrupt inputs 0..23 for ISA devices, or NULL */
    struct A20Gate *a20;       /* the same for address line 20 */
} Platform;
#define PLATFORM_GSIS 24

typedef enum {
    BUS_NONE,   /* wired by the board only */
    BUS_SYSTEM, /* -device without a bus: intel-iommu, ioapic */
    BUS_PCI,
    BUS_ISA,
    BUS_VIRTIO_SERIAL,
    BUS_NVME,
    BUS_IDE,
    BUS_SCSI,
    BUS_TYPES,
} BusType;

/* The group that -device help shows a class under. */
typedef enum {
    DEVICE_UNSORTED, /* what users cannot create */
    DEVICE_BRIDGE,
    DEVICE_STORAGE,
    DEVICE_NETWORK,
    DEVICE_INPUT,
    DEVICE_DISPLAY,
    DEVICE_INTERRUPT, /* remapping units, interrupt controllers, timers */
    DEVICE_CPU,
    DEVICE_MISC,
    DEVICE_CATEGORIES,
} DeviceCategory;

/* Properties. The setter parses `text` as QEMU's command line does. */
typedef enum {
    PROP_BOOL,  /* bool: on/off, yes/no, true/false */
    PROP_UINT8, /* uint8_t, uint16_t ...: decimal or 0x; `min`..`max` checked if max != 0 */
    PROP_UINT16,
    PROP_UINT32,
    PROP_UINT64,
    PROP_SIZE,         /* uint64_t with K, M, G, T suffixes */
    PROP_STRING,       /* char *, owned by the device */
    PROP_ENUM,         /* int; `choices` is a NULL-terminated list, the index is stored */
    PROP_ONOFFAUTO,    /* int: OnOffAuto, as on, off or auto */
    PROP_BOOL_OR_AUTO, /* the same, where QEMU has a bool: as a bool or auto */
    PROP_PCI_ADDR,     /* int32_t devfn, "5" or "5.1"; -1 if not given */
    PROP_DRIVE,        /* struct BlockBackend *, by id */
    PROP_CHARDEV,      /* struct Chardev *, by id */
    PROP_NETDEV,       /* struct Netdev *, by id */
    PROP_FSDEV,        /* struct Fsdev *, by id */
    PROP_MAC,          /* uint8_t[6]: 52:54:00:12:34:56; all 0 is none */
} PropType;

typedef enum { ONOFF_AUTO, ONOFF_ON, ONOFF_OFF } OnOffAuto;

typedef struct {
    const char *name, *value; /* as on a command line */
} PropValue;

typedef struct {
    const char *name;
    PropType type;
    size_t offset;
    const char *def; /* default, as text; NULL leaves zero (or -1 for PROP_PCI_ADDR) */
    const char *help;
    uint64_t min, max;
    const char *const *choices;
    /* Of a PROP_ENUM that stands for values of other properties of its table: a list for each
     * choice, ended by a NULL name. device_realize() sets those that nobody else has set. */
    const PropValue *const *presets;
} PropInfo;

#define PROP(type_, name_, struct_, field_, def_, help_)                                           \
    {                                                                                              \
        .name = name_, .type = type_, .offset = offsetof(struct_, field_), .def = def_,            \
        .help = help_                                                                              \
    }
#define PROP_RANGE(type_, name_, struct_, field_, def_, min_, max_, help_)                         \
    {                                                                                              \
        .name = name_, .type = type_, .offset = offsetof(struct_, field_), .def = def_,            \
        .help = help_, .min = min_, .max = max_                                                    \
    }
#define PROP_CHOICE(name_, struct_, field_, def_, choices_, help_)                                 \
    {                                                                                              \
        .name = name_, .type = PROP_ENUM, .offset = offsetof(struct_, field_), .def = def_,        \
        .help = help_, .choices = choices_                                                         \
    }
#define PROP_PRESET(name_, struct_, field_, def_, choices_, presets_, help_)                       \
    {                                                                                              \
        .name = name_, .type = PROP_ENUM, .offset = offsetof(struct_, field_), .def = def_,        \
        .help = help_, .choices = choices_, .presets = presets_                                    \
    }
#define PROP_END                                                                                   \
    {                                                                                              \
        .name = NULL                                                                               \
    }

struct DeviceClass {
    const char *name;  /* as after -device */
    const char *alias; /* another spelling, or NULL */
    const char *desc;
    BusType bus;
    DeviceCategory category;
    bool user_creatable;
    size_t instance_size;
    const PropInfo *props;          /* ends with PROP_END; may be NULL */
    const PropInfo *bus_props;      /* properties of the bus kind (addr, id ...); may be NULL */
    const void *bus_class;          /* what the bus kind wants to know, e.g. a PciDeviceClass */
    const struct IommuClass *iommu; /* of a remapping unit; NULL otherwise */
    const StateField *state;        /* ends with STATE_END; may be NULL for a stateless device */
    bool (*realize)(Device *dev, GError **error); /* may be NULL */
    void (*unrealize)(Device *dev);               /* undoes realize; may be NULL */
    void (*reset)(Device *dev);                   /* to power-on state; may be NULL */
    bool powered_in_sleep;         /* S3 does not take its power, and waking up does not reset it */
    void (*restored)(Device *dev); /* rebuild derived state after a load; may be NULL */
    /* What of it a saved state may be without, for a checkpoint in this process: appends it; and
     * takes it back after a load and `restored`, giving where it ends. May be NULL, both. */
    void (*save_caches)(const Device *dev, GByteArray *out);
    const uint8_t *(*load_caches)(Device *dev, const uint8_t *saved);
};

typedef struct {
    const char *name; /* "" for the unnamed array */
    IrqLine *lines;   /* inputs: the array itself */
    IrqOut *outs;     /* outputs: the same */
    int count;
} IrqArray;

struct Device {
    const DeviceClass *cls;
    const Platform *platform;
    /* User's id= or the board's name for it; never NULL after device_new. Interned: it outlives the
     * device, in the journal's records. */
    const char *id;
    bool realized;
    bool has_user_id;
    GPtrArray *given; /* rows of properties that were set, none by default */
    GArray *irq_in;   /* of IrqArray, for qtest and `info` */
    GArray *irq_out;  /* of IrqArray */
};

/* A new instance with default properties. Owned by the caller, or by the machine once added. */
Device *device_new(const DeviceClass *cls, const Platform *platform, const char *id);
bool device_set_prop(Device *dev, const char *name, const char *text, GError **error);
/* Fills in presets first: what device_set_prop() has set, before or after the preset, stays. */
bool device_realize(Device *dev, GError **error);
void device_reset(Device *dev);
/* Unrealizes and frees. NULL is allowed. */
void device_free(Device *dev);

/* Publishes lines under a name, so that qtest and `info` find them. Every line and output of a
 * device is published: device_free() takes them off their wires. The arrays stay the caller's;
 * device_add_irq_in also initialises the lines. */
void device_add_irq_in(Device *dev, const char *name, IrqLine *lines, int count, IrqHandler handler,
                       void *opaque);
void device_add_irq_out(Device *dev, const char *name, IrqOut *outs, int count);
/* Input `n` of the array `name`, or NULL. */
IrqLine *device_irq_in(Device *dev, const char *name, int n);

/* The property row of a class, its bus's rows included, or NULL. */
const PropInfo *device_class_find_prop(const DeviceClass *cls, const char *name);
/* `-device X,help`: one line a property. */
void device_class_help(const DeviceClass *cls, GString *out);

/* Every class there is; ends with NULL. In system/devices.c. */
extern const DeviceClass *const device_classes[];
const DeviceClass *device_class_find(const char *name);

#define DEVICE_ERROR (device_error_quark())
GQuark device_error_quark(void);
typedef enum {
    DEVICE_ERROR_BAD_VALUE,
    DEVICE_ERROR_NO_PROP,
    DEVICE_ERROR_NO_DEVICE,
    DEVICE_ERROR_FAILED
} DeviceErrorCode;

#endif
