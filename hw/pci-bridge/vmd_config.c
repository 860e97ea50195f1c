/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CFGBAR: configuration space of what is behind a VMD, laid out as ECAM is (PCI Express 5.0, 7.2.2)
 * from its first bus on. Writes are posted: with cfg-latency they come to the function later, in
 * their order, and a read of any of it comes after them.
 */
#include <string.h>

#include "hw/pci-bridge/vmd_internal.h"

#define BUS_SHIFT   20
#define DEVFN_SHIFT 12
#define REGISTER    0xfffu

/* Past bus 255 come those before the first one, where nothing answers. */
static uint8_t cfg_bus(const Vmd *s, uint64_t offset)
{
    return (uint8_t)(vmd_first_bus(s) + (offset >> BUS_SHIFT));
}

static uint8_t cfg_devfn(uint64_t offset)
{
    return (uint8_t)(offset >> DEVFN_SHIFT);
}

static void cfg_write_now(Vmd *s, uint64_t offset, uint32_t value, unsigned size)
{
    pci_config_write(pci_domain_behind(&s->pci), cfg_bus(s, offset), cfg_devfn(offset),
                     offset & REGISTER, value, size);
}

static void carry_out_oldest(Vmd *s)
{
    VmdPosted *p = &s->posted;
    VmdWrite w = p->writes[0];
    p->count--;
    memmove(&p->writes[0], &p->writes[1], p->count * sizeof(w));
    cfg_write_now(s, w.offset, w.value, w.size);
}

static void wait_for_oldest(Vmd *s)
{
    VmdPosted *p = &s->posted;
    if (p->count > 0) {
        timer_arm(&p->timer, (int64_t)p->writes[0].due);
    } else {
        timer_cancel(&p->timer);
    }
}

static void carry_out_due(void *opaque)
{
    Vmd *s = opaque;
    uint64_t now = (uint64_t)clock_now(s->pci.dev.platform->clock);
    while (s->posted.count > 0 && s->posted.writes[0].due <= now) {
        carry_out_oldest(s);
    }
    wait_for_oldest(s);
}

static void carry_out_all(Vmd *s)
{
    while (s->posted.count > 0) {
        carry_out_oldest(s);
    }
    wait_for_oldest(s);
}

static uint64_t vmd_config_read(void *opaque, uint64_t offset, unsigned size)
{
    Vmd *s = opaque;
    carry_out_all(s);
    return pci_config_read(pci_domain_behind(&s->pci), cfg_bus(s, offset), cfg_devfn(offset),
                           offset & REGISTER, size);
}

/* There is room for so many on the way; then the oldest has to get on. */
static void post_cfg_write(Vmd *s, VmdWrite w)
{
    VmdPosted *p = &s->posted;
    if (p->count == VMD_POSTED_MOST) {
        carry_out_oldest(s);
    }
    p->writes[p->count++] = w;
    wait_for_oldest(s);
}

static void vmd_config_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Vmd *s = opaque;
    if (s->cfg_latency == 0) {
        cfg_write_now(s, offset, (uint32_t)value, size);
        return;
    }
    post_cfg_write(
        s, (VmdWrite){.due = (uint64_t)clock_now(s->pci.dev.platform->clock) + s->cfg_latency,
                      .offset = (uint32_t)offset,
                      .value = (uint32_t)value,
                      .size = (uint8_t)size});
}

const MemOps vmd_config_ops = {.read = vmd_config_read, .write = vmd_config_write, .max_size = 4};

void vmd_config_init(Vmd *s)
{
    timer_init(&s->posted.timer, s->pci.dev.platform->clock, carry_out_due, s);
}

void vmd_config_drop(Vmd *s)
{
    s->posted.count = 0;
    timer_cancel(&s->posted.timer);
}

static const StateField write_state[] = {
    STATE_FIELD(STATE_UINT64, VmdWrite, due),
    STATE_FIELD(STATE_UINT32, VmdWrite, offset),
    STATE_FIELD(STATE_UINT32, VmdWrite, value),
    STATE_FIELD_MAX(STATE_UINT8, VmdWrite, size, 4),
    STATE_END,
};

const StateField vmd_posted_state[] = {
    STATE_STRUCTS(VmdPosted, writes, VMD_POSTED_MOST, VmdWrite, write_state),
    STATE_FIELD_MAX(STATE_UINT32, VmdPosted, count, VMD_POSTED_MOST),
    STATE_FIELD(STATE_TIMER, VmdPosted, timer),
    STATE_END,
};
