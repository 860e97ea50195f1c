/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting bus masters' writes into memory writes and interrupt requests (VT-d 5.1.2). */
#include "hw/core/upstream.h"

#include <string.h>

bool upstream_touches_window(uint64_t addr, size_t len)
{
    return len > 0 && addr < INTR_WINDOW_BASE + INTR_WINDOW_SIZE &&
           (addr >= INTR_WINDOW_BASE || len > INTR_WINDOW_BASE - addr);
}

bool upstream_write_is_interrupt(const BusReq *req, uint64_t addr, const void *buf, size_t len,
                                 IntrMsg *msg)
{
    if (!intr_window_contains(addr) || (addr & 3) != 0 || len != 4) {
        return false;
    }
    *msg = (IntrMsg){
        .address = addr,
        .requester_id = req->requester_id,
        .has_pasid = req->has_pasid,
        .pasid = req->pasid,
    };
    memcpy(&msg->data, buf, sizeof(msg->data));
    return true;
}

IntrResult upstream_written_as(const IntrMsg *msg, MemResult result)
{
    if (result == MEM_OK) {
        return INTR_ORDINARY_WRITE;
    }
    if (!upstream_touches_window(msg->address, sizeof(msg->data))) {
        return INTR_WRITE_REFUSED;
    }
    return msg->has_pasid ? INTR_WITH_PASID : INTR_NOT_ONE_DWORD;
}
