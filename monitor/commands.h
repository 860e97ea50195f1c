/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's command table; private to monitor/. */
#ifndef MONITOR_COMMANDS_H
#define MONITOR_COMMANDS_H

#include <json-glib/json-glib.h>

#include "base/outside.h"
#include "machine/machine.h"

typedef struct {
    const char *name;
    /* "name:type" words, '?' before the optional ones; types: s string, b bool, i integer, o
     * object, a array; "*" at the end lets others of any type pass. NULL for none. */
    const char *args;
    /* The return value, or NULL with an error; `args` is never NULL and has been checked. */
    JsonNode *(*run)(Machine *machine, JsonObject *args, GError **error);
    CommandEffect effect;
} QmpCommand;

extern const QmpCommand qmp_commands_checkpoint[];
extern const QmpCommand qmp_commands_control[]; /* each ends with a NULL name */
extern const QmpCommand qmp_commands_chardev[];
extern const QmpCommand qmp_commands_cpu[];
extern const QmpCommand qmp_commands_dump[];
extern const QmpCommand qmp_commands_hotplug[];
extern const QmpCommand qmp_commands_query[];
extern const QmpCommand qmp_commands_qom[];
extern const QmpCommand qmp_commands_input[];
extern const QmpCommand qmp_commands_intr[];
extern const QmpCommand qmp_commands_jobs[];
extern const QmpCommand qmp_commands_journal[];
extern const QmpCommand qmp_commands_lint[];
extern const QmpCommand qmp_commands_log[];
extern const QmpCommand qmp_commands_memory[];
extern const QmpCommand qmp_commands_migration[];
extern const QmpCommand qmp_commands_net[];
extern const QmpCommand qmp_commands_more[];
extern const QmpCommand qmp_commands_nothing[];
extern const QmpCommand qmp_commands_schema[];
extern const QmpCommand qmp_commands_screen[];
extern const QmpCommand qmp_commands_vnc[];

/* The code of an error becomes its QMP class. */
typedef enum {
    QMP_GENERIC_ERROR,
    QMP_COMMAND_NOT_FOUND,
    QMP_DEVICE_NOT_FOUND,
} QmpErrorClass;
#define QMP_ERROR (qmp_error_quark())
GQuark qmp_error_quark(void);

const QmpCommand *qmp_command_find(const char *name);
void qmp_command_foreach(void (*visit)(const QmpCommand *command, void *opaque), void *opaque);

/* Arguments as the text of a command-line option, whose first word is the member `first`. */
char *qmp_option_text(JsonObject *args, const char *first, GError **error);

/* Where a vCPU is, as device_add names the place. The caller's. */
JsonObject *qmp_cpu_place(const Machine *machine, unsigned index);
/* Takes `inner`, of whatever domain, and makes *error of it, with its QMP class. Returns NULL. */
JsonNode *qmp_fail(GError *inner, GError **error);

/* A member of an object inside an argument, whose members nobody has checked: `other` where it is
 * not there or no string. */
const char *qmp_member_text(JsonObject *object, const char *name, const char *other);

/* {} and nodes that take ownership. */
JsonNode *qmp_empty(void);
JsonNode *qmp_object_node(JsonObject *object);
JsonNode *qmp_array_node(JsonArray *array);

#endif
