/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a journal's file as a busy machine with a few broken drivers would: disks, a network card,
 * timers, lines and IPIs on four CPUs behind one remapping unit. One in some hundreds is lost.
 *
 * Usage: make-journal FILE COUNT [SEED]
 */
#include <stdio.h>
#include <stdlib.h>

#include "hw/intr/file.h"
#include "hw/intr/stages.h"

#define CPUS    4u
#define RING    65536u
#define PENDING 64u /* at once on their way to a CPU or in service */

typedef struct {
    JournalKind kind;
    const char *source;
    uint16_t rid;
    unsigned numbers; /* vectors or pins */
    unsigned share;   /* of 1000 messages */
    bool remapped;
    IntrResult often, seldom; /* how its losses end */
} Emitter;

static const Emitter emitters[] = {
    {JOURNAL_MSIX, "nvme0", 0x0020, 5, 330, true, INTR_VTD_NOT_PRESENT, INTR_VECTOR_MASKED},
    {JOURNAL_MSIX, "net0", 0x0028, 3, 240, true, INTR_VTD_SOURCE, INTR_NO_VECTOR},
    {JOURNAL_MSI, "ahci0", 0x00fa, 1, 60, true, INTR_MASTER_OFF, INTR_MSI_DISABLED},
    {JOURNAL_MSIX, "disk1", 0x0100, 2, 50, true, INTR_VTD_COMPATIBILITY, INTR_FUNCTION_MASKED},
    {JOURNAL_PIN, "ioapic", 0xff00, 24, 40, true, INTR_PIN_MASKED, INTR_EDGE_MASKED},
    {JOURNAL_HPET, "hpet", 0xff08, 3, 30, true, INTR_HPET_DISABLED, INTR_VTD_INDEX},
    {JOURNAL_LVT, "apic0", 0, 6, 60, false, INTR_LVT_MASKED, INTR_APIC_SOFT_DISABLED},
    {JOURNAL_LVT, "apic1", 0, 6, 60, false, INTR_LVT_MASKED, INTR_APIC_SOFT_DISABLED},
    {JOURNAL_IPI, "apic0", 0, 1, 70, false, INTR_NO_APIC, INTR_ICR_INVALID},
    {JOURNAL_IPI, "apic3", 0, 1, 60, false, INTR_VECTOR_ILLEGAL, INTR_NO_APIC},
};

typedef struct {
    int64_t due;
    uint64_t serial;
    uint32_t apic;
    bool taken;
} Pending;

typedef struct {
    Journal journal;
    Clock *clock;
    GRand *rand;
    int64_t now, busy[CPUS];
    Pending pending[PENDING];
    unsigned waiting;
} Maker;

static void where(void *opaque, JournalWhere *at)
{
    Maker *m = opaque;

    at->cpu = (uint16_t)g_rand_int_range(m->rand, 0, CPUS);
    at->rip = 0xffffffff81000000ull + (uint64_t)g_rand_int_range(m->rand, 0, 4096) * 16;
    at->instructions = (uint64_t)m->now * 2;
}

static void move_to(Maker *m, int64_t time)
{
    m->now = time;
    clock_advance_to(m->clock, time);
}

static unsigned earliest(const Maker *m)
{
    unsigned best = 0;

    for (unsigned i = 1; i < m->waiting; i++) {
        best = m->pending[i].due < m->pending[best].due ? i : best;
    }
    return best;
}

/* CPUs take and end what is due by then. */
static void run_cpus(Maker *m, int64_t until)
{
    while (m->waiting > 0) {
        unsigned i = earliest(m);
        Pending *p = &m->pending[i];

        if (p->due > until) {
            break;
        }
        move_to(m, p->due);
        if (!p->taken) {
            journal_taken(&m->journal, p->serial, p->apic);
            p->taken = true;
            int service = g_rand_int_range(m->rand, -300, 6000);
            p->due += MAX(service, 0);
        } else {
            journal_eoi(&m->journal, p->serial, p->apic, INTR_ENDED);
            *p = m->pending[--m->waiting];
        }
    }
    move_to(m, until);
}

static const Emitter *draw_emitter(Maker *m)
{
    int n = g_rand_int_range(m->rand, 0, 1000);

    for (unsigned i = 0; i < G_N_ELEMENTS(emitters); i++) {
        n -= (int)emitters[i].share;
        if (n < 0) {
            return &emitters[i];
        }
    }
    return &emitters[0];
}

static bool through_unit(Maker *m, const Emitter *e, const IntrMsg *msg, IntrResult end)
{
    bool blocked = intr_blocked(end);
    JournalWriter writer = {.time = m->now - 1000, .rip = 0xffffffff81000120, .written = true};
    JournalUnit unit = {
        .unit = "iommu0",
        .index = msg->data,
        .verdict = blocked ? end : INTR_ON_ITS_WAY,
        .reason = blocked ? (uint8_t)(0x20 + end - INTR_VTD_REQUEST_RESERVED) : 0,
        .seen = (uint16_t)((end != INTR_VTD_INDEX && end != INTR_VTD_COMPATIBILITY ? JOURNAL_ENTRY
                                                                                   : 0) |
                           (g_rand_boolean(m->rand) ? JOURNAL_CACHED : 0) |
                           (blocked ? 0 : JOURNAL_REMAPPED)),
        .wanted = (uint16_t)(end == INTR_VTD_SOURCE ? 0x0038 : e->rid),
        .wanted_mask = 0xffff,
        .writer = end == INTR_VTD_NOT_PRESENT ? &writer : NULL,
        .entry = {(uint64_t)msg->data << 16 | 0x200000000ull | !blocked, e->rid | 0x40000},
    };

    journal_unit(&m->journal, msg, &unit);
    return !blocked;
}

static void reach_apic(Maker *m, uint64_t serial, unsigned vector, IntrResult end)
{
    uint32_t apic = vector % CPUS;
    bool lost = intr_results[end].lost;
    ApicMsg msg = {.serial = serial, .dest = lost ? 0x44 : apic, .vector = (uint8_t)vector};

    journal_bus(&m->journal, &msg);
    if (lost && end != INTR_NO_APIC) {
        journal_accept(&m->journal, &msg, apic, end, JOURNAL_HOLD_NONE);
    }
    if (lost) {
        journal_answer(&m->journal, serial, end);
        return;
    }
    if (m->waiting == PENDING || g_rand_int_range(m->rand, 0, 40) == 0) {
        journal_accept(&m->journal, &msg, apic, INTR_MERGED, JOURNAL_HOLD_NONE);
        journal_merged(&m->journal, serial, serial > 1 ? serial - 1 : 0);
        journal_answer(&m->journal, serial, INTR_MERGED);
        return;
    }
    journal_accept(&m->journal, &msg, apic, INTR_DELIVERED,
                   m->busy[apic] > m->now ? JOURNAL_HOLD_ISR : JOURNAL_HOLD_NONE);
    journal_answer(&m->journal, serial, INTR_DELIVERED);
    m->busy[apic] = MAX(m->busy[apic], m->now) + (vector % 8 == 0 ? 0 : 400);
    m->pending[m->waiting++] = (Pending){.due = m->busy[apic], .serial = serial, .apic = apic};
}

static bool kept(IntrResult end)
{
    return intr_results[end].cls == INTR_CLASS_KEPT && end != INTR_ON_ITS_WAY;
}

static void make_message(Maker *m)
{
    const Emitter *e = draw_emitter(m);
    unsigned number = (unsigned)g_rand_int_range(m->rand, 0, (gint32)e->numbers);
    int luck = g_rand_int_range(m->rand, 0, 500);
    IntrResult end = luck == 0 ? e->often : luck == 1 ? e->seldom : INTR_ON_ITS_WAY;
    uint64_t serial = journal_open(&m->journal, e->kind, e->source, e->rid, number);
    IntrMsg msg = {.serial = serial,
                   .address = 0xfee00278,
                   .data = (uint32_t)(e - emitters) * 8 + number,
                   .requester_id = e->rid};

    if (kept(end)) {
        journal_keep(&m->journal, serial, end);
        return;
    }
    if (e->kind != JOURNAL_LVT) {
        journal_send(&m->journal, &msg);
    }
    if (!e->remapped || through_unit(m, e, &msg, end)) {
        reach_apic(m, serial, end == INTR_VECTOR_ILLEGAL ? 5 : 0x30 + msg.data, end);
    }
}

/* Bursts, with pauses in between, and now and then some at the same time: the clock is not read for
 * each. */
static int64_t gap(Maker *m)
{
    if (g_rand_int_range(m->rand, 0, 8) == 0) {
        return 0;
    }
    bool pause = g_rand_int_range(m->rand, 0, 2000) == 0;

    return pause ? g_rand_int_range(m->rand, 1000000, 9000000)
                 : g_rand_int_range(m->rand, 100, 4000);
}

static void make(Maker *m, JournalFile *f, unsigned long count)
{
    static const JournalFinding finding = {"entry-not-flushed",
                                           "an entry was changed and used without a flush",
                                           "VT-d 6.5.3.4",
                                           "warning",
                                           "iommu0",
                                           "entry 19"};

    for (unsigned long i = 0; i < count; i++) {
        if (i % 3000 == 1500) {
            journal_file_finding(f, &finding);
        }
        run_cpus(m, m->now + gap(m));
        make_message(m);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "Usage: %s FILE COUNT [SEED [SYMBOLS]]\n", argv[0]);
        return 1;
    }
    g_autoptr(GError) error = NULL;
    Maker m = {.clock = clock_new(CLOCK_MANUAL),
               .rand = g_rand_new_with_seed(argc > 3 ? (guint32)strtoul(argv[3], NULL, 0) : 1)};
    journal_init(&m.journal, RING, NULL, m.clock);
    m.journal.where = where;
    m.journal.where_opaque = &m;
    Symbols *symbols = argc > 4 ? symbols_load(argv[4], &error) : NULL;
    m.journal.symbols = symbols;
    JournalFile *f = error ? NULL : journal_file_open(&m.journal, argv[1], &error);
    if (!f) {
        fprintf(stderr, "make-journal: %s\n", error->message);
        return 1;
    }
    make(&m, f, strtoul(argv[2], NULL, 0));
    journal_file_close(f);
    journal_free(&m.journal);
    symbols_free(symbols);
    clock_free(m.clock);
    g_rand_free(m.rand);
    return 0;
}
