/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a vCPU: architectural registers, lazily kept flags, the soft TLB, pending events.
 * Private to target/i386 and accel/tcg.
 */
#ifndef TARGET_I386_CPU_STATE_H
#define TARGET_I386_CPU_STATE_H

#include <setjmp.h>

#include "target/i386/cpu.h"

enum { R_RAX, R_RCX, R_RDX, R_RBX, R_RSP, R_RBP, R_RSI, R_RDI, R_R8, R_R15 = 15 };
enum { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_COUNT };

/* RFLAGS */
#define FLAG_CF     (1u << 0)
#define FLAG_1      (1u << 1)
#define FLAG_PF     (1u << 2)
#define FLAG_AF     (1u << 4)
#define FLAG_ZF     (1u << 6)
#define FLAG_SF     (1u << 7)
#define FLAG_TF     (1u << 8)
#define FLAG_IF     (1u << 9)
#define FLAG_DF     (1u << 10)
#define FLAG_OF     (1u << 11)
#define FLAG_IOPL   (3u << 12)
#define FLAG_NT     (1u << 14)
#define FLAG_RF     (1u << 16)
#define FLAG_VM     (1u << 17)
#define FLAG_AC     (1u << 18)
#define FLAG_VIF    (1u << 19)
#define FLAG_VIP    (1u << 20)
#define FLAG_ID     (1u << 21)
#define FLAGS_ARITH (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_ET (1u << 4)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_AM (1u << 18)
#define CR0_NW (1u << 29)
#define CR0_CD (1u << 30)
#define CR0_PG (1u << 31)
#define CR0_WRITABLE                                                                               \
    (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define CR4_VME        (1u << 0)
#define CR4_PVI        (1u << 1)
#define CR4_TSD        (1u << 2)
#define CR4_DE         (1u << 3)
#define CR4_PSE        (1u << 4)
#define CR4_PAE        (1u << 5)
#define CR4_MCE        (1u << 6)
#define CR4_PGE        (1u << 7)
#define CR4_PCE        (1u << 8)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_UMIP       (1u << 11)
#define CR4_LA57       (1u << 12)
#define CR4_FSGSBASE   (1u << 16)
#define CR4_PCIDE      (1u << 17)
#define CR4_OSXSAVE    (1u << 18)
#define CR4_SMEP       (1u << 20)
#define CR4_SMAP       (1u << 21)
#define CR4_PKE        (1u << 22)
#define CR4_PKS        (1u << 24)
/* IA32_MISC_ENABLE: CPUID ends early; XD is not there. */
#define MISC_ENABLE_LIMIT_CPUID (1ull << 22)
#define MISC_ENABLE_XD_OFF      (1ull << 34)
#define EFER_SCE                (1u << 0)
#define EFER_LME                (1u << 8)
#define EFER_LMA                (1u << 10)
#define EFER_NXE                (1u << 11)

/* Exceptions */
enum {
    EXCP_DE = 0,
    EXCP_DB = 1,
    EXCP_NMI = 2,
    EXCP_BP = 3,
    EXCP_OF = 4,
    EXCP_BR = 5,
    EXCP_UD = 6,
    EXCP_NM = 7,
    EXCP_DF = 8,
    EXCP_TS = 10,
    EXCP_NP = 11,
    EXCP_SS = 12,
    EXCP_GP = 13,
    EXCP_PF = 14,
    EXCP_MF = 16,
    EXCP_AC = 17,
    EXCP_MC = 18,
    EXCP_XM = 19,
};

/* A segment register with its hidden part. `attr` holds the descriptor's second dword bits 8..23
 * (type, S, DPL, P, AVL, L, D/B, G) in place; `limit` is in bytes, already scaled by G. */
typedef struct {
    uint64_t base;
    uint32_t limit;
    uint32_t attr;
    uint16_t selector;
} CpuSegment;
#define SEG_ATTR_TYPE(attr) (((attr) >> 8) & 15)
#define SEG_ATTR_A          (1u << 8)
#define SEG_ATTR_W          (1u << 9)  /* data: writable; code: readable */
#define SEG_ATTR_E          (1u << 10) /* data: expand-down; code: conforming */
#define SEG_ATTR_CODE       (1u << 11)
#define SEG_ATTR_S          (1u << 12)
#define SEG_ATTR_DPL_SHIFT  13
#define SEG_ATTR_P          (1u << 15)
#define SEG_ATTR_L          (1u << 21)
#define SEG_ATTR_DB         (1u << 22)
#define SEG_ATTR_G          (1u << 23)

typedef struct {
    uint64_t base;
    uint16_t limit;
} CpuTable;

/*
 * The soft TLB, direct-mapped on the virtual page number, one table for each kind of access rights:
 * user, user with alignment checks, supervisor, and supervisor with SMAP in force. A tag is the
 * virtual page address; an entry that does not permit an access has TLB_NO_TAG for it, so that one
 * compare decides. `addend` is host address minus virtual address. MMIO and write-watched pages,
 * and all pages where alignment is checked, have flags in the tag's low bits and so always miss the
 * fast compare.
 */
#define TLB_BITS   12
#define TLB_SIZE   (1u << TLB_BITS)
#define TLB_NO_TAG (~0ull)
typedef struct {
    uint64_t tag_read;
    uint64_t tag_write;
    uint64_t tag_exec;
    uintptr_t addend;
    uint64_t paddr;    /* of the page */
    MemRegion *region; /* what answers there; NULL for nothing or the APIC page */
    uint32_t flags;    /* private to mmu.c: global, large ... */
    uint32_t pad[3];   /* 64 bytes, so that an index is a shift */
} TlbEntry;
G_STATIC_ASSERT(sizeof(TlbEntry) == 64);
enum { MMU_USER, MMU_KERNEL, MMU_KERNEL_SMAP, MMU_USER_ALIGNED, MMU_MODES };

/* x87 and vector state. The x87 part is the 512-byte FXSAVE64 image (SDM vol. 1, 10.5.1), except
 * that vector registers live in `vec`, wide enough for AVX. */
typedef struct {
    uint64_t lo[2]; /* xmm */
    uint64_t hi[2]; /* upper half of ymm */
} __attribute__((aligned(32))) VecReg;
typedef struct {
    /* ST(0) is st[top & 7] when `top` is (fsw >> 11) & 7: physical registers R0..R7, 80 bits each
     */
    struct {
        uint64_t mantissa;
        uint16_t exponent; /* with sign */
        uint16_t pad[3];
    } st[8];
    uint16_t fcw, fsw;
    uint8_t ftw; /* abridged: bit set = register not empty, by physical register */
    uint16_t fop;
    uint64_t fip, fdp;
    uint16_t fcs, fds;
    uint32_t mxcsr;
    bool mxcsr_live; /* see mxcsr.h */
    VecReg vec[16];
} FpuState;

/* Predicted returns of host code: a ring of return addresses with the host code to go on at. */
#define RETURNS     16
#define RETURN_NONE (1ull << 63) /* not canonical: no CALL leaves it */
typedef struct {
    uint64_t linear[RETURNS];
    const uint8_t *host[RETURNS];
} CpuReturns;

/* Why `cpu->pending` is not zero; checked between blocks. */
#define PEND_INTR   (1u << 0) /* level: the APIC's INTR pin */
#define PEND_NMI    (1u << 1)
#define PEND_SMI    (1u << 2)
#define PEND_INIT   (1u << 3)
#define PEND_SIPI   (1u << 4)
#define PEND_KICK   (1u << 5) /* leave cpu_run() */
#define PEND_DEBUG  (1u << 6) /* single step or breakpoint work */
#define PEND_POSTED (1u << 7) /* see post.h */
#define PEND_BREAK  (1u << 8) /* leave cpu_run(): a debugger's breakpoint */

/* What others want of a vCPU's own state: post.h. */
enum {
    POSTED_FLUSH = 1u << 0,
    POSTED_A20 = 1u << 1,
    POSTED_WATCH = 1u << 2,
    POSTED_RETURNS = 1u << 3,
};
typedef struct {
    uint32_t what; /* POSTED_* */
    bool a20_off;
    unsigned n_pages;
    uint64_t pages[64]; /* to be watched */
} CpuPosted;

/* What the instruction just done holds back until the next one is done (SDM vol. 3, 6.8.3). */
enum {
    SHADOW_NONE,
    SHADOW_STI, /* interrupts */
    SHADOW_SS,  /* MOV SS or POP SS: these, debug traps and code breakpoints */
};

struct Cpu {
    /* hot */
    uint64_t gpr[16];        /* first: decoded operands are byte offsets from here */
    uint64_t rip;            /* of the page of the block in execution; exact between blocks */
    uint64_t zero;           /* reads as 0: stands for an absent base or index register */
    uint64_t cc_dst, cc_src; /* lazy flags: see flags.h */
    uint32_t cc_op;
    uint32_t rflags; /* everything but the arithmetic flags, which are in cc_* */
    volatile uint32_t pending;
    uint32_t mode; /* CPU_MODE_* bits that decoding depends on: the block cache's key */
    uint8_t cpl;
    uint8_t mmu_mode; /* MMU_* for data accesses now */
    bool halted;
    bool wait_sipi;
    uint8_t int_shadow; /* SHADOW_* */
    bool nmi_masked;
    int64_t budget;      /* instructions left in this cpu_run() */
    uint64_t insn_count; /* until this cpu_run(); cpu_instructions() adds what it has done */
    int64_t run_budget;  /* what this cpu_run() started with, plus what it took back */
    uint64_t entry_cost; /* of budgets, spent on what is no instruction; never reset */
    uint64_t rip_mask;   /* width of the instruction pointer in this mode */
    const void *op;      /* the decoded op that may raise, for a precise RIP; NULL: rip is it */
    uint32_t n_cpus;     /* that take turns with this one: PAUSE yields if more than one */
    CpuSegment seg[SEG_COUNT];
    sigjmp_buf *unwind; /* where cpu_raise() goes */

    /* host code's */
    CpuReturns returns[2]; /* of supervisor and of user code */
    uint32_t returns_top;  /* byte offset in `linear` and `host` */
    uint64_t call_target;
    uint64_t jump_page;         /* what rip was when a computed jump left host code, */
    uint32_t jump_off;          /* and where in that page the jump is */
    const uint8_t *return_miss; /* where RETURN_NONE leads; NULL without a translator */

    TlbEntry *tlb_now;        /* tlb[mmu_mode] */
    TlbEntry *tlb[MMU_MODES]; /* TLB_SIZE entries each */

    /* system */
    CpuSegment ldtr, tr;
    CpuTable gdtr, idtr;
    uint64_t cr0, cr2, cr3, cr4;
    uint64_t dr[8];
    uint64_t efer, star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t tsc_aux, tsc_offset, pat, xcr0, xss, misc_enable, spec_ctrl;
    uint64_t mtrr_def, mtrr_fixed[11], mtrr_base[8], mtrr_mask[8];
    uint64_t hwcr, syscfg, nb_cfg, de_cfg; /* AMD's */
    uint64_t mcg_status, mc_ctl[4], mc_status[4], mc_addr[4], mc_misc[4];
    uint64_t tsc_adjust;
    uint64_t steal_time; /* MSR_KVM_STEAL_TIME */
    int64_t steal_seen;  /* what the clock had withheld at the last look; see steal_time.h */
    uint64_t pkru, pkrs; /* rights by protection key, of users' pages and of the supervisor's */
    uint64_t paddr_mask; /* what A20 lets through of a physical address */
    uint64_t pdpte[4];   /* PAE paging: loaded by MOV to CR3 (SDM 4.4.1) */
    uint32_t dr6_traps;  /* DR6 bits of a trap waiting under PEND_DEBUG */
    uint32_t dr6_held;   /* those of the instruction before, where that was MOV SS */
    uint8_t sipi_vector;
    bool shutdown; /* triple fault */

    FpuState fpu;
    CpuPosted posted;

    /* a debugger's */
    GArray *breakpoints; /* of VcpuBreakpoint; NULL for none */
    VcpuBreakpoint break_hit;
    bool break_passed; /* cpu_run() ended at `break_hit`, and nothing was executed since */
    bool step_one;     /* cpu_step(): instructions are executed one at a time, past breakpoints */
    bool step_masked;  /* and interrupts wait */
    bool step_next;    /* the next instruction is, since it hits a data breakpoint */
    bool stepping;     /* such a one is being executed */
    /* Where time is counted: a block with something to stop at is executed one instruction at a
     * time, but what comes between blocks waits for its end, or the run would be another. */
    bool exact;
    bool parting;        /* looking for that block */
    unsigned block_left; /* instructions of it, still to come */
    uint64_t part_of;    /* its physical address */
    bool stop_set;
    VcpuStop stop, before_stop; /* the latter with `from` 0: none yet */
    VcpuStop last_began;

    /* exception being raised: cpu_raise() fills these in and unwinds */
    struct {
        int vector; /* -1 for none */
        uint32_t error;
        bool has_error;
        bool soft;         /* INT n, INT3, INTO, INT1: return address is after the instruction */
        bool any_level;    /* with `soft`: INT1 */
        bool by_number;    /* with `soft`: INT n, of two bytes */
        uint32_t dr6;      /* of a #DB: the conditions that it is a fault for */
        int old_vector;    /* while delivering: for double-fault classification */
        uint64_t next_rip; /* with `soft`: the return address */
    } excp;

    CpuConfig cfg;
    void *exec; /* the executor's private part (accel/tcg, interp.c) */
    void *mmu;  /* mmu.c's private part */
};

/* cpu->mode: what the meaning of bytes depends on besides the bytes. */
#define CPU_MODE_CS64 (1u << 0) /* 64-bit code */
#define CPU_MODE_CS32 (1u << 1) /* 32-bit default size (compatibility and protected) */
#define CPU_MODE_SS32 (1u << 2) /* stack pointer is ESP, else SP (RSP in 64-bit code) */
#define CPU_MODE_PE   (1u << 3)
#define CPU_MODE_VM   (1u << 4)
#define CPU_MODE_LMA  (1u << 5)
#define CPU_MODE_USER (1u << 6) /* CPL 3 */
/* DS, ES, SS and CS have base 0 and limit 4 GiB: skip the checks. */
#define CPU_MODE_FLAT   (1u << 7)
#define CPU_MODE_TF     (1u << 8)  /* single step: one instruction a block */
#define CPU_MODE_SSE    (1u << 9)  /* vector instructions raise neither #UD nor #NM */
#define CPU_MODE_MASKED (1u << 10) /* the same, and every SSE exception is masked */
#define CPU_MODE_AVX    (1u << 11) /* AVX instructions raise neither */

/* 32-bit code and stack in segments that begin at 0 and have no end: addresses are linear ones. */
static inline bool cpu_mode_is_flat32(uint32_t mode)
{
    const uint32_t all = CPU_MODE_CS32 | CPU_MODE_SS32 | CPU_MODE_FLAT;
    return (mode & (all | CPU_MODE_CS64 | CPU_MODE_VM)) == all;
}

/* Something is pending that this thread has found: the block in execution is the last for now. Host
 * code looks at its budget only; cpu_instructions() stays right. */
static inline void cpu_end_budget(Cpu *cpu)
{
    cpu->run_budget -= cpu->budget;
    cpu->budget = 0;
}

/* Work that is not an instruction's takes from the budget too. */
static inline void cpu_spend_budget(Cpu *cpu, int64_t instructions)
{
    cpu->run_budget -= instructions;
    cpu->budget -= instructions;
    cpu->entry_cost += (uint64_t)instructions;
}

/* Predicted returns are void: mappings may have changed, or the mode of execution. */
static inline void cpu_forget_returns(Cpu *cpu)
{
    for (unsigned i = 0; i < 2 && cpu->return_miss; i++) {
        for (unsigned n = 0; n < RETURNS; n++) {
            cpu->returns[i].linear[n] = RETURN_NONE;
            cpu->returns[i].host[n] = cpu->return_miss;
        }
    }
}

/* Recomputes `mode` and `mmu_mode` after any change of CR0, CR4, EFER, RFLAGS.{VM,AC,TF}, a segment
 * register or CPL. In segment.c. */
void cpu_update_mode(Cpu *cpu);
/* The same where only CPL, TF and AC can have changed, and 64-bit code goes on as 64-bit code. */
void cpu_update_level(Cpu *cpu);
/* Recomputes `mmu_mode` alone: AC changed. */
void cpu_update_rights(Cpu *cpu);

#endif
