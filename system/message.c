/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages (system/message.h). GLib's own handler would translate them into the locale's letters,
 * which mangles file names. */
#include "system/message.h"

#include <glib.h>
#include <stdio.h>

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

void message_init(bool times)
{
    g_set_printerr_handler(times ? message_say_with_time : message_say);
}
