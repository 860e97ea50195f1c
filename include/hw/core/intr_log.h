/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attempts to interrupt of one machine, in their order: each has a serial number, by which the
 * lines that different stages trace about it can be joined. It is given where the interrupt is
 * meant, not where the message is sent: one that its emitter keeps back has a number, too, and one
 * that waits behind a mask is sent under the number that it got then.
 */
#ifndef HW_CORE_INTR_LOG_H
#define HW_CORE_INTR_LOG_H

#include <inttypes.h>

typedef struct IntrLog {
    uint64_t last; /* serial number given last */
} IntrLog;

/* From 1 on; 0 without a log (a device alone in a test). */
static inline uint64_t intr_serial_next(IntrLog *log)
{
    return log ? ++log->last : 0;
}

/* The number of one that waited, which then waits no more, or a new one. */
static inline uint64_t intr_serial_take(IntrLog *log, uint64_t *waiting)
{
    uint64_t serial = *waiting ? *waiting : intr_serial_next(log);

    *waiting = 0;
    return serial;
}

/* One more has to wait; what waits already keeps its number. */
static inline void intr_serial_wait(uint64_t *waiting, uint64_t serial)
{
    if (*waiting == 0) {
        *waiting = serial;
    }
}

#endif
