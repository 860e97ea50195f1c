/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: posted-interrupt descriptors, 64 bytes in guest memory (9.12), and the posting operation
 * (5.2.3). Hardware does it in one atomic read-modify-write of the cache line; here the vector's
 * bit and the control quadword are each changed by one atomic operation on the host, in that order,
 * so that whoever sees ON set also sees the vector.
 */
#include <assert.h>

#include "hw/i386/iommu/vtd/fields.h"
#include "hw/i386/iommu/vtd/pid.h"

/* Quadwords of the descriptor. */
enum { PID_PIR = 0, PID_CONTROL = 4, PID_RESERVED = 5, PID_WORDS = 8 };
static_assert(PID_WORDS * 8 == VTD_PID_SIZE, "a descriptor is a cache line");

#define PID_ON    0, 1
#define PID_SN    1, 1
#define PID_NV    16, 8
#define PID_NDST  32, 32
#define PID_NDST8 40, 8

bool vtd_pid_decode(uint64_t control, bool eime, VtdPid *out)
{
    uint64_t known = vtd_mask(PID_ON) | vtd_mask(PID_SN) | vtd_mask(PID_NV) |
                     (eime ? vtd_mask(PID_NDST) : vtd_mask(PID_NDST8));
    *out = (VtdPid){
        .on = vtd_get(control, PID_ON),
        .sn = vtd_get(control, PID_SN),
        .nv = (uint8_t)vtd_get(control, PID_NV),
        .ndst = (uint32_t)(eime ? vtd_get(control, PID_NDST) : vtd_get(control, PID_NDST8)),
    };
    return !(control & ~known);
}

static bool tail_is_zero(const uint64_t *pid)
{
    uint64_t any = 0;
    for (unsigned i = PID_RESERVED; i < PID_WORDS; i++) {
        any |= pid[i];
    }
    return any == 0;
}

VtdFaultReason vtd_pid_post(AddressSpace *memory, uint64_t address, uint8_t vector, bool urgent,
                            bool eime, IntrResult *posted, ApicMsg *msg)
{
    uint64_t *pid = as_ram_to_write(memory, address, VTD_PID_SIZE);
    if (!pid) {
        return VTD_FR_PID_ACCESS;
    }
    bool notify;
    VtdPid now;
    uint64_t control = __atomic_load_n(&pid[PID_CONTROL], __ATOMIC_ACQUIRE);
    if (!vtd_pid_decode(control, eime, &now) || !tail_is_zero(pid)) {
        return VTD_FR_PID_RESERVED;
    }
    __atomic_fetch_or(&pid[PID_PIR + vector / 64], 1ull << (vector % 64), __ATOMIC_SEQ_CST);
    do {
        vtd_pid_decode(control, eime, &now);
        notify = !now.on && (urgent || !now.sn);
    } while (notify &&
             !__atomic_compare_exchange_n(&pid[PID_CONTROL], &control, control | vtd_mask(PID_ON),
                                          false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
    as_ram_written(memory, address, VTD_PID_SIZE);
    *posted = notify   ? INTR_POSTED_NOTIFIED
              : now.on ? INTR_POSTED_OUTSTANDING
                       : INTR_POSTED_SUPPRESSED;
    *msg = (ApicMsg){
        .dest = now.ndst, .vector = now.nv, .mode = INTR_MODE_FIXED, .assert_level = true};
    return VTD_OK;
}
