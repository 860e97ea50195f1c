/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dsa-lib.h"

#include <linux/pci_regs.h>
#include <string.h>

#define CONFIG     (0xb0000000ull + (DSA_DEVFN << 12))
#define VECTORS    9
#define SLICES     2000000 /* ns */
#define XFER_31    31u
#define BATCH_10   (10u << 5)
#define ALL_BARS   3
#define TABLE(at_) (((at_)&0xffff) * 0x100)

static uint64_t bar(DsaDev *d, unsigned n)
{
    return qtest_readq(d->qts, CONFIG + PCI_BASE_ADDRESS_0 + 4 * n) & ~0xfull;
}

static void enable_vectors(DsaDev *d)
{
    uint8_t cap = qtest_pci_find_capability(d->qts, 0, DSA_DEVFN, PCI_CAP_ID_MSIX);
    d->vectors = qtest_readl(d->qts, CONFIG + PCI_BASE_ADDRESS_4) & ~0xfu;
    for (unsigned n = 0; n < VECTORS; n++) {
        qtest_writeq(d->qts, d->vectors + n * 16, 0xfee00000);
        qtest_writeq(d->qts, d->vectors + n * 16 + 8, DSA_VECTOR(n));
    }
    qtest_writew(d->qts, CONFIG + cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
}

DsaDev *dsa_start(const char *props)
{
    g_autofree char *all = g_strdup_printf(" -device dsa,id=dsa,addr=6%s", props);
    DsaDev *d = g_new0(DsaDev, 1);
    d->v = vtd_start(all, 1, false);
    d->qts = d->v->qts;
    qtest_writew(d->qts, CONFIG + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    d->regs = bar(d, 0);
    d->portals = bar(d, 2);
    uint64_t tables = dsa_readq(d, DSA_R_TABLES);
    d->grpcfg = d->regs + TABLE(tables);
    d->wqcfg = d->regs + TABLE(tables >> 16);
    d->msixperm = d->regs + TABLE(tables >> 32);
    d->slots = d->regs + TABLE(tables >> 48);
    enable_vectors(d);
    return d;
}

void dsa_stop(DsaDev *d)
{
    vtd_stop(d->v);
    g_free(d);
}

uint32_t dsa_readl(DsaDev *d, uint32_t offset)
{
    return qtest_readl(d->qts, d->regs + offset);
}

uint64_t dsa_readq(DsaDev *d, uint32_t offset)
{
    return qtest_readq(d->qts, d->regs + offset);
}

void dsa_writel(DsaDev *d, uint32_t offset, uint32_t value)
{
    qtest_writel(d->qts, d->regs + offset, value);
}

void dsa_give_time(DsaDev *d)
{
    qtest_clock_step(d->qts, SLICES);
}

uint32_t dsa_command(DsaDev *d, uint32_t code, uint32_t operand)
{
    dsa_writel(d, DSA_R_CMD, code << 20 | operand);
    dsa_give_time(d);
    return dsa_readl(d, DSA_R_CMDSTS);
}

void dsa_set_wq(DsaDev *d, unsigned wq, uint16_t size, unsigned priority)
{
    uint64_t at = d->wqcfg + 32 * wq;
    qtest_writel(d->qts, at, size);
    qtest_writel(d->qts, at + 8, DSA_WQ_DEDICATED | DSA_WQ_PRIORITY(priority));
    qtest_writel(d->qts, at + 12, XFER_31 | BATCH_10);
}

void dsa_set_group(DsaDev *d, unsigned group, uint32_t wqs, uint32_t engines)
{
    qtest_writeq(d->qts, d->grpcfg + 64 * group, wqs);
    qtest_writeq(d->qts, d->grpcfg + 64 * group + 32, engines);
}

void dsa_go(DsaDev *d)
{
    dsa_set_wq(d, 0, 16, 10);
    dsa_set_wq(d, 1, 16, 10);
    dsa_set_group(d, 0, 3, 0xf);
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_DEVICE, 0), ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 0), ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_ENABLE_WQ, 1), ==, 0);
}

DsaDev *dsa_start_ready(const char *props)
{
    DsaDev *d = dsa_start(props);
    dsa_go(d);
    return d;
}

DsaDescriptor dsa_desc(uint8_t opcode, uint32_t flags, uint64_t source, uint64_t destination,
                       uint32_t size)
{
    return (DsaDescriptor){.flags_opcode =
                               (uint32_t)opcode << 24 | flags | DSA_D_RECORD_VALID | DSA_D_RECORD,
                           .record = DSA_AT_RECORD,
                           .source = source,
                           .destination = destination,
                           .size = size};
}

void dsa_submit(DsaDev *d, unsigned wq, uint32_t portal, const DsaDescriptor *desc)
{
    qtest_memwrite(d->qts, d->portals + DSA_PORTAL(wq) + portal, desc, sizeof(*desc));
}

DsaCompletion dsa_record(DsaDev *d, unsigned n)
{
    DsaCompletion record;
    qtest_memread(d->qts, DSA_AT_RECORD + n * sizeof(record), &record, sizeof(record));
    return record;
}

DsaCompletion dsa_do(DsaDev *d, DsaDescriptor desc)
{
    qtest_memset(d->qts, DSA_AT_RECORD, 0, sizeof(DsaCompletion));
    dsa_submit(d, 0, DSA_PORTAL_MSIX, &desc);
    dsa_give_time(d);
    return dsa_record(d, 0);
}

static void make_pattern(uint8_t *bytes, uint32_t count, unsigned seed)
{
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(i * 7 + (i >> 8) + seed);
    }
}

void dsa_pattern(DsaDev *d, uint64_t at, uint32_t count, unsigned seed)
{
    g_autofree uint8_t *bytes = g_malloc(count);
    make_pattern(bytes, count, seed);
    qtest_memwrite(d->qts, at, bytes, count);
}

bool dsa_has_pattern(DsaDev *d, uint64_t at, uint32_t count, unsigned seed)
{
    g_autofree uint8_t *expected = g_malloc(count), *bytes = g_malloc(count);
    make_pattern(expected, count, seed);
    qtest_memread(d->qts, at, bytes, count);
    return memcmp(bytes, expected, count) == 0;
}
