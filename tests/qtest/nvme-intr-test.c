/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nvme's interrupts by a driver in the test (NVM Express 1.4, 7.5): by MSI-X through the unit, by
 * pin, aggregated; completion queues that are full, and controllers that write to themselves.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "nvme-lib.h"

#define VECTORS 4
#define TABLE   4 /* 32 entries */

static void test_msix(void)
{
    NvmeDisk *disk = nvme_disk_ready("");
    Nvme *d = &disk->d;
    vtd_remap_on(d->v, TABLE, true);
    for (unsigned n = 0; n < VECTORS; n++) {
        Pair irte = irte_for((uint8_t)(0x80 + n), 0, true);
        irte.high = NVME_DISK_DEVFN | 1ull << 18; /* verified */
        vtd_set_irte(d->v, n, irte);
    }
    nvme_enable_vectors(d, VECTORS);
    for (unsigned n = 0; n < VECTORS; n++) {
        uint64_t address = remappable_address(n, false);
        qtest_writeq(d->qts, d->vectors + n * 16, address);
        qtest_writel(d->qts, d->vectors + n * 16 + 8, 0);
    }
    nvme_create_queues(d, 1, 2);
    g_assert_true(vtd_took(d->v, 0, 0x80));
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, 0, 1)), ==, NVME_S_OK);
    g_assert_true(vtd_took(d->v, 0, 0x82));
    /* Two commands of one slice are one message. */
    NvmeCommand c = nvme_io(NVME_C_READ, 0, 1);
    nvme_put(d, 1, &c);
    nvme_put(d, 1, &c);
    nvme_ring(d, 1);
    g_assert_true(vtd_took(d->v, 0, 0x82));
    g_assert_true(nvme_take(d, 1, true).there && nvme_take(d, 1, true).there);
    vtd_expect_no_fault(d->v);
    /* A vector that is gone is a fault, not an interrupt. */
    vtd_set_irte(d->v, 2, (Pair){0, 0});
    vtd_flush_iec(d->v);
    nvme_status(d, 1, c);
    vtd_expect_fault(d->v, 0x22, NVME_DISK_DEVFN, 2ull << 48);
    nvme_disk_stop(disk);
}

static void test_coalescing(void)
{
    NvmeDisk *disk = nvme_disk_ready("");
    Nvme *d = &disk->d;
    NvmeCommand c = nvme_io(NVME_C_READ, 0, 1);
    nvme_enable_vectors(d, 2);
    nvme_create_queues(d, 1, 1);
    g_assert_cmphex(nvme_feature(d, true, 8, 2 | 50 << 8).status, ==, NVME_S_OK); /* 3, 5 ms */
    g_assert_true(vtd_took(d->v, 0, 0x60)); /* the admin queue's are never held back */
    nvme_status(d, 1, c);
    nvme_status(d, 1, c);
    g_assert_false(qtest_apic_irr(d->qts, 0, 0x61));
    nvme_status(d, 1, c);
    g_assert_true(vtd_took(d->v, 0, 0x61));
    nvme_status(d, 1, c);
    g_assert_false(qtest_apic_irr(d->qts, 0, 0x61));
    qtest_clock_step(d->qts, 5000000);
    g_assert_true(vtd_took(d->v, 0, 0x61));
    /* Not of this vector. */
    g_assert_cmphex(nvme_feature(d, true, 9, 1 | 1 << 16).status, ==, NVME_S_OK);
    g_assert_true(vtd_took(d->v, 0, 0x60));
    nvme_status(d, 1, c);
    g_assert_true(vtd_took(d->v, 0, 0x61));
    nvme_disk_stop(disk);
}

/* A queue without interrupts has its completions, and sends nothing. */
static void test_silent_queue(void)
{
    NvmeDisk *disk = nvme_disk_ready("");
    Nvme *d = &disk->d;
    NvmeCommand cq = {.opcode = NVME_A_CREATE_CQ,
                      .prp1 = NVME_DISK_MEMORY + NVME_CQ_AT(1),
                      .cdw10 = 1 | (NVME_ENTRIES - 1) << 16,
                      .cdw11 = 1u << 16 | 1};
    NvmeCommand sq = {.opcode = NVME_A_CREATE_SQ,
                      .prp1 = NVME_DISK_MEMORY + NVME_SQ_AT(1),
                      .cdw10 = 1 | (NVME_ENTRIES - 1) << 16,
                      .cdw11 = 1u << 16 | 1};
    nvme_enable_vectors(d, 2);
    g_assert_cmphex(nvme_status(d, 0, cq), ==, NVME_S_OK);
    g_assert_cmphex(nvme_status(d, 0, sq), ==, NVME_S_OK);
    g_assert_true(qtest_apic_irr(d->qts, 0, 0x60));
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, 0, 1)), ==, NVME_S_OK);
    g_assert_false(qtest_apic_irr(d->qts, 0, 0x61));
    nvme_disk_stop(disk);
}

static bool pin_is_up(Nvme *d)
{
    return (qtest_readw(d->qts, d->config + PCI_STATUS) & PCI_STATUS_INTERRUPT) != 0;
}

static void test_pin(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    NvmeCommand c = nvme_io(NVME_C_READ, 0, 1);
    g_assert_false(pin_is_up(d));
    nvme_put(d, 1, &c);
    nvme_put(d, 1, &c);
    nvme_ring(d, 1);
    g_assert_true(pin_is_up(d));
    nvme_set_reg(d, NVME_R_INTMS, 1);
    g_assert_false(pin_is_up(d));
    nvme_set_reg(d, NVME_R_INTMC, 1);
    g_assert_true(pin_is_up(d));
    nvme_take(d, 1, true);
    g_assert_true(pin_is_up(d)); /* one more */
    nvme_take(d, 1, true);
    g_assert_false(pin_is_up(d));
    nvme_put(d, 1, &c);
    nvme_ring(d, 1);
    nvme_enable_vectors(d, 1);
    g_assert_false(pin_is_up(d)); /* MSI-X took its place */
    nvme_set_reg(d, NVME_R_CC, 0);
    nvme_disk_stop(disk);
}

/* A completion queue that is full holds its submission queue up, and loses nothing. */
static void test_full_completion_queue(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    NvmeCommand c = nvme_io(NVME_C_READ, 0, 1);
    for (unsigned i = 0; i < NVME_ENTRIES - 1; i++) {
        nvme_put(d, 1, &c);
    }
    nvme_ring(d, 1);
    for (unsigned i = 0; i < 3; i++) {
        nvme_put(d, 1, &c);
    }
    nvme_ring(d, 1);
    unsigned seen = 0;
    while (seen < NVME_ENTRIES - 1 && nvme_take(d, 1, false).there) {
        seen++;
    }
    g_assert_cmpuint(seen, ==, NVME_ENTRIES - 1);
    g_assert_false(nvme_take(d, 1, false).there);
    nvme_set_reg(d, NVME_R_CQ_HEAD(1), d->head[1]);
    qtest_clock_step(d->qts, 1000000);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(nvme_take(d, 1, true).there);
    }
    g_assert_false(nvme_take(d, 1, true).there);
    nvme_disk_stop(disk);
}

/* What a controller writes to itself is dropped, and what it reads there is all ones. */
static void test_own_registers(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    NvmeCommand c = nvme_io(NVME_C_READ, 0, 1);
    c.prp1 = d->regs + NVME_DATA_AT % 0x1000; /* over its own registers, CC among them */
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_OK);
    g_assert_cmphex(nvme_reg(d, NVME_R_CSTS), ==, NVME_CSTS_READY);
    c.opcode = NVME_C_WRITE;
    c.cdw10 = 100;
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_OK);
    c = nvme_io(NVME_C_READ, 100, 1);
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_OK);
    g_assert_cmphex(qtest_readl(d->qts, NVME_DISK_DATA), ==, 0xffffffff);
    /* Over its configuration space, COMMAND and BARs: the next command is not fetched. */
    qtest_memset(d->qts, NVME_DISK_DATA, 0, 512);
    c = nvme_io(NVME_C_WRITE, 101, 1);
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_OK);
    c = nvme_io(NVME_C_READ, 101, 1);
    c.prp1 = d->config;
    nvme_put(d, 1, &c);
    nvme_ring(d, 1);
    g_assert_cmphex(qtest_readw(d->qts, d->config + PCI_COMMAND), ==, 0);
    nvme_disk_stop(disk);
}

/* A function-level reset by its own DMA, in the middle of a command: as any other. */
static void test_own_reset(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    qtest_memset(d->qts, NVME_DISK_DATA, 0xff, 512);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_WRITE, 7, 1)), ==, NVME_S_OK);
    NvmeCommand c = nvme_io(NVME_C_READ, 7, 1);
    c.prp1 = d->config;
    nvme_put(d, 1, &c);
    nvme_put(d, 1, &c);
    nvme_ring(d, 1);
    g_assert_cmphex(qtest_readw(d->qts, d->config + PCI_COMMAND), ==, 0);
    qtest_writeq(d->qts, d->config + PCI_BASE_ADDRESS_0, d->regs);
    qtest_writew(d->qts, d->config + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    g_assert_cmphex(nvme_reg(d, NVME_R_CSTS), ==, 0);
    g_assert_cmphex(nvme_enable(d), ==, NVME_CSTS_READY);
    nvme_create_queues(d, 1, 0);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, 0, 1)), ==, NVME_S_OK);
    nvme_check_blocks(d, NVME_DISK_DATA, 0, 1);
    nvme_disk_stop(disk);
}

/* Without bus mastering no command can be fetched: that is fatal, until a reset. */
static void test_no_bus_master(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    NvmeCommand c = nvme_io(NVME_C_READ, 0, 1);
    qtest_writew(d->qts, d->config + PCI_COMMAND, PCI_COMMAND_MEMORY);
    nvme_put(d, 1, &c);
    nvme_ring(d, 1);
    g_assert_cmphex(nvme_reg(d, NVME_R_CSTS), ==, NVME_CSTS_READY | NVME_CSTS_FATAL);
    qtest_writew(d->qts, d->config + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    nvme_set_reg(d, NVME_R_CC, 0);
    g_assert_cmphex(nvme_enable(d), ==, NVME_CSTS_READY);
    nvme_create_queues(d, 1, 0);
    g_assert_cmphex(nvme_status(d, 1, c), ==, NVME_S_OK);
    nvme_disk_stop(disk);
}

/* Whatever is in the queues: it answers, and goes on. */
static void test_random_commands(void)
{
    NvmeDisk *disk = nvme_disk_io("");
    Nvme *d = &disk->d;
    for (unsigned round = 0; round < 300; round++) {
        unsigned queue = (unsigned)g_test_rand_int_range(0, 2);
        for (int i = g_test_rand_int_range(1, 8); i > 0; i--) {
            NvmeCommand c = {.opcode = (uint8_t)g_test_rand_int_range(0, 0x1e),
                             .psdt = (uint8_t)g_test_rand_int_range(0, 4),
                             .nsid = (uint32_t)g_test_rand_int_range(0, 3),
                             .prp1 = NVME_DISK_DATA + (uint32_t)g_test_rand_int_range(0, 0x400) * 4,
                             .prp2 = NVME_DISK_LIST + (uint32_t)g_test_rand_int_range(0, 0x800),
                             .cdw10 = (uint32_t)g_test_rand_int() & 0xff,
                             .cdw11 = (uint32_t)g_test_rand_int_range(0, 3),
                             .cdw12 = (uint32_t)g_test_rand_int() & 0x803f};
            nvme_put(d, queue, &c);
        }
        nvme_ring(d, queue);
        while (nvme_take(d, queue, true).there) {
        }
    }
    nvme_set_reg(d, NVME_R_CC, 0);
    g_assert_cmphex(nvme_enable(d), ==, NVME_CSTS_READY);
    nvme_create_queues(d, 1, 0);
    g_assert_cmphex(nvme_status(d, 1, nvme_io(NVME_C_READ, 0, 1)), ==, NVME_S_OK);
    nvme_disk_stop(disk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nvme-intr/msix", test_msix);
    g_test_add_func("/nvme-intr/coalescing", test_coalescing);
    g_test_add_func("/nvme-intr/silent-queue", test_silent_queue);
    g_test_add_func("/nvme-intr/pin", test_pin);
    g_test_add_func("/nvme-intr/full-completion-queue", test_full_completion_queue);
    g_test_add_func("/nvme-intr/own-registers", test_own_registers);
    g_test_add_func("/nvme-intr/own-reset", test_own_reset);
    g_test_add_func("/nvme-intr/no-bus-master", test_no_bus_master);
    g_test_add_func("/nvme-intr/random-commands", test_random_commands);
    return g_test_run();
}
