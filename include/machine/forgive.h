/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -machine forgive=: differences to hardware that QEMU has and some guests lean on. Each is a row
 * with a name of its own, so that somebody can find out which one their kernel needs. The board
 * reads the set and tells the parts.
 */
#ifndef MACHINE_FORGIVE_H
#define MACHINE_FORGIVE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    FORGIVE_IOAPIC_SID,
    FORGIVE_PIRQ_LOW_PINS,
    FORGIVE_CF8_LOW_BITS,
    FORGIVE_IRTE_REREAD,
    FORGIVE_PCI_POLARITY,
    FORGIVE_FMASK_UPPER,
    FORGIVE_COUNT,
} Forgiveness;

/* A bit each. */
typedef uint32_t ForgiveSet;

/* What is forgiven where nothing is said. */
#define FORGIVE_DEFAULT (1u << FORGIVE_PCI_POLARITY)

static inline bool forgives(ForgiveSet set, Forgiveness what)
{
    return set >> what & 1;
}

/* "qemu", "none", or names with colons between them. */
bool forgive_parse(const char *text, ForgiveSet *set, GError **error);
/* forgive=help: a line each. */
void forgive_help(GString *out);

#endif
