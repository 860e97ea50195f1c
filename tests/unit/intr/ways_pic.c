/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways by the i8259 pair: see ways.h. */
#include "intr/ways.h"

#define LINE 4

static void pic_out(Rig *rig, uint16_t port, uint8_t value)
{
    as_store(rig->platform.ports, port, value, 1);
}

static void pic_raise(Rig *rig)
{
    pic_out(rig, 0x20, 0x11);
    pic_out(rig, 0x21, 0x30);
    pic_out(rig, 0x21, 0x04);
    pic_out(rig, 0x21, 0x01);
    irq_raise(&rig->pic_lines[LINE]);
}

IntrResult way_pic_requested(Rig *rig)
{
    pic_raise(rig);
    return WAY_TRACED;
}

IntrResult way_pic_masked(Rig *rig)
{
    pic_raise(rig);
    pic_out(rig, 0x21, 1u << LINE);
    return WAY_TRACED;
}

IntrResult way_pic_held(Rig *rig)
{
    pic_raise(rig);
    g_assert_cmphex(i8259_ack(rig->pic, 0), ==, 0x30 + LINE);
    irq_raise(&rig->pic_lines[LINE + 1]);
    return WAY_TRACED;
}

IntrResult way_pic_spurious(Rig *rig)
{
    pic_raise(rig);
    irq_lower(&rig->pic_lines[LINE]);
    g_assert_cmphex(i8259_ack(rig->pic, 0), ==, 0x37);
    return WAY_TRACED;
}

IntrResult way_pic_set_up(Rig *rig)
{
    pic_raise(rig);
    pic_out(rig, 0x20, 0x11);
    return WAY_TRACED;
}
