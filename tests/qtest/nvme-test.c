/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nvme by a driver in the test (NVM Express 1.4): registers, queues, admin and I/O commands, PRPs
 * and SGLs, and what a driver may get wrong. Its interrupts are in nvme-intr-test.c.
 */
#include <glib/gstdio.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>

#include "nvme-lib.h"

static void test_registers(void)
{
    NvmeDisk *disk = nvme_disk_start("", "");
    Nvme *d = &disk->d;
    uint64_t cap = qtest_readq(d->qts, d->regs + NVME_R_CAP);
    g_assert_cmphex(qtest_readl(d->qts, d->config), ==, 0x00101b36);
    g_assert_cmphex(qtest_readl(d->qts, d->config + 8) >> 8, ==, 0x010802);
    g_assert_cmphex(qtest_readl(d->qts, d->config + PCI_BASE_ADDRESS_0) & 0xf, ==, 4);
    g_assert_cmphex(cap & 0xffff, ==, 2047);
    g_assert_cmphex(cap >> 32 & 0xf, ==, 0); /* DSTRD */
    g_assert_cmphex(cap >> 37 & 1, ==, 1);   /* NVM command set */
    g_assert_cmphex(nvme_reg(d, NVME_R_VS), ==, 0x10400);
    g_assert_cmphex(nvme_reg(d, NVME_R_CSTS), ==, 0);
    nvme_set_reg(d, NVME_R_INTMS, 5);
    nvme_set_reg(d, NVME_R_INTMS, 2);
    g_assert_cmphex(nvme_reg(d, NVME_R_INTMC), ==, 7);
    nvme_set_reg(d, NVME_R_INTMC, 6);
    g_assert_cmphex(nvme_reg(d, NVME_R_INTMS), ==, 1);
    qtest_writeq(d->qts, d->regs + NVME_R_ASQ, 0x12345678abcdefffull);
    g_assert_cmphex(qtest_readq(d->qts, d->regs + NVME_R_ASQ), ==, 0x12345678abcde000ull);
    nvme_disk_stop(disk);
}

static void test_enable_reset_shutdown(void)
{
    NvmeDisk *disk = nvme_disk_ready("");
    Nvme *d = &disk->d;
    nvme_set_reg(d, NVME_R_CC, NVME_CC_ON | NVME_CC_SHUTDOWN);
    g_assert_cmphex(nvme_reg(d, NVME_R_CSTS), ==, NVME_CSTS_READY | NVME_CSTS_DOWN);
    nvme_set_reg(d, NVME_R_CC, 0);
    g_assert_cmphex(nvme_reg(d, NVME_R_CSTS), ==, 0);
    g_assert_cmphex(nvme_reg(d, NVME_R_AQA), ==, 0x000f000f); /* kept (7.3.2) */
    g_assert_cmphex(nvme_enable(d), ==, NVME_CSTS_READY);
    /* What cannot be. */
    static const uint32_t bad[] = {0x5 << 7 /* 128 KiB pages */, 1 << 11 /* arbitration */,
                                   6 << 4 /* command set */};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        nvme_set_reg(d, NVME_R_CC, 0);
        nvme_set_reg(d, NVME_R_CC, NVME_CC_ON | bad[i]);
        g_assert_cmphex(nvme_reg(d, NVME_R_CSTS), ==, NVME_CSTS_FATAL);
    }
    nvme_set_reg(d, NVME_R_CC, 0);
    nvme_set_reg(d, NVME_R_AQA, 0);
    nvme_set_reg(d, NVME_R_CC, NVME_CC_ON);
    g_assert_cmphex(nvme_reg(d, NVME_R_CSTS), ==, NVME_CSTS_FATAL);
    /* A function-level reset makes all of it new. */
    uint8_t express = qtest_pci_find_capability(d->qts, 0, NVME_DISK_DEVFN, PCI_CAP_ID_EXP);
    qtest_writew(d->qts, d->config + express + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
    g_assert_cmphex(qtest_readw(d->qts, d->config + PCI_COMMAND), ==, 0);
    nvme_disk_stop(disk);
}

static uint16_t identify(Nvme *d, uint8_t cns, uint32_t nsid, uint8_t *page)
{
    uint16_t status = nvme_status(
        d, 0,
        (NvmeCommand){
            .opcode = NVME_A_IDENTIFY, .nsid = nsid, .prp1 = NVME_DISK_DATA, .cdw10 = cns});
    qtest_memread(d->qts, NVME_DISK_DATA, page, 4096);
    return status;
}

static void test_identify(void)
{
    NvmeDisk *disk = nvme_disk_ready("");
    Nvme *d = &disk->d;
    uint8_t p[4096];
    g_assert_cmphex(identify(d, 1, 0, p), ==, NVME_S_OK);
    g_assert_cmpmem(p + 4, 20, "SW42                ", 20);
    g_assert_cmpuint(p[77], ==, 7);     /* MDTS */
    g_assert_cmphex(p[512], ==, 0x66);  /* SQES */
    g_assert_cmphex(p[513], ==, 0x44);  /* CQES */
    g_assert_cmphex(p[525] & 1, ==, 1); /* a volatile cache */
    g_assert_cmphex(p[536] & 3, ==, 1); /* SGLs */
    g_assert_cmphex(identify(d, 0, 1, p), ==, NVME_S_OK);
    g_assert_cmpuint(p[0] | p[1] << 8, ==, NVME_DISK_BLOCKS);
    g_assert_cmpuint(p[130], ==, 9);
    g_assert_cmphex(identify(d, 0, 2, p), ==, NVME_S_OK); /* inactive */
    g_assert_cmpuint(p[0] | p[1] << 8, ==, 0);
    g_assert_cmphex(identify(d, 0, 0, p), ==, NVME_S_NAMESPACE);
    g_assert_cmphex(identify(d, 2, 0, p), ==, NVME_S_OK);
    g_assert_cmpuint(p[0], ==, 1);
    g_assert_cmpuint(p[4], ==, 0);
    g_assert_cmphex(identify(d, 2, 1, p), ==, NVME_S_OK);
    g_assert_cmpuint(p[0], ==, 0);
    g_assert_cmphex(identify(d, 2, 0xffffffff, p), ==, NVME_S_NAMESPACE);
    g_assert_cmphex(identify(d, 3, 1, p), ==, NVME_S_OK);
    g_assert_cmpuint(p[0], ==, 3); /* UUID */
    g_assert_cmpuint(p[1], ==, 16);
    g_assert_cmphex(identify(d, 3, 2, p), ==, NVME_S_NAMESPACE);
    g_assert_cmphex(identify(d, 0x77, 1, p), ==, NVME_S_FIELD);
    nvme_disk_stop(disk);
}

static void test_queues(void)
{
    NvmeDisk *disk = nvme_disk_ready(",max_ioqpairs=3");
    Nvme *d = &disk->d;
    const uint32_t size = 15u << 16;
    const NvmeCommand cq = {
        .opcode = NVME_A_CREATE_CQ, .prp1 = NVME_DISK_MEMORY + 0x11000, .cdw11 = 3};
    const NvmeCommand sq = {
        .opcode = NVME_A_CREATE_SQ, .prp1 = NVME_DISK_MEMORY + 0x1000, .cdw11 = 1};
    NvmeCommand c = cq;
    const struct {
        uint32_t cdw10, cdw11;
        uint64_t prp1;
        uint16_t status;
    } bad_cqs[] = {
        {0 | size, 3, cq.prp1, NVME_S_QID},     {4 | size, 3, cq.prp1, NVME_S_QID},
        {1, 3, cq.prp1, NVME_S_QUEUE_SIZE},     {1 | 2048u << 16, 3, cq.prp1, NVME_S_QUEUE_SIZE},
        {1 | size, 2, cq.prp1, NVME_S_FIELD},   {1 | size, 3 | 9u << 16, cq.prp1, NVME_S_VECTOR},
        {1 | size, 3, cq.prp1 + 8, NVME_S_PRP},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad_cqs); i++) {
        c.cdw10 = bad_cqs[i].cdw10;
        c.cdw11 = bad_cqs[i].cdw11;
        c.prp1 = bad_cqs[i].prp1;
        g_assert_cmphex(nvme_status(d, 0, c), ==, bad_cqs[i].status);
    }
    NvmeCommand s = sq;
    s.cdw10 = 1 | size;
    s.cdw11 = 1 | 1u << 16;
    g_assert_cmphex(nvme_status(d, 0, s), ==, NVME_S_CQ);
    nvme_create_queues(d, 1, 0);
    g_assert_cmphex(nvme_status(d, 0, s), ==, NVME_S_QID); /* there already */
    NvmeCommand del = {.opcode = NVME_A_DELETE_CQ, .cdw10 = 1};
    g_assert_cmphex(nvme_status(d, 0, del), ==, NVME_S_DELETION);
    del.opcode = NVME_A_DELETE_SQ;
    g_assert_cmphex(nvme_status(d, 0, del), ==, NVME_S_OK);
    g_assert_cmphex(nvme_status(d, 0, del), ==, NVME_S_QID);
    del.opcode = NVME_A_DELETE_CQ;
    g_assert_cmphex(nvme_status(d, 0, del), ==, NVME_S_OK);
    g_assert_cmphex(nvme_status(d, 0, del), ==, NVME_S_QID);
    g_assert_cmphex(nvme_status(d, 0, (NvmeCommand){.opcode = NVME_A_FORMAT}), ==, NVME_S_OPCODE);
    NvmeCompletion abort = nvme_do(d, 0, &(NvmeCommand){.opcode = NVME_A_ABORT, .cdw10 = 0x10001});
    g_assert_cmphex(abort.status, ==, NVME_S_OK);
    g_assert_cmphex(abort.result, ==, 1);
    nvme_disk_stop(disk);
}

/* Entries of other sizes than CC says are not made queues of; a head does not pass what was posted;
 * and a command that is under way when its queue goes is told to be over. */
static void test_queue_ends(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    uint32_t cc = nvme_reg(d, NVME_R_CC);
    NvmeCommand cq = {.opcode = NVME_A_CREATE_CQ,
                      .prp1 = NVME_DISK_MEMORY + NVME_CQ_AT(2),
                      .cdw10 = 2 | 15u << 16,
                      .cdw11 = 3};
    nvme_set_reg(d, NVME_R_CC, cc ^ 1u << 20); /* IOCQES */
    g_assert_cmphex(nvme_status(d, 0, cq), ==, NVME_S_QUEUE_SIZE);
    nvme_set_reg(d, NVME_R_CC, cc);
    NvmeCommand request = {.opcode = NVME_A_ASYNC_EVENT};
    nvme_put(d, 0, &request);
    nvme_ring(d, 0);
    nvme_set_reg(d, NVME_R_CQ_HEAD(1), 3);
    qtest_clock_step(d->qts, 1000000);
    g_assert_cmphex(nvme_take(d, 0, true).result, ==, 1 << 16 | 1 << 8);
    /* One command of each queue in turn: the admin queue's second one finds the zeroes under way,
     * if the controller sees both doorbells at once. */
    g_assert_cmphex(nvme_feature(d, true, 1, 0).status, ==, NVME_S_OK);
    NvmeCommand zeroes = nvme_io(NVME_C_WRITE_ZEROES, 0, NVME_DISK_BLOCKS);
    NvmeCommand get = {.opcode = NVME_A_GET_FEATURES, .cdw10 = 1};
    NvmeCommand del = {.opcode = NVME_A_DELETE_SQ, .cdw10 = 1};
    uint16_t under_way = nvme_put(d, 1, &zeroes);
    nvme_put(d, 0, &get);
    nvme_put(d, 0, &del);
    g_autoptr(JsonObject) stopped = qtest_qmp(d->qts, "{'execute': 'stop'}");
    nvme_set_reg(d, NVME_R_SQ_TAIL(1), d->tail[1]);
    nvme_set_reg(d, NVME_R_SQ_TAIL(0), d->tail[0]);
    g_autoptr(JsonObject) running = qtest_qmp(d->qts, "{'execute': 'cont'}");
    nvme_ring(d, 0);
    NvmeCompletion over = nvme_take(d, 1, true);
    g_assert_cmpuint(over.cid, ==, under_way);
    g_assert_cmphex(over.status, ==, NVME_S_SQ_DELETED);
    for (unsigned i = 0; i < 2; i++) {
        NvmeCompletion done = nvme_take(d, 0, true);
        g_assert_true(done.there);
        g_assert_cmphex(done.status, ==, NVME_S_OK);
    }
    nvme_disk_stop(disk);
}

static void test_read_write(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    uint8_t data[2048];
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, 3, 4)), ==, NVME_S_OK);
    nvme_check_blocks(d, NVME_DISK_DATA, 3, 4);
    memset(data, 0xa5, sizeof(data));
    qtest_memwrite(d->qts, NVME_DISK_DATA, data, sizeof(data));
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_WRITE, NVME_DISK_BLOCKS - 4, 4)), ==,
                    NVME_S_OK);
    g_assert_cmphex(nvme_status(d, 1, (NvmeCommand){.opcode = NVME_C_FLUSH, .nsid = 0xffffffff}),
                    ==, NVME_S_OK);
    g_assert_cmphex(nvme_status(d, 1, (NvmeCommand){.opcode = NVME_C_FLUSH, .nsid = 1}), ==,
                    NVME_S_OK);
    g_autofree char *image = NULL;
    gsize len;
    g_assert_true(g_file_get_contents(disk->file, &image, &len, NULL));
    g_assert_cmpmem(image + (NVME_DISK_BLOCKS - 4) * 512, 2048, data, 2048);
    /* More than a slice's worth of zeroes; what comes after is not held up, and is not lost. */
    uint16_t zeroes = nvme_put(d, 1,
                               &(NvmeCommand){.opcode = NVME_C_WRITE_ZEROES,
                                              .nsid = 1,
                                              .cdw12 = NVME_DISK_BLOCKS - 8 - 1,
                                              .cdw10 = 8});
    NvmeCommand read = nvme_io(NVME_C_READ, 2, 1);
    uint16_t after = nvme_put(d, 1, &read);
    nvme_ring(d, 1);
    uint16_t first = nvme_take(d, 1, true).cid, second = nvme_take(d, 1, true).cid;
    g_assert_cmpuint(first, ==, after);
    g_assert_cmpuint(second, ==, zeroes);
    g_free(g_steal_pointer(&image));
    g_assert_true(g_file_get_contents(disk->file, &image, &len, NULL));
    for (size_t i = 8 * 512; i < len; i++) {
        g_assert_cmphex(image[i], ==, 0);
    }
    g_assert_cmphex((uint8_t)image[8 * 512 - 1], ==, (uint8_t)(7 + 8 * 512 - 1));
    nvme_disk_stop(disk);
}

static void test_bad_io(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    NvmeCommand c = nvme_io(NVME_C_READ, NVME_DISK_BLOCKS, 1);
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_LBA_RANGE);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, NVME_DISK_BLOCKS - 1, 2)), ==,
                    NVME_S_LBA_RANGE);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_WRITE, UINT64_MAX, 1)), ==, NVME_S_LBA_RANGE);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_WRITE_ZEROES, NVME_DISK_BLOCKS, 1)), ==,
                    NVME_S_LBA_RANGE);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, 0, 1025)), ==, NVME_S_FIELD); /* MDTS */
    g_assert_cmphex(nvme_status(d, 1, nvme_io(0x77, 0, 1)), ==, NVME_S_OPCODE);
    c = nvme_io(NVME_C_READ, 0, 1);
    c.nsid = 2;
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_NAMESPACE);
    c.nsid = 0;
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_NAMESPACE);
    c = nvme_io(NVME_C_READ, 0, 1);
    c.prp1 = NVME_DISK_DATA + 2;
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_PRP);
    c = nvme_io(NVME_C_READ, 0, 16);
    c.prp2 = NVME_DISK_DATA + 0x1008; /* the second page has an offset */
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_PRP);
    /* The log has the latest error first; and says where. */
    uint8_t log[64];
    NvmeCommand get = {.opcode = NVME_A_GET_LOG, .prp1 = NVME_DISK_DATA, .cdw10 = 1 | 15u << 16};
    g_assert_cmphex(nvme_status(d, 0, get), ==, NVME_S_OK);
    qtest_memread(d->qts, NVME_DISK_DATA, log, sizeof(log));
    g_assert_cmpuint(log[0], ==, 10);
    g_assert_cmpuint(log[8], ==, 1);
    g_assert_cmphex((log[12] | log[13] << 8) >> 1 & 0x7ff, ==, NVME_S_PRP);
    nvme_disk_stop(disk);
}

static void test_read_only(void)
{
    NvmeDisk *disk = nvme_disk_start("", ",readonly=on");
    Nvme *d = &disk->d;
    g_assert_cmphex(nvme_enable(d), ==, NVME_CSTS_READY);
    nvme_create_queues(d, 1, 0);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, 1, 1)), ==, NVME_S_OK);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_WRITE, 1, 1)), ==, NVME_S_READ_ONLY);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_WRITE_ZEROES, 1, 1)), ==, NVME_S_READ_ONLY);
    nvme_disk_stop(disk);
}

/* 4.3: a page with an offset and a list; a list that goes on in another; and such as never end. */
static void test_prp_lists(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    NvmeCommand c = nvme_io(NVME_C_READ, 0, 32); /* 16 KiB */
    c.prp1 = NVME_DISK_DATA + 0x800;
    c.prp2 = NVME_DISK_LIST;
    static const unsigned pages[] = {7, 2, 9, 4};
    for (unsigned i = 0; i < 4; i++) {
        qtest_writeq(d->qts, NVME_DISK_LIST + 8 * i, NVME_DISK_DATA + 0x1000 * pages[i]);
    }
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_OK);
    nvme_check_blocks(d, NVME_DISK_DATA + 0x800, 0, 4);
    nvme_check_blocks(d, NVME_DISK_DATA + 0x7000, 4, 8);
    nvme_check_blocks(d, NVME_DISK_DATA + 0x2000, 12, 8);
    nvme_check_blocks(d, NVME_DISK_DATA + 0x9000, 20, 8);
    nvme_check_blocks(d, NVME_DISK_DATA + 0x4000, 28, 4);
    /* The list's first page has two entries left: one is data, the other leads on. */
    c.prp2 = NVME_DISK_LIST + 0xff0;
    qtest_writeq(d->qts, NVME_DISK_LIST + 0xff0, NVME_DISK_DATA + 0x5000);
    qtest_writeq(d->qts, NVME_DISK_LIST + 0xff8, NVME_DISK_LIST + 0x1000);
    for (unsigned i = 0; i < 3; i++) {
        qtest_writeq(d->qts, NVME_DISK_LIST + 0x1000 + 8 * i, NVME_DISK_DATA + 0x6000 + 0x1000 * i);
    }
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_OK);
    nvme_check_blocks(d, NVME_DISK_DATA + 0x5000, 4, 24);
    /* A list that leads to its own last entry would never end. */
    c.prp2 = NVME_DISK_LIST + 0xff8;
    qtest_writeq(d->qts, NVME_DISK_LIST + 0xff8, NVME_DISK_LIST + 0xff8);
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_PRP);
    c.prp2 = NVME_DISK_LIST + 4;
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_PRP);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, 0, 1)), ==, NVME_S_OK);
    nvme_disk_stop(disk);
}

static void put_sgl(Nvme *d, uint64_t at, uint64_t addr, uint32_t len, uint8_t type)
{
    qtest_writeq(d->qts, at, addr);
    qtest_writeq(d->qts, at + 8, len | (uint64_t)type << 56);
}

static uint16_t read_sgl(Nvme *d, uint64_t addr, uint32_t len, uint8_t type)
{
    NvmeCommand c = nvme_io(NVME_C_READ, 8, 2);
    c.psdt = 1;
    c.prp1 = addr;
    c.prp2 = len | (uint64_t)type << 56;
    return nvme_status(d, 1, c);
}

static void test_sgls(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    uint8_t data[1024], parts[1024];
    qtest_memset(d->qts, NVME_DISK_DATA, 0, 0x4000);
    g_assert_cmphex(read_sgl(d, NVME_DISK_DATA + 1, 1024, NVME_SGL_BLOCK), ==, NVME_S_OK);
    nvme_check_blocks(d, NVME_DISK_DATA + 1, 8, 2);
    g_assert_cmphex(read_sgl(d, NVME_DISK_DATA, 1023, NVME_SGL_BLOCK), ==, NVME_S_SGL_LENGTH);
    g_assert_cmphex(read_sgl(d, NVME_DISK_DATA, 1025, NVME_SGL_BLOCK), ==, NVME_S_SGL_LENGTH);
    g_assert_cmphex(read_sgl(d, NVME_DISK_DATA, 1024, 0x40), ==, NVME_S_SGL_TYPE);
    /* A segment with two blocks, which leads to a last one. */
    put_sgl(d, NVME_DISK_LIST, NVME_DISK_DATA + 0x1003, 7, NVME_SGL_BLOCK);
    put_sgl(d, NVME_DISK_LIST + 16, NVME_DISK_DATA + 0x1100, 17, NVME_SGL_BLOCK);
    put_sgl(d, NVME_DISK_LIST + 32, NVME_DISK_LIST + 0x100, 16, NVME_SGL_LAST);
    put_sgl(d, NVME_DISK_LIST + 0x100, NVME_DISK_DATA + 0x2001, 1000, NVME_SGL_BLOCK);
    g_assert_cmphex(read_sgl(d, NVME_DISK_LIST, 48, NVME_SGL_SEGMENT), ==, NVME_S_OK);
    qtest_memread(d->qts, NVME_DISK_DATA + 1, data, 1024);
    qtest_memread(d->qts, NVME_DISK_DATA + 0x1003, parts, 7);
    qtest_memread(d->qts, NVME_DISK_DATA + 0x1100, parts + 7, 17);
    qtest_memread(d->qts, NVME_DISK_DATA + 0x2001, parts + 24, 1000);
    g_assert_cmpmem(data, 1024, parts, 1024);
    /* Segments of a length that cannot be, one in the middle, one that leads to itself. */
    g_assert_cmphex(read_sgl(d, NVME_DISK_LIST, 47, NVME_SGL_SEGMENT), ==, NVME_S_SGL_SEGMENT);
    g_assert_cmphex(read_sgl(d, NVME_DISK_LIST, 0, NVME_SGL_LAST), ==, NVME_S_SGL_SEGMENT);
    g_assert_cmphex(read_sgl(d, NVME_DISK_LIST, 48, NVME_SGL_LAST), ==, NVME_S_SGL_SEGMENT);
    g_assert_cmphex(read_sgl(d, NVME_DISK_LIST, 16, NVME_SGL_SEGMENT), ==, NVME_S_SGL_SEGMENT);
    /* Blocks that are right together if one counts in 32 bits. */
    put_sgl(d, NVME_DISK_LIST, NVME_DISK_DATA, 1025, NVME_SGL_BLOCK);
    put_sgl(d, NVME_DISK_LIST + 16, NVME_DISK_DATA, UINT32_MAX, NVME_SGL_BLOCK);
    g_assert_cmphex(read_sgl(d, NVME_DISK_LIST, 32, NVME_SGL_LAST), ==, NVME_S_SGL_LENGTH);
    put_sgl(d, NVME_DISK_LIST, NVME_DISK_LIST, 16, NVME_SGL_SEGMENT);
    g_assert_cmphex(read_sgl(d, NVME_DISK_LIST, 16, NVME_SGL_SEGMENT), ==, NVME_S_SGL_COUNT);
    g_assert_cmphex(read_sgl(d, NVME_DISK_LIST, 0xfffffff0, NVME_SGL_SEGMENT), ==,
                    NVME_S_SGL_COUNT);
    /* Admin commands have PRPs. */
    NvmeCommand admin = {
        .opcode = NVME_A_IDENTIFY, .psdt = 1, .prp1 = NVME_DISK_DATA, .prp2 = 4096, .cdw10 = 1};
    g_assert_cmphex(nvme_status(d, 0, admin), ==, NVME_S_FIELD);
    nvme_disk_stop(disk);
}

static void test_features(void)
{
    NvmeDisk *disk = nvme_disk_ready(",max_ioqpairs=7,msix_qsize=8");
    Nvme *d = &disk->d;
    g_assert_cmphex(nvme_feature(d, true, 7, 0x00ff0003).result, ==, 0x00060003);
    g_assert_cmphex(nvme_feature(d, false, 7, 0).result, ==, 0x00060006);
    g_assert_cmphex(nvme_feature(d, true, 7, 0xffffffff).status, ==, NVME_S_FIELD);
    g_assert_cmphex(nvme_feature(d, false, 6, 0).result, ==, 1);
    g_assert_cmphex(nvme_feature(d, true, 6, 0).status, ==, NVME_S_OK);
    g_assert_cmphex(nvme_feature(d, false, 6, 0).result, ==, 0);
    g_assert_cmphex(nvme_feature(d, false, 6 | 1 << 8, 0).result, ==, 1); /* default */
    g_assert_cmphex(nvme_feature(d, false, 6 | 3 << 8, 0).result, ==, 4); /* changeable */
    g_assert_cmphex(nvme_feature(d, true, 6 | 1u << 31, 0).status, ==, NVME_S_NOT_SAVEABLE);
    g_assert_cmphex(nvme_feature(d, true, 9, 7 | 1 << 16).status, ==, NVME_S_OK);
    g_assert_cmphex(nvme_feature(d, false, 9, 7).result, ==, 0x10007);
    g_assert_cmphex(nvme_feature(d, true, 9, 8).status, ==, NVME_S_FIELD);
    g_assert_cmphex(nvme_feature(d, true, 0x7f, 0).status, ==, NVME_S_FIELD);
    nvme_create_queues(d, 1, 0);
    g_assert_cmphex(nvme_feature(d, true, 7, 0).status, ==, NVME_S_SEQUENCE);
    /* A controller reset takes all that back. */
    nvme_set_reg(d, NVME_R_CC, 0);
    nvme_enable(d);
    g_assert_cmphex(nvme_feature(d, false, 6, 0).result, ==, 1);
    g_assert_cmphex(nvme_feature(d, false, 9, 7).result, ==, 7);
    nvme_disk_stop(disk);
}

static void test_logs(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    uint8_t log[4096];
    nvme_status(d, 1, nvme_io(NVME_C_READ, 0, 8));
    NvmeCommand get = {.opcode = NVME_A_GET_LOG, .nsid = 0xffffffff, .prp1 = NVME_DISK_DATA};
    get.cdw10 = 2 | 127u << 16;
    g_assert_cmphex(nvme_status(d, 0, get), ==, NVME_S_OK);
    qtest_memread(d->qts, NVME_DISK_DATA, log, 512);
    g_assert_cmpuint(log[1] | log[2] << 8, ==, 323); /* kelvin */
    g_assert_cmpuint(log[32], ==, 1);                /* a data unit, begun */
    g_assert_cmpuint(log[64], ==, 1);
    get.cdw10 = 3 | 127u << 16;
    g_assert_cmphex(nvme_status(d, 0, get), ==, NVME_S_OK);
    qtest_memread(d->qts, NVME_DISK_DATA, log, 512);
    g_assert_cmpuint(log[0], ==, 1);
    get.cdw10 = 5 | 1023u << 16;
    g_assert_cmphex(nvme_status(d, 0, get), ==, NVME_S_OK);
    qtest_memread(d->qts, NVME_DISK_DATA, log, 4096);
    g_assert_cmpuint(log[NVME_A_IDENTIFY * 4], ==, 1);
    g_assert_cmpuint(log[NVME_A_FORMAT * 4], ==, 0);
    g_assert_cmpuint(log[1024 + NVME_C_WRITE * 4], ==, 3);
    /* An offset; and a page that is not there. */
    get.cdw12 = 1024;
    get.cdw10 = 5;
    g_assert_cmphex(nvme_status(d, 0, get), ==, NVME_S_OK);
    g_assert_cmphex(qtest_readl(d->qts, NVME_DISK_DATA), ==, 1);
    get.cdw12 = 4096;
    g_assert_cmphex(nvme_status(d, 0, get), ==, NVME_S_FIELD);
    get.cdw10 = 0x77;
    g_assert_cmphex(nvme_status(d, 0, get), ==, NVME_S_LOG_PAGE);
    nvme_disk_stop(disk);
}

static void test_async_events(void)
{
    NvmeDisk *disk = nvme_disk_ready(",aerl=0");
    Nvme *d = &disk->d;
    NvmeCommand request = {.opcode = NVME_A_ASYNC_EVENT};
    uint16_t cid = nvme_put(d, 0, &request);
    nvme_ring(d, 0);
    g_assert_false(nvme_take(d, 0, true).there);
    g_assert_cmphex(nvme_status(d, 0, request), ==, NVME_S_ASYNC_LIMIT);
    /* A doorbell of a queue that is not there; again and again, and told once. */
    for (unsigned i = 0; i < 5; i++) {
        nvme_set_reg(d, NVME_R_SQ_TAIL(9), i);
        qtest_clock_step(d->qts, 1000000);
    }
    NvmeCompletion event = nvme_take(d, 0, true);
    g_assert_true(event.there);
    g_assert_cmpuint(event.cid, ==, cid);
    g_assert_cmphex(event.result, ==, 1 << 16); /* error log, invalid register */
    nvme_put(d, 0, &request);
    nvme_ring(d, 0);
    nvme_set_reg(d, NVME_R_SQ_TAIL(9), 1);
    qtest_clock_step(d->qts, 1000000);
    g_assert_false(nvme_take(d, 0, true).there);
    /* The log was read: the next one is told. */
    NvmeCommand get = {.opcode = NVME_A_GET_LOG, .prp1 = NVME_DISK_DATA, .cdw10 = 1 | 15u << 16};
    g_assert_cmphex(nvme_status(d, 0, get), ==, NVME_S_OK);
    nvme_set_reg(d, NVME_R_SQ_TAIL(0), NVME_ENTRIES);
    qtest_clock_step(d->qts, 1000000);
    g_assert_cmphex(nvme_take(d, 0, true).result, ==, 1 << 16 | 1 << 8); /* invalid value */
    nvme_disk_stop(disk);
}

/* MSI-X through the unit: a vector a queue, each with an entry of the remapping table. */
static void test_mistakes(void)
{
    static const struct {
        const char *args, *says;
    } cases[] = {
        {"-device nvme,drive=d", "serial property not set"},
        {"-device nvme,drive=d,serial=123456789012345678901", "longer than 20"},
        {"-device nvme,drive=d,serial=x,logical_block_size=8192", "logical_block_size=8192"},
        {"-device nvme,drive=d,serial=x,max_ioqpairs=0", "max_ioqpairs"},
        {"-device nvme-ns,drive=d", "no bus 'nvme'"},
        {"-device nvme,serial=x,id=n -device nvme-ns,drive=d,bus=n,nsid=300", "nsid"},
        {"-device nvme,serial=x,id=n -device nvme-ns,bus=n", "no drive"},
    };
    g_autofree char *file = NULL;
    g_close(g_file_open_tmp("disk-XXXXXX", &file, NULL), NULL);
    g_assert_cmpint(truncate(file, 4096), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *args =
            g_strdup_printf("-machine q35 -accel qtest -drive file=%s,if=none,id=d,format=raw %s",
                            file, cases[i].args);
        g_autofree char *err = NULL;
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        g_assert_nonnull(strstr(err, cases[i].says));
    }
    g_unlink(file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nvme/registers", test_registers);
    g_test_add_func("/nvme/enable-reset-shutdown", test_enable_reset_shutdown);
    g_test_add_func("/nvme/identify", test_identify);
    g_test_add_func("/nvme/queues", test_queues);
    g_test_add_func("/nvme/queue-ends", test_queue_ends);
    g_test_add_func("/nvme/read-write", test_read_write);
    g_test_add_func("/nvme/bad-io", test_bad_io);
    g_test_add_func("/nvme/read-only", test_read_only);
    g_test_add_func("/nvme/prp-lists", test_prp_lists);
    g_test_add_func("/nvme/sgls", test_sgls);
    g_test_add_func("/nvme/features", test_features);
    g_test_add_func("/nvme/logs", test_logs);
    g_test_add_func("/nvme/async-events", test_async_events);
    g_test_add_func("/nvme/mistakes", test_mistakes);
    return g_test_run();
}
