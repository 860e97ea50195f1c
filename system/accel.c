/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing an accelerator from -accel and -machine accel=. */
#include "machine/accel.h"
#include "base/report.h"

#include <string.h>

#include "system/vm.h"

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

/* One -accel; NULL with *fatal false if only it is not to be had here. */
static const AccelOps *consider(const char *text, void **options, bool *fatal, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "accel");
    const char *name = optlist_get(opts, "accel");
    const AccelOps *accel = find(name ? name : "", error);
    *fatal = true;
    if (!accel) {
        return NULL;
    }
    if (accel->configure && !accel->configure(opts, options, error)) {
        return NULL;
    }
    if (accel != &kvm_accel && !optlist_finish(opts, error)) {
        return NULL;
    }
    *fatal = false;
    return !accel->available || accel->available(error) ? accel : NULL;
}

/* The first of -accel's that works. */
static const AccelOps *first_of(const GPtrArray *wanted, void **options, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (wanted->len == 0) {
        return &tcg_accel;
    }
    for (guint i = 0; i < wanted->len; i++) {
        bool fatal;
        g_clear_error(&why);
        const AccelOps *accel = consider(wanted->pdata[i], options, &fatal, &why);
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

const AccelOps *accel_choose(const Options *opts, void **options, GError **error)
{
    g_autoptr(GError) why = NULL;
    *options = NULL;
    if (opts->prefer_kvm && kvm_available(&why)) {
        return &kvm_accel;
    }
    const AccelOps *accel = first_of(opts->accels, options, error);
    if (accel && opts->prefer_kvm) {
        g_printerr(PROGRAM ": warning: -enable-kvm: %s; falling back to %s\n", why->message,
                   accel->name);
    }
    return accel;
}
