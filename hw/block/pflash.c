/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flash that keeps firmware and its variables (JEDEC JESD68.01, Common Flash Interface; Intel's
 * basic command set, JEP137 0001h, as in the 28FxxxJ3 data sheet), a byte wide, over a drive.
 * Reading memory is its mode after power-on; a write is a command, and leads to others. Programming
 * and erasing are done at once, so that its status always says ready, but after Clear Status it is
 * all zeros, as firmware that looks for flash expects it. Left out: buffered writes, protection.
 */
#include "hw/block/pflash.h"

#include <string.h>

#include "block/block.h"

#define BLOCK_SIZE  4096u
#define SIZE_MAX_   (1ull << 27)
#define ERASED      0xff
#define CFI_ENTRIES 0x40

enum {
    COMMAND_PROGRAM_TOO = 0x10,
    COMMAND_ERASE = 0x20,
    COMMAND_PROGRAM = 0x40,
    COMMAND_CLEAR_STATUS = 0x50,
    COMMAND_READ_STATUS = 0x70,
    COMMAND_READ_ID = 0x90,
    COMMAND_QUERY = 0x98,
    COMMAND_CONFIRM = 0xd0,
    COMMAND_READ_ARRAY = 0xff
};
enum {
    STATUS_READY = 1 << 7,
    STATUS_ERASE_ERROR = 1 << 5,
    STATUS_PROGRAM_ERROR = 1 << 4,
    STATUS_PROTECTED = 1 << 1
};

typedef struct {
    Device dev;
    BlockBackend *blk;
    uint8_t command; /* what is under way; COMMAND_READ_ARRAY: memory is read */
    uint8_t status;
    bool dirty; /* written since the last flush */
    uint64_t base;
    MemRegion region; /* MEM_ROM while memory is read, else MEM_IO */
    bool placed;
} Pflash;

static Pflash *pflash_from(Device *dev)
{
    return (Pflash *)dev;
}

uint8_t *pflash_bytes(Device *dev)
{
    return pflash_from(dev)->region.host;
}

uint64_t pflash_size(Device *dev)
{
    return pflash_from(dev)->region.size;
}

/* Reads go past the commands while there is none. */
static void place_region(Pflash *s)
{
    AddressSpace *memory = s->dev.platform->memory;
    MemKind kind = s->command == COMMAND_READ_ARRAY ? MEM_ROM : MEM_IO;
    if (!s->placed || (region_is_mapped(&s->region) && s->region.kind == kind)) {
        return;
    }
    if (region_is_mapped(&s->region)) {
        as_remove(memory, &s->region);
    }
    s->region.kind = kind;
    as_add(memory, &s->region, s->base);
}

static void pflash_refuse(Pflash *s, uint8_t why)
{
    s->status |= why | STATUS_PROTECTED;
}

static void pflash_keep(Pflash *s, uint64_t offset, size_t len, uint8_t failure)
{
    if (!blk_write(s->blk, offset, s->region.host + offset, len)) {
        s->status |= failure;
    }
    s->dirty = true;
}

/* Bits go to 0 only. */
static void program_byte(Pflash *s, uint64_t offset, uint8_t value)
{
    s->status |= STATUS_READY;
    if (blk_is_read_only(s->blk)) {
        pflash_refuse(s, STATUS_PROGRAM_ERROR);
        return;
    }
    s->region.host[offset] &= value;
    pflash_keep(s, offset, 1, STATUS_PROGRAM_ERROR);
}

static void erase_block(Pflash *s, uint64_t offset)
{
    uint64_t first = offset & ~(uint64_t)(BLOCK_SIZE - 1);
    s->status |= STATUS_READY;
    if (blk_is_read_only(s->blk)) {
        pflash_refuse(s, STATUS_ERASE_ERROR);
        return;
    }
    memset(s->region.host + first, ERASED, BLOCK_SIZE);
    pflash_keep(s, first, BLOCK_SIZE, STATUS_ERASE_ERROR);
}

static void pflash_set_command(Pflash *s, uint8_t command)
{
    s->command = command;
    if (command == COMMAND_READ_ARRAY && s->dirty) {
        s->dirty = !blk_flush(s->blk);
    }
    place_region(s);
}

static void begin_command(Pflash *s, uint8_t value)
{
    switch (value) {
    case COMMAND_CLEAR_STATUS:
        s->status = 0;
        pflash_set_command(s, COMMAND_READ_ARRAY);
        break;
    case COMMAND_PROGRAM:
    case COMMAND_PROGRAM_TOO:
    case COMMAND_ERASE:
    case COMMAND_READ_STATUS:
    case COMMAND_READ_ID:
    case COMMAND_QUERY:
        pflash_set_command(s, value);
        break;
    default:
        pflash_set_command(s, COMMAND_READ_ARRAY);
        break;
    }
}

static void pflash_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Pflash *s = opaque;
    switch (s->command) {
    case COMMAND_PROGRAM:
    case COMMAND_PROGRAM_TOO:
        program_byte(s, offset, (uint8_t)value);
        pflash_set_command(s, COMMAND_READ_STATUS);
        break;
    case COMMAND_ERASE:
        if (value == COMMAND_CONFIRM) {
            erase_block(s, offset);
        } else { /* a sequence that is none */
            s->status |= STATUS_READY | STATUS_ERASE_ERROR | STATUS_PROGRAM_ERROR;
        }
        pflash_set_command(s, COMMAND_READ_STATUS);
        break;
    default:
        begin_command(s, (uint8_t)value);
        break;
    }
}

static uint8_t size_exponent(uint64_t size)
{
    uint8_t n = 0;
    while ((1ull << n) < size) {
        n++;
    }
    return n;
}

/* The query structure (JESD68.01, tables 1 to 4): one region of blocks that are all alike. */
static uint8_t query(const Pflash *s, uint64_t offset)
{
    uint32_t blocks = (uint32_t)(s->region.size / BLOCK_SIZE) - 1;
    const uint8_t table[CFI_ENTRIES] = {
        [0x10] = 'Q',
        [0x11] = 'R',
        [0x12] = 'Y',
        [0x13] = 1, /* Intel's extended command set */
        [0x15] = 0x31,
        [0x1b] = 0x45,
        [0x1c] = 0x55,
        [0x1f] = 7,
        [0x21] = 10,
        [0x23] = 4,
        [0x25] = 4,
        [0x27] = size_exponent(s->region.size),
        [0x2c] = 1,
        [0x2d] = (uint8_t)blocks,
        [0x2e] = (uint8_t)(blocks >> 8),
        [0x2f] = (uint8_t)(BLOCK_SIZE >> 8),
        [0x30] = (uint8_t)(BLOCK_SIZE >> 16),
        [0x31] = 'P',
        [0x32] = 'R',
        [0x33] = 'I',
        [0x34] = '1',
        [0x35] = '0',
    };
    return offset < CFI_ENTRIES ? table[offset] : 0;
}

static uint64_t pflash_read(void *opaque, uint64_t offset, unsigned size)
{
    const Pflash *s = opaque;
    static const uint8_t ids[] = {0x89, 0x18}; /* Intel, 28F128J3 */
    switch (s->command) {
    case COMMAND_READ_ID:
        return offset < sizeof(ids) ? ids[offset] : 0;
    case COMMAND_QUERY:
        return query(s, offset);
    default:
        return s->status;
    }
}

static const MemOps pflash_ops = {.read = pflash_read, .write = pflash_write, .max_size = 1};

void pflash_map(Device *dev, uint64_t end)
{
    Pflash *s = pflash_from(dev);
    s->base = end - s->region.size;
    s->placed = true;
    place_region(s);
}

static bool pflash_load(Pflash *s)
{
    return blk_read(s->blk, 0, s->region.host, s->region.size);
}

static bool pflash_realize(Device *dev, GError **error)
{
    Pflash *s = pflash_from(dev);
    uint64_t size = s->blk ? blk_size(s->blk) : 0;
    if (size == 0 || size % BLOCK_SIZE != 0 || size > SIZE_MAX_) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: %" PRIu64 " bytes: flash has a multiple of 4 KiB, and 128 MiB at most",
                    dev->id, size);
        return false;
    }
    if (!blk_claim(s->blk, dev->id, false, error)) {
        return false;
    }
    if (!ram_init(&s->region, "pflash", size, error) || !pflash_load(s)) {
        blk_release(s->blk);
        ram_free(&s->region);
        if (error && !*error) {
            g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "%s: could not be read",
                        blk_file(s->blk));
        }
        return false;
    }
    s->command = COMMAND_READ_ARRAY;
    s->region.ops = &pflash_ops;
    s->region.opaque = s;
    return true;
}

static void pflash_unrealize(Device *dev)
{
    Pflash *s = pflash_from(dev);
    if (region_is_mapped(&s->region)) {
        as_remove(dev->platform->memory, &s->region);
    }
    ram_free(&s->region);
    blk_release(s->blk);
}

static void pflash_reset(Device *dev)
{
    Pflash *s = pflash_from(dev);
    s->status = 0;
    pflash_set_command(s, COMMAND_READ_ARRAY);
}

/* What it holds is the drive's. */
static void pflash_restored(Device *dev)
{
    Pflash *s = pflash_from(dev);
    pflash_load(s);
    place_region(s);
}

static const StateField pflash_state[] = {
    STATE_FIELD(STATE_UINT8, Pflash, command),
    STATE_FIELD(STATE_UINT8, Pflash, status),
    STATE_FIELD(STATE_UINT8, Pflash, dirty),
    STATE_END,
};

static const PropInfo pflash_props[] = {
    PROP(PROP_DRIVE, "drive", Pflash, blk, NULL, "what it holds"),
    PROP_END,
};

const DeviceClass pflash_class = {
    .name = "cfi.pflash01",
    .desc = "flash with firmware or its variables",
    .bus = BUS_NONE,
    .instance_size = sizeof(Pflash),
    .props = pflash_props,
    .state = pflash_state,
    .realize = pflash_realize,
    .unrealize = pflash_unrealize,
    .reset = pflash_reset,
    .restored = pflash_restored,
};
