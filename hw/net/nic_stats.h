/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics registers, which Intel's gigabit controllers have at the same places (8254x
 * manual, 13.7; 82574, 10.2.7; 82576, 8.19). What no cable of ours does is never counted. Private
 * to hw/net/.
 */
#ifndef HW_NET_NIC_STATS_H
#define HW_NET_NIC_STATS_H

#include "hw/core/regfile.h"
#include "net/net.h"

enum {
    NIC_STATS = 0x4000,
    NIC_MPC = 0x4010,
    NIC_PRC64 = 0x405c,
    NIC_GPRC = 0x4074,
    NIC_BPRC = 0x4078,
    NIC_MPRC = 0x407c,
    NIC_GPTC = 0x4080,
    NIC_GORCL = 0x4088,
    NIC_GOTCL = 0x4090,
    NIC_RNBC = 0x40a0,
    NIC_ROC = 0x40ac,
    NIC_TORL = 0x40c0,
    NIC_TOTL = 0x40c8,
    NIC_TPR = 0x40d0,
    NIC_TPT = 0x40d4,
    NIC_PTC64 = 0x40d8,
    NIC_MPTC = 0x40f0,
    NIC_BPTC = 0x40f4,
    NIC_TSCTC = 0x40f8,
};

/* Rows of a register file, at its registers' own offsets. `read_` clears a register, `high_` it and
 * the one before, which is the lower half. */
#define NIC_STAT(name_, offset_, read_)                                                            \
    {                                                                                              \
        name_, offset_, 4, .read = read_                                                           \
    }
#define NIC_OCTETS(name_, offset_, high_)                                                          \
    {name_ "L", offset_, 4},                                                                       \
    {                                                                                              \
        name_ "H", offset_ + 4, 4, .read = high_                                                   \
    }
#define NIC_STAT_ROWS(read_, high_)                                                                \
    NIC_STAT("CRCERRS", NIC_STATS + 0x00, read_), NIC_STAT("ALGNERRC", NIC_STATS + 0x04, read_),   \
        NIC_STAT("SYMERRS", NIC_STATS + 0x08, read_), NIC_STAT("RXERRC", NIC_STATS + 0x0c, read_), \
        NIC_STAT("MPC", NIC_MPC, read_), NIC_STAT("SCC", NIC_STATS + 0x14, read_),                 \
        NIC_STAT("ECOL", NIC_STATS + 0x18, read_), NIC_STAT("MCC", NIC_STATS + 0x1c, read_),       \
        NIC_STAT("LATECOL", NIC_STATS + 0x20, read_), NIC_STAT("COLC", NIC_STATS + 0x28, read_),   \
        NIC_STAT("DC", NIC_STATS + 0x30, read_), NIC_STAT("TNCRS", NIC_STATS + 0x34, read_),       \
        NIC_STAT("SEC", NIC_STATS + 0x38, read_), NIC_STAT("CEXTERR", NIC_STATS + 0x3c, read_),    \
        NIC_STAT("RLEC", NIC_STATS + 0x40, read_), NIC_STAT("XONRXC", NIC_STATS + 0x48, read_),    \
        NIC_STAT("XONTXC", NIC_STATS + 0x4c, read_), NIC_STAT("XOFFRXC", NIC_STATS + 0x50, read_), \
        NIC_STAT("XOFFTXC", NIC_STATS + 0x54, read_), NIC_STAT("FCRUC", NIC_STATS + 0x58, read_),  \
        NIC_STAT("PRC64", NIC_PRC64, read_), NIC_STAT("PRC127", NIC_PRC64 + 0x04, read_),          \
        NIC_STAT("PRC255", NIC_PRC64 + 0x08, read_), NIC_STAT("PRC511", NIC_PRC64 + 0x0c, read_),  \
        NIC_STAT("PRC1023", NIC_PRC64 + 0x10, read_),                                              \
        NIC_STAT("PRC1522", NIC_PRC64 + 0x14, read_), NIC_STAT("GPRC", NIC_GPRC, read_),           \
        NIC_STAT("BPRC", NIC_BPRC, read_), NIC_STAT("MPRC", NIC_MPRC, read_),                      \
        NIC_STAT("GPTC", NIC_GPTC, read_), NIC_OCTETS("GORC", NIC_GORCL, high_),                   \
        NIC_OCTETS("GOTC", NIC_GOTCL, high_), NIC_STAT("RNBC", NIC_RNBC, read_),                   \
        NIC_STAT("RUC", NIC_STATS + 0xa4, read_), NIC_STAT("RFC", NIC_STATS + 0xa8, read_),        \
        NIC_STAT("ROC", NIC_ROC, read_), NIC_STAT("RJC", NIC_STATS + 0xb0, read_),                 \
        NIC_STAT("MGTPRC", NIC_STATS + 0xb4, read_), NIC_STAT("MGTPDC", NIC_STATS + 0xb8, read_),  \
        NIC_STAT("MGTPTC", NIC_STATS + 0xbc, read_), NIC_OCTETS("TOR", NIC_TORL, high_),           \
        NIC_OCTETS("TOT", NIC_TOTL, high_), NIC_STAT("TPR", NIC_TPR, read_),                       \
        NIC_STAT("TPT", NIC_TPT, read_), NIC_STAT("PTC64", NIC_PTC64, read_),                      \
        NIC_STAT("PTC127", NIC_PTC64 + 0x04, read_), NIC_STAT("PTC255", NIC_PTC64 + 0x08, read_),  \
        NIC_STAT("PTC511", NIC_PTC64 + 0x0c, read_), NIC_STAT("PTC1023", NIC_PTC64 + 0x10, read_), \
        NIC_STAT("PTC1522", NIC_PTC64 + 0x14, read_), NIC_STAT("MPTC", NIC_MPTC, read_),           \
        NIC_STAT("BPTC", NIC_BPTC, read_), NIC_STAT("TSCTC", NIC_TSCTC, read_),                    \
        NIC_STAT("TSCTFC", NIC_STATS + 0xfc, read_)
#define NIC_STAT_COUNT 58

void nic_count(RegFile *regs, uint32_t stat);
/* A frame that came or went, whose length is without its check sequence. */
void nic_count_received(RegFile *regs, const NetFrame *frame);
void nic_count_sent(RegFile *regs, const uint8_t *frame, size_t len, bool segmented);

#endif
