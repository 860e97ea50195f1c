/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt messages: the one value that travels from an emitter to a local APIC.
 *
 * An interrupt request is a dword write to FEEx_xxxxh (Intel SDM vol. 3, 11.11; VT-d 5.1.2). An
 * emitter fills in an IntrMsg and hands it to the IntrSink above it; each stage (bridge, remapping
 * unit, APIC bus) implements a sink and knows only its own parent.
 */
#ifndef HW_CORE_INTR_MSG_H
#define HW_CORE_INTR_MSG_H

#include <inttypes.h>
#include <stdbool.h>

#include "hw/core/intr_result.h"

/* The window of interrupt requests in the physical address space. */
#define INTR_WINDOW_BASE 0xfee00000ull
#define INTR_WINDOW_SIZE 0x00100000ull

/* Fields of the compatibility-format address and data (Intel SDM vol. 3, 11.11.1 and 11.11.2). */
#define MSI_ADDR_DEST_SHIFT     12
#define MSI_ADDR_DEST_MASK      0xffull
#define MSI_ADDR_REDIR_HINT     (1ull << 3)
#define MSI_ADDR_DEST_LOGICAL   (1ull << 2)
#define MSI_DATA_VECTOR_MASK    0xffu
#define MSI_DATA_DELIVERY_SHIFT 8
#define MSI_DATA_DELIVERY_MASK  0x7u
#define MSI_DATA_LEVEL_ASSERT   (1u << 14)
#define MSI_DATA_TRIGGER_LEVEL  (1u << 15)

typedef enum {
    INTR_MODE_FIXED = 0,
    INTR_MODE_LOWEST = 1,
    INTR_MODE_SMI = 2,
    INTR_MODE_RESERVED = 3,
    INTR_MODE_NMI = 4,
    INTR_MODE_INIT = 5,
    INTR_MODE_SIPI = 6,
    INTR_MODE_EXTINT = 7,
} IntrDeliveryMode;

/* A request on its way up. It is passed by pointer and never changed by a stage: a stage that
 * alters something (a bridge's alias) sends a copy. */
typedef struct {
    uint64_t serial; /* of its record: hw/intr/journal.h */
    uint64_t address;
    uint32_t data;
    uint16_t requester_id; /* PCI bus[15:8], device[7:3], function[2:0] */
    bool has_pasid;
    uint32_t pasid; /* 20 bits, valid with has_pasid */
} IntrMsg;

/* A stage's entry. `send` may run arbitrary parts of the interrupt path, including the CPU's
 * interrupt request flag, but never calls back into the emitter. */
typedef struct {
    IntrResult (*send)(void *opaque, const IntrMsg *msg);
    void *opaque;
} IntrSink;

static inline IntrResult intr_send(const IntrSink *sink, const IntrMsg *msg)
{
    return sink->send(sink->opaque, msg);
}

static inline bool intr_window_contains(uint64_t address)
{
    return address - INTR_WINDOW_BASE < INTR_WINDOW_SIZE;
}

/*
 * A request after remapping: what the APIC bus matches. Also what an IPI is made of.
 * `dest` is a full 32-bit id; in xAPIC mode only its low 8 bits are looked at (VT-d 5.1.5).
 */
typedef struct {
    uint64_t serial; /* that of the IntrMsg, or the IPI's own */
    uint32_t dest;
    uint8_t vector;
    IntrDeliveryMode mode : 8;
    bool logical : 1;      /* destination mode */
    bool redirection : 1;  /* redirection hint: deliver to one of the destinations */
    bool level : 1;        /* trigger mode */
    bool assert_level : 1; /* level of a level-triggered message; true for edge */
} ApicMsg;

#endif
