/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemu-system-x86_64: reads the command line, builds the machine, runs it, cleans up. */
#include <signal.h>
#include <unistd.h>

#include "base/report.h"
#include "system/message.h"
#include "system/process.h"
#include "system/screen.h"
#include "system/vm.h"

static int complain(GError *error)
{
    g_printerr(PROGRAM ": %s\n", error->message);
    g_error_free(error);
    return 1;
}

int main(int argc, char **argv)
{
    const pid_t parent = getppid();
    g_autoptr(Options) opts = options_new();
    GError *error = NULL;
    int ready = -1;
    Screens screens;
    Vm vm;

    /* A reader of our output that goes away must not end the machine. */
    signal(SIGPIPE, SIG_IGN);
    bool parsed = options_parse(opts, argc, argv, &error);
    message_init(opts->message_times);
    if (!parsed || (opts->exit_with_parent && !process_follow_parent(parent, &error))) {
        return complain(error);
    }
    if (opts->done) {
        return 0;
    }
    if (!process_has_files(&error)) {
        return complain(error);
    }
    if (opts->daemonize && !process_daemonize(&ready, &error)) {
        return complain(error);
    }
    options_find_needs(opts, argv);
    int helper = -1;
    if (screen_start(opts, &screens, &error)) {
        helper = sandbox_prepare(&opts->sandbox, &opts->sandbox_needs, argv, &error);
    }
    if (error) {
        screen_stop(&screens);
        return complain(error);
    }
    bool built = vm_init(&vm, opts, &error);
    vm.helper = helper;
    if (built) {
        screen_attach(&screens, &vm);
    }
    if (built && opts->daemonize) {
        built = process_is_ready(ready, opts->log_items && !opts->log_file, &error);
    }
    int status = built ? vm_run(&vm) : error ? complain(error) : 1;
    screen_stop(&screens); /* what was said is told now, where a screen was in the way */
    vm_free(&vm);
    return status;
}
