/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record and replay (docs/determinism.md). Input for the guest waits at a gate until vCPUs are
 * between turns and timers have fired; where that is, instructions and time say. A line of the file
 * is "INSTRUCTIONS NS WHAT ID HEX". The run's hash each so often tells where a replay has departed.
 */
#include "system/replay.h"

#include <errno.h>
#include <string.h>

#include "base/report.h"
#include "chardev/chardev.h"
#include "machine/snapshot.h"
#include "machine/state_hash.h"
#include "net/outside.h"
#include "system/replay_door.h"

#define PARTS_EVERY 20000000   /* instructions */
#define HASH_EVERY  1000000000 /* with memory: all of it is read, 0.2 s a GiB */

static uint64_t replay_executed(const Replay *replay)
{
    return machine_executed(replay->vm->machine);
}

bool replay_is_past(const Replay *replay)
{
    uint64_t executed = replay_executed(replay);
    return executed < replay->front ||
           (executed == replay->front && clock_now(replay->vm->platform.clock) < replay->front_ns);
}

static ReplayItem *item_here(const Replay *replay, ItemKind kind, const char *id,
                             const uint8_t *data, size_t len)
{
    ReplayItem *item = replay_item_new(kind, id, data, len);
    item->executed = replay_executed(replay);
    item->ns = clock_now(replay->vm->platform.clock);
    return item;
}

static void write_here(Replay *replay, ItemKind kind, const void *data, size_t len)
{
    ReplayItem *item = item_here(replay, kind, "-", data, len);
    replay_item_write(replay->file, item);
    replay_item_free(item);
}

/* What is delivered now may have to be again. */
static void remember(Replay *replay, ItemKind kind, const char *id, const uint8_t *data, size_t len)
{
    ReplayItem *item = item_here(replay, kind, id, data, len);
    if (replay->file) {
        replay_item_write(replay->file, item);
    }
    if (replay->remembers && replay->mode != REPLAY_PLAY) {
        g_ptr_array_add(replay->items, item);
        replay->vm->machine->inputs = replay->items->len;
    } else {
        replay_item_free(item);
    }
}

static Netdev *netdev_of(const Replay *replay, const ReplayItem *item)
{
    return backends_netdev(replay->vm->platform.backends, item->id);
}

static void command_again(Replay *replay, const ReplayItem *item)
{
    g_autofree char *text = replay_item_text(item);
    replay->hands_over = true;
    if (item->kind == ITEM_HMP) {
        g_autoptr(GString) said = g_string_new(NULL);
        hmp_execute(replay->vm->machine, 0, text, said);
    } else {
        qmp_execute(replay->vm->machine, text);
    }
    replay->hands_over = false;
    replay_door_keep(replay);
}

/* What always finds its place. False: it is something else. */
static bool hand_over_at_once(Replay *replay, const ReplayItem *item)
{
    Netdev *nd = netdev_of(replay, item);
    switch (item->kind) {
    case ITEM_FRAME:
        if (nd) {
            netdev_enter(nd, item->bytes->data, item->bytes->len);
        }
        return true;
    case ITEM_BURST:
        if (nd) {
            netdev_enter_end(nd);
        }
        return true;
    case ITEM_HMP:
    case ITEM_QMP:
        command_again(replay, item);
        return true;
    default:
        return false;
    }
}

/* All of it, as it was then. False: there is no room. */
static bool hand_over_again(Replay *replay, const ReplayItem *item)
{
    if (hand_over_at_once(replay, item)) {
        return true;
    }
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

/* A line for each section. */
static GString *sections_here(const Replay *replay, ItemKind kind)
{
    GString *text = g_string_new(NULL);
    if (kind == ITEM_HASH) {
        machine_state_hash_sections(replay->vm->machine, text);
    } else {
        machine_state_hash_parts(replay->vm->machine, text);
    }
    return text;
}

static void write_hash(Replay *replay, ItemKind kind)
{
    g_autoptr(GString) text = sections_here(replay, kind);
    write_here(replay, kind, text->str, text->len);
}

/* Several frames of a network are one burst, after which the card tells the guest. */
static void end_bursts(Replay *replay, GPtrArray *received)
{
    for (guint i = 0; i < received->len; i++) {
        Netdev *nd = backends_netdev(replay->vm->platform.backends, received->pdata[i]);
        remember(replay, ITEM_BURST, received->pdata[i], NULL, 0);
        netdev_enter_end(nd);
    }
}

static void deliver_frame(Replay *replay, const ReplayItem *item, GPtrArray *received)
{
    Netdev *nd = netdev_of(replay, item);
    if (!nd) {
        return; /* it was taken away meanwhile */
    }
    remember(replay, ITEM_FRAME, item->id, item->bytes->data, item->bytes->len);
    netdev_enter(nd, item->bytes->data, item->bytes->len);
    if (!g_ptr_array_find(received, netdev_id(nd), NULL)) {
        g_ptr_array_add(received, (gpointer)netdev_id(nd));
    }
}

/* False: there is no room for all of it. */
static bool deliver_one(Replay *replay, const ReplayItem *item, GPtrArray *received)
{
    if (item->kind == ITEM_FRAME) {
        deliver_frame(replay, item, received);
        return true;
    }
    if (item->kind == ITEM_EVENT) {
        remember(replay, ITEM_EVENT, item->id, item->bytes->data, item->bytes->len);
    }
    return replay_hand_over(replay, item);
}

static void look_at_hash(Replay *replay)
{
    uint64_t executed = replay_executed(replay);
    if (replay->file && executed >= replay->check_at) {
        bool all = replay->check_at >= PARTS_EVERY &&
                   executed / HASH_EVERY != (replay->check_at - PARTS_EVERY) / HASH_EVERY;
        write_hash(replay, all ? ITEM_HASH : ITEM_PARTS);
        replay->check_at = (executed / PARTS_EVERY + 1) * PARTS_EVERY;
    }
}

static void record_deliver(Replay *replay)
{
    g_autoptr(GPtrArray) received = g_ptr_array_new();
    while (replay->waits->len > 0 && deliver_one(replay, replay->waits->pdata[0], received)) {
        g_ptr_array_remove_index(replay->waits, 0);
    }
    end_bursts(replay, received);
    look_at_hash(replay);
}

void replay_note_command(Replay *replay, CommandTongue tongue, const char *text)
{
    if (replay_is_past(replay)) {
        replay_forget_future(replay);
    }
    replay->settle(replay->settle_opaque);
    remember(replay, tongue == COMMAND_HMP ? ITEM_HMP : ITEM_QMP, "-", (const uint8_t *)text,
             strlen(text));
}

static bool departed(Replay *replay, const ReplayItem *item, const char *what)
{
    g_printerr(PROGRAM ": the replay departs from what was recorded: %s (instruction %" PRIu64
                       ", ns %" PRId64 "; here %" PRIu64 ", %" PRId64 "; up to instruction %" PRIu64
                       " it was the same)\n",
               what, item->executed, item->ns, replay_executed(replay),
               clock_now(replay->vm->platform.clock), replay->agreed);
    replay->vm->status = 1;
    return false;
}

/* Where another number of instructions was executed these differ, too, and tell nothing. */
static bool follows_from_others(const char *line)
{
    return g_str_has_prefix(line, "clock ") || g_str_has_prefix(line, "turns ");
}

/* "hpet hpet: 0123..." of the first section that is not as it was; NULL: there is none. */
static const char *differing_line(char **old, char **new)
{
    const char *found = NULL;
    for (guint i = 0; old[i] && new[i]; i++) {
        if (strcmp(old[i], new[i]) != 0 && !follows_from_others(old[i])) {
            return new[i][0] ? new[i] : old[i];
        }
        if (strcmp(old[i], new[i]) != 0) {
            found = found ? found : new[i];
        }
    }
    return found;
}

static char *differing_section(const char *then, const char *here)
{
    g_auto(GStrv) old = g_strsplit(then, "\n", 0), new = g_strsplit(here, "\n", 0);
    const char *line = differing_line(old, new);
    const char *space = line ? strchr(line, ' ') : NULL, *colon = line ? strrchr(line, ':') : NULL;
    if (!space || !colon || space > colon) {
        return g_strdup("the sections are others");
    }
    return g_strdup_printf("section '%.*s' of '%.*s' differs", (int)(space - line), line,
                           (int)(colon - space - 1), space + 1);
}

static bool compare_hash(Replay *replay, const ReplayItem *item)
{
    g_autoptr(GString) here = sections_here(replay, item->kind);
    g_autofree char *then = replay_item_text(item);
    if (strcmp(here->str, then) != 0) {
        g_autofree char *what = differing_section(then, here->str);
        return departed(replay, item, what);
    }
    replay->agreed = item->executed;
    return true;
}

/* The machine has gone by the place of an item. */
static bool departed_in_place(Replay *replay, const ReplayItem *item)
{
    bool hash = item->kind == ITEM_PARTS || item->kind == ITEM_HASH;
    return hash && !compare_hash(replay, item)
               ? false
               : departed(replay, item, "nothing pauses where something came");
}

/* False: it departs, or is over. */
static bool play_item(Replay *replay, const ReplayItem *item)
{
    switch (item->kind) {
    case ITEM_PARTS:
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
    while ((item = next_item(replay)) != NULL && !runstate_pending(replay->vm->runstate)) {
        uint64_t executed = replay_executed(replay);
        int64_t now = clock_now(replay->vm->platform.clock);
        if (executed < item->executed || (executed == item->executed && now < item->ns)) {
            return true;
        }
        if (executed > item->executed || now > item->ns) {
            return departed_in_place(replay, item);
        }
        replay->vm->machine->inputs++;
        if (!play_item(replay, item)) {
            replay->vm->machine->inputs--;
            return false;
        }
    }
    return true;
}

void replay_forget_future(Replay *replay)
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

bool replay_has_input(const Replay *replay)
{
    return replay->mode != REPLAY_OFF && replay->waits->len > 0;
}

bool replay_deliver(Replay *replay)
{
    if (runstate_pending(replay->vm->runstate)) {
        return true; /* that comes first, and what comes then has another place */
    }
    if (replay->mode == REPLAY_PLAY) {
        note_front(replay);
        return replay_play(replay);
    }
    if (replay->remembers && next_item(replay) && !replay_play(replay)) {
        replay->vm->status = 0;
        replay_forget_future(replay);
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
        replay->waits = replay_items_new();
        replay->items = replay_items_new();
        replay_door_keep(replay);
    }
}

static bool replay_error(const Replay *replay, const char *what)
{
    g_printerr(PROGRAM ": -icount rrfile=%s: %s\n", replay->vm->opts->icount.rr_file, what);
    return false;
}

static bool read_recording(Replay *replay)
{
    g_autoptr(GError) error = NULL;
    return replay_items_read(replay->items, replay->vm->opts->icount.rr_file, &error) ||
           replay_error(replay, error->message);
}

static bool start_recording(Replay *replay)
{
    replay->file = fopen(replay->vm->opts->icount.rr_file, "we");
    if (!replay->file) {
        return replay_error(replay, g_strerror(errno));
    }
    replay_items_begin(replay->file);
    replay->check_at = (replay_executed(replay) / PARTS_EVERY + 1) * PARTS_EVERY;
    return true;
}

/* The machine as it is where the recording begins, under a name (rrsnapshot=). */
static bool begin_there(const Replay *replay)
{
    const char *name = replay->vm->opts->icount.rr_snapshot;
    bool records = replay->mode == REPLAY_RECORD;
    g_autoptr(GError) error = NULL;
    if (!name || (records ? snapshot_save : snapshot_load)(replay->vm->machine, name, &error)) {
        return true;
    }
    g_printerr(PROGRAM ": -icount rrsnapshot=%s: %s\n", name, error->message);
    return false;
}

bool replay_open(Replay *replay, Vm *vm, void (*settle)(void *opaque), void *opaque)
{
    *replay =
        (Replay){.vm = vm, .mode = vm->opts->icount.rr, .settle = settle, .settle_opaque = opaque};
    if (replay->mode == REPLAY_OFF) {
        return true;
    }
    replay->waits = replay_items_new();
    replay->items = replay_items_new();
    if (!begin_there(replay) ||
        !(replay->mode == REPLAY_RECORD ? start_recording(replay) : read_recording(replay))) {
        g_ptr_array_unref(replay->waits);
        g_ptr_array_unref(replay->items);
        return false;
    }
    replay_door_keep(replay);
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
            write_hash(replay, ITEM_HASH);
        }
        write_here(replay, ITEM_END, NULL, 0);
        fclose(replay->file);
    } else if (replay->mode == REPLAY_PLAY) {
        compare_end(replay);
    }
    if (replay->mode != REPLAY_OFF) {
        replay_door_leave(replay);
        g_ptr_array_unref(replay->waits);
        g_ptr_array_unref(replay->items);
        replay->mode = REPLAY_OFF;
    }
}
