/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the global command register, and its answers in GSTS (11.4.4). A command takes effect when
 * its status says so, after gcmd-latency.
 */
#include <string.h>

#include "hw/i386/iommu/vtd/unit.h"

#define GCMD_LEVELS   (VTD_GCMD_TE | VTD_GCMD_QIE | VTD_GCMD_IRE | VTD_GCMD_CFI)
#define GCMD_POINTERS (VTD_GCMD_SRTP | VTD_GCMD_SIRTP) /* with a status that stays */
#define GCMD_ONESHOTS (GCMD_POINTERS | VTD_GCMD_WBF)

static void gcmd_status(VtdState *s, uint32_t bits, bool set)
{
    uint64_t status = vtd_reg(s, VTD_GSTS);
    regfile_set(&s->regs, VTD_GSTS, set ? status | bits : status & ~(uint64_t)bits);
}

static void flush_write_buffer(VtdState *s)
{
    if (s->tables.dram) {
        dram_drain(s->tables.dram);
    }
}

void vtd_before_invalidation(VtdState *s)
{
    flush_write_buffer(s);
    vtd_rules_invalidating(s);
}

static void set_root_table(VtdState *s)
{
    bool same = vtd_reg(s, VTD_RTADDR) == s->root_table;
    s->root_table = vtd_reg(s, VTD_RTADDR);
    if (s->props.esrtps) {
        vtd_context_invalidate(&s->cache, VTD_INV_GLOBAL, 0, 0, 0);
        vtd_iotlb_invalidate(&s->cache, VTD_INV_GLOBAL, 0, 0, 0);
    }
    vtd_rules_root_set(s, same);
}

static void set_intr_table(VtdState *s)
{
    bool same = vtd_reg(s, VTD_IRTA) == s->iec.table.irta;
    vtd_iec_set_table(&s->iec, vtd_reg(s, VTD_IRTA));
    vtd_watch_set(&s->irt_watch, s->iec.table.base, (uint64_t)s->iec.table.entries * VTD_IRTE_SIZE);
    vtd_pid_watch_clear(&s->pid_watch);
    s->iec.flushed &= same; /* some drivers echo IRTPS into SIRTP with the next command */
    if (s->props.esirtps) {
        vtd_iec_invalidate_all(&s->iec);
    }
    vtd_rules_table_set(s, same);
}

static void set_level(VtdState *s, uint32_t bit)
{
    bool on = !(vtd_reg(s, VTD_GSTS) & bit);
    if (on) {
        vtd_rules_enable(s, bit);
    }
    gcmd_status(s, bit, on);
    vtd_regs_derive(s);
    if (bit == VTD_GCMD_QIE) {
        if (on) {
            vtd_qi_enable(s);
        } else {
            vtd_qi_disable(s);
        }
    }
}

static void gcmd_carry_out(VtdState *s)
{
    uint32_t command = s->command.pending;
    s->command.pending = 0;
    if (command & VTD_GCMD_SRTP) {
        set_root_table(s);
        gcmd_status(s, VTD_GCMD_SRTP, true);
    }
    if (command & VTD_GCMD_SIRTP) {
        set_intr_table(s);
        gcmd_status(s, VTD_GCMD_SIRTP, true);
    }
    if (command & VTD_GCMD_WBF) {
        flush_write_buffer(s);
        gcmd_status(s, VTD_GCMD_WBF, false);
    }
    static const uint32_t levels[] = {VTD_GCMD_QIE, VTD_GCMD_IRE, VTD_GCMD_CFI, VTD_GCMD_TE};
    for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
        if (command & levels[i]) {
            set_level(s, levels[i]);
        }
    }
    trace_event(s->dev.platform->trace, TRACE_VTD, "vtd_gsts command=%#x status=%#x", command,
                (unsigned)vtd_reg(s, VTD_GSTS));
}

static uint32_t supported_commands(const VtdState *s)
{
    return VTD_GCMD_QIE | VTD_GCMD_SRTP | (s->props.dma_translation ? VTD_GCMD_TE : 0) |
           (s->props.rwbf ? VTD_GCMD_WBF : 0) |
           (s->intremap ? VTD_GCMD_IRE | VTD_GCMD_SIRTP | VTD_GCMD_CFI : 0);
}

/* What is new in a write of GCMD: bits that keep their value are no commands. */
static uint32_t command_in(const VtdState *s, uint32_t written, uint32_t mask)
{
    uint32_t status = (uint32_t)vtd_reg(s, VTD_GSTS);
    return (((status ^ written) & mask & GCMD_LEVELS) | (written & GCMD_ONESHOTS)) &
           supported_commands(s);
}

static void start_command(VtdState *s, uint32_t command)
{
    gcmd_status(s, command & GCMD_POINTERS, false);
    gcmd_status(s, command & VTD_GCMD_WBF, true); /* WBFS: it is under way */
    s->command.pending = command;
    if (s->props.gcmd_latency) {
        timer_arm(&s->command.timer,
                  clock_now(s->dev.platform->clock) + (int64_t)s->props.gcmd_latency);
    } else {
        gcmd_carry_out(s);
    }
}

static void put_off(VtdState *s, uint32_t written, uint32_t mask)
{
    VtdCommand *c = &s->command;
    if (s->props.gcmd_early == VTD_GCMD_QUEUE && c->early < VTD_EARLY_COMMANDS) {
        c->early_value[c->early] = written;
        c->early_mask[c->early++] = mask;
    } else {
        VTD_GUEST_ERROR(s, "vtd_gcmd value=%#x lost", written);
    }
}

static void start_early(VtdState *s)
{
    VtdCommand *c = &s->command;
    while (c->early && !c->pending) {
        uint32_t command = command_in(s, c->early_value[0], c->early_mask[0]);
        c->early--;
        memmove(c->early_value, c->early_value + 1, c->early * sizeof(c->early_value[0]));
        memmove(c->early_mask, c->early_mask + 1, c->early * sizeof(c->early_mask[0]));
        if (command) {
            start_command(s, command);
        }
    }
}

static void command_fired(void *opaque)
{
    VtdState *s = opaque;
    gcmd_carry_out(s);
    start_early(s);
    vtd_events_flush(&s->events);
}

/*
 * Software has to give one command at a time and to wait for its status (11.4.4.1); of several in
 * one write hardware does all, and so do we, for there are drivers that echo RTPS into SRTP. What a
 * write before the last one's status does is not defined: gcmd-early chooses.
 */
void vtd_gcmd_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now, uint64_t written,
                      uint64_t mask)
{
    VtdState *s = opaque;
    trace_event(s->dev.platform->trace, TRACE_VTD, "vtd_gcmd value=%#x status=%#x",
                (unsigned)written, (unsigned)vtd_reg(s, VTD_GSTS));
    uint32_t command = command_in(s, (uint32_t)written, (uint32_t)mask);
    vtd_rules_gcmd(s, (uint32_t)written, command);
    if (s->command.pending) {
        put_off(s, (uint32_t)written, (uint32_t)mask);
    } else if (command) {
        start_command(s, command);
    }
}

void vtd_gcmd_init(VtdState *s)
{
    timer_init(&s->command.timer, s->dev.platform->clock, command_fired, s);
}

void vtd_gcmd_reset(VtdState *s)
{
    timer_cancel(&s->command.timer);
    s->command.pending = 0;
    s->command.early = 0;
}
