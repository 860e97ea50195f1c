/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The admin command set (NVM Express 1.4, 5): a row a command. */
#include "hw/nvme/nvme_internal.h"

#define NOT_ABORTED 1u /* 5.1: bit 0 of dword 0 */

/* 5.1: what is fetched is done, so there is never anything left to abort. */
static NvmeStatus nvme_abort(NvmeCtrl *n, const NvmeCmd *cmd)
{
    n->result = NOT_ABORTED;
    return NVME_SUCCESS;
}

static NvmeStatus (*const handlers[])(NvmeCtrl *n, const NvmeCmd *cmd) = {
    [ADMIN_DELETE_SQ] = nvme_delete_sq,
    [ADMIN_CREATE_SQ] = nvme_create_sq,
    [ADMIN_GET_LOG] = nvme_get_log,
    [ADMIN_DELETE_CQ] = nvme_delete_cq,
    [ADMIN_CREATE_CQ] = nvme_create_cq,
    [ADMIN_IDENTIFY] = nvme_identify,
    [ADMIN_ABORT] = nvme_abort,
    [ADMIN_SET_FEATURES] = nvme_set_features,
    [ADMIN_GET_FEATURES] = nvme_get_features,
    [ADMIN_ASYNC_EVENT] = nvme_async_request,
    [ADMIN_VIRT_MANAGEMENT] = nvme_virt_manage,
};

NvmeStatus nvme_admin(NvmeCtrl *n, const NvmeCmd *cmd)
{
    if (cmd->opcode >= G_N_ELEMENTS(handlers) || !handlers[cmd->opcode]) {
        return NVME_INVALID_OPCODE;
    }
    /* 4.4: over PCI Express no SGLs here. */
    return cmd->psdt == 0 ? handlers[cmd->opcode](n, cmd) : NVME_INVALID_FIELD;
}
