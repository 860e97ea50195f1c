/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking a kernel's payload on the host, whichever of Linux's compressions it has. */
#ifndef HW_I386_BOOT_UNPACK_H
#define HW_I386_BOOT_UNPACK_H

#include <glib.h>
#include <stdint.h>

/* "gzip", "xz", "lzma", "lz4", "zstd", "bzip2", "lzo", or NULL if none is recognised. */
const char *unpack_format(const uint8_t *data, size_t len);

/*
 * The unpacked bytes of `data`, which may have a few bytes behind its end. `size` is what the image
 * says it unpacks to, in bytes; more is an error. NULL with an error that names the format.
 */
GBytes *unpack(const uint8_t *data, size_t len, size_t size, GError **error);

#endif
