/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory's section of a saved machine; for machine_state.c. */
#ifndef MACHINE_MACHINE_RAM_H
#define MACHINE_MACHINE_RAM_H

#include "base/memory.h"

bool ram_page_is_zero(const uint8_t *page);
/* The size of the region, and each page that is not all zeros with its offset. */
bool ram_save(const MemRegion *ram, GByteArray *out, GError **error);
/* Whether ram_load() can do it. */
bool ram_check(const MemRegion *ram, const uint8_t *data, size_t len, GError **error);
/* Decoded code of it is forgotten. */
void ram_load(AddressSpace *as, MemRegion *ram, const uint8_t *data, size_t len);

#endif
