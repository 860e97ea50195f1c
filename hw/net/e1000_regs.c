/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers (8254x manual, 13; 82574, 10.2): rows for both models and for the 82574L alone, tables
 * beside them, by memory and by an address and a data port. What has no row reads as zero. Left
 * out: the flash, management, wake-up, and time stamps of frames (the clock for them is there).
 */
#include <assert.h>
#include <string.h>

#include "hw/net/e1000_internal.h"

#define IO_ADDRESS 0
#define IO_DATA    4

/* ---- Link ---- */

bool e1000_link_is_up(const E1000 *n)
{
    return netdev_link_is_up(n->netdev) && nic_phy_has_power(&n->phy) &&
           (e1000_reg(n, E1000_CTRL) & CTRL_SLU);
}

static void update_link(E1000 *n)
{
    uint32_t status = e1000_reg(n, E1000_STATUS) & ~STATUS_LU;
    e1000_set_reg(n, E1000_STATUS, status | (e1000_link_is_up(n) ? STATUS_LU : 0));
}

void e1000_link_changed(void *opaque, bool up)
{
    E1000 *n = opaque;
    update_link(n);
    e1000_raise(n, ICR_LSC);
}

/* ---- Hooks ---- */

#define WRITTEN(name_)                                                                             \
    static void name_(void *opaque, const RegRow *row, uint64_t old, uint64_t now,                 \
                      uint64_t written, uint64_t mask)
#define READ(name_) static uint64_t name_(void *opaque, const RegRow *row, uint64_t value)

WRITTEN(ctrl_written)
{
    E1000 *n = opaque;
    if (written & CTRL_RST) {
        e1000_reset_all(n);
        return;
    }
    if (written & CTRL_PHY_RST) {
        nic_phy_reset(&n->phy);
        e1000_set_reg(n, E1000_STATUS, e1000_reg(n, E1000_STATUS) | STATUS_PHYRA);
    }
    update_link(n);
}

/* 82574, 10.2.2.2: no request of its own goes out any more when it is asked for that. */
READ(status_read)
{
    E1000 *n = opaque;
    bool off = e1000_reg(n, E1000_CTRL) & CTRL_MASTER_DISABLE;
    return value | (n->model->is_82574 && !off ? STATUS_MASTER_ENABLE : 0);
}

READ(eecd_read)
{
    E1000 *n = opaque;
    uint32_t own = n->model->is_82574 ? EECD_AUTO_READ : 0;
    return nic_eeprom_pins(&n->eeprom) | EECD_PRESENT | own;
}

WRITTEN(eecd_written)
{
    nic_eeprom_drive(&((E1000 *)opaque)->eeprom, (uint32_t)now);
}

WRITTEN(eerd_written)
{
    E1000 *n = opaque;
    e1000_set_reg(n, E1000_EERD, nic_eeprom_read(&n->eeprom, (uint32_t)now));
}

WRITTEN(ctrl_ext_written)
{
    E1000 *n = opaque;
    e1000_set_reg(n, E1000_CTRL_EXT, (uint32_t)now & ~CTRL_EXT_EE_RST);
}

WRITTEN(mdic_written)
{
    E1000 *n = opaque;
    uint32_t mdic = nic_phy_access(&n->phy, (uint32_t)now, netdev_link_is_up(n->netdev));
    e1000_set_reg(n, E1000_MDIC, mdic);
    update_link(n);
    if (now & MDIC_INTERRUPT) {
        e1000_raise(n, ICR_MDAC);
    }
}

READ(icr_read)
{
    return e1000_icr_read(opaque);
}

WRITTEN(icr_written)
{
    e1000_icr_written(opaque, (uint32_t)written);
}

WRITTEN(ics_written)
{
    e1000_raise(opaque, (uint32_t)written);
}

WRITTEN(ims_written)
{
    e1000_intr_update(opaque);
}

WRITTEN(imc_written)
{
    E1000 *n = opaque;
    e1000_set_reg(n, E1000_IMS, e1000_reg(n, E1000_IMS) & ~(uint32_t)written);
    e1000_intr_update(n);
}

WRITTEN(kick_written)
{
    e1000_kick(opaque);
}

/* Room for what waits. */
WRITTEN(rdt_written)
{
    E1000 *n = opaque;
    if (n->starved) {
        e1000_kick(n);
    }
}

READ(stat_read)
{
    E1000 *n = opaque;
    e1000_set_reg(n, row->offset, 0);
    return value;
}

/* The halves go together. */
READ(octets_high_read)
{
    E1000 *n = opaque;
    e1000_set_reg(n, row->offset, 0);
    e1000_set_reg(n, row->offset - 4, 0);
    return value;
}

#define RW(name_, offset_, writable_)                                                              \
    {                                                                                              \
        name_, offset_, 4, .writable = writable_                                                   \
    }
#define RO(name_, offset_)                                                                         \
    {                                                                                              \
        name_, offset_, 4                                                                          \
    }
#define STAT(name_, offset_) NIC_STAT(name_, offset_, stat_read)
#define RING(name_, at_, tail_written_)                                                            \
    RW(name_ "BAL", at_ + RING_BAL, 0xfffffff0), RW(name_ "BAH", at_ + RING_BAH, UINT32_MAX),      \
        RW(name_ "LEN", at_ + RING_LEN, 0x000fff80), RW(name_ "H", at_ + RING_HEAD, 0xffff),       \
    {                                                                                              \
        name_ "T", at_ + RING_TAIL, 4, .writable = 0xffff, .written = tail_written_                \
    }

static const RegRow e1000_rows[] = {
    {"CTRL", E1000_CTRL, 4, .reset = CTRL_FD | CTRL_SLU | 0x200, .writable = CTRL_WRITABLE,
     .written = ctrl_written},
    {"STATUS", E1000_STATUS, 4, .reset = STATUS_FD | STATUS_SPEED_1000, .read = status_read},
    {"EECD", E1000_EECD, 4, .writable = UINT32_MAX, .read = eecd_read, .written = eecd_written},
    {"EERD", E1000_EERD, 4, .writable = UINT32_MAX, .written = eerd_written},
    {"CTRL_EXT", E1000_CTRL_EXT, 4, .writable = UINT32_MAX, .written = ctrl_ext_written},
    RW("FLA", E1000_FLA, 0),
    {"MDIC", E1000_MDIC, 4, .writable = 0x3fffffff, .written = mdic_written},
    RW("FCAL", E1000_FCAL, UINT32_MAX),
    RW("FCAH", E1000_FCAH, 0xffff),
    RW("FCT", E1000_FCT, 0xffff),
    {"VET", E1000_VET, 4, .reset = 0x8100, .writable = 0xffff},
    {"ICR", E1000_ICR, 4, .read = icr_read, .written = icr_written},
    RW("ITR", E1000_ITR, 0xffff),
    {"ICS", E1000_ICS, 4, .written = ics_written},
    {"IMS", E1000_IMS, 4, .w1s = ICR_82574_CAUSES, .written = ims_written},
    {"IMC", E1000_IMC, 4, .written = imc_written},
    {"RCTL", E1000_RCTL, 4, .writable = UINT32_MAX, .written = rdt_written},
    RW("FCTTV", E1000_FCTTV, 0xffff),
    RW("TXCW", E1000_TXCW, UINT32_MAX),
    RO("RXCW", E1000_RXCW),
    {"TCTL", E1000_TCTL, 4, .reset = TCTL_PSP, .writable = UINT32_MAX, .written = kick_written},
    RW("TIPG", E1000_TIPG, UINT32_MAX),
    RW("AIT", E1000_AIT, 0xffff),
    {"LEDCTL", E1000_LEDCTL, 4, .reset = 0x07061302, .writable = UINT32_MAX},
    {"PBA", E1000_PBA, 4, .reset = 0x00140014, .writable = 0xffffffff},
    RW("FCRTL", E1000_FCRTL, UINT32_MAX),
    RW("FCRTH", E1000_FCRTH, UINT32_MAX),
    RO("RDFH", E1000_RDFH),
    RO("RDFT", E1000_RDFT),
    RO("RDFHS", E1000_RDFHS),
    RO("RDFTS", E1000_RDFTS),
    RO("RDFPC", E1000_RDFPC),
    RING("RD", E1000_RDBAL, rdt_written),
    RW("RDTR", E1000_RDTR, 0xffff),
    RW("RXDCTL", E1000_RXDCTL, UINT32_MAX),
    RW("RADV", E1000_RADV, 0xffff),
    RW("RSRPD", E1000_RSRPD, 0xfff),
    RO("TDFH", E1000_TDFH),
    RO("TDFT", E1000_TDFT),
    RO("TDFHS", E1000_TDFHS),
    RO("TDFTS", E1000_TDFTS),
    RO("TDFPC", E1000_TDFPC),
    RING("TD", E1000_TDBAL, kick_written),
    RW("TIDV", E1000_TIDV, 0xffff),
    RW("TXDCTL", E1000_TXDCTL, UINT32_MAX),
    RW("TADV", E1000_TADV, 0xffff),
    RW("TSPMT", E1000_TSPMT, UINT32_MAX),
    NIC_STAT_ROWS(stat_read, octets_high_read),
    STAT("IAC", NIC_STATS + 0x100),
    STAT("ICRXPTC", NIC_STATS + 0x104),
    STAT("ICRXATC", NIC_STATS + 0x108),
    STAT("ICTXPTC", NIC_STATS + 0x10c),
    STAT("ICTXATC", NIC_STATS + 0x110),
    STAT("ICTXQEC", NIC_STATS + 0x118),
    STAT("ICTXQMTC", NIC_STATS + 0x11c),
    STAT("ICRXDMTC", NIC_STATS + 0x120),
    STAT("ICRXOC", NIC_STATS + 0x124),
    RW("RXCSUM", E1000_RXCSUM, 0x3fff),
    RW("WUC", E1000_WUC, 0xf),
    RW("WUFC", E1000_WUFC, UINT32_MAX),
    RO("WUS", E1000_WUS),
    RW("MANC", E1000_MANC, UINT32_MAX),
    RW("IPAV", E1000_IPAV, UINT32_MAX),
    RO("WUPL", E1000_WUPL),
};
static_assert(G_N_ELEMENTS(e1000_rows) == E1000_ROWS, "state holds every register");

/* ---- The 82574L's own ---- */

/* 82574, 10.2.10: EIAC and the like are of no use to what has been told of. */
WRITTEN(intr_written)
{
    e1000_intr_update(opaque);
}

/* 10.2.8.8: whoever reads it free has it. */
READ(swsm_read)
{
    E1000 *n = opaque;
    regfile_set(&n->more, E1000_SWSM, value | SWSM_SMBI);
    return value;
}

/* 10.2.11: a clock of 25 MHz; every so many of its ticks the time grows by an increment. */
static uint64_t system_time(const E1000 *n)
{
    uint64_t timinca = e1000_more(n, E1000_TIMINCA), period = timinca >> 24;
    uint64_t passed = (uint64_t)clock_now(n->pci.dev.platform->clock) - n->time_at;
    return n->time_base + (period ? passed / (40 * period) * (timinca & 0xffffff) : 0);
}

static void set_system_time(E1000 *n, uint64_t time)
{
    n->time_base = time;
    n->time_at = (uint64_t)clock_now(n->pci.dev.platform->clock);
}

READ(systim_read)
{
    return system_time(opaque) >> (row->offset == E1000_SYSTIMH ? 32 : 0) & UINT32_MAX;
}

WRITTEN(systim_written)
{
    E1000 *n = opaque;
    unsigned shift = row->offset == E1000_SYSTIMH ? 32 : 0;
    uint64_t time = system_time(n) & ~((uint64_t)UINT32_MAX << shift);
    set_system_time(n, time | (written & UINT32_MAX) << shift);
}

WRITTEN(timinca_written)
{
    E1000 *n = opaque;
    regfile_set(&n->more, E1000_TIMINCA, old);
    uint64_t time = system_time(n);
    regfile_set(&n->more, E1000_TIMINCA, now);
    set_system_time(n, time);
}

static const RegRow e1000e_rows[] = {
    {"EIAC", E1000_EIAC, 4, .writable = 0x01f00000},
    RW("IAM", E1000_IAM, UINT32_MAX),
    {"IVAR", E1000_IVAR, 4, .writable = 0x800fffff, .written = intr_written},
    RW("EITR0", E1000_EITR + 0x00, 0xffff),
    RW("EITR1", E1000_EITR + 0x04, 0xffff),
    RW("EITR2", E1000_EITR + 0x08, 0xffff),
    RW("EITR3", E1000_EITR + 0x0c, 0xffff),
    RW("EITR4", E1000_EITR + 0x10, 0xffff),
    {"EXTCNF_CTRL", E1000_EXTCNF_CTRL, 4, .writable = EXTCNF_SW_OWNS},
    RO("EXTCNF_SIZE", E1000_EXTCNF_SIZE),
    RW("POEMB", E1000_POEMB, 0x3f),
    RW("PBS", E1000_PBS, UINT32_MAX),
    RO("EEMNGCTL", E1000_EEMNGCTL),
    RO("EEWR", E1000_EEWR),
    RO("FLOP", E1000_FLOP),
    RW("PBA_ECC", E1000_PBA_ECC, 0x3),
    RW("ERT", E1000_ERT, 0x3fff),
    {"PSRCTL", E1000_PSRCTL, 4, .reset = 0x00040402, .writable = 0x3f3f3f7f},
    RING("RD1", E1000_RDBAL + RING_NEXT, rdt_written),
    RW("RXDCTL1", E1000_RXDCTL + RING_NEXT, UINT32_MAX),
    {"TARC0", E1000_TARC, 4, .reset = 0x403, .writable = UINT32_MAX},
    RING("TD1", E1000_TDBAL + RING_NEXT, kick_written),
    RW("TXDCTL1", E1000_TXDCTL + RING_NEXT, UINT32_MAX),
    {"TARC1", E1000_TARC + RING_NEXT, 4, .reset = 0x403, .writable = UINT32_MAX},
    RW("RFCTL", E1000_RFCTL, UINT32_MAX),
    RW("MRQC", E1000_MRQC, UINT32_MAX),
    RW("GCR", E1000_GCR, UINT32_MAX),
    RO("FACTPS", E1000_FACTPS),
    {"SWSM", E1000_SWSM, 4, .writable = 0xf, .read = swsm_read},
    RO("FWSM", E1000_FWSM),
    RW("SWSM2", E1000_SWSM2, 0x2),
    RW("GCR2", E1000_GCR2, UINT32_MAX),
    {"SYSTIML", E1000_SYSTIML, 4, .read = systim_read, .written = systim_written},
    {"SYSTIMH", E1000_SYSTIMH, 4, .read = systim_read, .written = systim_written},
    {"TIMINCA", E1000_TIMINCA, 4, .writable = UINT32_MAX, .written = timinca_written},
    RW("TIMADJL", E1000_TIMADJL, UINT32_MAX),
    RW("TIMADJH", E1000_TIMADJH, UINT32_MAX),
    RW("TSYNCTXCTL", E1000_TSYNCTXCTL, 0x10),
    RW("TSYNCRXCTL", E1000_TSYNCRXCTL, 0x1e),
};
static_assert(G_N_ELEMENTS(e1000e_rows) == E1000_MORE_ROWS, "state holds every register");

/* ---- Tables: they keep what is written ---- */

typedef struct {
    uint32_t offset, words;
    size_t at; /* in E1000 */
    bool only_82574;
} E1000Table;

static const E1000Table tables[] = {
    {E1000_MTA, NIC_MTA_WORDS, offsetof(E1000, filter.mta), false},
    {E1000_RA, 32, offsetof(E1000, filter.ra), false},
    {E1000_VFTA, NIC_VFTA_WORDS, offsetof(E1000, filter.vfta), false},
    {E1000_RETA, E1000_RETA_WORDS, offsetof(E1000, reta), true},
    {E1000_RSSRK, NIC_RSS_KEY_WORDS, offsetof(E1000, rssrk), true},
};

static uint32_t *table_word(E1000 *n, uint64_t offset)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        const E1000Table *t = &tables[i];
        if (offset >= t->offset && offset < t->offset + 4 * t->words &&
            (n->model->is_82574 || !t->only_82574)) {
            return (uint32_t *)((uint8_t *)n + t->at) + (offset - t->offset) / 4;
        }
    }
    return NULL;
}

static RegFile *file_of(E1000 *n, uint32_t offset)
{
    return n->model->is_82574 && regfile_find(&n->more, offset & ~3u) ? &n->more : &n->regs;
}

/* 8254x manual, 13.2: registers are dwords. A part of one is read, and is no good way to write. */
static uint64_t e1000_mmio_read(void *opaque, uint64_t offset, unsigned size)
{
    E1000 *n = opaque;
    uint64_t value = 0;
    uint32_t *word = table_word(n, offset & ~3ull);
    if (n->busy) {
        return UINT64_MAX;
    }
    if (word) {
        return *word >> 8 * (offset & 3);
    }
    regfile_read(file_of(n, (uint32_t)offset), (uint32_t)offset, size, &value);
    return value;
}

static void e1000_mmio_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    E1000 *n = opaque;
    uint32_t *word = table_word(n, offset);
    if (n->busy || size != 4 || offset % 4 != 0) {
        return;
    }
    if (word) {
        *word = (uint32_t)value;
    } else {
        regfile_write(file_of(n, (uint32_t)offset), (uint32_t)offset, size, value);
    }
}

static const MemOps e1000_mmio_ops = {
    .read = e1000_mmio_read, .write = e1000_mmio_write, .min_size = 1, .max_size = 4};

/* 8254x manual, 13.2.2. */
static uint64_t e1000_io_read(void *opaque, uint64_t offset, unsigned size)
{
    E1000 *n = opaque;
    switch (offset) {
    case IO_ADDRESS:
        return n->io_address;
    case IO_DATA:
        return e1000_mmio_read(n, n->io_address, size);
    default:
        return 0;
    }
}

static void e1000_io_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    E1000 *n = opaque;
    if (offset == IO_ADDRESS && size == 4 && !n->busy) {
        n->io_address = (uint32_t)value & (E1000_SPAN - 1) & ~3u;
    } else if (offset == IO_DATA) {
        e1000_mmio_write(n, n->io_address, value, size);
    }
}

static const MemOps e1000_io_ops = {
    .read = e1000_io_read, .write = e1000_io_write, .min_size = 1, .max_size = 4};

/* ---- Life ---- */

void e1000_reset_all(E1000 *n)
{
    timer_cancel(&n->work);
    n->starved = false;
    n->io_address = 0;
    for (unsigned q = 0; q < n->model->queues; q++) {
        nic_tx_begin(&n->tx[q].next);
        n->tx[q].context = (NicOffload){0};
    }
    regfile_reset(&n->regs);
    if (n->model->is_82574) {
        regfile_reset(&n->more);
        memset(n->reta, 0, sizeof(n->reta));
        memset(n->rssrk, 0, sizeof(n->rssrk));
        set_system_time(n, 0);
    }
    nic_eeprom_drive(&n->eeprom, 0);
    nic_filter_reset(&n->filter, n->mac);
    nic_phy_reset(&n->phy);
    e1000_intr_reset(n);
    update_link(n);
}

void e1000_regs_init(E1000 *n)
{
    regfile_init(&n->regs, e1000_rows, n->values, E1000_ROWS, E1000_SPAN, n);
    if (n->model->is_82574) {
        regfile_init(&n->more, e1000e_rows, n->more_values, E1000_MORE_ROWS, E1000_SPAN, n);
    }
    n->mmio = (MemRegion){.name = "e1000-mmio",
                          .size = E1000_SPAN,
                          .kind = MEM_IO,
                          .ops = &e1000_mmio_ops,
                          .opaque = n};
    n->io = (MemRegion){.name = "e1000-io",
                        .size = n->model->io_size,
                        .kind = MEM_IO,
                        .ops = &e1000_io_ops,
                        .opaque = n};
}

void e1000_regs_free(E1000 *n)
{
    regfile_free(&n->regs);
    regfile_free(&n->more);
}
