/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs targets on inputs made from a seed, or on files. Each target is a test of its own; one that
 * ends the process says first which input it was, and leaves it in a file.
 *
 *     generator [--target NAME]... [--runs N] [--seed S] [--part K/M] [FILE...]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define MOST_BYTES 8192

static gchar **opt_targets, **opt_files;
static gchar *opt_part, *opt_keep;
static gint64 opt_seed = 1, opt_runs = 20000;
static gboolean opt_list, opt_tap;

static const GOptionEntry options[] = {
    {"target", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_targets, "Only this one, and others so named",
     "NAME"},
    {"runs", 0, 0, G_OPTION_ARG_INT64, &opt_runs, "Runs of a device's cost for each target", "N"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed, "First seed", "S"},
    {"part", 0, 0, G_OPTION_ARG_STRING, &opt_part, "The Kth of M parts of the targets", "K/M"},
    {"keep", 0, 0, G_OPTION_ARG_FILENAME, &opt_keep, "Where an input that ends it is written",
     "FILE"},
    {"list", 0, 0, G_OPTION_ARG_NONE, &opt_list, "The targets' names", NULL},
    {"tap", 0, 0, G_OPTION_ARG_NONE, &opt_tap, "Accepted; the output is TAP anyway", NULL},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &opt_files, "Inputs to run", "FILE"},
    {NULL},
};

/* What is under way, for on_end(). */
static struct {
    const char *target, *keep;
    gint64 seed;
    FuzzInput input;
} now;

/* An assertion, an address that is none, a report of a sanitizer, or no patience any more. */
static void on_end(int number)
{
    char text[200];
    int len =
        snprintf(text, sizeof(text), "# ended by signal %d: generator --target %s --seed %lld",
                 number, now.target, (long long)now.seed);
    if (write(STDOUT_FILENO, text, (size_t)len) < 0 || write(STDOUT_FILENO, "\n", 1) < 0) {
        _exit(1);
    }
    FILE *file = now.keep ? fopen(now.keep, "wb") : NULL;
    if (file) {
        fwrite(now.input.data, 1, now.input.len, file);
        fclose(file);
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_for_the_end(void)
{
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM, SIGXCPU};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        signal(numbers[i], on_end);
    }
}

/* Sanitizers end by abort(), which on_end() hears of. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1:handle_segv=0:handle_abort=0:handle_sigbus=0:allocator_may_return_"
           "null=1";
}
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}

static size_t make_input(uint8_t *bytes, const FuzzTarget *target, guint64 seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed_array(
        (const guint32[]){(guint32)seed, (guint32)(seed >> 32), g_str_hash(target->name)}, 3);
    size_t most = MIN(target->length, MOST_BYTES);
    size_t len = (size_t)g_rand_int_range(rand, 16, (gint32)most + 1);
    for (size_t i = 0; i < len; i += 4) {
        guint32 word = g_rand_int(rand);
        memcpy(bytes + i, &word, MIN(4, len - i));
    }
    return len;
}

static void run_one(const FuzzTarget *target, void *state, const uint8_t *data, size_t len)
{
    now.input = (FuzzInput){.data = data, .len = len};
    FuzzInput in = now.input;
    target->run(state, &in);
}

static void run_seeds(const FuzzTarget *target)
{
    uint8_t bytes[MOST_BYTES + 4];
    gint64 runs = MAX(opt_runs / target->cost, 1);
    void *state = NULL;
    for (gint64 i = 0; i < runs; i++) {
        now.seed = opt_seed + i;
        if (i % target->renew == 0) {
            if (state) {
                target->close(state);
            }
            state = target->open(target->data);
        }
        run_one(target, state, bytes, make_input(bytes, target, (guint64)now.seed));
    }
    target->close(state);
}

static void run_files(const FuzzTarget *target)
{
    for (gchar **name = opt_files; *name; name++) {
        g_autoptr(GError) error = NULL;
        g_autofree gchar *data = NULL;
        gsize len;
        if (!g_file_get_contents(*name, &data, &len, &error)) {
            g_printerr("%s\n", error->message);
            exit(2);
        }
        void *state = target->open(target->data);
        run_one(target, state, (const uint8_t *)data, len);
        target->close(state);
    }
}

/* Whether the nth target is of the part that was asked for, and named if any are. */
static bool is_chosen(unsigned n, const FuzzTarget *target)
{
    unsigned part = 1, parts = 1;
    if (opt_part && (sscanf(opt_part, "%u/%u", &part, &parts) != 2 || part < 1 || part > parts)) {
        g_printerr("--part=%s: expected K/M with K from 1 to M\n", opt_part);
        exit(2);
    }
    return n % parts == part - 1 &&
           (!opt_targets || g_strv_contains((const gchar *const *)opt_targets, target->name));
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("[FILE...]");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("%s\n", error->message);
        return 2;
    }
    now.keep = opt_keep;
    watch_for_the_end();
    setvbuf(stdout, NULL, _IOLBF, 0);
    unsigned done = 0;
    const FuzzTarget *target;
    for (unsigned n = 0; (target = fuzz_target(n)); n++) {
        if (!is_chosen(n, target)) {
            continue;
        }
        done++;
        if (opt_list) {
            printf("%s\n", target->name);
            continue;
        }
        now.target = target->name;
        (opt_files ? run_files : run_seeds)(target);
        printf("ok %u %s\n", done, target->name);
    }
    if (!opt_list) {
        printf("1..%u\n", done);
    }
    if (!done) {
        g_printerr("no such target; --list shows all\n");
    }
    return done ? 0 : 2;
}
