/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translator against the interpreter, and both against the host's CPU, on generated programs
 * (tiers/tiers.h). Each program runs on a vCPU of each tier in pieces of random length; at every
 * stop all registers and the count of instructions must be the same, and at the end memory, too.
 * Pages are absent at first and mapped when they are missed; other faults are recorded, and the
 * program goes on behind the instruction. Then the program starts over with its code as it is now.
 * The host's CPU runs it up to the first such fault.
 *
 *     test-tiers [--bits 32] [--seed N] [--count N] [--seconds N] [--arena KIB] [--list]
 * [--no-host]
 *
 * Program i of a run has the seed N + i, so a reported one is repeated by --seed S --count 1;
 * --list shows it. With a small arena, host code is thrown away and made again all the time. Flags
 * that the SDM leaves undefined are not compared.
 */
#include "cpuhost/forgive.h"
#include "tiers/tiers.h"

#include <stdio.h>

#include "target/i386/flags.h"
#include "target/i386/fpu.h"

#define DEFAULT_SECONDS 4
#define ROUNDS          2
#define MAX_INSNS       100000 /* a program that lost its way may go on for ever */
#define MAX_SKIPS       6
#define PROGRESS        1000000

/* RFLAGS bits that are compared. */
#define FLAGS_COMPARED 0x254dd5u

static gint64 opt_seed = 1, opt_count;
static gint opt_seconds = DEFAULT_SECONDS, opt_arena, opt_bits = 64;
static gboolean opt_list, opt_no_host, opt_progress, opt_tap;

static const GOptionEntry options[] = {
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed, "First seed", "N"},
    {"count", 0, 0, G_OPTION_ARG_INT64, &opt_count, "Number of programs", "N"},
    {"seconds", 0, 0, G_OPTION_ARG_INT, &opt_seconds, "How long without --count", "N"},
    {"arena", 0, 0, G_OPTION_ARG_INT, &opt_arena, "Memory for host code, in KiB", "N"},
    {"bits", 0, 0, G_OPTION_ARG_INT, &opt_bits, "64, or 32: then the tiers only", "N"},
    {"list", 0, 0, G_OPTION_ARG_NONE, &opt_list, "Show the programs", NULL},
    {"no-host", 0, 0, G_OPTION_ARG_NONE, &opt_no_host, "The tiers only", NULL},
    {"progress", 0, 0, G_OPTION_ARG_NONE, &opt_progress, "Say how far it is", NULL},
    {"tap", 0, 0, G_OPTION_ARG_NONE, &opt_tap, "Accepted; the output is TAP anyway", NULL},
    {NULL},
};

typedef struct {
    BareVcpu *interp, *jit;
    NativeCpu *native;
    Sequence seq;
    Rng rng; /* lengths of pieces and the like */
    GString *diff;
    unsigned round, stops, skips;
    Outcome first; /* where the host's run ends, too */
    bool have_first, on_host;
    uint32_t first_absent; /* pages in that run */
    uint8_t first_data[DATA_SIZE], host_data[DATA_SIZE];
    struct {
        uint64_t instructions, faults, skips, host;
    } total;
} Test;

static unsigned draw(Test *test, unsigned n)
{
    return (unsigned)((rng_next(&test->rng) >> 32) * n >> 32);
}

static const char *const gpr_names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                          "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

static void differ(Test *test, const char *what, uint64_t a, uint64_t b)
{
    if (a != b && test->diff->len < 4000) {
        g_string_append_printf(test->diff, "#   %-10s %016" PRIx64 "  %016" PRIx64 "\n", what, a,
                               b);
    }
}

static void differ_bytes(Test *test, const char *what, uint64_t base, const uint8_t *a,
                         const uint8_t *b, size_t size)
{
    if (!memcmp(a, b, size)) {
        return;
    }
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t x, y;
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y) {
            g_autofree char *name = g_strdup_printf("%s %" PRIx64, what, base + i);
            differ(test, name, x, y);
        }
    }
}

/* In a handler's first instruction, what counts is where the program was. */
static uint32_t compared_flags(Test *test, const Cpu *cpu)
{
    return cpu->cpl == 3 ? FLAGS_COMPARED & ~program_undefined(&test->seq, cpu->rip)
                         : FLAGS_COMPARED & ~FLAGS_ALL;
}

static void compare_cpus(Test *test)
{
    Cpu *a = vcpu_cpu(test->interp), *b = vcpu_cpu(test->jit);
    uint32_t flags = compared_flags(test, a);

    differ(test, "count", cpu_instructions(a), cpu_instructions(b));
    differ(test, "rip", a->rip, b->rip);
    differ(test, "cpl", a->cpl, b->cpl);
    differ(test, "halted", a->halted, b->halted);
    differ(test, "rflags", flags_get(a) & flags, flags_get(b) & flags);
    differ(test, "cr2", a->cr2, b->cr2);
    for (unsigned i = 0; i < 16; i++) {
        differ(test, gpr_names[i], a->gpr[i], b->gpr[i]);
    }
    if (memcmp(&a->fpu, &b->fpu, sizeof(a->fpu))) {
        uint8_t fx[2][512] __attribute__((aligned(16)));
        fpu_get_fxsave(&a->fpu, fx[0], true);
        fpu_get_fxsave(&b->fpu, fx[1], true);
        memset(fx[0] + 6, 0, 18); /* FOP, FIP, FDP */
        memset(fx[1] + 6, 0, 18);
        differ_bytes(test, "fxsave", 0, fx[0], fx[1], sizeof(fx[0]));
        for (unsigned i = 0; i < 16; i++) {
            differ_bytes(test, "ymm, upper", i, (uint8_t *)a->fpu.vec[i].hi,
                         (uint8_t *)b->fpu.vec[i].hi, 16);
        }
    }
}

static void compare_memory(Test *test)
{
    VcpuMemory a[VCPU_MEMORY_PARTS], b[VCPU_MEMORY_PARTS];

    vcpu_memory(test->interp, a);
    vcpu_memory(test->jit, b);
    for (unsigned i = 0; i < VCPU_MEMORY_PARTS; i++) {
        differ_bytes(test, a[i].name, a[i].linear, a[i].bytes, b[i].bytes, a[i].size);
    }
}

static void compare_outcomes(Test *test, const Outcome *a, const Outcome *b)
{
    uint32_t flags = FLAGS_COMPARED & ~program_undefined(&test->seq, a->regs.rip);

    differ(test, "vector", (uint64_t)a->vector, (uint64_t)b->vector);
    differ(test, "rip", a->regs.rip, b->regs.rip);
    differ(test, "address", a->fault, b->fault);
    differ(test, "rflags", a->regs.rflags & flags, b->regs.rflags & flags);
    for (unsigned i = 0; i < 16; i++) {
        differ(test, gpr_names[i], a->regs.gpr[i], b->regs.gpr[i]);
    }
}

static const SeqInsn *insn_at(const Sequence *seq, uint64_t rip)
{
    for (unsigned i = 0; i < seq->count; i++) {
        if (CODE_BASE + seq->insn[i].offset == rip) {
            return &seq->insn[i];
        }
    }
    return NULL;
}

/* The first fault that no page answers: what the host's run is compared with. */
static void keep_first(Test *test, const Outcome *out)
{
    VcpuMemory parts[VCPU_MEMORY_PARTS];
    if (!test->have_first && test->round == 0) {
        test->have_first = true;
        test->first = *out;
        vcpu_memory(test->interp, parts);
        memcpy(test->first_data, parts[1].bytes, DATA_SIZE);
    }
}

/* Both stand in the same handler. True if the program goes on. */
static bool answer_fault(Test *test)
{
    Outcome a, b;
    bool ours = vcpu_stopped(test->interp, &a), theirs = vcpu_stopped(test->jit, &b);

    differ(test, "stopped", ours, theirs);
    compare_outcomes(test, &a, &b);
    if (!ours || test->diff->len) {
        return false;
    }
    test->total.faults++;
    uint64_t rip = a.regs.rip;
    const SeqInsn *insn = insn_at(&test->seq, rip);
    if (a.vector == EXCP_PF && vcpu_map(test->interp, a.fault)) {
        vcpu_map(test->jit, a.fault);
    } else {
        keep_first(test, &a);
        if (a.vector == EXCP_BP || !insn || test->skips++ >= MAX_SKIPS) {
            return false;
        }
        test->total.skips++;
        rip += insn->length;
    }
    vcpu_resume(test->interp, &test->seq, rip);
    vcpu_resume(test->jit, &test->seq, rip);
    return true;
}

static uint64_t draw_budget(Test *test)
{
    switch (draw(test, 4)) {
    case 0:
        return 1 + draw(test, 20);
    case 1:
        return 1 + draw(test, 300);
    default:
        return 5000;
    }
}

/* One run of the program on both tiers. True if they agree. */
static bool run_round(Test *test, uint32_t absent)
{
    vcpu_load(test->interp, &test->seq, test->round == 0, absent);
    vcpu_load(test->jit, &test->seq, test->round == 0, absent);
    test->skips = 0;
    uint64_t end = cpu_instructions(vcpu_cpu(test->interp)) + MAX_INSNS;
    for (test->stops = 0; cpu_instructions(vcpu_cpu(test->interp)) < end; test->stops++) {
        uint64_t budget = draw_budget(test);
        CpuExit a = cpu_run(vcpu_cpu(test->interp), budget);
        CpuExit b = cpu_run(vcpu_cpu(test->jit), budget);
        differ(test, "exit", a, b);
        compare_cpus(test);
        if (test->diff->len || (a == CPU_HALTED && !answer_fault(test))) {
            break;
        }
    }
    compare_memory(test);
    return test->diff->len == 0;
}

/* Faults of which makers of CPUs have different ideas: how much is done before, or which of two. A
 * program that jumped into the middle of an instruction runs anything. */
static bool disputed(Test *test)
{
    uint64_t offset = test->first.regs.rip - CODE_BASE;
    ZydisDecodedInstruction zi;
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (test->first.vector == EXCP_BP) {
        return false;
    }
    if (!insn_at(&test->seq, test->first.regs.rip) ||
        !ZYAN_SUCCESS(
            ZydisDecoderDecodeInstruction(&decoder, NULL, test->seq.code + offset, 15, &zi))) {
        return true;
    }
    return zi.mnemonic == ZYDIS_MNEMONIC_ENTER || zi.meta.category == ZYDIS_CATEGORY_PUSH ||
           zi.meta.category == ZYDIS_CATEGORY_POP || zi.meta.category == ZYDIS_CATEGORY_STRINGOP ||
           zi.meta.category == ZYDIS_CATEGORY_CALL || zi.meta.category == ZYDIS_CATEGORY_RET;
}

static bool run_host_once(Test *test)
{
    Outcome host, ours = test->first;
    uint8_t our_data[DATA_SIZE];
    Comparison c = {.maker = maker_of_host(),
                    .seq = &test->seq,
                    .host = &host,
                    .host_data = test->host_data,
                    .ours = &ours,
                    .our_data = our_data};

    memcpy(our_data, test->first_data, DATA_SIZE);
    native_run(test->native, &test->seq, &host, test->host_data);
    if (host.vector == EXCP_DB) { /* INT1, reached by accident */
        return true;
    }
    forgive(&c);
    g_string_truncate(test->diff, 0);
    compare_outcomes(test, &host, &ours);
    differ_bytes(test, "x87", 0, host.regs.fx, ours.regs.fx, 6);
    differ_bytes(test, "st, xmm", 32, host.regs.fx + 32, ours.regs.fx + 32, 384);
    differ_bytes(test, "ymm, upper", 0, (uint8_t *)host.regs.ymm, (uint8_t *)ours.regs.ymm,
                 sizeof(host.regs.ymm));
    differ_bytes(test, "data", DATA_BASE, test->host_data, our_data, DATA_SIZE);
    return test->diff->len == 0;
}

static bool run_host(Test *test)
{
    if (!test->on_host || !test->have_first || disputed(test)) {
        return true;
    }
    test->total.host++;
    for (unsigned i = 0; i < NATIVE_TRIES; i++) {
        if (run_host_once(test)) {
            return true;
        }
    }
    return false;
}

/* Whether the program, until its first fault, went to where no instruction of its begins. What it
 * met there may depend on the machine (SGDT) or leave undefined flags to whoever comes next. */
static bool strayed(Test *test)
{
    Cpu *cpu = vcpu_cpu(test->interp);
    uint64_t before = cpu->insn_count;
    bool found = false;

    vcpu_load(test->interp, &test->seq, true, test->first_absent);
    while (!found && cpu->insn_count - before < MAX_INSNS) {
        Outcome out;
        found = cpu->cpl == 3 && !insn_at(&test->seq, cpu->rip);
        if (cpu_run(cpu, 1) != CPU_HALTED) { /* a block */
            continue;
        }
        if (!vcpu_stopped(test->interp, &out) || out.vector != EXCP_PF ||
            !vcpu_map(test->interp, out.fault)) {
            break;
        }
        vcpu_resume(test->interp, &test->seq, out.regs.rip);
    }
    cpu->insn_count = before; /* as the translator's */
    return found;
}

static const char *run_program(Test *test, uint64_t seed)
{
    static const unsigned hot[] = {0, 0, 0, 0, 1, 2, 5, 32};
    uint64_t before = cpu_instructions(vcpu_cpu(test->interp));
    bool agree = true;

    if (opt_bits == 32) {
        program32_generate(&test->seq, seed, our_has, test->interp);
        test->on_host = false;
    } else {
        test->on_host = program_generate(&test->seq, seed) && test->native;
    }
    rng_seed(&test->rng, seed);
    vcpu_set_hot(test->jit, hot[draw(test, G_N_ELEMENTS(hot))]);
    test->have_first = false;
    g_string_truncate(test->diff, 0);
    for (test->round = 0; test->round < ROUNDS && agree; test->round++) {
        uint32_t absent = draw(test, 3) ? 0 : (uint32_t)rng_next(&test->rng);
        test->first_absent = test->round == 0 ? absent : test->first_absent;
        agree = run_round(test, absent);
    }
    test->total.instructions += cpu_instructions(vcpu_cpu(test->interp)) - before;
    if (!agree) {
        return "interpreter, translator";
    }
    return run_host(test) || strayed(test) ? NULL : "host, ours";
}

static void list_program(Test *test, uint64_t rip)
{
    const Sequence *seq = &test->seq;

    for (unsigned i = 0; i < seq->count; i++) {
        uint64_t addr = CODE_BASE + seq->insn[i].offset;
        ZydisDisassembledInstruction text;
        bool good = ZYAN_SUCCESS(ZydisDisassembleIntel(seq_machine_mode(seq->bits), addr,
                                                       seq->code + seq->insn[i].offset, 15, &text));
        printf("# %s %08" PRIx64 "  ", addr == rip ? ">" : " ", addr);
        for (unsigned k = 0; k < 11; k++) {
            printf(k < seq->insn[i].length ? "%02x" : "  ", seq->code[seq->insn[i].offset + k]);
        }
        printf("  %s\n", good ? text.text : "?");
    }
}

static void report(Test *test, uint64_t seed, const char *who)
{
    Outcome out;
    uint64_t rip = vcpu_cpu(test->interp)->rip;

    if (test->round == ROUNDS) { /* the tiers agreed */
        rip = test->first.regs.rip;
    } else if (vcpu_stopped(test->interp, &out)) {
        rip = out.regs.rip;
    }
    list_program(test, rip);
    printf("# seed %" PRIu64 " differs in round %u at stop %u, fault %u (%s):\n%s", seed,
           test->round, test->stops, test->skips, who, test->diff->str);
}

static unsigned run_all(Test *test)
{
    gint64 start = g_get_monotonic_time(), i;
    unsigned failed = 0;

    for (i = 0;
         opt_count ? i < opt_count : g_get_monotonic_time() < start + opt_seconds * G_USEC_PER_SEC;
         i++) {
        uint64_t seed = (uint64_t)(opt_seed + i);
        const char *who = run_program(test, seed);
        if (opt_list) {
            list_program(test, 0);
        }
        if (who) {
            report(test, seed, who);
            failed++;
            i++;
            break;
        }
        if (opt_progress && (i + 1) % PROGRESS == 0) {
            printf("# %" G_GINT64_FORMAT " programs\n", i + 1);
        }
    }
    printf("# %" G_GINT64_FORMAT " programs from seed %" G_GINT64_FORMAT ": %" PRIu64
           " instructions, %" PRIu64 " faults, %" PRIu64 " skipped, %" PRIu64 " on the host\n",
           i, opt_seed, test->total.instructions, test->total.faults, test->total.skips,
           test->total.host);
    return failed;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    const char *reason;
    Test *test;
    unsigned failed;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..1\n");
    test = g_new0(Test, 1);
    bool host = !opt_no_host && opt_bits == 64;
    test->native = host ? native_new(&reason) : NULL;
    if (!test->native && host) {
        printf("# without the host's CPU: %s\n", reason);
    }
    test->interp = vcpu_new_of(maker_of_host(), false, 0);
    test->jit = vcpu_new_of(maker_of_host(), true, (size_t)opt_arena << 10);
    test->diff = g_string_new(NULL);
    failed = run_all(test);
    printf("%s 1 /cpu/tiers\n", failed ? "not ok" : "ok");
    g_string_free(test->diff, TRUE);
    vcpu_free(test->interp);
    vcpu_free(test->jit);
    if (test->native) {
        native_free(test->native);
    }
    g_free(test);
    return failed != 0;
}
