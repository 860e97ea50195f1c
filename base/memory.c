/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical address spaces. The regions are flattened into sorted, disjoint ranges at every change,
 * which is rare; a look-up is a binary search behind a cache of the last range found.
 */
#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "base/dram.h"
#include "base/memory_internal.h"
#include "base/memwatch.h"

typedef struct {
    uint64_t first, last; /* inclusive */
    MemRegion *region;
} FlatRange;

struct AddressSpace {
    const char *name;
    uint64_t last_address;
    GPtrArray *regions; /* of MemRegion *, in order of as_add() */
    GArray *flat;       /* of FlatRange */
    size_t recent;      /* index into flat of the last look-up that hit */
    uint64_t generation;
    void (*changed)(void *opaque);
    void *changed_opaque;
    void (*code_written)(void *opaque, uint64_t addr, size_t len);
    void *code_opaque;
    void (*keep)(void *opaque, MemRegion *region, uint64_t page);
    void *keep_opaque;
    GPtrArray *watches; /* of MemWatch * */
    GPtrArray *drams;   /* of Dram * */
};

AddressSpace *as_new(const char *name, unsigned bits)
{
    AddressSpace *as = g_new0(AddressSpace, 1);
    as->name = name;
    as->last_address = bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
    as->regions = g_ptr_array_new();
    as->flat = g_array_new(false, false, sizeof(FlatRange));
    as->watches = g_ptr_array_new();
    as->drams = g_ptr_array_new();
    return as;
}

void as_free(AddressSpace *as)
{
    if (!as) {
        return;
    }
    g_ptr_array_free(as->regions, true);
    g_array_free(as->flat, true);
    g_ptr_array_free(as->watches, true);
    g_ptr_array_free(as->drams, true);
    g_free(as);
}

static uint64_t region_last(const AddressSpace *as, const MemRegion *r)
{
    uint64_t room = as->last_address - r->base;
    return r->base + MIN(r->size - 1, room);
}

/* The region that wins at `addr`; later ones win over earlier ones of the same priority. */
static MemRegion *winner_at(const AddressSpace *as, uint64_t addr)
{
    MemRegion *best = NULL;
    for (guint i = 0; i < as->regions->len; i++) {
        MemRegion *r = g_ptr_array_index(as->regions, i);
        if (addr >= r->base && addr <= region_last(as, r) &&
            (!best || r->priority >= best->priority)) {
            best = r;
        }
    }
    return best;
}

static gint compare_u64(gconstpointer a, gconstpointer b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void append_flat(GArray *flat, uint64_t first, uint64_t last, MemRegion *region)
{
    if (flat->len) {
        FlatRange *prev = &g_array_index(flat, FlatRange, flat->len - 1);
        if (prev->region == region && prev->last + 1 == first) {
            prev->last = last;
            return;
        }
    }
    FlatRange range = {first, last, region};
    g_array_append_val(flat, range);
}

GPtrArray *as_watches(AddressSpace *as)
{
    return as->watches;
}

GPtrArray *as_drams(AddressSpace *as)
{
    return as->drams;
}

const GPtrArray *as_regions(const AddressSpace *as)
{
    return as->regions;
}

void as_map_changed(AddressSpace *as)
{
    as->generation++;
    if (as->changed) {
        as->changed(as->changed_opaque);
    }
}

static void flatten(AddressSpace *as)
{
    /* Between two neighbouring edges the winner cannot change. */
    g_autoptr(GArray) edges = g_array_new(false, false, sizeof(uint64_t));
    for (guint i = 0; i < as->regions->len; i++) {
        MemRegion *r = g_ptr_array_index(as->regions, i);
        uint64_t after = region_last(as, r) + 1;
        g_array_append_val(edges, r->base);
        if (after != 0 && after <= as->last_address) {
            g_array_append_val(edges, after);
        }
    }
    g_array_sort(edges, compare_u64);

    g_array_set_size(as->flat, 0);
    as->recent = 0;
    for (guint i = 0; i < edges->len; i++) {
        uint64_t first = g_array_index(edges, uint64_t, i);
        uint64_t next = i + 1 < edges->len ? g_array_index(edges, uint64_t, i + 1) : 0;
        if (next == first) {
            continue;
        }
        MemRegion *r = winner_at(as, first);
        if (r) {
            append_flat(as->flat, first, next ? next - 1 : region_last(as, r), r);
        }
    }
    as_map_changed(as);
}

void as_add(AddressSpace *as, MemRegion *region, uint64_t base)
{
    g_assert(region->size > 0 && base <= as->last_address);
    region->base = base;
    region->mapped = true;
    g_ptr_array_add(as->regions, region);
    flatten(as);
}

void as_remove(AddressSpace *as, MemRegion *region)
{
    if (g_ptr_array_remove(as->regions, region)) {
        region->mapped = false;
        flatten(as);
    }
}

void as_clear(AddressSpace *as)
{
    for (guint i = 0; i < as->regions->len; i++) {
        ((MemRegion *)g_ptr_array_index(as->regions, i))->mapped = false;
    }
    g_ptr_array_set_size(as->regions, 0);
    g_array_set_size(as->flat, 0);
    as->recent = 0;
    as->generation++;
}

bool region_is_mapped(const MemRegion *region)
{
    return region->mapped;
}

uint64_t as_generation(const AddressSpace *as)
{
    return as->generation;
}

void as_set_listener(AddressSpace *as, void (*changed)(void *opaque), void *opaque)
{
    as->changed = changed;
    as->changed_opaque = opaque;
}

void as_set_code_listener(AddressSpace *as,
                          void (*written)(void *opaque, uint64_t addr, size_t len), void *opaque)
{
    as->code_written = written;
    as->code_opaque = opaque;
}

void as_set_keeper(AddressSpace *as, void (*keep)(void *opaque, MemRegion *region, uint64_t page),
                   void *opaque)
{
    as->keep = keep;
    as->keep_opaque = opaque;
}

/* The first range that ends at or after `addr`, or NULL. */
static const FlatRange *range_from(AddressSpace *as, uint64_t addr)
{
    const FlatRange *flat = (const FlatRange *)as->flat->data;
    if (as->recent < as->flat->len && addr >= flat[as->recent].first &&
        addr <= flat[as->recent].last) {
        return &flat[as->recent];
    }
    size_t low = 0, high = as->flat->len;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (flat[middle].last < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == as->flat->len) {
        return NULL;
    }
    as->recent = low;
    return &flat[low];
}

MemRegion *as_lookup(AddressSpace *as, uint64_t addr, uint64_t *first, uint64_t *last)
{
    const FlatRange *range = range_from(as, addr);
    bool hit = range && addr >= range->first;
    if (first) {
        const FlatRange *flat = (const FlatRange *)as->flat->data;
        if (hit) {
            *first = range->first;
        } else {
            size_t next = range ? (size_t)(range - flat) : as->flat->len;
            *first = next ? flat[next - 1].last + 1 : 0;
        }
    }
    if (last) {
        *last = hit ? range->last : range ? range->first - 1 : as->last_address;
    }
    return hit ? range->region : NULL;
}

/* How many bytes of an access at `offset` one call of the region's ops may take. */
static unsigned io_chunk(const MemRegion *r, uint64_t offset, unsigned size)
{
    unsigned max = r->ops->max_size ? r->ops->max_size : 8;
    unsigned chunk = size;
    while (chunk & (chunk - 1)) {
        chunk &= chunk - 1;
    }
    unsigned min = r->ops->min_size;
    while (chunk > max || offset + chunk > r->size ||
           (chunk < min && (offset & (min - 1)) + chunk > min)) {
        chunk /= 2;
    }
    return chunk;
}

/* A device's registers are not there while it is at work in them: a guest that points a device's
 * DMA at the device itself gets what nobody answers, not an endless chain of calls. */
static uint64_t io_read(MemRegion *r, uint64_t offset, unsigned size)
{
    if (r->busy) {
        return UINT64_MAX;
    }
    unsigned min = MAX(size, r->ops->min_size);
    uint64_t aligned = size < min ? offset & ~(uint64_t)(min - 1) : offset;
    r->busy = true;
    uint64_t value = r->ops->read(r->opaque, aligned, min);
    r->busy = false;
    return value >> (8 * (offset - aligned));
}

static void io_write(MemRegion *r, uint64_t offset, uint64_t value, unsigned size)
{
    if (!r->busy) {
        r->busy = true;
        r->ops->write(r->opaque, offset, value, size);
        r->busy = false;
    }
}

static void io_write_line(MemRegion *r, uint64_t offset, const uint8_t *line)
{
    if (!r->busy) {
        r->busy = true;
        r->ops->write_line(r->opaque, offset, line);
        r->busy = false;
    }
}

static uint64_t mask_of(unsigned size)
{
    return size >= 8 ? UINT64_MAX : (1ull << (8 * size)) - 1;
}

/* One access inside one region. */
static uint64_t region_load(MemRegion *r, uint64_t addr, unsigned size)
{
    uint64_t offset = addr - r->base, value = 0;
    if (r->kind != MEM_IO) {
        return bytes_load(r->host + offset, size);
    }
    for (unsigned done = 0; done < size;) {
        unsigned chunk = io_chunk(r, offset + done, size - done);
        value |= (io_read(r, offset + done, chunk) & mask_of(chunk)) << (8 * done);
        done += chunk;
    }
    return value;
}

void as_before_write(AddressSpace *as, MemRegion *region, uint64_t addr, size_t len)
{
    if (!as->keep || !region->page_flags || len == 0) {
        return;
    }
    uint64_t first = (addr - region->base) >> PAGE_SHIFT,
             last = (addr - region->base + len - 1) >> PAGE_SHIFT;
    for (uint64_t page = first; page <= last; page++) {
        if (region->page_flags[page] & PAGE_KEPT) {
            region->page_flags[page] &= (uint8_t)~PAGE_KEPT;
            as->keep(as->keep_opaque, region, page);
        }
    }
}

/* Tells those who want to know of writes to the pages. */
static void note_write(AddressSpace *as, const MemRegion *r, uint64_t addr, size_t len)
{
    if (!r->page_flags || len == 0) {
        return;
    }
    uint64_t first = (addr - r->base) >> PAGE_SHIFT,
             last = (addr - r->base + len - 1) >> PAGE_SHIFT;
    uint8_t flags = 0;
    for (uint64_t page = first; page <= last; page++) {
        flags |= r->page_flags[page];
    }
    if ((flags & PAGE_CODE) && as->code_written) {
        as->code_written(as->code_opaque, addr, len);
    }
    if (flags & PAGE_WATCHED) {
        as_tell_watches(as, addr, len);
    }
    if (G_UNLIKELY(as->drams->len)) {
        as_written_through(as, r, addr, len);
    }
}

static void region_store(AddressSpace *as, MemRegion *r, uint64_t addr, uint64_t value,
                         unsigned size)
{
    uint64_t offset = addr - r->base;
    if (r->kind == MEM_RAM) {
        as_before_write(as, r, addr, size);
        bytes_store(r->host + offset, value, size);
        note_write(as, r, addr, size);
        return;
    }
    if (r->kind == MEM_ROM && !r->ops) {
        return;
    }
    for (unsigned done = 0; done < size;) {
        unsigned chunk = io_chunk(r, offset + done, size - done);
        io_write(r, offset + done, (value >> (8 * done)) & mask_of(chunk), chunk);
        done += chunk;
    }
}

uint64_t as_load(AddressSpace *as, uint64_t addr, unsigned size, MemResult *result)
{
    uint64_t last, value = 0;
    MemRegion *r = as_lookup(as, addr, NULL, &last);
    if (r && last - addr >= size - 1) {
        if (result) {
            *result = MEM_OK;
        }
        return region_load(r, addr, size);
    }
    MemResult got = as_read(as, addr, &value, size);
    if (result) {
        *result = got;
    }
    return value;
}

MemResult as_store(AddressSpace *as, uint64_t addr, uint64_t value, unsigned size)
{
    uint64_t last;
    MemRegion *r = as_lookup(as, addr, NULL, &last);
    if (r && last - addr >= size - 1) {
        region_store(as, r, addr, value, size);
        return MEM_OK;
    }
    return as_write(as, addr, &value, size);
}

/* The bytes of [addr, addr+len) that one range (or hole) covers. */
static size_t piece(AddressSpace *as, uint64_t addr, size_t len, MemRegion **region)
{
    uint64_t last;
    *region = as_lookup(as, addr, NULL, &last);
    return last - addr >= len ? len : (size_t)(last - addr + 1);
}

/* The widest naturally aligned access at `addr` that fits in `len`. */
static unsigned io_step(uint64_t addr, size_t len)
{
    unsigned step = 8;
    while (step > len || (addr & (step - 1))) {
        step /= 2;
    }
    return step;
}

MemResult as_read(AddressSpace *as, uint64_t addr, void *buf, size_t len)
{
    MemResult result = MEM_OK;
    uint8_t *out = buf;
    while (len > 0) {
        MemRegion *r = NULL;
        size_t n = addr > as->last_address ? len : piece(as, addr, len, &r);
        if (!r) {
            memset(out, 0xff, n);
            result = MEM_DECODE_ERROR;
        } else if (r->kind != MEM_IO) {
            memcpy(out, r->host + (addr - r->base), n);
        } else {
            n = io_step(addr, n);
            uint64_t value = region_load(r, addr, (unsigned)n);
            bytes_store(out, value, (unsigned)n);
        }
        addr += n;
        out += n;
        len -= n;
    }
    return result;
}

/* The first access of a block's way into a register window; how much of it that was. */
static size_t io_put(AddressSpace *as, MemRegion *r, uint64_t addr, const uint8_t *in, size_t len)
{
    if (r->ops->write_line && len >= MEM_LINE && addr % MEM_LINE == 0) {
        io_write_line(r, addr - r->base, in);
        return MEM_LINE;
    }
    unsigned n = io_step(addr, len);
    region_store(as, r, addr, bytes_load(in, n), n);
    return n;
}

MemResult as_write(AddressSpace *as, uint64_t addr, const void *buf, size_t len)
{
    MemResult result = MEM_OK;
    const uint8_t *in = buf;
    while (len > 0) {
        MemRegion *r = NULL;
        size_t n = addr > as->last_address ? len : piece(as, addr, len, &r);
        if (!r) {
            result = MEM_DECODE_ERROR;
        } else if (r->kind == MEM_RAM) {
            as_before_write(as, r, addr, n);
            memcpy(r->host + (addr - r->base), in, n);
            note_write(as, r, addr, n);
        } else if (r->ops) {
            n = io_put(as, r, addr, in, n);
        }
        addr += n;
        in += n;
        len -= n;
    }
    return result;
}

static MemRegion *ram_of(AddressSpace *as, uint64_t addr, size_t len)
{
    uint64_t last;
    MemRegion *r = as_lookup(as, addr, NULL, &last);
    return r && r->kind == MEM_RAM && (len == 0 || last - addr >= len - 1) ? r : NULL;
}

const void *as_ram_ptr(AddressSpace *as, uint64_t addr, size_t len)
{
    const MemRegion *r = ram_of(as, addr, len);
    return r ? r->host + (addr - r->base) : NULL;
}

void *as_ram_to_write(AddressSpace *as, uint64_t addr, size_t len)
{
    MemRegion *r = ram_of(as, addr, len);
    if (!r) {
        return NULL;
    }
    as_before_write(as, r, addr, len);
    return r->host + (addr - r->base);
}

void as_ram_written(AddressSpace *as, uint64_t addr, size_t len)
{
    MemRegion *r = as_lookup(as, addr, NULL, NULL);
    if (r && r->kind == MEM_RAM) {
        note_write(as, r, addr, len);
    }
}

void as_describe(AddressSpace *as, GString *out)
{
    static const char *const kinds[] = {[MEM_RAM] = "ram", [MEM_ROM] = "rom", [MEM_IO] = "i/o"};
    g_string_append_printf(out, "address-space: %s\n", as->name);
    for (guint i = 0; i < as->flat->len; i++) {
        const FlatRange *f = &g_array_index(as->flat, FlatRange, i);
        g_string_append_printf(out, "  %016" PRIx64 "-%016" PRIx64 " (prio %d, %s): %s\n", f->first,
                               f->last, f->region->priority, kinds[f->region->kind],
                               f->region->name);
    }
}

bool ram_init(MemRegion *region, const char *name, uint64_t size, GError **error)
{
    void *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (host == MAP_FAILED) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot get %" PRIu64 " MiB of memory for '%s': %s", size >> 20, name,
                    g_strerror(errno));
        return false;
    }
    /* Large pages make guest memory cheaper to reach; being refused is fine. */
    madvise(host, size, MADV_HUGEPAGE);
    *region = (MemRegion){.name = name, .size = size, .kind = MEM_RAM, .host = host};
    region->page_flags = g_malloc0(size >> PAGE_SHIFT);
    return true;
}

void ram_free(MemRegion *region)
{
    if (region->host) {
        munmap(region->host, region->size);
        g_clear_pointer(&region->page_flags, g_free);
        region->host = NULL;
    }
}
