/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of VPs (TLFS 7.8.7): a mask, or banks of 64 of which a mask says which ones are given. */
#include "hw/hyperv/hyperv_internal.h"

#include "base/bytes.h"

/* HV_GENERIC_SET_FORMAT */
enum { SET_SPARSE_4K, SET_ALL };
/* HV_VP_SET */
#define SET_FORMAT 0
#define SET_VALID  8
#define SET_BANKS  16

HvVpSet hv_set_of_mask(uint64_t mask)
{
    return (HvVpSet){.bank = {mask}};
}

HvVpSet hv_set_of_all(const HvPartition *hv)
{
    HvVpSet set = {0};

    for (unsigned i = 0; i < hv->links.vps; i++) {
        if (apic_is_present(hv->vps[i].apic)) {
            set.bank[i / 64] |= 1ull << (i % 64);
        }
    }
    return set;
}

static HvStatus read_banks(const HvCall *call, size_t offset, unsigned banks, HvVpSet *set)
{
    uint64_t valid = bytes_get64(call->input + offset + SET_VALID);
    size_t at = offset + SET_BANKS;

    if ((unsigned)__builtin_popcountll(valid) != banks) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    for (unsigned i = 0; i < HV_SET_BANKS; i++) {
        if (valid >> i & 1) {
            set->bank[i] = bytes_get64(call->input + at);
            at += sizeof(uint64_t);
        }
    }
    return HV_STATUS_SUCCESS;
}

HvStatus hv_set_read(const HvCall *call, size_t offset, unsigned banks, HvVpSet *set)
{
    *set = (HvVpSet){0};
    switch (bytes_get64(call->input + offset + SET_FORMAT)) {
    case SET_SPARSE_4K:
        return read_banks(call, offset, banks, set);
    case SET_ALL:
        *set = hv_set_of_all(call->vp->hv);
        return HV_STATUS_SUCCESS;
    default:
        return HV_STATUS_INVALID_PARAMETER;
    }
}

unsigned hv_set_next(const HvVpSet *set, unsigned vp)
{
    uint64_t from = UINT64_MAX << (vp % 64);

    for (unsigned bank = vp / 64; bank < HV_SET_BANKS; bank++) {
        uint64_t bits = set->bank[bank] & from;
        if (bits) {
            return bank * 64 + (unsigned)__builtin_ctzll(bits);
        }
        from = UINT64_MAX;
    }
    return HV_SET_END;
}
