/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages (system/message.h). GLib's own handler would translate them into the locale's letters,
 * which mangles file names. */
#include "system/message.h"

#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#include "base/report.h"

static void message_say(const char *line)
{
    fputs(line, stderr);
}

static void message_say_with_time(const char *line)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format_iso8601(now);
    fprintf(stderr, "%s %s", time, line);
}

/* What GLib and we cannot go on without is memory, mostly: that is no fault of the program's, so
 * it ends with a line and not by a signal. */
static void message_log(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
    if (!(level & G_LOG_LEVEL_ERROR)) {
        g_log_default_handler(domain, level, text, data);
        return;
    }
    g_printerr(PROGRAM ": %s\n", text);
    _exit(1);
}

void message_init(bool times)
{
    g_log_set_default_handler(message_log, NULL);
    g_set_printerr_handler(times ? message_say_with_time : message_say);
}
