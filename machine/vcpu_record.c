/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A state table made of a vCPU's registers (machine/vcpu.h), each of them bytes. */
#include "machine/vcpu_record.h"

static unsigned count_registers(const VcpuOps *ops)
{
    unsigned count = 0;
    while (ops->reg(count)) {
        count++;
    }
    return count;
}

VcpuRecord *vcpu_record_new(const Vcpu *vcpu)
{
    const VcpuOps *ops = vcpu->ops;
    if (!ops->reg) {
        return NULL;
    }
    unsigned count = count_registers(ops);
    VcpuRecord *record = g_new0(VcpuRecord, 1);
    record->table = g_new0(StateField, count + 1); /* STATE_END */
    record->values = g_new0(uint8_t, count * VCPU_REG_BYTES);
    for (unsigned n = 0; n < count; n++) {
        const VcpuReg *reg = ops->reg(n);
        size_t offset = n * VCPU_REG_BYTES;
        record->table[n] = (StateField){
            .name = reg->name, .type = STATE_BYTES, .offset = offset, .count = reg->size};
        ops->reg_get(vcpu, reg, record->values + offset);
    }
    return record;
}

void vcpu_record_free(VcpuRecord *record)
{
    if (record) {
        g_free(record->table);
        g_free(record->values);
        g_free(record);
    }
}

void vcpu_record_set(const VcpuRecord *record, Vcpu *vcpu)
{
    const VcpuReg *reg;
    for (unsigned n = 0; (reg = vcpu->ops->reg(n)); n++) {
        vcpu->ops->reg_set(vcpu, reg, record->values + n * VCPU_REG_BYTES);
    }
}
