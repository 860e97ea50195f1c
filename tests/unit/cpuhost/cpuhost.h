/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our CPU against the host's: generated instruction sequences run on both from the same state.
 *
 * gen.c makes a sequence, native.c runs it on the host's CPU in a traced child, ours.c on a bare
 * vCPU (vcpu.c); test-cpu-host.c compares. Both see the same linear addresses: a page of code, some
 * pages of data of which the last is read-only, and nothing else.
 */
#ifndef TESTS_UNIT_CPUHOST_H
#define TESTS_UNIT_CPUHOST_H

#include <Zydis/Zydis.h>
#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Linear addresses, below 2 GiB so that 32-bit addresses reach them, and clear of what sanitizers
 * and loaders use. */
#define CODE_BASE 0x10000000ull
#ifndef CODE_PAGES /* test-tiers has more, and code that writes to itself */
#define CODE_PAGES 1u
#define CODE_PROT  (PROT_READ | PROT_EXEC)
#endif
#define CODE_SIZE   (CODE_PAGES * 0x1000u)
#define DATA_BASE   0x10010000ull
#define DATA_PAGES  5u
#define DATA_SIZE   (DATA_PAGES * 0x1000u)
#define DATA_RW     (DATA_SIZE - 0x1000u) /* the last page is read-only */
#define DATA_MIDDLE (DATA_BASE + DATA_RW / 2)

/* Linux's user segments, and two of the local table, which a program may fill (modify_ldt). */
#define USER_CS   0x33
#define USER_CS32 0x23
#define USER_SS   0x2b
#define USER_FS32 0x07
#define USER_GS32 0x0f
/* In 32-bit code FS is all memory from here, and GS is the data pages, so that 16-bit addresses
 * reach them. */
#define FS32_BASE  0x40u
#define GS32_BASE  DATA_BASE
#define GS32_LIMIT (DATA_SIZE - 1u)

typedef struct {
    uint64_t gpr[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8.. */
    uint64_t rip, rflags, fs_base, gs_base;
    uint16_t seg[6];                              /* of 32-bit code: ES CS SS DS FS GS */
    uint8_t fx[512] __attribute__((aligned(16))); /* FXSAVE64 image */
    uint64_t ymm[16][2];                          /* upper halves */
} HostRegs;

/* How a run ended: an exception vector, as far as the host's signals tell it. */
typedef struct {
    HostRegs regs;
    int vector;
    uint64_t fault; /* #PF: the address */
} Outcome;

#ifndef SEQ_MAX
#define SEQ_MAX 48
#endif
typedef struct {
    uint16_t offset, length;
    uint32_t undefined; /* RFLAGS bits without a defined value before this instruction */
} SeqInsn;
typedef struct {
    unsigned bits; /* 64, or 32: then there are 8 registers, and upper halves are 0 */
    uint8_t code[CODE_SIZE];
    unsigned size;
    SeqInsn insn[SEQ_MAX + 1]; /* one more: the INT3 at the end */
    unsigned count;
    HostRegs start;
    uint8_t data[DATA_SIZE];
} Sequence;

static inline ZydisMachineMode seq_machine_mode(unsigned bits)
{
    return bits == 32 ? ZYDIS_MACHINE_MODE_LONG_COMPAT_32 : ZYDIS_MACHINE_MODE_LONG_64;
}
static inline void seq_decoder_init(ZydisDecoder *decoder, unsigned bits)
{
    ZydisDecoderInit(decoder, seq_machine_mode(bits),
                     bits == 32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_64);
}

/* What 32-bit code does not have reads as 0, and so do the segments of 64-bit code. */
static inline void seq_normalize(HostRegs *regs, unsigned bits, const uint16_t seg[6])
{
    memset(regs->seg, 0, sizeof(regs->seg));
    if (bits == 32) {
        for (unsigned i = 0; i < 16; i++) {
            regs->gpr[i] = i < 8 ? (uint32_t)regs->gpr[i] : 0;
        }
        regs->fs_base = regs->gs_base = 0;
        memcpy(regs->seg, seg, sizeof(regs->seg));
    }
}

/* gen.c: from `seed`, `length` instructions of `bits`-bit code. `only` is a mnemonic, or 0 for any.
 */
typedef struct {
    uint64_t s[2];
} Rng;
void rng_seed(Rng *rng, uint64_t seed);
uint64_t rng_next(Rng *rng);
/* True if this CPU, as modelled, has the instruction. */
typedef bool SeqFilter(const ZydisDecodedInstruction *zi, void *opaque);
void seq_generate(Sequence *seq, unsigned bits, uint64_t seed, unsigned length, ZydisMnemonic only,
                  SeqFilter *filter, void *opaque);

/* maker.c: whose ways a CPU has, as far as makers differ. */
typedef enum { MAKER_INTEL = 1, MAKER_AMD = 2 } Maker;
Maker maker_of_host(void);
const char *maker_vendor(Maker maker); /* CPUID's */
/* "GenuineIntel, family 6 model 85 stepping 7, Intel(R) ..."; to be freed. */
char *maker_describe_host(void);
/* A bit of the host's CPUID; `reg` is 0 for EAX to 3 for EDX. */
bool host_has_bit(unsigned leaf, unsigned subleaf, unsigned reg, unsigned bit);
/* Instructions with VEX prefixes that the decoder does not know: what it calls undefined may run.
 */
bool host_has_newer_vex(void);
/* The host's kernel lets users have RDFSBASE and the like. */
bool host_enables_fsgsbase(void);

/* native.c */
typedef struct NativeCpu NativeCpu;
NativeCpu *native_new(const char **reason); /* NULL: the host does not let us trace, and why */
void native_free(NativeCpu *native);
/* NULL, or why it cannot run 32-bit code. */
const char *native_lacks_32(NativeCpu *native);
void native_run(NativeCpu *native, const Sequence *seq, Outcome *out, uint8_t data[DATA_SIZE]);
/* How often a sequence is run whose outcome differs from ours. Some hypervisors' kernels cannot
 * return to a program whose stack pointer is not canonical: an interrupt of theirs, in the middle
 * of a sequence, then looks like a fault of it. The CPU itself does the same each time. */
#define NATIVE_TRIES 4

/* ours.c, for a BareVcpu (vcpu.h) */
struct BareVcpu *our_new(Maker maker);
/* Features that cannot be compared, because the host lacks them, or we: " avx fma", and how many.
 * To be freed. */
char *our_lacks(struct BareVcpu *our, unsigned *count);
bool our_has(const ZydisDecodedInstruction *zi, void *our);
void our_run(struct BareVcpu *our, const Sequence *seq, Outcome *out, uint8_t data[DATA_SIZE]);

#endif
