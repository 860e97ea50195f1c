/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See guest_symbols.h. Linux tells a CPU where its system calls are to go: that address is a
 * symbol's (arch/x86/kernel/cpu/common.c: syscall_init(), enable_sep_cpu()), so it says how far
 * KASLR has moved the kernel.
 */
#include "system/guest_symbols.h"

#include <string.h>

#include "base/optlist.h"

static uint64_t read_msr(const Machine *machine, const char *name)
{
    const Vcpu *vcpu = machine->cpus ? machine->cpus[0] : NULL;
    const VcpuReg *reg = vcpu ? vcpu_find_reg(vcpu, name) : NULL;
    uint64_t value = 0;

    if (reg && reg->group == VCPU_REGS_MSR) {
        vcpu->ops->reg_get(vcpu, reg, &value);
    }
    return value;
}

static uint64_t syscall_target(void *machine)
{
    return read_msr(machine, "lstar");
}

static uint64_t sysenter_target(void *machine)
{
    return read_msr(machine, "sysenter_eip");
}

static void follow(Symbols *s, Machine *machine)
{
    if (!symbols_follow(s, "entry_SYSCALL_64", syscall_target, machine)) {
        symbols_follow(s, "entry_SYSENTER_32", sysenter_target, machine);
    }
}

Symbols *guest_symbols_load(Machine *machine, const char *text, GError **error)
{
    const char *at = strrchr(text, '@');
    uint64_t offset = 0;
    bool fixed = at && opt_parse_uint(at + 1, &offset);
    g_autofree char *path = fixed ? g_strndup(text, (gsize)(at - text)) : g_strdup(text);
    Symbols *s = symbols_load(path, error);

    if (s && fixed) {
        symbols_set_offset(s, offset);
    } else if (s) {
        follow(s, machine);
    }
    return s;
}
