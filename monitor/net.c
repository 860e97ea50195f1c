/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks, for both monitors: `info network`, and `set_link`, `netdev_add` and `netdev_del` of QMP
 * and HMP. */
#include <string.h>

#include "hw/core/outside.h"
#include "monitor/commands.h"
#include "monitor/hmp_commands.h"
#include "net/outside.h"

void hmp_info_network(Machine *machine, char **args, GString *out)
{
    const Backends *backends = machine->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_netdev_ids(backends, &count);
    for (size_t i = 0; i < count; i++) {
        const Netdev *nd = backends_netdev(backends, ids[i]);
        g_string_append_printf(out, "%s: type=%s,%s\n", ids[i], netdev_type(nd), netdev_info(nd));
        if (netdev_owner(nd)) {
            g_string_append_printf(out, "    Attached to:      %s\n", netdev_owner(nd));
        }
        g_string_append_printf(out, "    Link:             %s\n",
                               netdev_link_is_up(nd) ? "up" : "down");
        if (netdev_dropped(nd)) {
            g_string_append_printf(out, "    Dropped frames:   %" PRIu64 "\n", netdev_dropped(nd));
        }
    }
}

/* By its id or its card's. */
static bool monitor_set_link(Machine *machine, const char *name, bool up)
{
    const Backends *backends = machine->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_netdev_ids(backends, &count);
    for (size_t i = 0; i < count; i++) {
        Netdev *nd = backends_netdev(backends, ids[i]);
        if (strcmp(ids[i], name) == 0 || g_strcmp0(netdev_owner(nd), name) == 0) {
            netdev_set_link(nd, up);
            return true;
        }
    }
    return false;
}

void hmp_set_link(Machine *machine, char **args, GString *out)
{
    bool on = args[1] && args[2] && strcmp(args[2], "on") == 0;
    if (!args[1] || !args[2] || (!on && strcmp(args[2], "off") != 0)) {
        g_string_append(out, "set_link: write set_link ID on|off\n");
    } else if (!monitor_set_link(machine, args[1], on)) {
        g_string_append_printf(out, "Error: Device '%s' not found\n", args[1]);
    }
}

static JsonNode *run_set_link(Machine *machine, JsonObject *args, GError **error)
{
    const char *name = json_object_get_string_member(args, "name");
    if (!monitor_set_link(machine, name, json_object_get_boolean_member(args, "up"))) {
        g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND, "Device '%s' not found", name);
        return NULL;
    }
    return qmp_empty();
}

static bool add_netdev(Machine *machine, const char *text, GError **error)
{
    Backends *backends = machine->platform.backends;
    Netdev *nd =
        netdev_new_outside(text, machine->platform.clock, backends_outside(backends), error);
    return nd && backends_add_netdev(backends, nd, error);
}

static JsonNode *run_netdev_add(Machine *machine, JsonObject *args, GError **error)
{
    g_autofree char *text = qmp_option_text(args, "type", error);
    GError *inner = NULL;
    if (text && !add_netdev(machine, text, &inner)) {
        return qmp_fail(inner, error);
    }
    return text ? qmp_empty() : NULL;
}

static JsonNode *run_netdev_del(Machine *machine, JsonObject *args, GError **error)
{
    const char *id = json_object_get_string_member(args, "id");
    GError *inner = NULL;
    if (!backends_netdev(machine->platform.backends, id)) {
        g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND, "Device '%s' not found", id);
        return NULL;
    }
    if (!backends_remove_netdev(machine->platform.backends, id, &inner)) {
        return qmp_fail(inner, error);
    }
    return qmp_empty();
}

void hmp_netdev_add(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    if (!args[1] || args[2]) {
        g_string_append(out, "usage: netdev_add BACKEND,id=ID[,OPTION=VALUE ...]\n");
    } else if (!add_netdev(machine, args[1], &error)) {
        hmp_say_error(out, error);
    }
}

void hmp_netdev_del(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    if (!args[1] || args[2]) {
        g_string_append(out, "usage: netdev_del ID\n");
    } else if (!backends_remove_netdev(machine->platform.backends, args[1], &error)) {
        hmp_say_error(out, error);
    }
}

const QmpCommand qmp_commands_net[] = {
    {"netdev_add", "type:s id:s *", run_netdev_add, .effect = COMMAND_CHANGES},
    {"netdev_del", "id:s", run_netdev_del, .effect = COMMAND_CHANGES},
    {"set_link", "name:s up:b", run_set_link, .effect = COMMAND_CHANGES},
    {NULL},
};
