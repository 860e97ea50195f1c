/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the nearest of a list of names, by edit distance. */
#include <glib.h>
#include <string.h>

#include "base/names.h"

/* Longer names are not compared: they come from users. */
#define LONGEST 64

/* Insertions, deletions, substitutions and swaps of neighbours that lead from `a` to `b`. */
static unsigned edit_distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    unsigned rows[3][LONGEST + 1];
    for (size_t j = 0; j <= lb; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= la; i++) {
        unsigned *now = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned cost = g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]);
            now[j] = MIN(MIN(up[j] + 1, now[j - 1] + 1), up[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = MIN(now[j], up2[j - 2] + 1);
            }
        }
    }
    return rows[la % 3][lb];
}

const char *nearest_name(const char *name, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t len = strlen(name);
    if (len == 0 || len > LONGEST) {
        return NULL;
    }
    /* Half of the letters may be wrong; beyond that a guess confuses more than it helps. */
    unsigned limit = (unsigned)(len + 1) / 2;
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) > LONGEST) {
            continue;
        }
        unsigned distance = edit_distance(name, names[i]);
        /* A name that continues what was typed is likely what was meant. */
        if (len >= 3 && g_ascii_strncasecmp(names[i], name, len) == 0) {
            distance = 1;
        }
        if (distance <= limit && (!best || distance < limit)) {
            best = names[i];
            limit = distance;
        }
    }
    return best;
}
