/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record of the journal: what became of one attempt to interrupt. See journal.h. */
#ifndef HW_INTR_RECORD_H
#define HW_INTR_RECORD_H

#include <inttypes.h>
#include <stdbool.h>

#include "hw/core/intr_result.h"

/* Who means to interrupt, and what its number counts. */
typedef enum {
    JOURNAL_PIN,           /* of an IOAPIC */
    JOURNAL_MSI,           /* vectors */
    JOURNAL_MSIX,          /* vectors */
    JOURNAL_HPET,          /* timers */
    JOURNAL_MESSAGE,       /* a device that writes into the interrupt window; 0 */
    JOURNAL_EVENT,         /* a remapping unit's own: 0 faults, 1 invalidation; AMD's from 2 on */
    JOURNAL_NOTIFY,        /* a remapping unit's notification of what it posted; 0 */
    JOURNAL_LVT,           /* entries of the local vector table */
    JOURNAL_IPI,           /* 0 */
    JOURNAL_STORED,        /* slots of a message store in a BAR, */
    JOURNAL_STORED_MEMORY, /* and of one in memory */
    JOURNAL_HYPERCALL,     /* a virtual processor, which asks for it: the call's code */
    JOURNAL_STIMER,        /* a virtual processor's synthetic timers, */
    JOURNAL_SINT,          /* and its synthetic sources */
    JOURNAL_PIC,           /* inputs of the i8259 pair */
    JOURNAL_HUB,           /* a hub of SGI's UV: 0 its clock, 1 IPI_INT */
    JOURNAL_KINDS,
} JournalKind;
#define JOURNAL_EVENTS_AMD 2u /* the first number of AMD's unit's own */

#define JOURNAL_NO_CPU 0xffffu

/* On whose behalf something happens. */
typedef struct {
    uint64_t rip, instructions; /* of that CPU: the instruction, and how many before it */
    uint16_t cpu;               /* or JOURNAL_NO_CPU: a timer, the host */
} JournalWhere;

/* What keeps a CPU from taking a vector now: bits. */
typedef enum {
    JOURNAL_HOLD_NONE = 0,
    JOURNAL_HOLD_TPR = 1 << 0,    /* the task priority */
    JOURNAL_HOLD_ISR = 1 << 1,    /* a vector in service of the same class or a higher one */
    JOURNAL_HOLD_IF = 1 << 2,     /* RFLAGS.IF is clear */
    JOURNAL_HOLD_SHADOW = 1 << 3, /* STI or MOV SS before it */
    JOURNAL_HOLD_HALTED = 1 << 4, /* in HLT: it had to wake up */
    JOURNAL_HOLD_OFF = 1 << 5,    /* waits for a start-up IPI */
} JournalHold;

/* What a local APIC did with an EOI of its CPU's, beside clearing ISR. */
typedef enum {
    JOURNAL_EOI_EDGE,      /* nothing */
    JOURNAL_EOI_KEPT,      /* nothing, though the vector is a level's: SVR bit 12 */
    JOURNAL_EOI_BROADCAST, /* IOAPICs heard of it */
} JournalEoi;

/* Who wrote something in memory last. */
typedef struct {
    int64_t time; /* ns; valid if `written` */
    uint64_t rip;
    uint16_t cpu; /* JOURNAL_NO_CPU: a device, or the host */
    bool written; /* as far as is known */
} JournalWriter;

/* A remapping unit's part. */
typedef struct {
    const char *unit;   /* its id */
    uint32_t index;     /* of the entry; JOURNAL_NO_INDEX where none is named */
    IntrResult verdict; /* INTR_ON_ITS_WAY: it goes on */
    uint8_t reason;     /* fault reason; 0 for none */
    uint16_t seen; /* JOURNAL_REMAPPED, _ENTRY, _CACHED, _STALE, _BEHIND, _QUIET; with _ENTRY: */
    uint64_t entry[2];           /* as used, */
    uint16_t wanted;             /* the requester that it is for, */
    uint16_t wanted_mask;        /* or 0: buses wanted[15:8] to wanted[7:0], or anyone; */
    int64_t time_cached;         /* with _CACHED; */
    const JournalWriter *writer; /* or NULL: nobody knows; */
    const char *flaw;            /* with intr_result_has_flaw(): what is reserved in it, or NULL */
} JournalUnit;
#define JOURNAL_NO_INDEX UINT32_MAX

typedef struct {
    /* The emitter. */
    uint64_t serial; /* 0: nothing is here */
    int64_t time;    /* ns of the machine's clock, as last read */
    uint64_t rip, instructions;
    const char *source;
    uint64_t address; /* with JOURNAL_SENT */
    uint32_t data;
    uint16_t cpu, number, rid;
    uint8_t kind;      /* JournalKind */
    uint8_t result;    /* IntrResult */
    uint16_t seen;     /* JOURNAL_SENT ... */
    uint16_t rid_seen; /* requester, as the last stage saw it */
    /* The unit. */
    uint32_t index;
    /* Of the last EOI: JournalEoi; how many pins' remote IRR it cleared, and the last of them. */
    uint8_t eoi, eoi_pins;
    uint16_t eoi_pin;
    const char *unit;
    uint64_t entry[2];
    uint16_t wanted, wanted_mask;
    uint8_t reason;
    /* The APIC bus. */
    uint8_t vector, mode, hold; /* hold: JournalHold of the first CPU, when it was accepted */
    uint32_t dest;
    uint32_t apic_id;    /* of the first local APIC that answered, */
    uint32_t last_apic;  /* and of the last one that did anything, */
    uint8_t last_answer; /* and its IntrResult */
    uint8_t relay; /* a VMD above made it its own: as vector relay - 1 (mod 256); 0: none did */
    uint16_t answers, accepted, taken, ended; /* local APICs that did */
    uint16_t cpu_written;
    /* The CPU; of several, the first that took it and the last that ended it. */
    int64_t time_taken, time_ended;
    uint64_t rip_taken, instructions_taken;
    /* With JOURNAL_WRITTEN: the entry's last writer in memory; with JOURNAL_CACHED: when it came
     * into the cache. */
    int64_t time_written, time_cached;
    uint64_t rip_written;
    union {
        uint64_t into;          /* of INTR_MERGED: the record that waits in IRR; 0: unknown */
        const char *flaw;       /* with intr_result_has_flaw(): JournalUnit's */
        const char *eoi_ioapic; /* with eoi_pins: whose the last one is */
    };
} __attribute__((aligned(64))) JournalRecord;

/* JournalRecord.seen: which stages wrote. */
enum {
    JOURNAL_SENT = 1 << 0,
    JOURNAL_ALIASED = 1 << 1,
    JOURNAL_REMAPPED = 1 << 2, /* the message was rewritten */
    JOURNAL_UNIT = 1 << 3,
    JOURNAL_CACHED = 1 << 4, /* the entry came from the cache, */
    JOURNAL_STALE = 1 << 5,  /* and memory says something else */
    JOURNAL_QUIET = 1 << 6,  /* FPD: no fault was recorded */
    JOURNAL_BUS = 1 << 7,
    JOURNAL_LOGICAL = 1 << 8,
    JOURNAL_LEVEL = 1 << 9,
    JOURNAL_REDIRECT = 1 << 10,
    JOURNAL_WAITED = 1 << 11,  /* the emitter kept it back for a while */
    JOURNAL_BEHIND = 1 << 12,  /* the unit read an entry whose last store had not come to memory */
    JOURNAL_CLOSED = 1 << 13,  /* it has ended */
    JOURNAL_ENTRY = 1 << 14,   /* the unit read an entry */
    JOURNAL_WRITTEN = 1 << 15, /* and it is known who wrote it last */
};

/* Names of kinds: "ioapic", "msi", "msix", ... */
const char *journal_kind_name(JournalKind kind);
/* "fixed", "lowest", "smi", ...: a delivery mode. */
const char *journal_mode_name(unsigned mode);
/* A hypervisor's, for its virtual processors: `address` and `data` of what was sent are the
 * processor's index and the vector. */
static inline bool journal_kind_is_synthetic(JournalKind kind)
{
    return kind == JOURNAL_HYPERCALL || kind == JOURNAL_STIMER || kind == JOURNAL_SINT;
}
/* What a kind's number counts: "pin", "vector", ...; NULL if nothing. */
const char *journal_number_name(JournalKind kind);

#endif
