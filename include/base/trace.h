/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces: one line an event, off by default, chosen by group (-d GROUP, -trace GROUP, -D FILE).
 *
 * An event is "name key=value ...": the same field names everywhere (serial, sid, dev, addr, data,
 * vector, dest, mode, trig, index, reason, result); `sid` is written by rid_text(). A stage of the
 * interrupt path traces each message once.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

typedef enum {
    TRACE_INT,          /* -d int: exceptions and interrupts taken by CPUs */
    TRACE_CPU_RESET,    /* -d cpu_reset */
    TRACE_GUEST_ERRORS, /* -d guest_errors: what a guest got wrong */
    TRACE_UNIMP,        /* -d unimp */
    TRACE_APIC,
    TRACE_IOAPIC,
    TRACE_PIC,
    TRACE_VTD,
    TRACE_AMDVI,
    TRACE_MSI,
    TRACE_HPET,
    TRACE_PCI,
    TRACE_IDE,
    TRACE_NVME,
    TRACE_DSA,
    TRACE_VIRTIO,
    TRACE_GROUPS,
} TraceGroup;

typedef struct Trace {
    uint32_t enabled; /* bit a group */
    FILE *out;
    uint64_t lines[TRACE_GROUPS];
    /* Time and CPU, for the second place of a line; NULL: none. */
    void (*stamp)(void *opaque, GString *out);
    void *stamp_opaque;
    uint64_t limit; /* lines a group at most, 0 for no limit: a guest cannot fill a disk */
} Trace;

void trace_init(Trace *trace);
/* Comma-separated group names, "help" excepted; false and an error naming the nearest if unknown.
 * After "trace:" come QEMU's event names or patterns, of which the group counts; an unknown one is
 * a warning, as is an item of QEMU's translator. */
bool trace_enable(Trace *trace, const char *groups, GError **error);
/* These on or off, the others as they are. */
bool trace_switch(Trace *trace, const char *names, bool on, GError **error);
const char *trace_group_name(TraceGroup group);
bool trace_open(Trace *trace, const char *path, GError **error);
void trace_close(Trace *trace);
void trace_help(GString *out);
void trace_print(Trace *trace, TraceGroup group, const char *format, ...) G_GNUC_PRINTF(3, 4);

static inline bool trace_on(const Trace *trace, TraceGroup group)
{
    return trace && (trace->enabled & (1u << group));
}

#define trace_event(trace_, group_, ...)                                                           \
    do {                                                                                           \
        if (G_UNLIKELY(trace_on(trace_, group_))) {                                                \
            trace_print(trace_, group_, __VA_ARGS__);                                              \
        }                                                                                          \
    } while (0)

#endif
