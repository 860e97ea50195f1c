/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols as lines: "ffffffff81000000 T _stext", as nm writes them. Only those of code count. */
#include <string.h>

#include "base/symbols_internal.h"

/* Up to a blank or the end; moves `at` behind the blanks after it. */
static size_t next_word(const char **at, const char *end)
{
    const char *begin = *at;

    while (*at < end && **at != ' ' && **at != '\t') {
        (*at)++;
    }
    size_t length = (size_t)(*at - begin);
    while (*at < end && (**at == ' ' || **at == '\t')) {
        (*at)++;
    }
    return length;
}

static bool parse_address(const char *text, size_t length, uint64_t *addr)
{
    *addr = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = g_ascii_xdigit_value(text[i]);

        if (digit < 0) {
            return false;
        }
        *addr = *addr << 4 | (uint64_t)digit;
    }
    return length > 0 && length <= 16;
}

/* Names are printed: they are to be of one line. */
static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isgraph(text[i])) {
            return false;
        }
    }
    return true;
}

static SymbolFault read_line(Symbols *s, const char *line, const char *end)
{
    const char *at = line;
    uint64_t addr;

    if (!parse_address(line, next_word(&at, end), &addr)) {
        return "is neither an ELF image nor a list of symbols as nm, System.map or kallsyms";
    }
    char type = at < end ? *at : '\0';
    if (next_word(&at, end) != 1) {
        return "has a line that is no symbol's";
    }
    const char *name = at;
    size_t length = next_word(&at, end);
    if (!is_printable(name, length)) {
        return "has a name that cannot be printed";
    }
    if (strchr("tTwW", type) && !symbols_put(s, addr, g_ascii_isupper(type), name, length)) {
        return "has too many symbols";
    }
    return NULL;
}

SymbolFault symbols_read_map(Symbols *s, const SymbolFile *f)
{
    g_autofree char *text = symbol_file_read(f, 0, f->size);
    SymbolFault fault = NULL;

    if (!text) {
        return "cannot be read, or is too large for a list of symbols";
    }
    for (const char *at = text, *last = text + f->size; at < last && !fault;) {
        const char *end = memchr(at, '\n', (size_t)(last - at));

        end = end ? end : last;
        if (end > at) {
            fault = read_line(s, at, end);
        }
        at = end + 1;
    }
    return fault;
}
