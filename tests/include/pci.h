/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration and the board's bridge to ISA (Q35; ICH9, 13.1). */
#ifndef TESTS_INCLUDE_PCI_H
#define TESTS_INCLUDE_PCI_H

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA    0xcfc
#define PCI_CONFIG_ENABLE  0x80000000u
#define PCI_ECAM           0xb0000000ull
#define RESET_PORT         0xcf9

#define LPC_DEVFN        (0x1f << 3)
#define LPC_PIRQ_E_ROUTE 0x68

#endif
