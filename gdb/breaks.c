/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Breakpoints and watchpoints, on every vCPU at once (E.2: Z, z). */
#include <errno.h>

#include "gdb/server.h"

/* The packet's number, and a stop reply's word. */
typedef struct {
    VcpuBreakKind kind;
    const char *word;
} BreakType;
static const BreakType types[] = {
    {VCPU_BREAK_CODE, "swbreak"},  {VCPU_BREAK_CODE, "hwbreak"},  {VCPU_BREAK_WRITE, "watch"},
    {VCPU_BREAK_ACCESS, "rwatch"}, {VCPU_BREAK_ACCESS, "awatch"},
};

static bool take_break(const char **args, GdbBreak *b)
{
    uint64_t type, kind;
    if (!gdb_take_number(args, &type) || type >= G_N_ELEMENTS(types) ||
        !gdb_take_prefix(args, ",") || !gdb_take_range(args, &b->at.addr, &kind)) {
        return false;
    }
    b->type = (unsigned)type;
    b->at.kind = types[type].kind;
    b->at.length = b->at.kind == VCPU_BREAK_CODE ? 1 : kind;
    return true;
}

static bool insert_at(const Gdb *gdb, unsigned first, unsigned end, const VcpuBreakpoint *at)
{
    for (unsigned i = first; i < end; i++) {
        Vcpu *vcpu = gdb->machine->cpus[i];
        if (vcpu && vcpu->ops->break_insert && !vcpu->ops->break_insert(vcpu, at)) {
            return false;
        }
    }
    return true;
}

static void remove_at(const Gdb *gdb, const VcpuBreakpoint *at)
{
    for (unsigned i = 0; i < gdb->machine->cpu_count; i++) {
        Vcpu *vcpu = gdb->machine->cpus[i];
        if (vcpu && vcpu->ops->break_remove) {
            vcpu->ops->break_remove(vcpu, at);
        }
    }
}

static GdbBreak *gdb_break_at(const Gdb *gdb, unsigned i)
{
    return &g_array_index(gdb->breaks, GdbBreak, i);
}

static int find_break(const Gdb *gdb, const GdbBreak *b)
{
    for (unsigned i = 0; i < gdb->breaks->len; i++) {
        const GdbBreak *is = gdb_break_at(gdb, i);
        if (is->type == b->type && is->at.addr == b->at.addr && is->at.length == b->at.length) {
            return (int)i;
        }
    }
    return -1;
}

void gdb_insert_break(Gdb *gdb, const char *args)
{
    GdbBreak b;
    if (!take_break(&args, &b)) {
        gdb_send_text(gdb, ""); /* a kind that is not supported */
        return;
    }
    if (find_break(gdb, &b) < 0) { /* the client may send a packet twice */
        if (!insert_at(gdb, 0, gdb->machine->cpu_count, &b.at)) {
            remove_at(gdb, &b.at);
            gdb_send_error(gdb, EINVAL);
            return;
        }
        g_array_append_val(gdb->breaks, b);
    }
    gdb_send_text(gdb, "OK");
}

void gdb_remove_break(Gdb *gdb, const char *args)
{
    GdbBreak b;
    if (!take_break(&args, &b)) {
        gdb_send_text(gdb, "");
        return;
    }
    int i = find_break(gdb, &b);
    if (i >= 0) {
        remove_at(gdb, &b.at);
        g_array_remove_index_fast(gdb->breaks, (guint)i);
    }
    gdb_send_text(gdb, "OK");
}

void gdb_remove_all_breaks(Gdb *gdb)
{
    for (unsigned i = 0; i < gdb->breaks->len; i++) {
        remove_at(gdb, &gdb_break_at(gdb, i)->at);
    }
    g_array_set_size(gdb->breaks, 0);
}

void gdb_put_break(const Gdb *gdb, GString *out, const Vcpu *vcpu)
{
    const VcpuBreakpoint *hit = &gdb->machine->broke_for;
    for (unsigned i = 0; i < gdb->breaks->len; i++) {
        const GdbBreak *b = gdb_break_at(gdb, i);
        if (b->at.kind != hit->kind || b->at.addr != hit->addr || b->at.length != hit->length) {
            continue;
        }
        if (b->at.kind != VCPU_BREAK_CODE) {
            g_string_append_printf(out, "%s:%" PRIx64 ";", types[b->type].word, b->at.addr);
        } else if (gdb->swbreak) {
            g_string_append_printf(out, "%s:;", types[b->type].word);
        }
        return;
    }
}
