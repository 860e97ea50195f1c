/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -accel tcg's options. */
#include <string.h>

#include "accel/tcg/tcg.h"

#define HOT_RUNS 20
#define HOT_MAX  1000000000

/* hot=N: blocks that ran more often than this are translated. */
static bool read_hot(const char *text, uint32_t *hot, GError **error)
{
    char *end;
    long long n = g_ascii_strtoll(text, &end, 10);
    if (end == text || *end || n < 0 || n > HOT_MAX) {
        g_set_error(error, OPT_ERROR, 0, "hot=%s: is not a number of runs from 0 to %d", text,
                    HOT_MAX);
        return false;
    }
    *hot = (uint32_t)n;
    return true;
}

static bool read_tier(const char *text, TcgTier *tier, GError **error)
{
    static const char *const names[] = {
        [TCG_TIER_AUTO] = "auto", [TCG_TIER_INTERP] = "interp", [TCG_TIER_JIT] = "jit"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *tier = (TcgTier)i;
            return true;
        }
    }
    g_set_error(error, OPT_ERROR, 0, "tier=%s: is none of 'interp', 'jit' and 'auto'", text);
    return false;
}

TcgOptions tcg_default_options(void)
{
    return (TcgOptions){.tier = TCG_TIER_AUTO, .hot_runs = HOT_RUNS};
}

bool tcg_configure(OptList *opts, void **options, GError **error)
{
    static const char *const harmless[] = {"thread", "tb-size", "one-insn-per-tb", "split-wx",
                                           NULL};
    const char *tier = optlist_get(opts, "tier");
    g_autofree TcgOptions *o = g_new(TcgOptions, 1);
    *o = tcg_default_options();
    optlist_ignore(opts, harmless);
    if (tier && !read_tier(tier, &o->tier, error)) {
        return false;
    }
    const char *hot = optlist_get(opts, "hot");
    if (hot && !read_hot(hot, &o->hot_runs, error)) {
        return false;
    }
    g_free(*options); /* of an -accel before this one, which was not to be had */
    *options = g_steal_pointer(&o);
    return true;
}
