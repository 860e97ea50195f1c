/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block under translation, and what the translate_*.c files share.
 *
 * In host code rdi is the Cpu, r15 the instruction budget (but see Carries), rax, rcx and rdx are
 * scratch, and the other registers hold ten of the guest's (registers.c); the remaining guest
 * registers stay in the Cpu. The pinned ones are right in their host registers at all times; the
 * Cpu's copies are brought up to date by tr_flush() before anybody else looks: handlers and other
 * blocks.
 */
#ifndef TARGET_I386_JIT_TRANSLATE_H
#define TARGET_I386_JIT_TRANSLATE_H

#include "target/i386/decode.h"
#include "target/i386/exec.h"
#include "target/i386/jit/arena.h"
#include "target/i386/jit/emit.h"
#include "target/i386/jit/link.h"
#include "target/i386/jit/stubs.h"

/* Which of the host's flags are the guest's. */
#define HOST_CF   1u
#define HOST_REST 2u
#define HOST_ALL  3u

/* What may be known of cc_op besides its value: nothing, or that CF is bit 0 of cc_src. */
#define CC_UNKNOWN   (~0u)
#define CC_CF_IN_SRC (~0u - 1)

/* Flags that are known but not recorded in the Cpu: the operation's result in `a` and its second
 * operand in `b`, or for compares both operands. Pinned registers; b may be H_NONE for `imm`. */
enum { LATE_NONE, LATE_COMPARE = 0x80, LATE_TEST }; /* or CCK_ADD, CCK_SUB, CCK_LOGIC */
typedef struct {
    uint8_t kind, size;
    int8_t a, b;
    int32_t imm;
} LateFlags;

/* While ADCX and ADOX take turns, CF and OF are in these bits of r15, and the budget is in the Cpu.
 */
typedef struct {
    bool on;
    uint8_t cf, of;
} Carries;

/* A guest register that is not pinned, and the host register that still has what was written last.
 */
typedef struct {
    int8_t reg; /* or H_NONE */
    uint8_t off;
} Kept;

/* A way out of line: by the handlers of ops `op` to `last`, and back to `join`. */
typedef struct {
    uint8_t *from, *join;
    uint8_t op, last;
    uint16_t dirty;
    VecState vec;      /* at `from` */
    VecState vec_join; /* at `join` */
    LateFlags late;    /* at `from` */
    Carries carries;   /* likewise */
    Carries carries_join;
    Kept kept;        /* at `join` */
    uint32_t restore; /* host flags on the way back: of this cc_op, unless CC_UNKNOWN */
} SlowPath;

/* A way out of the block, in the writable view. */
typedef struct {
    uint8_t *site;    /* displacement of the jump that a link changes; NULL: no such exit */
    uint8_t *out;     /* where it goes until then */
    uint8_t *frame;   /* to another page: the 64-bit constant with the target's page frame, */
    uint8_t *target;  /* the displacement of the jump after the compare with it, */
    uint8_t *miss[2]; /* and those of the jumps that give up */
    int32_t offset;   /* of the target from this page's start */
    VecState vec;     /* what the host's registers have there */
} Exit;

typedef struct {
    Emit e;
    const CodeArena *arena;
    const Stubs *stubs;
    Block *block;
    unsigned at;    /* op being translated */
    uint16_t dirty; /* guest registers that the Cpu has an old copy of */
    uint32_t cc;    /* what cc_op is known to be, or one of the above */
    uint32_t guess; /* what cc_op may be where it is not known */
    LateFlags late;
    Carries carries;
    Kept kept; /* see tr_is_kept() */
    unsigned host_flags;
    VecState vec, needs;              /* now; at the way in past the loading */
    uint8_t *warm;                    /* that way in, if it is another one */
    OpFn resume[BLOCK_MAX_INSNS + 2]; /* where host code takes over before an op, or NULL */
    SlowPath slow[3 * (BLOCK_MAX_INSNS + 1)];
    unsigned n_slow;
    Exit exit[2];
} Tr;

#define CPU_OFF(field_) ((int32_t)offsetof(Cpu, field_))

static inline unsigned op_size(const Op *op)
{
    return op->form >> OP_FORM_SIZE & 3;
}

/* Of rIP and rSP, as CC_SIZE(). */
static inline unsigned tr_rip_size(const Tr *t)
{
    return t->block->mode & CPU_MODE_CS64 ? 3 : 2;
}

static inline bool flags_dead(const Op *op)
{
    return op->form & OP_FORM_DEAD;
}

/* Guest registers by their offset in the Cpu. Sizes are as in CC_SIZE(); `scratch` is used where
 * the register is not pinned. Where not said otherwise these leave the host's flags alone. */

/* All 64 bits, to read. */
int tr_get(Tr *t, unsigned off, int scratch);
/* Whether `kept` holds: its register has not changed since. */
bool tr_is_kept(const Tr *t);
/* At least the low 8 << size bits, to read. Changes host flags for AH and its like. */
int tr_get_sized(Tr *t, unsigned off, unsigned size, int scratch);
/* The register to compute a new 64-bit value in; tr_mod() has the old value in it. Then tr_put().
 */
int tr_dst(Tr *t, unsigned off, int scratch);
int tr_mod(Tr *t, unsigned off, int scratch);
void tr_put(Tr *t, unsigned off, int reg);
/* Writes the low 8 << size bits of `reg` as the guest's instructions do: 32 bits clear the rest, in
 * `reg` too if it is scratch. A pinned `reg` may cost rax. */
void tr_write(Tr *t, unsigned off, unsigned size, int reg);
/* The Cpu's copies are right after this, and its flags. Uses rax and rdx for the latter; where host
 * flags answer for the guest's they still do. */
void tr_flush(Tr *t);

/* On this host condition the op's handler does the op instead. At most three times in an op, and
 * before anything is changed that the handler reads. */
void tr_slow_if(Tr *t, unsigned cond);
/* The same for a run of ops that are translated as one: the slow path runs them all. */
void tr_slow_run(Tr *t, unsigned cond, unsigned last);

/* All is flushed: on to the block's last op's handler, which does all of it. */
void tr_last_by_handler(Tr *t);

/* Emits the whole block. */
void tr_block(Tr *t);

/* Each returns false, with nothing emitted, if the handler has to do it. */
bool tr_alu(Tr *t, const Op *op);
bool tr_unary(Tr *t, const Op *op);
bool tr_move(Tr *t, const Op *op);
bool tr_exchange(Tr *t, const Op *op);
bool tr_sign(Tr *t, const Op *op);
bool tr_cmpxchg(Tr *t, const Op *op);
bool tr_xadd(Tr *t, const Op *op);
bool tr_shift(Tr *t, const Op *op);
bool tr_multiply(Tr *t, const Op *op);
bool tr_bit(Tr *t, const Op *op);
bool tr_bmi(Tr *t, const Op *op);
bool tr_adx(Tr *t, const Op *op);
bool tr_cond(Tr *t, const Op *op);
bool tr_stack(Tr *t, const Op *op);
bool tr_branch(Tr *t, const Op *op);
bool tr_vector(Tr *t, const Op *op);

/* The linear address of the memory operand in rax. Uses rcx; changes host flags. */
bool tr_address_ok(const Op *op);
void tr_address(Tr *t, const Op *op);
/* The same in another register; without a segment's base, for LEA. */
void tr_address_in(Tr *t, const Op *op, int to);
/* rax: linear to host address of 1 << size bytes, or the slow path. Uses rcx and rdx. Any
 * alignment; what crosses a page is slow. */
void tr_tlb(Tr *t, const Op *op, unsigned size, bool write);
/* The compare of tr_tlb() for [rax, rax + bytes), leaving "not equal" for the slow path and the
 * entry in rcx. */
void tr_tlb_compare(Tr *t, unsigned bytes, bool write);
/* tr_tlb() for a vector operand; `aligned`: slow if the address is not a multiple of `bytes`, a
 * power of 2. */
void tr_tlb_vector(Tr *t, unsigned bytes, bool aligned, bool write);

static inline bool cc_known(const Tr *t)
{
    return t->cc < CC_CF_IN_SRC;
}

/* Flags (translate_flags.c). `result` is a register of 8 << size significant bits. Uses rdx; keeps
 * the host's flags. */
/* What follows an operation on host registers: `a` is its result, `b` its second operand or H_NONE
 * for `imm`. Recorded when needed, if the registers are pinned ones. */
void tr_flags(Tr *t, unsigned kind, unsigned size, int a, int b, int32_t imm);
/* CMP (LATE_COMPARE) or TEST with pinned operands; false if it cannot be late. */
bool tr_flags_late(Tr *t, unsigned kind, unsigned size, int a, int b, int32_t imm);
/* Records late flags now. All registers and the guest's flags in the host's stay. */
void tr_settle(Tr *t);
/* All flags are overwritten from here on. */
static inline void tr_drop_late(Tr *t)
{
    t->late.kind = LATE_NONE;
}
/* Before host register `reg` changes. */
static inline void tr_changes(Tr *t, int reg)
{
    if (t->late.kind && (t->late.a == reg || t->late.b == reg)) {
        tr_settle(t);
    }
}
/* For slow paths. Uses rax and rdx. */
void tr_emit_late(Emit *e, const LateFlags *late);
/* The host's flags as after the recorded operation, of a kind that tr_can_redo() knows. Uses rax
 * and rcx. */
bool tr_can_redo(uint32_t cc);
void tr_redo(Emit *e, uint32_t cc);

void tr_record(Tr *t, unsigned kind, unsigned size, int result);
void tr_record_source(Tr *t, unsigned size, int reg);
/* Makes host flags satisfy the guest's condition; gives the host's condition to test. Uses rax and
 * rcx. */
unsigned tr_condition(Tr *t, unsigned cond);
/* cc_src becomes the guest's CF as INC and DEC keep it. Uses rax and rcx. */
void tr_keep_carry(Tr *t);

/* cc_op, cc_src: all arithmetic flags as after LAHF and SETO AL. Uses rax and rcx. */
void tr_record_host_flags(Tr *t);

/* ADCX's and ADOX's carries back in the record, and the budget in r15. Changes host flags alone. */
void tr_end_carries(Tr *t);
/* The same for slow paths, which have no use for the budget; and back. The latter uses rax. */
void tr_store_carries(Emit *e, const Carries *c);
void tr_load_carries(Emit *e, const Carries *c);

/* Both ways out after a compare, by host condition. */
void tr_jump_if(Tr *t, const Op *op, unsigned cond);

#endif
