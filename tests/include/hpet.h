/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HPET (IA-PC HPET specification 1.0a, 2.3). */
#ifndef TESTS_INCLUDE_HPET_H
#define TESTS_INCLUDE_HPET_H

#define HPET_PAGE 0xfed00000ull /* of the board */

enum {
    HPET_CAP = 0x00,
    HPET_PERIOD = 0x04,
    HPET_CONFIG = 0x10,
    HPET_STATUS = 0x20,
    HPET_COUNTER = 0xf0,
};
/* Of timer `n`. */
#define HPET_TIMER(n_)      (0x100u + 0x20 * (n_))
#define HPET_COMPARATOR(n_) (0x108u + 0x20 * (n_))
#define HPET_FSB(n_)        (0x110u + 0x20 * (n_))

enum {
    HPET_LEVEL = 1 << 1,
    HPET_INT_ENB = 1 << 2,
    HPET_PERIODIC = 1 << 3,
    HPET_VAL_SET = 1 << 6,
    HPET_32MODE = 1 << 8,
    HPET_FSB_EN = 1 << 14,
    HPET_FSB_CAP = 1 << 15,
};

#endif
