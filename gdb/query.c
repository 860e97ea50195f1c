/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queries, and what a client sets (E.4). Names with "qemu." are QEMU's. */
#include <errno.h>
#include <string.h>

#include "gdb/features.h"
#include "gdb/server.h"
#include "monitor/hmp.h"

/* Console text goes out in packets of that many bytes. */
#define CONSOLE_BYTES (GDB_PACKET_BYTES / 4)

static void query_supported(Gdb *gdb, const char *args, size_t len)
{
    g_autofree char *answer = g_strdup_printf(
        "PacketSize=%x;qXfer:features:read+;vContSupported+;multiprocess+;QStartNoAckMode+;"
        "swbreak+;hwbreak+%s",
        GDB_PACKET_BYTES, gdb->machine->past ? ";ReverseStep+;ReverseContinue+" : "");
    gdb->multiprocess = strstr(args, "multiprocess+") != NULL;
    gdb->swbreak = strstr(args, "swbreak+") != NULL;
    gdb_send_text(gdb, answer);
}

/* "ANNEX:OFFSET,LENGTH": 'm' and a part, 'l' and the last one. */
static void query_features(Gdb *gdb, const char *args, size_t len)
{
    const char *colon = strchr(args, ':');
    const char *text = colon ? colon + 1 : "";
    uint64_t offset, size;
    if (!gdb_take_range(&text, &offset, &size)) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    g_autofree char *annex = g_strndup(args, (size_t)(colon - args));
    g_autofree char *whole = gdb_description(annex);
    if (!whole) {
        gdb_send_text(gdb, "E00");
        return;
    }
    size_t total = strlen(whole);
    size_t from = (size_t)MIN(offset, total);
    size_t part = (size_t)MIN(size, MIN(total - from, GDB_PACKET_BYTES - 1));
    g_autoptr(GString) out = g_string_new(from + part < total ? "m" : "l");
    g_string_append_len(out, whole + from, (gssize)part);
    gdb_send(gdb, out->str, out->len);
}

static void query_thread(Gdb *gdb, const char *args, size_t len)
{
    g_autoptr(GString) out = g_string_new("QC");
    gdb_put_thread(gdb, out, gdb->cpu);
    gdb_send_text(gdb, out->str);
}

static void query_first_threads(Gdb *gdb, const char *args, size_t len)
{
    gdb_list_threads(gdb, true);
}

static void query_more_threads(Gdb *gdb, const char *args, size_t len)
{
    gdb_list_threads(gdb, false);
}

static void query_thread_info(Gdb *gdb, const char *args, size_t len)
{
    gdb_describe_thread(gdb, args);
}

static void query_attached(Gdb *gdb, const char *args, size_t len)
{
    gdb_send_text(gdb, "1");
}

static void say_on_console(Gdb *gdb, const char *text, size_t len)
{
    for (size_t at = 0; at < len; at += CONSOLE_BYTES) {
        g_autoptr(GString) out = g_string_new("O");
        gdb_put_hex(out, text + at, MIN(len - at, CONSOLE_BYTES));
        gdb_send(gdb, out->str, out->len);
    }
}

void gdb_say(Gdb *gdb, const char *text)
{
    if (gdb->owes_stop) {
        say_on_console(gdb, text, strlen(text));
    }
}

/* "monitor ...": a line for the monitor, and what it prints. */
static void query_monitor(Gdb *gdb, const char *args, size_t len)
{
    size_t bytes = (len + 1) / 2;
    g_autofree char *line = g_malloc0(bytes + 1);
    g_autoptr(GString) said = g_string_new(NULL);
    if (gdb_take_hex(args, (uint8_t *)line, bytes) < bytes || strlen(line) < bytes) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    hmp_execute(gdb->machine, gdb->cpu, line, said);
    say_on_console(gdb, said->str, said->len);
    gdb_send_text(gdb, "OK");
}

static void query_step_bits(Gdb *gdb, const char *args, size_t len)
{
    gdb_send_text(gdb, "ENABLE=1,NOIRQ=2,NOTIMER=4");
}

static void query_step(Gdb *gdb, const char *args, size_t len)
{
    g_autofree char *answer = g_strdup_printf("0x%x", gdb->step_flags);
    gdb_send_text(gdb, answer);
}

static void query_physical(Gdb *gdb, const char *args, size_t len)
{
    gdb_send_text(gdb, gdb->physical ? "1" : "0");
}

typedef struct {
    const char *name;
    void (*answer)(Gdb *gdb, const char *args, size_t len); /* of what follows the name */
} Query;
static const Query queries[] = {
    {"Supported", query_supported},
    {"Xfer:features:read:", query_features},
    {"C", query_thread},
    {"fThreadInfo", query_first_threads},
    {"sThreadInfo", query_more_threads},
    {"ThreadExtraInfo,", query_thread_info},
    {"Attached", query_attached},
    {"Rcmd,", query_monitor},
    {"Search:memory:", gdb_search_memory},
    {"qemu.sstepbits", query_step_bits},
    {"qemu.sstep", query_step},
    {"qemu.PhyMemMode", query_physical},
};

bool gdb_query(Gdb *gdb, const char *text, size_t len)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(queries); i++) {
        size_t name = strlen(queries[i].name);
        /* A name that ends with a letter ends there, too. */
        bool whole = !g_ascii_isalnum(queries[i].name[name - 1]) || !g_ascii_isalnum(text[name]);
        if (strncmp(text, queries[i].name, name) == 0 && whole) {
            queries[i].answer(gdb, text + name, len - name);
            return true;
        }
    }
    return false;
}

bool gdb_set(Gdb *gdb, const char *text)
{
    uint64_t value;
    if (strcmp(text, "StartNoAckMode") == 0) {
        gdb_send_text(gdb, "OK"); /* this one is still acknowledged */
        gdb->no_ack = true;
        return true;
    }
    if (gdb_take_prefix(&text, "qemu.PhyMemMode:") && gdb_take_number(&text, &value)) {
        gdb->physical = value != 0;
        gdb_send_text(gdb, "OK");
        return true;
    }
    if (gdb_take_prefix(&text, "qemu.sstep") && (*text == '=' || *text == ':')) {
        text++;
        gdb_take_prefix(&text, "0x");
        if (gdb_take_number(&text, &value) && value <= GDB_STEP_BITS) {
            gdb->step_flags = (unsigned)value;
            gdb_send_text(gdb, "OK");
        } else {
            gdb_send_error(gdb, EINVAL);
        }
        return true;
    }
    return false;
}
