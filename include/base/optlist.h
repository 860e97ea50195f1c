/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option lists: the "a,b=c,d=x" text after most options of the command line.
 *
 * A comma inside a value is written twice. A word without '=' is the implied key's value if it
 * comes first, else "key=on" ("nokey" means "key=off"). A key that nobody asked for is an error
 * that names the nearest one that somebody did ask for, so a reader never lists its keys twice.
 */
#ifndef BASE_OPTLIST_H
#define BASE_OPTLIST_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct OptList OptList;

#define OPT_ERROR (opt_error_quark())
GQuark opt_error_quark(void);

/* `implied` may be NULL. Never fails: what is wrong shows when values are read. */
OptList *optlist_parse(const char *text, const char *implied);
/* The other way: appends "key=value" to an option's text, after a comma if it has something
 * already. Commas in the value are doubled. */
void optlist_put(GString *text, const char *key, const char *value);
void optlist_free(OptList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OptList, optlist_free)

size_t optlist_count(const OptList *list);
const char *optlist_key(const OptList *list, size_t i);
const char *optlist_value(const OptList *list, size_t i);

/* The last value of `key`, or NULL; the list owns it. Marks the key as known. */
const char *optlist_get(OptList *list, const char *key);
/* These leave *out alone if the key is absent; false and an error on a bad value. */
bool optlist_bool(OptList *list, const char *key, bool *out, GError **error);
bool optlist_uint(OptList *list, const char *key, uint64_t min, uint64_t max, uint64_t *out,
                  GError **error);
/* Bytes; K, M, G, T suffixes. A bare number counts in `unit` bytes. */
bool optlist_size(OptList *list, const char *key, uint64_t unit, uint64_t *out, GError **error);
/* Marks keys as known and harmless; ends with NULL. */
void optlist_ignore(OptList *list, const char *const *keys);
/* Fails if there is a key that was never asked for. */
bool optlist_finish(OptList *list, GError **error);

/* on/off, yes/no, true/false, y/n. */
bool opt_parse_bool(const char *text, bool *out);
bool opt_parse_uint(const char *text, uint64_t *out);
bool opt_parse_size(const char *text, uint64_t unit, uint64_t *out);
/* Sets "`what`; did you mean 'x'?" or, if no name is close, "`what`; there is a, b, c". */
void opt_error_nearest(GError **error, const char *name, const char *const *names, size_t count,
                       const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif
