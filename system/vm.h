/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole of one run: what the command line asked for, put together; private to system/. */
#ifndef SYSTEM_VM_H
#define SYSTEM_VM_H

#include "gdb/gdb.h"
#include "machine/accel.h"
#include "monitor/hmp.h"
#include "monitor/qmp.h"
#include "system/options.h"
#include "system/qtest.h"

typedef struct {
    const Options *opts;
    Trace trace;
    Platform platform;
    Random random;
    RunState *runstate;
    Machine *machine;
    JournalRun journal;
    const AccelOps *accel;
    void *accel_options;
    bool set_up; /* all of it */
    Qtest *qtest;
    GPtrArray *qmps; /* of Qmp * */
    GPtrArray *hmps; /* of Hmp * */
    Gdb *gdb;        /* NULL without -gdb */
    int helper;      /* the sandbox's; -1: there is none */
    bool ended;
    int status; /* exit status once ended */
} Vm;

/* Builds everything, up to the first instruction. vm_free() also after a failure. */
bool vm_init(Vm *vm, Options *opts, GError **error);
void vm_free(Vm *vm);
/* Runs until the end; the exit status. */
int vm_run(Vm *vm);
/* Chooses the accelerator; *options are its own, or NULL, and the caller's to free. In accel.c. */
const AccelOps *accel_choose(const Options *opts, void **options, GError **error);

#endif
