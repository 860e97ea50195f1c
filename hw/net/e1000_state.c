/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a card is saved, and whether what was loaded can be. */
#include "hw/net/e1000_internal.h"

static const StateField tx_state[] = {
    STATE_STRUCTS(E1000Tx, next, 1, NicTx, nic_tx_state),
    STATE_STRUCTS(E1000Tx, context, 1, NicOffload, nic_offload_state),
    STATE_END,
};

/* Of both. */
static const StateField common_state[] = {
    PCI_STATE,
    STATE_FIELD_MAX(STATE_UINT32, E1000, io_address, E1000_SPAN - 1),
    STATE_REGFILE(E1000, regs),
    STATE_STRUCTS(E1000, filter, 1, NicFilter, nic_filter_state),
    STATE_STRUCTS(E1000, eeprom, 1, NicEeprom, nic_eeprom_state),
    STATE_STRUCTS(E1000, phy, 1, NicPhy, nic_phy_state),
    STATE_FIELD(STATE_TIMER, E1000, work),
    STATE_FIELD(STATE_UINT8, E1000, starved),
    STATE_FIELD(STATE_UINT8, E1000, told),
    STATE_STRUCTS(E1000, throttle, E1000_VECTORS, NicThrottle, nic_throttle_state),
    STATE_STRUCTS(E1000, rx_delay, 1, NicDelay, nic_delay_state),
    STATE_STRUCTS(E1000, tx_delay, 1, NicDelay, nic_delay_state),
    STATE_NOT_SAVED(E1000, room), /* within one call only */
    STATE_END,
};
#define COMMON_STATE                                                                               \
    {                                                                                              \
        .name = "common", .type = STATE_SUB, .count = 1, .size = sizeof(E1000),                    \
        .sub = common_state                                                                        \
    }

const StateField e1000_state[] = {
    COMMON_STATE,
    STATE_STRUCTS(E1000, tx, 1, E1000Tx, tx_state),
    STATE_END,
};

const StateField e1000e_state[] = {
    COMMON_STATE,
    STATE_STRUCTS(E1000, tx, E1000_QUEUES, E1000Tx, tx_state),
    STATE_REGFILE(E1000, more),
    STATE_ARRAY(STATE_UINT32, E1000, reta, E1000_RETA_WORDS),
    STATE_ARRAY(STATE_UINT32, E1000, rssrk, NIC_RSS_KEY_WORDS),
    STATE_FIELD(STATE_UINT64, E1000, time_base),
    STATE_FIELD(STATE_UINT64, E1000, time_at),
    STATE_END,
};

/* The cable is the host's: a driver is told if it is another than when the machine was saved. */
void e1000_restored(Device *dev)
{
    E1000 *n = (E1000 *)dev;
    bool was_up = e1000_reg(n, E1000_STATUS) & STATUS_LU;
    pci_device_restored(&n->pci);
    if (was_up != e1000_link_is_up(n)) {
        e1000_link_changed(n, e1000_link_is_up(n));
    }
}
