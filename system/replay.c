/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record and replay (docs/determinism.md). Input for the guest waits at a gate until vCPUs are
 * between turns and timers have fired; where that is, instructions and time say. A line of the file
 * is "INSTRUCTIONS NS WHAT ID HEX". The run's hash each so often tells where a replay has departed.
 */
#include "system/replay.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/report.h"
#include "chardev/chardev.h"
#include "machine/state_hash.h"

#define HEADER      "switchyard replay 1\n"
#define CHECK_EVERY 200000000 /* instructions */

typedef enum { ITEM_DATA, ITEM_EVENT, ITEM_HASH, ITEM_END } ItemKind;
static const char *const item_names[] = {"data", "event", "hash", "end"};

typedef struct {
    ItemKind kind;
    uint64_t executed;
    int64_t ns;
    char *id; /* of the character device, or "-" */
    GByteArray *bytes;
} ReplayItem;

static void item_free(void *opaque)
{
    ReplayItem *item = opaque;
    g_free(item->id);
    g_byte_array_unref(item->bytes);
    g_free(item);
}

static ReplayItem *item_new(ItemKind kind, const char *id, const uint8_t *data, size_t len)
{
    ReplayItem *item = g_new0(ReplayItem, 1);
    item->kind = kind;
    item->id = g_strdup(id);
    item->bytes = g_byte_array_new();
    g_byte_array_append(item->bytes, data, (guint)len);
    return item;
}

static uint64_t replay_executed(const Replay *replay)
{
    return machine_executed(replay->vm->machine);
}

/* The gate of a machine that is recorded. */

static size_t record_room(void *opaque, Chardev *chr)
{
    return 4096;
}

static void record_data(void *opaque, Chardev *chr, const uint8_t *data, size_t len)
{
    Replay *replay = opaque;
    g_ptr_array_add(replay->waits, item_new(ITEM_DATA, chr_id(chr), data, len));
}

static void record_event(void *opaque, Chardev *chr, ChrEvent event)
{
    Replay *replay = opaque;
    const uint8_t number = (uint8_t)event;
    g_ptr_array_add(replay->waits, item_new(ITEM_EVENT, chr_id(chr), &number, 1));
}

/* That of one that is replayed: nothing gets in. */

static size_t no_room(void *opaque, Chardev *chr)
{
    return 0;
}

static void no_data(void *opaque, Chardev *chr, const uint8_t *data, size_t len)
{
}

static void no_event(void *opaque, Chardev *chr, ChrEvent event)
{
}

bool replay_is_past(const Replay *replay)
{
    uint64_t executed = replay_executed(replay);
    return executed < replay->front ||
           (executed == replay->front && clock_now(replay->vm->platform.clock) < replay->front_ns);
}

static bool said_before(void *opaque, Chardev *chr)
{
    return replay_is_past(opaque);
}

static const ChrGate record_gate = {record_room, record_data, record_event, said_before};
static const ChrGate replay_gate = {no_room, no_data, no_event, said_before};

static void set_gates(Replay *replay, const ChrGate *gate)
{
    const Backends *backends = replay->vm->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_chardev_ids(backends, &count);
    for (size_t i = 0; i < count; i++) {
        chr_set_gate(backends_chardev(backends, ids[i]), gate, replay);
    }
}

static void write_item(Replay *replay, ItemKind kind, const char *id, const uint8_t *data,
                       size_t len)
{
    fprintf(replay->file, "%" PRIu64 " %" PRId64 " %s %s ", replay_executed(replay),
            clock_now(replay->vm->platform.clock), item_names[kind], id);
    for (size_t i = 0; i < len; i++) {
        fprintf(replay->file, "%02x", data[i]);
    }
    fputc('\n', replay->file);
}

/* What is delivered now may have to be again. */
static void remember(Replay *replay, ItemKind kind, const char *id, const uint8_t *data, size_t len)
{
    if (replay->remembers && replay->mode != REPLAY_PLAY) {
        ReplayItem *item = item_new(kind, id, data, len);
        item->executed = replay_executed(replay);
        item->ns = clock_now(replay->vm->platform.clock);
        g_ptr_array_add(replay->items, item);
        replay->vm->machine->inputs = replay->items->len;
    }
    if (replay->file) {
        write_item(replay, kind, id, data, len);
    }
}

/* All of it, as it was then. False: there is no room. */
static bool hand_over_again(Replay *replay, const ReplayItem *item)
{
    Chardev *chr = backends_chardev(replay->vm->platform.backends, item->id);
    if (chr && item->kind == ITEM_EVENT) {
        chr_guest_event(chr, (ChrEvent)item->bytes->data[0]);
    } else if (chr && chr_guest_room(chr) < item->bytes->len) {
        return false;
    } else if (chr) {
        chr_guest_receive(chr, item->bytes->data, item->bytes->len);
    }
    return true;
}

/* Data in as many parts as there is room for. True if all of it is delivered. */
static bool replay_hand_over(Replay *replay, const ReplayItem *item)
{
    Chardev *chr = backends_chardev(replay->vm->platform.backends, item->id);
    if (!chr) {
        return true;
    }
    if (item->kind == ITEM_EVENT) {
        chr_guest_event(chr, (ChrEvent)item->bytes->data[0]);
        return true;
    }
    size_t room = chr_guest_room(chr), len = MIN(room, item->bytes->len);
    if (len > 0) {
        chr_guest_receive(chr, item->bytes->data, len);
    }
    if (len > 0) {
        remember(replay, ITEM_DATA, item->id, item->bytes->data, len);
    }
    g_byte_array_remove_range(item->bytes, 0, (guint)len);
    return item->bytes->len == 0;
}

static void hash_bytes_of(Replay *replay, uint8_t *bytes)
{
    StateHash hash = machine_state_hash(replay->vm->machine);
    bytes_put64(bytes, hash.cpus);
    bytes_put64(bytes + 8, hash.devices);
    bytes_put64(bytes + 16, hash.ram);
}

static void write_hash(Replay *replay)
{
    uint8_t bytes[24];
    hash_bytes_of(replay, bytes);
    write_item(replay, ITEM_HASH, "-", bytes, sizeof(bytes));
}

static void record_deliver(Replay *replay)
{
    while (replay->waits->len > 0) {
        const ReplayItem *item = replay->waits->pdata[0];
        if (item->kind == ITEM_EVENT) {
            remember(replay, ITEM_EVENT, item->id, item->bytes->data, item->bytes->len);
        }
        if (!replay_hand_over(replay, item)) {
            break;
        }
        g_ptr_array_remove_index(replay->waits, 0);
    }
    if (replay->file && replay_executed(replay) >= replay->check_at) {
        write_hash(replay);
        replay->check_at += CHECK_EVERY;
    }
}

static bool departed(Replay *replay, const ReplayItem *item, const char *what)
{
    g_printerr(PROGRAM ": the replay departs from what was recorded: %s (instruction %" PRIu64
                       ", ns %" PRId64 "; here %" PRIu64 ", %" PRId64 ")\n",
               what, item->executed, item->ns, replay_executed(replay),
               clock_now(replay->vm->platform.clock));
    replay->vm->status = 1;
    return false;
}

static bool compare_hash(Replay *replay, const ReplayItem *item)
{
    static const char *const parts[] = {"vCPUs' registers differ", "devices differ",
                                        "memory differs"};
    uint8_t here[24];
    hash_bytes_of(replay, here);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (memcmp(item->bytes->data + 8 * i, here + 8 * i, 8) != 0) {
            return departed(replay, item, parts[i]);
        }
    }
    return true;
}

/* False: it departs, or is over. */
static bool play_item(Replay *replay, const ReplayItem *item)
{
    switch (item->kind) {
    case ITEM_HASH:
        return compare_hash(replay, item);
    case ITEM_END:
        return false;
    default:
        return hand_over_again(replay, item) ||
               departed(replay, item, "there is no room for input");
    }
}

static const ReplayItem *next_item(const Replay *replay)
{
    uint64_t at = replay->vm->machine->inputs;
    return replay->items && at < replay->items->len ? replay->items->pdata[at] : NULL;
}

static bool replay_play(Replay *replay)
{
    const ReplayItem *item;
    while ((item = next_item(replay)) != NULL) {
        uint64_t executed = replay_executed(replay);
        int64_t now = clock_now(replay->vm->platform.clock);
        if (executed < item->executed || (executed == item->executed && now < item->ns)) {
            return true;
        }
        if (executed > item->executed || now > item->ns) {
            return departed(replay, item, "nothing pauses where something came");
        }
        if (!play_item(replay, item)) {
            return false;
        }
        replay->vm->machine->inputs++;
    }
    return true;
}

/* Somebody has changed the past: what came in it once is of another run. */
static void forget_future(Replay *replay)
{
    g_ptr_array_set_size(replay->items, (gint)replay->vm->machine->inputs);
    replay->front = 0;
}

static void note_front(Replay *replay)
{
    if (replay->remembers && !replay_is_past(replay)) {
        replay->front = replay_executed(replay);
        replay->front_ns = clock_now(replay->vm->platform.clock);
    }
}

bool replay_deliver(Replay *replay)
{
    if (replay->mode == REPLAY_PLAY) {
        note_front(replay);
        return replay_play(replay);
    }
    if (replay->remembers && next_item(replay) && !replay_play(replay)) {
        replay->vm->status = 0;
        forget_future(replay);
    }
    if (replay->mode != REPLAY_OFF && !replay_is_past(replay)) {
        record_deliver(replay);
    }
    note_front(replay);
    return true;
}

uint64_t replay_next(const Replay *replay)
{
    const ReplayItem *item = next_item(replay);
    if (item) {
        return item->executed;
    }
    return replay->file ? replay->check_at : 0;
}

int64_t replay_next_ns(const Replay *replay)
{
    const ReplayItem *item = next_item(replay);
    return item && item->executed == replay_executed(replay) ? item->ns : INT64_MAX;
}

void replay_remember(Replay *replay)
{
    replay->remembers = true;
    if (replay->mode == REPLAY_OFF) {
        replay->mode = REPLAY_MEMORY;
        replay->waits = g_ptr_array_new_with_free_func(item_free);
        replay->items = g_ptr_array_new_with_free_func(item_free);
        set_gates(replay, &record_gate);
    }
}

/* Reading. */

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

static bool item_is_whole(const ReplayItem *item)
{
    static const unsigned sizes[] = {[ITEM_EVENT] = 1, [ITEM_HASH] = 24};
    return item->kind == ITEM_DATA ? item->bytes->len > 0 : item->bytes->len == sizes[item->kind];
}

static ReplayItem *replay_parse_item(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 0);
    uint64_t executed, ns;
    if (g_strv_length(words) != 5 || !opt_parse_uint(words[0], &executed) ||
        !opt_parse_uint(words[1], &ns)) {
        return NULL;
    }
    for (size_t kind = 0; kind < G_N_ELEMENTS(item_names); kind++) {
        if (strcmp(words[2], item_names[kind]) == 0) {
            ReplayItem *item = item_new((ItemKind)kind, words[3], NULL, 0);
            item->executed = executed;
            item->ns = (int64_t)ns;
            if (parse_bytes(words[4], item->bytes) && item_is_whole(item)) {
                return item;
            }
            item_free(item);
        }
    }
    return NULL;
}

static bool replay_error(const Replay *replay, const char *what)
{
    g_printerr(PROGRAM ": -icount rrfile=%s: %s\n", replay->vm->opts->icount.rr_file, what);
    return false;
}

static bool read_items(Replay *replay)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(replay->vm->opts->icount.rr_file, &text, NULL, &error)) {
        return replay_error(replay, error->message);
    }
    if (!g_str_has_prefix(text, HEADER)) {
        return replay_error(replay, "this is no recording");
    }
    g_auto(GStrv) lines = g_strsplit(text + strlen(HEADER), "\n", 0);
    for (char **line = lines; *line && **line; line++) {
        ReplayItem *item = replay_parse_item(*line);
        if (!item) {
            return replay_error(replay, "the recording is damaged");
        }
        g_ptr_array_add(replay->items, item);
    }
    return true;
}

static bool start_recording(Replay *replay)
{
    replay->file = fopen(replay->vm->opts->icount.rr_file, "we");
    if (!replay->file) {
        return replay_error(replay, g_strerror(errno));
    }
    fputs(HEADER, replay->file);
    replay->check_at = replay_executed(replay) + CHECK_EVERY;
    return true;
}

bool replay_open(Replay *replay, Vm *vm)
{
    *replay = (Replay){.vm = vm, .mode = vm->opts->icount.rr};
    if (replay->mode == REPLAY_OFF) {
        return true;
    }
    replay->waits = g_ptr_array_new_with_free_func(item_free);
    replay->items = g_ptr_array_new_with_free_func(item_free);
    if (!(replay->mode == REPLAY_RECORD ? start_recording(replay) : read_items(replay))) {
        g_ptr_array_unref(replay->waits);
        g_ptr_array_unref(replay->items);
        return false;
    }
    set_gates(replay, replay->mode == REPLAY_RECORD ? &record_gate : &replay_gate);
    return true;
}

/* A run that ended by itself has to be the recorded one up to its end. */
static void compare_end(Replay *replay)
{
    const ReplayItem *item = next_item(replay);
    if (!item || item->kind == ITEM_END || replay->vm->status != 0) {
        return;
    }
    if (item->executed != replay_executed(replay) || item->kind != ITEM_HASH) {
        departed(replay, item, "it ends elsewhere");
    } else {
        compare_hash(replay, item);
    }
}

void replay_close(Replay *replay)
{
    if (replay->file) {
        Clock *clock = replay->vm->platform.clock;
        if (clock_until_deadline(clock) > 0) { /* a replay looks when timers have fired */
            write_hash(replay);
        }
        write_item(replay, ITEM_END, "-", NULL, 0);
        fclose(replay->file);
    } else if (replay->mode == REPLAY_PLAY) {
        compare_end(replay);
    }
    if (replay->mode != REPLAY_OFF) {
        set_gates(replay, NULL);
        g_ptr_array_unref(replay->waits);
        g_ptr_array_unref(replay->items);
        replay->mode = REPLAY_OFF;
    }
}
