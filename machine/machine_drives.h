/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was written to drives that forget it (-snapshot), in a saved machine; for machine_state.c.
 */
#ifndef MACHINE_MACHINE_DRIVES_H
#define MACHINE_MACHINE_DRIVES_H

#include "hw/core/backends.h"
#include "hw/core/state_stream.h"

/* A section each; `backends` may be NULL. */
bool drives_save(const Backends *backends, GByteArray *out, GError **error);
/* Takes the sections; `saved` gets one for each of these drives. */
bool drives_check(const Backends *backends, GPtrArray *sections, GPtrArray *saved, GError **error);
/* What drives_check() has found; a drive that the host does not let write is said on stderr. */
void drives_load(const Backends *backends, const GPtrArray *saved);
/* How long such sections can get. */
uint64_t drives_limit(const Backends *backends);
/* The first drive that a device writes to for good, or NULL. */
BlockBackend *drives_find_written(const Backends *backends);

#endif
