/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lint: rules of what a guest must not do because hardware does not promise to forgive it, looked
 * after while it happens, though nothing may have failed. The table of rules is closed
 * (lint_rules.c); docs/lint.md is made from it by scripts/lint-rules.
 *
 * A check stands where the register or the queue is written, costs a compare or two while the rule
 * is kept, and calls lint_break() when it is not. What has to be remembered for it is small and
 * beside the chip that it is about; it is not saved, and zero accuses nobody.
 *
 * Where a function takes a Lint, NULL is none: -lint off, or a device alone in a test.
 */
#ifndef HW_INTR_LINT_H
#define HW_INTR_LINT_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>

#include "hw/intr/journal.h"
#include "hw/intr/lint_rules.h"

typedef enum {
    LINT_WARNING, /* some hardware forgives it, or it only looks wrong */
    LINT_ERROR,   /* forbidden: what hardware does then is not said, or is a loss */
} LintSeverity;

typedef struct {
    const char *name;    /* kebab-case */
    const char *what;    /* what the guest did: a sentence without its full stop */
    const char *section; /* of the specification that asks for otherwise */
    LintSeverity severity;
} LintRow;
extern const LintRow lint_rules[LINT_RULES];

typedef struct {
    const char *source; /* a device's id, interned */
    uint64_t count;
    /* Of the first one: values in a few words, when, and on whose behalf. */
    char *details;
    int64_t time;
    JournalWhere where;
} LintBreaches;

typedef struct Lint {
    const Journal *journal;       /* knows on whose behalf things happen; NULL: nobody does */
    GArray *breaches[LINT_RULES]; /* of LintBreaches; NULL: the rule was kept */
    unsigned lines;               /* on stderr */
    struct JournalFile *file;     /* where findings are written, too; NULL: nowhere */
} Lint;

/* What -lint says. */
typedef enum { LINT_MODE_ON, LINT_MODE_OFF, LINT_MODE_ERROR } LintMode;
#define LINT_ERROR_STATUS 3 /* exit status, with LINT_MODE_ERROR */

void lint_init(Lint *lint, const Journal *journal);
void lint_free(Lint *lint);
/* `source`, a device's id, broke the rule. The format says more about this case: values, in a few
 * words. The first breach by each source is a line on stderr. */
void lint_break(Lint *lint, LintRule rule, const char *source, const char *format, ...)
    G_GNUC_PRINTF(4, 5) __attribute__((cold));
/* The same for a Device. */
#define LINT_BREAK(dev_, rule_, ...)                                                               \
    lint_break((dev_)->platform->lint, rule_, (dev_)->id, __VA_ARGS__)

/* On whose behalf something happens now, as far as anybody knows. */
JournalWhere lint_where(const Lint *lint);

uint64_t lint_count(const Lint *lint, LintRule rule);
unsigned lint_rules_broken(const Lint *lint);
const char *lint_severity_name(LintSeverity severity);

#endif
