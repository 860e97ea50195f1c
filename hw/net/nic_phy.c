/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PHY behind MDIC (IEEE 802.3, 22.2.4 and 28; 82574L data sheet, 10.2.2.7): it has always
 * agreed on 1000 Mb/s, full duplex, as soon as there is a cable. Of the maker's own registers those
 * are here that say so. Left out: other pages, diagnostics, loopback.
 */
#include "hw/net/nic.h"

#define MDIC_REG(v_) ((v_) >> 16 & 0x1f)
#define MDIC_PHY(v_) ((v_) >> 21 & 0x1f)
#define MDIC_WRITE   0x04000000u
#define MDIC_READ    0x08000000u
#define MDIC_READY   0x10000000u
#define MDIC_ERROR   0x40000000u
#define PHY_ADDRESS  1
#define PAGED_FROM   16

enum {
    PHY_CONTROL = 0,
    PHY_STATUS = 1,
    PHY_ID1 = 2,
    PHY_ID2 = 3,
    PHY_ADVERTISE = 4,
    PHY_PARTNER = 5,
    PHY_EXPANSION = 6,
    PHY_1000_CONTROL = 9,
    PHY_1000_STATUS = 10,
    PHY_EXTENDED_STATUS = 15,
    PHY_M88_CONTROL = 16,
    PHY_SPECIFIC_STATUS = 17,
    PHY_M88_EXTENDED_CONTROL = 20,
};

#define CONTROL_RESET      0x8000u
#define CONTROL_POWER_DOWN 0x0800u
#define CONTROL_RESTART    0x0200u
#define STATUS_LINK        0x0004u
#define STATUS_NEGOTIATED  0x0020u
#define PARTNER_ALL        0x45e1u /* acknowledged; 10 and 100 Mb/s, pause */
#define PARTNER_1000       0x3c00u /* both receivers are right; 1000 Mb/s, both duplexes */
#define M88_STATUS_UP      0xac00u /* 1000 Mb/s, full duplex, resolved, link */
#define IGP_STATUS_UP      0xc20cu /* 1000 Mb/s, full duplex, link */

static const NicPhyRow phy_rows[] = {
    {PHY_CONTROL, 0x1140, 0xffff & ~(CONTROL_RESET | CONTROL_RESTART)},
    {PHY_STATUS, 0x7949, 0},
    {PHY_ADVERTISE, 0x0de1, 0xffff},
    {PHY_EXPANSION, 0x000d, 0},
    {PHY_1000_CONTROL, 0x0f00, 0xff00},
    {PHY_EXTENDED_STATUS, 0x3000, 0},
    {PHY_M88_CONTROL, 0x0068, 0xffff},
    {18, 0, 0xffff},
    {PHY_M88_EXTENDED_CONTROL, 0x0d60, 0xffff},
    {22, 0, 0xffff},
    {24, 0, 0xffff},
    {25, 0, 0xffff},
    {29, 0, 0xffff},
    {30, 0, 0xffff},
    {31, 0, 0xffff},
};

const StateField nic_phy_state[] = {
    STATE_ARRAY(STATE_UINT16, NicPhy, regs, NIC_PHY_REGS),
    STATE_END,
};

static const NicPhyRow *phy_row(unsigned reg)
{
    for (size_t i = 0; i < G_N_ELEMENTS(phy_rows); i++) {
        if (phy_rows[i].reg == reg) {
            return &phy_rows[i];
        }
    }
    return NULL;
}

void nic_phy_reset(NicPhy *phy)
{
    for (unsigned reg = 0; reg < NIC_PHY_REGS; reg++) {
        const NicPhyRow *row = phy_row(reg);
        phy->regs[reg] = row ? row->reset : 0;
    }
    phy->regs[PHY_ID1] = phy->kind->id_high;
    phy->regs[PHY_ID2] = phy->kind->id_low;
}

void nic_phy_init(NicPhy *phy, const NicPhyKind *kind)
{
    phy->kind = kind;
    nic_phy_reset(phy);
}

bool nic_phy_has_power(const NicPhy *phy)
{
    return (phy->regs[PHY_CONTROL] & CONTROL_POWER_DOWN) == 0;
}

static uint16_t phy_read(const NicPhy *phy, unsigned reg, bool link)
{
    switch (reg) {
    case PHY_STATUS:
        return (uint16_t)(phy->regs[reg] | (link ? STATUS_LINK | STATUS_NEGOTIATED : 0));
    case PHY_PARTNER:
        return link ? PARTNER_ALL : 0;
    case PHY_1000_STATUS:
        return link ? PARTNER_1000 : 0;
    case PHY_SPECIFIC_STATUS:
        if (!link) {
            return 0;
        }
        return phy->kind->family == NIC_PHY_M88 ? M88_STATUS_UP : IGP_STATUS_UP;
    default:
        return phy->regs[reg];
    }
}

static void phy_write(NicPhy *phy, unsigned reg, uint16_t value)
{
    const NicPhyRow *row = phy_row(reg);
    if (reg == PHY_CONTROL && (value & CONTROL_RESET)) {
        nic_phy_reset(phy);
    } else if (row) {
        phy->regs[reg] = (uint16_t)((phy->regs[reg] & ~row->writable) | (value & row->writable));
    }
}

uint32_t nic_phy_access(NicPhy *phy, uint32_t mdic, bool cable)
{
    unsigned reg = MDIC_REG(mdic), select = phy->kind->page_select;
    bool elsewhere = reg >= PAGED_FROM && reg != select && (phy->regs[select] & ~0x1fu) != 0;
    if (MDIC_PHY(mdic) != PHY_ADDRESS) {
        return mdic | MDIC_READY | MDIC_ERROR;
    }
    if (mdic & MDIC_READ) {
        uint16_t value = elsewhere ? 0 : phy_read(phy, reg, cable && nic_phy_has_power(phy));
        mdic = (mdic & 0xffff0000) | value;
    } else if ((mdic & MDIC_WRITE) && !elsewhere) {
        phy_write(phy, reg, (uint16_t)mdic);
    }
    return mdic | MDIC_READY;
}
