/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dsa: registers and configuration, commands, each operation and how it fails, batches. */
#include <linux/pci_regs.h>
#include <string.h>

#include "dsa-lib.h"

#define SUCCESS    0x01
#define FALSE_PRED 0x02
#define PAGE_FAULT 0x03
#define WRITE      0x80

static void test_capabilities(void)
{
    DsaDev *d = dsa_start(",ims-slots=512");
    g_assert_cmphex(qtest_pci_config_read(d->qts, 0, DSA_DEVFN, 0, 4), ==, 0x0b258086);
    g_assert_cmphex(dsa_readl(d, DSA_R_VERSION), ==, 0x100);
    uint64_t gencap = dsa_readq(d, DSA_R_GENCAP);
    g_assert_cmpuint(gencap >> 16 & 0x1f, ==, 31);
    g_assert_cmpuint(gencap >> 21 & 0xf, ==, 10);
    g_assert_cmpuint(gencap >> 25 & 0x3f, ==, 2);
    g_assert_cmphex(gencap & 1 << 4, ==, 1 << 4);
    g_assert_cmphex(gencap >> 31 & 1, ==, 1);
    g_assert_cmphex(dsa_readq(d, DSA_R_WQCAP) & 0xffffff, ==, 8 << 16 | 128);
    g_assert_cmphex(dsa_readq(d, DSA_R_OPCAP), ==, 0x3027fULL | 0x100000000ULL);
    g_assert_cmphex(dsa_readq(d, DSA_R_OPCAP + 8), ==, 0);
    g_assert_cmphex(dsa_readl(d, DSA_R_CMDCAP), ==, 0x67fe);
    g_assert_cmphex(dsa_readl(d, DSA_R_GENSTS), ==, 0);
    qtest_writew(d->qts, d->wqcfg, 16); /* too narrow */
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg), ==, 0);
    dsa_stop(d);
}

static uint32_t enable(DsaDev *d)
{
    return dsa_command(d, DSA_C_ENABLE_DEVICE, 0);
}

static void test_enable_device(void)
{
    DsaDev *d = dsa_start("");
    dsa_set_wq(d, 0, 16, 10);
    g_assert_cmphex(enable(d), ==, 0x15); /* in no group */
    dsa_set_group(d, 0, 1, 0);
    g_assert_cmphex(enable(d), ==, 0x17); /* no engine */
    dsa_set_group(d, 0, 1, 1);
    dsa_set_group(d, 1, 1, 2);
    g_assert_cmphex(enable(d), ==, 0x15); /* in two */
    dsa_set_group(d, 1, 2, 1);
    g_assert_cmphex(enable(d), ==, 0x16); /* an engine of two */
    dsa_set_group(d, 1, 0, 0);
    dsa_set_wq(d, 0, 129, 10);
    g_assert_cmphex(enable(d), ==, 0x14);
    dsa_set_wq(d, 0, 128, 10);
    qtest_pci_config_write(d->qts, 0, DSA_DEVFN, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(enable(d), ==, 0x12);
    qtest_pci_config_write(d->qts, 0, DSA_DEVFN, PCI_COMMAND,
                           PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    g_assert_cmphex(enable(d), ==, 0);
    g_assert_cmphex(dsa_readl(d, DSA_R_GENSTS), ==, 1);
    g_assert_cmphex(enable(d), ==, 0x10);
    dsa_set_group(d, 0, 0xff, 0xf); /* is not heard now */
    g_assert_cmphex(qtest_readl(d->qts, d->grpcfg), ==, 1);
    dsa_set_wq(d, 0, 1, 10);
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg), ==, 128);
    g_assert_cmphex(dsa_command(d, DSA_C_DISABLE_DEVICE, 0), ==, 0);
    g_assert_cmphex(dsa_readl(d, DSA_R_GENSTS), ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_DISABLE_DEVICE, 0), ==, 0x31);
    g_assert_cmphex(dsa_command(d, DSA_C_DRAIN_ALL, 0), ==, 0x31);
    g_assert_cmphex(dsa_command(d, 0x1f, 0), ==, 1);
    g_assert_cmphex(dsa_command(d, DSA_C_RESET_DEVICE, 0), ==, 0);
    g_assert_cmphex(qtest_readl(d->qts, d->grpcfg), ==, 0);
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg), ==, 0);
    dsa_stop(d);
}

static void test_enable_wq(void)
{
    DsaDev *d = dsa_start("");
    const struct {
        uint32_t control, limits, error;
    } cases[] = {
        {0x00000001, 0x15f, 0x23}, /* no priority */
        {0x000000a0, 0x15f, 0x24}, /* shared */
        {0x000000a3, 0x15f, 0x25}, /* blocks on faults */
        {0x100000a1, 0x15f, 0x26}, /* has a PASID */
        {0x000000a1, 0x17f, 0x27}, /* 2048 descriptors in a batch */
    };
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 0), ==, 0x20);
    dsa_set_wq(d, 0, 16, 10);
    dsa_set_group(d, 0, 1, 1);
    g_assert_cmphex(enable(d), ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 8), ==, 2);
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 1), ==, 0x22);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        qtest_writel(d->qts, d->wqcfg + 8, cases[i].control);
        qtest_writel(d->qts, d->wqcfg + 12, cases[i].limits);
        g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 0), ==, cases[i].error);
    }
    dsa_set_wq(d, 0, 16, 10);
    g_assert_cmphex(dsa_command(d, DSA_C_DISABLE_WQ, 1), ==, 0x32);
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 0), ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 0), ==, 0x21);
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg + 24), ==, 1 << 30);
    qtest_writel(d->qts, d->wqcfg + 8, 0); /* not while it is enabled */
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg + 8), ==, 0xa1);
    g_assert_cmphex(dsa_command(d, DSA_C_DRAIN_WQ, 1), ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_DISABLE_WQ, 1 << 16), ==, 2);
    g_assert_cmphex(dsa_command(d, DSA_C_DISABLE_WQ, 1), ==, 0);
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg + 24), ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 0), ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_RESET_WQ, 1), ==, 0);
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg), ==, 16); /* all but the size */
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg + 8), ==, 0);
    dsa_stop(d);
}

/* Sizes and places across pages. */
static void test_move(void)
{
    DsaDev *d = dsa_start_ready("");
    const struct {
        int64_t from, to;
        uint32_t size;
    } cases[] = {{0, 0x100000, 1},        {0x123, 0x100456, 20000},
                 {0xfff, 0x100fff, 4097}, {0, 0x300, 30000}, /* within itself, backward, */
                 {0x300, 0, 30000},                          /* and forward */
                 {0x10, 0x10, 5000}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t from = DSA_AT_ONE + (uint64_t)cases[i].from,
                 to = DSA_AT_ONE + (uint64_t)cases[i].to;
        dsa_pattern(d, from, cases[i].size, i);
        DsaCompletion r = dsa_do(d, dsa_desc(DSA_O_MEMMOVE, 0, from, to, cases[i].size));
        g_assert_cmphex(r.status, ==, SUCCESS);
        g_assert_cmpuint(r.completed, ==, cases[i].size);
        g_assert_cmphex(r.result, ==, 0);
        g_assert_true(dsa_has_pattern(d, to, cases[i].size, i));
    }
    dsa_stop(d);
}

static void test_fill_and_compare(void)
{
    const uint64_t pattern = 0x8877665544332211;
    DsaDev *d = dsa_start_ready("");
    DsaCompletion r = dsa_do(d, dsa_desc(DSA_O_FILL, 0, pattern, DSA_AT_ONE + 5, 10001));
    g_assert_cmphex(r.status, ==, SUCCESS);
    g_assert_cmphex(qtest_readq(d->qts, DSA_AT_ONE + 5 + 8000), ==, pattern);
    g_assert_cmphex(qtest_readw(d->qts, DSA_AT_ONE + 5 + 10000), ==, 0x11);
    r = dsa_do(d, dsa_desc(DSA_O_COMPARE_PATTERN, 0, DSA_AT_ONE + 5, pattern, 10001));
    g_assert_cmphex(r.status, ==, SUCCESS);
    g_assert_cmphex(r.result, ==, 0);
    qtest_writeb(d->qts, DSA_AT_ONE + 5 + 9000, 0);
    r = dsa_do(d, dsa_desc(DSA_O_COMPARE_PATTERN, 0, DSA_AT_ONE + 5, pattern, 10001));
    g_assert_cmphex(r.result, ==, 1);
    g_assert_cmpuint(r.completed, ==, 9000);
    dsa_pattern(d, DSA_AT_ONE, 20000, 1);
    dsa_pattern(d, DSA_AT_TWO + 0x80, 20000, 1);
    r = dsa_do(d, dsa_desc(DSA_O_COMPARE, 0, DSA_AT_ONE, DSA_AT_TWO + 0x80, 20000));
    g_assert_cmphex(r.status, ==, SUCCESS);
    g_assert_cmphex(r.result, ==, 0);
    qtest_writeb(d->qts, DSA_AT_TWO + 0x80 + 12345, 0xff);
    r = dsa_do(d, dsa_desc(DSA_O_COMPARE, 0, DSA_AT_ONE, DSA_AT_TWO + 0x80, 20000));
    g_assert_cmphex(r.status, ==, SUCCESS);
    g_assert_cmphex(r.result, ==, 1);
    g_assert_cmpuint(r.completed, ==, 12345);
    DsaDescriptor desc = dsa_desc(DSA_O_COMPARE, DSA_D_CHECK, DSA_AT_ONE, DSA_AT_TWO + 0x80, 20000);
    g_assert_cmphex(dsa_do(d, desc).status, ==, FALSE_PRED); /* "equal" was expected */
    desc.extra[0] = 1;
    g_assert_cmphex(dsa_do(d, desc).status, ==, SUCCESS);
    r = dsa_do(d, dsa_desc(DSA_O_CFLUSH, 0, 0, DSA_AT_ONE, 20000));
    g_assert_cmphex(r.status, ==, SUCCESS);
    g_assert_cmpuint(r.completed, ==, 20000);
    dsa_stop(d);
}

static void test_dualcast(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor desc = dsa_desc(DSA_O_DUALCAST, 0, DSA_AT_ONE, DSA_AT_TWO + 0x123, 9000);
    desc.extra[0] = DSA_AT_THREE + 0x123;
    dsa_pattern(d, DSA_AT_ONE, 9000, 3);
    g_assert_cmphex(dsa_do(d, desc).status, ==, SUCCESS);
    g_assert_true(dsa_has_pattern(d, DSA_AT_TWO + 0x123, 9000, 3));
    g_assert_true(dsa_has_pattern(d, DSA_AT_THREE + 0x123, 9000, 3));
    desc.extra[0]++;
    g_assert_cmphex(dsa_do(d, desc).status, ==, 0x17);
    desc.extra[0] = DSA_AT_TWO + 0x1123;
    g_assert_cmphex(dsa_do(d, desc).status, ==, 0x16);
    dsa_stop(d);
}

/* The check value of CRC32C. */
static void test_crc(void)
{
    DsaDev *d = dsa_start_ready("");
    qtest_memwrite(d->qts, DSA_AT_ONE, "123456789", 9);
    DsaDescriptor all = dsa_desc(DSA_O_CRCGEN, 0, DSA_AT_ONE, 0, 9);
    DsaCompletion r = dsa_do(d, all);
    g_assert_cmphex(r.status, ==, SUCCESS);
    g_assert_cmphex(r.extra[0], ==, 0xe3069283);
    DsaDescriptor part = dsa_desc(DSA_O_COPY_CRC, 0, DSA_AT_ONE, DSA_AT_TWO, 4);
    uint64_t first = dsa_do(d, part).extra[0];
    g_assert_cmphex(qtest_readl(d->qts, DSA_AT_TWO), ==, 0x34333231);
    DsaDescriptor rest = dsa_desc(DSA_O_CRCGEN, 0, DSA_AT_ONE + 4, 0, 5);
    rest.extra[0] = first; /* where the first part left off */
    g_assert_cmphex(dsa_do(d, rest).extra[0], ==, 0xe3069283);
    qtest_writeq(d->qts, DSA_AT_THREE, first);
    rest.flags_opcode |= DSA_D_SEED_MEMORY;
    rest.extra[0] = 0;
    rest.extra[1] = DSA_AT_THREE;
    g_assert_cmphex(dsa_do(d, rest).extra[0], ==, 0xe3069283);
    all.flags_opcode |= DSA_D_CRC_PLAIN | DSA_D_DATA_PLAIN;
    qtest_writeb(d->qts, DSA_AT_ONE, 1);
    all.size = 1;
    g_assert_cmphex(dsa_do(d, all).extra[0], ==, 0x1edc6f41); /* the polynomial */
    part.destination = part.source + 2;
    g_assert_cmphex(dsa_do(d, part).status, ==, 0x16);
    dsa_stop(d);
}

static void test_bad_descriptors(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor good = dsa_desc(DSA_O_MEMMOVE, 0, DSA_AT_ONE, DSA_AT_TWO, 64), bad = good;
    bad.flags_opcode = (bad.flags_opcode & 0xffffff) | 0x07000000;
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0x10);
    bad.flags_opcode = (bad.flags_opcode & 0xffffff) | 0xff000000;
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0x10);
    bad = good;
    bad.flags_opcode |= DSA_D_BLOCK_ON_FAULT | DSA_D_FENCE;
    DsaCompletion r = dsa_do(d, bad);
    g_assert_cmphex(r.status, ==, 0x11);
    g_assert_cmphex(r.extra[0], ==, DSA_D_BLOCK_ON_FAULT | DSA_D_FENCE);
    bad = good;
    bad.reserved = 1;
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0x12);
    bad = good;
    bad.pasid_privileged = 1 << 20;
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0x12);
    bad = good;
    bad.size = 0;
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0x13);
    bad.size = 0x80000001;
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0x13);
    bad.flags_opcode &= ~(uint32_t)DSA_D_RECORD; /* a failure is told anyway */
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0x13);
    bad.size = 64;
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0);
    bad.flags_opcode ^= DSA_D_RECORD | DSA_D_RECORD_VALID; /* a record is wanted, but not where */
    dsa_do(d, bad);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x030000110d);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR + 8), ==, (uint64_t)DSA_D_RECORD << 32);
    good.pasid_privileged = 1u << 31;
    g_assert_cmphex(dsa_do(d, good).status, ==, SUCCESS);
    dsa_stop(d);
}

/* An event interrupts when its cause is set, not while it is. */
static void test_events(void)
{
    DsaDev *d = dsa_start_ready("");
    const uint32_t drain = DSA_C_DRAIN_ALL << 20 | DSA_C_INTERRUPT;
    for (unsigned i = 0; i < 2; i++) {
        dsa_writel(d, DSA_R_CMD, drain);
        g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(0)));
        g_assert_cmphex(dsa_readl(d, DSA_R_INTCAUSE), ==, DSA_CAUSE_COMMAND);
        dsa_writel(d, DSA_R_CMD, drain);
        g_assert_false(vtd_took(d->v, 0, DSA_VECTOR(0)));
        dsa_writel(d, DSA_R_INTCAUSE, ~DSA_CAUSE_COMMAND);
        g_assert_cmphex(dsa_readl(d, DSA_R_INTCAUSE), ==, DSA_CAUSE_COMMAND);
        dsa_writel(d, DSA_R_INTCAUSE, DSA_CAUSE_COMMAND);
    }
    dsa_stop(d);
}

/* What has no record is told of by SWERR, once. */
static void test_soft_error(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor bad = dsa_desc(DSA_O_MEMMOVE, 0, DSA_AT_ONE, DSA_AT_TWO, 0);
    bad.flags_opcode &= ~(uint32_t)(DSA_D_RECORD_VALID | DSA_D_RECORD);
    dsa_do(d, bad);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x030000130d);
    g_assert_cmphex(dsa_readl(d, DSA_R_INTCAUSE), ==, 0);
    dsa_do(d, bad);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x030000130f);
    qtest_writeq(d->qts, d->regs + DSA_R_SWERR, 3);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR) & 3, ==, 0);
    dsa_writel(d, DSA_R_GENCTRL, 1);
    bad = dsa_desc(DSA_O_NOOP, 0, 0, 0, 0);
    bad.record += 8;
    dsa_submit(d, 1, 0, &bad);
    dsa_give_time(d);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x011b0d);
    g_assert_cmphex(dsa_readl(d, DSA_R_INTCAUSE), ==, DSA_CAUSE_ERROR);
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(0)));
    dsa_writel(d, DSA_R_INTCAUSE, DSA_CAUSE_ERROR);
    qtest_writeq(d->qts, d->regs + DSA_R_SWERR, 3);
    bad = dsa_desc(DSA_O_NOOP, 0, 0, 0, 0);
    bad.record = 0x100000000000; /* nobody is there */
    dsa_do(d, bad);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x1a2d);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR + 16), ==, bad.record);
    dsa_stop(d);
}

/* Only lines are descriptors; a queue takes as many as it has room for, while it is enabled. */
static void test_portals(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor noop = dsa_desc(DSA_O_NOOP, 0, 0, 0, 0);
    for (unsigned i = 0; i < 8; i++) {
        qtest_writeq(d->qts, d->portals + 8 * i, ((uint64_t *)&noop)[i]);
    }
    dsa_give_time(d);
    g_assert_cmphex(dsa_record(d, 0).status, ==, 0);
    g_assert_cmphex(qtest_readq(d->qts, d->portals), ==, UINT64_MAX);
    for (unsigned i = 0; i < 17; i++) {
        noop.record = DSA_AT_RECORD + 32 * i;
        dsa_submit(d, 0, 64 * i, &noop); /* any place of the page */
    }
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg + 24), ==, 1 << 30 | 16);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x510d);
    dsa_give_time(d);
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg + 24), ==, 1 << 30);
    for (unsigned i = 0; i < 17; i++) {
        g_assert_cmphex(dsa_record(d, i).status, ==, i < 16 ? SUCCESS : 0);
    }
    qtest_writeq(d->qts, d->regs + DSA_R_SWERR, 3);
    dsa_submit(d, 2, 0, &noop);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x02500d);
    dsa_stop(d);
}

static void put_in_list(DsaDev *d, unsigned n, DsaDescriptor desc)
{
    desc.record = DSA_AT_RECORD + 32 * (n + 1);
    qtest_memwrite(d->qts, DSA_AT_LIST + 64 * n, &desc, sizeof(desc));
}

static void test_batch(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor batch = dsa_desc(DSA_O_BATCH, 0, DSA_AT_LIST, 0, 3);
    DsaDescriptor fill = dsa_desc(DSA_O_FILL, 0, 0x5a, DSA_AT_ONE, 8);
    DsaDescriptor move = dsa_desc(DSA_O_MEMMOVE, DSA_D_FENCE, DSA_AT_ONE, DSA_AT_TWO, 8);
    put_in_list(d, 0, fill);
    put_in_list(d, 1, move);
    put_in_list(d, 2, dsa_desc(DSA_O_NOOP, 0, 0, 0, 0));
    DsaCompletion r = dsa_do(d, batch);
    g_assert_cmphex(r.status, ==, SUCCESS);
    g_assert_cmpuint(r.completed, ==, 3);
    g_assert_cmphex(dsa_record(d, 3).status, ==, SUCCESS);
    g_assert_cmphex(qtest_readq(d->qts, DSA_AT_TWO), ==, 0x5a);
    put_in_list(d, 0, dsa_desc(DSA_O_DRAIN, 0, 0, 0, 0)); /* not in a batch */
    qtest_memset(d->qts, DSA_AT_RECORD, 0, 256);
    r = dsa_do(d, batch);
    g_assert_cmphex(r.status, ==, 0x05);
    g_assert_cmpuint(r.completed, ==, 1); /* the fence ended it */
    g_assert_cmphex(dsa_record(d, 1).status, ==, 0x10);
    g_assert_cmphex(dsa_record(d, 2).status, ==, 0);
    move.flags_opcode &= ~(uint32_t)DSA_D_FENCE;
    put_in_list(d, 1, move);
    r = dsa_do(d, batch);
    g_assert_cmphex(r.status, ==, 0x05);
    g_assert_cmpuint(r.completed, ==, 3);
    g_assert_cmphex(dsa_record(d, 3).status, ==, SUCCESS);
    batch.source += 32;
    g_assert_cmphex(dsa_do(d, batch).status, ==, 0x18);
    batch.size = 1;
    g_assert_cmphex(dsa_do(d, batch).status, ==, 0x14);
    batch.size = 1025;
    g_assert_cmphex(dsa_do(d, batch).status, ==, 0x14);
    batch.size = 4;
    batch.source = 0x100000000000;
    r = dsa_do(d, batch);
    g_assert_cmphex(r.status, ==, 0x06);
    g_assert_cmphex(r.fault, ==, batch.source);
    dsa_stop(d);
}

/* A fault in a batch that has no record names its place. */
static void test_batch_soft_error(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor bad = dsa_desc(DSA_O_FILL, 0, 0, DSA_AT_ONE, 0);
    bad.flags_opcode &= ~(uint32_t)(DSA_D_RECORD_VALID | DSA_D_RECORD);
    put_in_list(d, 0, dsa_desc(DSA_O_NOOP, 0, 0, 0, 0));
    put_in_list(d, 1, bad);
    g_assert_cmphex(dsa_do(d, dsa_desc(DSA_O_BATCH, 0, DSA_AT_LIST, 0, 2)).status, ==, 0x05);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x040000131d);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR + 8), ==, 1);
    dsa_stop(d);
}

/* Behind the unit, what is not mapped is a page fault, told with how far it went. */
static void test_page_fault(void)
{
    DsaDev *d = dsa_start_ready("");
    Vtd *v = d->v;
    vtd_queue_on(v, 0, false);
    vtd_set_root(v, v->at + AT_ROOT);
    vtd_set_context(v, DSA_DEVFN, vtd_ss_context(0, 3, DOMAIN));
    vtd_map(v, v->at + AT_SS, 3, 2, DSA_AT_RECORD, DSA_AT_RECORD | SS_RW | SS_PS);
    vtd_map(v, v->at + AT_SS, 3, 1, 0x40000000, DSA_AT_ONE | SS_RW);
    vtd_flush_dma(v);
    vtd_command(v, TE, true);
    dsa_pattern(d, DSA_AT_ONE, 4096, 1);
    DsaCompletion r =
        dsa_do(d, dsa_desc(DSA_O_MEMMOVE, 0, 0x40000100, DSA_AT_RECORD + 0x1100, 8192));
    g_assert_cmphex(r.status, ==, PAGE_FAULT);
    g_assert_cmpuint(r.completed, ==, 4096 - 0x100);
    g_assert_cmphex(r.fault, ==, 0x40001000);
    r = dsa_do(d, dsa_desc(DSA_O_FILL, 0, 0, 0x40000ff8, 16));
    g_assert_cmphex(r.status, ==, PAGE_FAULT | WRITE);
    g_assert_cmpuint(r.completed, ==, 8);
    g_assert_cmphex(r.fault, ==, 0x40001000);
    DsaDescriptor noop = dsa_desc(DSA_O_NOOP, 0, 0, 0, 0);
    noop.record = 0x40001000;
    dsa_do(d, noop);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x1a2d);
    dsa_stop(d);
}

/* A long move goes on in slices, its drain waits, and abort ends both. */
static void test_slices(void)
{
    enum { SIZE = 4 << 20 };
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor move = dsa_desc(DSA_O_MEMMOVE, 0, DSA_AT_ONE, DSA_AT_TWO, SIZE);
    dsa_pattern(d, DSA_AT_ONE, SIZE, 5);
    qtest_memset(d->qts, DSA_AT_TWO, 0, SIZE);
    dsa_submit(d, 0, 0, &move);
    g_assert_false(dsa_has_pattern(d, DSA_AT_TWO, 4096, 5)); /* nothing is done in the write */
    qtest_clock_step_next(d->qts);
    g_assert_true(dsa_has_pattern(d, DSA_AT_TWO, 4096, 5));
    g_assert_false(dsa_has_pattern(d, DSA_AT_TWO, SIZE, 5));
    dsa_writel(d, DSA_R_CMD, DSA_C_DRAIN_WQ << 20 | 1 | DSA_C_INTERRUPT);
    g_assert_cmphex(dsa_readl(d, DSA_R_CMDSTS), ==, DSA_C_ACTIVE);
    dsa_writel(d, DSA_R_CMD, DSA_C_RESET_DEVICE << 20); /* one at a time */
    g_assert_cmphex(dsa_readl(d, DSA_R_GENSTS), ==, 1);
    g_assert_false(vtd_took(d->v, 0, DSA_VECTOR(0)));
    dsa_give_time(d);
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(0)));
    g_assert_cmphex(dsa_readl(d, DSA_R_CMDSTS), ==, 0);
    g_assert_cmphex(dsa_readl(d, DSA_R_INTCAUSE), ==, DSA_CAUSE_COMMAND);
    g_assert_true(dsa_has_pattern(d, DSA_AT_TWO, SIZE, 5));
    g_assert_cmphex(dsa_record(d, 0).status, ==, SUCCESS);
    qtest_memset(d->qts, DSA_AT_RECORD, 0, 32);
    dsa_submit(d, 0, 0, &move);
    qtest_clock_step_next(d->qts);
    g_assert_cmphex(dsa_command(d, DSA_C_ABORT_WQ, 1), ==, 0);
    dsa_give_time(d);
    g_assert_cmphex(dsa_record(d, 0).status, ==, 0);
    g_assert_cmphex(dsa_do(d, dsa_desc(DSA_O_NOOP, 0, 0, 0, 0)).status, ==, SUCCESS);
    dsa_stop(d);
}

/* Drain is done when what was there before is, and the queue takes nothing while it closes. */
static void test_drain(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor move = dsa_desc(DSA_O_MEMMOVE, 0, DSA_AT_ONE, DSA_AT_TWO, 2 << 20);
    DsaDescriptor drain = dsa_desc(DSA_O_DRAIN, 0, 0, 0, 0);
    drain.record += 32;
    dsa_submit(d, 0, 0, &move);
    dsa_submit(d, 0, 0, &drain);
    qtest_clock_step_next(d->qts);
    g_assert_cmphex(dsa_record(d, 1).status, ==, 0);
    dsa_writel(d, DSA_R_CMD, DSA_C_DISABLE_WQ << 20 | 1);
    dsa_submit(d, 0, 0, &move);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR) & 0xff01, ==, 0x5001);
    dsa_give_time(d);
    g_assert_cmphex(dsa_record(d, 0).status, ==, SUCCESS);
    g_assert_cmphex(dsa_record(d, 1).status, ==, SUCCESS);
    g_assert_cmphex(dsa_readl(d, DSA_R_CMDSTS), ==, 0);
    g_assert_cmphex(qtest_readl(d->qts, d->wqcfg + 24), ==, 0);
    dsa_stop(d);
}

static unsigned count_done(DsaDev *d, unsigned first)
{
    unsigned done = 0;
    for (unsigned i = 0; i < 8; i++) {
        done += dsa_record(d, first + i).status == SUCCESS;
    }
    return done;
}

/* One engine, two queues: three turns for one. */
static void test_priority(void)
{
    DsaDev *d = dsa_start("");
    dsa_set_wq(d, 0, 16, 1);
    dsa_set_wq(d, 1, 16, 3);
    dsa_set_group(d, 0, 3, 1);
    g_assert_cmphex(enable(d), ==, 0);
    dsa_command(d, DSA_C_ENABLE_WQ, 0);
    dsa_command(d, DSA_C_ENABLE_WQ, 1);
    for (unsigned i = 0; i < 16; i++) {
        DsaDescriptor fill = dsa_desc(DSA_O_FILL, 0, 0, DSA_AT_ONE, 60000);
        fill.record += 32 * i;
        dsa_submit(d, i / 8, 0, &fill);
    }
    while (count_done(d, 0) == 0) {
        qtest_clock_step_next(d->qts);
    }
    unsigned high = count_done(d, 8), low = count_done(d, 0);
    g_assert_cmpuint(high, >=, low * 2);
    g_assert_cmpuint(high, <=, 8);
    g_assert_cmpuint(low, <=, 2);
    dsa_give_time(d);
    g_assert_cmpuint(count_done(d, 0) + count_done(d, 8), ==, 16);
    dsa_stop(d);
}

/* Whoever has it move data into its own registers gets what the registers do, and no more. */
static void test_into_itself(void)
{
    DsaDev *d = dsa_start_ready("");
    uint32_t reset = DSA_C_RESET_DEVICE << 20;
    qtest_memwrite(d->qts, DSA_AT_ONE, &reset, sizeof(reset));
    dsa_do(d, dsa_desc(DSA_O_MEMMOVE, 0, DSA_AT_ONE, d->regs + DSA_R_CMD, 4));
    g_assert_cmphex(dsa_readl(d, DSA_R_GENSTS), ==, 0);
    g_assert_cmphex(dsa_record(d, 0).status, ==, 0);
    dsa_go(d);
    DsaDescriptor noop = dsa_desc(DSA_O_NOOP, 0, 0, 0, 0);
    noop.record += 32;
    qtest_memwrite(d->qts, DSA_AT_ONE, &noop, sizeof(noop));
    dsa_do(d, dsa_desc(DSA_O_MEMMOVE, 0, DSA_AT_ONE, d->portals + DSA_PORTAL(1), 64));
    g_assert_cmphex(dsa_record(d, 1).status, ==, SUCCESS);
    dsa_stop(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dsa/capabilities", test_capabilities);
    g_test_add_func("/dsa/enable-device", test_enable_device);
    g_test_add_func("/dsa/enable-wq", test_enable_wq);
    g_test_add_func("/dsa/move", test_move);
    g_test_add_func("/dsa/fill-and-compare", test_fill_and_compare);
    g_test_add_func("/dsa/dualcast", test_dualcast);
    g_test_add_func("/dsa/crc", test_crc);
    g_test_add_func("/dsa/bad-descriptors", test_bad_descriptors);
    g_test_add_func("/dsa/events", test_events);
    g_test_add_func("/dsa/soft-error", test_soft_error);
    g_test_add_func("/dsa/portals", test_portals);
    g_test_add_func("/dsa/batch", test_batch);
    g_test_add_func("/dsa/batch-soft-error", test_batch_soft_error);
    g_test_add_func("/dsa/page-fault", test_page_fault);
    g_test_add_func("/dsa/slices", test_slices);
    g_test_add_func("/dsa/drain", test_drain);
    g_test_add_func("/dsa/priority", test_priority);
    g_test_add_func("/dsa/into-itself", test_into_itself);
    return g_test_run();
}
