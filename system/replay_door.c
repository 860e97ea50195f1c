/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets in (system/replay_door.h). */
#include "system/replay_door.h"

#include "base/optlist.h"
#include "chardev/chardev.h"
#include "hw/core/outside.h"
#include "system/past.h"

#define FRAMES_MOST 1024 /* that wait */

static void wait_for_place(Replay *replay, ItemKind kind, const char *id, const uint8_t *data,
                           size_t len)
{
    g_ptr_array_add(replay->waits, replay_item_new(kind, id, data, len));
}

/* Character devices of a machine that is recorded or remembered. */

static size_t record_room(void *opaque, Chardev *chr)
{
    return 4096;
}

static void record_data(void *opaque, Chardev *chr, const uint8_t *data, size_t len)
{
    wait_for_place(opaque, ITEM_DATA, chr_id(chr), data, len);
}

static void record_event(void *opaque, Chardev *chr, ChrEvent event)
{
    const uint8_t number = (uint8_t)event;
    wait_for_place(opaque, ITEM_EVENT, chr_id(chr), &number, 1);
}

/* Those of one that is replayed: nothing gets in. */

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

static bool said_before(void *opaque, Chardev *chr)
{
    return replay_is_past(opaque);
}

static const ChrGate record_gate = {record_room, record_data, record_event, said_before};
static const ChrGate replay_gate = {no_room, no_data, no_event, said_before};

/* Networks. In a replay they are closed. */

static size_t frame_room(void *opaque, const char *netdev)
{
    const Replay *replay = opaque;
    return replay->waits->len < FRAMES_MOST ? FRAMES_MOST - replay->waits->len : 0;
}

/* A vCPU that is in the middle of a slice ends its part, and the main loop looks. */
static void frame_came(void *opaque, const char *netdev, const uint8_t *data, size_t len)
{
    Replay *replay = opaque;
    if (frame_room(replay, netdev) > 0) {
        wait_for_place(replay, ITEM_FRAME, netdev, data, len);
        uint64_t executed = machine_executed(replay->vm->machine);
        replay->vm->machine->pause_at = MAX(executed, 1);
    }
}

/* In the replay, too, where nothing answers: the part ends in the same place. */
static bool frame_goes(void *opaque)
{
    const Vm *vm = ((Replay *)opaque)->vm;
    if (vm->accel->kick) {
        vm->accel->kick(vm->machine, vm->machine->accel_state);
    }
    return !replay_is_past(opaque);
}

/* Commands. */

static bool door_refuses(GError **error, const char *why)
{
    g_set_error_literal(error, OPT_ERROR, 0, why);
    return false;
}

static bool command_changes(Replay *replay, CommandTongue tongue, const char *text, GError **error)
{
    if (replay->mode == REPLAY_PLAY) {
        return door_refuses(error, "the machine replays a recording, which nobody can change");
    }
    if (replay->mode == REPLAY_RECORD && replay_is_past(replay)) {
        return door_refuses(error,
                            "the recording has gone on from here; let the machine come to where "
                            "it has been");
    }
    if (past_within_block(replay->vm)) {
        return door_refuses(error,
                            "the machine stands where a replay cannot stop for this; let it run "
                            "first");
    }
    replay_note_command(replay, tongue, text);
    return true;
}

static bool command_goes_back(const Replay *replay, GError **error)
{
    return replay->mode != REPLAY_RECORD || replay->remembers ||
           door_refuses(error, "the machine is recorded, and a recording goes one way; with "
                               "-icount checkpoints=N it can be gone back in");
}

static bool command_replaces(Replay *replay, GError **error)
{
    if (replay->mode != REPLAY_MEMORY) {
        return door_refuses(error,
                            replay->mode == REPLAY_RECORD
                                ? "the machine is recorded, and would go on as another; end the "
                                  "recording first"
                                : "the machine replays a recording, which nobody can change");
    }
    replay_forget_future(replay);
    return true;
}

static bool command_passes(void *opaque, CommandEffect effect, CommandTongue tongue,
                           const char *text, GError **error)
{
    Replay *replay = opaque;
    if (replay->hands_over) {
        return true; /* this is what was recorded */
    }
    switch (effect) {
    case COMMAND_CHANGES:
        return command_changes(replay, tongue, text, error);
    case COMMAND_GOES_BACK:
        return command_goes_back(replay, error);
    case COMMAND_REPLACES:
        return command_replaces(replay, error);
    default:
        return true;
    }
}

static const OutsideOps door = {frame_room, frame_came, frame_goes, command_passes};

static void set_gates(Replay *replay, const ChrGate *gate)
{
    const Backends *backends = replay->vm->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_chardev_ids(backends, &count);
    for (size_t i = 0; i < count; i++) {
        chr_set_gate(backends_chardev(backends, ids[i]), gate, replay);
    }
}

void replay_door_keep(Replay *replay)
{
    Outside *outside = backends_outside(replay->vm->platform.backends);
    outside->ops = &door;
    outside->opaque = replay;
    set_gates(replay, replay->mode == REPLAY_PLAY ? &replay_gate : &record_gate);
}

void replay_door_leave(Replay *replay)
{
    backends_outside(replay->vm->platform.backends)->ops = NULL;
    set_gates(replay, NULL);
}
