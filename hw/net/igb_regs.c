/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The physical function's registers (82576, 8). Left out: the flash, management, wake-up, time. */
#include <assert.h>
#include <string.h>

#include "hw/net/igb_internal.h"
#include "hw/pci/msi.h"

#define MDIC_INTERRUPT_ON 0x20000000u
#define CFG_DONE          0x00040000u /* EEMNGCTL: the first port's */

bool igb_link_is_up(const Igb *n)
{
    return netdev_link_is_up(n->netdev) && nic_phy_has_power(&n->phy) &&
           (igb_reg(n, IGB_CTRL) & CTRL_SLU);
}

static void igb_update_link(Igb *n)
{
    uint32_t status = igb_reg(n, IGB_STATUS) & ~STATUS_LU;
    igb_set_reg(n, IGB_STATUS, status | (igb_link_is_up(n) ? STATUS_LU : 0));
}

void igb_link_changed(void *opaque, bool up)
{
    Igb *n = opaque;
    igb_update_link(n);
    igb_raise(n, IGB_ICR_LSC);
}

#define WRITTEN(name_)                                                                             \
    static void name_(void *opaque, const RegRow *row, uint64_t old, uint64_t now,                 \
                      uint64_t written, uint64_t mask)
#define READ(name_) static uint64_t name_(void *opaque, const RegRow *row, uint64_t value)

WRITTEN(ctrl_written)
{
    Igb *n = opaque;
    if (written & CTRL_RST) {
        igb_reset_all(n);
        return;
    }
    if (written & CTRL_PHY_RST) {
        nic_phy_reset(&n->phy);
        igb_set_reg(n, IGB_STATUS, igb_reg(n, IGB_STATUS) | STATUS_PHYRA);
    }
    igb_update_link(n);
}

WRITTEN(status_written)
{
    Igb *n = opaque;
    if ((written & STATUS_PHYRA) == 0) {
        igb_set_reg(n, IGB_STATUS, igb_reg(n, IGB_STATUS) & ~STATUS_PHYRA);
    }
}

READ(status_read)
{
    Igb *n = opaque;
    return value | (igb_reg(n, IGB_CTRL) & CTRL_MASTER_DISABLE ? 0 : STATUS_MASTER_ENABLE);
}

READ(eecd_read)
{
    return nic_eeprom_pins(&((Igb *)opaque)->eeprom) | EECD_PRESENT | EECD_AUTO_READ;
}

WRITTEN(eecd_written)
{
    nic_eeprom_drive(&((Igb *)opaque)->eeprom, (uint32_t)now);
}

WRITTEN(eerd_written)
{
    Igb *n = opaque;
    igb_set_reg(n, IGB_EERD, nic_eeprom_read(&n->eeprom, (uint32_t)now));
}

WRITTEN(ctrl_ext_written)
{
    if (written & CTRL_EXT_PFRSTD) {
        igb_mailbox_reset_done(opaque);
    }
}

WRITTEN(mdic_written)
{
    Igb *n = opaque;
    igb_set_reg(n, IGB_MDIC, nic_phy_access(&n->phy, (uint32_t)now, netdev_link_is_up(n->netdev)));
    igb_update_link(n);
    if (now & MDIC_INTERRUPT_ON) {
        igb_raise(n, ICR_MDAC);
    }
}

READ(icr_read)
{
    return igb_icr_read(opaque);
}

WRITTEN(icr_written)
{
    igb_icr_written(opaque, (uint32_t)written);
}

WRITTEN(ics_written)
{
    igb_raise(opaque, (uint32_t)written & IGB_ICR_ALL);
}

WRITTEN(ims_written)
{
    igb_raise(opaque, igb_reg(opaque, IGB_ICR) & IGB_ICR_ALL);
}

WRITTEN(imc_written)
{
    Igb *n = opaque;
    igb_set_reg(n, IGB_IMS, igb_reg(n, IGB_IMS) & ~(uint32_t)written);
    igb_update_together(n);
}

WRITTEN(kick_written)
{
    igb_kick(opaque);
}

READ(swsm_read)
{
    igb_set_reg(opaque, IGB_SWSM, (uint32_t)value | SWSM_SMBI);
    return value;
}

READ(p2v_read)
{
    return igb_p2v_read(opaque, (row->offset - IGB_P2VMAILBOX) / 4);
}

WRITTEN(p2v_written)
{
    igb_p2v_written(opaque, (row->offset - IGB_P2VMAILBOX) / 4, (uint32_t)written);
}

READ(igb_stat_read)
{
    igb_set_reg(opaque, row->offset, 0);
    return value;
}

/* The halves go together. */
READ(igb_octets_high_read)
{
    igb_set_reg(opaque, row->offset, 0);
    igb_set_reg(opaque, row->offset - 4, 0);
    return value;
}

#define RW(name_, offset_)                                                                         \
    {                                                                                              \
        name_, offset_, 4, .writable = UINT32_MAX                                                  \
    }
#define RO(name_, offset_)                                                                         \
    {                                                                                              \
        name_, offset_, 4                                                                          \
    }
#define P2V(n_)                                                                                    \
    {                                                                                              \
        "P2VMAILBOX" #n_, IGB_P2VMAILBOX + 4 * n_, 4, .read = p2v_read, .written = p2v_written     \
    }

static const RegRow igb_rows[] = {
    {"CTRL", IGB_CTRL, 4, .reset = CTRL_FD | CTRL_SLU | 0x200, .writable = CTRL_WRITABLE,
     .written = ctrl_written},
    {"STATUS", IGB_STATUS, 4, .reset = STATUS_FD | STATUS_SPEED_1000, .read = status_read,
     .written = status_written},
    {"EECD", IGB_EECD, 4, .writable = UINT32_MAX, .read = eecd_read, .written = eecd_written},
    {"EERD", IGB_EERD, 4, .writable = UINT32_MAX, .written = eerd_written},
    {"CTRL_EXT", IGB_CTRL_EXT, 4, .writable = ~CTRL_EXT_PFRSTD, .written = ctrl_ext_written},
    {"MDIC", IGB_MDIC, 4, .writable = 0x3fffffff, .written = mdic_written},
    RW("FCAL", E1000_FCAL),
    RW("FCAH", E1000_FCAH),
    RW("FCT", E1000_FCT),
    RW("CONNSW", IGB_CONNSW),
    {"VET", IGB_VET, 4, .reset = 0x81008100, .writable = UINT32_MAX},
    {"RCTL", IGB_RCTL, 4, .writable = UINT32_MAX, .written = kick_written},
    RW("FCTTV", E1000_FCTTV),
    {"TCTL", IGB_TCTL, 4, .reset = TCTL_PSP, .writable = UINT32_MAX, .written = kick_written},
    RW("TCTL_EXT", IGB_TCTL_EXT),
    RW("TIPG", IGB_TIPG),
    P2V(0),
    P2V(1),
    P2V(2),
    P2V(3),
    P2V(4),
    P2V(5),
    P2V(6),
    P2V(7),
    {"MBVFICR", IGB_MBVFICR, 4, .w1c = 0x00ff00ff},
    {"MBVFIMR", IGB_MBVFIMR, 4, .reset = 0xff, .writable = 0xff},
    {"VFLRE", IGB_VFLRE, 4, .w1c = 0xff},
    {"VFRE", IGB_VFRE, 4, .reset = 0xff, .writable = 0xff},
    {"VFTE", IGB_VFTE, 4, .reset = 0xff, .writable = 0xff, .written = kick_written},
    {"LEDCTL", IGB_LEDCTL, 4, .reset = 0x07061302, .writable = UINT32_MAX},
    RW("PBA", IGB_PBA),
    {"EEMNGCTL", IGB_EEMNGCTL, 4, .reset = CFG_DONE},
    {"ICR", IGB_ICR, 4, .read = icr_read, .written = icr_written},
    {"ICS", IGB_ICS, 4, .written = ics_written},
    {"IMS", IGB_IMS, 4, .w1s = IGB_ICR_ALL, .written = ims_written},
    {"IMC", IGB_IMC, 4, .written = imc_written},
    RW("IAM", IGB_IAM),
    RW("FCRTL", E1000_FCRTL),
    RW("FCRTH", E1000_FCRTH),
    {"RXPBS", IGB_RXPBS, 4, .reset = 0x40, .writable = 0x7f},
    RW("QDE", IGB_QDE),
    {"TXPBS", IGB_TXPBS, 4, .reset = 0x28, .writable = 0x3f},
    RW("DTXSWC", IGB_DTXSWC),
    RO("WVBR", IGB_WVBR),
    NIC_STAT_ROWS(igb_stat_read, igb_octets_high_read),
    RW("RXCSUM", IGB_RXCSUM),
    {"RLPML", IGB_RLPML, 4, .reset = 0x3fff, .writable = 0x3fff},
    RW("RFCTL", IGB_RFCTL),
    RW("WUC", IGB_WUC),
    RW("WUFC", IGB_WUFC),
    RW("MRQC", IGB_MRQC),
    RW("VT_CTL", IGB_VT_CTL),
    RW("MANC", IGB_MANC),
    RW("RPLOLR", IGB_RPLOLR),
    RW("GCR", IGB_GCR),
    RO("FACTPS", IGB_FACTPS),
    {"SWSM", IGB_SWSM, 4, .writable = 0xf, .read = swsm_read},
    RO("FWSM", IGB_FWSM),
    RW("SW_FW_SYNC", IGB_SW_FW_SYNC),
};
static_assert(G_N_ELEMENTS(igb_rows) == IGB_ROWS, "state holds every register");

/* ---- Tables ---- */

static const struct {
    uint32_t offset, words;
    size_t at;
} tables[] = {
    {IGB_VMBMEM, IGB_POOLS *IGB_MAIL_WORDS, offsetof(Igb, mail)},
    {IGB_MTA, NIC_MTA_WORDS, offsetof(Igb, filter.mta)},
    {IGB_RA, 32, offsetof(Igb, filter.ra)},
    {IGB_RA2, 16, offsetof(Igb, filter.ra[32])},
    {IGB_VFTA, NIC_VFTA_WORDS, offsetof(Igb, filter.vfta)},
    {IGB_VMOLR, IGB_POOLS, offsetof(Igb, vmolr)},
    {IGB_RETA, IGB_RETA_WORDS, offsetof(Igb, reta)},
    {IGB_RSSRK, NIC_RSS_KEY_WORDS, offsetof(Igb, rssrk)},
    {IGB_VLVF, 32, offsetof(Igb, vlvf)},
    {IGB_UTA, 128, offsetof(Igb, uta)},
};

static uint32_t *igb_table_word(Igb *n, uint64_t offset)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (offset >= tables[i].offset && offset < tables[i].offset + 4 * tables[i].words) {
            return (uint32_t *)((uint8_t *)n + tables[i].at) + (offset - tables[i].offset) / 4;
        }
    }
    return NULL;
}

/* 8.1.3: where earlier controllers have these, too. */
static uint32_t igb_without_alias(uint32_t offset)
{
    switch (offset) {
    case E1000_ICR:
        return IGB_ICR;
    case E1000_ICS:
        return IGB_ICS;
    case E1000_IMS:
        return IGB_IMS;
    case E1000_IMC:
        return IGB_IMC;
    case E1000_IAM:
        return IGB_IAM;
    default:
        return offset;
    }
}

/* The register file that has a register, and where in it. */
static RegFile *igb_file_of(Igb *n, uint32_t offset, uint32_t *reg)
{
    IgbQueue *q = igb_queue_at(n, offset, reg);
    if (q) {
        return &q->regs;
    }
    if (igb_intr_has(&n->intr, offset & ~3u)) {
        *reg = offset - IGB_INTR_FIRST;
        return &n->intr.regs;
    }
    *reg = igb_without_alias(offset);
    return &n->regs;
}

static uint64_t igb_mmio_read(void *opaque, uint64_t offset, unsigned size)
{
    Igb *n = opaque;
    uint64_t value = 0;
    uint32_t reg, *word = igb_table_word(n, offset & ~3ull);
    if (n->busy) {
        return UINT64_MAX;
    }
    if (word) {
        return *word >> 8 * (offset & 3);
    }
    RegFile *file = igb_file_of(n, (uint32_t)offset, &reg);
    regfile_read(file, reg, size, &value);
    return value;
}

static void igb_mmio_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Igb *n = opaque;
    uint32_t reg, *word = igb_table_word(n, offset);
    if (n->busy || size != 4 || offset % 4 != 0) {
        return;
    }
    if (word) {
        *word = (uint32_t)value;
        return;
    }
    RegFile *file = igb_file_of(n, (uint32_t)offset, &reg);
    regfile_write(file, reg, size, value);
}

static const MemOps igb_mmio_ops = {
    .read = igb_mmio_read, .write = igb_mmio_write, .min_size = 1, .max_size = 4};

void igb_reset_all(Igb *n)
{
    timer_cancel(&n->work);
    for (unsigned i = 0; i < IGB_QUEUES; i++) {
        igb_queue_reset(&n->rx[i]);
        igb_queue_reset(&n->tx[i]);
    }
    regfile_reset(&n->regs);
    regfile_set(&n->rx[0].regs, IGBQ_CTL, IGBQ_ENABLE);
    igb_intr_reset(&n->intr);
    memset(n->reta, 0, sizeof(n->reta));
    memset(n->rssrk, 0, sizeof(n->rssrk));
    memset(n->uta, 0, sizeof(n->uta));
    memset(n->vlvf, 0, sizeof(n->vlvf));
    memset(n->vmolr, 0, sizeof(n->vmolr));
    n->told_together = false;
    pci_set_intx(&n->pci, false);
    nic_eeprom_drive(&n->eeprom, 0);
    nic_filter_reset(&n->filter, n->mac);
    nic_phy_reset(&n->phy);
    igb_mailbox_reset(n);
    igb_update_link(n);
}

void igb_regs_init(Igb *n)
{
    regfile_init(&n->regs, igb_rows, n->values, IGB_ROWS, IGB_SPAN, n);
    n->mmio = (MemRegion){
        .name = "igb", .size = IGB_SPAN, .kind = MEM_IO, .ops = &igb_mmio_ops, .opaque = n};
}

void igb_regs_free(Igb *n)
{
    regfile_free(&n->regs);
}
