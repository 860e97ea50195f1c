/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -icount and -seed: a run that can be had again (docs/determinism.md). */
#include <string.h>

#include "machine/checkpoint.h"
#include "system/options.h"

#define SHIFT_MAX 10
/* shift=auto: what suits the speed of the translator. It does not follow the host's, or no run
 * would be like another. */
#define SHIFT_AUTO 0

/* What a QEMU would do here, and this program does not. */
static bool refuse_on(OptList *opts, const char *key, GError **error)
{
    bool on = false;
    if (!optlist_bool(opts, key, &on, error)) {
        return false;
    }
    if (on) {
        g_set_error(error, OPT_ERROR, 0,
                    "%s=on: the guest's time never follows the host's; use off", key);
    }
    return !on;
}

static bool read_shift(OptList *opts, unsigned *shift, GError **error)
{
    const char *text = optlist_get(opts, "shift");
    uint64_t n = SHIFT_AUTO;
    if (text && strcmp(text, "auto") != 0 && (!opt_parse_uint(text, &n) || n > SHIFT_MAX)) {
        g_set_error(
            error, OPT_ERROR, 0,
            "shift=%s: is neither 'auto' nor a number from 0 to %d (an instruction takes 2^N "
            "ns)",
            text, SHIFT_MAX);
        return false;
    }
    *shift = (unsigned)n;
    return true;
}

/* rr=record|replay,rrfile=PATH[,rrsnapshot=NAME] */
static bool read_replay(Options *o, OptList *opts, IcountOptions *icount, GError **error)
{
    static const char *const modes[] = {"record", "replay"};
    const char *mode = optlist_get(opts, "rr"), *file = optlist_get(opts, "rrfile");
    const char *snapshot = optlist_get(opts, "rrsnapshot");
    if (!mode && !file && !snapshot) {
        return true;
    }
    if (!mode || !file) {
        g_set_error(error, OPT_ERROR, 0, "write rr=record,rrfile=PATH, then rr=replay,rrfile=PATH");
        return false;
    }
    if (strcmp(mode, modes[0]) != 0 && strcmp(mode, modes[1]) != 0) {
        opt_error_nearest(error, mode, modes, G_N_ELEMENTS(modes), "rr=%s: there is none", mode);
        return false;
    }
    icount->rr = strcmp(mode, modes[0]) == 0 ? REPLAY_RECORD : REPLAY_PLAY;
    icount->rr_file = options_keep(o, file);
    icount->rr_snapshot = snapshot ? options_keep(o, snapshot) : NULL;
    return true;
}

/* checkpoints=N, checkpoint-memory=SIZE, checkpoint-every=N */
static bool read_checkpoints(Options *o, OptList *opts, IcountOptions *icount, GError **error)
{
    bool asked = optlist_get(opts, "checkpoints") != NULL;
    uint64_t most = CHECKPOINTS_DEFAULT, bytes = CHECKPOINTS_BYTES;
    icount->checkpoint_every = CHECKPOINTS_EVERY;
    if (!optlist_uint(opts, "checkpoints", 0, CHECKPOINTS_MOST, &most, error) ||
        !optlist_size(opts, "checkpoint-memory", 1 << 20, &bytes, error) ||
        !optlist_uint(opts, "checkpoint-every", 1, INT64_MAX, &icount->checkpoint_every, error)) {
        return false;
    }
    icount->checkpoints = !asked     ? CHECKPOINTS_FOR_GDB
                          : most > 0 ? CHECKPOINTS_ON
                                     : CHECKPOINTS_OFF;
    o->machine.checkpoints = (CheckpointLimits){(unsigned)most, bytes};
    return true;
}

bool opt_icount(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, "shift");
    IcountOptions icount = {.on = true, .sleep = true};
    if (!read_shift(opts, &icount.shift, error) ||
        !optlist_bool(opts, "sleep", &icount.sleep, error) || !refuse_on(opts, "align", error) ||
        !optlist_uint(opts, "hash", 1, INT64_MAX, &icount.hash_every, error)) {
        return false;
    }
    const char *file = optlist_get(opts, "hash-file");
    if (file && !icount.hash_every) {
        g_set_error(error, OPT_ERROR, 0, "hash-file=%s: needs hash=N, one each N instructions",
                    file);
        return false;
    }
    if (!read_checkpoints(o, opts, &icount, error) || !read_replay(o, opts, &icount, error)) {
        return false;
    }
    icount.hash_file = file ? options_keep(o, file) : NULL;
    o->icount = icount;
    return optlist_finish(opts, error);
}

bool opt_seed(Options *o, const char *value, GError **error)
{
    uint64_t seed;
    if (!opt_parse_uint(value, &seed)) {
        g_set_error(error, OPT_ERROR, 0, "is no number from 0 to 2^64 - 1");
        return false;
    }
    o->seeded = true;
    o->machine.vary_turns = true;
    o->machine.seed = seed;
    return true;
}
