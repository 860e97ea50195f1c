/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Submission and completion queue entries (NVM Express 1.4, 4.2 and 4.6). */
#include <assert.h>

#include "base/bytes.h"
#include "hw/nvme/nvme_internal.h"

static_assert(SQE_BYTES == 64 && CQE_BYTES == 16, "4.2 and 4.6");

#define CID_AT    2
#define NSID_AT   4
#define PRP1_AT   24
#define PRP2_AT   32
#define CDW10_AT  40
#define PHASE_BIT 1u

NvmeCmd nvme_cmd_decode(const uint8_t raw[SQE_BYTES])
{
    NvmeCmd cmd = {
        .opcode = raw[0],
        .fuse = raw[1] & 3,
        .psdt = raw[1] >> 6,
        .cid = bytes_get16(raw + CID_AT),
        .nsid = bytes_get32(raw + NSID_AT),
        .prp1 = bytes_get64(raw + PRP1_AT),
        .prp2 = bytes_get64(raw + PRP2_AT),
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cmd.cdw10); i++) {
        cmd.cdw10[i] = bytes_get32(raw + CDW10_AT + 4 * i);
    }
    return cmd;
}

void nvme_cqe_encode(uint8_t raw[CQE_BYTES], uint32_t result, uint16_t sq_head, uint16_t sqid,
                     uint16_t cid, bool phase, uint16_t status)
{
    bytes_put32(raw, result);
    bytes_put32(raw + 4, 0);
    bytes_put16(raw + 8, sq_head);
    bytes_put16(raw + 10, sqid);
    bytes_put16(raw + 12, cid);
    bytes_put16(raw + 14, (uint16_t)(status << 1 | (phase ? PHASE_BIT : 0)));
}
