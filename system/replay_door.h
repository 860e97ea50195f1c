/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where what comes from outside has to pass while a run is recorded, replayed or remembered: the
 * gates of character devices, and the door for frames and commands. Private to system/.
 */
#ifndef SYSTEM_REPLAY_DOOR_H
#define SYSTEM_REPLAY_DOOR_H

#include "system/replay.h"

/* Also those of character devices that were added since. */
void replay_door_keep(Replay *replay);
void replay_door_leave(Replay *replay);

#endif
