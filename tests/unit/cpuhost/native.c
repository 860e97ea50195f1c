/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs sequences on the host's CPU: a child that has nothing mapped but the sequence's code and
 * data is set up, started and read out by ptrace. It lives as long as the test does.
 */
#include "cpuhost.h"

#include <asm/ldt.h>
#include <cpuid.h>
#include <elf.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's own page: a system call and a trap, for the parent to make it call munmap(); and a
 * POPF that clears RFLAGS.ID, which ptrace leaves as it is. */
#define STUB_BASE   0x6a5500000000ull
#define CLEAR_ID    (STUB_BASE + 3)
#define EFLAGS_ID   (1u << 21)
#define STUB_SIZE   0x1000u
#define USER_END    0x7ffffffff000ull
#define SHARED_SIZE (CODE_SIZE + DATA_SIZE)
#define XSTATE_MAX  16384
/* In an XSAVE area (SDM vol. 1, 13.4). */
#define FX_SIZE    512u
#define XSTATE_BV  512u
#define XSTATE_AVX 4u

struct NativeCpu {
    pid_t child;
    const char *lacks_32;
    uint8_t *shared; /* code page, then data */
    struct user_regs_struct regs;
    /* The XSAVE area that ptrace shows, and where the upper halves of ymm registers are in it; 0:
     * the host has none. */
    uint8_t xstate[XSTATE_MAX];
    size_t xstate_size;
    unsigned ymm_offset;
};

/* In the child. */
static void map_shared(int fd, uint64_t addr, size_t size, int prot, off_t offset)
{
    void *want = (void *)(uintptr_t)addr;

    if (mmap(want, size, prot, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, fd, offset) !=
        want) {
        _exit(1);
    }
}

static bool add_segment(struct user_desc desc)
{
    const int write_new_mode = 0x11;

    return syscall(SYS_modify_ldt, write_new_mode, &desc, sizeof(desc)) == 0;
}

/* USER_FS32 and USER_GS32; tells the parent whether there are such. */
static void add_segments(void)
{
    const struct user_desc fs = {.entry_number = USER_FS32 >> 3,
                                 .base_addr = FS32_BASE,
                                 .limit = 0xfffff,
                                 .seg_32bit = 1,
                                 .limit_in_pages = 1};
    const struct user_desc gs = {.entry_number = USER_GS32 >> 3,
                                 .base_addr = (unsigned)GS32_BASE,
                                 .limit = GS32_LIMIT,
                                 .seg_32bit = 1};

    *(volatile uint32_t *)(uintptr_t)DATA_BASE = add_segment(fs) && add_segment(gs);
}

static G_NORETURN void child_main(int fd)
{
    static const uint8_t stub[] = {0x0f, 0x05, 0xcc, 0x6a, 0x02, 0x9d, 0xcc};
    void *page;

    map_shared(fd, CODE_BASE, CODE_SIZE, CODE_PROT, 0);
    map_shared(fd, DATA_BASE, DATA_RW, PROT_READ | PROT_WRITE, CODE_SIZE);
    map_shared(fd, DATA_BASE + DATA_RW, DATA_SIZE - DATA_RW, PROT_READ, CODE_SIZE + DATA_RW);
    page = mmap((void *)STUB_BASE, STUB_SIZE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (page == MAP_FAILED) {
        _exit(1);
    }
    memcpy(page, stub, sizeof(stub));
    mprotect(page, STUB_SIZE, PROT_READ | PROT_EXEC);
    add_segments();
    /* The kernel would write to the C library's restartable-sequence area, soon unmapped. */
    syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, 32, RSEQ_FLAG_UNREGISTER,
            RSEQ_SIG);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    _exit(0);
}

static bool wait_stopped(NativeCpu *native)
{
    int status;

    return waitpid(native->child, &status, 0) == native->child && WIFSTOPPED(status);
}

static void go_on(NativeCpu *native)
{
    ptrace(PTRACE_CONT, native->child, NULL, NULL);
}

/* Runs the child's own code at `rip` until it traps. */
static bool run_stub(NativeCpu *native, struct user_regs_struct *regs, uint64_t rip)
{
    regs->orig_rax = ~0ull;
    regs->rip = rip;
    ptrace(PTRACE_SETREGS, native->child, NULL, regs);
    go_on(native);
    return wait_stopped(native) && ptrace(PTRACE_GETREGS, native->child, NULL, regs) == 0;
}

static bool remote_munmap(NativeCpu *native, uint64_t from, uint64_t to)
{
    struct user_regs_struct regs = native->regs;

    regs.rax = SYS_munmap;
    regs.rdi = from;
    regs.rsi = to - from;
    return run_stub(native, &regs, STUB_BASE) && regs.rax == 0;
}

static const char *start_child(NativeCpu *native, int fd)
{
    native->child = fork();
    if (native->child == 0) {
        child_main(fd);
    }
    if (native->child < 0 || !wait_stopped(native) ||
        ptrace(PTRACE_GETREGS, native->child, NULL, &native->regs) != 0) {
        return "the host does not allow tracing a child process";
    }
    if (!remote_munmap(native, 0, CODE_BASE) ||
        !remote_munmap(native, CODE_BASE + CODE_SIZE, DATA_BASE) ||
        !remote_munmap(native, DATA_BASE + DATA_SIZE, STUB_BASE) ||
        !remote_munmap(native, STUB_BASE + STUB_SIZE, USER_END)) {
        return "the child's memory could not be unmapped";
    }
    return NULL;
}

static struct iovec xstate_vector(NativeCpu *native)
{
    return (struct iovec){native->xstate, sizeof(native->xstate)};
}

/* Without AVX, the older requests do. */
static void find_xstate(NativeCpu *native)
{
    struct iovec vector = xstate_vector(native);
    unsigned eax = 0, ebx = 0, ecx, edx;

    if (ptrace(PTRACE_GETREGSET, native->child, NT_X86_XSTATE, &vector) == 0 &&
        __get_cpuid_count(0xd, 2, &eax, &ebx, &ecx, &edx) && eax >= 256 &&
        ebx + eax <= vector.iov_len) {
        native->xstate_size = vector.iov_len;
        native->ymm_offset = ebx;
    }
}

static void set_fpregs(NativeCpu *native, const HostRegs *from)
{
    struct iovec vector = xstate_vector(native);
    uint64_t bv = 3 | XSTATE_AVX;

    if (!native->ymm_offset) {
        ptrace(PTRACE_SETFPREGS, native->child, NULL, from->fx);
        return;
    }
    vector.iov_len = native->xstate_size;
    memset(native->xstate, 0, native->xstate_size);
    memcpy(native->xstate, from->fx, FX_SIZE);
    memcpy(native->xstate + XSTATE_BV, &bv, sizeof(bv));
    memcpy(native->xstate + native->ymm_offset, from->ymm, sizeof(from->ymm));
    if (ptrace(PTRACE_SETREGSET, native->child, NT_X86_XSTATE, &vector) != 0) {
        g_error("the child's vector registers cannot be set");
    }
}

static void get_fpregs(NativeCpu *native, HostRegs *to)
{
    struct iovec vector = xstate_vector(native);
    uint64_t bv;

    memset(to->ymm, 0, sizeof(to->ymm));
    ptrace(PTRACE_GETFPREGS, native->child, NULL, to->fx);
    if (native->ymm_offset) {
        ptrace(PTRACE_GETREGSET, native->child, NT_X86_XSTATE, &vector);
        memcpy(&bv, native->xstate + XSTATE_BV, sizeof(bv));
        if (bv & XSTATE_AVX) {
            memcpy(to->ymm, native->xstate + native->ymm_offset, sizeof(to->ymm));
        }
    }
}

void native_free(NativeCpu *native)
{
    if (native->child > 0) {
        kill(native->child, SIGKILL);
        waitpid(native->child, NULL, 0);
    }
    if (native->shared && native->shared != MAP_FAILED) {
        munmap(native->shared, SHARED_SIZE);
    }
    g_free(native);
}

static void regs_to_user(const HostRegs *from, unsigned bits, struct user_regs_struct *to)
{
    const uint64_t *g = from->gpr;

    to->rax = g[0], to->rcx = g[1], to->rdx = g[2], to->rbx = g[3];
    to->rsp = g[4], to->rbp = g[5], to->rsi = g[6], to->rdi = g[7];
    to->r8 = g[8], to->r9 = g[9], to->r10 = g[10], to->r11 = g[11];
    to->r12 = g[12], to->r13 = g[13], to->r14 = g[14], to->r15 = g[15];
    to->rip = from->rip;
    to->eflags = from->rflags;
    to->fs_base = from->fs_base;
    to->gs_base = from->gs_base;
    to->orig_rax = ~0ull;
    to->ds = to->es = to->fs = to->gs = 0;
    to->cs = USER_CS;
    to->ss = USER_SS;
    if (bits == 32) {
        const uint16_t *seg = from->seg;
        to->es = seg[0], to->cs = seg[1], to->ss = seg[2];
        to->ds = seg[3], to->fs = seg[4], to->gs = seg[5];
        /* as the descriptors have them, for kernels that load a base after its selector */
        to->fs_base = seg[4] == USER_FS32 ? FS32_BASE : 0;
        to->gs_base = seg[5] == USER_GS32 ? GS32_BASE : 0;
    }
}

static void regs_from_user(const struct user_regs_struct *from, unsigned bits, HostRegs *to)
{
    const uint16_t seg[6] = {(uint16_t)from->es, (uint16_t)from->cs, (uint16_t)from->ss,
                             (uint16_t)from->ds, (uint16_t)from->fs, (uint16_t)from->gs};
    const uint64_t g[16] = {from->rax, from->rcx, from->rdx, from->rbx, from->rsp, from->rbp,
                            from->rsi, from->rdi, from->r8,  from->r9,  from->r10, from->r11,
                            from->r12, from->r13, from->r14, from->r15};

    memcpy(to->gpr, g, sizeof(g));
    to->rip = from->rip;
    to->rflags = from->eflags;
    to->fs_base = from->fs_base;
    to->gs_base = from->gs_base;
    seq_normalize(to, bits, seg);
}

/* SIGFPE from x87 or from SSE: by what is pending and by what wants to run. */
static int fpe_vector(const HostRegs *regs, const Sequence *seq)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction zi;
    ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
    uint16_t fcw, fsw;

    memcpy(&fcw, regs->fx, sizeof(fcw));
    memcpy(&fsw, regs->fx + 2, sizeof(fsw));
    seq_decoder_init(&decoder, seq->bits);
    if (!(fsw & ~fcw & 0x3f) || regs->rip - CODE_BASE > CODE_SIZE - 16 ||
        !ZYAN_SUCCESS(
            ZydisDecoderDecodeFull(&decoder, seq->code + (regs->rip - CODE_BASE), 16, &zi, ops))) {
        return 19;
    }
    for (unsigned i = 0; i < zi.operand_count_visible; i++) {
        if (ops[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            ZydisRegisterGetClass(ops[i].reg.value) == ZYDIS_REGCLASS_MMX) {
            return 16;
        }
    }
    return zi.meta.isa_ext == ZYDIS_ISA_EXT_X87 || zi.meta.isa_ext == ZYDIS_ISA_EXT_MMX ||
                   zi.mnemonic == ZYDIS_MNEMONIC_FISTTP
               ? 16
               : 19;
}

/* INTO traps: RIP is after it. */
static bool after_into(const HostRegs *regs, const Sequence *seq)
{
    const uint64_t of = 1u << 11, rf = 1u << 16; /* RF: a fault of the next instruction */
    bool may = seq->bits == 32 && (regs->rflags & of) && !(regs->rflags & rf);

    for (unsigned i = 0; i < seq->count && may; i++) {
        const SeqInsn *insn = &seq->insn[i];
        ZydisDecodedInstruction zi;
        ZydisDecoder decoder;
        seq_decoder_init(&decoder, seq->bits);
        if (CODE_BASE + insn->offset + insn->length == regs->rip) {
            return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
                       &decoder, NULL, seq->code + insn->offset, insn->length, &zi)) &&
                   zi.mnemonic == ZYDIS_MNEMONIC_INTO;
        }
    }
    return false;
}

/* The vector behind a signal. */
static int vector_of(const siginfo_t *si, const HostRegs *regs, const Sequence *seq)
{
    switch (si->si_signo) {
    case SIGILL:
        return 6;
    case SIGTRAP:
        return si->si_code == SI_KERNEL ? 3 : 1;
    case SIGBUS:
        return si->si_code == BUS_ADRALN ? 17 : 12;
    case SIGSEGV:
        return si->si_code != SI_KERNEL ? 14 : after_into(regs, seq) ? 4 : 13;
    case SIGFPE:
        return si->si_code == FPE_INTDIV ? 0 : fpe_vector(regs, seq);
    default:
        return -1;
    }
}

void native_run(NativeCpu *native, const Sequence *seq, Outcome *out, uint8_t data[DATA_SIZE])
{
    struct user_regs_struct regs = native->regs;
    siginfo_t si;

    memcpy(native->shared, seq->code, CODE_SIZE);
    memcpy(native->shared + CODE_SIZE, seq->data, DATA_SIZE);
    regs_to_user(&seq->start, seq->bits, &regs);
    ptrace(PTRACE_SETREGS, native->child, NULL, &regs);
    set_fpregs(native, &seq->start);
    go_on(native);
    if (!wait_stopped(native)) {
        g_error("the native child is gone");
    }
    ptrace(PTRACE_GETSIGINFO, native->child, NULL, &si);
    ptrace(PTRACE_GETREGS, native->child, NULL, &regs);
    get_fpregs(native, &out->regs);
    regs_from_user(&regs, seq->bits, &out->regs);
    out->vector = vector_of(&si, &out->regs, seq);
    out->fault = out->vector == 14 ? (uint64_t)(uintptr_t)si.si_addr : 0;
    memcpy(data, native->shared + CODE_SIZE, DATA_SIZE);
    if (regs.eflags & EFLAGS_ID) {
        regs = native->regs;
        regs.rsp = DATA_BASE + DATA_RW;
        run_stub(native, &regs, CLEAR_ID);
    }
}

/* A kernel may refuse 32-bit code altogether: an INT3 of it tells. */
static const char *probe_32(NativeCpu *native)
{
    g_autofree Sequence *seq = g_new0(Sequence, 1);
    g_autofree uint8_t *data = g_malloc(DATA_SIZE);
    const uint16_t segments[6] = {USER_SS, USER_CS32, USER_SS, USER_SS, USER_FS32, USER_GS32};
    uint32_t has_segments;
    Outcome out;

    memcpy(&has_segments, native->shared + CODE_SIZE, sizeof(has_segments));
    if (!has_segments) {
        return "the host has no modify_ldt()";
    }
    seq->bits = 32;
    seq->code[0] = 0xcc;
    seq->start.rip = CODE_BASE;
    seq->start.gpr[4] = DATA_MIDDLE;
    memcpy(seq->start.seg, segments, sizeof(segments));
    native_run(native, seq, &out, data);
    return out.vector == 3 && out.regs.rip == CODE_BASE + 1 ? NULL : "the host runs no 32-bit code";
}

const char *native_lacks_32(NativeCpu *native)
{
    return native->lacks_32;
}

NativeCpu *native_new(const char **reason)
{
    NativeCpu *native = g_new0(NativeCpu, 1);
    int fd = memfd_create("cpu-host", MFD_CLOEXEC);

    *reason = "no shared memory";
    if (fd < 0 || ftruncate(fd, SHARED_SIZE) != 0) {
        goto fail;
    }
    native->shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (native->shared == MAP_FAILED) {
        goto fail;
    }
    *reason = start_child(native, fd);
    if (*reason) {
        goto fail;
    }
    close(fd);
    find_xstate(native);
    native->lacks_32 = probe_32(native);
    return native;
fail:
    if (fd >= 0) {
        close(fd);
    }
    native_free(native);
    return NULL;
}
