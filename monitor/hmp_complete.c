/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Tab completes in HMP: commands, pages of `info`, and what their arguments name. */
#include <string.h>

#include "display/display.h"
#include "machine/snapshot.h"
#include "monitor/hmp_commands.h"

static void add_word(GPtrArray *words, const char *word)
{
    g_ptr_array_add(words, g_strdup(word));
}

static void add_commands(const HmpCommand *table, GPtrArray *words)
{
    for (const HmpCommand *c = table; c->name; c++) {
        add_word(words, c->name);
    }
}

void hmp_words_help(const Machine *machine, const char *word, GPtrArray *words)
{
    add_commands(hmp_commands, words);
}

void hmp_words_info(const Machine *machine, const char *word, GPtrArray *words)
{
    add_commands(hmp_info_pages, words);
}

void hmp_words_device(const Machine *machine, const char *word, GPtrArray *words)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        add_word(words, dev->id);
    }
}

void hmp_words_user_device(const Machine *machine, const char *word, GPtrArray *words)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        if (dev->has_user_id) {
            add_word(words, dev->id);
        }
    }
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        if (machine->cpu_ids[i]) {
            add_word(words, machine->cpu_ids[i]);
        }
    }
}

/* What comes after the last comma of "driver,key=value,ke". */
static void add_properties(const char *word, const PropInfo *table, GPtrArray *words)
{
    int kept = (int)(strrchr(word, ',') + 1 - word);
    for (const PropInfo *p = table; p && p->name; p++) {
        g_ptr_array_add(words, g_strdup_printf("%.*s%s=", kept, word, p->name));
    }
}

void hmp_words_driver(const Machine *machine, const char *word, GPtrArray *words)
{
    if (!strchr(word, ',')) {
        for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
            if ((*cls)->category != DEVICE_UNSORTED) {
                add_word(words, (*cls)->name);
            }
        }
        return;
    }
    g_autofree char *driver = g_strndup(word, strcspn(word, ","));
    const DeviceClass *cls = device_class_find(driver);
    if (cls) {
        add_properties(word, (const PropInfo[]){{.name = "id"}, PROP_END}, words);
        add_properties(word, cls->props, words);
        add_properties(word, cls->bus_props, words);
    }
}

static void add_ids(const char **ids, size_t count, GPtrArray *words)
{
    for (size_t i = 0; i < count; i++) {
        add_word(words, ids[i]);
    }
    g_free(ids);
}

void hmp_words_netdev(const Machine *machine, const char *word, GPtrArray *words)
{
    size_t count;
    const char **ids = backends_netdev_ids(machine->platform.backends, &count);
    add_ids(ids, count, words);
}

void hmp_words_trace(const Machine *machine, const char *word, GPtrArray *words)
{
    const char *comma = strrchr(word, ',');
    int kept = comma ? (int)(comma + 1 - word) : 0;
    for (unsigned group = 0; group < TRACE_GROUPS; group++) {
        g_ptr_array_add(words,
                        g_strdup_printf("%.*s%s", kept, word, trace_group_name((TraceGroup)group)));
    }
}

void hmp_words_snapshot(const Machine *machine, const char *word, GPtrArray *words)
{
    g_autoptr(GPtrArray) list = snapshot_list(machine, NULL);
    for (guint i = 0; list && i < list->len; i++) {
        const SnapshotInfo *info = list->pdata[i];
        add_word(words, info->name);
    }
}

/* The words that the last one of `before` could be, and where that begins. */
static void words_for(const Machine *machine, const char *before, const char *last,
                      GPtrArray *words)
{
    const char *first = before + strspn(before, " ");
    if (first == last) {
        add_commands(hmp_commands, words);
        return;
    }
    g_autofree char *name = g_strndup(first, strcspn(first, " "));
    const HmpCommand *command = hmp_find(hmp_commands, name);
    const char *second = first + strlen(name);
    second += strspn(second, " ");
    if (command && command->pages && second < last) { /* "info PAGE word" */
        g_autofree char *page = g_strndup(second, strcspn(second, " "));
        command = hmp_find(command->pages, page);
    }
    if (command && command->words) {
        command->words(machine, last, words);
    }
}

size_t hmp_complete(const Machine *machine, const char *before, GPtrArray *found)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    const char *space = strrchr(before, ' '), *last = space ? space + 1 : before;
    words_for(machine, before, last, words);
    for (guint i = 0; i < words->len; i++) {
        if (g_str_has_prefix(words->pdata[i], last)) {
            add_word(found, words->pdata[i]);
        }
    }
    return (size_t)(last - before);
}
