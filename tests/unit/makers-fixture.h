/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same instruction in user code on CPUs of both makers, on both tiers; and what the table of
 * cpuhost/forgive.c says of their difference. */
#ifndef TESTS_UNIT_MAKERS_FIXTURE_H
#define TESTS_UNIT_MAKERS_FIXTURE_H

#include "cpuhost/compare.h"
#include "cpuhost/forgive.h"
#include "cpuhost/vcpu.h"

#include "target/i386/cpuid.h"
#include "target/i386/flags.h"

#define ABSENT        (DATA_BASE + DATA_SIZE + 0x1000) /* no page is there */
#define NON_CANONICAL 0x7fffff0000000000ull
/* Exceptions of FSW, FCW and MXCSR. */
#define IE             0x01
#define OE             0x08
#define UE             0x10
#define PE             0x20
#define FSW_ES         0x80u
#define XMM(regs_, n_) ((regs_)->fx + 160 + 16 * (n_))

/* The same vCPU of each maker, on each tier. */
enum { INTEL, AMD, MAKERS };
typedef struct {
    BareVcpu *vcpu[MAKERS][2];
    Sequence seq;
    Outcome out[MAKERS];
    uint8_t data[MAKERS][DATA_SIZE];
} Rig;

/* One a program: it is large. */
static Rig rig;

static inline void start(const uint8_t *code, unsigned length)
{
    HostRegs *r = &rig.seq.start;
    const uint16_t fcw = 0x37f;
    const uint32_t mxcsr = 0x1f80;

    memset(&rig.seq, 0, sizeof(rig.seq));
    memset(rig.seq.code, 0xcc, sizeof(rig.seq.code));
    memcpy(rig.seq.code, code, length);
    rig.seq.bits = 64;
    rig.seq.size = length;
    rig.seq.count = 1;
    rig.seq.insn[0] = (SeqInsn){0, (uint16_t)length, 0};
    rig.seq.insn[1] = (SeqInsn){(uint16_t)length, 1, 0};
    for (unsigned i = 0; i < 16; i++) {
        r->gpr[i] = DATA_MIDDLE + 16 * i;
    }
    r->rip = CODE_BASE;
    r->rflags = 0x202;
    memcpy(r->fx, &fcw, 2);
    memcpy(r->fx + 24, &mxcsr, 4);
    for (unsigned i = 0; i < DATA_SIZE; i++) {
        rig.seq.data[i] = (uint8_t)(i * 7 + 1);
    }
}

/* The same in 32-bit code. */
static inline void start_32(const uint8_t *code, unsigned length)
{
    static const uint16_t segments[6] = {USER_SS, USER_CS32, USER_SS,
                                         USER_SS, USER_FS32, USER_GS32};

    start(code, length);
    rig.seq.bits = 32;
    memset(rig.seq.start.gpr + 8, 0, 8 * sizeof(rig.seq.start.gpr[0]));
    memcpy(rig.seq.start.seg, segments, sizeof(segments));
}

/* Runs it on all; what the tiers make of it is the same. */
static inline void run(void)
{
    for (unsigned maker = 0; maker < MAKERS; maker++) {
        g_autoptr(GString) diff = g_string_new(NULL);
        Outcome other;
        uint8_t data[DATA_SIZE];
        our_run(rig.vcpu[maker][0], &rig.seq, &rig.out[maker], rig.data[maker]);
        our_run(rig.vcpu[maker][1], &rig.seq, &other, data);
        compare_outcomes(diff, &rig.seq, &rig.out[maker], rig.data[maker], &other, data);
        g_assert_cmpstr(diff->str, ==, "");
    }
}

/* Whether the table forgives `ours` what differs from `host`; *rows are those that did. */
static inline bool forgiven(const Outcome *host, const uint8_t *host_data, const Outcome *ours,
                            const uint8_t *our_data, Maker maker, bool switched, uint32_t *rows)
{
    g_autoptr(GString) diff = g_string_new(NULL);
    Outcome changed = *ours;
    uint8_t data[DATA_SIZE];
    Comparison c = {.maker = maker,
                    .switched = switched,
                    .seq = &rig.seq,
                    .host = host,
                    .host_data = host_data,
                    .ours = &changed,
                    .our_data = data};

    memcpy(data, our_data, DATA_SIZE);
    *rows = forgive(&c);
    compare_outcomes(diff, &rig.seq, host, host_data, &changed, data);
    return diff->len == 0;
}

static inline uint32_t row_bit(const char *name)
{
    const ForgiveRow *row;

    for (unsigned i = 0; (row = forgive_row(i)); i++) {
        if (!strcmp(row->name, name)) {
            return 1u << i;
        }
    }
    g_assert_not_reached();
}

/* The row forgives this for these makers' hosts; a register more, and it does not. */
static inline void expect_row(const char *name, const Outcome *host, const Outcome *ours,
                              unsigned makers, bool switched)
{
    static const Maker all[] = {MAKER_INTEL, MAKER_AMD};
    Outcome worse = *host;
    uint32_t rows;

    worse.regs.gpr[12] ^= 1;
    for (unsigned i = 0; i < 2; i++) {
        bool mine = makers & all[i];
        g_assert_cmpint(forgiven(host, rig.data[0], ours, rig.data[0], all[i], switched, &rows), ==,
                        mine);
        g_assert_cmphex(rows, ==, mine ? row_bit(name) : 0);
        g_assert_false(forgiven(&worse, rig.data[0], ours, rig.data[0], all[i], false, &rows));
    }
}

static inline void expect_no_row(const Outcome *host, const Outcome *ours)
{
    uint32_t rows;

    for (unsigned i = 0; i < 2; i++) {
        g_assert_false(forgiven(host, rig.data[0], ours, rig.data[0], i ? MAKER_AMD : MAKER_INTEL,
                                false, &rows));
        g_assert_cmphex(rows, ==, 0);
    }
}

static inline uint16_t fsw_of(const Outcome *out)
{
    return (uint16_t)compare_field(out->regs.fx, 2, 2);
}

static inline void rig_up(void)
{
    for (unsigned i = 0; i < 2 * MAKERS; i++) {
        rig.vcpu[i / 2][i % 2] = vcpu_new_of(i / 2 == INTEL ? MAKER_INTEL : MAKER_AMD, i % 2, 0);
    }
}

static inline void rig_down(void)
{
    for (unsigned i = 0; i < 2 * MAKERS; i++) {
        vcpu_free(rig.vcpu[i / 2][i % 2]);
    }
}

#endif
