/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/vcpu.h"

#include <string.h>

const VcpuReg *vcpu_find_reg(const Vcpu *vcpu, const char *name)
{
    const VcpuReg *reg = NULL;
    for (unsigned n = 0; vcpu->ops->reg && (reg = vcpu->ops->reg(n)); n++) {
        if (strcmp(reg->name, name) == 0) {
            break;
        }
    }
    return reg;
}
