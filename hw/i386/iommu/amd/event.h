/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: events, as they lie in the event log (2.5). */
#ifndef HW_I386_IOMMU_AMD_EVENT_H
#define HW_I386_IOMMU_AMD_EVENT_H

#include <inttypes.h>

typedef enum {
    AMDVI_EV_NONE = 0,
    AMDVI_EV_ILLEGAL_DEV_TABLE_ENTRY = 1,
    AMDVI_EV_IO_PAGE_FAULT = 2,
    AMDVI_EV_DEV_TAB_HARDWARE_ERROR = 3,
    AMDVI_EV_PAGE_TAB_HARDWARE_ERROR = 4,
    AMDVI_EV_ILLEGAL_COMMAND_ERROR = 5,
    AMDVI_EV_COMMAND_HARDWARE_ERROR = 6,
    AMDVI_EV_IOTLB_INV_TIMEOUT = 7,
    AMDVI_EV_INVALID_DEVICE_REQUEST = 8,
    AMDVI_EV_INVALID_PPR_REQUEST = 9,
} AmdviEventCode;

/* Flags, bits 59:48 of an event. */
enum {
    AMDVI_EV_I = 1 << 3,  /* an interrupt request */
    AMDVI_EV_PR = 1 << 4, /* the entry was present */
    AMDVI_EV_RW = 1 << 5, /* a write */
    AMDVI_EV_PE = 1 << 6, /* for want of permission */
    AMDVI_EV_RZ = 1 << 7, /* reserved bits were set */
    AMDVI_EV_TR = 1 << 8, /* a translation request */
};
#define AMDVI_EV_TYPE_SHIFT 9
/* Type of a hardware error (2.5.4): nobody answered. */
#define AMDVI_EV_MASTER_ABORT (1 << AMDVI_EV_TYPE_SHIFT)
/* Type of an invalid device request (2.5.9). */
#define AMDVI_EV_READ_OF_WINDOW   (0 << AMDVI_EV_TYPE_SHIFT)
#define AMDVI_EV_PRETRANSLATED    (1 << AMDVI_EV_TYPE_SHIFT)
#define AMDVI_EV_WRITE_OF_WINDOW  (3 << AMDVI_EV_TYPE_SHIFT)
#define AMDVI_EV_NOT_PERMITTED    (5 << AMDVI_EV_TYPE_SHIFT)
#define AMDVI_EV_RESERVED_REQUEST (6 << AMDVI_EV_TYPE_SHIFT)

typedef struct {
    AmdviEventCode code;
    uint16_t device_id;
    uint16_t domain;
    uint16_t flags;
    uint64_t address;
} AmdviEvent;

#define AMDVI_EVENT_BYTES 16
#define AMDVI_EVENT_WORDS 2

void amdvi_event_encode(const AmdviEvent *event, uint64_t words[2]);
const char *amdvi_event_name(AmdviEventCode code);

#endif
