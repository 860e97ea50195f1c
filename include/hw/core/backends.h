/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host-side things that the command line named: drives and character devices, by id. */
#ifndef HW_CORE_BACKENDS_H
#define HW_CORE_BACKENDS_H

#include "block/block.h"
#include "chardev/chardev.h"

typedef struct Backends Backends;

Backends *backends_new(void);
void backends_free(Backends *backends); /* closes everything */
/* Take ownership; false and an error if the id is taken. */
bool backends_add_drive(Backends *backends, BlockBackend *blk, GError **error);
bool backends_add_chardev(Backends *backends, Chardev *chr, GError **error);
BlockBackend *backends_drive(const Backends *backends, const char *id);
Chardev *backends_chardev(const Backends *backends, const char *id);
/* The known ids, for error messages. Free the array, not the strings. */
const char **backends_drive_ids(const Backends *backends, size_t *count);
const char **backends_chardev_ids(const Backends *backends, size_t *count);

#endif
