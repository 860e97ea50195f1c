/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing an accelerator from -accel and -machine accel=. */
#include "machine/accel.h"
#include "base/report.h"

#include <string.h>

#include "system/vm.h"
#include "target/i386/cpu.h"

static bool kvm_available(GError **error)
{
    g_set_error(error, OPT_ERROR, 0, "KVM is not supported yet");
    return false;
}

static const AccelOps kvm_accel = {.name = "kvm", .has_cpus = true, .available = kvm_available};

static const AccelOps *const accels[] = {&tcg_accel, &qtest_accel, &kvm_accel};

static const AccelOps *find(const char *name, GError **error)
{
    const char *names[G_N_ELEMENTS(accels)];
    for (size_t i = 0; i < G_N_ELEMENTS(accels); i++) {
        names[i] = accels[i]->name;
        if (strcmp(name, names[i]) == 0) {
            return accels[i];
        }
    }
    opt_error_nearest(error, name, names, G_N_ELEMENTS(names), "there is no accelerator '%s'",
                      name);
    return NULL;
}

#define HOT_MAX 1000000000

/* hot=N: blocks that ran more often than this are translated. */
static bool read_hot(const char *text, int *hot, GError **error)
{
    char *end;
    long long n = g_ascii_strtoll(text, &end, 10);
    if (end == text || *end || n < 0 || n > HOT_MAX) {
        g_set_error(error, OPT_ERROR, 0, "hot=%s: is not a number of runs from 0 to %d", text,
                    HOT_MAX);
        return false;
    }
    *hot = (int)n;
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

static bool read_tcg_options(OptList *opts, MachineOptions *mo, GError **error)
{
    static const char *const harmless[] = {"thread", "tb-size", "one-insn-per-tb", "split-wx",
                                           NULL};
    const char *tier = optlist_get(opts, "tier");
    optlist_ignore(opts, harmless);
    mo->tier = TCG_TIER_AUTO;
    if (tier && !read_tier(tier, &mo->tier, error)) {
        return false;
    }
    const char *hot = optlist_get(opts, "hot");
    return !hot || read_hot(hot, &mo->hot_runs, error);
}

/* One -accel; NULL with *fatal false if only it is not to be had here. */
static const AccelOps *consider(const char *text, MachineOptions *mo, bool *fatal, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "accel");
    const char *name = optlist_get(opts, "accel");
    const AccelOps *accel = find(name ? name : "", error);
    *fatal = true;
    if (!accel) {
        return NULL;
    }
    if (accel == &tcg_accel && !read_tcg_options(opts, mo, error)) {
        return NULL;
    }
    if (accel != &kvm_accel && !optlist_finish(opts, error)) {
        return NULL;
    }
    *fatal = false;
    return !accel->available || accel->available(error) ? accel : NULL;
}

/* The first of -accel's that works. */
static const AccelOps *first_of(const GPtrArray *wanted, MachineOptions *mo, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (wanted->len == 0) {
        return &tcg_accel;
    }
    for (guint i = 0; i < wanted->len; i++) {
        bool fatal;
        g_clear_error(&why);
        const AccelOps *accel = consider(wanted->pdata[i], mo, &fatal, &why);
        if (accel) {
            return accel;
        }
        if (fatal || i + 1 == wanted->len) {
            g_set_error(error, OPT_ERROR, 0, "-accel %s: %s%s", (char *)wanted->pdata[i],
                        why->message, fatal ? "" : "; use tcg");
            return NULL;
        }
    }
    return NULL;
}

const AccelOps *accel_choose(const Options *opts, MachineOptions *mo, GError **error)
{
    g_autoptr(GError) why = NULL;
    mo->tier = TCG_TIER_AUTO;
    mo->hot_runs = -1;
    if (opts->prefer_kvm && kvm_available(&why)) {
        return &kvm_accel;
    }
    const AccelOps *accel = first_of(opts->accels, mo, error);
    if (accel && opts->prefer_kvm) {
        g_printerr(PROGRAM ": warning: -enable-kvm: %s; falling back to %s\n", why->message,
                   accel->name);
    }
    return accel;
}

void machine_triple_fault(Machine *machine, struct Cpu *cpu)
{
    if (trace_on(machine->platform.trace, TRACE_CPU_RESET)) {
        GString *text = g_string_new(NULL);
        cpu_describe(cpu, text);
        trace_print(machine->platform.trace, TRACE_CPU_RESET, "triple fault\n%s", text->str);
        g_string_free(text, TRUE);
    }
    runstate_request_reset(machine->runstate, CAUSE_GUEST_PANIC);
}
