/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of an attempt to interrupt: the closed list of answers. A stage answers with a row of
 * it, whether it is the end of the way (a local APIC, a posted-interrupt descriptor), refused the
 * request (a remapping unit), or never sent one (an emitter whose vector is masked).
 *
 * Posted writes carry no answer on hardware: emitters use this for counters and traces, never for
 * behaviour. The names, sentences and sections are in hw/core/intr_result.c.
 */
#ifndef HW_CORE_INTR_RESULT_H
#define HW_CORE_INTR_RESULT_H

#include <stdbool.h>

/*
 * What an APIC bus can answer comes first, and in the order of rank: of what several local APICs
 * say to one message, the smallest is the message's answer.
 */
typedef enum {
    /* Taken by a local APIC. */
    INTR_DELIVERED,
    INTR_TAKEN_SMI,
    INTR_TAKEN_NMI,
    INTR_TAKEN_INIT,
    INTR_TAKEN_SIPI,
    INTR_TAKEN_EXTINT,
    INTR_MERGED, /* the last one that reached an APIC: intr_reached() */
    /* Refused by it, or by the bus. */
    INTR_VECTOR_ILLEGAL,
    INTR_APIC_SOFT_DISABLED,
    INTR_APIC_DISABLED,
    INTR_CPU_ABSENT,
    INTR_NO_APIC,
    INTR_DEASSERTED,
    INTR_RESERVED_MODE,
    INTR_NOT_A_REQUEST,
    /* Kept back by the emitter. */
    INTR_ICR_INVALID,
    INTR_LVT_MASKED,
    INTR_REMOTE_IRR,
    INTR_PIN_MASKED,
    INTR_PIN_PAUSED,
    INTR_PIN_STUCK,
    INTR_PIC_MASKED,
    INTR_PIC_HELD,
    INTR_PIC_REQUESTED,
    INTR_HPET_DISABLED,
    INTR_MSI_DISABLED,
    INTR_MSIX_DISABLED,
    INTR_NO_VECTOR,
    INTR_FUNCTION_MASKED,
    INTR_VECTOR_MASKED,
    INTR_NO_SLOT,
    INTR_SLOT_MASKED,
    INTR_SLOT_UNREADABLE,
    INTR_HANDLE_UNKNOWN,
    INTR_HANDLE_REVOKED,
    INTR_NOT_PERMITTED,
    INTR_HUB_MASKED,
    INTR_MASTER_OFF,
    INTR_BRIDGE_OFF,
    INTR_EVENT_MASKED,
    INTR_SYNIC_OFF,
    INTR_SINT_MASKED,
    INTR_SINT_POLLED,
    INTR_MESSAGE_SLOT_FULL,
    /* Not an interrupt request at all. */
    INTR_ORDINARY_WRITE,
    INTR_WRITE_REFUSED,
    INTR_NOT_ONE_DWORD,
    INTR_WITH_PASID,
    /* Of the journal's records: what comes before and after a stage's answer. */
    INTR_ON_ITS_WAY,
    INTR_TAKEN,
    INTR_ENDED,
    INTR_CPU_REMOVED,
    INTR_APIC_RESET,
    INTR_EDGE_MASKED,
    INTR_LINE_FELL,
    INTR_PIC_SPURIOUS,
    INTR_PIC_SET_UP,
    INTR_MERGED_WAITING,
    INTR_DEVICE_RESET,
    INTR_SLOT_FREED,
    INTR_EVENT_SETTLED,
    /* Posted. */
    INTR_POSTED_NOTIFIED,
    INTR_POSTED_OUTSTANDING,
    INTR_POSTED_SUPPRESSED,
    /* Blocked by a VT-d unit, in the order of its fault reasons 20h to 28h. */
    INTR_VTD_REQUEST_RESERVED,
    INTR_VTD_INDEX,
    INTR_VTD_NOT_PRESENT,
    INTR_VTD_TABLE_ACCESS,
    INTR_VTD_ENTRY_RESERVED,
    INTR_VTD_COMPATIBILITY,
    INTR_VTD_SOURCE,
    INTR_VTD_PID_ACCESS,
    INTR_VTD_PID_RESERVED,
    /* Blocked by an AMD-Vi unit. */
    INTR_AMDVI_DTE_ILLEGAL,
    INTR_AMDVI_DTE_UNREADABLE,
    INTR_AMDVI_ABORTED,
    INTR_AMDVI_NOT_PASSED,
    INTR_AMDVI_RESERVED_KIND,
    INTR_AMDVI_INDEX,
    INTR_AMDVI_NOT_MAPPED,
    INTR_AMDVI_IRTE_RESERVED,
    INTR_AMDVI_IRTE_UNREADABLE,
    INTR_AMDVI_VAPIC_UNREADABLE,
    /* Posted by one. */
    INTR_AMDVI_VAPIC_DOORBELL,
    INTR_AMDVI_VAPIC_LOGGED,
    INTR_AMDVI_VAPIC_POSTED,
    /* Blocked by a hypervisor under a root partition. */
    INTR_HV_NOT_MAPPED,
    INTR_HV_OTHER_DEVICE,
    /* Dropped by a VMD above. */
    INTR_VMD_TABLE_OFF,
    INTR_VMD_NO_ENTRY,
    INTR_RESULTS,
} IntrResult;

typedef enum {
    INTR_CLASS_DELIVERED, /* a local APIC took it */
    INTR_CLASS_MERGED,    /* with one that a local APIC had not yet given to its CPU */
    INTR_CLASS_POSTED,    /* recorded in a posted-interrupt descriptor */
    INTR_CLASS_KEPT,      /* the emitter kept it back, or asked for nothing */
    INTR_CLASS_REFUSED,   /* it came to the APIC bus, and nobody took it */
    INTR_CLASS_BLOCKED,   /* a remapping unit stopped it */
    INTR_CLASS_MALFORMED, /* it is no interrupt request */
    INTR_CLASSES,
} IntrClass;

typedef struct {
    const char *name;     /* in traces: kebab-case, never changed once released */
    const char *sentence; /* goes on after the subject: "the interrupt ..." */
    const char *section;  /* of the specification that says so */
    IntrClass cls;
    const char *remedy; /* what would have worked, or where to look; NULL: nothing to say */
    bool open;          /* it waits there, and becomes another one later */
    bool lost;          /* whoever meant to interrupt would not expect it */
} IntrResultRow;

extern const IntrResultRow intr_results[INTR_RESULTS];

static inline const char *intr_result_name(IntrResult result)
{
    return intr_results[result].name;
}

/* Delivered or merged. */
static inline bool intr_reached(IntrResult result)
{
    return result <= INTR_MERGED;
}

static inline bool intr_blocked(IntrResult result)
{
    return intr_results[result].cls == INTR_CLASS_BLOCKED;
}

/* Something reserved in an entry is to blame, which can be told in words. */
static inline bool intr_result_has_flaw(IntrResult result)
{
    return result == INTR_VTD_ENTRY_RESERVED || result == INTR_AMDVI_IRTE_RESERVED;
}

/* "delivered", "merged", ...: what a class is called. */
const char *intr_class_name(IntrClass cls);

#endif
