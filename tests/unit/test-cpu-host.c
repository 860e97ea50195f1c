/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our CPU against the host's own, on generated instruction sequences in 64- and 32-bit user code:
 * general registers, RFLAGS (bits that the SDM calls undefined excepted), x87, MMX and vector
 * registers, memory, and the exception a sequence ends with.
 *
 *     test-cpu-host [--seed N] [--count N] [--length N] [--insn MNEMONIC] [--bits 64|32]
 *                   [--keep-going] *                   [--maker intel|amd] [--list]
 *     test-cpu-host --rows | --host
 *
 * Sequence i of a run has the seed N + i, so a reported one is repeated by --seed S --count 1.
 * Without options it runs a sample of a few seconds from a fixed seed.
 *
 * Our CPU has the ways of the host's maker. What may differ all the same is a row of
 * cpuhost/forgive.c; --rows prints them. With --maker it has the other one's ways, and so a host of
 * one maker shows what differs, and by which row.
 */
#include "cpuhost/compare.h"
#include "cpuhost/forgive.h"
#include "cpuhost/vcpu.h"

#include <stdio.h>

#define DEFAULT_SECONDS 4
#define DEFAULT_LENGTH  12
#define MAX_REPORTS     20

static gint64 opt_seed = 1, opt_count;
static gint opt_length = DEFAULT_LENGTH, opt_bits = 64;
static gchar *opt_insn;
static gchar *opt_maker;
static gboolean opt_keep_going, opt_tap, opt_rows, opt_list, opt_host;

static const GOptionEntry options[] = {
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed, "First seed", "N"},
    {"count", 0, 0, G_OPTION_ARG_INT64, &opt_count, "Number of sequences", "N"},
    {"length", 0, 0, G_OPTION_ARG_INT, &opt_length, "Instructions a sequence", "N"},
    {"bits", 0, 0, G_OPTION_ARG_INT, &opt_bits, "64-bit or 32-bit code", "64|32"},
    {"insn", 0, 0, G_OPTION_ARG_STRING, &opt_insn, "Only this mnemonic", "NAME"},
    {"keep-going", 0, 0, G_OPTION_ARG_NONE, &opt_keep_going, "Report more than one", NULL},
    {"maker", 0, 0, G_OPTION_ARG_STRING, &opt_maker, "Whose ways ours has", "intel|amd"},
    {"rows", 0, 0, G_OPTION_ARG_NONE, &opt_rows, "Print what is forgiven, and why", NULL},
    {"host", 0, 0, G_OPTION_ARG_NONE, &opt_host, "Print whose CPU the host has", NULL},
    {"list", 0, 0, G_OPTION_ARG_NONE, &opt_list, "Print each sequence and where it ends", NULL},
    {"tap", 0, 0, G_OPTION_ARG_NONE, &opt_tap, "Accepted; the output is TAP anyway", NULL},
    {NULL},
};

typedef struct {
    NativeCpu *native;
    BareVcpu *our;
    Sequence seq;
    Outcome theirs, ours;
    uint8_t their_data[DATA_SIZE], our_data[DATA_SIZE];
    GString *diff;
    Maker maker;
    uint32_t applied; /* rows that forgave something in this run */
    uint64_t forgiven[32];
    uint64_t unsteady; /* sequences on which the host agreed only when asked again */
} Test;

static bool run_once(Test *test)
{
    Comparison c = {.maker = test->maker,
                    .switched = test->maker != maker_of_host(),
                    .seq = &test->seq,
                    .host = &test->theirs,
                    .host_data = test->their_data,
                    .ours = &test->ours,
                    .our_data = test->our_data};

    native_run(test->native, &test->seq, &test->theirs, test->their_data);
    our_run(test->our, &test->seq, &test->ours, test->our_data);
    test->applied = forgive(&c);
    g_string_truncate(test->diff, 0);
    compare_outcomes(test->diff, &test->seq, &test->theirs, test->their_data, &test->ours,
                     test->our_data);
    return test->diff->len == 0;
}

/* Runs the sequence on both; true if they agree. */
static bool run_both(Test *test)
{
    for (unsigned i = 0; i < NATIVE_TRIES; i++) {
        if (run_once(test)) {
            test->unsteady += i != 0;
            return true;
        }
    }
    return false;
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
    if (ZYAN_SUCCESS(ZydisDisassembleIntel(seq_machine_mode(seq->bits), addr,
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
        printf("%s%-4s %016" PRIx64 "%s", i % 4 ? "  " : "#   ", compare_gpr_names[i],
               before.regs.gpr[i], i % 4 == 3 ? "\n" : "");
    }
    printf("#   rflags %08" PRIx64 " fcw %04" PRIx64 " fsw %04" PRIx64 " ftw %02" PRIx64
           " mxcsr %08" PRIx64 "\n",
           before.regs.rflags, compare_field(before.regs.fx, 0, 2),
           compare_field(before.regs.fx, 2, 2), compare_field(before.regs.fx, 4, 1),
           compare_field(before.regs.fx, 24, 4));
    for (unsigned i = 0; i < 8; i++) {
        printf("%sst%u %04" PRIx64 ":%016" PRIx64 "%s", i % 4 ? "  " : "#   ", i,
               compare_field(before.regs.fx, 40 + 16 * i, 2),
               compare_field(before.regs.fx, 32 + 16 * i, 8), i % 4 == 3 ? "\n" : "");
    }
    for (unsigned i = 0; i < 16; i++) {
        printf("#   ymm%-2u %016" PRIx64 "'%016" PRIx64 "'%016" PRIx64 "'%016" PRIx64 "\n", i,
               before.regs.ymm[i][1], before.regs.ymm[i][0],
               compare_field(before.regs.fx, 168 + 16 * i, 8),
               compare_field(before.regs.fx, 160 + 16 * i, 8));
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

static void list(Test *test, uint64_t seed)
{
    printf("# seed %" PRIu64 " ends with vector %d at %08" PRIx64 ", address %" PRIx64 ":\n", seed,
           test->theirs.vector, test->theirs.regs.rip, test->theirs.fault);
    for (unsigned i = 0; i < test->seq.count; i++) {
        print_insn(&test->seq, i);
    }
}

static void count_forgiven(Test *test)
{
    for (unsigned i = 0; forgive_row(i); i++) {
        test->forgiven[i] += test->applied >> i & 1;
    }
}

static void print_forgiven(const Test *test)
{
    const ForgiveRow *row;

    for (unsigned i = 0; (row = forgive_row(i)); i++) {
        if (test->forgiven[i]) {
            printf("# forgiven %" PRIu64 " times: %s\n", test->forgiven[i], row->name);
        }
    }
    if (test->unsteady) {
        printf("# of %" PRIu64 " sequences the host gave several outcomes\n", test->unsteady);
    }
}

static void print_rows(void)
{
    const ForgiveRow *row;

    for (unsigned i = 0; (row = forgive_row(i)); i++) {
        printf("%s%s\n  instructions: %s\n  makers: %s%s\n  state: %s\n  why: %s\n", i ? "\n" : "",
               row->name, row->instructions,
               row->makers == MAKER_INTEL ? "Intel"
               : row->makers == MAKER_AMD ? "AMD"
                                          : "either",
               row->only_switched ? ", and only if ours has the other's ways (--maker)" : "",
               row->state, row->words);
    }
}

/* Whose CPU it is, and what cannot be compared on it. */
static void print_host(BareVcpu *our, const char *indent)
{
    g_autofree char *host = maker_describe_host();
    unsigned lacking;
    g_autofree char *lacks = our_lacks(our, &lacking);

    printf("%shost: %s\n", indent, host);
    if (lacking) {
        printf("%s%u not compared with the host, which lacks them:%s\n", indent, lacking, lacks);
    }
    if (host_has_newer_vex()) {
        printf(
            "%snot compared: undefined VEX encodings, of which the host has some that the decoder "
            "does not know\n",
            indent);
    }
}

static bool parse_maker(Maker *maker)
{
    *maker = maker_of_host();
    if (opt_maker && strcmp(opt_maker, "intel") && strcmp(opt_maker, "amd")) {
        fprintf(stderr, "--maker %s is neither intel nor amd\n", opt_maker);
        return false;
    }
    if (opt_maker) {
        *maker = opt_maker[0] == 'i' ? MAKER_INTEL : MAKER_AMD;
    }
    return true;
}

static unsigned run_all(Test *test, ZydisMnemonic only)
{
    gint64 end = g_get_monotonic_time() + DEFAULT_SECONDS * G_USEC_PER_SEC;
    unsigned failed = 0;
    gint64 i;

    for (i = 0; opt_count ? i < opt_count : g_get_monotonic_time() < end; i++) {
        uint64_t seed = (uint64_t)(opt_seed + i);
        seq_generate(&test->seq, (unsigned)opt_bits, seed,
                     (unsigned)CLAMP(opt_length, 1, SEQ_MAX - 1), only, our_has, test->our);
        bool same = run_both(test);
        if (opt_list) {
            list(test, seed);
        }
        count_forgiven(test);
        if (!same) {
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
    Maker maker;
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
    if (opt_rows) {
        print_rows();
        return 0;
    }
    if (opt_bits != 64 && opt_bits != 32) {
        fprintf(stderr, "--bits %d is neither 64 nor 32\n", opt_bits);
        return 2;
    }
    if (!parse_maker(&maker)) {
        return 2;
    }
    if (opt_host) {
        BareVcpu *our = our_new(maker);
        print_host(our, "");
        vcpu_free(our);
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..1\n");
    test = g_new0(Test, 1);
    test->maker = maker;
    test->our = our_new(maker);
    print_host(test->our, "# ");
    test->native = native_new(&reason);
    if (!test->native) {
        printf("ok 1 /cpu/host # SKIP %s\n", reason);
        vcpu_free(test->our);
        g_free(test);
        return 0;
    }
    reason = native_lacks_32(test->native);
    if (opt_bits == 32 && reason) {
        printf("ok 1 /cpu/host # SKIP %s\n", reason);
        vcpu_free(test->our);
        native_free(test->native);
        g_free(test);
        return 0;
    }
    test->diff = g_string_new(NULL);
    failed = run_all(test, only);
    print_forgiven(test);
    printf("%s 1 /cpu/host\n", failed ? "not ok" : "ok");
    g_string_free(test->diff, TRUE);
    vcpu_free(test->our);
    native_free(test->native);
    g_free(test);
    return failed != 0;
}
