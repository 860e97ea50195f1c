/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes and numbers as packets write them. */
#ifndef GDB_TEXT_H
#define GDB_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Two digits a byte. */
void gdb_put_hex(GString *out, const void *data, size_t len);
/* At most `max` bytes; how many whole ones there were. */
size_t gdb_take_hex(const char *text, uint8_t *data, size_t max);
/* A number in hexadecimal at *text, which moves behind it; false if there is none. */
bool gdb_take_number(const char **text, uint64_t *value);
/* *text moves behind `prefix` if it begins with that. */
bool gdb_take_prefix(const char **text, const char *prefix);
/* "ADDR,LENGTH", and whatever follows. */
bool gdb_take_range(const char **text, uint64_t *addr, uint64_t *len);

#endif
