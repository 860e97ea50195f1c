/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What format an image is of, by its first bytes. Private to block/. */
#ifndef BLOCK_FORMAT_H
#define BLOCK_FORMAT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define FORMAT_HEAD 512u

/* QEMU's name of the format; NULL: none that has a header. `len` bytes are there. */
const char *format_of_head(const uint8_t *head, size_t len);
/* The same of a file; "raw" if it has no header. NULL on an error. */
const char *format_probe(const char *file, GError **error);

#endif
