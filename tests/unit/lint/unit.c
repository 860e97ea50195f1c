/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lint/unit.h"

void unit_wr(Rig *rig, uint32_t reg, uint64_t value, unsigned size)
{
    rig_wr(rig, VTD_DEFAULT_BASE + reg, value, size);
}

uint64_t unit_rd(Rig *rig, uint32_t reg, unsigned size)
{
    return as_load(rig->platform.memory, VTD_DEFAULT_BASE + reg, size, NULL);
}

void unit_command(Rig *rig, uint32_t value)
{
    unit_wr(rig, UNIT_GCMD, value, 4);
    unit_rd(rig, UNIT_GSTS, 4);
}

void unit_submit(Rig *rig, uint64_t low, uint64_t high)
{
    uint64_t tail = unit_rd(rig, UNIT_IQT, 8);

    rig_put(rig, AT_QUEUE + tail, low, high);
    unit_wr(rig, UNIT_IQT, tail + 16, 8);
}

void unit_start_queue(Rig *rig)
{
    unit_wr(rig, UNIT_IQT, 0, 8);
    unit_wr(rig, UNIT_IQA, AT_QUEUE, 8);
    unit_command(rig, QIE);
}

void unit_start_mode(Rig *rig, uint32_t mode)
{
    unit_start_queue(rig);
    unit_wr(rig, UNIT_IRTA, AT_IRT | mode | IRTA_SIZE, 8);
    unit_command(rig, QIE | SIRTP);
    unit_submit(rig, DESC_IEC_GLOBAL, 0);
    unit_command(rig, QIE | IRE);
}

void unit_start(Rig *rig)
{
    unit_start_mode(rig, EIME);
}

void unit_entry(Rig *rig, uint32_t index, uint64_t low, uint64_t high)
{
    rig_put(rig, AT_IRT + index * 16, low, high);
}

void unit_flush(Rig *rig, uint32_t index)
{
    unit_submit(rig, DESC_IEC_INDEX | (uint64_t)index << 32, 0);
}

IntrResult unit_send_as(Rig *rig, uint64_t address, uint32_t data, uint16_t requester_id)
{
    IntrMsg msg = {.serial = journal_open(&rig->journal, JOURNAL_MESSAGE, "test", requester_id, 0),
                   .address = address,
                   .data = data,
                   .requester_id = requester_id};
    Upstream up = iommu_class(rig->vtd)->upstream(rig->vtd);

    return upstream_interrupt(&up, &msg);
}

IntrResult unit_send(Rig *rig, uint32_t index)
{
    return unit_send_as(rig, INTR_WINDOW_BASE | 0x10 | index << 5, 0, SOURCE);
}

void unit_pass_time(Rig *rig, int64_t ns)
{
    clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + ns);
}
