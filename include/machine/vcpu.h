/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual CPU as everyone but its accelerator sees it: the board makes it, boots it and wires its
 * pins; the monitor, a debugger and snapshots look at its registers.
 *
 * The accelerator chooses the ops. Those that say so may be NULL, and mean that this kind of vCPU
 * cannot do it: a caller asks for the capability, never for the accelerator. Unless said
 * otherwise, they are called while the vCPU is not in run().
 */
#ifndef MACHINE_VCPU_H
#define MACHINE_VCPU_H

#include <glib.h>

#include "hw/hyperv/hyperv.h"
#include "hw/intc/apic.h"

typedef struct Vcpu Vcpu;
typedef struct VcpuOps VcpuOps;

/* What a board asks of the CPU model before it makes any. */
typedef struct {
    bool x2apic, tsc_deadline;
    unsigned phys_bits;
    int64_t apic_id;        /* of the model's "apic-id=", or -1: the board numbers them */
    uint64_t apic_timer_hz; /* input clock of the local APIC's timer */
    uint64_t tsc_hz;
    bool amd; /* where makers differ, it does as AMD's */
    HvFeatures hyperv;
} VcpuTraits;

typedef struct {
    unsigned index; /* 0 is the bootstrap processor */
    uint32_t apic_id;
    ApicState *apic;
    HvVp *hyperv; /* the hypervisor that its software sees; NULL: none of this kind */
} VcpuConfig;

/* Why run() came back. */
typedef enum {
    CPU_RAN,          /* the budget is used up, or kick() */
    CPU_HALTED,       /* HLT or waiting for SIPI, and nothing pending */
    CPU_YIELDED,      /* PAUSE: let another CPU run */
    CPU_TRIPLE_FAULT, /* the machine should reset */
    CPU_BREAK,        /* a debugger's breakpoint: break_hit() */
} CpuExit;

/* Registers and what else a vCPU between two runs is, a row each. */
typedef enum {
    VCPU_REGS_GENERAL, /* with RIP and RFLAGS */
    VCPU_REGS_SEGMENT, /* with the hidden parts, and the descriptor tables */
    VCPU_REGS_CONTROL,
    VCPU_REGS_DEBUG,
    VCPU_REGS_FPU,
    VCPU_REGS_VECTOR,
    VCPU_REGS_MSR,
    VCPU_REGS_EVENTS, /* what no instruction names: halted, pending, counted */
} VcpuRegGroup;

#define VCPU_REG_BYTES 16 /* the widest */
typedef struct {
    const char *name; /* gdb's where gdb has the register */
    uint8_t size;     /* bytes of its value, which is little-endian */
    VcpuRegGroup group;
} VcpuReg;

/* A debugger's, in linear addresses. */
typedef enum {
    VCPU_BREAK_CODE,   /* stops before the instruction at `addr`; `length` does not count */
    VCPU_BREAK_WRITE,  /* stops after an instruction that writes there */
    VCPU_BREAK_ACCESS, /* or reads */
} VcpuBreakKind;
typedef struct {
    VcpuBreakKind kind;
    uint64_t addr, length; /* length is at least 1, and the end no further than 2^64 */
} VcpuBreakpoint;

/* A place between two instructions: where VcpuOps.instructions and .spent are as much. */
typedef struct {
    uint64_t instructions, spent;
    uint64_t from; /* of instructions: where it begins to go one by one */
} VcpuStop;

/* What a boot protocol sets up instead of firmware. */
typedef struct {
    enum { CPU_BOOT_REAL, CPU_BOOT_PROT32, CPU_BOOT_LONG64 } mode;
    uint64_t rip, rsp;
    uint64_t rax, rbx, rsi, rdi;
    uint16_t cs, ds; /* selectors loaded (flat) */
    uint64_t cr3;    /* CPU_BOOT_LONG64 */
    uint64_t gdt_base;
    uint16_t gdt_limit;
} CpuBoot;

typedef struct {
    uint32_t eax, ebx, ecx, edx;
} CpuidResult;

struct VcpuOps {
    /* `accel` is the state of the accelerator, which the vCPU must not outlive. Sets `pins`. */
    Vcpu *(*create)(void *accel, const VcpuConfig *config);
    void (*free)(Vcpu *vcpu);
    /* Power-on state: real mode at F000:FFF0, the bootstrap processor running, others waiting for
     * SIPI. */
    void (*reset)(Vcpu *vcpu);

    /* Runs about `budget` instructions. NULL, as the next four: nothing executes. */
    CpuExit (*run)(Vcpu *vcpu, uint64_t budget);
    /* Makes a run() under way return soon, or the next one; from anywhere. */
    void (*kick)(Vcpu *vcpu);
    /* True if run() would do something other than return CPU_HALTED. */
    bool (*has_work)(const Vcpu *vcpu);
    /* One instruction, or what comes before it: an interrupt, an exception. `masked`: interrupts
     * wait. It passes breakpoints on the way, other than those on data. NULL with run(). */
    CpuExit (*step)(Vcpu *vcpu, bool masked);
    /* Executed since power-on; also from device code inside run(). */
    uint64_t (*instructions)(const Vcpu *vcpu);
    /* The same, and what else it has spent of its budgets: what time under -icount goes by. Never
     * less than before. */
    uint64_t (*spent)(const Vcpu *vcpu);

    /* Where time is counted, and a breakpoint changes nothing of what is executed when: run() ends
     * with CPU_BREAK where `stop` says, or beyond if a single instruction went past that. NULL:
     * nowhere. What it was for is then no breakpoint's (break_hit() has length 0). */
    void (*stop_at)(Vcpu *vcpu, const VcpuStop *stop);
    /* Of the boundaries between two instructions that it came across from VcpuStop.from on, the
     * last one before VcpuStop.instructions; false: none. */
    bool (*before_stop)(const Vcpu *vcpu, VcpuStop *found);
    /* Before the instruction that was executed last by itself. */
    VcpuStop (*last_began)(const Vcpu *vcpu);
    /* How many instructions of the block that it is executing are still to come: where time is
     * counted, a breakpoint may stop it within one, and events wait for the end. NULL, both: it
     * does not stop there. */
    uint64_t (*block_left)(const Vcpu *vcpu);
    void (*set_block_left)(Vcpu *vcpu, uint64_t left);

    /* The registers, in the order in which all of them can be set; NULL after the last. A register
     * holds of a value that is set the bits that it has, the others stay; what a CPU derives from
     * registers is derived anew. Values that go together on no CPU (PG without PE) are taken as
     * they are: a guest may come to grief, nobody else does. Those of VCPU_REGS_MSR can be got also
     * from device code inside run(). NULL, as the next two: there are none. */
    const VcpuReg *(*reg)(unsigned n);
    void (*reg_get)(const Vcpu *vcpu, const VcpuReg *reg, void *value);
    void (*reg_set)(Vcpu *vcpu, const VcpuReg *reg, const void *value);

    /* A run that ended with CPU_BREAK before an instruction goes on past that when called again.
     * They outlive a reset. False: there is no room for it, or it is not there. NULL, as the next
     * two: a debugger has none. */
    bool (*break_insert)(Vcpu *vcpu, const VcpuBreakpoint *breakpoint);
    bool (*break_remove)(Vcpu *vcpu, const VcpuBreakpoint *breakpoint);
    /* What the last CPU_BREAK was for. */
    const VcpuBreakpoint *(*break_hit)(const Vcpu *vcpu);

    /* Where a linear address leads by the page tables as they are now, with the supervisor's
     * rights. False if it is not mapped. No faults, no accessed bits, nothing that the guest could
     * notice. NULL: there are no page tables. */
    bool (*translate)(Vcpu *vcpu, uint64_t linear, uint64_t *physical);
    /* What CPUID answers now. NULL: there is none. */
    CpuidResult (*cpuid)(Vcpu *vcpu, uint32_t leaf, uint32_t subleaf);
    /* Registers as text. */
    void (*describe)(const Vcpu *vcpu, GString *out);

    /* The rest is the board's; map_changed() and set_a20() may come from device code inside a
     * run().
     */
    /* Where execution starts, in place of the reset vector. */
    void (*boot)(Vcpu *vcpu, const CpuBoot *boot);
    /* The MTRRs as firmware leaves them: memory is write-back, the VGA window and what lies between
     * `uncached` (a power of two below 4 GiB) and 4 GiB are uncached (SDM vol. 3, 12.11). */
    void (*firmware_mtrrs)(Vcpu *vcpu, uint64_t uncached);
    /* The A20M# pin (SDM vol. 3, 20.1.1): off, address line 20 of what it accesses is 0. */
    void (*set_a20)(Vcpu *vcpu, bool on);
    /* The map of memory changed: cached translations are void. */
    void (*map_changed)(Vcpu *vcpu);
};

/* The accelerator's own struct begins with this. */
struct Vcpu {
    const VcpuOps *ops;
    unsigned index;
    uint32_t apic_id;
    /* What the local APIC drives, and the opaque for it. */
    const CpuPins *pins;
    void *pins_opaque;
    bool held; /* a debugger keeps it from having turns */
};

/* The register of that name, or NULL. */
const VcpuReg *vcpu_find_reg(const Vcpu *vcpu, const char *name);

#endif
