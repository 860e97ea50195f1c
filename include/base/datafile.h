/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that other packages install and that are called by name: firmware, option ROMs. */
#ifndef BASE_DATAFILE_H
#define BASE_DATAFILE_H

#include <glib.h>

/* Where a file of that name is: as it is written, else in the folders `dirs` (-L, of char *; may be
 * NULL), else where Debian's packages have it. NULL with an error that names the package. The
 * caller frees it. */
char *datafile_find(const GPtrArray *dirs, const char *name, GError **error);
/* Its bytes, or NULL with an error; the caller frees them. */
GBytes *datafile_read(const GPtrArray *dirs, const char *name, GError **error);
/* The folders, a line each, for -L help. */
void datafile_list_folders(const GPtrArray *dirs, GString *out);

#endif
