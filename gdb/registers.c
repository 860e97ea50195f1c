/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers by number, little-endian, each as wide as its row says (E.2: g, G, p, P). */
#include <errno.h>

#include "gdb/features.h"
#include "gdb/server.h"

void gdb_find_sources(Gdb *gdb)
{
    const Vcpu *vcpu = gdb->machine->cpus[0];
    const GdbReg *reg;
    for (unsigned n = 0; (reg = gdb_reg(n)); n++) {
        g_ptr_array_add(gdb->sources,
                        (gpointer)(reg->source ? vcpu_find_reg(vcpu, reg->source) : NULL));
    }
    gdb->pc = vcpu_find_reg(vcpu, "rip");
}

/* Appends the value of register `n`, or as many 'x' where the vCPUs have none. */
static void gdb_put_register(const Gdb *gdb, unsigned n, const GdbReg *reg, GString *out)
{
    const Vcpu *vcpu = gdb_cpu(gdb);
    const VcpuReg *source = gdb->sources->pdata[n];
    uint8_t value[VCPU_REG_BYTES] = {0};
    if (reg->apic) {
        uint64_t bits = reg->apic(gdb->machine->apics[vcpu->index], reg->index);
        memcpy(value, &bits, sizeof(bits)); /* the host is little-endian, as the guest is */
    } else if (source) {
        vcpu->ops->reg_get(vcpu, source, value);
    } else {
        for (unsigned i = 0; i < reg->bytes; i++) {
            g_string_append(out, "xx");
        }
        return;
    }
    gdb_put_hex(out, value, reg->bytes);
}

/* Sets it from digits at `text`; how many it took, or 0 if they do not reach. */
static size_t set_register(const Gdb *gdb, unsigned n, const GdbReg *reg, const char *text)
{
    Vcpu *vcpu = gdb_cpu(gdb);
    const VcpuReg *source = gdb->sources->pdata[n];
    uint8_t value[VCPU_REG_BYTES] = {0};
    if (source) {
        vcpu->ops->reg_get(vcpu, source, value); /* what is wider than gdb's stays */
    }
    if (gdb_take_hex(text, value, reg->bytes) < reg->bytes) {
        return 0;
    }
    if (source) {
        vcpu->ops->reg_set(vcpu, source, value);
    }
    return 2u * reg->bytes;
}

void gdb_read_registers(Gdb *gdb, const char *args)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const GdbReg *reg;
    for (unsigned n = 0; (reg = gdb_reg(n)) && !reg->system; n++) {
        gdb_put_register(gdb, n, reg, out);
    }
    gdb_send(gdb, out->str, out->len);
}

void gdb_write_registers(Gdb *gdb, const char *args)
{
    const GdbReg *reg;
    for (unsigned n = 0; (reg = gdb_reg(n)) && !reg->system; n++) {
        size_t taken = set_register(gdb, n, reg, args);
        if (taken == 0) {
            gdb_send_error(gdb, EINVAL);
            return;
        }
        args += taken;
    }
    gdb_send_text(gdb, "OK");
}

/* The register whose number is at *text. */
static const GdbReg *gdb_take_register(const char **text, unsigned *n)
{
    uint64_t number;
    if (!gdb_take_number(text, &number) || number > UINT16_MAX) {
        return NULL;
    }
    *n = (unsigned)number;
    return gdb_reg(*n);
}

void gdb_read_register(Gdb *gdb, const char *args)
{
    unsigned n;
    const GdbReg *reg = gdb_take_register(&args, &n);
    if (!reg) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    gdb_put_register(gdb, n, reg, out);
    gdb_send(gdb, out->str, out->len);
}

void gdb_write_register(Gdb *gdb, const char *args)
{
    unsigned n;
    const GdbReg *reg = gdb_take_register(&args, &n);
    if (!reg || reg->apic || !gdb_take_prefix(&args, "=") || !set_register(gdb, n, reg, args)) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    gdb_send_text(gdb, "OK");
}

void gdb_set_pc(Gdb *gdb, unsigned cpu, uint64_t pc)
{
    Vcpu *vcpu = gdb->machine->cpus[cpu];
    vcpu->ops->reg_set(vcpu, gdb->pc, &pc);
}
