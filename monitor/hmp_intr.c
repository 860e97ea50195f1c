/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMP: what interrupts depend on, in words: remapping entries, units, MSI, posted descriptors. */
#include <string.h>

#include "base/optlist.h"
#include "monitor/hmp_commands.h"
#include "monitor/intr.h"

#define ENTRIES_SHOWN 1024u

void hmp_info_iommu(Machine *machine, char **args, GString *out)
{
    intr_facts_units(machine, &(Facts){.words = out});
}

void hmp_info_irte(Machine *machine, char **args, GString *out)
{
    const Facts facts = {.words = out};
    uint64_t index = 0;

    if (!args[1] || strcmp(args[1], "all") == 0) {
        intr_facts_entries(machine, INTR_NO_INDEX, ENTRIES_SHOWN, &facts);
    } else if (opt_parse_uint(args[1], &index)) {
        intr_facts_entries(machine, (uint32_t)MIN(index, INTR_NO_INDEX - 1), 1, &facts);
    } else {
        g_string_append(out, "usage: info irte [INDEX|all]\n");
    }
}

void hmp_info_pid(Machine *machine, char **args, GString *out)
{
    uint64_t address;

    if (!args[1] || !opt_parse_uint(args[1], &address)) {
        g_string_append(out, "usage: info pid ADDRESS\n");
        return;
    }
    intr_facts_descriptor(machine, address, &(Facts){.words = out});
}

void hmp_info_msi(Machine *machine, char **args, GString *out)
{
    if (!intr_facts_messages(machine, args[1], &(Facts){.words = out})) {
        g_string_append(out, "no such device has MSI, MSI-X or IMS; 'info qtree' lists devices\n");
    }
}

void hmp_info_interrupts(Machine *machine, char **args, GString *out)
{
    intr_facts_attempts(&machine->journal, &(Facts){.words = out});
}

void hmp_info_hyperv(Machine *machine, char **args, GString *out)
{
    if (machine->hyperv) {
        hv_describe(machine->hyperv, &(Facts){.words = out});
    } else {
        g_string_append(out, "there is no Hyper-V\n");
    }
}
