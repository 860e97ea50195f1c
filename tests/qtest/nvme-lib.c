/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nvme-lib.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <string.h>

#define MSIX_BAR PCI_BASE_ADDRESS_4
#define SLICES   1000000 /* ns */

static uint8_t find_capability(Nvme *d, uint8_t id)
{
    uint8_t at = qtest_readb(d->qts, d->config + PCI_CAPABILITY_LIST);
    while (at != 0 && qtest_readb(d->qts, d->config + at) != id) {
        at = qtest_readb(d->qts, d->config + at + 1);
    }
    g_assert_cmpuint(at, !=, 0);
    return at;
}

void nvme_attach(Nvme *d, Vtd *v, uint16_t rid, uint64_t memory)
{
    *d = (Nvme){.v = v, .qts = v->qts, .config = NVME_ECAM(rid), .memory = memory};
    d->regs = qtest_readq(d->qts, d->config + PCI_BASE_ADDRESS_0) & ~0xfull;
    d->vectors = qtest_readl(d->qts, d->config + MSIX_BAR) & ~0xfu;
    qtest_writew(d->qts, d->config + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

uint32_t nvme_reg(Nvme *d, uint32_t offset)
{
    return qtest_readl(d->qts, d->regs + offset);
}

void nvme_set_reg(Nvme *d, uint32_t offset, uint32_t value)
{
    qtest_writel(d->qts, d->regs + offset, value);
}

uint32_t nvme_enable(Nvme *d)
{
    memset(d->tail, 0, sizeof(d->tail));
    memset(d->head, 0, sizeof(d->head));
    for (unsigned q = 0; q < NVME_QUEUES; q++) {
        d->phase[q] = true;
    }
    qtest_memset(d->qts, d->memory, 0, NVME_DATA_AT);
    nvme_set_reg(d, NVME_R_AQA, (NVME_ENTRIES - 1) | (NVME_ENTRIES - 1) << 16);
    qtest_writeq(d->qts, d->regs + NVME_R_ASQ, d->memory + NVME_SQ_AT(0));
    qtest_writeq(d->qts, d->regs + NVME_R_ACQ, d->memory + NVME_CQ_AT(0));
    nvme_set_reg(d, NVME_R_CC, NVME_CC_ON);
    return nvme_reg(d, NVME_R_CSTS);
}

void nvme_enable_vectors(Nvme *d, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        uint64_t entry = d->vectors + n * 16;
        qtest_writeq(d->qts, entry, 0xfee00000);
        qtest_writel(d->qts, entry + 8, 0x60 + n);
        qtest_writel(d->qts, entry + 12, 0);
    }
    qtest_writew(d->qts, d->config + find_capability(d, PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS,
                 PCI_MSIX_FLAGS_ENABLE);
}

uint16_t nvme_put(Nvme *d, unsigned queue, const NvmeCommand *cmd)
{
    uint32_t dwords[16] = {[0] = cmd->opcode | (uint32_t)cmd->psdt << 14 | (uint32_t)++d->cid << 16,
                           [1] = cmd->nsid,
                           [6] = (uint32_t)cmd->prp1,
                           [7] = (uint32_t)(cmd->prp1 >> 32),
                           [8] = (uint32_t)cmd->prp2,
                           [9] = (uint32_t)(cmd->prp2 >> 32),
                           [10] = cmd->cdw10,
                           [11] = cmd->cdw11,
                           [12] = cmd->cdw12,
                           [13] = cmd->cdw13};
    qtest_memwrite(d->qts, d->memory + NVME_SQ_AT(queue) + 64u * d->tail[queue], dwords,
                   sizeof(dwords));
    d->tail[queue] = (d->tail[queue] + 1) % NVME_ENTRIES;
    return d->cid;
}

void nvme_ring(Nvme *d, unsigned queue)
{
    nvme_set_reg(d, NVME_R_SQ_TAIL(queue), d->tail[queue]);
    qtest_clock_step(d->qts, SLICES);
}

NvmeCompletion nvme_take(Nvme *d, unsigned queue, bool ring)
{
    uint32_t dwords[4];
    qtest_memread(d->qts, d->memory + NVME_CQ_AT(queue) + 16u * d->head[queue], dwords,
                  sizeof(dwords));
    NvmeCompletion c = {.there = (dwords[3] >> 16 & 1) == d->phase[queue]};
    if (!c.there) {
        return c;
    }
    c.result = dwords[0];
    c.sq_head = (uint16_t)dwords[2];
    c.sqid = (uint16_t)(dwords[2] >> 16);
    c.cid = (uint16_t)dwords[3];
    c.status = dwords[3] >> 17 & 0x7ff;
    d->head[queue] = (d->head[queue] + 1) % NVME_ENTRIES;
    d->phase[queue] ^= d->head[queue] == 0;
    if (ring) {
        nvme_set_reg(d, NVME_R_CQ_HEAD(queue), d->head[queue]);
    }
    return c;
}

NvmeCompletion nvme_do(Nvme *d, unsigned queue, const NvmeCommand *cmd)
{
    uint16_t cid = nvme_put(d, queue, cmd);
    nvme_ring(d, queue);
    NvmeCompletion c = nvme_take(d, queue, true);
    g_assert_true(c.there);
    g_assert_cmpuint(c.cid, ==, cid);
    g_assert_cmpuint(c.sqid, ==, queue);
    g_assert_cmpuint(c.sq_head, ==, d->tail[queue]);
    return c;
}

uint16_t nvme_status(Nvme *d, unsigned queue, NvmeCommand cmd)
{
    return nvme_do(d, queue, &cmd).status;
}

void nvme_create_queues(Nvme *d, unsigned queue, unsigned vector)
{
    uint32_t size = (NVME_ENTRIES - 1) << 16;
    NvmeCommand cq = {.opcode = NVME_A_CREATE_CQ,
                      .prp1 = d->memory + NVME_CQ_AT(queue),
                      .cdw10 = queue | size,
                      .cdw11 = vector << 16 | 3};
    NvmeCommand sq = {.opcode = NVME_A_CREATE_SQ,
                      .prp1 = d->memory + NVME_SQ_AT(queue),
                      .cdw10 = queue | size,
                      .cdw11 = queue << 16 | 1};
    g_assert_cmphex(nvme_status(d, 0, cq), ==, NVME_S_OK);
    g_assert_cmphex(nvme_status(d, 0, sq), ==, NVME_S_OK);
}

NvmeDisk *nvme_disk_start(const char *props, const char *drive_props)
{
    NvmeDisk *disk = g_new0(NvmeDisk, 1);
    g_autofree uint8_t *image = g_malloc(NVME_DISK_BLOCKS * 512);
    GError *error = NULL;
    int fd = g_file_open_tmp("disk-XXXXXX", &disk->file, &error);
    g_assert_no_error(error);
    g_close(fd, NULL);
    for (size_t i = 0; i < NVME_DISK_BLOCKS * 512; i++) {
        image[i] = (uint8_t)(i / 512 + i);
    }
    g_assert_true(g_file_set_contents(disk->file, (char *)image, NVME_DISK_BLOCKS * 512, NULL));
    g_autofree char *all = g_strdup_printf(" -m 64M -drive file=%s,if=none,id=d,format=raw%s "
                                           "-device nvme,drive=d,addr=5,serial=SW42,id=nvme0%s",
                                           disk->file, drive_props, props);
    nvme_attach(&disk->d, vtd_start(all, 1, true), NVME_DISK_DEVFN, NVME_DISK_MEMORY);
    return disk;
}

NvmeDisk *nvme_disk_ready(const char *props)
{
    NvmeDisk *disk = nvme_disk_start(props, "");
    g_assert_cmphex(nvme_enable(&disk->d), ==, NVME_CSTS_READY);
    return disk;
}

NvmeDisk *nvme_disk_io(const char *props)
{
    NvmeDisk *disk = nvme_disk_ready(props);
    nvme_create_queues(&disk->d, 1, 0);
    return disk;
}

void nvme_disk_stop(NvmeDisk *disk)
{
    vtd_stop(disk->d.v);
    g_unlink(disk->file);
    g_free(disk->file);
    g_free(disk);
}

NvmeCommand nvme_io(uint8_t opcode, uint64_t block, uint32_t count)
{
    return (NvmeCommand){.opcode = opcode,
                         .nsid = 1,
                         .prp1 = NVME_DISK_DATA,
                         .cdw10 = (uint32_t)block,
                         .cdw11 = (uint32_t)(block >> 32),
                         .cdw12 = count - 1};
}

/* What nvme_disk_start() wrote, or all bytes `fill`. */
void nvme_check_blocks(Nvme *d, uint64_t at, uint64_t block, uint32_t count)
{
    g_autofree uint8_t *data = g_malloc(count * 512);
    qtest_memread(d->qts, at, data, count * 512);
    for (size_t i = 0; i < count * 512; i++) {
        size_t of_disk = block * 512 + i;
        g_assert_cmphex(data[i], ==, (uint8_t)(of_disk / 512 + of_disk));
    }
}

NvmeCompletion nvme_feature(Nvme *d, bool set, uint32_t id, uint32_t value)
{
    NvmeCommand c = {
        .opcode = set ? NVME_A_SET_FEATURES : NVME_A_GET_FEATURES, .cdw10 = id, .cdw11 = value};
    return nvme_do(d, 0, &c);
}
