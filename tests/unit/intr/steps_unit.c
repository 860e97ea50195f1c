/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random steps of drivers at the remapping unit: its tables, queue, commands and events. */
#include "intr/world.h"
#include "tests/include/vtd.h"

#define AT_QUEUE 0x100000ull
#define AT_TABLE 0x200000ull
#define AT_ROOT  0x400000ull
#define BEYOND   0x40000000ull /* no memory there */
#define FRCD     0x220
#define IRTE_IM  (1ull << 15)

static void reg(World *w, uint32_t at, uint64_t value, unsigned size)
{
    rig_wr(&w->rig, VTD_DEFAULT_BASE + at, value, size);
}

static void oneshot(World *w, uint32_t bit)
{
    reg(w, GCMD, w->command | bit, 4);
}

/* Entries. */

static uint64_t remapped_low(World *w)
{
    const ModelUnit *u = &w->model.unit;
    uint32_t dest = world_dest(w, u->wide);

    return IRTE_DLM(world_mode(w)) | (world_draw(w, 4) == 0 ? IRTE_LOGICAL : 0) |
           (world_draw(w, 4) == 0 ? IRTE_RH : 0) | (world_draw(w, 3) == 0 ? IRTE_LEVEL : 0) |
           (uint64_t)world_vector(w) << 16 | (uint64_t)(u->wide ? dest : (dest & 0xff) << 8) << 32;
}

static uint64_t posted_low(World *w)
{
    uint64_t at = world_draw(w, 12) ? MODEL_AT_PID + 64 * world_draw(w, MODEL_PIDS) : BEYOND;

    return IRTE_IM | (world_draw(w, 4) == 0) << 14 | (uint64_t)world_vector(w) << 16 | at << 32;
}

/* Of anybody, of one who is there, of his functions, of a bus. */
static uint64_t source(World *w)
{
    static const uint16_t rids[] = {0x20, 0x21, 0x0110, 0xff00, 0xff01};
    uint64_t rid = WORLD_PICK(w, rids);

    switch (world_draw(w, 8)) {
    case 0:
        return IRTE_SVT_SID | IRTE_SQ(world_draw(w, 4)) | rid;
    case 1:
        return IRTE_SVT_BUS | world_draw(w, 2) << 8 | world_draw(w, 3);
    case 2:
        return IRTE_SVT_SID | rid;
    default:
        return 0;
    }
}

/* A bit is wrong; but none that makes other memory a descriptor. */
static void flip_bit(World *w, uint64_t e[2])
{
    bool posted = e[0] & IRTE_IM;
    unsigned half = world_draw(w, 2), bit = world_draw(w, !posted ? 64 : half ? 32 : 38);

    if (half || posted || 1ull << bit != IRTE_IM) {
        e[half] ^= 1ull << bit;
    }
}

static void entry(World *w)
{
    unsigned index = world_index(w) % MODEL_ENTRIES;
    uint64_t *e = w->model.table[index];

    e[0] = world_draw(w, 3) ? remapped_low(w) : posted_low(w);
    e[0] |= (world_draw(w, 8) ? IRTE_P : 0) | (world_draw(w, 6) ? 0 : IRTE_FPD);
    e[1] = source(w);
    if (world_draw(w, 10) == 0) {
        flip_bit(w, e);
    }
    world_say(w, "entry %u is %016" PRIx64 " %016" PRIx64, index, e[1], e[0]);
    rig_put(&w->rig, AT_TABLE + 16 * index, e[0], e[1]);
}

static void descriptor(World *w)
{
    unsigned n = world_draw(w, MODEL_PIDS);
    uint64_t at = MODEL_AT_PID + 64 * n;
    ModelPid *p = &w->model.pids[n];
    uint32_t dest = world_dest(w, w->model.unit.wide);

    p->control = (uint64_t)(w->model.unit.wide ? dest : (dest & 0xff) << 8) << 32 |
                 (uint64_t)world_vector(w) << 16 | (world_draw(w, 4) == 0) << 1 |
                 (world_draw(w, 4) == 0) | (world_draw(w, 10) ? 0 : 1ull << world_draw(w, 64));
    p->dirty = world_draw(w, 16) == 0;
    world_say(w, "descriptor %u is %016" PRIx64 "%s", n, p->control, p->dirty ? ", dirty" : "");
    rig_put(&w->rig, at + 32, p->control, 0);
    rig_put(&w->rig, at + 48, 0, p->dirty);
}

/* The queue. */

static void queue(World *w, uint64_t low, uint64_t high)
{
    rig_put(&w->rig, AT_QUEUE + w->queue_tail, low, high);
    w->queue_tail = (w->queue_tail + 16) % 4096;
    reg(w, IQT, w->queue_tail, 8);
}

static void flush(World *w)
{
    unsigned index = world_draw(w, MODEL_ENTRIES), mask = world_draw(w, 3);

    if (world_draw(w, 3) == 0) {
        world_say(w, "the entry cache is flushed");
        queue(w, 4, 0);
        model_unit_flush(&w->model, 0, MODEL_ENTRIES);
    } else {
        world_say(w, "the entry cache is flushed of %u, mask %u", index, mask);
        queue(w, 4 | 1 << 4 | (uint64_t)mask << 27 | (uint64_t)index << 32, 0);
        model_unit_flush(&w->model, index & ~((1u << mask) - 1), 1u << mask);
    }
}

static void wait_done(World *w)
{
    world_say(w, "a wait descriptor interrupts");
    queue(w, 5 | 1 << 4, 0);
    model_unit_wait(&w->model);
}

/* Somebody uses an entry. */
static void use(World *w)
{
    Upstream up = iommu_class(w->rig.vtd)->upstream(w->rig.vtd);
    IntrMsg msg = {.address = INTR_WINDOW_BASE | 0x10 | world_index(w) << 5, .requester_id = 0x20};

    world_say(w, "0x20 sends address %#" PRIx64, msg.address);
    msg.serial = journal_open(&w->rig.journal, JOURNAL_MESSAGE, "test", msg.requester_id, 0);
    upstream_interrupt(&up, &msg);
    model_request(&w->model, model_open(&w->model, JOURNAL_MESSAGE, 0), msg.requester_id,
                  msg.address, 0, false);
}

/* Commands. */

static void table(World *w)
{
    unsigned size = world_draw(w, 3) ? 3 : world_draw(w, 4);
    bool is_there = world_draw(w, 12), wide = w->model.unit.has_eim && world_flip(w);

    world_say(w, "the table has %u entries%s%s", 2u << size, wide ? ", EIME" : "",
              is_there ? "" : ", and no memory");
    reg(w, IRTA, (is_there ? AT_TABLE : BEYOND) | (wide ? IRTA_EIME : 0) | size, 8);
    oneshot(w, SIRTP);
    model_unit_table(&w->model, 2u << size, wide, is_there);
}

static void level(World *w, uint32_t bit, bool *model, bool on)
{
    world_say(w, "%s is %s", bit == IRE ? "IRE" : bit == CFI ? "CFI" : "TE", on ? "on" : "off");
    w->command = on ? w->command | bit : w->command & ~bit;
    reg(w, GCMD, w->command, 4);
    *model = on;
}

static void remapping(World *w)
{
    level(w, IRE, &w->model.unit.remapping, world_draw(w, 8));
}

static void compatibility(World *w)
{
    level(w, CFI, &w->model.unit.compatibility, world_flip(w));
}

static void translation(World *w)
{
    level(w, TE, &w->model.unit.translating, world_draw(w, 4) == 0);
}

/* Events. */

static void event_message(World *w)
{
    unsigned n = world_draw(w, 2);
    ModelEvent *e = &w->model.unit.events[n];
    uint64_t address = world_address(w);
    uint32_t upper = world_draw(w, 4) ? 0 : 0x100, data = world_data(w) & 0xffff;

    world_say(w, "event %u: address %#x %#x data %#x", n, upper, (uint32_t)address, data);
    e->address = (uint32_t)address & ~3u;
    reg(w, n ? IEADDR : FEADDR, e->address, 4);
    if (w->model.unit.has_eim) {
        reg(w, n ? IEUADDR : FEUADDR, upper, 4);
        e->address |= (uint64_t)upper << 32;
    }
    e->data = data;
    reg(w, n ? IEDATA : FEDATA, data, 4);
}

static void event_mask(World *w)
{
    unsigned n = world_draw(w, 2);
    bool masked = world_draw(w, 3) == 0;

    world_say(w, "event %u is %smasked", n, masked ? "" : "un");
    reg(w, n ? IECTL : FECTL, masked ? EVENT_IM : 0, 4);
    model_unit_event_mask(&w->model, n, masked);
}

static void settle(World *w)
{
    unsigned n = world_draw(w, w->model.unit.fault_records);

    switch (world_draw(w, 4)) {
    case 0:
        world_say(w, "PFO is cleared");
        reg(w, FSTS, FSTS_PFO, 4);
        model_unit_overflow_clear(&w->model);
        break;
    case 1:
        world_say(w, "IWC is cleared");
        reg(w, ICS, 1, 4);
        model_unit_wait_clear(&w->model);
        break;
    default:
        world_say(w, "fault record %u is cleared", n);
        reg(w, FRCD + 16 * n + 8, 1ull << 63, 8);
        model_unit_fault_clear(&w->model, n);
        break;
    }
}

static void start(World *w)
{
    w->command = QIE;
    w->queue_tail = 0;
    reg(w, RTADDR, AT_ROOT, 8);
    reg(w, GCMD, SRTP, 4);
    reg(w, IQA, AT_QUEUE, 8);
    reg(w, GCMD, w->command, 4);
    table(w);
}

static void reset(World *w)
{
    world_say(w, "the unit is reset");
    if (w->before_unit_reset) {
        w->before_unit_reset(w->opaque);
    }
    device_reset(w->rig.vtd);
    model_unit_reset(&w->model);
    start(w);
}

void step_unit(World *w)
{
    static const struct {
        unsigned weight;
        void (*step)(World *w);
    } rows[] = {{40, use},        {24, entry},        {10, descriptor}, {16, flush},
                {8, wait_done},   {5, table},         {5, remapping},   {4, compatibility},
                {3, translation}, {6, event_message}, {8, event_mask},  {10, settle},
                {1, reset}};
    int n = (int)world_draw(w, 140);

    for (unsigned i = 0;; i++) {
        n -= (int)rows[i].weight;
        if (n < 0) {
            rows[i].step(w);
            return;
        }
    }
}

void world_set_up_unit(World *w)
{
    model_unit_reset(&w->model);
    start(w);
    for (unsigned i = 0; i < 2 * MODEL_ENTRIES; i++) {
        entry(w);
    }
    for (unsigned i = 0; i < MODEL_PIDS; i++) {
        descriptor(w);
    }
    event_message(w);
    event_message(w);
    event_mask(w);
    if (world_draw(w, 4)) {
        remapping(w);
    }
    compatibility(w);
}
