/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remapping units: what a board, the ACPI tables and the monitors know of one, whatever it is.
 *
 * A unit is a device whose class has an IommuClass. A machine has a list of them; each has a scope,
 * and what is under it (a function, what is behind a bridge, an IOAPIC, an HPET) is found once,
 * when it is wired (scope.h). The scopes are those of the DMAR table (VT-d 8.3).
 */
#ifndef HW_I386_IOMMU_IOMMU_H
#define HW_I386_IOMMU_IOMMU_H

#include "base/facts.h"
#include "hw/core/device.h"
#include "hw/core/regfile.h"
#include "hw/core/upstream.h"
#include "hw/intc/apic_bus.h"
#include "hw/pci/pci.h"

/* The DMAR table's numbers (VT-d 8.3.1). */
typedef enum {
    IOMMU_FUNCTION = 1, /* a PCI function that is no bridge */
    IOMMU_BRIDGE = 2,   /* a bridge, and all that is behind it */
    IOMMU_IOAPIC = 3,
    IOMMU_HPET = 4,
    IOMMU_NAMESPACE = 5, /* a device that ACPI's namespace names */
} IommuScopeType;

#define IOMMU_PATH_MAX 8

/* What a table tells of something under a unit. */
typedef struct {
    const char *name; /* for people */
    IommuScopeType type;
    uint8_t enumeration_id; /* of an IOAPIC, a HPET or an ACPI namespace device */
    uint8_t bus;            /* where the path starts */
    uint8_t steps;
    uint8_t path[IOMMU_PATH_MAX]; /* device and function numbers, from the start bus on */
} IommuScopeEntry;

typedef struct {
    uint8_t first, last;
} IommuBuses;

typedef struct {
    uint16_t segment;
    bool include_all;        /* also what no other unit of the segment names, */
    const IommuBuses *buses; /* on these buses; none are listed: on all, */
    size_t bus_count;        /* else entries have what is on their root buses, too */
    const IommuScopeEntry *entries;
    size_t count;
} IommuScope;

/* What firmware gets wrong about a unit, in the order of iommu_broken_choices. */
typedef enum {
    IOMMU_NOT_BROKEN,
    IOMMU_NO_IOAPIC_SCOPE,
    IOMMU_NO_HPET_SCOPE,
    IOMMU_UNCOVERED_DEVICE,
    IOMMU_DUPLICATE_BASE,
    IOMMU_ZERO_BASE,
    IOMMU_DEAD_UNIT,
    IOMMU_WRONG_HAW,
    IOMMU_VF_UNCOVERED,
    IOMMU_SCOPE_TYPE,
    IOMMU_RMRR_NOT_RESERVED,
    IOMMU_RMRR_BACKWARDS,
    IOMMU_ANDD_WITHOUT_SCOPE,
    IOMMU_ANDD_UNTERMINATED,
} IommuBroken;
extern const char *const iommu_broken_choices[];

/* Functions under a unit that its table names for another purpose than its scope. */
typedef struct {
    const char *property;   /* that says so */
    const char *text;       /* what it says beside them; may be NULL */
    uint64_t base, limit;   /* memory that is kept for them, inclusive; limit 0: none */
    bool all;               /* it is for all, whether named or not */
    IommuScopeType type;    /* of the entries, or 0: what each is */
    uint8_t enumeration_id; /* of the entries */
    GArray *names;          /* of IommuName */
    GArray *entries;        /* of IommuScopeEntry: what the table tells */
} IommuList;

/* Where a unit is and what is under it, as its user says it; see scope.h. A unit keeps one, and has
 * IOMMU_PLACE_PROPS among its properties. */
typedef struct {
    char *scope;   /* property */
    uint64_t base; /* property; 0 is its class's usual place */
    int broken;    /* property; IommuBroken */
    bool include_all;
    GArray *names;   /* of IommuName: what `scope` says */
    GArray *entries; /* of IommuScopeEntry: what the table tells */
    GArray *ports;   /* the same of the root ports that are under it */
    GArray *buses;   /* of IommuBuses: if it takes the rest, but not of all root buses */
    GArray *lists;   /* of IommuList: what else its class's properties name */
} IommuPlace;

#define IOMMU_PLACE_PROPS(struct_, field_)                                                         \
    PROP(PROP_STRING, "scope", struct_, field_.scope, NULL,                                        \
         "what is under it: ids, paths, ioapic, hpet, all; with + between them"),                  \
        PROP(PROP_UINT64, "base", struct_, field_.base, "0",                                       \
             "address of its registers; 0 is the usual place, and those after it"),                \
        PROP_CHOICE("broken", struct_, field_.broken, "no", iommu_broken_choices,                  \
                    "what firmware gets wrong about it")

/* What a unit depends on. */
typedef struct {
    IommuScope scope;     /* the entries outlive the unit */
    unsigned number;      /* the unit's place in the machine's list */
    ApicBus *apic_bus;    /* remapped requests, the unit's own events and posting notifications */
    AddressSpace *memory; /* tables, descriptors, and DMA after translation */
    /* Sends the function of that id, if it is under this unit, a request to invalidate translations
     * that it keeps; its answer comes up its bus. May be NULL. */
    void (*invalidate)(void *opaque, const Device *unit, uint16_t source_id,
                       const BusInvalidation *what);
    /* The same of the response to a group of page requests. */
    void (*respond_pages)(void *opaque, const Device *unit, uint16_t source_id,
                          const BusPageResponse *response);
    void *invalidate_opaque; /* of both */
    bool cpus_lack_x2apic;   /* 32-bit ids are then not offered unless asked for */
    bool trusts_ioapic;      /* an IOAPIC's requests suit every entry: forgive=ioapic-sid */
    bool rereads_entries;    /* entries are not cached: forgive=irte-reread */
} IommuLinks;

/* A counter since power-on: a uint64_t at `offset` of the device. */
typedef struct {
    const char *name; /* QMP's */
    const char *what; /* for people */
    size_t offset;
} IommuCounter;

/* An ACPI table that tells of units; one for all classes that belong into it. */
typedef struct {
    const char *signature;
    uint8_t revision;
    /* Appends what follows the table's header. `units` are those whose class has this table. */
    void (*write)(const GPtrArray *units, GByteArray *out);
} IommuTable;

typedef struct IommuClass {
    /* The links, to be filled in before realize. */
    IommuLinks *(*links)(Device *dev);
    /* What its user says of its place; the board reads it before realize. */
    IommuPlace *(*place)(Device *dev);
    /* The unit as bus masters under it see it: DMA, and interrupt requests. */
    Upstream (*upstream)(Device *dev);
    /* The same for emitters that are not bus masters in the PCI sense (IOAPIC, HPET). */
    IntrSink (*sink)(Device *dev);
    /* The PCI function that a unit of this class is, too, or NULL. The board makes it, puts it on
     * the root bus and links it before it is realized. Its own requests go past the units. */
    const DeviceClass *function;
    void (*link_function)(Device *dev, PciDevice *function);
    /* The source id of the n-th emitter of a type that is under it; NULL: the board's. */
    uint16_t (*emitter_id)(IommuScopeType type, unsigned number);
    /* The unit's registers, and where the board maps them. Valid after realize. */
    MemRegion *(*region)(Device *dev, uint64_t *base);
    const IommuTable *table;
    /* Fills in what `table` wants to know of a unit, in the struct that it says. */
    void (*table_part)(Device *dev, void *part);
    const IommuCounter *counters; /* ends with a NULL name */
    /* Appends a few words about what the unit is set up to do. */
    void (*describe)(Device *dev, GString *out);
    /* Its registers, a line each, with the fields that decide. Values are members of an object
     * that the caller has opened; so below. */
    void (*describe_registers)(Device *dev, const Facts *facts);
    /* Entries of the interrupt remapping table that requests can name; 0 without remapping. */
    uint32_t (*entries)(Device *dev);
    /* What one of them says, in memory and in the cache: an object of its own, in a list. With
     * `used_only` nothing, and false, of one that is neither present nor cached. `index` is below
     * entries(). */
    bool (*describe_entry)(Device *dev, uint32_t index, bool used_only, const Facts *facts);
    /* The posted-interrupt descriptor at a guest-physical address. */
    void (*describe_descriptor)(Device *dev, uint64_t address, const Facts *facts);
} IommuClass;

/* The class of a unit; dev->cls->iommu has to be there. */
static inline const IommuClass *iommu_class(const Device *dev)
{
    return dev->cls->iommu;
}

/* Does the scope name such an emitter by this source id? */
bool iommu_scope_has(const IommuScope *scope, IommuScopeType type, uint16_t source_id);

uint64_t iommu_count(const Device *dev, const IommuCounter *counter);
/* By QMP's name; NULL if the unit's class has none of that name. */
const IommuCounter *iommu_counter_find(const Device *dev, const char *name);
/* A field of a register that is shown beside its value. */
typedef struct {
    uint32_t reg; /* offset */
    const char *name;
    uint8_t shift, width;
} IommuField;

/* For describe_registers(): all rows of a register file with these fields, `count` of them. */
void iommu_describe_registers(const RegFile *regs, const IommuField *fields, size_t count,
                              const Facts *f);
/* "ID at BASE: scope, what the class says". */
void iommu_describe(Device *dev, GString *out);

#endif
