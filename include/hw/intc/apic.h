/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC, xAPIC and x2APIC (Intel SDM vol. 3, chapter 11).
 *
 * The border with the CPU is two tables: CpuPins, by which the APIC drives its CPU, and the
 * apic_*() functions below, by which the CPU asks its APIC. With -accel qtest nobody is behind the
 * pins, and a test plays the CPU.
 */
#ifndef HW_INTC_APIC_H
#define HW_INTC_APIC_H

#include "hw/core/device.h"
#include "hw/intc/apic_bus.h"

#define MSR_IA32_APIC_BASE    0x1bu
#define MSR_IA32_TSC_DEADLINE 0x6e0u
#define MSR_X2APIC_FIRST      0x800u
#define MSR_X2APIC_LAST       0x8ffu

/* APIC to CPU. */
typedef struct {
    void (*intr)(void *opaque, bool level); /* a vector above the processor priority waits */
    void (*nmi)(void *opaque);
    void (*smi)(void *opaque);
    void (*init)(void *opaque);
    void (*sipi)(void *opaque, uint8_t vector);
    /* Present TSC value of this CPU (with its offset), and the clock time at which it will reach
     * `tsc`: what the deadline timer needs. */
    uint64_t (*tsc)(void *opaque);
    int64_t (*tsc_to_ns)(void *opaque, uint64_t tsc);
    /* What keeps the CPU from taking a vector just now, but for priorities: bits of JournalHold. */
    unsigned (*holds)(void *opaque);
    /* IA32_APIC_BASE changed: drop cached translations of the APIC page. */
    void (*base_changed)(void *opaque);
} CpuPins;

extern const DeviceClass apic_class;

/* What the board sets before realize. */
typedef struct {
    ApicBus *bus;
    uint32_t apic_id;
    bool is_bsp;
    bool id_writable;     /* in xAPIC mode */
    bool x2apic;          /* CPUID says x2APIC */
    bool tsc_deadline;    /* CPUID says TSC-deadline */
    bool eoi_suppression; /* version register says directed EOI works */
    uint64_t timer_hz;    /* input clock of the APIC timer */
    const CpuPins *pins;
    void *pins_opaque;
    /* ExtINT: what the i8259 pair answers to this APIC's acknowledge. */
    int (*pic_ack)(void *opaque, uint32_t apic_id);
    void *pic_opaque;
    uint8_t phys_bits; /* MAXPHYADDR, for reserved bits of IA32_APIC_BASE; 0 means 52 */
} ApicLinks;
ApicLinks *apic_links(Device *dev);
ApicState *apic_from_device(Device *dev);

/* The LINT0 (virtual wire from the i8259) and LINT1 (NMI) inputs. */
IrqLine *apic_lint(ApicState *apic, int n);

/* A message that the bus matched to this APIC: taken, or refused with the reason, and then nothing
 * but the error status changes. Level: TMR is set. */
IntrResult apic_accept(ApicState *apic, const ApicMsg *msg);

/* A processor that can be plugged in has its local APIC from the start. Until then, and after it
 * was taken out, that is off and answers nobody: what is sent to it is lost, and so is what it had.
 * Resets it. */
void apic_set_present(ApicState *apic, bool present);
bool apic_is_present(const ApicState *apic);

/* For the bus's matching. */
uint32_t apic_get_id(const ApicState *apic); /* 32-bit in x2APIC mode, else 8-bit */
bool apic_is_enabled(const ApicState *apic); /* IA32_APIC_BASE enable */
bool apic_is_x2apic(const ApicState *apic);
bool apic_matches_logical(const ApicState *apic, uint32_t dest);
bool apic_has_logical_id(const ApicState *apic); /* xAPIC mode: LDR is not zero */
uint8_t apic_arbitration_priority(const ApicState *apic);
/* False if the APIC would drop a message of this mode: it is disabled, or disabled by software and
 * the mode is one that this concerns (SDM 11.4.7.2). */
bool apic_takes(const ApicState *apic, IntrDeliveryMode mode);

/* CPU side. */
/* Acknowledges: the vector to take now, its IRR bit moved to ISR; -1 if none (then the CPU goes
 * on). Masked by priority gives the spurious vector only where the SDM says so. */
int apic_ack(ApicState *apic);
uint64_t apic_mmio_read(ApicState *apic, uint32_t offset, unsigned size);
void apic_mmio_write(ApicState *apic, uint32_t offset, uint64_t value, unsigned size);
/* MSRs 1Bh, 6E0h and 800h to 8FFh. False means #GP(0). */
bool apic_msr_read(ApicState *apic, uint32_t msr, uint64_t *value);
bool apic_msr_write(ApicState *apic, uint32_t msr, uint64_t value);
uint8_t apic_get_cr8(const ApicState *apic);
void apic_set_cr8(ApicState *apic, uint8_t cr8);
/* The page that the CPU must route to apic_mmio_*(), or UINT64_MAX if there is none (disabled or in
 * x2APIC mode). */
uint64_t apic_mmio_base(const ApicState *apic);
/* In x2APIC mode: the page where the registers would be otherwise. Accesses may still be passed on,
 * for lint to be told of them. */
bool apic_page_is_hidden(const ApicState *apic, uint64_t page);
/* INIT (not power-on) reset: keeps IA32_APIC_BASE and the id (SDM 11.4.7.3). */
void apic_init_reset(ApicState *apic);
/* The CPU's TSC was written or its offset changed: the deadline moves. */
void apic_tsc_changed(ApicState *apic);
/* What firmware leaves behind on the BSP, for boot protocols that start without any: enabled by
 * software, LINT0 a virtual wire from the i8259, LINT1 an NMI (MultiProcessor
 * specification 3.6.2.2).
 */
void apic_set_virtual_wire(ApicState *apic);

/* Vectors whose interrupts are over as soon as the CPU takes them: of a hypervisor's synthetic
 * sources (TLFS 11.8.4). Not saved: whoever says so says so again. */
void apic_set_auto_eoi(ApicState *apic, const uint64_t vectors[4]);

/* For tests and `info lapic`. */
/* What keeps the CPU from taking `vector` now: bits of JournalHold (hw/intr/record.h). */
unsigned apic_holds(const ApicState *apic, uint8_t vector);
/* Its initial id. */
uint32_t apic_initial_id(const ApicState *apic);
bool apic_irr(const ApicState *apic, uint8_t vector);
bool apic_isr(const ApicState *apic, uint8_t vector);
bool apic_tmr(const ApicState *apic, uint8_t vector);
/* Messages that leave no mark in the registers, since reset. */
typedef struct {
    uint32_t nmis, smis, inits, sipis;
    uint8_t sipi_vector; /* of the last one */
} ApicCounts;
ApicCounts apic_counts(const ApicState *apic);
void apic_describe(const ApicState *apic, GString *out);

#endif
