/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of lint: the invalidation queue, and invalidation by registers. */
#include "lint/unit.h"

static void set_tail(Rig *rig, uint64_t tail)
{
    unit_wr(rig, UNIT_IQT, tail, 8);
}

static void submit(Rig *rig, uint64_t low, uint64_t high)
{
    unit_start_queue(rig);
    unit_submit(rig, low, high);
}

/* Set-up. */

static void iqa_on(Rig *rig)
{
    unit_start_queue(rig);
    unit_wr(rig, UNIT_IQA, AT_QUEUE + 0x1000, 8);
}

static void iqa_off(Rig *rig)
{
    unit_start_queue(rig);
    unit_command(rig, 0);
    unit_wr(rig, UNIT_IQA, AT_QUEUE + 0x1000, 8);
}

static void iqa_wide(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, AT_QUEUE | 1 << 11, 8);
}

static void iqa_long(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, AT_QUEUE | 7, 8);
}

static void queue_beyond(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, (RAM_SIZE - 0x1000) | 1, 8);
    unit_command(rig, QIE);
}

static void queue_at_end(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, RAM_SIZE - 0x1000, 8);
    unit_command(rig, QIE);
}

static void on_with_tail(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, AT_QUEUE, 8);
    set_tail(rig, 16);
    unit_command(rig, QIE);
}

static void on_again(Rig *rig)
{
    submit(rig, DESC_IEC_GLOBAL, 0);
    unit_command(rig, 0);
    unit_start_queue(rig); /* with the tail at 0 again */
}

static void tail_off(Rig *rig)
{
    set_tail(rig, 16);
}

static void tail_zero_off(Rig *rig)
{
    set_tail(rig, 0);
}

/* The tail. */

static void tail_after_error(Rig *rig)
{
    submit(rig, 0xf, 0);
    unit_submit(rig, DESC_IEC_GLOBAL, 0);
}

static void tail_after_clearing(Rig *rig)
{
    submit(rig, 0xf, 0);
    rig_put(rig, AT_QUEUE, DESC_IEC_GLOBAL, 0);
    unit_wr(rig, UNIT_FSTS, 1 << 4, 4);
    unit_submit(rig, DESC_IEC_GLOBAL, 0);
}

static void tail_past(Rig *rig)
{
    unit_start_queue(rig);
    set_tail(rig, 0x1000);
}

static void tail_last(Rig *rig)
{
    unit_start_queue(rig);
    for (unsigned at = 0; at < 0x1000; at += 16) {
        rig_put(rig, AT_QUEUE + at, DESC_IEC_GLOBAL, 0);
    }
    set_tail(rig, 0xff0);
    set_tail(rig, 0);
}

/* Descriptors. */

static void type_unknown(Rig *rig)
{
    submit(rig, 0xf, 0);
}

static void type_known(Rig *rig)
{
    submit(rig, DESC_CONTEXT_GLOBAL, 0);
    unit_submit(rig, DESC_IOTLB_GLOBAL, 0);
    unit_submit(rig, DESC_IEC_GLOBAL, 0);
}

static void reserved_bit(Rig *rig)
{
    submit(rig, DESC_IEC_GLOBAL, 1);
}

static void wait_nowhere(Rig *rig)
{
    submit(rig, DESC_WAIT | WAIT_STATUS | 1ull << 32, BEYOND);
}

static void wait_in_memory(Rig *rig)
{
    submit(rig, DESC_WAIT | WAIT_STATUS | 1ull << 32, RAM_SIZE - 4);
    unit_submit(rig, DESC_WAIT | WAIT_FENCE, BEYOND); /* nothing is written */
}

static void wait_mute(Rig *rig)
{
    submit(rig, DESC_WAIT, 0);
}

static void wait_fence(Rig *rig)
{
    submit(rig, DESC_WAIT | WAIT_FENCE, 0);
}

static void wait_twice(Rig *rig)
{
    submit(rig, DESC_WAIT | WAIT_INTERRUPT, 0);
    unit_submit(rig, DESC_WAIT | WAIT_INTERRUPT, 0);
}

static void wait_cleared(Rig *rig)
{
    submit(rig, DESC_WAIT | WAIT_INTERRUPT, 0);
    unit_submit(rig, DESC_WAIT | WAIT_STATUS, AT_STATUS);
    unit_wr(rig, UNIT_ICS, 1, 4);
    unit_submit(rig, DESC_WAIT | WAIT_INTERRUPT, 0);
}

static void pages_unaligned(Rig *rig)
{
    submit(rig, DESC_IOTLB_PAGE, 0x3000 | 1);
}

static void pages_aligned(Rig *rig)
{
    submit(rig, DESC_IOTLB_PAGE, 0x2000 | 1);
    unit_submit(rig, DESC_IOTLB_PAGE, 0x3000);
    unit_submit(rig, DESC_IOTLB_GLOBAL, 0x3000 | 1); /* looks at no address */
}

static void index_unaligned(Rig *rig)
{
    submit(rig, DESC_IEC_INDEX | 2ull << 27 | 6ull << 32, 0);
}

static void index_aligned(Rig *rig)
{
    submit(rig, DESC_IEC_INDEX | 2ull << 27 | 8ull << 32, 0);
    unit_submit(rig, DESC_IEC_INDEX | 7ull << 32, 0);
}

/* Registers. */

#define IOTLB_IVT    (1ull << 63)
#define IOTLB_GLOBAL (1ull << 60)
#define CCMD_ICC     (1ull << 63)
#define CCMD_GLOBAL  (1ull << 61)

static void registers_with_queue(Rig *rig)
{
    unit_start_queue(rig);
    unit_wr(rig, UNIT_CCMD, CCMD_ICC | CCMD_GLOBAL, 8);
}

static void registers_alone(Rig *rig)
{
    unit_wr(rig, UNIT_CCMD, CCMD_ICC | CCMD_GLOBAL, 8);
    unit_wr(rig, UNIT_IOTLB, IOTLB_IVT | IOTLB_GLOBAL, 8);
    unit_start_queue(rig);
    unit_wr(rig, UNIT_IOTLB, IOTLB_GLOBAL, 8); /* asks for nothing */
}

static void granularity_reserved(Rig *rig)
{
    unit_wr(rig, UNIT_IOTLB, IOTLB_IVT, 8);
}

const LintCase lint_queue_cases[] = {
    {LINT_IQA_WHILE_ON, iqa_on, iqa_off},
    {LINT_IQA_WIDE, iqa_wide, iqa_long},
    {LINT_QUEUE_NOT_IN_MEMORY, queue_beyond, queue_at_end},
    {LINT_QIE_TAIL_NOT_ZERO, on_with_tail, on_again},
    {LINT_IQT_WHILE_OFF, tail_off, tail_zero_off},
    {LINT_IQT_WHILE_HALTED, tail_after_error, tail_after_clearing},
    {LINT_TAIL_PAST_END, tail_past, tail_last},
    {LINT_DESCRIPTOR_TYPE, type_unknown, type_known},
    {LINT_DESCRIPTOR_RESERVED, reserved_bit, type_known},
    {LINT_WAIT_NOT_IN_MEMORY, wait_nowhere, wait_in_memory},
    {LINT_WAIT_WITHOUT_SIGNAL, wait_mute, wait_fence},
    {LINT_IWC_NOT_CLEARED, wait_twice, wait_cleared},
    {LINT_IOTLB_ADDRESS_UNALIGNED, pages_unaligned, pages_aligned},
    {LINT_IEC_INDEX_UNALIGNED, index_unaligned, index_aligned},
    {LINT_REGISTER_INVALIDATION_WITH_QUEUE, registers_with_queue, registers_alone},
    {LINT_GRANULARITY_ZERO, granularity_reserved, registers_alone},
    {.breaks = NULL},
};
