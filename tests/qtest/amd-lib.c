/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tests' driver of the AMD-Vi unit and of the emitter. */
#include "amd-lib.h"

#include "tests/include/apic.h"
#include "tests/include/intr_testdev.h"

#define PCI_COMMAND 4
#define PCI_BAR0    0x10
#define RING        4096u /* bytes of 256 entries */
#define LENGTH_256  (8ull << 56)

static void enable_apics(Amd *a)
{
    for (unsigned i = 0; i < a->cpus; i++) {
        uint64_t base = 0;
        g_assert_true(qtest_msr_read(a->qts, i, MSR_APIC_BASE, &base));
        if (a->x2apic) {
            g_assert_true(qtest_msr_write(a->qts, i, MSR_APIC_BASE, base | APIC_BASE_X2APIC));
            g_assert_true(qtest_msr_write(a->qts, i, MSR_X2APIC(APIC_SVR), SVR_ENABLED));
        } else if (i == 0) {
            qtest_writel(a->qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
        }
    }
}

static void amd_prepare(Amd *a)
{
    enable_apics(a);
    qtest_pci_config_write(a->qts, 0, EMITTER, PCI_BAR0, (uint32_t)BAR, 4);
    qtest_pci_config_write(a->qts, 0, EMITTER, PCI_COMMAND, 6, 2);
    a->tail = a->log_head = 0;
}

static Amd *amd_start_machine(const char *props, const char *emitter, unsigned cpus, bool x2apic)
{
    Amd *a = g_new0(Amd, 1);
    *a = (Amd){.base = AMD_BASE, .cpus = cpus, .x2apic = x2apic};
    a->qts = qtest_initf("-machine q35 -nodefaults -m 64M -smp %u -cpu max "
                         "-device amd-iommu%s -device intr-testdev,id=emitter,addr=4%s",
                         cpus, props, emitter);
    amd_prepare(a);
    return a;
}

Amd *amd_start(const char *props, unsigned cpus, bool x2apic)
{
    return amd_start_machine(props, "", cpus, x2apic);
}

Amd *amd_start_emitter(const char *props, const char *emitter)
{
    return amd_start_machine(props, emitter, 1, false);
}

void amd_stop(Amd *a)
{
    qtest_quit(a->qts);
    g_free(a);
}

void amd_reset(Amd *a)
{
    g_autoptr(JsonObject) done = qtest_qmp(a->qts, "{'execute': 'system_reset'}");
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(a->qts, "RESET");
    g_assert_nonnull(event);
    amd_prepare(a);
}

uint64_t amd_read(Amd *a, uint32_t reg)
{
    return qtest_readq(a->qts, a->base + reg);
}

void amd_write(Amd *a, uint32_t reg, uint64_t value)
{
    qtest_writeq(a->qts, a->base + reg, value);
}

void amd_set_control(Amd *a, uint64_t set, uint64_t clear)
{
    amd_write(a, CONTROL, (amd_read(a, CONTROL) | set) & ~clear);
}

void amd_on(Amd *a, uint64_t control)
{
    amd_write(a, DEV_TAB, AT_DEVICES | 0x1ff);
    amd_write(a, CMD_BUF, AT_COMMANDS | LENGTH_256);
    amd_write(a, EVT_LOG, AT_LOG | LENGTH_256);
    a->tail = a->log_head = 0;
    amd_set_control(a, EVT_LOG_EN | CMD_BUF_EN | control, 0);
    amd_set_control(a, IOMMU_EN, 0);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & (EVT_RUN | CMD_RUN), ==, EVT_RUN | CMD_RUN);
}

void amd_command(Amd *a, uint64_t low, uint64_t high)
{
    uint64_t words[2] = {low, high};
    qtest_memwrite(a->qts, AT_COMMANDS + a->tail, words, sizeof(words));
    a->tail = (a->tail + sizeof(words)) % RING;
    amd_write(a, CMD_TAIL, a->tail);
}

void amd_wait(Amd *a)
{
    uint64_t token = 0x5157000000001000ull + ++a->token;
    amd_command(a, 1ull << 60 | AT_STORE | 1, token);
    g_assert_cmphex(qtest_readq(a->qts, AT_STORE), ==, token);
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, a->tail);
}

void amd_flush_device(Amd *a, uint16_t device)
{
    amd_command(a, 2ull << 60 | device, 0);
    amd_wait(a);
}

void amd_flush_interrupts(Amd *a, uint16_t device)
{
    amd_command(a, 5ull << 60 | device, 0);
    amd_wait(a);
}

void amd_flush_all(Amd *a)
{
    amd_command(a, 8ull << 60, 0);
    amd_wait(a);
}

void amd_set_dte(Amd *a, uint16_t device, unsigned quadword, uint64_t value)
{
    qtest_writeq(a->qts, AT_DEVICES + device * 32ull + quadword * 8, value);
}

void amd_remap(Amd *a, uint16_t device, unsigned length)
{
    amd_set_dte(a, device, 2, DTE_IV | DTE_LEN(length) | AT_IRT | DTE_CTL(2));
}

void amd_set_irte32(Amd *a, unsigned index, uint32_t value)
{
    qtest_writel(a->qts, AT_IRT + index * 4ull, value);
}

void amd_set_irte128(Amd *a, unsigned index, uint64_t low, uint64_t high)
{
    uint64_t words[2] = {low, high};
    qtest_memwrite(a->qts, AT_IRT + index * 16ull, words, sizeof(words));
}

uint32_t irte32(uint8_t vector, uint8_t dest)
{
    return 1u | (uint32_t)dest << 8 | (uint32_t)vector << 16;
}

static void set_emitter(Amd *a, uint64_t address, uint32_t data, uint16_t rid)
{
    struct {
        uint64_t address;
        uint32_t data, flags, rid;
    } __attribute__((packed)) regs = {address, data, 1, rid};
    qtest_memwrite(a->qts, BAR, &regs, sizeof(regs));
}

void amd_send(Amd *a, uint64_t address, uint32_t data, uint16_t rid)
{
    set_emitter(a, address, data, rid);
    qtest_writel(a->qts, BAR + E_COMMAND, C_MESSAGE);
}

uint32_t amd_emit(Amd *a, unsigned command, uint64_t address, uint32_t flags)
{
    qtest_writeq(a->qts, BAR + E_ADDR, address);
    qtest_writel(a->qts, BAR + E_FLAGS, flags);
    qtest_writel(a->qts, BAR + E_LEN, 8);
    qtest_writel(a->qts, BAR + E_COMMAND, command);
    return qtest_readl(a->qts, BAR + E_RESULT);
}

uint32_t amd_dma_write(Amd *a, uint64_t address, const void *data, uint32_t len, uint16_t rid)
{
    set_emitter(a, address, 0, rid);
    qtest_memwrite(a->qts, BAR + E_BUFFER, data, len);
    qtest_writel(a->qts, BAR + E_LEN, len);
    qtest_writel(a->qts, BAR + E_COMMAND, C_WRITE);
    return qtest_readl(a->qts, BAR + E_RESULT);
}

uint32_t amd_dma_read(Amd *a, uint64_t address, void *data, uint32_t len, uint16_t rid)
{
    set_emitter(a, address, 0, rid);
    qtest_writel(a->qts, BAR + E_LEN, len);
    qtest_writel(a->qts, BAR + E_COMMAND, C_READ);
    qtest_memread(a->qts, BAR + E_BUFFER, data, len);
    return qtest_readl(a->qts, BAR + E_RESULT);
}

bool amd_took(Amd *a, unsigned cpu, uint8_t vector)
{
    if (qtest_apic_ack(a->qts, cpu) != vector) {
        return false;
    }
    qtest_apic_eoi(a->qts, cpu);
    return qtest_apic_ack(a->qts, cpu) == -1;
}

Event amd_take_event(Amd *a)
{
    uint64_t words[2];
    if (amd_read(a, EVT_TAIL) == a->log_head) {
        return (Event){0};
    }
    qtest_memread(a->qts, AT_LOG + a->log_head, words, sizeof(words));
    a->log_head = (a->log_head + sizeof(words)) % RING;
    amd_write(a, EVT_HEAD, a->log_head);
    amd_write(a, AMD_STATUS, EVT_INT);
    return (Event){
        .code = (unsigned)(words[0] >> 60),
        .device = (uint16_t)words[0],
        .domain = (uint16_t)(words[0] >> 32),
        .flags = words[0] >> 48 & 0xfff,
        .address = words[1],
    };
}

void amd_expect_event(Amd *a, unsigned code, uint16_t device, unsigned flags, uint64_t address)
{
    Event event = amd_take_event(a);
    g_assert_cmpuint(event.code, ==, code);
    g_assert_cmphex(event.device, ==, device);
    g_assert_cmphex(event.flags, ==, flags);
    g_assert_cmphex(event.address, ==, address);
    amd_expect_no_event(a);
}

void amd_expect_no_event(Amd *a)
{
    g_assert_cmphex(amd_read(a, EVT_TAIL), ==, a->log_head);
}

uint64_t amd_event_address(uint8_t vector)
{
    return 0xfffffffdf8000000ull | (uint64_t)vector << 16;
}
