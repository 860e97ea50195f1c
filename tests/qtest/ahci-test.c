/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The board's Serial ATA controller with a disk and a CD-ROM drive, by a driver in the test (AHCI
 * 1.3.1, ACS-3, MMC-5): registers, commands with and without data, queued ones, packets,
 * interrupts, and what a driver may get wrong.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>

#include "libqtest.h"
#include "tests/include/ahci.h"
#include "tests/include/pci.h"

#define DEVFN        (0x1f << 3 | 2)
#define CONFIG       (PCI_ECAM + (uint64_t)DEVFN * 4096)
#define SLICES       1000000 /* ns */
#define BLOCKS       4096u
#define DISC_SECTORS 64u
#define CD           2u /* the port of -cdrom */

/* What the driver owns: for each port a command list, room for frames, tables. */
#define MEMORY              0x2000000ull
#define LIST(port_)         (MEMORY + 0x10000 * (port_))
#define FRAMES(port_)       (LIST(port_) + 0x400)
#define TABLE(port_, slot_) (LIST(port_) + 0x1000 + 0x400 * (slot_))
#define DATA                (MEMORY + 0x100000)

typedef struct {
    QTest *qts;
    uint64_t regs;
    char *disk, *disc;
} Hba;

static uint32_t reg(Hba *h, uint32_t at)
{
    return qtest_readl(h->qts, h->regs + at);
}

static void set_reg(Hba *h, uint32_t at, uint32_t value)
{
    qtest_writel(h->qts, h->regs + at, value);
}

static char *make_file(uint32_t bytes, unsigned seed)
{
    char *name = NULL;
    int fd = g_file_open_tmp("ahci-XXXXXX", &name, NULL);
    g_autofree uint8_t *data = g_malloc(bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(i * seed + i / 512);
    }
    g_assert_cmpint(write(fd, data, bytes), ==, bytes);
    close(fd);
    return name;
}

static void start_port(Hba *h, unsigned port)
{
    qtest_writeq(h->qts, h->regs + AHCI_P(port, P_CLB), LIST(port));
    qtest_writeq(h->qts, h->regs + AHCI_P(port, P_FB), FRAMES(port));
    set_reg(h, AHCI_P(port, P_CMD), P_CMD_FRE);
    set_reg(h, AHCI_P(port, P_SERR), 0xffffffff);
    set_reg(h, AHCI_P(port, P_IS), 0xffffffff);
    set_reg(h, AHCI_P(port, P_CMD), P_CMD_FRE | P_CMD_ST);
}

static Hba *start(const char *options)
{
    Hba *h = g_new0(Hba, 1);
    h->disk = make_file(BLOCKS * 512, 7);
    h->disc = make_file(DISC_SECTORS * 2048, 11);
    h->qts = qtest_initf("-machine q35 -nodefaults -drive file=%s,format=raw%s -cdrom %s", h->disk,
                         options, h->disc);
    h->regs = qtest_readl(h->qts, CONFIG + PCI_BASE_ADDRESS_5) & ~0xfu;
    qtest_writew(h->qts, CONFIG + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    qtest_memset(h->qts, MEMORY, 0, 0x200000);
    return h;
}

static Hba *start_ready(const char *options)
{
    Hba *h = start(options);
    start_port(h, 0);
    start_port(h, CD);
    return h;
}

static void stop(Hba *h)
{
    qtest_quit(h->qts);
    g_unlink(h->disk);
    g_unlink(h->disc);
    g_free(h->disk);
    g_free(h->disc);
    g_free(h);
}

typedef struct {
    uint8_t op, device;
    uint64_t lba;
    uint16_t count, features;
    uint64_t data;
    uint32_t len; /* of one entry of the list, or none */
    bool writes;
    const uint8_t *packet;
} Command;

/* Command list entry, table and one entry of the scatter list. */
static void put(Hba *h, unsigned port, unsigned slot, const Command *c)
{
    uint8_t fis[20] = {0x27, 0x80, c->op, (uint8_t)c->features};
    for (unsigned i = 0; i < 3; i++) {
        fis[4 + i] = (uint8_t)(c->lba >> (8 * i));
        fis[8 + i] = (uint8_t)(c->lba >> (24 + 8 * i));
    }
    fis[7] = c->device;
    fis[11] = (uint8_t)(c->features >> 8);
    fis[12] = (uint8_t)c->count;
    fis[13] = (uint8_t)(c->count >> 8);
    uint32_t header[8] = {5u | (c->writes ? 0x40 : 0) | (c->packet ? 0x20 : 0) |
                              (c->len ? 1u << 16 : 0),
                          0, (uint32_t)TABLE(port, slot)};
    uint32_t prd[4] = {(uint32_t)c->data, (uint32_t)(c->data >> 32), 0, c->len - 1};
    qtest_memwrite(h->qts, LIST(port) + 32 * slot, header, sizeof(header));
    qtest_memwrite(h->qts, TABLE(port, slot), fis, sizeof(fis));
    qtest_memwrite(h->qts, TABLE(port, slot) + 0x80, prd, sizeof(prd));
    if (c->packet) {
        qtest_memwrite(h->qts, TABLE(port, slot) + 0x40, c->packet, 16);
    }
}

static void issue(Hba *h, unsigned port, uint32_t slots)
{
    set_reg(h, AHCI_P(port, P_CI), slots);
    qtest_clock_step(h->qts, SLICES);
}

/* In slot 0, to its end; status and error. */
static uint32_t run(Hba *h, unsigned port, Command c)
{
    put(h, port, 0, &c);
    issue(h, port, 1);
    return reg(h, AHCI_P(port, P_TFD)) & 0xffff;
}

static uint32_t moved(Hba *h, unsigned port)
{
    return qtest_readl(h->qts, LIST(port) + 4);
}

static void check_data(Hba *h, uint32_t at, uint32_t bytes, unsigned seed)
{
    g_autofree uint8_t *data = g_malloc(bytes);
    qtest_memread(h->qts, DATA, data, bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        g_assert_cmphex(data[i], ==, (uint8_t)((at + i) * seed + (at + i) / 512));
    }
}

static uint32_t packet(Hba *h, const uint8_t *cdb, uint32_t room)
{
    return run(h, CD,
               (Command){.op = 0xa0, .features = 1, .packet = cdb, .data = DATA, .len = room});
}

/* Until nothing waits to be told. */
static void settle(Hba *h)
{
    const uint8_t sense[16] = {0x03, [4] = 18};
    set_reg(h, AHCI_P(CD, P_IS), 0xffffffff);
    g_assert_cmphex(packet(h, sense, 18), ==, 0x50);
}

static void restart_port(Hba *h, unsigned port)
{
    set_reg(h, AHCI_P(port, P_CMD), P_CMD_FRE);
    start_port(h, port);
}

static void test_registers(void)
{
    Hba *h = start("");
    g_assert_cmphex(qtest_readl(h->qts, CONFIG), ==, 0x29228086);
    g_assert_cmphex(qtest_readl(h->qts, CONFIG + 8) >> 8, ==, 0x010601);
    g_assert_cmphex(reg(h, AHCI_R_CAP) & 0x1f1f, ==, 0x1f05);
    g_assert_cmphex(reg(h, AHCI_R_GHC), ==, AHCI_AE);
    g_assert_cmphex(reg(h, AHCI_R_PI), ==, 0x3f);
    g_assert_cmphex(reg(h, AHCI_P(0, P_SSTS)), ==, 0x133);
    g_assert_cmphex(reg(h, AHCI_P(1, P_SSTS)), ==, 0);
    g_assert_cmphex(reg(h, AHCI_P(0, P_TFD)), ==, 0x7f);
    g_assert_cmphex(reg(h, AHCI_P(0, P_SIG)), ==, 0xffffffff);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)), ==, IS_PCS | 1u << 22);
    start_port(h, 0);
    start_port(h, CD);
    g_assert_cmphex(reg(h, AHCI_P(0, P_TFD)), ==, 0x150);
    g_assert_cmphex(reg(h, AHCI_P(0, P_SIG)), ==, 0x00000101);
    g_assert_cmphex(reg(h, AHCI_P(CD, P_SIG)), ==, 0xeb140101);
    g_assert_cmphex(reg(h, AHCI_P(0, P_CMD)) & 0xc011, ==, 0xc011);
    g_assert_cmphex(qtest_readb(h->qts, FRAMES(0) + 0x40), ==, 0x34);
    /* COMRESET, and a reset of it all, which leaves the addresses. */
    set_reg(h, AHCI_P(0, P_CMD), P_CMD_FRE);
    set_reg(h, AHCI_P(0, P_SCTL), 1);
    g_assert_cmphex(reg(h, AHCI_P(0, P_SSTS)), ==, 0);
    set_reg(h, AHCI_P(0, P_SCTL), 0);
    g_assert_cmphex(reg(h, AHCI_P(0, P_SSTS)), ==, 0x133);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & IS_PCS, ==, IS_PCS);
    set_reg(h, AHCI_P(0, P_SERR), 1u << 26);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & IS_PCS, ==, 0);
    set_reg(h, AHCI_R_GHC, AHCI_IE | AHCI_HR);
    g_assert_cmphex(reg(h, AHCI_R_GHC), ==, AHCI_AE);
    g_assert_cmphex(reg(h, AHCI_P(0, P_CLB)), ==, LIST(0));
    g_assert_cmphex(reg(h, AHCI_P(0, P_CMD)) & 0xc011, ==, 0);
    stop(h);
}

static void test_identify(void)
{
    Hba *h = start_ready("");
    uint16_t words[256];
    uint8_t sum = 0, bytes[512];
    g_assert_cmphex(run(h, 0, (Command){.op = 0xec, .data = DATA, .len = 512}), ==, 0x50);
    g_assert_cmpuint(moved(h, 0), ==, 512);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)), ==, IS_PSS); /* by PIO */
    g_assert_cmphex(reg(h, AHCI_P(0, P_CI)), ==, 0);
    qtest_memread(h->qts, DATA, words, sizeof(words));
    memcpy(bytes, words, sizeof(bytes));
    for (unsigned i = 0; i < 512; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    g_assert_cmphex(sum, ==, 0);
    g_assert_cmpuint(words[60] | (uint32_t)words[61] << 16, ==, BLOCKS);
    g_assert_cmpuint(words[100], ==, BLOCKS);
    g_assert_cmphex(words[76] & 0x100, ==, 0x100); /* queued commands */
    g_assert_cmphex(words[85] & 0x20, ==, 0x20);   /* write cache */
    /* Another transfer mode, and no write cache. */
    g_assert_cmphex(run(h, 0, (Command){.op = 0xef, .features = 3, .count = 0x45}), ==, 0x50);
    g_assert_cmphex(run(h, 0, (Command){.op = 0xef, .features = 0x82}), ==, 0x50);
    run(h, 0, (Command){.op = 0xec, .data = DATA, .len = 512});
    qtest_memread(h->qts, DATA, words, sizeof(words));
    g_assert_cmphex(words[88], ==, 0x203f);
    g_assert_cmphex(words[85] & 0x20, ==, 0);
    /* A packet device is asked otherwise. */
    g_assert_cmphex(run(h, CD, (Command){.op = 0xec, .data = DATA, .len = 512}), ==, 0x451);
    restart_port(h, CD);
    g_assert_cmphex(run(h, CD, (Command){.op = 0xa1, .data = DATA, .len = 512}), ==, 0x50);
    g_assert_cmphex(qtest_readw(h->qts, DATA) & 0xff00, ==, 0x8500);
    stop(h);
}

static void test_read_write(void)
{
    Hba *h = start_ready("");
    uint8_t sector[512], on_disk[512];
    g_assert_cmphex(run(h, 0,
                        (Command){.op = 0x25,
                                  .device = 0x40,
                                  .lba = 5,
                                  .count = 300,
                                  .data = DATA,
                                  .len = 300 * 512}),
                    ==, 0x50);
    check_data(h, 5 * 512, 300 * 512, 7);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)), ==, IS_DHRS);
    /* 28 bits, cylinders, several sectors an interrupt. */
    g_assert_cmphex(
        run(h, 0,
            (Command){.op = 0xc8, .device = 0x40, .lba = 9, .count = 2, .data = DATA, .len = 1024}),
        ==, 0x50);
    check_data(h, 9 * 512, 1024, 7);
    g_assert_cmphex(
        run(h, 0,
            (Command){
                .op = 0x20, .device = 0x01, .lba = 0x000103, .count = 1, .data = DATA, .len = 512}),
        ==, 0x50);
    check_data(h, (((1 * 16) + 1) * 63 + 2) * 512, 512, 7);
    g_assert_cmphex(run(h, 0, (Command){.op = 0xc6, .count = 8}), ==, 0x50);
    g_assert_cmphex(
        run(h, 0,
            (Command){
                .op = 0x29, .device = 0x40, .lba = 16, .count = 16, .data = DATA, .len = 8192}),
        ==, 0x50);
    check_data(h, 16 * 512, 8192, 7);
    /* Written, flushed, and there. */
    memset(sector, 0x5a, sizeof(sector));
    qtest_memwrite(h->qts, DATA, sector, sizeof(sector));
    g_assert_cmphex(run(h, 0,
                        (Command){.op = 0x35,
                                  .device = 0x40,
                                  .lba = 77,
                                  .count = 1,
                                  .data = DATA,
                                  .len = 512,
                                  .writes = true}),
                    ==, 0x50);
    g_assert_cmphex(run(h, 0, (Command){.op = 0xea}), ==, 0x50);
    int fd = g_open(h->disk, O_RDONLY, 0);
    g_assert_cmpint(pread(fd, on_disk, 512, 77 * 512), ==, 512);
    g_assert_cmpmem(on_disk, 512, sector, 512);
    close(fd);
    stop(h);
}

static void test_queued(void)
{
    Hba *h = start_ready("");
    for (unsigned tag = 0; tag < 4; tag++) {
        put(h, 0, tag,
            &(Command){.op = 0x60,
                       .device = 0x40,
                       .lba = 100 + tag,
                       .features = 1,
                       .count = (uint16_t)(tag << 3),
                       .data = DATA + 512 * tag,
                       .len = 512});
    }
    set_reg(h, AHCI_P(0, P_SACT), 0xf);
    issue(h, 0, 0xf);
    g_assert_cmphex(reg(h, AHCI_P(0, P_SACT)), ==, 0);
    g_assert_cmphex(reg(h, AHCI_P(0, P_CI)), ==, 0);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & (IS_SDBS | IS_DHRS | IS_TFES), ==, IS_SDBS);
    check_data(h, 100 * 512, 4 * 512, 7);
    /* The second one is beyond the end: it is named by the log, and the third does not run. */
    set_reg(h, AHCI_P(0, P_IS), 0xffffffff);
    for (unsigned tag = 0; tag < 3; tag++) {
        put(h, 0, tag,
            &(Command){.op = 0x60,
                       .device = 0x40,
                       .lba = tag == 1 ? BLOCKS : 1,
                       .features = 1,
                       .count = (uint16_t)(tag << 3),
                       .data = DATA,
                       .len = 512});
    }
    set_reg(h, AHCI_P(0, P_SACT), 7);
    issue(h, 0, 7);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & IS_TFES, ==, IS_TFES);
    g_assert_cmphex(reg(h, AHCI_P(0, P_SACT)) & 2, ==, 2);
    restart_port(h, 0);
    g_assert_cmphex(reg(h, AHCI_P(0, P_SACT)), ==, 0);
    g_assert_cmphex(
        run(h, 0, (Command){.op = 0x2f, .lba = 0x10, .count = 1, .data = DATA, .len = 512}), ==,
        0x50);
    g_assert_cmphex(qtest_readb(h->qts, DATA), ==, 1);
    g_assert_cmphex(qtest_readb(h->qts, DATA + 3), ==, 0x10);
    run(h, 0, (Command){.op = 0x2f, .lba = 0x10, .count = 1, .data = DATA, .len = 512});
    g_assert_cmphex(qtest_readb(h->qts, DATA), ==, 0x80); /* told once */
    stop(h);
}

static void test_errors(void)
{
    Hba *h = start_ready("");
    /* An address that is not there: the port stops with the command in its slot. */
    g_assert_cmphex(run(h, 0,
                        (Command){.op = 0x25,
                                  .device = 0x40,
                                  .lba = BLOCKS - 1,
                                  .count = 2,
                                  .data = DATA,
                                  .len = 1024}),
                    ==, 0x1051);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & IS_TFES, ==, IS_TFES);
    g_assert_cmphex(reg(h, AHCI_P(0, P_CI)), ==, 1);
    put(h, 0, 1, &(Command){.op = 0xe7});
    issue(h, 0, 2);
    g_assert_cmphex(reg(h, AHCI_P(0, P_CI)), ==, 3);
    restart_port(h, 0);
    /* A command that there is not. */
    g_assert_cmphex(run(h, 0, (Command){.op = 0xf1}), ==, 0x451);
    restart_port(h, 0);
    /* A list that is too short for what is read. */
    g_assert_cmphex(
        run(h, 0, (Command){.op = 0x25, .device = 0x40, .count = 4, .data = DATA, .len = 1024}), ==,
        0x50);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & IS_OFS, ==, IS_OFS);
    g_assert_cmpuint(moved(h, 0), ==, 1024);
    /* Memory that is not there; and a frame that is none. */
    run(h, 0,
        (Command){.op = 0x25, .device = 0x40, .count = 1, .data = 0x7000000000ull, .len = 512});
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & IS_HBDS, ==, IS_HBDS);
    restart_port(h, 0);
    put(h, 0, 0, &(Command){.op = 0xec, .data = DATA, .len = 512});
    qtest_writeb(h->qts, TABLE(0, 0), 0x46);
    issue(h, 0, 1);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & IS_IFS, ==, IS_IFS);
    restart_port(h, 0);
    /* Commands wait for ST; bus mastering off is an error. */
    set_reg(h, AHCI_P(0, P_CMD), P_CMD_FRE);
    issue(h, 0, 1);
    g_assert_cmphex(reg(h, AHCI_P(0, P_CI)), ==, 0);
    start_port(h, 0);
    qtest_writew(h->qts, CONFIG + PCI_COMMAND, PCI_COMMAND_MEMORY);
    issue(h, 0, 1);
    g_assert_cmphex(reg(h, AHCI_P(0, P_IS)) & IS_HBFS, ==, IS_HBFS);
    stop(h);
}

static void test_soft_reset(void)
{
    Hba *h = start_ready("");
    for (unsigned srst = 0; srst < 2; srst++) {
        put(h, 0, 0, &(Command){0});
        qtest_writeb(h->qts, TABLE(0, 0) + 1, 0);
        qtest_writeb(h->qts, TABLE(0, 0) + 15, srst ? 0 : 4);
        issue(h, 0, 1);
        g_assert_cmphex(reg(h, AHCI_P(0, P_CI)), ==, 0);
        g_assert_cmphex(reg(h, AHCI_P(0, P_TFD)) & 0x80, ==, srst ? 0 : 0x80);
    }
    g_assert_cmphex(reg(h, AHCI_P(0, P_TFD)), ==, 0x150);
    stop(h);
}

static void test_packets(void)
{
    Hba *h = start_ready("");
    uint8_t p[64];
    const uint8_t ready[16] = {0}, inquiry[16] = {0x12, [4] = 36}, capacity[16] = {0x25},
                  sense[16] = {0x03, [4] = 18}, toc[16] = {0x43, [8] = 64},
                  read[16] = {0x28, [5] = 3, [8] = 5}, beyond[16] = {0x28, [5] = 60, [8] = 5};
    g_assert_cmphex(packet(h, ready, 0), ==, 0x6451); /* it was reset */
    restart_port(h, CD);
    g_assert_cmphex(packet(h, sense, 18), ==, 0x50);
    qtest_memread(h->qts, DATA, p, 18);
    g_assert_cmphex(p[2] << 16 | p[12] << 8 | p[13], ==, 0x062900);
    g_assert_cmphex(packet(h, ready, 0), ==, 0x50);
    g_assert_cmphex(packet(h, inquiry, 36), ==, 0x50);
    qtest_memread(h->qts, DATA, p, 36);
    g_assert_cmphex(p[0] << 8 | p[1], ==, 0x0580);
    g_assert_cmpmem(p + 16, 7, "DVD-ROM", 7);
    g_assert_cmphex(packet(h, capacity, 8), ==, 0x50);
    qtest_memread(h->qts, DATA, p, 8);
    g_assert_cmphex(p[3], ==, DISC_SECTORS - 1);
    g_assert_cmphex(p[6], ==, 8);
    g_assert_cmphex(packet(h, toc, 64), ==, 0x50);
    g_assert_cmpuint(moved(h, CD), ==, 20);
    qtest_memread(h->qts, DATA, p, 20);
    g_assert_cmphex(p[14], ==, 0xaa);
    g_assert_cmphex(p[19], ==, DISC_SECTORS);
    g_assert_cmphex(packet(h, read, 5 * 2048), ==, 0x50);
    check_data(h, 3 * 2048, 5 * 2048, 11);
    g_assert_cmphex(packet(h, beyond, 5 * 2048), ==, 0x5451);
    restart_port(h, CD);
    settle(h);
    stop(h);
}

/* The tray by the guest's commands. */
static void test_tray(void)
{
    Hba *h = start_ready("");
    uint8_t p[8];
    const uint8_t ready[16] = {0}, eject[16] = {0x1b, [4] = 2}, load[16] = {0x1b, [4] = 3},
                  hold[16] = {0x1e, [4] = 1}, let_go[16] = {0x1e},
                  event[16] = {0x4a, 1, [4] = 0x10, [8] = 8};
    settle(h);
    g_assert_cmphex(packet(h, hold, 0), ==, 0x50);
    g_assert_cmphex(packet(h, eject, 0), ==, 0x5451);
    restart_port(h, CD);
    g_assert_cmphex(packet(h, let_go, 0), ==, 0x50);
    g_assert_cmphex(packet(h, eject, 0), ==, 0x50);
    g_assert_cmphex(packet(h, ready, 0), ==, 0x2451);
    restart_port(h, CD);
    g_assert_cmphex(packet(h, event, 8), ==, 0x50);
    qtest_memread(h->qts, DATA, p, 8);
    g_assert_cmphex(p[4] << 8 | p[5], ==, 0x0303); /* it has gone out: open, with a disc in it */
    g_assert_cmphex(packet(h, load, 0), ==, 0x50);
    g_assert_cmphex(packet(h, ready, 0), ==, 0x6451); /* maybe another one */
    restart_port(h, CD);
    g_assert_cmphex(packet(h, ready, 0), ==, 0x50);
    stop(h);
}

static void test_trim(void)
{
    Hba *h = start_ready(",discard=unmap");
    uint8_t on_disk[512];
    qtest_memset(h->qts, DATA, 0, 512);
    qtest_writeq(h->qts, DATA, 64 | 64ull << 48);
    g_assert_cmphex(
        run(h, 0,
            (Command){
                .op = 0x06, .features = 1, .count = 1, .data = DATA, .len = 512, .writes = true}),
        ==, 0x50);
    int fd = g_open(h->disk, O_RDONLY, 0);
    g_assert_cmpint(pread(fd, on_disk, 512, 63 * 512), ==, 512);
    g_assert_cmphex(on_disk[3], ==, (uint8_t)((63 * 512 + 3) * 7 + 63));
    close(fd);
    qtest_writeq(h->qts, DATA, BLOCKS | 1ull << 48);
    g_assert_cmphex(
        run(h, 0,
            (Command){
                .op = 0x06, .features = 1, .count = 1, .data = DATA, .len = 512, .writes = true}),
        ==, 0x1051);
    stop(h);
}

static void test_pin(void)
{
    Hba *h = start_ready("");
    qtest_irq_intercept_out_named(h->qts, "ide", "intx");
    run(h, 0, (Command){.op = 0xe7});
    g_assert_false(qtest_get_irq(h->qts, 0));
    set_reg(h, AHCI_P(0, P_IE), IS_DHRS);
    g_assert_cmphex(reg(h, AHCI_R_IS), ==, 1);
    g_assert_false(qtest_get_irq(h->qts, 0));
    set_reg(h, AHCI_R_GHC, AHCI_IE);
    g_assert_true(qtest_get_irq(h->qts, 0));
    set_reg(h, AHCI_R_IS, 1); /* its cause is still there */
    g_assert_true(qtest_get_irq(h->qts, 0));
    set_reg(h, AHCI_P(0, P_IS), IS_DHRS);
    set_reg(h, AHCI_R_IS, 1);
    g_assert_false(qtest_get_irq(h->qts, 0));
    stop(h);
}

static void test_msi(void)
{
    Hba *h = start_ready("");
    uint8_t cap = qtest_pci_find_capability(h->qts, 0, DEVFN, PCI_CAP_ID_MSI);
    g_assert_true(qtest_msr_write(h->qts, 0, 0x1b, 0xfee00900));
    qtest_writel(h->qts, 0xfee000f0, 0x1ff);
    qtest_writeq(h->qts, CONFIG + cap + 4, 0xfee00000);
    qtest_writew(h->qts, CONFIG + cap + 12, 0x61);
    qtest_writew(h->qts, CONFIG + cap + 2, 1);
    set_reg(h, AHCI_R_GHC, AHCI_IE);
    set_reg(h, AHCI_P(0, P_IE), IS_DHRS);
    set_reg(h, AHCI_P(CD, P_IE), IS_DHRS);
    run(h, 0, (Command){.op = 0xe7});
    g_assert_cmphex(qtest_apic_ack(h->qts, 0), ==, 0x61);
    qtest_apic_eoi(h->qts, 0);
    /* Another port's; then one is cleared, and the other is told of again. */
    run(h, CD, (Command){.op = 0xe7});
    g_assert_cmphex(qtest_apic_ack(h->qts, 0), ==, 0x61);
    qtest_apic_eoi(h->qts, 0);
    set_reg(h, AHCI_P(0, P_IS), IS_DHRS);
    set_reg(h, AHCI_R_IS, 1);
    g_assert_cmphex(reg(h, AHCI_R_IS), ==, 1u << CD);
    g_assert_cmphex(qtest_apic_ack(h->qts, 0), ==, 0x61);
    qtest_apic_eoi(h->qts, 0);
    set_reg(h, AHCI_P(CD, P_IS), IS_DHRS);
    set_reg(h, AHCI_R_IS, 1u << CD);
    g_assert_cmpint(qtest_apic_ack(h->qts, 0), ==, -1);
    stop(h);
}

/* Data that goes to the controller's own registers and configuration. */
static void test_own_registers(void)
{
    Hba *h = start_ready("");
    run(h, 0, (Command){.op = 0x25, .device = 0x40, .count = 8, .data = h->regs, .len = 4096});
    g_assert_cmphex(reg(h, AHCI_R_PI), ==, 0x3f);
    run(h, 0,
        (Command){
            .op = 0x35, .device = 0x40, .count = 8, .data = h->regs, .len = 4096, .writes = true});
    run(h, 0, (Command){.op = 0x25, .device = 0x40, .count = 8, .data = CONFIG, .len = 4096});
    run(h, 0,
        (Command){
            .op = 0x35, .device = 0x40, .count = 8, .data = CONFIG, .len = 4096, .writes = true});
    g_assert_cmphex(qtest_readl(h->qts, CONFIG), ==, 0x29228086);
    stop(h);
}

static void test_mistakes(void)
{
    static const struct {
        const char *args, *says;
    } cases[] = {
        {"-drive file=%s,format=raw,index=6", "index=6"},
        {"-drive file=%s,format=raw,index=1 -hdb x.raw", "index=1"},
        {"-drive file=%s,format=raw,media=floppy", "media=floppy"},
        {"-drive file=%s,format=raw,discard=maybe", "discard=maybe"},
        {"-drive file=%s,if=none,id=d,format=raw -device ide-hd,drive=d,bus=ide.6",
         "no bus 'ide.6'"},
        {"-drive file=%s,if=none,id=d,format=raw -device ide-hd,drive=d,unit=1", "unit=1"},
        {"-drive file=%s,if=none,id=d,format=raw -device ide-hd", "no drive"},
        {"-drive media=cdrom,if=none,id=e -drive file=%s,format=raw -device ide-hd,drive=e",
         "needs an image"},
        {"-drive file=%s,if=none,id=d,format=raw -device ide-hd,drive=d,logical_block_size=4096",
         "logical_block_size=4096"},
        {"-drive file=%s,if=none,id=d,format=raw "
         "-device ide-hd,drive=d,serial=123456789012345678901",
         "longer than 20"},
        {"-machine sata=off -drive file=%s,format=raw", "no bus"},
    };
    g_autofree char *file = make_file(4096, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) parts = g_strsplit(cases[i].args, "%s", 2);
        g_autofree char *args =
            g_strdup_printf("-machine q35 -accel qtest %s%s%s", parts[0], file, parts[1]);
        g_autofree char *err = NULL;
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        g_assert_nonnull(strstr(err, cases[i].says));
    }
    g_unlink(file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ahci/registers", test_registers);
    g_test_add_func("/ahci/identify", test_identify);
    g_test_add_func("/ahci/read-write", test_read_write);
    g_test_add_func("/ahci/queued", test_queued);
    g_test_add_func("/ahci/errors", test_errors);
    g_test_add_func("/ahci/soft-reset", test_soft_reset);
    g_test_add_func("/ahci/packets", test_packets);
    g_test_add_func("/ahci/tray", test_tray);
    g_test_add_func("/ahci/trim", test_trim);
    g_test_add_func("/ahci/pin", test_pin);
    g_test_add_func("/ahci/msi", test_msi);
    g_test_add_func("/ahci/own-registers", test_own_registers);
    g_test_add_func("/ahci/mistakes", test_mistakes);
    return g_test_run();
}
