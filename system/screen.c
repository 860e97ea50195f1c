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

static bool start_vnc(const Options *options, Vnc **vnc, GError **error)
{
    VncOptions vnc_options = options->vnc;
    const VncConfine confine = {confine_server, confine_client, (void *)&options->sandbox};
    g_autofree char *title =
        options->machine.name ? g_strdup_printf("QEMU (%s)", options->machine.name) : NULL;
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

static bool start_curses(const Options *options, Curses **curses, GError **error)
{
    if (!options->curses) {
        return true;
    }
    *curses = curses_start(confine_server, (void *)&options->sandbox, error);
    if (!*curses) {
        g_prefix_error(error, "-display curses: ");
    }
    return *curses != NULL;
}

bool screen_start(const Options *options, Screens *screens, GError **error)
{
    *screens = (Screens){0};
    return start_vnc(options, &screens->vnc, error) &&
           start_curses(options, &screens->curses, error);
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

static void person_quits(void *opaque)
{
    runstate_request_shutdown(((Vm *)opaque)->runstate, CAUSE_HOST_SIGNAL);
}

void screen_attach(const Screens *screens, Vm *vm)
{
    static const VncOwner vnc_owner = {person_commands, person_event};
    static const CursesOwner curses_owner = {person_commands, person_quits};
    Display *display = backends_display(vm->platform.backends);
    if (screens->vnc) {
        vnc_attach(screens->vnc, display, &vnc_owner, vm);
    }
    if (screens->curses) {
        curses_attach(screens->curses, display, &curses_owner, vm);
    }
}

void screen_stop(Screens *screens)
{
    vnc_free(screens->vnc);
    curses_free(screens->curses);
}
