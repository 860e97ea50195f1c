/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoded form of guest code, and what handlers of decoded instructions are written with.
 *
 * A block is a run of instructions inside one physical page, decoded once for one cpu->mode. An op
 * is one instruction (or a compare with its jump) with its operands resolved to register offsets
 * and constants, and a handler chosen for just that shape. A handler does its work and calls the
 * next op's handler; the compiler makes that a jump, and where it does not (sanitizers), a block's
 * length bounds the depth. The last op returns to the loop in interp.c how to go on.
 *
 * While a block runs, cpu->rip is where its page starts; ops know their offset from there, so that
 * a jump inside the page changes nothing in the Cpu. A handler that may raise sets cpu->op first
 * (MAY_RAISE) and changes nothing that the guest can see before the last possible fault.
 */
#ifndef TARGET_I386_OP_H
#define TARGET_I386_OP_H

#include <Zydis/Zydis.h>

#include "target/i386/flags.h"
#include "target/i386/mmu.h"
#include "target/i386/segment.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

typedef struct Op Op;
typedef struct Block Block;

/* What a block's last op says about what follows; cpu->rip is set to it. */
typedef enum {
    NEXT_LINK0,  /* a fixed target: the taken branch */
    NEXT_LINK1,  /* a fixed target: the instruction after the block */
    NEXT_JUMP,   /* computed target, same mode */
    NEXT_EVENT,  /* mode, mappings or pending events may have changed */
    NEXT_YIELD,  /* PAUSE */
    NEXT_LOOKUP, /* as NEXT_JUMP, by host code that has not looked at the target */
} OpNext;

typedef OpNext (*OpFn)(Cpu *cpu, const Op *op);

struct Op {
    OpFn fn;
    int64_t imm; /* immediate, or a pointer of the handler's */
    int64_t disp;
    uint8_t dst, src;    /* registers, as byte offsets in Cpu */
    uint8_t base, index; /* of the memory operand; OP_REG_ZERO where absent */
    uint8_t scale;       /* a shift */
    uint8_t seg;
    uint8_t asize;     /* address size in bytes */
    uint8_t osize;     /* operand size in bytes */
    uint16_t off;      /* from the start of the block's page */
    uint8_t len;       /* of what this op covers */
    uint8_t idx;       /* instructions before it in the block */
    int32_t target;    /* of a direct branch, from the start of the block's page */
    uint16_t mnemonic; /* ZydisMnemonic: for a translator */
    uint8_t aux;       /* the handler's; of a compare with a jump fused to it, that jump's length */
    uint8_t ea_kind;   /* EA_* */
    uint8_t left;      /* instructions from this one to the block's end */
    /* For the translator: what the handler does, in words that it knows. */
    uint8_t xop;  /* XOP_*; XOP_NONE: call the handler */
    uint8_t form; /* FORM_* | CC_SIZE << OP_FORM_SIZE | OP_FORM_DEAD */
    uint8_t cond; /* of the jump that a compare was fused with, else OP_NO_COND */
};
#define OP_FORM_KIND(f_) ((f_)&7)
#define OP_FORM_SIZE     3
#define OP_FORM_DEAD     0x80 /* nobody sees the arithmetic flags that it makes */
#define OP_NO_COND       0xff

enum {
    XOP_NONE,
    XOP_ALU, /* + ALU_*: see decode.h */
    /* These leave the flags alone. */
    XOP_MOV = XOP_ALU + 9,
    XOP_MOVZX, /* aux: CC_SIZE of the source */
    XOP_MOVSX,
    XOP_LEA,
    XOP_PUSH,
    XOP_POP,
    XOP_LEAVE,
    XOP_SETCC, /* aux: condition */
    XOP_CMOV,
    XOP_XCHG,
    XOP_BSWAP,
    XOP_SIGN, /* CDQ, CQO */
    XOP_NOP,
    XOP_BMI,    /* what of BMI leaves them alone */
    XOP_VECTOR, /* imm: the FpuInsn, with its code, which tells of flags too */
    /* These do not. FORM_MR: the operand is in memory. */
    XOP_INC,
    XOP_DEC,
    XOP_NEG,
    XOP_NOT,
    XOP_SHL, /* aux: by CL, else by a constant that is not 0 */
    XOP_SHR,
    XOP_SAR,
    XOP_ROL,
    XOP_ROR,
    XOP_IMUL, /* aux: by a constant */
    XOP_MUL_WIDE,
    XOP_IMUL_WIDE,
    XOP_DIV,
    XOP_IDIV,
    XOP_BIT, /* aux: BT, BTS, BTR, BTC */
    XOP_BSF,
    XOP_BSR,
    XOP_BMI_FLAGS,
    XOP_CMPXCHG, /* with memory */
    XOP_XADD,    /* likewise */
    XOP_ADX,     /* always recorded in the same way */
    /* These end a block. */
    XOP_JMP,
    XOP_JCC, /* aux: condition */
    XOP_CALL,
    XOP_RET,
    XOP_JMP_COMPUTED, /* src, or memory */
    XOP_CALL_COMPUTED,
    XOP_CONTINUE, /* the synthetic end of a block */
};

/* Register offsets beyond the GPRs. */
#define OP_REG_RIP  128
#define OP_REG_ZERO 136
G_STATIC_ASSERT(offsetof(Cpu, gpr) == 0);
G_STATIC_ASSERT(offsetof(Cpu, rip) == OP_REG_RIP);
G_STATIC_ASSERT(offsetof(Cpu, zero) == OP_REG_ZERO);

enum {
    EA_FAST,     /* base + index * scale + disp, as it is */
    EA_TRUNC,    /* the same, cut to the address size */
    EA_SEGBASE,  /* 64-bit code with FS or GS: their base added */
    EA_SEGTRUNC, /* the same with a 32-bit address */
    EA_CHECK,    /* through seg_linear() */
};

#define BLOCK_MAX_INSNS 64
#define BLOCK_CHUNK     64 /* granularity of write watching inside a page */

struct Block {
    OpNext (*enter)(Cpu *cpu, const Op *op); /* ops[0].fn, or what a translator made of it */
    Block *link[2];                          /* successors for NEXT_LINK0 and 1, or NULL */
    uint64_t paddr;                          /* of the first byte */
    uint64_t paddr2;                         /* of the second page, if `crosses` */
    uint32_t mode;
    uint16_t len;       /* in bytes */
    uint8_t n_insns;    /* guest instructions */
    uint8_t n_ops;      /* decoded ops, the synthetic last one included */
    bool alive;         /* false: its bytes were written to */
    bool tried;         /* the translator has done what it could */
    bool crosses;       /* one instruction that lies in two pages */
    bool link_local[2]; /* that successor is in the same page */
    Block *hash_next;
    uint32_t runs;                /* by the interpreter's loop, until it is translated */
    uint8_t open_exits;           /* bit n: host code leaves for the loop by exit n */
    uint8_t *host;                /* where host code goes in, or NULL: not translated */
    struct HostBlock *translated; /* the translator's (jit/link.h) */
    Op ops[];
};

static ALWAYS_INLINE uint8_t *op_reg(Cpu *cpu, unsigned offset)
{
    return (uint8_t *)cpu + offset;
}

static ALWAYS_INLINE uint64_t reg_get(Cpu *cpu, unsigned offset, int bits)
{
    switch (bits) {
    case 8:
        return *op_reg(cpu, offset);
    case 16:
        return *(uint16_t *)op_reg(cpu, offset);
    case 32:
        return *(uint32_t *)op_reg(cpu, offset);
    default:
        return *(uint64_t *)op_reg(cpu, offset);
    }
}

static ALWAYS_INLINE void reg_set(Cpu *cpu, unsigned offset, int bits, uint64_t v)
{
    switch (bits) {
    case 8:
        *op_reg(cpu, offset) = (uint8_t)v;
        break;
    case 16:
        *(uint16_t *)op_reg(cpu, offset) = (uint16_t)v;
        break;
    case 32:
        *(uint64_t *)op_reg(cpu, offset) = (uint32_t)v;
        break;
    default:
        *(uint64_t *)op_reg(cpu, offset) = v;
        break;
    }
}

static ALWAYS_INLINE uint64_t op_sext(uint64_t v, int bits)
{
    return flags_sext(v, CC_SIZE(bits));
}

static ALWAYS_INLINE uint64_t op_zext(uint64_t v, int bits)
{
    switch (bits) {
    case 8:
        return (uint8_t)v;
    case 16:
        return (uint16_t)v;
    case 32:
        return (uint32_t)v;
    default:
        return v;
    }
}

static ALWAYS_INLINE uint64_t mem_load(Cpu *cpu, uint64_t addr, int bits)
{
    switch (bits) {
    case 8:
        return mmu_load8(cpu, addr);
    case 16:
        return mmu_load16(cpu, addr);
    case 32:
        return mmu_load32(cpu, addr);
    default:
        return mmu_load64(cpu, addr);
    }
}

static ALWAYS_INLINE void mem_store(Cpu *cpu, uint64_t addr, int bits, uint64_t v)
{
    switch (bits) {
    case 8:
        mmu_store8(cpu, addr, (uint8_t)v);
        break;
    case 16:
        mmu_store16(cpu, addr, (uint16_t)v);
        break;
    case 32:
        mmu_store32(cpu, addr, (uint32_t)v);
        break;
    default:
        mmu_store64(cpu, addr, v);
        break;
    }
}

static ALWAYS_INLINE uint64_t host_get(const void *p, int bits)
{
    uint64_t v = 0;
    memcpy(&v, p, bits / 8);
    return v;
}

static ALWAYS_INLINE void host_set(void *p, int bits, uint64_t v)
{
    memcpy(p, &v, bits / 8);
}

/* Host address for a read-modify-write of plain memory, or NULL: then the access is known not to
 * fault, and mem_load() and mem_store() do it. */
static ALWAYS_INLINE void *mem_rmw(Cpu *cpu, uint64_t addr, int bits)
{
    TlbEntry *e = mmu_tlb_entry(cpu, addr, cpu->mmu_mode);
    uint64_t page = addr & ~(PAGE_SIZE - 1);
    if (G_LIKELY(page == e->tag_write && page == e->tag_read &&
                 ((addr + bits / 8 - 1) & ~(PAGE_SIZE - 1)) == page)) {
        return (void *)(uintptr_t)(addr + e->addend);
    }
    mmu_probe_write(cpu, addr, bits / 8);
    return NULL;
}

/*
 * Handlers with memory operands come in two versions, so that the common one, where the soft TLB
 * hits, has no call in it and so saves no registers. With `cold` false these do nothing and return
 * false if it misses; then the handler starts over in its cold version.
 */
static ALWAYS_INLINE bool mem_get(Cpu *cpu, uint64_t addr, int bits, bool cold, uint64_t *v)
{
    if (cold) {
        *v = mem_load(cpu, addr, bits);
        return true;
    }
    const TlbEntry *e = mmu_tlb_entry(cpu, addr, cpu->mmu_mode);
    uint64_t page = addr & ~(PAGE_SIZE - 1);
    if (G_UNLIKELY(page != e->tag_read ||
                   ((addr + bits / 8 - 1) & ~(PAGE_SIZE - 1)) != e->tag_read)) {
        return false;
    }
    *v = host_get((const void *)(uintptr_t)(addr + e->addend), bits);
    return true;
}

static ALWAYS_INLINE bool mem_put(Cpu *cpu, uint64_t addr, int bits, bool cold, uint64_t v)
{
    if (cold) {
        mem_store(cpu, addr, bits, v);
        return true;
    }
    const TlbEntry *e = mmu_tlb_entry(cpu, addr, cpu->mmu_mode);
    uint64_t page = addr & ~(PAGE_SIZE - 1);
    if (G_UNLIKELY(page != e->tag_write ||
                   ((addr + bits / 8 - 1) & ~(PAGE_SIZE - 1)) != e->tag_write)) {
        return false;
    }
    host_set((void *)(uintptr_t)(addr + e->addend), bits, v);
    return true;
}

/* For a read-modify-write: the host address, or NULL. */
static ALWAYS_INLINE void *mem_hit(Cpu *cpu, uint64_t addr, int bits)
{
    const TlbEntry *e = mmu_tlb_entry(cpu, addr, cpu->mmu_mode);
    uint64_t page = addr & ~(PAGE_SIZE - 1);
    if (G_LIKELY(page == e->tag_write && page == e->tag_read &&
                 ((addr + bits / 8 - 1) & ~(PAGE_SIZE - 1)) == page)) {
        return (void *)(uintptr_t)(addr + e->addend);
    }
    return NULL;
}

/* Defines handler `name_`; the expression uses cpu, op and `cold`, and is false on a miss. */
#define MEM_HANDLER(name_, expr_)                                                                  \
    static __attribute__((noinline, cold)) OpNext name_##_cold(Cpu *cpu, const Op *op)             \
    {                                                                                              \
        const bool cold = true;                                                                    \
        MAY_RAISE();                                                                               \
        (void)(expr_);                                                                             \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext name_(Cpu *cpu, const Op *op)                                                    \
    {                                                                                              \
        const bool cold = false;                                                                   \
        if (G_UNLIKELY(!(expr_))) {                                                                \
            return name_##_cold(cpu, op);                                                          \
        }                                                                                          \
        NEXT();                                                                                    \
    }

static ALWAYS_INLINE uint64_t ea_fast(Cpu *cpu, const Op *op)
{
    return *(uint64_t *)op_reg(cpu, op->base) + (*(uint64_t *)op_reg(cpu, op->index) << op->scale) +
           (uint64_t)op->disp;
}

/* All the other kinds. */
uint64_t ea_slow(Cpu *cpu, const Op *op, unsigned size, bool write);

static ALWAYS_INLINE uint64_t ea_segbase(Cpu *cpu, const Op *op)
{
    return ea_fast(cpu, op) + cpu->seg[op->seg].base;
}

static ALWAYS_INLINE uint64_t op_ea(Cpu *cpu, const Op *op, unsigned size, bool write)
{
    return op->ea_kind == EA_FAST ? ea_fast(cpu, op) : ea_slow(cpu, op, size, write);
}

/* The address for a MEM_HANDLER; false where only the cold version can tell. `kind` is a constant:
 * EA_FAST, or EA_SEGBASE for handlers of all but that, or -1 for handlers of all. */
static ALWAYS_INLINE bool ea_try(Cpu *cpu, const Op *op, int kind, int bits, bool write, bool cold,
                                 uint64_t *ea)
{
    if (kind == EA_FAST || (kind < 0 && op->ea_kind == EA_FAST)) {
        *ea = ea_fast(cpu, op);
    } else if (cold) {
        *ea = ea_slow(cpu, op, (unsigned)bits / 8, write);
    } else if (op->ea_kind == EA_SEGBASE) {
        *ea = ea_segbase(cpu, op);
    } else {
        return false;
    }
    return true;
}

#define MAY_RAISE() (cpu->op = op)
#define NEXT()      return op[1].fn(cpu, op + 1)

/* Where the block's first byte is in its page. */
static ALWAYS_INLINE unsigned block_offset(const Block *b)
{
    return (unsigned)(b->paddr & (PAGE_SIZE - 1));
}

/* The instruction after this one. */
static ALWAYS_INLINE uint64_t op_next_rip(const Cpu *cpu, const Op *op)
{
    return (cpu->rip + op->off + op->len) & cpu->rip_mask;
}

/* Ends a block after an instruction that is not a branch. */
static ALWAYS_INLINE OpNext op_finish(Cpu *cpu, const Op *op)
{
    cpu->rip = op_next_rip(cpu, op);
    return NEXT_EVENT;
}

/* The same after a transfer from 64-bit code, which may have changed CPL: `mode` is what cpu->mode
 * was. The loop has nothing else to look at if that is all, and no breakpoint makes RF count. */
static ALWAYS_INLINE OpNext op_level_changed(Cpu *cpu, uint32_t mode)
{
    bool same = !((cpu->mode ^ mode) & ~CPU_MODE_USER) && !(mode & CPU_MODE_TF);
    if (!same || (cpu->dr[7] & 0xff)) {
        return NEXT_EVENT;
    }
    cpu->rflags &= ~FLAG_RF;
    return NEXT_JUMP;
}

static ALWAYS_INLINE void cc_set(Cpu *cpu, int kind, int bits, uint64_t result, uint64_t src)
{
    cpu->cc_op = CC_OP(kind, bits);
    cpu->cc_dst = op_sext(result, bits);
    cpu->cc_src = op_sext(src, bits);
}

/* For CCK_RES: CF and OF with the result's ZF, SF, PF. */
static ALWAYS_INLINE void cc_result(Cpu *cpu, int bits, uint64_t result, uint32_t flags)
{
    cpu->cc_op = CC_OP(CCK_RES, bits);
    cpu->cc_dst = op_sext(result, bits);
    cpu->cc_src = flags;
}

#endif
