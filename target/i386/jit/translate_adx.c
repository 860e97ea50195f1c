/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ADCX and ADOX (Intel SDM vol. 2): two chains of additions, one with CF as carry, one with OF,
 * that are woven into each other. The host's flags cannot hold both while addresses are looked up
 * in between, and memory is too slow for what the next addition waits for. So r15 collects the
 * carries of all, the last one in bit 0: ADC of r15 to itself takes a carry in, and where those of
 * the last ADCX and ADOX are is known here.
 */
#include "target/i386/jit/condition.h"
#include "target/i386/jit/translate.h"

#define CARRIES_LAST 63 /* bit of r15 */

static void adx_bit_test(Emit *e, unsigned bit)
{
    emit_rr(e, 0x0fba, 3, 4, H_BUDGET);
    emit8(e, bit);
}

static void store_carry(Emit *e, unsigned bit, int32_t byte)
{
    adx_bit_test(e, bit);
    emit_rm(e, 0x0f92, 0, 0, H_CPU, CPU_OFF(cc_src) + byte); /* setc */
}

void tr_store_carries(Emit *e, const Carries *c)
{
    store_carry(e, c->cf, CC_CARRY_CF);
    store_carry(e, c->of, CC_CARRY_OF);
}

void tr_load_carries(Emit *e, const Carries *c)
{
    emit_load(e, 0, H_RAX, H_CPU, CPU_OFF(cc_src) + CC_CARRY_CF);
    emit_load(e, 0, H_BUDGET, H_CPU, CPU_OFF(cc_src) + CC_CARRY_OF);
    emit_shift_imm(e, 4, 3, H_RAX, c->cf);
    emit_shift_imm(e, 4, 3, H_BUDGET, c->of);
    emit_alu_rr(e, ALU_OR, 3, H_BUDGET, H_RAX);
}

void tr_end_carries(Tr *t)
{
    if (t->carries.on) {
        tr_store_carries(&t->e, &t->carries);
        emit_load(&t->e, 3, H_BUDGET, H_CPU, CPU_OFF(budget));
        t->carries.on = false;
        t->host_flags = 0;
    }
}

/* The record becomes one of carries, if it is none. */
static void record_carries(Tr *t)
{
    const uint32_t carries = CC_OP(CCK_CARRIES, 64);
    Emit *e = &t->e;
    uint8_t *done = NULL;
    tr_settle(t);
    if (t->cc == carries) {
        return;
    }
    if (t->cc >> CC_SHIFT == CCK_LOGIC) {
        emit_store_imm(e, 3, 0, H_CPU, CPU_OFF(cc_src));
        emit_store_imm(e, 2, (int32_t)carries, H_CPU, CPU_OFF(cc_op));
    } else {
        if (!cc_known(t)) {
            emit_rm(e, 0x83, 2, 7, H_CPU, CPU_OFF(cc_op));
            emit8(e, carries);
            done = emit_jcc(e, 4);
        }
        emit_const(e, H_RAX, (uint64_t)(uintptr_t)carries_call);
        emit_rr(e, 0xff, 2, 2, H_RAX);
        if (done) {
            emit_here(e, done);
        }
    }
    t->cc = carries;
}

static void adx_begin(Tr *t)
{
    if (t->carries.on && MAX(t->carries.cf, t->carries.of) == CARRIES_LAST) {
        tr_end_carries(t);
    }
    if (!t->carries.on) {
        record_carries(t);
        emit_store(&t->e, 3, H_BUDGET, H_CPU, CPU_OFF(budget));
        t->carries = (Carries){.on = true, .cf = 0, .of = 1};
        tr_load_carries(&t->e, &t->carries);
    }
}

bool tr_adx(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    Carries *c = &t->carries;
    bool of = op->mnemonic == ZYDIS_MNEMONIC_ADOX;
    unsigned size = op_size(op);
    int source = H_RAX;
    if (OP_FORM_KIND(op->form) == FORM_RM) {
        if (!tr_address_ok(op)) {
            return false;
        }
        adx_begin(t);
        tr_address(t, op);
        tr_tlb(t, op, size, false);
        emit_load(e, size, H_RAX, H_RAX, 0);
    } else {
        adx_begin(t);
        source = tr_get(t, op->src, H_RAX);
    }
    int dst = tr_mod(t, op->dst, H_RDX);
    adx_bit_test(e, of ? c->of : c->cf);
    emit_alu_rr(e, ALU_ADC, size, dst, source);
    emit_alu_rr(e, ALU_ADC, 3, H_BUDGET, H_BUDGET);
    tr_put(t, op->dst, dst);
    c->cf = of ? c->cf + 1 : 0;
    c->of = of ? 0 : c->of + 1;
    return true;
}
