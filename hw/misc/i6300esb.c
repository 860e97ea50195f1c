/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i6300esb: the watchdog of Intel's 6300ESB I/O controller hub (its data sheet, "Watchdog Timer":
 * configuration registers 60h and 68h, four registers in memory). A counter goes down twice, each
 * time from a preload of its own; at the second zero the machine's watchdog action is done.
 *
 * Left out: the interrupt or SMI after the first zero, of which only the status shows.
 */
#include "hw/misc/pci_devices.h"

#include "base/runstate.h"
#include "hw/pci/pci.h"

enum { REG_CONFIG = 0x60, REG_LOCK = 0x68 };
#define CONFIG_INT_TYPE   3u
#define CONFIG_INT_IRQ    0u
#define CONFIG_FAST       (1u << 2) /* counts at 1 MHz, not 1 kHz */
#define CONFIG_NO_OUTPUT  (1u << 5)
#define CONFIG_WRITABLE   (CONFIG_INT_TYPE | CONFIG_FAST | CONFIG_NO_OUTPUT)
#define LOCK_LOCK         (1u << 0)
#define LOCK_ENABLE       (1u << 1)
#define LOCK_FREE_RUNNING (1u << 2)
#define LOCK_WRITABLE     (LOCK_LOCK | LOCK_ENABLE | LOCK_FREE_RUNNING)

enum { MEM_PRELOAD1 = 0x0, MEM_PRELOAD2 = 0x4, MEM_STATUS = 0x8, MEM_RELOAD = 0xc, MEM_SIZE = 16 };
#define PRELOAD_MASK   0xfffffu
#define STATUS_ACTIVE  1u
#define RELOAD_RELOAD  (1u << 8)
#define RELOAD_TIMEOUT (1u << 9)
/* Written to MEM_RELOAD in this order they open the registers for one write. */
#define UNLOCK_FIRST  0x80u
#define UNLOCK_SECOND 0x86u

/* A preload's lowest bit counts 2^15 clocks of 33 MHz, or 2^5. */
#define PCI_CLOCK_NS 30
#define SLOW_SHIFT   15
#define FAST_SHIFT   5

typedef struct {
    PciDevice pci;
    MemRegion region;
    uint32_t preload[2], status;
    uint8_t unlocked;  /* steps of the two that were made */
    uint8_t stage;     /* which preload is counted down: 0 or 1 */
    uint8_t timed_out; /* stays over the reset that it leads to */
    Timer timer;
} EsbState;

static uint8_t esb_lock(const EsbState *s)
{
    return s->pci.config[REG_LOCK];
}

static void esb_count(EsbState *s, unsigned stage)
{
    unsigned shift = s->pci.config[REG_CONFIG] & CONFIG_FAST ? FAST_SHIFT : SLOW_SHIFT;
    int64_t clocks = (int64_t)MAX(s->preload[stage], 1) << shift;
    s->stage = (uint8_t)stage;
    timer_arm(&s->timer, clock_now(s->pci.dev.platform->clock) + clocks * PCI_CLOCK_NS);
}

/* Counts from the start. A free-running counter has the second stage only. */
static void esb_restart(EsbState *s)
{
    if (esb_lock(s) & LOCK_ENABLE) {
        esb_count(s, esb_lock(s) & LOCK_FREE_RUNNING ? 1 : 0);
    }
}

static void esb_expired(void *opaque)
{
    EsbState *s = opaque;
    uint8_t config = s->pci.config[REG_CONFIG];
    if (s->stage == 0) {
        if ((config & CONFIG_INT_TYPE) == CONFIG_INT_IRQ) {
            s->status |= STATUS_ACTIVE;
        }
        esb_count(s, 1);
        return;
    }
    s->timed_out = 1;
    if (esb_lock(s) & LOCK_FREE_RUNNING) {
        esb_restart(s);
    }
    if (!(config & CONFIG_NO_OUTPUT)) {
        runstate_watchdog_expired(s->pci.dev.platform->runstate);
    }
}

static uint32_t esb_reg(const EsbState *s, uint64_t reg)
{
    switch (reg) {
    case MEM_STATUS:
        return s->status;
    case MEM_RELOAD:
        return s->timed_out ? RELOAD_TIMEOUT : 0;
    default: /* the preloads are write-only */
        return 0;
    }
}

static uint64_t esb_read(void *opaque, uint64_t offset, unsigned size)
{
    return esb_reg(opaque, offset & ~3ull) >> (8 * (offset & 3));
}

static bool esb_unlocks(EsbState *s, uint64_t reg, uint32_t value)
{
    static const uint32_t steps[] = {UNLOCK_FIRST, UNLOCK_SECOND};
    if (reg == MEM_RELOAD && s->unlocked < G_N_ELEMENTS(steps) && value == steps[s->unlocked]) {
        s->unlocked++;
        return true;
    }
    return false;
}

static void esb_write_reload(EsbState *s, uint32_t value)
{
    if (value & RELOAD_TIMEOUT) {
        s->timed_out = 0;
    }
    if (value & RELOAD_RELOAD) {
        esb_restart(s);
    }
}

static void esb_write(void *opaque, uint64_t offset, uint64_t written, unsigned size)
{
    EsbState *s = opaque;
    uint64_t reg = offset & ~3ull;
    unsigned shift = 8 * (offset & 3);
    uint32_t value = (uint32_t)(written << shift);
    uint32_t mask = (uint32_t)((size < 4 ? (1ull << (8 * size)) - 1 : UINT32_MAX) << shift);
    if (reg == MEM_STATUS) {
        s->status &= ~(value & STATUS_ACTIVE);
        return;
    }
    if (esb_unlocks(s, reg, value)) {
        return;
    }
    bool open = s->unlocked == 2;
    s->unlocked = 0;
    if (!open) {
        return;
    }
    if (reg == MEM_RELOAD) {
        esb_write_reload(s, value);
    } else {
        uint32_t *preload = &s->preload[reg == MEM_PRELOAD2];
        *preload = ((*preload & ~mask) | (value & mask)) & PRELOAD_MASK;
    }
}

static const MemOps esb_ops = {.read = esb_read, .write = esb_write, .max_size = 4};

/* A lock lasts until a reset. */
static void esb_follow_lock(EsbState *s)
{
    s->pci.writable[REG_LOCK] = esb_lock(s) & LOCK_LOCK ? 0 : LOCK_WRITABLE;
}

static void esb_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    EsbState *s = (EsbState *)pci;
    if (offset > REG_LOCK || offset + size <= REG_LOCK) {
        return;
    }
    esb_follow_lock(s);
    if (!(esb_lock(s) & LOCK_ENABLE)) {
        timer_cancel(&s->timer);
    } else if (!timer_is_armed(&s->timer)) {
        esb_restart(s);
    }
}

static bool esb_realize(Device *dev, GError **error)
{
    EsbState *s = (EsbState *)dev;
    timer_init(&s->timer, dev->platform->clock, esb_expired, s);
    s->region = (MemRegion){
        .name = "i6300esb", .size = MEM_SIZE, .kind = MEM_IO, .ops = &esb_ops, .opaque = s};
    pci_register_bar(&s->pci, 0, PCI_BAR_MEM32, &s->region);
    s->pci.writable[REG_CONFIG] = CONFIG_WRITABLE;
    s->pci.writable[REG_LOCK] = LOCK_WRITABLE;
    return true;
}

static void esb_unrealize(Device *dev)
{
    timer_cancel(&((EsbState *)dev)->timer);
}

static void esb_reset(Device *dev)
{
    EsbState *s = (EsbState *)dev;
    timer_cancel(&s->timer);
    s->preload[0] = s->preload[1] = PRELOAD_MASK;
    s->status = 0;
    s->unlocked = s->stage = 0;
    s->pci.config[REG_LOCK] = 0;
    esb_follow_lock(s);
}

static void esb_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
    esb_follow_lock((EsbState *)dev);
}

static const StateField esb_state[] = {
    PCI_STATE,
    STATE_ARRAY(STATE_UINT32, EsbState, preload, 2),
    STATE_FIELD(STATE_UINT32, EsbState, status),
    STATE_FIELD(STATE_UINT8, EsbState, unlocked),
    STATE_FIELD(STATE_UINT8, EsbState, stage),
    STATE_FIELD(STATE_UINT8, EsbState, timed_out),
    STATE_FIELD(STATE_TIMER, EsbState, timer),
    STATE_END,
};

static const PciDeviceClass esb_pci = {
    .ids.vendor_id = 0x8086,
    .ids.device_id = 0x25ab,
    .ids.class_code = 0x088000,
    .config_written = esb_config_written,
};

const DeviceClass i6300esb_class = {
    .name = "i6300esb",
    .desc = "watchdog of Intel's 6300ESB",
    .bus = BUS_PCI,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(EsbState),
    .bus_props = pci_bus_props,
    .bus_class = &esb_pci,
    .state = esb_state,
    .realize = esb_realize,
    .unrealize = esb_unrealize,
    .reset = esb_reset,
    .restored = esb_restored,
};
