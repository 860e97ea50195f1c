/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's failures in the middle of a run. */
#include "base/report.h"

#include <errno.h>

void report_once(bool *said, const char *format, ...)
{
    if (*said) {
        return;
    }
    *said = true;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr(PROGRAM ": %s\n", text);
}

bool report_written(FILE *file, const char *what)
{
    bool said = false;
    if (fflush(file) == 0 && !ferror(file)) {
        return true;
    }
    report_once(&said, "%s: %s; nothing more is written there", what, g_strerror(errno));
    return false;
}
