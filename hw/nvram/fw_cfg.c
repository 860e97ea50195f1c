/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw_cfg (QEMU's docs/specs/fw_cfg.rst): items are chosen by a key and read byte by byte, or moved
 * by DMA. What is short is moved at once, what is long goes on in slices from a timer, and its
 * control word says when it is over, as the interface has it; another request until then is not
 * heard. Items that are there to be written are written by DMA; of others it reports an error.
 */
#include "hw/nvram/fw_cfg.h"

#include <string.h>

#include "base/bytes.h"

enum { KEY_SIGNATURE = 0x00, KEY_ID = 0x01, KEY_FILE_DIR = 0x19, KEY_FILE_FIRST = 0x20 };
#define KEY_LOCAL      0x8000u /* an architecture's own keys, in a list of their own */
#define KEYS_LOCAL     8
#define ID_TRADITIONAL 1u
#define ID_DMA         2u
#define PORT_SELECTOR  0x510
#define DMA_OFFSET     4 /* port 514h */
#define PORTS          12
#define FILES_MAX      256
#define KEYS           (KEY_FILE_FIRST + FILES_MAX)
#define NAME_BYTES     56
#define DIR_ENTRY      (8 + NAME_BYTES)
#define DMA_SIGNATURE  0x51454d5520434647ull /* "QEMU CFG" */

enum {
    DMA_ERROR = 1 << 0,
    DMA_READ = 1 << 1,
    DMA_SKIP = 1 << 2,
    DMA_SELECT = 1 << 3,
    DMA_WRITE = 1 << 4
};
/* The request: control, length and address, big-endian. */
enum { REQUEST_LENGTH = 4, REQUEST_ADDRESS = 8, REQUEST_BYTES = 16 };

#define SLICE_COST (1024u * 1024) /* bytes moved, or what takes as long */
#define PART       4096u
#define PART_COST  (16 * PART) /* of a part to what is no memory: registers, nothing */

typedef struct {
    uint8_t *data;
    size_t len;
    FwCfgMake *make;       /* NULL: it stays as it is */
    FwCfgWritten *written; /* NULL: the guest does not write it */
    void *opaque;
} Item;

typedef struct {
    Device dev;
    Item items[KEYS], local[KEYS_LOCAL];
    char *names[FILES_MAX]; /* of the files; item KEY_FILE_FIRST + i */
    unsigned files;
    uint16_t key;
    uint32_t position;
    uint64_t dma_address; /* the high half waits for the low half */
    uint64_t request, to; /* of what is moved: where its control word is, and the rest's place */
    uint32_t left;
    bool moving;
    Timer work;
    MemRegion ports;
} FwCfgState;

static FwCfgState *fw_cfg_from(Device *dev)
{
    return (FwCfgState *)dev;
}

static Item *item_of(FwCfgState *s, uint16_t key)
{
    if (key >= KEY_LOCAL && key < KEY_LOCAL + KEYS_LOCAL) {
        return &s->local[key - KEY_LOCAL];
    }
    return key < KEYS ? &s->items[key] : NULL;
}

void fw_cfg_add(Device *dev, uint16_t key, const void *data, size_t len)
{
    FwCfgState *s = fw_cfg_from(dev);
    Item *item = item_of(s, key);
    g_assert(item);
    g_free(item->data);
    *item = (Item){.data = g_memdup2(data, len), .len = len};
}

/* The directory: a count, then size, key and name of each file, big-endian. */
static void rebuild_directory(FwCfgState *s)
{
    size_t len = 4 + s->files * (size_t)DIR_ENTRY;
    g_autofree uint8_t *dir = g_malloc0(len);
    bytes_put32_be(dir, s->files);
    for (unsigned i = 0; i < s->files; i++) {
        uint8_t *entry = dir + 4 + i * DIR_ENTRY;
        bytes_put32_be(entry, (uint32_t)s->items[KEY_FILE_FIRST + i].len);
        bytes_put16_be(entry + 4, (uint16_t)(KEY_FILE_FIRST + i));
        memcpy(entry + 8, s->names[i], strlen(s->names[i]));
    }
    fw_cfg_add(&s->dev, KEY_FILE_DIR, dir, len);
}

bool fw_cfg_add_file(Device *dev, const char *name, const void *data, size_t len)
{
    FwCfgState *s = fw_cfg_from(dev);
    if (s->files == FILES_MAX || strlen(name) >= NAME_BYTES) {
        return false;
    }
    unsigned at = 0;
    while (at < s->files && strcmp(s->names[at], name) < 0) {
        at++;
    }
    memmove(&s->names[at + 1], &s->names[at], (s->files - at) * sizeof(s->names[0]));
    memmove(&s->items[KEY_FILE_FIRST + at + 1], &s->items[KEY_FILE_FIRST + at],
            (s->files - at) * sizeof(Item));
    s->names[at] = g_strdup(name);
    s->items[KEY_FILE_FIRST + at] = (Item){.data = g_memdup2(data, len), .len = len};
    s->files++;
    rebuild_directory(s);
    return true;
}

static Item *named_item(FwCfgState *s, const char *name)
{
    unsigned at = 0;
    while (at < s->files && strcmp(s->names[at], name) != 0) {
        at++;
    }
    g_assert(at < s->files);
    return &s->items[KEY_FILE_FIRST + at];
}

bool fw_cfg_add_made_file(Device *dev, const char *name, size_t len, FwCfgMake *make, void *opaque)
{
    g_autofree uint8_t *empty = g_malloc0(len);
    if (!fw_cfg_add_file(dev, name, empty, len)) {
        return false;
    }
    Item *item = named_item(fw_cfg_from(dev), name);
    item->make = make;
    item->opaque = opaque;
    return true;
}

bool fw_cfg_add_written_file(Device *dev, const char *name, size_t len, FwCfgWritten *written,
                             void *opaque)
{
    g_autofree uint8_t *empty = g_malloc0(len);
    if (!fw_cfg_add_file(dev, name, empty, len)) {
        return false;
    }
    Item *item = named_item(fw_cfg_from(dev), name);
    item->written = written;
    item->opaque = opaque;
    return true;
}

void fw_cfg_put_file(Device *dev, const char *name, const void *data, size_t len)
{
    Item *item = named_item(fw_cfg_from(dev), name);
    g_assert(len <= item->len);
    memset(item->data, 0, item->len);
    memcpy(item->data, data, len);
}

static const Item *fw_cfg_selected(FwCfgState *s)
{
    static const Item none = {NULL, 0};
    const Item *item = item_of(s, s->key);
    return item ? item : &none;
}

static void select_key(FwCfgState *s, uint16_t key)
{
    s->key = key;
    s->position = 0;
    const Item *item = fw_cfg_selected(s);
    if (item->make) {
        item->make(item->opaque);
    }
}

/* The next byte, or 0 behind the end. */
static uint8_t next_byte(FwCfgState *s)
{
    const Item *item = fw_cfg_selected(s);
    return s->position < item->len ? item->data[s->position++] : 0;
}

/* The next part to guest memory; what lies behind the item's end is zeros. Its cost, or 0 if it
 * could not be moved. */
static uint32_t move_next(FwCfgState *s)
{
    static const uint8_t zeros[PART];
    const Item *item = fw_cfg_selected(s);
    AddressSpace *memory = s->dev.platform->memory;
    uint32_t rest = s->position < item->len ? (uint32_t)(item->len - s->position) : 0;
    uint32_t n = MIN(MIN(s->left, rest ? rest : PART), PART);
    bool is_ram = as_ram_ptr(memory, s->to, n) != NULL;
    if (as_write(memory, s->to, rest ? item->data + s->position : zeros, n) != MEM_OK) {
        return 0;
    }
    s->position += rest ? n : 0;
    s->to += n;
    s->left -= n;
    return is_ram ? n : PART_COST;
}

static void end_request(FwCfgState *s, bool ok)
{
    uint8_t control[4];
    s->moving = false;
    bytes_put32_be(control, ok ? 0 : DMA_ERROR);
    as_write(s->dev.platform->memory, s->request, control, sizeof(control));
}

static void fw_cfg_slice(void *opaque)
{
    FwCfgState *s = opaque;
    uint32_t cost = 1, spent = 0;
    while (s->left > 0 && cost > 0 && spent < SLICE_COST) {
        cost = move_next(s);
        spent += cost;
    }
    if (s->left > 0 && cost > 0) {
        timer_arm(&s->work, clock_last(s->work.clock));
    } else {
        end_request(s, cost > 0);
    }
}

/* Within the item alone. */
static bool fw_cfg_dma_write(FwCfgState *s, uint64_t from, uint32_t len)
{
    const Item *item = fw_cfg_selected(s);
    if (!item->written || s->position > item->len || len > item->len - s->position ||
        as_read(s->dev.platform->memory, from, item->data + s->position, len) != MEM_OK) {
        return false;
    }
    s->position += len;
    item->written(item->opaque, item->data);
    return true;
}

static void run_dma(FwCfgState *s)
{
    AddressSpace *memory = s->dev.platform->memory;
    uint8_t request[REQUEST_BYTES];
    uint64_t at = s->dma_address;
    s->dma_address = 0;
    if (s->moving || as_read(memory, at, request, sizeof(request)) != MEM_OK) {
        return;
    }
    uint32_t control = bytes_get32_be(request), len = bytes_get32_be(request + REQUEST_LENGTH);
    s->request = at;
    s->to = bytes_get64_be(request + REQUEST_ADDRESS);
    s->moving = true;
    if (control & DMA_SELECT) {
        select_key(s, (uint16_t)(control >> 16));
    }
    if (control & DMA_READ) {
        s->left = len;
        fw_cfg_slice(s);
        return;
    }
    bool ok = true;
    if (control & DMA_WRITE) {
        ok = fw_cfg_dma_write(s, s->to, len);
    } else if (control & DMA_SKIP) {
        s->position = (uint32_t)MIN((uint64_t)s->position + len, (uint64_t)UINT32_MAX);
    }
    end_request(s, ok);
}

static uint64_t fw_cfg_ports_read(void *opaque, uint64_t offset, unsigned size)
{
    FwCfgState *s = opaque;
    if (offset >= DMA_OFFSET) {
        unsigned shift = 8 * (unsigned)(8 - (offset - DMA_OFFSET) - size);
        uint64_t value = DMA_SIGNATURE >> shift;
        return size == 4 ? GUINT32_SWAP_LE_BE((uint32_t)value) : value;
    }
    return offset == 1 && size == 1 ? next_byte(s) : 0;
}

static void fw_cfg_ports_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    FwCfgState *s = opaque;
    uint32_t swapped = GUINT32_SWAP_LE_BE((uint32_t)value);
    if (offset == 0 && size == 2) {
        select_key(s, (uint16_t)value);
    } else if (offset == DMA_OFFSET && size == 4) {
        s->dma_address = (uint64_t)swapped << 32;
    } else if (offset == DMA_OFFSET + 4 && size == 4) {
        s->dma_address |= swapped;
        run_dma(s);
    }
}

static const MemOps ports_ops = {
    .read = fw_cfg_ports_read, .write = fw_cfg_ports_write, .max_size = 4};

static bool fw_cfg_realize(Device *dev, GError **error)
{
    FwCfgState *s = fw_cfg_from(dev);
    const uint32_t id = ID_TRADITIONAL | ID_DMA;
    fw_cfg_add(dev, KEY_SIGNATURE, "QEMU", 4);
    fw_cfg_add(dev, KEY_ID, &id, sizeof(id));
    rebuild_directory(s);
    s->ports = (MemRegion){
        .name = "fw_cfg", .size = PORTS, .kind = MEM_IO, .ops = &ports_ops, .opaque = s};
    as_add(dev->platform->ports, &s->ports, PORT_SELECTOR);
    timer_init(&s->work, dev->platform->clock, fw_cfg_slice, s);
    return true;
}

static void fw_cfg_unrealize(Device *dev)
{
    FwCfgState *s = fw_cfg_from(dev);
    as_remove(dev->platform->ports, &s->ports);
    timer_cancel(&s->work);
    for (unsigned i = 0; i < KEYS; i++) {
        g_free(s->items[i].data);
    }
    for (unsigned i = 0; i < KEYS_LOCAL; i++) {
        g_free(s->local[i].data);
    }
    for (unsigned i = 0; i < s->files; i++) {
        g_free(s->names[i]);
    }
}

static void fw_cfg_reset(Device *dev)
{
    FwCfgState *s = fw_cfg_from(dev);
    select_key(s, 0);
    s->dma_address = s->request = s->to = 0;
    s->left = 0;
    s->moving = false;
    timer_cancel(&s->work);
}

/* What had been made is made again: the guest may be in the middle of it. */
static void fw_cfg_restored(Device *dev)
{
    const Item *item = fw_cfg_selected(fw_cfg_from(dev));
    if (item->make) {
        item->make(item->opaque);
    }
}

static const StateField fw_cfg_state[] = {
    STATE_FIELD(STATE_UINT16, FwCfgState, key),
    STATE_FIELD(STATE_UINT32, FwCfgState, position),
    STATE_FIELD(STATE_UINT64, FwCfgState, dma_address),
    STATE_FIELD_SINCE(STATE_UINT64, FwCfgState, request, 1),
    STATE_FIELD_SINCE(STATE_UINT64, FwCfgState, to, 1),
    STATE_FIELD_SINCE(STATE_UINT32, FwCfgState, left, 1),
    STATE_FIELD_SINCE(STATE_UINT8, FwCfgState, moving, 1),
    STATE_FIELD_SINCE(STATE_TIMER, FwCfgState, work, 1),
    STATE_END,
};

const DeviceClass fw_cfg_class = {
    .name = "fw_cfg",
    .desc = "firmware configuration",
    .bus = BUS_NONE,
    .instance_size = sizeof(FwCfgState),
    .state = fw_cfg_state,
    .realize = fw_cfg_realize,
    .unrealize = fw_cfg_unrealize,
    .reset = fw_cfg_reset,
    .restored = fw_cfg_restored,
};
