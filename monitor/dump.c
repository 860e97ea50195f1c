/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `dump-guest-memory`, for both monitors. */
#include "machine/dump.h"

#include <string.h>

#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

static const char *unsupported(JsonObject *args)
{
    const char *format = json_object_get_string_member_with_default(args, "format", "elf");
    if (json_object_get_boolean_member(args, "paging")) {
        return "paging=true: only physical addresses are dumped";
    }
    if (json_object_has_member(args, "begin") || json_object_has_member(args, "length")) {
        return "begin and length: all memory is dumped";
    }
    if (strcmp(format, "elf") != 0) {
        return "the only format is 'elf'";
    }
    return g_str_has_prefix(json_object_get_string_member(args, "protocol"), "file:")
               ? NULL
               : "the only protocol is 'file:PATH'";
}

static JsonNode *run_dump(Machine *machine, JsonObject *args, GError **error)
{
    const char *why = unsupported(args);
    GError *inner = NULL;
    if (why) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "%s", why);
        return NULL;
    }
    const char *path = json_object_get_string_member(args, "protocol") + strlen("file:");
    if (!machine_while_stopped(machine, path, machine_dump, &inner)) {
        return qmp_fail(inner, error);
    }
    return qmp_empty();
}

const QmpCommand qmp_commands_dump[] = {
    {"dump-guest-memory", "paging:b protocol:s ?detach:b ?begin:i ?length:i ?format:s", run_dump,
     .effect = COMMAND_KEEPS},
    {NULL},
};

void hmp_dump(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    if (!args[1] || args[1][0] == '-' || args[2]) {
        g_string_append(out, "usage: dump-guest-memory FILE (physical addresses, ELF)\n");
    } else if (!machine_while_stopped(machine, args[1], machine_dump, &error)) {
        hmp_say_error(out, error);
    }
}
