/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording's lines (system/replay_items.h). */
#include "system/replay_items.h"

#include <inttypes.h>
#include <string.h>

#include "base/optlist.h"

#define HEADER_WORDS "switchyard replay "
#define HEADER       HEADER_WORDS "2\n"

static const struct {
    const char *name;
    unsigned least, most; /* bytes */
} kinds[] = {
    [ITEM_DATA] = {"data", 1, UINT_MAX},  [ITEM_EVENT] = {"event", 1, 1},
    [ITEM_FRAME] = {"frame", 1, 1 << 17}, [ITEM_BURST] = {"burst", 0, 0},
    [ITEM_HMP] = {"hmp", 1, UINT_MAX},    [ITEM_QMP] = {"qmp", 1, UINT_MAX},
    [ITEM_PARTS] = {"parts", 1, 1 << 20}, [ITEM_HASH] = {"hash", 1, 1 << 20},
    [ITEM_END] = {"end", 0, 0},
};

ReplayItem *replay_item_new(ItemKind kind, const char *id, const uint8_t *data, size_t len)
{
    ReplayItem *item = g_new0(ReplayItem, 1);
    item->kind = kind;
    item->id = g_strdup(id);
    item->bytes = g_byte_array_new();
    g_byte_array_append(item->bytes, data, (guint)len);
    return item;
}

void replay_item_free(void *opaque)
{
    ReplayItem *item = opaque;
    g_free(item->id);
    g_byte_array_unref(item->bytes);
    g_free(item);
}

GPtrArray *replay_items_new(void)
{
    return g_ptr_array_new_with_free_func(replay_item_free);
}

char *replay_item_text(const ReplayItem *item)
{
    return g_strndup((const char *)item->bytes->data, item->bytes->len);
}

void replay_items_begin(FILE *file)
{
    fputs(HEADER, file);
}

void replay_item_write(FILE *file, const ReplayItem *item)
{
    fprintf(file, "%" PRIu64 " %" PRId64 " %s %s ", item->executed, item->ns,
            kinds[item->kind].name, item->id);
    for (guint i = 0; i < item->bytes->len; i++) {
        fprintf(file, "%02x", item->bytes->data[i]);
    }
    fputc('\n', file);
}

static bool parse_bytes(const char *text, GByteArray *bytes)
{
    for (; text[0]; text += 2) {
        if (!g_ascii_isxdigit(text[0]) || !g_ascii_isxdigit(text[1])) {
            return false;
        }
        const guint8 byte =
            (guint8)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return true;
}

static int item_kind_of(const char *word)
{
    int kind = (int)G_N_ELEMENTS(kinds) - 1;
    while (kind >= 0 && strcmp(kinds[kind].name, word) != 0) {
        kind--;
    }
    return kind;
}

static ReplayItem *replay_parse_item(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 0);
    uint64_t executed, ns;
    if (g_strv_length(words) != 5 || !opt_parse_uint(words[0], &executed) ||
        !opt_parse_uint(words[1], &ns) || item_kind_of(words[2]) < 0) {
        return NULL;
    }
    ReplayItem *item = replay_item_new((ItemKind)item_kind_of(words[2]), words[3], NULL, 0);
    item->executed = executed;
    item->ns = (int64_t)ns;
    if (parse_bytes(words[4], item->bytes) && item->bytes->len >= kinds[item->kind].least &&
        item->bytes->len <= kinds[item->kind].most) {
        return item;
    }
    replay_item_free(item);
    return NULL;
}

static bool items_error(GError **error, const char *what)
{
    g_set_error_literal(error, OPT_ERROR, 0, what);
    return false;
}

bool replay_items_read(GPtrArray *items, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error)) {
        return false;
    }
    if (!g_str_has_prefix(text, HEADER_WORDS)) {
        return items_error(error, "this is no recording");
    }
    if (!g_str_has_prefix(text, HEADER)) {
        return items_error(error, "this recording has the form of another version; record anew");
    }
    g_auto(GStrv) lines = g_strsplit(text + strlen(HEADER), "\n", 0);
    for (char **line = lines; *line && **line; line++) {
        ReplayItem *item = replay_parse_item(*line);
        if (!item) {
            return items_error(error, "the recording is damaged");
        }
        g_ptr_array_add(items, item);
    }
    return true;
}
