/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mailboxes between the physical function and its virtual ones (82576, 7.10.2.9): sixteen
 * dwords each that one side holds at a time, and flags that tell the other of a message, of its
 * receipt and of resets.
 */
#include "hw/net/igb_internal.h"
#include "hw/pci/pcie_sriov.h"

#define ACK_SHIFT 16 /* MBVFICR: acknowledgements behind requests */

static void mail_tell_pf(Igb *n, uint32_t bit)
{
    igb_set_reg(n, IGB_MBVFICR, igb_reg(n, IGB_MBVFICR) | bit);
    if (igb_reg(n, IGB_MBVFIMR) & bit & 0xff || bit >> ACK_SHIFT) {
        igb_raise(n, IGB_ICR_VMMB);
    }
}

static void mail_tell_vf(Igb *n, unsigned vf, uint32_t flag)
{
    n->v2p[vf] |= flag;
    if (vf < igb_shown_vfs(n)) {
        igb_vf_mail_event((IgbVf *)pcie_sriov_vf(&n->pci, vf));
    }
}

/* Who asks first has it. */
static void mail_hold(Igb *n, unsigned vf, bool wanted, uint32_t own, uint32_t other)
{
    if (!wanted) {
        n->v2p[vf] &= ~own;
    } else if ((n->v2p[vf] & other) == 0) {
        n->v2p[vf] |= own;
    }
}

uint32_t igb_p2v_read(const Igb *n, unsigned vf)
{
    return n->v2p[vf] & (V2P_VFU | V2P_PFU);
}

void igb_p2v_written(Igb *n, unsigned vf, uint32_t value)
{
    if (value & P2V_RVFU) {
        n->v2p[vf] &= ~V2P_VFU;
    }
    mail_hold(n, vf, value & P2V_PFU, V2P_PFU, V2P_VFU);
    if (value & P2V_STS) {
        mail_tell_vf(n, vf, V2P_PFSTS);
    }
    if (value & P2V_ACK) {
        mail_tell_vf(n, vf, V2P_PFACK);
    }
}

uint32_t igb_v2p_read(Igb *n, unsigned vf)
{
    uint32_t value = n->v2p[vf];
    n->v2p[vf] &= ~V2P_READ_CLEARS;
    return value;
}

void igb_v2p_written(Igb *n, unsigned vf, uint32_t value)
{
    mail_hold(n, vf, value & V2P_VFU, V2P_VFU, V2P_PFU);
    if (value & V2P_REQ) {
        mail_tell_pf(n, 1u << vf);
    }
    if (value & V2P_ACK) {
        mail_tell_pf(n, 1u << (vf + ACK_SHIFT));
    }
}

void igb_vf_was_reset(Igb *n, unsigned vf)
{
    igb_queue_reset(&n->rx[vf]);
    igb_queue_reset(&n->rx[vf + IGB_POOLS]);
    igb_queue_reset(&n->tx[vf]);
    igb_queue_reset(&n->tx[vf + IGB_POOLS]);
    n->v2p[vf] &= V2P_RSTI | V2P_PFU;
    if ((n->v2p[vf] & V2P_RSTI) == 0) {
        n->v2p[vf] |= V2P_RSTD;
    }
    igb_set_reg(n, IGB_VFLRE, igb_reg(n, IGB_VFLRE) | 1u << vf);
    if (vf < igb_shown_vfs(n)) {
        igb_raise(n, IGB_ICR_VMMB);
    }
}

void igb_mailbox_reset(Igb *n)
{
    for (unsigned vf = 0; vf < IGB_POOLS; vf++) {
        n->v2p[vf] = V2P_RSTI;
    }
}

void igb_mailbox_reset_done(Igb *n)
{
    for (unsigned vf = 0; vf < IGB_POOLS; vf++) {
        if (n->v2p[vf] & V2P_RSTI) {
            n->v2p[vf] = (n->v2p[vf] & ~V2P_RSTI) | V2P_RSTD;
        }
    }
}
