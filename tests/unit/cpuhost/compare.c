/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two outcomes of a sequence, and each register and qword of memory in which they differ. */
#include "tests/unit/cpuhost/compare.h"

/* RFLAGS bits that are compared. */
#define FLAGS_COMPARED 0x254dd5u
#define DIFF_MAX       4000

static void differ64(GString *diff, const char *what, uint64_t theirs, uint64_t ours)
{
    if (theirs != ours) {
        g_string_append_printf(diff, "#   %-8s host %016" PRIx64 "  ours %016" PRIx64 "\n", what,
                               theirs, ours);
    }
}

uint64_t compare_field(const uint8_t *bytes, unsigned offset, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, bytes + offset, size);
    return value;
}

static void differ_field(GString *diff, const char *name, const uint8_t *a, const uint8_t *b,
                         unsigned offset, unsigned size)
{
    differ64(diff, name, compare_field(a, offset, size), compare_field(b, offset, size));
}

static void differ_fx(GString *diff, const uint8_t *a, const uint8_t *b)
{
    static const struct {
        const char *name;
        unsigned offset, size;
    } words[] = {{"fcw", 0, 2}, {"fsw", 2, 2}, {"ftw", 4, 1}, {"mxcsr", 24, 4}};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        differ_field(diff, words[i].name, a, b, words[i].offset, words[i].size);
    }
    for (unsigned i = 0; i < 8; i++) {
        g_autofree char *name = g_strdup_printf("st%u", i);
        g_autofree char *exponent = g_strdup_printf("st%u.exp", i);
        differ_field(diff, name, a, b, 32 + 16 * i, 8);
        differ_field(diff, exponent, a, b, 40 + 16 * i, 2);
    }
    for (unsigned i = 0; i < 32; i++) {
        g_autofree char *name = g_strdup_printf("xmm%u.%c", i / 2, i % 2 ? 'h' : 'l');
        differ_field(diff, name, a, b, 160 + 8 * i, 8);
    }
}

static void differ_data(GString *diff, const uint8_t *theirs, const uint8_t *ours)
{
    for (unsigned i = 0; i < DATA_SIZE && diff->len < DIFF_MAX; i += 8) {
        if (memcmp(theirs + i, ours + i, 8)) {
            g_autofree char *name = g_strdup_printf("%08llx", DATA_BASE + i);
            differ_field(diff, name, theirs, ours, i, 8);
        }
    }
}

/* RFLAGS bits that have a defined value where the sequence stopped. Where it jumped away from its
 * own instructions, those that have one anywhere. */
static uint32_t defined_flags(const Sequence *seq, uint64_t rip)
{
    uint32_t undefined = 0;

    if (rip > CODE_BASE + seq->insn[seq->count].offset && rip - CODE_BASE <= seq->size + 1) {
        return FLAGS_COMPARED & ~seq->insn[seq->count].undefined; /* after the INT3 at the end */
    }
    for (unsigned i = 0; i <= seq->count; i++) {
        if (CODE_BASE + seq->insn[i].offset == rip) {
            return FLAGS_COMPARED & ~seq->insn[i].undefined;
        }
        undefined |= seq->insn[i].undefined;
    }
    return FLAGS_COMPARED & ~undefined;
}

void compare_outcomes(GString *diff, const Sequence *seq, const Outcome *theirs,
                      const uint8_t their_data[DATA_SIZE], const Outcome *ours,
                      const uint8_t our_data[DATA_SIZE])
{
    const HostRegs *a = &theirs->regs, *b = &ours->regs;
    uint32_t flags = defined_flags(seq, a->rip);

    differ64(diff, "vector", (uint64_t)theirs->vector, (uint64_t)ours->vector);
    differ64(diff, "rip", a->rip, b->rip);
    differ64(diff, "address", theirs->fault, ours->fault);
    differ64(diff, "rflags", a->rflags & flags, b->rflags & flags);
    for (unsigned i = 0; i < 16; i++) {
        differ64(diff, compare_gpr_names[i], a->gpr[i], b->gpr[i]);
    }
    for (unsigned i = 0; i < 6; i++) {
        static const char *const names[] = {"es", "cs", "ss", "ds", "fs", "gs"};
        differ64(diff, names[i], a->seg[i], b->seg[i]);
    }
    differ_fx(diff, a->fx, b->fx);
    for (unsigned i = 0; i < 32; i++) {
        g_autofree char *name = g_strdup_printf("ymm%u.%c", i / 2, i % 2 ? 'H' : 'h');
        differ64(diff, name, a->ymm[i / 2][i % 2], b->ymm[i / 2][i % 2]);
    }
    differ_data(diff, their_data, our_data);
}

const char *const compare_gpr_names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                           "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
