/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of symbols, by address. See base/symbols.h. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/symbols_internal.h"

/* From a symbol to what is told by it: code of modules that the file does not have is far above the
 * last one. */
#define REACH (UINT64_C(1) << 20)
/* How far an image moves itself at most, and in which steps. */
#define MOVE_MOST  (UINT64_C(2) << 30)
#define MOVE_ALIGN UINT64_C(0xfff)

typedef struct {
    uint64_t addr;
    const char *name;
    uint32_t order; /* in the file */
    bool global;
} Symbol;

struct Symbols {
    GArray *table; /* of Symbol, by address */
    GStringChunk *names;
    uint64_t offset;
    uint64_t anchor; /* with `where`: the anchor's address in the file */
    uint64_t (*where)(void *opaque);
    void *opaque;
};

void *symbol_file_read(const SymbolFile *f, uint64_t offset, uint64_t length)
{
    if (length > SYMBOLS_TEXT || offset > f->size || length > f->size - offset) {
        return NULL;
    }
    char *data = g_malloc(length + 1);
    uint64_t done = 0;
    while (done < length) {
        ssize_t got = pread(f->fd, data + done, length - done, (off_t)(offset + done));

        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            g_free(data);
            return NULL;
        }
        done += got > 0 ? (uint64_t)got : 0;
    }
    data[length] = '\0';
    return data;
}

bool symbols_put(Symbols *s, uint64_t addr, bool global, const char *name, size_t length)
{
    Symbol symbol = {.addr = addr, .order = s->table->len, .global = global};

    if (addr == 0 || length == 0) {
        return true; /* kallsyms hides addresses so; ELF has a first symbol that is none */
    }
    if (s->table->len == SYMBOLS_MOST) {
        return false;
    }
    symbol.name = g_string_chunk_insert_len(s->names, name, (gssize)MIN(length, SYMBOL_NAME_MOST));
    g_array_append_val(s->table, symbol);
    return true;
}

/* Of several at one address a global one is last, and of those the first of the file. */
static gint compare_symbols(gconstpointer a, gconstpointer b)
{
    const Symbol *x = a, *y = b;

    if (x->addr != y->addr) {
        return x->addr < y->addr ? -1 : 1;
    }
    if (x->global != y->global) {
        return x->global ? 1 : -1;
    }
    return x->order < y->order ? 1 : -1;
}

static SymbolFault read_symbols(Symbols *s, const SymbolFile *f)
{
    static const struct {
        const char *magic;
        size_t length;
    } packed[] = {{"\x1f\x8b", 2},
                  {"\xfd"
                   "7zXZ",
                   5},
                  {"\x28\xb5\x2f\xfd", 4},
                  {"BZh", 3}};
    char magic[8] = {0};

    if (pread(f->fd, magic, sizeof(magic), 0) < SELFMAG) {
        return "has no symbols";
    }
    for (size_t i = 0; i < G_N_ELEMENTS(packed); i++) {
        if (memcmp(magic, packed[i].magic, packed[i].length) == 0) {
            return "is compressed: it has to be unpacked first";
        }
    }
    return memcmp(magic, ELFMAG, SELFMAG) == 0 ? symbols_read_elf(s, f) : symbols_read_map(s, f);
}

static SymbolFault load(Symbols *s, const char *path)
{
    SymbolFile f = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    SymbolFault fault;
    struct stat st;

    if (f.fd < 0) {
        return g_strerror(errno);
    }
    if (fstat(f.fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        fault = "is no regular file";
    } else {
        f.size = (uint64_t)st.st_size;
        fault = read_symbols(s, &f);
    }
    close(f.fd);
    return !fault && s->table->len == 0 ? "has no symbols of code" : fault;
}

Symbols *symbols_load(const char *path, GError **error)
{
    Symbols *s = g_new0(Symbols, 1);

    s->table = g_array_new(false, false, sizeof(Symbol));
    s->names = g_string_chunk_new(64 * 1024);
    SymbolFault fault = load(s, path);
    if (fault) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "symbols of '%s': %s", path, fault);
        symbols_free(s);
        return NULL;
    }
    g_array_sort(s->table, compare_symbols);
    return s;
}

void symbols_free(Symbols *s)
{
    if (s) {
        g_array_unref(s->table);
        g_string_chunk_free(s->names);
        g_free(s);
    }
}

void symbols_set_offset(Symbols *s, uint64_t offset)
{
    s->offset = offset;
}

bool symbols_follow(Symbols *s, const char *anchor, uint64_t (*where)(void *opaque), void *opaque)
{
    for (guint i = 0; i < s->table->len; i++) {
        const Symbol *symbol = &g_array_index(s->table, Symbol, i);

        if (strcmp(symbol->name, anchor) == 0) {
            s->anchor = symbol->addr;
            s->where = where;
            s->opaque = opaque;
            return true;
        }
    }
    return false;
}

/* What the anchor's address has become tells how far the image has moved, if it is the anchor's. */
static uint64_t offset_now(const Symbols *s)
{
    uint64_t at = s->where ? s->where(s->opaque) : 0;
    uint64_t moved = at - s->anchor;

    if (at == 0 || moved & MOVE_ALIGN || (moved > MOVE_MOST && -moved > MOVE_MOST)) {
        return s->offset;
    }
    return moved;
}

/* The last one at or below `addr`, or NULL. */
static const Symbol *last_below(const Symbols *s, uint64_t addr)
{
    guint from = 0, to = s->table->len;

    while (from < to) {
        guint middle = from + (to - from) / 2;

        if (g_array_index(s->table, Symbol, middle).addr <= addr) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from > 0 ? &g_array_index(s->table, Symbol, from - 1) : NULL;
}

char *symbols_name(const Symbols *s, uint64_t addr)
{
    if (!s) {
        return NULL;
    }
    addr -= offset_now(s);
    const Symbol *symbol = last_below(s, addr);
    if (!symbol || addr - symbol->addr >= REACH) {
        return NULL;
    }
    return g_strdup_printf("%s+0x%" PRIx64, symbol->name, addr - symbol->addr);
}

void symbols_add(const Symbols *s, uint64_t addr, GString *out)
{
    g_autofree char *name = symbols_name(s, addr);

    if (name) {
        g_string_append_printf(out, " (%s)", name);
    }
}
