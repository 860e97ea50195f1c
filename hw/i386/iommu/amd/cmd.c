/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the codec of commands (2.4). An opcode that is not offered is illegal, and so is one with
 * a reserved bit. Left out are those of what is not offered: prefetching (PreFSup) and guest
 * translation, whose PASIDs are reserved.
 */
#include "hw/i386/iommu/amd/cmd.h"

#include "base/fields.h"

#define CMD_OPCODE 60, 4
/* COMPLETION_WAIT */
#define CWAIT_S        0, 1
#define CWAIT_I        1, 1
#define CWAIT_F        2, 1
#define CWAIT_ADDRESS  3, 49
#define CWAIT_RESERVED 52, 8
/* INVALIDATE_DEVTAB_ENTRY, INVALIDATE_INTERRUPT_TABLE */
#define INV_DEVICE          0, 16
#define INV_DEVICE_RESERVED 16, 44
/* INVALIDATE_IOMMU_PAGES */
#define PAGES_RESERVED0 0, 32
#define PAGES_DOMAIN    32, 16
#define PAGES_RESERVED1 48, 12
#define PAGES_S         0, 1
#define PAGES_PDE       1, 1
#define PAGES_RESERVED2 2, 10
#define PAGES_ADDRESS   12, 52
/* INVALIDATE_IOTLB_PAGES, beside what is as in INVALIDATE_IOMMU_PAGES; QueueID and Maxpend are
 * hints */
#define IOTLB_RESERVED0 16, 8
#define IOTLB_RESERVED1 48, 12
#define IOTLB_RESERVED2 1, 11
/* COMPLETE_PPR_REQUEST: without GTSup all of its PASID is reserved, and GN. */
#define PPR_TAG       32, 9
#define PPR_RESERVED0 0, 32
#define PPR_RESERVED1 41, 3
#define PPR_CODE      44, 4
#define PPR_RESERVED2 48, 16
/* INVALIDATE_IOMMU_ALL */
#define ALL_RESERVED 0, 60

#define PAGE_SHIFT    12
#define ADDRESS_SHIFT 3

static bool cmd_decode_wait(const uint64_t words[2], AmdviCmd *out)
{
    out->store = field_get(words[0], CWAIT_S);
    out->interrupt = field_get(words[0], CWAIT_I);
    out->flush = field_get(words[0], CWAIT_F);
    out->address = field_get(words[0], CWAIT_ADDRESS) << ADDRESS_SHIFT;
    out->data = words[1];
    return !(words[0] & field_mask(CWAIT_RESERVED));
}

static bool decode_device(const uint64_t words[2], AmdviCmd *out)
{
    out->device_id = (uint16_t)field_get(words[0], INV_DEVICE);
    return !(words[0] & field_mask(INV_DEVICE_RESERVED)) && !words[1];
}

/* With S the lowest clear bit of the page number tells the size: 2^(n + 1) pages for bit n (2.4.3).
 */
static void decode_range(uint64_t word, AmdviCmd *out)
{
    uint64_t address = word & field_mask(PAGES_ADDRESS);
    unsigned shift = PAGE_SHIFT;
    if (field_get(word, PAGES_S)) {
        uint64_t clear = ~(address >> PAGE_SHIFT);
        shift += 1u + (unsigned)__builtin_ctzll(clear);
    }
    uint64_t within = shift >= 64 ? UINT64_MAX : (1ull << shift) - 1;
    out->address = address & ~within;
    out->last = address | within;
}

static bool decode_pages(const uint64_t words[2], AmdviCmd *out)
{
    out->domain = (uint16_t)field_get(words[0], PAGES_DOMAIN);
    decode_range(words[1], out);
    return !(words[0] & (field_mask(PAGES_RESERVED0) | field_mask(PAGES_RESERVED1))) &&
           !(words[1] & field_mask(PAGES_RESERVED2));
}

static bool cmd_decode_iotlb(const uint64_t words[2], AmdviCmd *out)
{
    out->device_id = (uint16_t)field_get(words[0], INV_DEVICE);
    decode_range(words[1], out);
    return !(words[0] & (field_mask(IOTLB_RESERVED0) | field_mask(IOTLB_RESERVED1))) &&
           !(words[1] & field_mask(IOTLB_RESERVED2));
}

static bool decode_ppr(const uint64_t words[2], AmdviCmd *out)
{
    out->device_id = (uint16_t)field_get(words[0], INV_DEVICE);
    out->tag = (uint16_t)field_get(words[1], PPR_TAG);
    out->code = (uint8_t)field_get(words[1], PPR_CODE);
    return !(words[0] & field_mask(INV_DEVICE_RESERVED)) &&
           !(words[1] &
             (field_mask(PPR_RESERVED0) | field_mask(PPR_RESERVED1) | field_mask(PPR_RESERVED2)));
}

bool amdvi_cmd_decode(const uint64_t words[2], AmdviCmdLimits limits, AmdviCmd *out)
{
    *out = (AmdviCmd){.opcode = (uint8_t)field_get(words[0], CMD_OPCODE)};
    switch (out->opcode) {
    case AMDVI_CMD_COMPLETION_WAIT:
        return cmd_decode_wait(words, out);
    case AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY:
    case AMDVI_CMD_INVALIDATE_INTERRUPT_TABLE:
        return decode_device(words, out);
    case AMDVI_CMD_INVALIDATE_IOMMU_PAGES:
        return decode_pages(words, out);
    case AMDVI_CMD_INVALIDATE_IOTLB_PAGES:
        return limits.device_iotlb && cmd_decode_iotlb(words, out);
    case AMDVI_CMD_COMPLETE_PPR_REQUEST:
        return limits.page_requests && decode_ppr(words, out);
    case AMDVI_CMD_INVALIDATE_IOMMU_ALL:
        return limits.invalidate_all && !(words[0] & field_mask(ALL_RESERVED)) && !words[1];
    default:
        return false;
    }
}
