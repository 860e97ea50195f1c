/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86-64 CPU as the machine sees it: make it, run it for a while, drive its pins.
 * What is inside is in cpu_state.h.
 */
#ifndef TARGET_I386_CPU_H
#define TARGET_I386_CPU_H

#include <glib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/trace.h"
#include "machine/vcpu.h"

typedef struct Cpu Cpu;
typedef struct CpuModel CpuModel;   /* feature words; cpuid.c */
typedef struct CodeCache CodeCache; /* decoded blocks, shared by the CPUs of a machine; block.c */

/* "max", "qemu64,+x2apic,-sse4.2", "base"; error names the nearest model or feature. */
CpuModel *cpu_model_parse(const char *text, GError **error);
void cpu_model_free(CpuModel *model);
VcpuTraits cpu_model_traits(const CpuModel *model);
/* Where the makers' manuals differ: true for AMD's way, false for Intel's. */
bool cpu_model_is_amd(const CpuModel *model);
/* A line for each feature that was asked for and is not to be had. */
void cpu_model_warnings(const CpuModel *model, GString *out);
/* All features by name, with whether the model has them. */
void cpu_model_features(const CpuModel *model,
                        void (*visit)(const char *name, bool has, void *opaque), void *opaque);
/* The names for `-cpu`; NULL after the last. */
const char *cpu_model_listed(unsigned n);
/* `-cpu help`. */
void cpu_model_help(GString *out);

typedef struct {
    unsigned index; /* 0 is the bootstrap processor */
    uint32_t apic_id;
    unsigned cores, threads; /* per socket and core, for CPUID topology */
    unsigned total;
    const CpuModel *model;
    AddressSpace *memory, *ports;
    Clock *clock;
    Random *random; /* NULL: the host's */
    Trace *trace;
    CodeCache *code;
    ApicState *apic;
    HvVp *hyperv;             /* or NULL */
    bool fmask_upper_ignored; /* WRMSR of IA32_FMASK drops bits 63:32; else they are #GP */
} CpuConfig;

/* The TSC counts at this rate from the machine's clock. */
#define CPU_TSC_HZ 1000000000ull
/* The APIC timer's input clock, also CPUID leaf 15h's crystal. */
#define CPU_CRYSTAL_HZ 1000000000ull

CodeCache *code_cache_new(AddressSpace *memory);
void code_cache_free(CodeCache *code);
/* Blocks run more often than this are translated to host code; without this call none is. False if
 * there is no memory for host code. */
bool code_cache_set_hot(CodeCache *code, uint32_t runs);
/* Before that: how much room there is for host code, in bytes; 64 MiB without this call. */
void code_cache_set_arena(CodeCache *code, size_t bytes);

Cpu *cpu_new(const CpuConfig *config);
void cpu_free(Cpu *cpu);
/* Power-on state: real mode at F000:FFF0, BSP running, others waiting for SIPI. */
void cpu_reset(Cpu *cpu);

/* Runs about `budget` instructions. */
CpuExit cpu_run(Cpu *cpu, uint64_t budget);
/* Makes a cpu_run() under way return soon, else the next one; callable from anywhere. */
void cpu_kick(Cpu *cpu);
/* True if cpu_run() would do something other than return CPU_HALTED. */
bool cpu_has_work(const Cpu *cpu);
/* Instructions executed since power-on. */
uint64_t cpu_instructions(const Cpu *cpu);
/* The same, and what else it has spent of its budgets; exact also from device code. */
uint64_t cpu_spent(const Cpu *cpu);
/* The instruction being executed (or next), and how many there were before it; exact also from
 * device code. */
void cpu_where(const Cpu *cpu, uint64_t *rip, uint64_t *instructions);

/* The pins the APIC drives; pass with the Cpu as opaque. */
extern const CpuPins cpu_pins;
/* What a Hyper-V partition drives of it. */
extern const HvPins cpu_hv_pins;

/* The A20M# pin (SDM vol. 3, 20.1.1): off, address line 20 of what the CPU itself accesses is 0. */
void cpu_set_a20(Cpu *cpu, bool on);
/* The map of memory changed: cached translations are void. */
void cpu_map_changed(Cpu *cpu);
/* Decoded code of [addr, addr+len) is gone. */
void code_cache_invalidate(CodeCache *code, uint64_t addr, size_t len);

void cpu_set_boot(Cpu *cpu, const CpuBoot *boot);
/* The MTRRs as firmware leaves them on every CPU: memory is write-back, the VGA window and what
 * lies between `uncached` (a power of two below 4 GiB) and 4 GiB are uncached (SDM vol. 3, 12.11).
 */
void cpu_set_firmware_mtrrs(Cpu *cpu, uint64_t uncached);

/* VcpuOps.step. */
CpuExit cpu_step(Cpu *cpu, bool masked);
/* VcpuOps.reg and its two kin. */
const VcpuReg *cpu_reg(unsigned n);
void cpu_reg_get(const Cpu *cpu, const VcpuReg *reg, void *value);
void cpu_reg_set(Cpu *cpu, const VcpuReg *reg, const void *value);
/* VcpuOps.break_insert and its two kin. */
bool cpu_break_insert(Cpu *cpu, const VcpuBreakpoint *breakpoint);
bool cpu_break_remove(Cpu *cpu, const VcpuBreakpoint *breakpoint);
const VcpuBreakpoint *cpu_break_hit(const Cpu *cpu);
/* VcpuOps.stop_at, .before_stop, .block_left and .set_block_left. */
void cpu_stop_at(Cpu *cpu, const VcpuStop *stop);
bool cpu_before_stop(const Cpu *cpu, VcpuStop *found);
VcpuStop cpu_last_began(const Cpu *cpu);
uint64_t cpu_block_left(const Cpu *cpu);
void cpu_set_block_left(Cpu *cpu, uint64_t left);

/* Registers as text: `info registers` and -d cpu_reset. */
void cpu_describe(const Cpu *cpu, GString *out);

#endif
