/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOAPIC (82093AA; ICH9, 13.5). */
#ifndef TESTS_INCLUDE_IOAPIC_H
#define TESTS_INCLUDE_IOAPIC_H

#define IOAPIC_PAGE 0xfec00000ull /* of the board */

/* Direct registers. */
#define IOREGSEL   0x00
#define IOWIN      0x10
#define IOAPIC_EOI 0x40
/* Indirect ones: the halves of a pin's entry. */
#define IOREDTBL(pin_)      (0x10 + 2 * (pin_))
#define IOREDTBL_HIGH(pin_) (0x11 + 2 * (pin_))

#define RTE_LOW       (1u << 13)
#define RTE_LEVEL     (1u << 15)
#define RTE_MASKED    (1u << 16)
#define FIRST_PCI_PIN 20 /* PIRQ E */

#endif
