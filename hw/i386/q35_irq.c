/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines of the q35 machine: from ISA devices and PCI pins to the i8259 pair and the
 * IOAPIC (ICH9 5.9 and 13.1: PIRQs reach the pair as routed, and the IOAPIC always at pins 16 to
 * 23).
 */
#include "hw/i386/q35_internal.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/i8254.h"

/* An i8259 input is driven by its ISA line and by every PIRQ routed to it. */
static void update_pic_input(Q35Machine *m, int irq)
{
    bool level = m->isa_level[irq];
    for (unsigned high = m->pirq_levels; high; high &= high - 1) {
        level |= lpc_pirq_route(m->lpc, __builtin_ctz(high)) == irq;
    }
    irq_set(m->pic_in[irq], level);
}

/* The i8254's IRQ 0 is wired to IOAPIC pin 2; pin 0 would be the i8259 pair's output. */
static int ioapic_pin_of_isa(int irq)
{
    return irq == 0 ? 2 : irq;
}

static void gsi_changed(void *opaque, int n, bool level)
{
    Q35Machine *m = opaque;
    if (n < ISA_IRQS) {
        m->isa_level[n] = level;
        update_pic_input(m, n);
        n = ioapic_pin_of_isa(n);
    }
    irq_set(m->ioapic_in[n], level);
}

int q35_pirq_of(uint8_t devfn, int pin)
{
    return PIRQ_E + ((devfn >> 3) + pin) % 4;
}

void q35_intx_changed(void *opaque, uint8_t devfn, int pin, bool level)
{
    Q35Machine *m = opaque;
    int n = q35_pirq_of(devfn, pin);
    m->pirq_users[n] += level ? 1 : -1u;
    level = m->pirq_users[n] > 0;
    m->pirq_levels = (m->pirq_levels & ~(1u << n)) | (unsigned)level << n;
    irq_set(m->ioapic_in[PIRQ_GSI + n], level);
    int irq = lpc_pirq_route(m->lpc, n);
    if (irq >= 0) {
        update_pic_input(m, irq);
    }
}

void q35_routing_changed(void *opaque)
{
    Q35Machine *m = opaque;
    for (int irq = 0; irq < ISA_IRQS; irq++) {
        if (m->pic_in[irq]) {
            update_pic_input(m, irq);
        }
    }
}

void q35_hpet_legacy_changed(void *opaque, bool on)
{
    Q35Machine *m = opaque;
    i8254_set_irq_enabled(m->pit, !on);
    mc146818_set_irq_enabled(m->rtc, !on);
}

void q35_irq_init(Q35Machine *m)
{
    for (int n = 0; n < PLATFORM_GSIS; n++) {
        irq_line_init(&m->gsi[n], gsi_changed, m, n);
    }
}
