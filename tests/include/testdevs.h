/* SPDX-License-Identifier: GPL-2.0-or-later */
/* edu and pc-testdev: what tests use to raise interrupts. */
#ifndef TESTS_INCLUDE_TESTDEVS_H
#define TESTS_INCLUDE_TESTDEVS_H

/* edu's registers. */
enum { EDU_ID = 0x00, EDU_NOT = 0x04, EDU_RAISE = 0x60, EDU_ACK = 0x64 };

/* pc-testdev: a port for each ISA line. */
#define TESTDEV_IRQS 0x2000

#endif
