/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the Hyper-V interface share: its state, and each file's functions for the
 * others.
 *
 *   features.c     -cpu's names
 *   cpuid.c        leaves
 *   partition.c    the device: its life and its state
 *   overlay.c      pages that cover guest memory
 *   msr.c          synthetic MSRs
 *   time.c         the reference time
 *   hypercall.c    what all hypercalls have in common
 *   vp_set.c       sets of VPs
 *   vp_calls.c     interrupts between VPs, and their translations
 *   synic.c        the synthetic interrupt controller
 *   stimer.c       synthetic timers
 *   connections.c  messages and events from VP to VP, and who makes ports for them:
 *   testdev.c      a test's device
 *   root_calls.c   what a root partition asks for as it starts
 *   device_calls.c a root partition's calls for devices' interrupts
 *   device_map.c   what these have mapped
 *   describe.c     what monitors show
 */
#ifndef HW_HYPERV_HYPERV_INTERNAL_H
#define HW_HYPERV_HYPERV_INTERNAL_H

#include "hw/hyperv/hyperv.h"
#include "hw/intr/journal.h"

/* TLFS 3.14: what a hypercall answers. */
typedef enum {
    HV_STATUS_SUCCESS = 0x0,
    HV_STATUS_INVALID_HYPERCALL_CODE = 0x2,
    HV_STATUS_INVALID_HYPERCALL_INPUT = 0x3,
    HV_STATUS_INVALID_ALIGNMENT = 0x4,
    HV_STATUS_INVALID_PARAMETER = 0x5,
    HV_STATUS_ACCESS_DENIED = 0x6,
    HV_STATUS_INSUFFICIENT_MEMORY = 0xb,
    HV_STATUS_INVALID_PARTITION_ID = 0xd,
    HV_STATUS_INVALID_VP_INDEX = 0xe,
    HV_STATUS_INVALID_CONNECTION_ID = 0x12,
    HV_STATUS_INSUFFICIENT_BUFFERS = 0x13,
} HvStatus;

/* The partition, as itself and as it is numbered. */
#define HV_PARTITION_SELF UINT64_MAX
#define HV_PARTITION_ID   1u

/* Registers that place a page (TLFS 5.2.1): enable in bit 0, the page's number from bit 12 on. */
#define HV_PAGE_ENABLE 1ull
#define HV_PAGE_MASK   (~(uint64_t)0xfff)

typedef struct {
    uint64_t value; /* of its register */
    MemRegion region;
    uint8_t *page; /* the region's */
} HvOverlay;
extern const StateField hv_overlay_state[];

#define HV_SINTS 16
/* A source (TLFS 11.8.4). */
#define HV_SINT_VECTOR   0xffull
#define HV_SINT_MASKED   (1ull << 16)
#define HV_SINT_AUTO_EOI (1ull << 17)
#define HV_SINT_POLLING  (1ull << 18)
#define HV_TIMERS        4

typedef struct {
    HvVp *vp;
    uint64_t config, count;
    uint64_t next;    /* reference time of the next expiry */
    uint64_t expired; /* and of the last one */
    bool pending;     /* its message has found the slot full */
    uint64_t waiting; /* and this is its record */
    Timer timer;
} HvTimer;
extern const StateField hv_timer_state[];

struct HvVp {
    HvPartition *hv;
    unsigned index;
    const char *name; /* in the journal */
    ApicState *apic;
    const HvPins *pins;
    void *pins_opaque;
    bool tsc_moved;
    HvOverlay assist;
    uint64_t scontrol, sint[HV_SINTS];
    HvOverlay messages, events; /* SIMP and SIEFP */
    HvTimer timer[HV_TIMERS];
};

/* A device's interrupt as the root partition has mapped it; `device` is an HV_DEVICE_ID. */
typedef struct {
    uint64_t device;
    uint32_t vp;
    uint8_t vector, mode;
    bool level, used;
} HvMapping;
#define HV_MAPPINGS 1024u
extern const StateField hv_mapping_state[];

/* What a source's slot takes. */
#define HV_PAYLOAD_BYTES 240
typedef struct {
    uint32_t type;
    uint8_t size; /* of the payload */
    uint64_t sender;
    uint8_t payload[HV_PAYLOAD_BYTES];
} HvMessage;

/* What a guest's messages or events go through, to a source of a VP. */
typedef enum { HV_CONNECTION_NONE, HV_CONNECTION_MESSAGES, HV_CONNECTION_EVENTS } HvConnectionKind;
typedef struct {
    uint8_t kind; /* HvConnectionKind */
    uint8_t sint;
    uint32_t vp;
    bool pending;     /* its message has found the slot full, */
    uint64_t waiting; /* and this is its record */
    HvMessage message;
} HvConnection;
#define HV_CONNECTIONS 256u
extern const StateField hv_connection_state[];

#define HV_CRASH_PARAMS 5

struct HvPartition {
    Device dev;
    HvLinks links;
    HvVp *vps;
    uint64_t guest_os_id;
    uint64_t crash[HV_CRASH_PARAMS];
    HvOverlay hypercall, reference_tsc;
    HvConnection connections[HV_CONNECTIONS];
    HvMapping *mappings; /* HV_MAPPINGS, with HV_ROOT; else NULL */
    uint16_t ioapic_source[256];
    bool has_ioapic[256];
};

static inline bool hv_offers(const HvPartition *hv, HvFeature feature)
{
    return hv_has(&hv->links.features, feature);
}

static inline Journal *hv_journal(const HvPartition *hv)
{
    return hv->dev.platform->journal;
}

static inline AddressSpace *hv_memory(const HvPartition *hv)
{
    return hv->dev.platform->memory;
}

/* overlay.c */
/* Of pages at the same place the one with the highest rank shows. */
bool hv_overlay_init(HvOverlay *o, const char *name, MemKind kind, unsigned rank, GError **error);
void hv_overlay_free(HvOverlay *o, AddressSpace *memory);
/* Its register takes this value: the page comes, goes or moves. What is in it stays. */
void hv_overlay_set(HvOverlay *o, AddressSpace *memory, uint64_t value);
/* Power-on: no page, and zeros in it. */
void hv_overlay_reset(HvOverlay *o, AddressSpace *memory);
static inline bool hv_overlay_on(const HvOverlay *o)
{
    return o->value & HV_PAGE_ENABLE;
}
/* The hypervisor writes into it. */
void hv_overlay_write(HvOverlay *o, AddressSpace *memory, size_t offset, const void *data,
                      size_t size);
/* Is there such a page? */
bool hv_page_is_valid(const HvPartition *hv, uint64_t value);
/* The guest writes its register; false if that is #GP. */
bool hv_overlay_write_msr(const HvPartition *hv, HvOverlay *o, uint64_t value);

/* time.c */
/* The reference time (TLFS 12.5.1): units of 100 ns. */
uint64_t hv_reference_time(const HvPartition *hv);
/* Writes the reference TSC page (TLFS 12.5.3) as it has to be now. */
void hv_reference_page(HvPartition *hv);

/* hypercall.c */
#define HV_CALL_BYTES   4096
#define HV_OUTPUT_BYTES 64
typedef struct {
    HvVp *vp;
    uint16_t code;
    unsigned var; /* qwords of the variable header */
    unsigned start, reps;
    size_t size; /* of the input: fixed header, variable header, elements */
    uint8_t input[HV_CALL_BYTES];
    uint8_t output[HV_OUTPUT_BYTES];
} HvCall;

typedef struct {
    uint16_t code;
    const char *name;
    uint16_t header, element; /* bytes; element 0: no rep call */
    bool has_var;
    HvFeature feature; /* or HV_FEATURES: always */
    uint8_t output;    /* bytes */
    HvStatus (*run)(HvCall *call);
} HvCallRow;

/* vp_set.c */
#define HV_SET_BANKS 64
#define HV_SET_END   (64u * HV_SET_BANKS)
typedef struct {
    uint64_t bank[HV_SET_BANKS];
} HvVpSet;
/* VPs 0 to 63. */
HvVpSet hv_set_of_mask(uint64_t mask);
HvVpSet hv_set_of_all(const HvPartition *hv);
/* HV_VP_SET (TLFS 7.8.7.3) at this offset of the input, with so many banks. */
HvStatus hv_set_read(const HvCall *call, size_t offset, unsigned banks, HvVpSet *set);
/* The first of them from `vp` on, or HV_SET_END. */
unsigned hv_set_next(const HvVpSet *set, unsigned vp);

/* synic.c */
bool hv_synic_read(HvVp *vp, uint32_t msr, uint64_t *value);
bool hv_synic_write(HvVp *vp, uint32_t msr, uint64_t value);
void hv_synic_reset(HvVp *vp);
void hv_synic_restored(HvVp *vp);
/* `serial` is the record of who means to interrupt by it. INTR_MESSAGE_SLOT_FULL: it waits, in
 * *waiting, until the guest has emptied the slot and says so. */
IntrResult hv_synic_post(HvVp *vp, unsigned sint, const HvMessage *message, uint64_t *waiting,
                         uint64_t serial);
/* An interrupt of a source, with nothing to tell. */
void hv_raise_sint(HvPartition *hv, unsigned vp, unsigned sint);
/* Sets an event flag. */
IntrResult hv_synic_signal(HvVp *vp, unsigned sint, unsigned flag, uint64_t serial);

/* stimer.c */
void hv_stimer_init(HvVp *vp);
void hv_stimer_reset(HvVp *vp);
bool hv_stimer_read(HvVp *vp, uint32_t msr, uint64_t *value);
bool hv_stimer_write(HvVp *vp, uint32_t msr, uint64_t value);
/* The guest says that there is room for messages that waited. */
void hv_stimer_slots_emptied(HvVp *vp);

/* root_calls.c */
HvStatus hv_call_get_partition_id(HvCall *call);
HvStatus hv_call_add_lp(HvCall *call);
HvStatus hv_call_create_vp(HvCall *call);

/* connections.c */
#define HV_CODE_POST_MESSAGE 0x5cu
HvStatus hv_call_post_message(HvCall *call);
HvStatus hv_call_signal_event(HvCall *call);
/* Another one by that number goes. False: there is no such VP or source. */
bool hv_connect(HvPartition *hv, uint8_t id, HvConnectionKind kind, unsigned vp, unsigned sint);
void hv_connections_reset(HvPartition *hv);
/* As hv_stimer_slots_emptied(). */
void hv_connections_slots_emptied(HvVp *vp);

/* Where a root partition's hypercall page is, and behind it VPs' assist pages. */
#define HV_ROOT_PAGES ((uint64_t)0xfc << 32)

/* device_calls.c */
HvStatus hv_call_map_device(HvCall *call);
HvStatus hv_call_unmap_device(HvCall *call);
HvStatus hv_call_retarget_device(HvCall *call);

/* device_map.c */
typedef enum { HV_DEVICE_LOGICAL, HV_DEVICE_PCI, HV_DEVICE_IOAPIC, HV_DEVICE_ACPI } HvDeviceType;
HvDeviceType hv_device_type(uint64_t device);
/* Is it one that can be mapped? */
bool hv_device_is_valid(const HvPartition *hv, uint64_t device);

/* vp_calls.c */
/* A vector to this VP. */
IntrResult hv_interrupt(HvVp *vp, uint64_t serial, uint8_t vector);
HvStatus hv_call_send_ipi(HvCall *call);
HvStatus hv_call_send_ipi_ex(HvCall *call);
HvStatus hv_call_flush(HvCall *call);
HvStatus hv_call_flush_ex(HvCall *call);
HvStatus hv_call_long_spin(HvCall *call);

#endif
