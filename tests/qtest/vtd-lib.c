/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tests' driver of the VT-d unit and of the emitter. */
#include "vtd-lib.h"

#include <string.h>

#include "tests/include/apic.h"

#define PCI_COMMAND 4
#define PCI_BAR0    0x10

static void enable_apics(Vtd *v, unsigned cpus, bool x2apic)
{
    for (unsigned i = 0; i < cpus; i++) {
        uint64_t base = 0;
        g_assert_true(qtest_msr_read(v->qts, i, MSR_APIC_BASE, &base));
        if (x2apic) {
            g_assert_true(qtest_msr_write(v->qts, i, MSR_APIC_BASE, base | APIC_BASE_X2APIC));
            g_assert_true(qtest_msr_write(v->qts, i, MSR_X2APIC(APIC_SVR), SVR_ENABLED));
        } else if (i == 0) {
            /* The page is CPU 0's; others only in x2APIC mode. */
            qtest_writel(v->qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
        }
    }
}

static void place_emitter(Vtd *v)
{
    qtest_pci_config_write(v->qts, 0, v->devfn, PCI_COMMAND, 0, 2);
    qtest_pci_config_write(v->qts, 0, v->devfn, PCI_BAR0, (uint32_t)v->bar, 4);
    qtest_pci_config_write(v->qts, 0, v->devfn, PCI_COMMAND, 6, 2);
}

static void prepare(Vtd *v)
{
    enable_apics(v, v->cpus, v->x2apic);
    place_emitter(v);
}

static void find_records(Vtd *v)
{
    v->frcd = (uint32_t)(vtd_readq(v, CAP) >> 24 & 0x3ff) * 16;
}

Vtd *vtd_start(const char *props, unsigned cpus, bool x2apic)
{
    return vtd_start_emitter(props, "", cpus, x2apic);
}

Vtd *vtd_start_emitter(const char *props, const char *emitter, unsigned cpus, bool x2apic)
{
    Vtd *v = g_new0(Vtd, 1);
    *v = (Vtd){.cpus = cpus, .x2apic = x2apic, .base = VTD_BASE, .bar = BAR, .devfn = SID_OWN};
    v->qts = qtest_initf("-machine q35 -nodefaults -m 64M -smp %u -cpu max "
                         "-device intel-iommu%s -device intr-testdev,id=emitter,addr=4%s",
                         cpus, props, emitter);
    prepare(v);
    find_records(v);
    return v;
}

Vtd *vtd_beside(const Vtd *first, uint64_t base, uint8_t slot)
{
    Vtd *v = g_new0(Vtd, 1);
    *v = *first;
    v->base = base;
    v->at = first->at + AT_SIZE;
    v->bar = first->bar + 0x10000;
    v->devfn = (uint8_t)(slot << 3);
    v->tail = v->sequence = 0;
    place_emitter(v);
    find_records(v);
    return v;
}

void vtd_reset(Vtd *v)
{
    g_autoptr(JsonObject) done = qtest_qmp(v->qts, "{'execute': 'system_reset'}");
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(v->qts, "RESET");
    g_assert_nonnull(event);
    prepare(v);
}

void vtd_stop(Vtd *v)
{
    qtest_quit(v->qts);
    g_free(v);
}

void vtd_expect_refused(const char *props, const char *says)
{
    g_autofree char *args = g_strdup_printf(
        "-machine q35 -nodefaults -display none -accel qtest -device intel-iommu,%s", props);
    g_autofree char *out = NULL, *err = NULL;
    g_assert_cmpint(qtest_run(args, &out, &err), ==, 1);
    g_test_message("%s", err);
    g_assert_nonnull(strstr(err, says));
}

uint32_t vtd_readl(Vtd *v, uint32_t reg)
{
    return qtest_readl(v->qts, v->base + reg);
}

uint64_t vtd_readq(Vtd *v, uint32_t reg)
{
    return qtest_readq(v->qts, v->base + reg);
}

void vtd_writel(Vtd *v, uint32_t reg, uint32_t value)
{
    qtest_writel(v->qts, v->base + reg, value);
}

void vtd_writeq(Vtd *v, uint32_t reg, uint64_t value)
{
    qtest_writeq(v->qts, v->base + reg, value);
}

void vtd_command(Vtd *v, uint32_t bit, bool on)
{
    uint32_t keep = vtd_readl(v, GSTS) & (TE | QIE | IRE | CFI);
    vtd_writel(v, GCMD, on ? keep | bit : keep & ~bit);
    g_assert_cmphex(vtd_readl(v, GSTS) & bit, ==, on ? bit : 0);
}

void vtd_queue_on(Vtd *v, unsigned size, bool wide)
{
    v->tail = 0;
    vtd_writeq(v, IQT, 0);
    vtd_writeq(v, IQA, (v->at + AT_QUEUE) | (wide ? 1u << 11 : 0) | size);
    vtd_command(v, QIE, true);
}

void vtd_submit(Vtd *v, uint64_t low, uint64_t high)
{
    Pair words = {low, high};
    uint32_t size = 4096u << (vtd_readq(v, IQA) & 7);
    qtest_memwrite(v->qts, v->at + AT_QUEUE + v->tail, &words, sizeof(words));
    v->tail = (v->tail + sizeof(words)) % size;
}

void vtd_ring(Vtd *v)
{
    vtd_writeq(v, IQT, v->tail);
}

void vtd_wait(Vtd *v)
{
    uint32_t token = 0x1000 + ++v->sequence;
    vtd_submit(v, (uint64_t)token << 32 | 0x25, v->at + AT_STATUS);
    vtd_ring(v);
    g_assert_cmphex(qtest_readl(v->qts, v->at + AT_STATUS), ==, token);
    g_assert_cmphex(vtd_readq(v, IQH), ==, v->tail);
}

void vtd_flush_iec(Vtd *v)
{
    vtd_submit(v, 4, 0);
    vtd_wait(v);
}

void vtd_flush_iec_index(Vtd *v, uint16_t index, unsigned mask)
{
    vtd_submit(v, 0x14 | (uint64_t)mask << 27 | (uint64_t)index << 32, 0);
    vtd_wait(v);
}

void vtd_flush_context(Vtd *v)
{
    vtd_submit(v, 0x11, 0);
    vtd_wait(v);
}

void vtd_flush_iotlb(Vtd *v)
{
    vtd_submit(v, 0x12, 0);
    vtd_wait(v);
}

void vtd_flush_dma(Vtd *v)
{
    vtd_flush_context(v);
    vtd_flush_iotlb(v);
}

void vtd_remap_on(Vtd *v, unsigned size, bool eime)
{
    if (!(vtd_readl(v, GSTS) & QIE)) {
        vtd_queue_on(v, 0, false);
    }
    vtd_writeq(v, IRTA, (v->at + AT_IRT) | (eime ? IRTA_EIME : 0) | size);
    vtd_command(v, SIRTP, true);
    vtd_flush_iec(v);
    vtd_command(v, IRE, true);
}

void vtd_set_irte(Vtd *v, uint32_t index, Pair irte)
{
    qtest_memwrite(v->qts, v->at + AT_IRT + index * 16ull, &irte, sizeof(irte));
}

Pair irte_for(uint8_t vector, uint32_t dest, bool eime)
{
    return (Pair){IRTE_P | (uint64_t)vector << 16 | (uint64_t)dest << (eime ? 32 : 40), 0};
}

Pair irte_posted(uint8_t vector, uint64_t pid, bool urgent)
{
    return (Pair){IRTE_P | 1ull << 15 | (urgent ? 1ull << 14 : 0) | (uint64_t)vector << 16 |
                      (pid & 0xffffffc0) << 32,
                  pid >> 32 << 32};
}

uint64_t remappable_address(uint32_t handle, bool shv)
{
    return APIC_PAGE | 0x10 | (handle & 0x7fffull) << 5 | (handle >> 15 & 1) << 2 | (shv ? 8 : 0);
}

static void set_emitter(Vtd *v, uint64_t address, uint32_t data, uint32_t flags, uint16_t rid)
{
    struct {
        uint64_t address;
        uint32_t data, flags, rid;
    } __attribute__((packed)) regs = {address, data, flags, rid};
    qtest_memwrite(v->qts, v->bar, &regs, sizeof(regs));
}

void vtd_send(Vtd *v, uint64_t address, uint32_t data, uint16_t rid)
{
    set_emitter(v, address, data, 1, rid);
    qtest_writel(v->qts, v->bar + E_COMMAND, C_MESSAGE);
}

void vtd_send_index(Vtd *v, uint32_t index, uint16_t rid)
{
    vtd_send(v, remappable_address(index, false), 0, rid);
}

uint32_t vtd_dma_write(Vtd *v, uint64_t address, const void *data, uint32_t len, uint16_t rid)
{
    set_emitter(v, address, 0, 1, rid);
    if (len) {
        qtest_memwrite(v->qts, v->bar + E_BUFFER, data, len);
    }
    qtest_writel(v->qts, v->bar + E_LEN, len);
    qtest_writel(v->qts, v->bar + E_COMMAND, C_WRITE);
    return qtest_readl(v->qts, v->bar + E_RESULT);
}

uint32_t vtd_dma_read(Vtd *v, uint64_t address, void *data, uint32_t len, uint16_t rid)
{
    set_emitter(v, address, 0, 1, rid);
    qtest_writel(v->qts, v->bar + E_LEN, len);
    qtest_writel(v->qts, v->bar + E_COMMAND, C_READ);
    if (len) {
        qtest_memread(v->qts, v->bar + E_BUFFER, data, len);
    }
    return qtest_readl(v->qts, v->bar + E_RESULT);
}

bool vtd_took(Vtd *v, unsigned cpu, uint8_t vector)
{
    if (qtest_apic_ack(v->qts, cpu) != vector) {
        return false;
    }
    qtest_apic_eoi(v->qts, cpu);
    return qtest_apic_ack(v->qts, cpu) == -1;
}

Fault vtd_take_fault(Vtd *v, unsigned n)
{
    uint32_t at = v->frcd + n * 16;
    uint64_t low = vtd_readq(v, at), high = vtd_readq(v, at + 8);
    if (!(high >> 63)) {
        return (Fault){0};
    }
    vtd_writel(v, at + 12, 1u << 31);
    return (Fault){.reason = (uint8_t)(high >> 32),
                   .sid = (uint16_t)high,
                   .info = low,
                   .type = (unsigned)(high >> 62 & 1) << 1 | (high >> 28 & 1),
                   .pp = high >> 31 & 1,
                   .pasid = (uint32_t)(high >> 40 & 0xfffff)};
}

void vtd_expect_fault(Vtd *v, uint8_t reason, uint16_t sid, uint64_t info)
{
    uint32_t status = vtd_readl(v, FSTS);
    g_assert_cmphex(status & FSTS_PPF, ==, FSTS_PPF);
    Fault fault = vtd_take_fault(v, status >> 8 & 0xff);
    g_assert_cmphex(fault.reason, ==, reason);
    g_assert_cmphex(fault.sid, ==, sid);
    g_assert_cmphex(fault.info, ==, info);
    g_assert_cmphex(vtd_readl(v, FSTS), ==, 0);
}

void vtd_expect_no_fault(Vtd *v)
{
    g_assert_cmphex(vtd_readl(v, FSTS), ==, 0);
}

/* ---- DMA ---- */

Vtd *vtd_start_dma(const char *props)
{
    return vtd_start_dma_emitter(props, "");
}

Vtd *vtd_start_dma_emitter(const char *props, const char *emitter)
{
    Vtd *v = vtd_start_emitter(props, emitter, 1, false);
    vtd_queue_on(v, 0, false);
    vtd_set_root(v, v->at + AT_ROOT);
    vtd_flush_dma(v);
    vtd_command(v, TE, true);
    return v;
}

void vtd_set_root(Vtd *v, uint64_t root)
{
    vtd_writeq(v, RTADDR, root);
    vtd_command(v, SRTP, true);
}

void vtd_set_context(Vtd *v, uint16_t sid, Pair ctx)
{
    qtest_writeq(v->qts, v->at + AT_ROOT + (sid >> 8) * 16, (v->at + AT_CTX_OF(sid)) | 1);
    qtest_memwrite(v->qts, v->at + AT_CTX_OF(sid) + (sid & 0xff) * 16, &ctx, sizeof(ctx));
}

Pair vtd_context(unsigned type, uint64_t table, unsigned levels, uint16_t domain)
{
    return (Pair){table | type << 2 | 1, (levels - 2) | (uint64_t)domain << 8};
}

Pair vtd_ss_context(unsigned type, unsigned levels, uint16_t domain)
{
    return vtd_context(type, AT_SS, levels, domain);
}

uint64_t vtd_map(Vtd *v, uint64_t tables, unsigned levels, unsigned leaf, uint64_t iova,
                 uint64_t entry)
{
    uint64_t at = 0;
    for (unsigned level = levels; level >= leaf; level--) {
        uint64_t index = iova >> (12 + 9 * (level - 1)) & 511;
        uint64_t table = tables + (levels - level) * 0x1000;
        at = table + index * 8;
        qtest_writeq(v->qts, at, level == leaf ? entry : (table + 0x1000) | SS_RW);
    }
    return at;
}

uint32_t vtd_read_word(Vtd *v, uint64_t iova, uint64_t *word, uint16_t sid)
{
    *word = 0;
    return vtd_dma_read(v, iova, word, sizeof(*word), sid);
}

uint32_t vtd_read(Vtd *v, uint64_t iova, uint64_t *word)
{
    return vtd_read_word(v, iova, word, SID);
}
