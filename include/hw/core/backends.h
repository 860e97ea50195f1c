/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host-side things that the command line named, by id: drives, character devices, netdevs,
 * shared folders. */
#ifndef HW_CORE_BACKENDS_H
#define HW_CORE_BACKENDS_H

#include "block/block.h"
#include "chardev/chardev.h"
#include "fsdev/fsdev.h"
#include "net/net.h"

typedef struct Backends Backends;

/* -L: of char *, where files are looked for by name; may be NULL. Kept, not copied. */
void backends_set_folders(Backends *backends, const GPtrArray *folders);
const GPtrArray *backends_folders(const Backends *backends);
/* Screen and keyboard; NULL of no backends. */
struct Display *backends_display(const Backends *backends);

Backends *backends_new(void);
void backends_free(Backends *backends); /* closes everything */
/* Take ownership; false and an error if the id is taken. */
bool backends_add_drive(Backends *backends, BlockBackend *blk, GError **error);
bool backends_add_chardev(Backends *backends, Chardev *chr, GError **error);
bool backends_add_netdev(Backends *backends, Netdev *nd, GError **error);
bool backends_add_fsdev(Backends *backends, Fsdev *fsdev, GError **error);
/* Closes a netdev that no card has; else an error. */
bool backends_remove_netdev(Backends *backends, const char *id, GError **error);
/* Closes one that no front end has. */
void backends_remove_chardev(Backends *backends, Chardev *chr);
BlockBackend *backends_drive(const Backends *backends, const char *id);
Chardev *backends_chardev(const Backends *backends, const char *id);
Netdev *backends_netdev(const Backends *backends, const char *id);
Fsdev *backends_fsdev(const Backends *backends, const char *id);
/* A share that the guest has something open of, or NULL. */
const Fsdev *backends_fsdev_in_use(const Backends *backends);
/* The known ids, for error messages. Free the array, not the strings. */
const char **backends_drive_ids(const Backends *backends, size_t *count);
const char **backends_chardev_ids(const Backends *backends, size_t *count);
const char **backends_netdev_ids(const Backends *backends, size_t *count);
const char **backends_fsdev_ids(const Backends *backends, size_t *count);
/* A card's address: as it is, or, if it is all 0, the first that no card has yet of
 * 52:54:00:12:34:56 and those that follow. `backends` may be NULL. */
void backends_claim_mac(Backends *backends, uint8_t mac[NET_MAC_SIZE]);

#endif
