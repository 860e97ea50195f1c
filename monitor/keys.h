/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys as QMP names them; private to monitor/. */
#ifndef MONITOR_KEYS_H
#define MONITOR_KEYS_H

#include "display/display.h"
#include "monitor/commands.h"

/* {"type": "qcode", "data": "ret"} or {"type": "number", "data": 28}; NULL and an error. */
const Key *monitor_key_of(JsonNode *node, GError **error);
/* False and an error where there is no keyboard. */
bool monitor_press(Machine *machine, const Key *key, bool down, GError **error);

#endif
