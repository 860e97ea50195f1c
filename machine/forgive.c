/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be forgiven, and what it is called (include/machine/forgive.h). */
#include "machine/forgive.h"

#include <string.h>

#include "base/optlist.h"
#include "hw/core/properties.h"

typedef struct {
    const char *name, *text;
} ForgiveRow;

static const ForgiveRow rows[FORGIVE_COUNT] = {
    [FORGIVE_IOAPIC_SID] = {"ioapic-sid",
                            "the remapping unit takes any entry for the IOAPIC, whatever source id "
                            "the entry names"},
    [FORGIVE_PIRQ_LOW_PINS] = {"pirq-low-pins",
                               "a PCI interrupt also raises the IOAPIC pin of the ISA interrupt "
                               "that its PIRQ register names"},
    [FORGIVE_CF8_LOW_BITS] = {"cf8-low-bits",
                              "the low two bits of port CF8h are added to the register's offset"},
    [FORGIVE_IRTE_REREAD] = {"irte-reread",
                             "the remapping unit reads an entry at each use, so that none needs "
                             "flushing (iec=off)"},
    [FORGIVE_PCI_POLARITY] = {"pci-polarity",
                              "IOAPIC pins 16 to 23 look at what is asked for, not at the wire, "
                              "which is active low: an entry may have either polarity"},
    [FORGIVE_FMASK_UPPER] = {"fmask-upper", "the upper half of IA32_FMASK takes any value"},
};

/* The set that a word stands for. */
static bool parse_word(const char *word, ForgiveSet *set, GError **error)
{
    const char *names[FORGIVE_COUNT + 2] = {"qemu", "none"};
    if (strcmp(word, "qemu") == 0) {
        *set |= (1u << FORGIVE_COUNT) - 1;
        return true;
    }
    if (strcmp(word, "none") == 0) {
        return true;
    }
    for (int i = 0; i < FORGIVE_COUNT; i++) {
        names[i + 2] = rows[i].name;
        if (strcmp(word, rows[i].name) == 0) {
            *set |= 1u << i;
            return true;
        }
    }
    opt_error_nearest(error, word, names, G_N_ELEMENTS(names), "forgive: there is no '%s'", word);
    return false;
}

bool forgive_parse(const char *text, ForgiveSet *set, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ":", -1);
    *set = 0;
    for (char **word = words; *word; word++) {
        if (!parse_word(*word, set, error)) {
            return false;
        }
    }
    return true;
}

void forgive_help(GString *out)
{
    g_string_append(out, "forgive=qemu (all), forgive=none, or names with colons between them:\n");
    for (int i = 0; i < FORGIVE_COUNT; i++) {
        g_string_append_printf(out, "  %-14s %s%s\n", rows[i].name, rows[i].text,
                               forgives(FORGIVE_DEFAULT, i) ? " (default)" : "");
    }
}
