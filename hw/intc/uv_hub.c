/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uv-hub: a UV4 hub's local registers, as Linux names them (arch/x86/include/asm/uv/uv_mmrs.h), as
 * far as they interrupt: RTC1_INT_CONFIG, which has an IOAPIC entry's fields with 32 bits of
 * destination, and sends when the real-time clock comes to INT_CMPB; and IPI_INT, which sends at
 * once. 64-bit accesses.
 *
 * What the hardware does with a clock event while the mask bit is set is nowhere said: here the
 * event is noted, and its message is not sent later. Left out: all other events, and other hubs'
 * registers (global ones).
 */
#include "hw/intc/uv_hub.h"

#include <assert.h>

#include "base/clock.h"
#include "hw/core/regfile.h"
#include "hw/intr/journal.h"

enum {
    REG_NODE_ID = 0x00000,
    REG_INT_CMPB = 0x22080,
    REG_IPI_INT = 0x60500,
    REG_RTC1_INT_CONFIG = 0x615c0,
    REG_EVENT_OCCURRED2 = 0x70100,
    REG_EVENT_OCCURRED2_ALIAS = 0x70108,
    REG_RTC = 0xe0000,
};
#define UV_HUB_ROWS 7

#define RTC_MASK         0x00ffffffffffffffull
#define NODE_ID_UV4      (1ull | 0x99a1ull << 12)
#define NODE_ID_SHIFT    32
#define EVENT_RTC_1      (1ull << 19)
#define ENTRY_LOGICAL    (1ull << 11)
#define ENTRY_MASK       (1ull << 16)
#define ENTRY_DEST_SHIFT 32
#define ENTRY_WRITABLE   (0xffffffff00000000ull | ENTRY_MASK | 0xfffull)
#define IPI_DEST_SHIFT   16
#define IPI_SEND         (1ull << 63)
#define IPI_WRITABLE     0x0000ffffffff0fffull
#define NUMBER_RTC       0 /* of journal's records */
#define NUMBER_IPI       1
#define LATEST           (INT64_MAX / 2)

typedef struct {
    Device dev;
    UvHubLinks links;
    /* Properties. */
    uint64_t base;
    uint16_t pnode;
    uint32_t rtc_hz;
    MemRegion region;
    RegFile regs;
    uint64_t values[UV_HUB_ROWS];
    Timer timer;
} UvHub;

static uint64_t rtc_at(const UvHub *h, int64_t now)
{
    return muldiv64((uint64_t)now, h->rtc_hz, NS_PER_SEC) & RTC_MASK;
}

static uint64_t uv_rtc_now(const UvHub *h)
{
    return rtc_at(h, clock_now(h->dev.platform->clock));
}

/* When the clock next is what it is compared with; what has passed comes again after 2^56. */
static void uv_hub_arm(UvHub *h)
{
    int64_t now = clock_now(h->dev.platform->clock);
    uint64_t ticks = (regfile_get(&h->regs, REG_INT_CMPB) - rtc_at(h, now) - 1) & RTC_MASK;
    unsigned __int128 wait = ((unsigned __int128)ticks + 1) * NS_PER_SEC / h->rtc_hz;
    timer_cancel(&h->timer);
    if (wait < (unsigned __int128)LATEST) {
        timer_arm(&h->timer, now + (int64_t)wait + 1);
    }
}

static void uv_hub_send(UvHub *h, unsigned number, uint64_t entry, uint32_t dest)
{
    Journal *journal = h->dev.platform->journal;
    ApicMsg msg = {
        .serial = journal_open(journal, JOURNAL_HUB, h->dev.id, 0, number),
        .dest = dest,
        .vector = (uint8_t)entry,
        .mode = entry >> 8 & 7,
        .logical = entry & ENTRY_LOGICAL,
        .assert_level = true,
    };
    apic_bus_deliver(h->links.apic_bus, &msg);
}

static void clock_came(void *opaque)
{
    UvHub *h = opaque;
    uint64_t entry = regfile_get(&h->regs, REG_RTC1_INT_CONFIG);
    regfile_set(&h->regs, REG_EVENT_OCCURRED2,
                regfile_get(&h->regs, REG_EVENT_OCCURRED2) | EVENT_RTC_1);
    if (entry & ENTRY_MASK) {
        Journal *journal = h->dev.platform->journal;
        journal_keep(journal, journal_open(journal, JOURNAL_HUB, h->dev.id, 0, NUMBER_RTC),
                     INTR_HUB_MASKED);
    } else {
        uv_hub_send(h, NUMBER_RTC, entry, (uint32_t)(entry >> ENTRY_DEST_SHIFT));
    }
    uv_hub_arm(h);
}

static uint64_t node_id_read(void *opaque, const RegRow *row, uint64_t value)
{
    return value | (uint64_t)((UvHub *)opaque)->pnode << NODE_ID_SHIFT;
}

static uint64_t uv_rtc_read(void *opaque, const RegRow *row, uint64_t value)
{
    return uv_rtc_now(opaque);
}

static void cmpb_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    uv_hub_arm(opaque);
}

static void ipi_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                        uint64_t written, uint64_t mask)
{
    if (written & IPI_SEND) {
        uv_hub_send(opaque, NUMBER_IPI, now, (uint32_t)(now >> IPI_DEST_SHIFT));
    }
}

static uint64_t alias_read(void *opaque, const RegRow *row, uint64_t value)
{
    return regfile_get(&((UvHub *)opaque)->regs, REG_EVENT_OCCURRED2);
}

static void alias_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    UvHub *h = opaque;
    regfile_set(&h->regs, REG_EVENT_OCCURRED2,
                regfile_get(&h->regs, REG_EVENT_OCCURRED2) & ~written);
}

static const RegRow uv_hub_rows[] = {
    {"NODE_ID", REG_NODE_ID, 8, .reset = NODE_ID_UV4, .read = node_id_read},
    {"INT_CMPB", REG_INT_CMPB, 8, .writable = RTC_MASK, .written = cmpb_written},
    {"IPI_INT", REG_IPI_INT, 8, .writable = IPI_WRITABLE, .written = ipi_written},
    {"RTC1_INT_CONFIG", REG_RTC1_INT_CONFIG, 8, .reset = ENTRY_MASK, .writable = ENTRY_WRITABLE},
    {"EVENT_OCCURRED2", REG_EVENT_OCCURRED2, 8, .writable = EVENT_RTC_1},
    {"EVENT_OCCURRED2_ALIAS", REG_EVENT_OCCURRED2_ALIAS, 8, .read = alias_read,
     .written = alias_written},
    {"RTC", REG_RTC, 8, .read = uv_rtc_read},
};
static_assert(G_N_ELEMENTS(uv_hub_rows) == UV_HUB_ROWS, "state holds every register");

static uint64_t uv_hub_read(void *opaque, uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    regfile_read(&((UvHub *)opaque)->regs, (uint32_t)offset, size, &value);
    return value;
}

static void uv_hub_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    if (size == 8) {
        regfile_write(&((UvHub *)opaque)->regs, (uint32_t)offset, size, value);
    }
}

static const MemOps uv_hub_ops = {
    .read = uv_hub_read, .write = uv_hub_write, .min_size = 8, .max_size = 8};

static bool uv_hub_realize(Device *dev, GError **error)
{
    UvHub *h = (UvHub *)dev;
    if (h->base % UV_HUB_SIZE != 0) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: base has to be a multiple of 0x%" PRIx64, dev->id, (uint64_t)UV_HUB_SIZE);
        return false;
    }
    regfile_init(&h->regs, uv_hub_rows, h->values, UV_HUB_ROWS, (uint32_t)UV_HUB_SIZE, h);
    timer_init(&h->timer, dev->platform->clock, clock_came, h);
    h->region = (MemRegion){
        .name = "uv-hub", .size = UV_HUB_SIZE, .kind = MEM_IO, .ops = &uv_hub_ops, .opaque = h};
    return true;
}

static void uv_hub_unrealize(Device *dev)
{
    UvHub *h = (UvHub *)dev;
    timer_cancel(&h->timer);
    regfile_free(&h->regs);
}

static void uv_hub_reset(Device *dev)
{
    UvHub *h = (UvHub *)dev;
    timer_cancel(&h->timer);
    regfile_reset(&h->regs);
}

UvHubLinks *uv_hub_links(Device *dev)
{
    return &((UvHub *)dev)->links;
}

MemRegion *uv_hub_region(Device *dev)
{
    return &((UvHub *)dev)->region;
}

uint64_t uv_hub_base(const Device *dev)
{
    return ((const UvHub *)dev)->base;
}

static const PropInfo uv_hub_props[] = {
    PROP(PROP_UINT64, "base", UvHub, base, "0xfa000000", "where its registers are"),
    PROP_RANGE(PROP_UINT16, "pnode", UvHub, pnode, "0", 0, 0x7fff, "its number"),
    PROP_RANGE(PROP_UINT32, "rtc-hz", UvHub, rtc_hz, "100000000", 1000, 1000000000,
               "its clock's frequency"),
    PROP_END,
};

static const StateField uv_hub_state[] = {
    STATE_REGFILE(UvHub, regs),
    STATE_FIELD(STATE_TIMER, UvHub, timer),
    STATE_END,
};

const DeviceClass uv_hub_class = {
    .name = "uv-hub",
    .desc = "Interrupt registers of an SGI UV hub",
    .bus = BUS_SYSTEM,
    .category = DEVICE_INTERRUPT,
    .user_creatable = true,
    .instance_size = sizeof(UvHub),
    .props = uv_hub_props,
    .state = uv_hub_state,
    .realize = uv_hub_realize,
    .unrealize = uv_hub_unrealize,
    .reset = uv_hub_reset,
};
