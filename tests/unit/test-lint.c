/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lint: every rule is broken once by its case, and not by what comes close to it; and what lint
 * says of it, how often, and to whom. The cases are in lint/.
 */
#include <string.h>

#include "lint/unit.h"

static const LintCase *const groups[] = {
    lint_unit_cases,   lint_queue_cases, lint_entry_cases, lint_apic_cases,
    lint_ioapic_cases, lint_pci_cases,   lint_hpet_cases,  lint_amd_cases,
};

static GString *said; /* what went to stderr */

static void hear(const char *text)
{
    g_string_append(said, text);
}

static void check_broken(const Rig *rig, LintRule rule, bool expected)
{
    if ((lint_count(&rig->lint, rule) > 0) != expected) {
        g_error("rule %s was %s; said:\n%s", lint_rules[rule].name, expected ? "kept" : "broken",
                said->str);
    }
}

static void run(const LintCase *c, void (*way)(Rig *rig), bool expected)
{
    g_autofree char *line = g_strdup_printf(": %s: ", lint_rules[c->rule].name);
    Rig rig;

    g_string_truncate(said, 0);
    rig_open_with(&rig, c->props);
    way(&rig);
    check_broken(&rig, c->rule, expected);
    g_assert_cmpint(strstr(said->str, line) != NULL, ==, expected);
    rig_close(&rig);
}

static void test_case(gconstpointer data)
{
    const LintCase *c = data;

    run(c, c->comes_close, false);
    run(c, c->breaks, true);
}

/* Every row is there, has a case and a sentence, and a name of its own. */
static void test_table(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    unsigned cases[LINT_RULES] = {0};

    for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (const LintCase *c = groups[i]; c->breaks; c++) {
            g_assert_nonnull(c->comes_close);
            cases[c->rule]++;
        }
    }
    for (unsigned i = 0; i < LINT_RULES; i++) {
        const LintRow *row = &lint_rules[i];

        g_assert_true(row->name && row->what && row->section);
        g_assert_true(g_hash_table_add(names, (char *)row->name));
        g_assert_cmpuint(strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789-"), ==,
                         strlen(row->name));
        g_assert_cmpint(row->what[strlen(row->what) - 1], !=, '.');
        if (cases[i] == 0) {
            g_error("rule %s has no case", row->name);
        }
    }
}

/* A driver that does what the specification says hears nothing. */
static void test_clean(void)
{
    Rig rig;

    g_string_truncate(said, 0);
    rig_open(&rig);
    unit_start(&rig);
    unit_entry(&rig, 1, ENTRY_LOW, ENTRY_HIGH);
    g_assert_cmpint(unit_send(&rig, 1), ==, INTR_DELIVERED);
    unit_entry(&rig, 1, 0, 0);
    unit_flush(&rig, 1);
    unit_command(&rig, QIE);
    unit_command(&rig, 0);
    g_assert_cmpuint(lint_rules_broken(&rig.lint), ==, 0);
    g_assert_cmpstr(said->str, ==, "");
    rig_close(&rig);
}

static void place(void *opaque, JournalWhere *where)
{
    *where = (JournalWhere){.cpu = 1, .rip = 0xffffffff81000010};
}

/* The first breach of each source is a line; all of them are counted. */
static void test_lines(void)
{
    Journal journal = {.where = place};
    Lint lint;

    lint_init(&lint, &journal);
    g_string_truncate(said, 0);
    lint_break(&lint, LINT_SVT_ZERO, "iommu0", "entry %d", 1);
    lint_break(&lint, LINT_SVT_ZERO, "iommu0", "entry %d", 2);
    lint_break(&lint, LINT_SVT_ZERO, "iommu1", "entry %d", 3);
    g_assert_cmpstr(said->str, ==,
                    "qemu-system-x86_64: lint: iommu0: svt-zero: an entry in use accepts every "
                    "requester (SVT is 0): any device can send it (entry 1) [VT-d 9.9] at CPU 1 "
                    "rip ffffffff81000010\n"
                    "qemu-system-x86_64: lint: iommu1: svt-zero: an entry in use accepts every "
                    "requester (SVT is 0): any device can send it (entry 3) [VT-d 9.9] at CPU 1 "
                    "rip ffffffff81000010\n");
    g_assert_cmpuint(lint_count(&lint, LINT_SVT_ZERO), ==, 3);
    g_assert_cmpuint(lint_rules_broken(&lint), ==, 1);
    lint_free(&lint);
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;

    for (; *text; text++) {
        count += *text == '\n';
    }
    return count;
}

/* 32 lines and one that says that there are more; nobody there is harmless. */
static void test_limit(void)
{
    static const char *const ids[] = {"a", "b", "c"};
    Lint lint;

    lint_init(&lint, NULL);
    g_string_truncate(said, 0);
    for (unsigned i = 0; i < 99; i++) {
        lint_break(&lint, (LintRule)(i / 3), ids[i % 3], "%u", i);
        lint_break(NULL, (LintRule)(i / 3), ids[i % 3], "%u", i);
    }
    g_assert_cmpuint(count_lines(said->str), ==, 33);
    g_assert_true(g_str_has_suffix(said->str, "further ones are only counted; 'info lint' lists "
                                              "them\n"));
    g_assert_cmpuint(lint_rules_broken(&lint), ==, 33);
    lint_free(&lint);
}

static void add_cases(const LintCase *cases)
{
    for (unsigned i = 0; cases[i].breaks; i++) {
        const char *name = lint_rules[cases[i].rule].name;
        g_autofree char *path = g_strdup_printf("/lint/rule/%s/%u", name, i);

        g_test_add_data_func(path, &cases[i], test_case);
    }
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    said = g_string_new(NULL);
    g_set_printerr_handler(hear);
    for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++) {
        add_cases(groups[i]);
    }
    g_test_add_func("/lint/table", test_table);
    g_test_add_func("/lint/clean", test_clean);
    g_test_add_func("/lint/lines", test_lines);
    g_test_add_func("/lint/limit", test_limit);
    status = g_test_run();
    g_string_free(said, TRUE);
    return status;
}
