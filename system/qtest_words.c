/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of qtest's lines (system/qtest_words.h). */
#include "system/qtest_words.h"

#include <errno.h>
#include <string.h>

static bool qtest_number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = g_ascii_strtoull(text, &end, 0);
    return errno == 0 && end != text && *end == '\0';
}

bool qtest_numbers(char **args, int count, uint64_t *out, GString *reply)
{
    for (int i = 0; i < count; i++) {
        if (!qtest_number(args[i + 1], &out[i])) {
            g_string_printf(reply, "FAIL '%s' is no number", args[i + 1]);
            return false;
        }
    }
    return true;
}

unsigned qtest_width_of(const char *command)
{
    switch (command[strlen(command) - 1]) {
    case 'b':
        return 1;
    case 'w':
        return 2;
    case 'l':
        return 4;
    default:
        return 8;
    }
}

char **qtest_split(char *line)
{
    GPtrArray *words = g_ptr_array_new();
    char *rest = NULL;
    for (char *w = strtok_r(line, " \r", &rest); w; w = strtok_r(NULL, " \r", &rest)) {
        g_ptr_array_add(words, w);
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}
