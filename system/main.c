/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemu-system-x86_64: reads the command line, builds the machine, runs it, cleans up. */
#include <signal.h>
#include <stdio.h>

#include "system/vm.h"

static int complain(GError *error)
{
    fprintf(stderr, PROGRAM ": %s\n", error->message);
    g_error_free(error);
    return 1;
}

int main(int argc, char **argv)
{
    g_autoptr(Options) opts = options_new();
    GError *error = NULL;
    Vm vm;

    /* A reader of our output that goes away must not end the machine. */
    signal(SIGPIPE, SIG_IGN);
    if (!options_parse(opts, argc, argv, &error)) {
        return complain(error);
    }
    if (opts->done) {
        return 0;
    }
    int status = vm_init(&vm, opts, &error) ? vm_run(&vm) : 1;
    vm_free(&vm);
    return error ? complain(error) : status;
}
