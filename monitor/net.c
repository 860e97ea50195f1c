/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks, for both monitors: `info network`, and `set_link` of QMP and HMP. */
#include <string.h>

#include "hw/core/backends.h"
#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

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

const QmpCommand qmp_commands_net[] = {
    {"set_link", "name:s up:b", run_set_link},
    {NULL},
};
