/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash each so many instructions, at the end of the block of code in which they are reached. */
#include "system/hashes.h"

#include <errno.h>
#include <string.h>

#include "base/report.h"
#include "machine/state_hash.h"

/* At the next multiple: a machine that goes on from a saved one has the same. */
static void hashes_plan(Hashes *hashes)
{
    hashes->at = (machine_executed(hashes->machine) / hashes->every + 1) * hashes->every;
}

bool hashes_open(Hashes *hashes, const Vm *vm)
{
    const IcountOptions *o = &vm->opts->icount;
    *hashes = (Hashes){.machine = vm->machine, .every = o->hash_every, .to = stderr};
    if (!o->hash_every) {
        return true;
    }
    if (o->hash_file) {
        hashes->to = fopen(o->hash_file, "we");
    }
    if (!hashes->to) {
        g_printerr(PROGRAM ": -icount hash-file=%s: %s\n", o->hash_file, g_strerror(errno));
        return false;
    }
    hashes_plan(hashes);
    return true;
}

void hashes_close(Hashes *hashes)
{
    if (hashes->to && hashes->to != stderr) {
        fclose(hashes->to);
    }
}

/* A machine that was loaded may have executed less than the one before. */
static bool is_time(Hashes *hashes)
{
    uint64_t now = machine_executed(hashes->machine);
    if (now < hashes->at && hashes->at - now > hashes->every) {
        hashes_plan(hashes);
    }
    return now >= hashes->at;
}

void hashes_look(Hashes *hashes)
{
    if (!hashes->every || !is_time(hashes)) {
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    StateHash hash = machine_state_hash(hashes->machine);
    state_hash_describe(&hash, text);
    fprintf(hashes->to, "%s\n", text->str);
    fflush(hashes->to);
    hashes_plan(hashes);
}
