/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log pages (NVM Express 1.4, 5.14): errors, SMART, firmware slots, commands supported and effects.
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/nvme/nvme_internal.h"

#define LOG_BYTES          4096u
#define ERROR_BYTES        64u
#define RETAIN_EVENT       0x8000u
#define SUPPORTED          0x1u
#define CHANGES_CONTENT    0x2u
#define TEMPERATURE_BIT    0x2u
#define THRESHOLD_FEATURE  0x04
#define DATA_UNIT          (512u * 1000)
#define NS_PER_HOUR        (3600 * NS_PER_SEC)
#define NO_PARAMETER       0xffff
#define FIRMWARE_ACTIVE    0x01
#define PHASE_NOT_INCLUDED 1

void nvme_log_error(NvmeCtrl *n, uint16_t sqid, const NvmeCmd *cmd, uint16_t status)
{
    memmove(&n->errors[1], &n->errors[0], sizeof(n->errors) - sizeof(n->errors[0]));
    n->errors[0] = (NvmeError){
        .number = ++n->error_count,
        .sqid = sqid,
        .cid = cmd->cid,
        .status = status,
        .lba = sqid == 0 ? 0 : cmd->cdw10[0] | (uint64_t)cmd->cdw10[1] << 32,
        .nsid = cmd->nsid,
    };
}

static uint32_t error_log(NvmeCtrl *n, uint8_t *page)
{
    for (unsigned i = 0; i < NVME_ERROR_ENTRIES; i++) {
        const NvmeError *e = &n->errors[i];
        uint8_t *p = page + i * ERROR_BYTES;
        bytes_put64(p, e->number);
        bytes_put16(p + 8, e->sqid);
        bytes_put16(p + 10, e->cid);
        bytes_put16(p + 12, (uint16_t)(e->status << PHASE_NOT_INCLUDED));
        bytes_put16(p + 14, e->number ? NO_PARAMETER : 0);
        bytes_put64(p + 16, e->lba);
        bytes_put32(p + 24, e->nsid);
    }
    return NVME_ERROR_ENTRIES * ERROR_BYTES;
}

bool nvme_temperature_is_critical(const NvmeCtrl *n)
{
    return NVME_TEMPERATURE >= n->features[THRESHOLD_FEATURE] ||
           NVME_TEMPERATURE <= n->under_temperature;
}

static uint32_t smart_log(NvmeCtrl *n, uint8_t *page)
{
    page[0] = nvme_temperature_is_critical(n) ? TEMPERATURE_BIT : 0;
    bytes_put16(page + 1, NVME_TEMPERATURE);
    page[3] = 100; /* per cent of the spare blocks, and when they are too few */
    page[4] = 10;
    bytes_put64(page + 32, (n->bytes_read + DATA_UNIT - 1) / DATA_UNIT);
    bytes_put64(page + 48, (n->bytes_written + DATA_UNIT - 1) / DATA_UNIT);
    bytes_put64(page + 64, n->reads);
    bytes_put64(page + 80, n->writes);
    bytes_put64(page + 128, (uint64_t)(clock_now(n->pci.dev.platform->clock) / NS_PER_HOUR));
    bytes_put64(page + 176, n->error_count);
    return 512;
}

static uint32_t firmware_log(NvmeCtrl *n, uint8_t *page)
{
    page[0] = FIRMWARE_ACTIVE;
    memcpy(page + 8, "1.0     ", 8);
    return 512;
}

static uint32_t commands_log(NvmeCtrl *n, uint8_t *page)
{
    static const uint8_t admin[] = {ADMIN_DELETE_SQ,  ADMIN_CREATE_SQ,    ADMIN_GET_LOG,
                                    ADMIN_DELETE_CQ,  ADMIN_CREATE_CQ,    ADMIN_IDENTIFY,
                                    ADMIN_ABORT,      ADMIN_SET_FEATURES, ADMIN_GET_FEATURES,
                                    ADMIN_ASYNC_EVENT};
    if (n->secondaries) {
        bytes_put32(page + 4 * ADMIN_VIRT_MANAGEMENT, SUPPORTED);
    }
    static const uint8_t io[] = {IO_FLUSH, IO_WRITE, IO_READ, IO_WRITE_ZEROES, IO_DSM};
    for (size_t i = 0; i < G_N_ELEMENTS(admin); i++) {
        bytes_put32(page + 4 * admin[i], SUPPORTED);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(io); i++) {
        bool writes = io[i] == IO_WRITE || io[i] == IO_WRITE_ZEROES;
        bytes_put32(page + 1024 + 4 * io[i], SUPPORTED | (writes ? CHANGES_CONTENT : 0));
    }
    return LOG_BYTES;
}

static const struct {
    uint8_t id;
    uint32_t (*fill)(NvmeCtrl *n, uint8_t *page); /* how many bytes it has */
    int event;                                    /* which reading it lets come again; -1: none */
} logs[] = {
    {LOG_ERROR, error_log, EVENT_ERROR},
    {LOG_SMART, smart_log, EVENT_SMART},
    {LOG_FIRMWARE, firmware_log, -1},
    {LOG_COMMANDS, commands_log, -1},
};

/* What is asked for beyond the page's end is not written. */
NvmeStatus nvme_get_log(NvmeCtrl *n, const NvmeCmd *cmd)
{
    uint64_t dwords = ((cmd->cdw10[0] >> 16) | (uint64_t)(cmd->cdw10[1] & 0xffff) << 16) + 1;
    uint64_t offset = cmd->cdw10[2] | (uint64_t)cmd->cdw10[3] << 32;
    uint8_t page[LOG_BYTES] = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(logs); i++) {
        if (logs[i].id != (uint8_t)cmd->cdw10[0]) {
            continue;
        }
        uint32_t size = logs[i].fill(n, page);
        if ((offset & 3) != 0 || offset >= size) {
            return NVME_INVALID_FIELD;
        }
        if (logs[i].event >= 0 && (cmd->cdw10[0] & RETAIN_EVENT) == 0) {
            nvme_async_unmask(n, (unsigned)logs[i].event);
        }
        return nvme_to_host(n, cmd, page + offset, (uint32_t)MIN(dwords * 4, size - offset));
    }
    return NVME_INVALID_LOG_PAGE;
}
