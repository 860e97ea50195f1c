/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtualization enhancements (NVM Express 1.4, 8.5): a physical function's controller is primary,
 * those of its virtual functions are secondary. Flexible queues and vectors are taken off the
 * primary's for good and given to secondary controllers, by Virtualization Management (5.22) or,
 * with sriov-online=on, in equal parts from the start.
 */
#include "base/bytes.h"
#include "hw/nvme/nvme_internal.h"
#include "hw/pci/pcie_sriov.h"

#define NVME_DEVICE       0x0010
#define SECONDARY_BYTES   32
#define HAS_QUEUES        0x1u
#define HAS_VECTORS       0x2u
#define LEAST_QUEUE_PAIRS 2 /* the admin queues, and one */
#define DEFAULT_VECTORS   2

enum { ACT_PRIMARY = 1, ACT_OFFLINE = 7, ACT_ASSIGN = 8, ACT_ONLINE = 9 };
enum { RESOURCE_QUEUES, RESOURCE_VECTORS };

size_t nvme_secondary_count(const void *ctrl)
{
    return ((const NvmeCtrl *)ctrl)->sriov_max_vfs;
}

NvmeSecondary *nvme_secondary(const NvmeCtrl *n)
{
    return n->primary ? &n->primary->secondaries[n->pci.vf_index] : NULL;
}

static uint16_t most_queues(const NvmeCtrl *n)
{
    return n->sriov_max_vq_per_vf ? n->sriov_max_vq_per_vf : n->sriov_vq_flexible;
}

static uint16_t most_vectors(const NvmeCtrl *n)
{
    return n->sriov_max_vi_per_vf ? n->sriov_max_vi_per_vf : n->sriov_vi_flexible;
}

/* An MSI-X table is as large as the vectors that the function has. */
static uint8_t share_of(uint16_t flexible, uint8_t most, uint16_t vfs)
{
    unsigned share = MIN(flexible / vfs, UINT8_MAX);
    return most && most < share ? most : (uint8_t)share;
}

bool nvme_virt_check(NvmeCtrl *n, GError **error)
{
    uint16_t vfs = n->sriov_max_vfs;
    if (vfs == 0) {
        n->sriov_vq_flexible = n->sriov_vi_flexible = 0;
        return true;
    }
    n->sriov_vq_flexible =
        n->sriov_vq_flexible ? n->sriov_vq_flexible : (uint16_t)(LEAST_QUEUE_PAIRS * vfs);
    n->sriov_vi_flexible =
        n->sriov_vi_flexible ? n->sriov_vi_flexible : (uint16_t)(DEFAULT_VECTORS * vfs);
    if (n->sriov_online) {
        n->sriov_max_vq_per_vf = share_of(n->sriov_vq_flexible, n->sriov_max_vq_per_vf, vfs);
        n->sriov_max_vi_per_vf = share_of(n->sriov_vi_flexible, n->sriov_max_vi_per_vf, vfs);
    }
    if (n->sriov_vq_flexible < LEAST_QUEUE_PAIRS * vfs || n->sriov_vi_flexible < vfs ||
        most_queues(n) < LEAST_QUEUE_PAIRS || n->max_ioqpairs < n->sriov_vq_flexible + 1u ||
        n->msix_qsize < n->sriov_vi_flexible + 1u) {
        g_set_error(
            error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
            "%s: %u virtual functions need sriov_vq_flexible=%u and sriov_vi_flexible=%u or "
            "more (%u and %u are given), and the controller one more of each itself "
            "(max_ioqpairs=%u, msix_qsize=%u)",
            n->pci.dev.id, vfs, LEAST_QUEUE_PAIRS * vfs, vfs, n->sriov_vq_flexible,
            n->sriov_vi_flexible, n->max_ioqpairs, n->msix_qsize);
        return false;
    }
    return true;
}

static void put_secondary_online(const NvmeCtrl *n, NvmeSecondary *s)
{
    *s = (NvmeSecondary){.online = true, .queues = most_queues(n), .vectors = most_vectors(n)};
}

static void nvme_set_up_vf(PciDevice *pf, PciDevice *vf, unsigned index)
{
    NvmeCtrl *n = (NvmeCtrl *)pf, *v = (NvmeCtrl *)vf;
    v->primary = n;
    v->subsystem = n->subsystem;
    v->serial = n->serial;
    v->cntlid = (uint16_t)(index + 1);
    v->max_ioqpairs = most_queues(n) - 1u;
    v->msix_qsize = most_vectors(n);
    v->mdts = n->mdts;
    v->aerl = n->aerl;
}

static void go_offline(NvmeCtrl *n, unsigned index)
{
    NvmeSecondary *s = &n->secondaries[index];
    if (n->sriov_online) {
        put_secondary_online(n, s);
    } else {
        s->online = false;
    }
}

static void vf_hidden(PciDevice *pf, unsigned index)
{
    go_offline((NvmeCtrl *)pf, index);
}

bool nvme_virt_init(NvmeCtrl *n, GError **error)
{
    if (n->sriov_max_vfs == 0) {
        return true;
    }
    n->secondaries = g_new0(NvmeSecondary, n->sriov_max_vfs);
    for (unsigned i = 0; i < n->sriov_max_vfs; i++) {
        go_offline(n, i);
    }
    const PcieSriovSetup setup = {.vf_class = &nvme_vf_class,
                                  .total = n->sriov_max_vfs,
                                  .vf_device_id = NVME_DEVICE,
                                  .setup = nvme_set_up_vf,
                                  .hidden = vf_hidden};
    return pcie_sriov_init(&n->pci, &setup, error);
}

/* 8.5.4: what was assigned to them stays theirs. */
void nvme_virt_reset(NvmeCtrl *n)
{
    for (unsigned i = 0; n->secondaries && !n->sriov_online && i < n->sriov_max_vfs; i++) {
        NvmeCtrl *secondary = (NvmeCtrl *)pcie_sriov_vf(&n->pci, i);
        if (n->secondaries[i].online && secondary) { /* else it was unplugged before */
            n->secondaries[i].online = false;
            nvme_regs_reset(secondary);
        }
    }
}

static void sums(const NvmeCtrl *n, uint32_t *queues, uint32_t *vectors)
{
    *queues = *vectors = 0;
    for (unsigned i = 0; i < n->sriov_max_vfs; i++) {
        *queues += n->secondaries[i].queues;
        *vectors += n->secondaries[i].vectors;
    }
}

static NvmeStatus secondary_assign(NvmeCtrl *n, NvmeSecondary *s, unsigned type, uint16_t count)
{
    uint32_t queues, vectors;
    sums(n, &queues, &vectors);
    bool of_queues = type == RESOURCE_QUEUES;
    uint32_t most = of_queues ? most_queues(n) : most_vectors(n);
    uint32_t others = of_queues ? queues - s->queues : vectors - s->vectors;
    uint32_t all = of_queues ? n->sriov_vq_flexible : n->sriov_vi_flexible;
    if (s->online) {
        return NVME_INVALID_SECONDARY_STATE;
    }
    if (type != RESOURCE_QUEUES && type != RESOURCE_VECTORS) {
        return NVME_INVALID_RESOURCE_ID;
    }
    if (count > most || count > all - others) {
        return NVME_INVALID_RESOURCE_COUNT;
    }
    *(of_queues ? &s->queues : &s->vectors) = count;
    n->result = count;
    return NVME_SUCCESS;
}

static NvmeStatus secondary_online(NvmeSecondary *s)
{
    if (s->queues < LEAST_QUEUE_PAIRS || s->vectors == 0) {
        return NVME_INVALID_SECONDARY_STATE;
    }
    s->online = true;
    return NVME_SUCCESS;
}

/* 5.22. The primary's own share does not change. */
NvmeStatus nvme_virt_manage(NvmeCtrl *n, const NvmeCmd *cmd)
{
    unsigned action = cmd->cdw10[0] & 0xf, type = cmd->cdw10[0] >> 8 & 7;
    uint32_t id = cmd->cdw10[0] >> 16;
    if (!n->secondaries) {
        return NVME_INVALID_OPCODE;
    }
    if (action == ACT_PRIMARY) {
        return id == n->cntlid ? NVME_INVALID_RESOURCE_COUNT : NVME_INVALID_CONTROLLER_ID;
    }
    if (id == 0 || id > n->sriov_max_vfs) {
        return NVME_INVALID_CONTROLLER_ID;
    }
    NvmeSecondary *s = &n->secondaries[id - 1];
    switch (action) {
    case ACT_OFFLINE:
        s->online = false;
        nvme_regs_reset((NvmeCtrl *)pcie_sriov_vf(&n->pci, id - 1));
        return NVME_SUCCESS;
    case ACT_ASSIGN:
        return secondary_assign(n, s, type, (uint16_t)cmd->cdw10[1]);
    case ACT_ONLINE:
        return secondary_online(s);
    default:
        return NVME_INVALID_FIELD;
    }
}

/* 5.15.2.11 */
NvmeStatus nvme_virt_identify_primary(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p)
{
    uint32_t queues, vectors;
    if (!n->secondaries) {
        return NVME_INVALID_FIELD;
    }
    sums(n, &queues, &vectors);
    bytes_put16(p, n->cntlid);
    p[4] = HAS_QUEUES | HAS_VECTORS;
    bytes_put32(p + 32, n->sriov_vq_flexible);
    bytes_put32(p + 36, queues);
    bytes_put16(p + 42, (uint16_t)(n->max_ioqpairs + 1 - n->sriov_vq_flexible));
    bytes_put16(p + 44, most_queues(n));
    bytes_put16(p + 46, 1);
    bytes_put32(p + 64, n->sriov_vi_flexible);
    bytes_put32(p + 68, vectors);
    bytes_put16(p + 74, (uint16_t)(n->msix_qsize - n->sriov_vi_flexible));
    bytes_put16(p + 76, most_vectors(n));
    bytes_put16(p + 78, 1);
    return NVME_SUCCESS;
}

/* 5.15.2.12: from the given controller on. */
NvmeStatus nvme_virt_identify_secondaries(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p)
{
    uint32_t from = cmd->cdw10[0] >> 16;
    if (!n->secondaries) {
        return NVME_INVALID_FIELD;
    }
    for (unsigned i = 0; i < n->sriov_max_vfs; i++) {
        const NvmeSecondary *s = &n->secondaries[i];
        if (i + 1 < from || p[0] == NVME_IDENTIFY_BYTES / SECONDARY_BYTES - 1) {
            continue;
        }
        uint8_t *entry = p + SECONDARY_BYTES * ++p[0];
        bytes_put16(entry, (uint16_t)(i + 1));
        bytes_put16(entry + 2, n->cntlid);
        entry[4] = s->online;
        bytes_put16(entry + 8, (uint16_t)(i + 1));
        bytes_put16(entry + 10, s->queues);
        bytes_put16(entry + 12, s->vectors);
    }
    return NVME_SUCCESS;
}
