/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMP's tables; private to monitor/. */
#ifndef MONITOR_HMP_COMMANDS_H
#define MONITOR_HMP_COMMANDS_H

#include "base/outside.h"
#include "machine/machine.h"

typedef struct HmpCommand HmpCommand;
struct HmpCommand {
    const char *name, *alias, *help;
    /* args[0] is the command's own word; ends with NULL. */
    void (*run)(Machine *machine, char **args, GString *out);
    /* Instead, for commands that speak of one CPU: `cpu` if nothing else is said, or 0 without
     * CPUs. */
    void (*run_cpu)(Machine *machine, unsigned cpu, char **args, GString *out);
    CommandEffect effect;
    /* Instead, of the one that changes of which CPU commands speak. */
    void (*choose)(Machine *machine, char **args, unsigned *cpu, GString *out);
    /* For Tab: appends (g_strdup) what an argument may be; `word` is what of it has been typed.
     * NULL: nobody knows. */
    void (*words)(const Machine *machine, const char *word, GPtrArray *words);
    const HmpCommand *pages; /* what the first argument chooses from, with words of its own */
};

extern const HmpCommand hmp_commands[]; /* both end with a NULL name */
extern const HmpCommand hmp_info_pages[];

/* hmp_journal.c */
void hmp_why(Machine *machine, char **args, GString *out);
void hmp_info_journal(Machine *machine, char **args, GString *out);
void hmp_journal(Machine *machine, char **args, GString *out);
void hmp_break_intr(Machine *machine, char **args, GString *out);
void hmp_log(Machine *machine, char **args, GString *out);
void hmp_logfile(Machine *machine, char **args, GString *out);
void hmp_trace_event(Machine *machine, char **args, GString *out);

/* hmp_intr.c */
void hmp_info_iommu(Machine *machine, char **args, GString *out);
void hmp_info_irte(Machine *machine, char **args, GString *out);
void hmp_info_hyperv(Machine *machine, char **args, GString *out);
void hmp_info_pid(Machine *machine, char **args, GString *out);
void hmp_info_msi(Machine *machine, char **args, GString *out);
void hmp_info_interrupts(Machine *machine, char **args, GString *out);
/* hotplug.c */
/* Takes the error. */
void hmp_say_error(GString *out, GError *error);
void hmp_device_add(Machine *machine, char **args, GString *out);
void hmp_device_del(Machine *machine, char **args, GString *out);
void hmp_info_hotpluggable_cpus(Machine *machine, char **args, GString *out);
/* net.c */
void hmp_info_network(Machine *machine, char **args, GString *out);
void hmp_netdev_add(Machine *machine, char **args, GString *out);
void hmp_netdev_del(Machine *machine, char **args, GString *out);
void hmp_set_link(Machine *machine, char **args, GString *out);
/* memory.c */
void hmp_memsave(Machine *machine, unsigned cpu, char **args, GString *out);
void hmp_pmemsave(Machine *machine, char **args, GString *out);
void hmp_gva2gpa(Machine *machine, unsigned cpu, char **args, GString *out);
void hmp_info_memory_size(Machine *machine, char **args, GString *out);
/* qmp_cpu.c */
void hmp_nmi(Machine *machine, char **args, GString *out);
/* snapshot.c */
void hmp_savevm(Machine *machine, char **args, GString *out);
void hmp_loadvm(Machine *machine, char **args, GString *out);
void hmp_delvm(Machine *machine, char **args, GString *out);
void hmp_info_snapshots(Machine *machine, char **args, GString *out);
/* checkpoint.c */
void hmp_checkpoint(Machine *machine, char **args, GString *out);
void hmp_restore(Machine *machine, char **args, GString *out);
void hmp_info_checkpoints(Machine *machine, char **args, GString *out);
/* dump.c */
void hmp_dump(Machine *machine, char **args, GString *out);
void hmp_screendump(Machine *machine, char **args, GString *out);
void hmp_sendkey(Machine *machine, char **args, GString *out);
/* input.c */
void hmp_mouse_move(Machine *machine, char **args, GString *out);
void hmp_mouse_button(Machine *machine, char **args, GString *out);
void hmp_mouse_set(Machine *machine, char **args, GString *out);
void hmp_info_vnc(Machine *machine, char **args, GString *out);
void hmp_set_password(Machine *machine, char **args, GString *out);
void hmp_expire_password(Machine *machine, char **args, GString *out);
void hmp_info_mice(Machine *machine, char **args, GString *out);
/* migration.c */
void hmp_migrate(Machine *machine, char **args, GString *out);
void hmp_info_migrate(Machine *machine, char **args, GString *out);
/* lint.c */
void hmp_info_lint(Machine *machine, char **args, GString *out);

/* hmp_dump.c */
void hmp_x(Machine *machine, unsigned cpu, char **args, GString *out);
void hmp_xp(Machine *machine, unsigned cpu, char **args, GString *out);
void hmp_print(Machine *machine, unsigned cpu, char **args, GString *out);
void hmp_port_in(Machine *machine, unsigned cpu, char **args, GString *out);
void hmp_port_out(Machine *machine, unsigned cpu, char **args, GString *out);
void hmp_sum(Machine *machine, char **args, GString *out);
/* hmp_paging.c */
void hmp_info_tlb(Machine *machine, unsigned cpu, char **args, GString *out);
void hmp_info_mem(Machine *machine, unsigned cpu, char **args, GString *out);
/* hmp_info_more.c */
void hmp_info_memdev(Machine *machine, char **args, GString *out);
void hmp_info_roms(Machine *machine, char **args, GString *out);
void hmp_info_trace_events(Machine *machine, char **args, GString *out);
void hmp_info_numa(Machine *machine, char **args, GString *out);
void hmp_info_nothing(Machine *machine, char **args, GString *out);
/* hmp_complete.c */
void hmp_words_help(const Machine *machine, const char *word, GPtrArray *words);
void hmp_words_info(const Machine *machine, const char *word, GPtrArray *words);
void hmp_words_device(const Machine *machine, const char *word, GPtrArray *words);
void hmp_words_user_device(const Machine *machine, const char *word, GPtrArray *words);
void hmp_words_driver(const Machine *machine, const char *word, GPtrArray *words);
void hmp_words_netdev(const Machine *machine, const char *word, GPtrArray *words);
void hmp_words_trace(const Machine *machine, const char *word, GPtrArray *words);
void hmp_words_snapshot(const Machine *machine, const char *word, GPtrArray *words);
/* Appends (g_strdup) what the last word of `before` can go on to; returns where that begins. */
size_t hmp_complete(const Machine *machine, const char *before, GPtrArray *found);

/* The command of that name ("xp/4xw" is "xp"), or NULL. */
const HmpCommand *hmp_find(const HmpCommand *table, const char *word);
void hmp_list(const HmpCommand *table, const char *prefix, GString *out);
void hmp_dispatch(const HmpCommand *table, Machine *machine, unsigned cpu, char **args,
                  GString *out);

#endif
