/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory's section of a saved machine. Most of a guest's memory is zeros. */
#include "machine/machine_ram.h"

#include <string.h>

#include "base/bytes.h"
#include "hw/core/state.h"

#define HEADER_SIZE 8
#define RECORD_SIZE (8 + PAGE_SIZE)
/* A GByteArray counts in 32 bits. */
#define SAVE_LIMIT (UINT32_MAX - 2 * RECORD_SIZE)

bool ram_page_is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0;
}

static void ram_put(GByteArray *out, uint64_t value)
{
    g_byte_array_append(out, (const guint8 *)&value, sizeof(value));
}

bool ram_save(const MemRegion *ram, GByteArray *out, GError **error)
{
    ram_put(out, ram->size);
    for (uint64_t at = 0; at < ram->size; at += PAGE_SIZE) {
        if (ram_page_is_zero(ram->host + at)) {
            continue;
        }
        if (out->len > SAVE_LIMIT) {
            g_set_error(error, STATE_ERROR, STATE_ERROR_MALFORMED,
                        "more than 4 GiB of memory are in use; a saved state has no room for them");
            return false;
        }
        ram_put(out, at);
        g_byte_array_append(out, ram->host + at, PAGE_SIZE);
    }
    return true;
}

static bool malformed(const MemRegion *ram, const char *what, GError **error)
{
    g_set_error(error, STATE_ERROR, STATE_ERROR_MALFORMED, "%s: %s", ram->name, what);
    return false;
}

bool ram_check(const MemRegion *ram, const uint8_t *data, size_t len, GError **error)
{
    if (len < HEADER_SIZE || (len - HEADER_SIZE) % RECORD_SIZE != 0) {
        return malformed(ram, "the length is not that of a number of pages", error);
    }
    if (bytes_load(data, 8) != ram->size) {
        return malformed(ram, "the saved memory is of another size", error);
    }
    uint64_t lowest = 0;
    for (size_t at = HEADER_SIZE; at < len; at += RECORD_SIZE) {
        uint64_t page = bytes_load(data + at, 8);
        if (page % PAGE_SIZE != 0 || page < lowest || page >= ram->size) {
            return malformed(ram, "there is no such page, or it comes out of order", error);
        }
        lowest = page + PAGE_SIZE;
    }
    return true;
}

/* `saved` NULL: zeros. What is the same already is not touched. */
static void load_page(AddressSpace *as, MemRegion *ram, uint64_t at, const uint8_t *saved)
{
    uint8_t *page = ram->host + at;
    if (saved ? memcmp(page, saved, PAGE_SIZE) == 0 : ram_page_is_zero(page)) {
        return;
    }
    if (saved) {
        memcpy(page, saved, PAGE_SIZE);
    } else {
        memset(page, 0, PAGE_SIZE);
    }
    if (ram->page_flags && ram->page_flags[at >> PAGE_SHIFT] & PAGE_CODE) {
        as_ram_written(as, ram->base + at, PAGE_SIZE);
    }
}

void ram_load(AddressSpace *as, MemRegion *ram, const uint8_t *data, size_t len)
{
    size_t next = HEADER_SIZE;
    for (uint64_t at = 0; at < ram->size; at += PAGE_SIZE) {
        bool saved = next < len && bytes_load(data + next, 8) == at;
        load_page(as, ram, at, saved ? data + next + 8 : NULL);
        next += saved ? RECORD_SIZE : 0;
    }
}
