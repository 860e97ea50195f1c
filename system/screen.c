/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Displays of the command line's (system/screen.h). */
#include "system/screen.h"

#include "base/optlist.h"
#include "hw/core/outside.h"

static bool confine_server(void *opaque, GError **error)
{
    return sandbox_confine_server(opaque, error);
}

static void confine_client(void *opaque)
{
    sandbox_confine_client(opaque);
}

bool screen_start_vnc(const Options *options, Vnc **vnc, GError **error)
{
    VncOptions vnc_options = options->vnc;
    const VncConfine confine = {confine_server, confine_client, (void *)&options->sandbox};
    g_autofree char *title =
        options->machine.name ? g_strdup_printf("QEMU (%s)", options->machine.name) : NULL;
    *vnc = NULL;
    vnc_options.title = title ? title : "QEMU";
    if (!options->vnc.on) {
        return true;
    }
    *vnc = vnc_start(&vnc_options, &confine, error);
    if (!*vnc) {
        g_prefix_error(error, "-vnc %s: ", options->vnc.option);
    }
    return *vnc != NULL;
}

/* As if a monitor's client had said it: whoever records or replays the machine is asked first. */
static void person_commands(void *opaque, const char *text)
{
    const Vm *vm = opaque;
    if (outside_passes(vm->platform.backends, COMMAND_CHANGES, COMMAND_QMP, text, NULL)) {
        qmp_execute(vm->machine, text);
    }
}

static void person_event(void *opaque, const char *name, const char *data)
{
    runstate_tell(((Vm *)opaque)->runstate, name, data);
}

void screen_attach(Vm *vm)
{
    static const VncOwner owner = {person_commands, person_event};
    if (vm->vnc) {
        vnc_attach(vm->vnc, backends_display(vm->platform.backends), &owner, vm);
    }
}
