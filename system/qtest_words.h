/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What qtest's lines are made of: words between blanks, many of which are numbers. Private to
 * system/. */
#ifndef SYSTEM_QTEST_WORDS_H
#define SYSTEM_QTEST_WORDS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Splits at single spaces, as the protocol has it; several count as one. The words are the line's,
 * the array is the caller's. */
char **qtest_split(char *line);
/* The first `count` arguments behind the command, in any base that C has; complains in `reply` of
 * one that is none, or of more than 64 bits. */
bool qtest_numbers(char **args, int count, uint64_t *out, GString *reply);
/* Bytes that the command's last letter tells: b, w, l, else 8. */
unsigned qtest_width_of(const char *command);

#endif
