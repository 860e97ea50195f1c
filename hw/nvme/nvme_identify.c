/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identify (NVM Express 1.4, 5.15): the controller, its namespaces, their lists and names. */
#include <string.h>

#include "base/bytes.h"
#include "hw/nvme/nvme_internal.h"

#define CNS(cmd_) ((uint8_t)(cmd_)->cdw10[0])

enum {
    CNS_NAMESPACE = 0x00,
    CNS_CONTROLLER = 0x01,
    CNS_ACTIVE_LIST = 0x02,
    CNS_DESCRIPTORS = 0x03,
    CNS_PRIMARY = 0x14,
    CNS_SECONDARIES = 0x15,
};

#define CAN_VIRTUALIZE    0x80
#define SHARED            0x01
#define SEVERAL           0x02 /* CMIC: a subsystem of several controllers */
#define SEVERAL_SRIOV     0x04 /* CMIC: a virtual function's */
#define IO_CONTROLLER     1
#define FIRMWARE_ONE_SLOT 0x03 /* slot 1 is the only one, and read-only */
#define LOG_COMMANDS_PAGE 0x02
#define LOG_EXTENDED      0x04
#define ONCS_DSM          0x04
#define ONCS_WRITE_ZEROES 0x08
#define ONCS_SELECT       0x10
#define CACHE_AND_FLUSH   0x07 /* volatile cache; Flush may name all namespaces */
#define SGL_ANY_BYTE      0x01
#define NS_READ_ONLY      0x01
#define DESCRIPTOR_UUID   3
#define UUID_BYTES        16
#define CENTIWATTS        2500
#define CRITICAL_KELVIN   373
#define WARNING_KELVIN    343

/* 1.8: ASCII, filled up with blanks. */
static void put_text(uint8_t *at, size_t size, const char *text)
{
    memset(at, ' ', size);
    memcpy(at, text, strnlen(text, size));
}

static void put_capabilities(const NvmeCtrl *n, uint8_t *p)
{
    p[72] = 3; /* RAB */
    bytes_put16(p + 256, n->secondaries ? CAN_VIRTUALIZE : 0);
    p[258] = 3; /* ACL */
    p[259] = n->aerl;
    p[260] = FIRMWARE_ONE_SLOT;
    p[261] = LOG_COMMANDS_PAGE | LOG_EXTENDED;
    p[262] = NVME_ERROR_ENTRIES - 1;
    bytes_put16(p + 266, WARNING_KELVIN);
    bytes_put16(p + 268, CRITICAL_KELVIN);
    p[512] = SQE_SHIFT << 4 | SQE_SHIFT;
    p[513] = CQE_SHIFT << 4 | CQE_SHIFT;
    bytes_put32(p + 516, NVME_MAX_NAMESPACES);
    bytes_put16(p + 520, ONCS_DSM | ONCS_WRITE_ZEROES | ONCS_SELECT);
    p[525] = CACHE_AND_FLUSH;
    bytes_put32(p + 536, SGL_ANY_BYTE);
    bytes_put16(p + 2048, CENTIWATTS);
}

static NvmeStatus identify_controller(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p)
{
    const uint8_t *config = (n->primary ? n->primary : n)->pci.config;
    memcpy(p, config, 2);          /* VID */
    memcpy(p + 2, config + 44, 2); /* SSVID */
    put_text(p + 4, 20, n->serial);
    put_text(p + 24, 40, "Switchyard NVMe");
    put_text(p + 64, 8, "1.0");
    p[76] = n->primary ? SEVERAL | SEVERAL_SRIOV : n->secondaries ? SEVERAL : 0;
    p[77] = n->mdts;
    bytes_put16(p + 78, n->cntlid);
    bytes_put32(p + 80, NVME_VERSION_1_4);
    p[111] = IO_CONTROLLER;
    put_capabilities(n, p);
    g_snprintf((char *)p + 768, 256, "nqn.2014-08.org.nvmexpress:1b361b36%s", n->serial);
    return NVME_SUCCESS;
}

/* An inactive one is all zeroes; a number that cannot be is an error (5.15.2.1). */
static NvmeStatus identify_namespace(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p)
{
    const NvmeNs *ns = nvme_find_ns(n, cmd->nsid);
    if (cmd->nsid == 0 || cmd->nsid > NVME_MAX_NAMESPACES) {
        return NVME_INVALID_NAMESPACE;
    }
    if (!ns) {
        return NVME_SUCCESS;
    }
    bytes_put64(p, ns->blocks);
    bytes_put64(p + 8, ns->blocks);
    bytes_put64(p + 16, ns->blocks);
    p[30] = n->primary || n->secondaries ? SHARED : 0;
    p[99] = blk_is_read_only(ns->blk) ? NS_READ_ONLY : 0;
    bytes_put32(p + 128, ns->shift << 16);
    return NVME_SUCCESS;
}

/* Numbers above the given one, in order; a page has room for 1024. */
static NvmeStatus identify_active(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p)
{
    if (cmd->nsid >= NVME_ALL_NAMESPACES - 1) {
        return NVME_INVALID_NAMESPACE;
    }
    for (uint64_t nsid = cmd->nsid + 1ull; nsid <= NVME_MAX_NAMESPACES; nsid++) {
        if (nvme_find_ns(n, (uint32_t)nsid)) {
            bytes_put32(p, (uint32_t)nsid);
            p += 4;
        }
    }
    return NVME_SUCCESS;
}

static NvmeStatus identify_descriptors(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p)
{
    const NvmeNs *ns = nvme_find_ns(n, cmd->nsid);
    if (!ns) {
        return NVME_INVALID_NAMESPACE;
    }
    p[0] = DESCRIPTOR_UUID;
    p[1] = UUID_BYTES;
    memcpy(p + 4, ns->uuid, UUID_BYTES);
    return NVME_SUCCESS;
}

static const struct {
    uint8_t cns;
    NvmeStatus (*fill)(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p);
} structures[] = {
    {CNS_NAMESPACE, identify_namespace},       {CNS_CONTROLLER, identify_controller},
    {CNS_ACTIVE_LIST, identify_active},        {CNS_DESCRIPTORS, identify_descriptors},
    {CNS_PRIMARY, nvme_virt_identify_primary}, {CNS_SECONDARIES, nvme_virt_identify_secondaries},
};

NvmeStatus nvme_identify(NvmeCtrl *n, const NvmeCmd *cmd)
{
    uint8_t page[NVME_IDENTIFY_BYTES] = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(structures); i++) {
        if (structures[i].cns == CNS(cmd)) {
            NvmeStatus status = structures[i].fill(n, cmd, page);
            return status == NVME_SUCCESS ? nvme_to_host(n, cmd, page, sizeof(page)) : status;
        }
    }
    return NVME_INVALID_FIELD;
}
