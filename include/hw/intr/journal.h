/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: one record for each attempt to interrupt, in a ring of memory, found by its serial
 * number. A record is opened where the interrupt is meant, also if its emitter then keeps it back;
 * each stage on the way writes down what it decided; it ends in exactly one row of the table of
 * results (hw/core/intr_result.h), or is open and says where it waits.
 *
 * Emitters find here what they need; the stages behind them have hw/intr/stages.h. Lines of -d are
 * printed from the records (lines.c), as are sentences (sentence.c), answers of the monitor and the
 * journal's file.
 *
 * Where a function takes a Journal, NULL is none: a device alone in a test. A serial of 0 names no
 * record, nor does one that the ring has overwritten; then nothing is written.
 */
#ifndef HW_INTR_JOURNAL_H
#define HW_INTR_JOURNAL_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/symbols.h"
#include "base/trace.h"
#include "hw/core/intr_msg.h"
#include "hw/intr/record.h"

#define JOURNAL_DEFAULT_SIZE 65536u
#define JOURNAL_MOST         (1u << 24)

typedef struct Journal Journal;

/* Told of each record that ends, and of each that the ring is about to overwrite while it is open;
 * or, with `lost`, of those alone that end in a state that is a loss. */
typedef struct {
    bool lost;
    void (*ended)(void *opaque, const JournalRecord *record);
    void *opaque;
} JournalListener;

struct Journal {
    uint64_t last; /* serial number given last */
    JournalRecord *ring;
    void *memory; /* that the ring is in: `mapped` bytes */
    size_t mapped;
    uint64_t mask;                      /* records in the ring, less one */
    Trace *trace;                       /* lines of stages */
    Trace silent;                       /* stands in for none */
    Clock *clock;                       /* NULL: all happens at 0 */
    const struct JournalFilter *filter; /* lines are printed of these only; NULL: of all */
    const Symbols *symbols;             /* names for addresses; NULL: there are none */
    /* What the CPU is doing that makes this happen; NULL: no CPU does. */
    void (*where)(void *opaque, JournalWhere *where);
    void *where_opaque;
    uint64_t ending;                /* whose EOI is being broadcast, or 0 */
    uint64_t results[INTR_RESULTS]; /* records that ended so */
    uint64_t ended_twice;           /* 0, or a stage is wrong */
    GArray *listeners;              /* of JournalListener */
    unsigned curious;               /* of these, how many want all records */
};

/* `records` is a power of two, or 0 for numbers alone. */
void journal_init(Journal *j, uint32_t records, Trace *trace, Clock *clock);
void journal_free(Journal *j);
static inline bool journal_size_is_valid(uint64_t records)
{
    return records > 0 && records <= JOURNAL_MOST && (records & (records - 1)) == 0;
}

/* Another size, or none; what was written is forgotten. */
void journal_resize(Journal *j, uint32_t records);
/* The records, not the number given last: they are of a machine that is no more. */
void journal_forget(Journal *j);
/* The last records as they are, and how many ended how; for a machine that goes back. */
typedef struct {
    uint64_t last;
    JournalRecord *records; /* `count` of them, up to `last` */
    unsigned count;
    uint64_t results[INTR_RESULTS];
} JournalPast;
void journal_past_take(JournalPast *past, const Journal *j);
void journal_past_clear(JournalPast *past);
/* The journal has those again, and no others. */
void journal_go_back(Journal *j, const JournalPast *past);
/* `lost`: see JournalListener. */
void journal_listen(Journal *j, bool lost, void (*ended)(void *opaque, const JournalRecord *record),
                    void *opaque);
void journal_unlisten(Journal *j, void (*ended)(void *opaque, const JournalRecord *record),
                      void *opaque);

/* NULL if it is not (or no more) in the ring. */
static inline JournalRecord *journal_find(const Journal *j, uint64_t serial)
{
    if (G_UNLIKELY(!j || !j->ring)) {
        return NULL;
    }
    JournalRecord *r = &j->ring[serial & j->mask];
    return G_LIKELY(r->serial == serial) ? r : NULL;
}

/* Are there records at all? Else what is only for them need not be found out. */
static inline bool journal_keeps(const Journal *j)
{
    return j && j->ring;
}

/* Oldest serial number that may still be in the ring; none if it is above `last`. */
uint64_t journal_first(const Journal *j);

/* The time as it was last read, and on whose behalf things happen now; without a journal nobody's
 * at 0. */
static inline int64_t journal_now(const Journal *j)
{
    return j && j->clock ? clock_last(j->clock) : 0;
}

static inline JournalWhere journal_where(const Journal *j)
{
    JournalWhere at = {.cpu = JOURNAL_NO_CPU};

    if (j && j->where) {
        j->where(j->where_opaque, &at);
    }
    return at;
}

/* Somebody means to interrupt: the number of its record, from 1 on; 0 without a journal. `source`
 * is the emitter's id and outlives the journal; `number` its pin, vector or timer. */
uint64_t journal_open(Journal *j, JournalKind kind, const char *source, uint16_t rid,
                      unsigned number);
/* The record of one that waited, which then waits no more, or a new one. */
uint64_t journal_reopen(Journal *j, uint64_t *waiting, JournalKind kind, const char *source,
                        uint16_t rid, unsigned number);

/* The emitter keeps it back. Returns `why`. */
IntrResult journal_keep(Journal *j, uint64_t serial, IntrResult why);
/* The same; and if `why` leaves it open, it waits in *waiting, unless one waits there already, into
 * which it then goes. */
IntrResult journal_wait(Journal *j, uint64_t serial, IntrResult why, uint64_t *waiting);
/* It waits on, for `why` now. */
void journal_wait_on(Journal *j, uint64_t serial, IntrResult why);
/* What waited is gone: taken back, or its device reset. */
void journal_withdraw(Journal *j, uint64_t *waiting, IntrResult why);
/* The emitter sends a message. */
void journal_send(Journal *j, const IntrMsg *msg);
/* Any end that is none of the above; nothing if it has ended. Returns `how`. */
IntrResult journal_end(Journal *j, uint64_t serial, IntrResult how);

#endif
