/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi by an independent model: generated device tables, interrupt tables, page tables and
 * register values, changed between generated interrupt requests and accesses, with and without the
 * invalidations that a change needs. Each request's answer, its events and where it went have to be
 * the model's. A seed gives the same run.
 *
 * Usage: test-amdvi-model [--requests N] [--seed N]
 */
#include <stdio.h>
#include <string.h>

#include "amdvi/model.h"
#include "hw/core/upstream.h"
#include "hw/i386/iommu/amdvi.h"
#include "hw/intr/journal.h"
#include "tests/include/amdvi.h"

#define RAM_SIZE    (8ull << 20)
#define AT_DEVICES  0x100000ull
#define AT_IRTS     0x200000ull /* 32 KiB a device */
#define AT_TABLES   0x300000ull /* of pages */
#define TABLES      8
#define AT_DATA     0x400000ull
#define AT_COMMANDS 0x500000ull
#define AT_LOG      0x510000ull
#define BEYOND      0x40000000ull /* no memory there */
#define LENGTH_256  (8ull << 56)
#define RING        4096u
#define PAGES       6 /* of a domain's addresses */

typedef struct {
    Platform platform;
    Journal journal;
    MemRegion ram;
    ApicBus *bus;
    Device *unit;
    const IommuClass *cls;
    Model model;
    GRand *rand;
    uint32_t tail, head;
    uint64_t counts[4]; /* remapped, blocked, accesses, posted */
    unsigned wrong;
} World;

static uint64_t rand64(World *w)
{
    return (uint64_t)g_rand_int(w->rand) << 32 | g_rand_int(w->rand);
}

static unsigned below(World *w, unsigned n)
{
    return (unsigned)g_rand_int_range(w->rand, 0, (gint32)n);
}

/* Once in n times. */
static bool rarely(World *w, unsigned n)
{
    return below(w, n) == 0;
}

static bool world_load(void *opaque, uint64_t at, uint64_t *value)
{
    World *w = opaque;
    MemResult result;
    *value = as_load(w->platform.memory, at, 8, &result);
    return result == MEM_OK;
}

static void put64(World *w, uint64_t at, uint64_t value)
{
    as_store(w->platform.memory, at, value, 8);
}

static uint64_t counter(const World *w, const char *name)
{
    return iommu_count(w->unit, iommu_counter_find(w->unit, name));
}

static void world_open(World *w, uint32_t seed)
{
    static const uint16_t ids[MODEL_DEVICES] = {0x0008, 0x0010, 0x00a0, 0x0100,
                                                0x0108, 0x01ff, 0x0200, 0xffff};
    uint64_t base;
    *w = (World){.rand = g_rand_new_with_seed(seed)};
    w->platform.clock = clock_new(CLOCK_MANUAL);
    w->platform.memory = as_new("memory", 52);
    w->platform.journal = &w->journal;
    journal_init(&w->journal, 16, NULL, w->platform.clock);
    g_assert_true(ram_init(&w->ram, "ram", RAM_SIZE, NULL));
    as_add(w->platform.memory, &w->ram, 0);
    w->bus = apic_bus_new(&w->journal);
    w->unit = device_new(&amdvi_class, &w->platform, NULL);
    w->cls = iommu_class(w->unit);
    *w->cls->links(w->unit) = (IommuLinks){.apic_bus = w->bus, .memory = w->platform.memory};
    g_assert_true(device_set_prop(w->unit, "irt-2k", "on", NULL));
    g_assert_true(device_realize(w->unit, NULL));
    device_reset(w->unit);
    as_add(w->platform.memory, w->cls->region(w->unit, &base), AMD_BASE);
    memcpy(w->model.ids, ids, sizeof(ids));
    w->model.load = world_load;
    w->model.opaque = w;
    put64(w, AMD_BASE + CMD_BUF, AT_COMMANDS | LENGTH_256);
    put64(w, AMD_BASE + EVT_LOG, AT_LOG | LENGTH_256);
}

static void world_close(World *w)
{
    device_free(w->unit);
    apic_bus_free(w->bus);
    journal_free(&w->journal);
    as_free(w->platform.memory);
    ram_free(&w->ram);
    clock_free(w->platform.clock);
    g_rand_free(w->rand);
}

/* ---- Changes ---- */

static void change_control(World *w)
{
    uint64_t value = EVT_LOG_EN | CMD_BUF_EN;
    value |= rarely(w, 10) ? 0 : IOMMU_EN;
    value |= rarely(w, 2) ? GA_EN : 0;
    value |= rarely(w, 2) ? XT_EN : 0;
    value |= rarely(w, 8) ? IRT_CACHE_DIS : 0;
    value |= rarely(w, 4) ? NUM_INT_2K : 0;
    value |= rarely(w, 2) ? GAM_EN : 0;
    w->model.control = value;
    put64(w, AMD_BASE + CONTROL, value);
}

static void change_table(World *w)
{
    static const unsigned sizes[] = {0, 1, 3, 0x1ff};
    uint64_t value =
        (rarely(w, 30) ? BEYOND : AT_DEVICES) | (rarely(w, 3) ? sizes[below(w, 4)] : 0x1ff);
    w->model.table = value;
    put64(w, AMD_BASE + DEV_TAB, value);
}

static uint64_t random_iova(World *w)
{
    /* Addresses that differ in their levels, and few pages of each. */
    static const uint64_t bases[] = {0, 0x200000, 0x40000000, 0x8000000000, 1ull << 50, 1ull << 60};
    return (rarely(w, 3) ? bases[below(w, 6)] : 0) + below(w, PAGES) * 4096ull +
           below(w, 4096 / 8) * 8ull;
}

static void change_range(World *w)
{
    w->model.excl_base = (random_iova(w) & ~4095ull) % (1ull << 52) | (rarely(w, 2) ? 1 : 0) |
                         (rarely(w, 3) ? 2 : 0);
    w->model.excl_limit = (w->model.excl_base & ~4095ull) + below(w, 3) * 4096ull;
    put64(w, AMD_BASE + EXCL_BASE, w->model.excl_base);
    put64(w, AMD_BASE + EXCL_LIMIT, w->model.excl_limit);
}

static void change_dma_entry(World *w, uint64_t at)
{
    uint64_t low = (rarely(w, 10) ? 0 : DTE_V) | (rarely(w, 10) ? 0 : DTE_TV) |
                   DTE_MODE(rarely(w, 2) ? below(w, 8) : 1 + below(w, 2)) |
                   (AT_TABLES + below(w, TABLES) * 4096ull) | (rarely(w, 5) ? 0 : DTE_IR) |
                   (rarely(w, 5) ? 0 : DTE_IW);
    low |= rarely(w, 16) ? 1ull << below(w, 64) : 0;
    uint64_t high = below(w, 4) | (uint64_t)below(w, 4) << 40;
    high |= rarely(w, 8) ? 1ull << (33 + below(w, 8)) : 0;
    put64(w, at, low);
    put64(w, at + 8, high);
}

static void change_device(World *w, unsigned device)
{
    uint64_t at = AT_DEVICES + w->model.ids[device] * 32ull;
    uint64_t irt = rarely(w, 20) ? BEYOND : AT_IRTS + device * 0x8000ull;
    uint64_t third = (rarely(w, 10) ? 0 : DTE_IV) | irt |
                     DTE_LEN(rarely(w, 8) ? below(w, 16) : 11) |
                     DTE_CTL(rarely(w, 3) ? below(w, 4) : 2) | (rarely(w, 4) ? DTE_IG : 0);
    third |= (uint64_t)below(w, 16) << 56; /* pass bits */
    third |= rarely(w, 20) ? 1ull << 53 : 0;
    if (rarely(w, 2)) {
        put64(w, at + 16, third);
    }
    if (rarely(w, 2)) {
        change_dma_entry(w, at);
    }
}

static unsigned random_index(World *w)
{
    return rarely(w, 6) ? below(w, 2048) : below(w, 12);
}

static void change_interrupt(World *w, unsigned device)
{
    uint64_t table = AT_IRTS + device * 0x8000ull;
    uint64_t low = (rarely(w, 6) ? 0 : 1) | below(w, 128) << 1 | below(w, 256) << 8;
    low &= rarely(w, 8) ? ~0ull : ~0x98ull; /* mostly no reserved kind, and no guest mode */
    bool wide = w->model.control & GA_EN;
    if (rarely(w, 8) ? wide : !wide) {
        as_store(w->platform.memory, table + random_index(w) * 4,
                 low | below(w, 256) << 16 | (rarely(w, 8) ? 1u << (24 + below(w, 8)) : 0), 4);
        return;
    }
    uint64_t at = table + random_index(w) * 16;
    low |= rarely(w, 3) ? (uint64_t)below(w, 1 << 16) << 16 : 0;
    low |= rarely(w, 8) ? 1ull << (32 + below(w, 32)) : 0;
    uint64_t page = 0;
    if (rarely(w, 3)) { /* in guest mode */
        low = (low | 0x80) & (rarely(w, 8) ? ~0ull : ~0x38ull);
        page = rarely(w, 10) ? BEYOND : AT_DATA + below(w, 16) * 4096ull;
    }
    put64(w, at, low);
    put64(w, at + 8,
          page | below(w, 256) | (rarely(w, 3) ? rand64(w) & 0xff00000000000000 : 0) |
              (rarely(w, 8) ? 1ull << (8 + below(w, 48)) : 0));
}

/* Mostly a page, or the next table. */
static void change_page(World *w)
{
    uint64_t at = AT_TABLES + below(w, TABLES) * 4096ull + below(w, PAGES) * 8ull;
    unsigned next = rarely(w, 2) ? below(w, 8) : below(w, 2);
    uint64_t where = next == 0 || next == 7 ? AT_DATA + below(w, 16) * 4096ull
                                            : AT_TABLES + below(w, TABLES) * 4096ull;
    where |= next == 7 ? (0x1000ull << below(w, 12)) - 0x1000 : 0;
    where = rarely(w, 30) ? BEYOND : where;
    put64(w, at,
          where | (uint64_t)next << 9 | (rarely(w, 10) ? 0 : 1) | (rarely(w, 6) ? 0 : 1ull << 61) |
              (rarely(w, 6) ? 0 : 1ull << 62));
}

static void change(World *w)
{
    unsigned device = below(w, MODEL_DEVICES);
    switch (below(w, 32)) {
    case 0:
        change_control(w);
        break;
    case 1:
        change_table(w);
        break;
    case 2:
        change_range(w);
        break;
    case 3 ... 8:
        change_device(w, device);
        break;
    case 9 ... 20:
        change_interrupt(w, device);
        break;
    default:
        change_page(w);
        break;
    }
}

/* ---- Invalidations ---- */

static void order(World *w, uint64_t low, uint64_t high)
{
    put64(w, AT_COMMANDS + w->tail, low);
    put64(w, AT_COMMANDS + w->tail + 8, high);
    w->tail = (w->tail + 16) % RING;
    put64(w, AMD_BASE + CMD_TAIL, w->tail);
    g_assert_cmphex(as_load(w->platform.memory, AMD_BASE + CMD_HEAD, 8, NULL), ==, w->tail);
}

static void invalidate_pages(World *w)
{
    uint16_t domain = (uint16_t)below(w, 4);
    uint64_t page = random_iova(w) & ~4095ull;
    unsigned more = below(w, 4); /* of twice as many pages each */
    if (rarely(w, 4)) {
        order(w, 3ull << 60 | (uint64_t)domain << 32, 0x7ffffffffffff003);
        model_forget_pages(&w->model, domain, 0, UINT64_MAX);
    } else if (more == 0) {
        order(w, 3ull << 60 | (uint64_t)domain << 32, page);
        model_forget_pages(&w->model, domain, page, page);
    } else {
        uint64_t bytes = 4096ull << more, first = page & ~(bytes - 1);
        order(w, 3ull << 60 | (uint64_t)domain << 32, first | (bytes / 2 - 4096) | 1);
        model_forget_pages(&w->model, domain, first, first + bytes - 1);
    }
}

static void invalidate(World *w)
{
    unsigned device = below(w, MODEL_DEVICES);
    if (!(w->model.control & IOMMU_EN)) {
        return; /* commands are not read */
    }
    switch (below(w, 10)) {
    case 0 ... 3:
        order(w, 2ull << 60 | w->model.ids[device], 0);
        model_forget_device(&w->model, device);
        break;
    case 4 ... 6:
        order(w, 5ull << 60 | w->model.ids[device], 0);
        model_forget_interrupts(&w->model, device);
        break;
    case 7 ... 8:
        invalidate_pages(w);
        break;
    default:
        order(w, 8ull << 60, 0);
        model_forget_all(&w->model);
        break;
    }
}

/* ---- Requests ---- */

static void differ(World *w, const char *what, uint64_t is, uint64_t model)
{
    if (is != model && w->wrong++ < 20) {
        printf("# %s is %#" PRIx64 ", by the model %#" PRIx64 "\n", what, is, model);
    }
}

/* The log has what the model says: one event, or none. */
static void check_event(World *w)
{
    const ModelEvent *e = &w->model.event;
    uint64_t tail = as_load(w->platform.memory, AMD_BASE + EVT_TAIL, 8, NULL);
    differ(w, "the log's tail", tail, e->code ? (w->head + 16) % RING : w->head);
    if (e->code && tail != w->head) {
        uint64_t low, high;
        world_load(w, AT_LOG + w->head, &low);
        world_load(w, AT_LOG + w->head + 8, &high);
        differ(w, "the event", low,
               (uint64_t)e->code << 60 | (uint64_t)e->flags << 48 | (uint64_t)e->domain << 32 |
                   e->device);
        differ(w, "the event's address", high, e->address);
    }
    w->head = (uint32_t)tail;
    put64(w, AMD_BASE + EVT_HEAD, tail);
}

/* Nothing is logged: GALogEn is clear. */
static void check_posted(World *w, const ModelAnswer *a, IntrResult result)
{
    uint64_t irr = as_load(w->platform.memory, a->page + 0x200 + a->vector / 32 * 16, 4, NULL);
    differ(w, "the way it was posted", result,
           a->is_run ? INTR_AMDVI_VAPIC_DOORBELL : INTR_AMDVI_VAPIC_POSTED);
    differ(w, "the bit in the page", irr >> a->vector % 32 & 1, 1);
    w->counts[3]++;
}

static void ask_message(World *w)
{
    unsigned device = below(w, MODEL_DEVICES);
    IntrMsg msg = {
        .address = INTR_WINDOW_BASE | below(w, 256) << 12 | (rarely(w, 3) ? 4 : 0),
        .data =
            random_index(w) | (rarely(w, 6) ? below(w, 8) << 8 : 0) | (rarely(w, 8) ? 0xc000 : 0),
        .requester_id = w->model.ids[device],
    };
    IntrSink sink = w->cls->sink(w->unit);
    uint64_t hits = counter(w, "irte-hits");
    msg.serial = journal_open(&w->journal, JOURNAL_MESSAGE, "test", msg.requester_id, 0);
    journal_send(&w->journal, &msg);
    IntrResult result = intr_send(&sink, &msg);
    bool cached = counter(w, "irte-hits") != hits;
    ModelAnswer a = model_message(&w->model, device, msg.address, msg.data, cached);
    const JournalRecord *r = journal_find(&w->journal, msg.serial);
    differ(w, "blocked", intr_blocked(result), a.blocked);
    differ(w, "used the cache", cached, a.by_cache);
    w->counts[a.blocked] += a.blocked || !(a.passed || a.posted);
    check_event(w);
    if (a.blocked || intr_blocked(result)) {
        return;
    }
    if (a.posted) {
        check_posted(w, &a, result);
        return;
    }
    differ(w, "remapped", (r->seen & JOURNAL_REMAPPED) != 0, !a.passed);
    differ(w, "the vector", r->vector, a.vector);
    differ(w, "the mode", r->mode, a.mode);
    differ(w, "the destination", r->dest, a.dest);
    differ(w, "logical", (r->seen & JOURNAL_LOGICAL) != 0, a.logical);
    differ(w, "level", (r->seen & JOURNAL_LEVEL) != 0, a.level);
}

static void ask_access(World *w)
{
    unsigned device = below(w, MODEL_DEVICES);
    bool write = rarely(w, 2);
    uint64_t address = random_iova(w), host, value = rand64(w), before, now;
    BusReq req = {.requester_id = w->model.ids[device]};
    Upstream up = w->cls->upstream(w->unit);
    uint64_t hits = counter(w, "iotlb-hits");
    Model *m = &w->model;
    uint64_t read = 0;
    if (!write) {
        MemResult got = upstream_read(&up, &req, address, &read, 8);
        bool goes =
            model_access(m, device, address, false, counter(w, "iotlb-hits") != hits, &host);
        bool there = goes && world_load(w, host, &before);
        differ(w, "the read went", got == MEM_OK, there);
        differ(w, "what was read", there ? read : 0, there ? before : 0);
    } else {
        /* Asked before, since the write may change the tables; by the cache, and without. */
        g_autofree Model *copy = g_memdup2(m, sizeof(*m));
        bool goes_cached = model_access(copy, device, address, true, true, &host);
        uint64_t host_cached = host;
        bool goes = model_access(m, device, address, true, false, &host);
        MemResult got = upstream_write(&up, &req, address, &value, 8);
        if (counter(w, "iotlb-hits") != hits) {
            *m = *copy;
            goes = goes_cached;
            host = host_cached;
        }
        bool there = goes && world_load(w, host, &now);
        differ(w, "the write went", got == MEM_OK, there);
        differ(w, "what was written", there ? now : value, value);
    }
    differ(w, "used a cached page", counter(w, "iotlb-hits") != hits, m->used_page);
    w->counts[2]++;
    check_event(w);
}

static void run(World *w, unsigned requests)
{
    change_control(w);
    change_table(w);
    for (unsigned i = 0; i < 600; i++) {
        change(w);
    }
    for (unsigned i = 0; i < requests; i++) {
        if (rarely(w, 2)) {
            change(w);
        }
        if (rarely(w, 3)) {
            invalidate(w);
        }
        if (rarely(w, 3)) {
            ask_access(w);
        } else {
            ask_message(w);
        }
    }
}

int main(int argc, char **argv)
{
    int requests = 100000, seed = 1;
    const GOptionEntry options[] = {
        {"requests", 0, 0, G_OPTION_ARG_INT, &requests, "how many", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &seed, "of what is generated", "N"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, NULL)) {
        return 2;
    }
    g_autofree World *w = g_new(World, 1);
    world_open(w, (uint32_t)seed);
    run(w, (unsigned)requests);
    uint64_t stale = counter(w, "stale-hits") + counter(w, "stale-dtes");
    /* Nothing is shown by requests that are all refused, or never by a stale entry. */
    bool enough = w->counts[0] > 0 && w->counts[1] > 0 && stale > 0 && w->counts[3] > 0 &&
                  counter(w, "iotlb-hits") > 0;
    printf("1..1\n# %d requests: %" PRIu64 " remapped, %" PRIu64 " blocked, %" PRIu64
           " posted, %" PRIu64 " accesses, %" PRIu64 " by stale entries, %" PRIu64
           " by the translation cache\n",
           requests, w->counts[0], w->counts[1], w->counts[3], w->counts[2], stale,
           counter(w, "iotlb-hits"));
    printf("%s 1 amdvi-model: %u differences\n", w->wrong == 0 && enough ? "ok" : "not ok",
           w->wrong);
    bool ok = w->wrong == 0 && enough;
    world_close(w);
    return ok ? 0 : 1;
}
