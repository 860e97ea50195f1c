/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC (Intel SDM vol. 3, chapter 13) in both its modes. */
#ifndef TESTS_INCLUDE_APIC_H
#define TESTS_INCLUDE_APIC_H

#define APIC_PAGE 0xfee00000ull

/* Registers: offsets in the page, and MSRs in x2APIC mode. */
enum {
    APIC_ID = 0x20,
    APIC_VERSION = 0x30,
    APIC_TPR = 0x80,
    APIC_PPR = 0xa0,
    APIC_EOI = 0xb0,
    APIC_LDR = 0xd0,
    APIC_DFR = 0xe0,
    APIC_SVR = 0xf0,
    APIC_ISR = 0x100,
    APIC_IRR = 0x200,
    APIC_ESR = 0x280,
    APIC_ICR = 0x300,
    APIC_ICR_HIGH = 0x310,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_LINT0 = 0x350,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
};
#define MSR_X2APIC(reg_) (0x800u + (reg_) / 16)
#define MSR_APIC_BASE    0x1b
#define MSR_TSC_DEADLINE 0x6e0
#define APIC_BASE_X2APIC 0xc00u /* EN and EXTD */

#define SVR_ENABLED               0x1ffu /* with the spurious vector FFh */
#define SVR_DIRECTED_EOI          (1u << 12)
#define APIC_VERSION_DIRECTED_EOI (1u << 24)
#define DFR_CLUSTER               0x0fffffffu

#define ICR_LOWEST  (1u << 8)
#define ICR_INIT    (5u << 8)
#define ICR_STARTUP (6u << 8)
#define ICR_LOGICAL (1u << 11)
#define ICR_BUSY    (1u << 12)
#define ICR_ASSERT  (1u << 14)
#define ICR_SELF    (1u << 18)
#define ICR_ALL     (2u << 18)
#define ICR_OTHERS  (3u << 18)

#define LVT_EXTINT   (7u << 8)
#define LVT_MASKED   (1u << 16)
#define LVT_DEADLINE (2u << 17)

#endif
