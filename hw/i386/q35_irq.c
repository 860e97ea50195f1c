/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines of the q35 machine: from ISA devices and PCI pins to the i8259 pair and the
 * IOAPIC (ICH9 5.9 and 13.1: PIRQs reach the pair as routed, and the IOAPIC always at pins 16 to
 * 23).
 */
#include "hw/i386/q35_internal.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/i8254.h"

/* The i8254's IRQ 0 is wired to IOAPIC pin 2; pin 0 would be the i8259 pair's output. */
static int ioapic_pin_of_isa(int irq)
{
    return irq == 0 ? 2 : irq;
}

static void gsi_changed(void *opaque, int n, bool level)
{
    Q35Machine *m = opaque;
    if (n < ISA_IRQS) {
        irq_set(&m->gsi_to_pic[n], level);
    }
    irq_set(&m->gsi_to_ioapic[n], level);
}

static void pirq_changed(void *opaque, int n, bool level)
{
    Q35Machine *m = opaque;
    irq_set(&m->pirq_to_ioapic[n], level);
    irq_set(&m->pirq_to_pic[n], level);
}

int q35_pirq_of(uint8_t devfn, int pin)
{
    return PIRQ_E + ((devfn >> 3) + pin) % 4;
}

IrqLine *q35_intx_line(void *opaque, uint8_t devfn, int pin)
{
    return &((Q35Machine *)opaque)->pirq[q35_pirq_of(devfn, pin)];
}

int q35_intx_pin(const Machine *machine, const PciDevice *pci)
{
    return pci->intx.line ? PIRQ_GSI + pci->intx.line->n : -1;
}

/* Only the i8259 pair hears of the routed interrupt; or, if that is forgiven, whoever hears of the
 * ISA line. */
static IrqLine *routed_line(Q35Machine *m, int irq)
{
    if (irq < 0) {
        return NULL;
    }
    return forgives(m->machine.opts.forgive, FORGIVE_PIRQ_LOW_PINS)
               ? &m->gsi[irq]
               : device_irq_in(m->machine.pic, "", irq);
}

void q35_routing_changed(void *opaque, bool loaded)
{
    Q35Machine *m = opaque;
    for (int n = 0; n < LPC_PIRQS; n++) {
        (loaded ? irq_reconnect : irq_connect)(&m->pirq_to_pic[n],
                                               routed_line(m, lpc_pirq_route(m->lpc, n)));
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
    for (int n = 0; n < LPC_PIRQS; n++) {
        irq_line_init(&m->pirq[n], pirq_changed, m, n);
    }
}

void q35_irq_connect(Q35Machine *m)
{
    Device *pic = m->machine.pic, *ioapic = m->machine.ioapics->pdata[0];
    for (int n = 0; n < PLATFORM_GSIS; n++) {
        int pin = n < ISA_IRQS ? ioapic_pin_of_isa(n) : n;
        irq_connect(&m->gsi_to_ioapic[n], device_irq_in(ioapic, "", pin));
    }
    for (int n = 0; n < ISA_IRQS; n++) {
        irq_connect(&m->gsi_to_pic[n], device_irq_in(pic, "", n));
    }
    for (int n = 0; n < LPC_PIRQS; n++) {
        irq_connect(&m->pirq_to_ioapic[n], device_irq_in(ioapic, "", PIRQ_GSI + n));
    }
}
