/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of formats with a header, which qemu-nbd reads and writes for us. Private to block/. */
#ifndef BLOCK_NBD_H
#define BLOCK_NBD_H

#include "block/image.h"

/* Does qemu-nbd know the format `name`, as far as we ask it? */
bool nbd_knows_format(const char *name);
/* The image of a drive whose format is `format`. An error says which package lacks, or what
 * qemu-nbd said. */
BlockImage *nbd_image_open(const BlockOptions *options, const char *format, bool writes,
                           GError **error);

#endif
