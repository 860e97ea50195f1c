/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our CPU against the host's own, on generated instruction sequences in 64-bit user mode: general
 * registers, RFLAGS (bits that the SDM calls undefined excepted), x87, MMX and vector registers,
 * memory, and the exception a sequence ends with.
 *
 *     test-cpu-host [--seed N] [--count N] [--length N] [--insn MNEMONIC] [--keep-going]
 *
 * Sequence i of a run has the seed N + i, so a reported one is repeated by --seed S --count 1.
 * Without options it runs a sample of a few seconds from a fixed seed.
 */
#include "cpuhost/vcpu.h"

#include <stdio.h>

#define DEFAULT_SECONDS 4
#define DEFAULT_LENGTH  12
#define MAX_REPORTS     20

/* RFLAGS bits that are compared. */
#define FLAGS_COMPARED 0x254dd5u

static gint64 opt_seed = 1, opt_count;
static gint opt_length = DEFAULT_LENGTH;
static gchar *opt_insn;
static gboolean opt_keep_going, opt_tap;

static const GOptionEntry options[] = {
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed, "First seed", "N"},
    {"count", 0, 0, G_OPTION_ARG_INT64, &opt_count, "Number of sequences", "N"},
    {"length", 0, 0, G_OPTION_ARG_INT, &opt_length, "Instructions a sequence", "N"},
    {"insn", 0, 0, G_OPTION_ARG_STRING, &opt_insn, "Only this mnemonic", "NAME"},
    {"keep-going", 0, 0, G_OPTION_ARG_NONE, &opt_keep_going, "Report more than one", NULL},
    {"tap", 0, 0, G_OPTION_ARG_NONE, &opt_tap, "Accepted; the output is TAP anyway", NULL},
    {NULL},
};

typedef struct {
    NativeCpu *native;
    Vcpu *our;
    Sequence seq;
    Outcome theirs, ours;
    uint8_t their_data[DATA_SIZE], our_data[DATA_SIZE];
    GString *diff;
} Test;

static const char *const gpr_names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                          "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

static void differ64(Test *test, const char *what, uint64_t theirs, uint64_t ours)
{
    if (theirs != ours) {
        g_string_append_printf(test->diff, "#   %-8s host %016" PRIx64 "  ours %016" PRIx64 "\n",
                               what, theirs, ours);
    }
}

static uint64_t field(const uint8_t *bytes, unsigned offset, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, bytes + offset, size);
    return value;
}

static void differ_fx(Test *test)
{
    const uint8_t *a = test->theirs.regs.fx, *b = test->ours.regs.fx;
    static const struct {
        const char *name;
        unsigned offset, size;
    } words[] = {{"fcw", 0, 2}, {"fsw", 2, 2}, {"ftw", 4, 1}, {"mxcsr", 24, 4}};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        differ64(test, words[i].name, field(a, words[i].offset, words[i].size),
                 field(b, words[i].offset, words[i].size));
    }
    for (unsigned i = 0; i < 8; i++) {
        g_autofree char *name = g_strdup_printf("st%u", i);
        g_autofree char *exponent = g_strdup_printf("st%u.exp", i);
        differ64(test, name, field(a, 32 + 16 * i, 8), field(b, 32 + 16 * i, 8));
        differ64(test, exponent, field(a, 40 + 16 * i, 2), field(b, 40 + 16 * i, 2));
    }
    for (unsigned i = 0; i < 32; i++) {
        g_autofree char *name = g_strdup_printf("xmm%u.%c", i / 2, i % 2 ? 'h' : 'l');
        differ64(test, name, field(a, 160 + 8 * i, 8), field(b, 160 + 8 * i, 8));
    }
}

static void differ_data(Test *test)
{
    for (unsigned i = 0; i < DATA_SIZE; i += 8) {
        g_autofree char *name = NULL;
        if (!memcmp(test->their_data + i, test->our_data + i, 8)) {
            continue;
        }
        name = g_strdup_printf("%08llx", DATA_BASE + i);
        differ64(test, name, field(test->their_data, i, 8), field(test->our_data, i, 8));
        if (test->diff->len > 4000) {
            return;
        }
    }
}

/* RFLAGS bits that have a defined value where the sequence stopped. */
static uint32_t defined_flags(const Test *test)
{
    const Sequence *seq = &test->seq;

    for (unsigned i = 0; i <= seq->count; i++) {
        if (CODE_BASE + seq->insn[i].offset == test->theirs.regs.rip) {
            return FLAGS_COMPARED & ~seq->insn[i].undefined;
        }
    }
    return FLAGS_COMPARED & ~seq->insn[seq->count].undefined;
}

/* With an unmasked SSE overflow or underflow, PE is only set by the host if the result would be
 * inexact with an unbounded exponent, which ours does not know. */
static void forgive_precision(Test *test)
{
    const uint32_t oe_ue = 0x18, pe = 0x20;
    uint32_t theirs = (uint32_t)field(test->theirs.regs.fx, 24, 4);
    uint32_t ours = (uint32_t)field(test->ours.regs.fx, 24, 4);

    if (test->theirs.vector == 19 && (theirs & ~(theirs >> 7) & oe_ue) && !(theirs & pe)) {
        ours &= ~pe;
        memcpy(test->ours.regs.fx + 24, &ours, sizeof(ours));
    }
}

/* Whether a page fault ended it in this instruction. */
static bool faulted_in(const Test *test, ZydisMnemonic mnemonic)
{
    uint64_t offset = test->theirs.regs.rip - CODE_BASE;
    ZydisDecodedInstruction zi;
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return test->theirs.vector == 14 && offset < test->seq.size &&
           ZYAN_SUCCESS(
               ZydisDecoderDecodeInstruction(&decoder, NULL, test->seq.code + offset, 15, &zi)) &&
           zi.mnemonic == mnemonic;
}

/* Runs the sequence on both; true if they agree. */
static bool run_both(Test *test)
{
    const HostRegs *a = &test->theirs.regs, *b = &test->ours.regs;
    uint32_t flags;

    native_run(test->native, &test->seq, &test->theirs, test->their_data);
    our_run(test->our, &test->seq, &test->ours, test->our_data);
    forgive_precision(test);
    flags = defined_flags(test);
    g_string_truncate(test->diff, 0);
    differ64(test, "vector", (uint64_t)test->theirs.vector, (uint64_t)test->ours.vector);
    differ64(test, "rip", a->rip, b->rip);
    /* These read their operand in an order of their own. */
    if (faulted_in(test, ZYDIS_MNEMONIC_FLDENV) || faulted_in(test, ZYDIS_MNEMONIC_FRSTOR)) {
        differ64(test, "page", test->theirs.fault >> 12, test->ours.fault >> 12);
    } else {
        differ64(test, "address", test->theirs.fault, test->ours.fault);
    }
    differ64(test, "rflags", a->rflags & flags, b->rflags & flags);
    for (unsigned i = 0; i < 16; i++) {
        differ64(test, gpr_names[i], a->gpr[i], b->gpr[i]);
    }
    if (memcmp(a->fx, b->fx, 24) || memcmp(a->fx + 24, b->fx + 24, 4) ||
        memcmp(a->fx + 32, b->fx + 32, 384)) {
        differ_fx(test);
    }
    for (unsigned i = 0; i < 32; i++) {
        g_autofree char *name = g_strdup_printf("ymm%u.%c", i / 2, i % 2 ? 'H' : 'h');
        differ64(test, name, a->ymm[i / 2][i % 2], b->ymm[i / 2][i % 2]);
    }
    /* ENTER checks the end of its frame last: a fault leaves what it has pushed, or not. */
    if (memcmp(test->their_data, test->our_data, DATA_SIZE) &&
        !faulted_in(test, ZYDIS_MNEMONIC_ENTER)) {
        differ_data(test);
    }
    return test->diff->len == 0;
}

static void print_insn(const Sequence *seq, unsigned n)
{
    const SeqInsn *insn = &seq->insn[n];
    uint64_t addr = CODE_BASE + insn->offset;
    ZydisDisassembledInstruction text;

    printf("#   %08" PRIx64 "  ", addr);
    for (unsigned i = 0; i < 15; i++) {
        if (i < insn->length) {
            printf("%02x", seq->code[insn->offset + i]);
        } else {
            printf("  ");
        }
    }
    if (ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, addr,
                                           seq->code + insn->offset, insn->length, &text))) {
        printf("  %s", text.text);
    }
    printf("\n");
}

/* Cuts the sequence after `count` instructions. */
static void cut(Sequence *seq, unsigned count)
{
    seq->size = seq->insn[count].offset;
    seq->count = count;
    seq->insn[count].length = 1;
    memset(seq->code + seq->size, 0xcc, CODE_SIZE - seq->size);
}

/* The registers an explanation needs: those that the first differing instruction begins with. */
static void print_state(Test *test, unsigned count)
{
    Sequence whole = test->seq;
    Outcome before;

    cut(&test->seq, count);
    native_run(test->native, &test->seq, &before, test->their_data);
    test->seq = whole;
    printf("# before it:\n");
    for (unsigned i = 0; i < 16; i++) {
        printf("%s%-4s %016" PRIx64 "%s", i % 4 ? "  " : "#   ", gpr_names[i], before.regs.gpr[i],
               i % 4 == 3 ? "\n" : "");
    }
    printf("#   rflags %08" PRIx64 " fcw %04" PRIx64 " fsw %04" PRIx64 " ftw %02" PRIx64
           " mxcsr %08" PRIx64 "\n",
           before.regs.rflags, field(before.regs.fx, 0, 2), field(before.regs.fx, 2, 2),
           field(before.regs.fx, 4, 1), field(before.regs.fx, 24, 4));
    for (unsigned i = 0; i < 8; i++) {
        printf("%sst%u %04" PRIx64 ":%016" PRIx64 "%s", i % 4 ? "  " : "#   ", i,
               field(before.regs.fx, 40 + 16 * i, 2), field(before.regs.fx, 32 + 16 * i, 8),
               i % 4 == 3 ? "\n" : "");
    }
    for (unsigned i = 0; i < 16; i++) {
        printf("#   ymm%-2u %016" PRIx64 "'%016" PRIx64 "'%016" PRIx64 "'%016" PRIx64 "\n", i,
               before.regs.ymm[i][1], before.regs.ymm[i][0], field(before.regs.fx, 168 + 16 * i, 8),
               field(before.regs.fx, 160 + 16 * i, 8));
    }
}

/* Finds the shortest beginning of the sequence that differs, and shows its last instruction. */
static void report(Test *test, uint64_t seed)
{
    Sequence whole = test->seq;

    for (unsigned count = 1; count <= whole.count; count++) {
        test->seq = whole;
        cut(&test->seq, count);
        if (!run_both(test)) {
            break;
        }
    }
    if (test->diff->len == 0) {
        test->seq = whole;
        run_both(test);
    }
    printf("# seed %" PRIu64 " differs after %u instructions:\n", seed, test->seq.count);
    for (unsigned i = 0; i < test->seq.count; i++) {
        print_insn(&test->seq, i);
    }
    printf("%s", test->diff->str);
    print_state(test, test->seq.count ? test->seq.count - 1 : 0);
}

static ZydisMnemonic find_mnemonic(const char *name)
{
    for (unsigned i = 1; i <= ZYDIS_MNEMONIC_MAX_VALUE; i++) {
        if (!g_ascii_strcasecmp(name, ZydisMnemonicGetString(i))) {
            return i;
        }
    }
    return 0;
}

static unsigned run_all(Test *test, ZydisMnemonic only)
{
    gint64 end = g_get_monotonic_time() + DEFAULT_SECONDS * G_USEC_PER_SEC;
    unsigned failed = 0;
    gint64 i;

    for (i = 0; opt_count ? i < opt_count : g_get_monotonic_time() < end; i++) {
        uint64_t seed = (uint64_t)(opt_seed + i);
        seq_generate(&test->seq, seed, (unsigned)CLAMP(opt_length, 1, SEQ_MAX - 1), only, our_has,
                     test->our);
        if (!run_both(test)) {
            report(test, seed);
            if (++failed >= (opt_keep_going ? MAX_REPORTS : 1)) {
                break;
            }
        }
    }
    printf("# %" G_GINT64_FORMAT " sequences from seed %" G_GINT64_FORMAT "\n", i, opt_seed);
    return failed;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    ZydisMnemonic only = 0;
    const char *reason;
    Test *test;
    unsigned failed;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    if (opt_insn && !(only = find_mnemonic(opt_insn))) {
        fprintf(stderr, "there is no instruction '%s'\n", opt_insn);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..1\n");
    test = g_new0(Test, 1);
    test->native = native_new(&reason);
    if (!test->native) {
        printf("ok 1 /cpu/host # SKIP %s\n", reason);
        g_free(test);
        return 0;
    }
    test->our = our_new();
    test->diff = g_string_new(NULL);
    g_autofree char *lacks = our_lacks(test->our);
    if (*lacks) {
        printf("# not tested, because the host lacks them:%s\n", lacks);
    }
    failed = run_all(test, only);
    printf("%s 1 /cpu/host\n", failed ? "not ok" : "ok");
    g_string_free(test->diff, TRUE);
    vcpu_free(test->our);
    native_free(test->native);
    g_free(test);
    return failed != 0;
}
