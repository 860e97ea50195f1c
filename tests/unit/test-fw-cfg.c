/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw_cfg's DMA: a transfer of any length costs a register access no more than a slice's work, and
 * says when it is over.
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/nvram/fw_cfg.h"

#define RAM_SIZE   (16u << 20)
#define REQUEST_AT 0x1000u
#define FAR        (1ull << 32) /* where registers are, and nothing but them */
#define READ       2u
#define SELECT     8u
#define FILE_KEY   0x20u
#define FILE_BYTES (3u << 20)
#define DMA_HIGH   0x514
#define DMA_LOW    0x518

typedef struct {
    Platform platform;
    MemRegion ram, registers;
    uint64_t stored; /* bytes, to the registers */
    Device *dev;
} Board;

static void count_store(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    ((Board *)opaque)->stored += size;
}

static const MemOps counting = {.write = count_store};

static void set_up(Board *b, gconstpointer data)
{
    g_autofree uint8_t *file = g_malloc(FILE_BYTES);
    b->platform.memory = as_new("memory", 52);
    b->platform.ports = as_new("ports", 16);
    b->platform.clock = clock_new(CLOCK_MANUAL);
    b->ram = (MemRegion){.name = "ram", .size = RAM_SIZE, .kind = MEM_RAM};
    b->ram.host = g_malloc0(RAM_SIZE);
    b->ram.page_flags = g_malloc0(RAM_SIZE >> 12);
    b->registers = (MemRegion){
        .name = "registers", .size = FAR, .kind = MEM_IO, .ops = &counting, .opaque = b};
    as_add(b->platform.memory, &b->ram, 0);
    as_add(b->platform.memory, &b->registers, FAR);
    b->dev = device_new(&fw_cfg_class, &b->platform, NULL);
    g_assert_true(device_realize(b->dev, NULL));
    for (unsigned i = 0; i < FILE_BYTES; i++) {
        file[i] = (uint8_t)(i >> 12 | 1);
    }
    g_assert_true(fw_cfg_add_file(b->dev, "opt/long", file, FILE_BYTES));
    device_reset(b->dev);
}

static void tear_down(Board *b, gconstpointer data)
{
    device_free(b->dev);
    as_free(b->platform.memory);
    as_free(b->platform.ports);
    clock_free(b->platform.clock);
    g_free(b->ram.host);
    g_free(b->ram.page_flags);
}

static void ask(Board *b, uint32_t at, uint64_t to, uint32_t len)
{
    uint8_t *request = b->ram.host + at;
    bytes_put32_be(request, FILE_KEY << 16 | SELECT | READ);
    bytes_put32_be(request + 4, len);
    bytes_put64_be(request + 8, to);
    as_store(b->platform.ports, DMA_HIGH, 0, 4);
    as_store(b->platform.ports, DMA_LOW, GUINT32_TO_BE(at), 4);
}

static uint32_t control_at(const Board *b, uint32_t at)
{
    return bytes_get32_be(b->ram.host + at);
}

static void test_short(Board *b, gconstpointer data)
{
    ask(b, REQUEST_AT, 0x2000, 8192);
    g_assert_cmphex(control_at(b, REQUEST_AT), ==, 0); /* without waiting */
    g_assert_cmphex(b->ram.host[0x2000 + 8191], ==, 1);
    g_assert_cmphex(b->ram.host[0x2000 + 8192], ==, 0);
}

static void test_long(Board *b, gconstpointer data)
{
    uint32_t len = FILE_BYTES + (2u << 20);
    memset(b->ram.host + 0x100000, 0xee, len + 1);
    ask(b, REQUEST_AT, 0x100000, len);
    g_assert_cmphex(control_at(b, REQUEST_AT), !=, 0);
    g_assert_cmphex(b->ram.host[0x100000], ==, 1);
    g_assert_cmphex(b->ram.host[0x100000 + (1u << 20)], ==, 0xee);
    ask(b, REQUEST_AT + 16, 0x2000, 8); /* not heard */
    clock_run(b->platform.clock);
    g_assert_cmphex(control_at(b, REQUEST_AT), ==, 0);
    g_assert_cmphex(control_at(b, REQUEST_AT + 16), !=, 0);
    for (uint32_t i = 0; i < FILE_BYTES; i += 4096) {
        g_assert_cmphex(b->ram.host[0x100000 + i], ==, (uint8_t)(i >> 12 | 1));
    }
    g_assert_cmphex(b->ram.host[0x100000 + len - 1], ==, 0);
    g_assert_cmphex(b->ram.host[0x100000 + len], ==, 0xee);
}

/* The greatest, to registers: an access does a slice's work, and a reset ends it. */
static void test_registers(Board *b, gconstpointer data)
{
    ask(b, REQUEST_AT, FAR, UINT32_MAX);
    g_assert_cmpuint(b->stored, >, 0);
    g_assert_cmpuint(b->stored, <=, 65536);
    clock_run(b->platform.clock);
    g_assert_cmpuint(b->stored, <=, 257 * 65536); /* of at most so many timers */
    g_assert_cmphex(control_at(b, REQUEST_AT), !=, 0);
    device_reset(b->dev);
    b->stored = 0;
    clock_run(b->platform.clock);
    g_assert_cmpuint(b->stored, ==, 0);
    ask(b, REQUEST_AT, 0x2000, 8);
    g_assert_cmphex(control_at(b, REQUEST_AT), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/fw-cfg/short", Board, NULL, set_up, test_short, tear_down);
    g_test_add("/fw-cfg/long", Board, NULL, set_up, test_long, tear_down);
    g_test_add("/fw-cfg/registers", Board, NULL, set_up, test_registers, tear_down);
    return g_test_run();
}
