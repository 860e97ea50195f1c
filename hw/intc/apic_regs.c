/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC registers: one table for the MMIO page (Intel SDM vol. 3, table 11-1) and for the
 * x2APIC MSRs (table 11-6). A register is at offset 16 * n of the page and at MSR 800h + n.
 *
 * The page takes aligned 32-bit accesses. Other widths are undefined on hardware: here narrower
 * reads give the register's bytes, other reads give zero and other writes are dropped.
 */
#include "hw/intc/apic_internal.h"
#include "hw/intr/lint.h"

#define REG_COUNT     0x40
#define REG_ICR_LOW   0x30
#define REG_LVT_TIMER 0x32
#define REG_LVT_LAST  0x37
#define REG_CURRENT   0x39

#define VERSION_XAPIC      0x14u
#define VERSION_LVT_SHIFT  16
#define VERSION_EOI_DIRECT (1u << 24)

#define DFR_FIXED_BITS 0x0fffffffu
#define LDR_MASK       0xff000000u
#define ICR_LOW_MASK   0x000ccfffu
#define ICR_BUSY       (1u << 12)
#define ICR_DEST       (0xffffffffull << 32) /* x2APIC */
#define TPR_MASK       0xffu

/* Where a register can be reached, and how. */
enum {
    XR = 1 << 0, /* MMIO read, write */
    XW = 1 << 1,
    MR = 1 << 2, /* MSR read, write */
    MW = 1 << 3,
};

typedef struct {
    const char *name;
    uint8_t access;
    uint32_t valid; /* bits that an MSR write may set without #GP, read-only bits included */
    uint32_t (*read)(const ApicState *s, unsigned reg);
    void (*write)(ApicState *s, unsigned reg, uint32_t value);
} ApicReg;

static uint32_t read_id(const ApicState *s, unsigned reg)
{
    return apic_is_x2apic(s) ? apic_get_id(s) : apic_get_id(s) << 24;
}

static void write_id(ApicState *s, unsigned reg, uint32_t value)
{
    if (value >> 24 != s->xapic_id) {
        LINT_BREAK(&s->dev, LINT_APIC_ID_CHANGED, "from %u to %u", s->xapic_id, value >> 24);
    }
    if (s->links.id_writable) {
        s->xapic_id = (uint8_t)(value >> 24);
        apic_bus_changed(s->links.bus);
    }
}

static uint32_t read_version(const ApicState *s, unsigned reg)
{
    return VERSION_XAPIC | (APIC_LVT_COUNT - 1) << VERSION_LVT_SHIFT |
           (s->links.eoi_suppression ? VERSION_EOI_DIRECT : 0);
}

static uint32_t read_tpr(const ApicState *s, unsigned reg)
{
    return s->tpr;
}

static void write_tpr(ApicState *s, unsigned reg, uint32_t value)
{
    s->tpr = value & TPR_MASK;
    apic_update(s);
}

static uint32_t read_apr(const ApicState *s, unsigned reg)
{
    return apic_arbitration_priority(s);
}

static uint32_t read_ppr(const ApicState *s, unsigned reg)
{
    return s->ppr;
}

static uint32_t apic_read_zero(const ApicState *s, unsigned reg)
{
    return 0;
}

static void write_eoi(ApicState *s, unsigned reg, uint32_t value)
{
    if (value) {
        LINT_BREAK(&s->dev, LINT_EOI_NOT_ZERO, "%#x", value);
    }
    apic_eoi(s);
}

/* In x2APIC mode it follows from the id (SDM 11.12.10.2). */
uint32_t apic_logical_id(const ApicState *s)
{
    uint32_t id = s->links.apic_id;

    return apic_is_x2apic(s) ? (id >> 4) << 16 | 1u << (id & 15) : s->ldr;
}

static uint32_t read_ldr(const ApicState *s, unsigned reg)
{
    return apic_logical_id(s);
}

static void write_ldr(ApicState *s, unsigned reg, uint32_t value)
{
    s->ldr = value & LDR_MASK;
    apic_bus_changed(s->links.bus);
}

static uint32_t read_dfr(const ApicState *s, unsigned reg)
{
    return s->dfr;
}

static void write_dfr(ApicState *s, unsigned reg, uint32_t value)
{
    s->dfr = value | DFR_FIXED_BITS;
    if (s->dfr != DFR_FLAT && s->dfr != DFR_CLUSTER) {
        LINT_BREAK(&s->dev, LINT_DFR_MODEL, "DFR=%#x", s->dfr);
    }
}

static uint32_t read_svr(const ApicState *s, unsigned reg)
{
    return s->svr;
}

static uint32_t svr_mask(const ApicState *s)
{
    return SVR_VECTOR_MASK | SVR_ENABLE | SVR_FOCUS |
           (s->links.eoi_suppression ? SVR_EOI_SUPPRESS : 0);
}

static void write_svr(ApicState *s, unsigned reg, uint32_t value)
{
    apic_rules_svr(s, value);
    s->svr = value & svr_mask(s);
    if (!apic_software_enabled(s)) {
        /* 11.4.7.2: all mask bits are set, and stay so until it is enabled again. */
        for (int i = 0; i < APIC_LVT_COUNT; i++) {
            s->lvt[i] |= LVT_MASKED;
        }
        apic_lint_recheck(s);
        apic_timer_rearm(s);
    }
    apic_update(s);
}

static uint32_t read_set(const uint64_t *set, unsigned n)
{
    return (uint32_t)(set[n / 2] >> (n % 2 * 32));
}

static uint32_t read_isr(const ApicState *s, unsigned reg)
{
    return read_set(s->isr, reg & 7);
}

static uint32_t read_tmr(const ApicState *s, unsigned reg)
{
    return read_set(s->tmr, reg & 7);
}

static uint32_t read_irr(const ApicState *s, unsigned reg)
{
    return read_set(s->irr, reg & 7);
}

static uint32_t read_esr(const ApicState *s, unsigned reg)
{
    return s->esr;
}

static void write_esr(ApicState *s, unsigned reg, uint32_t value)
{
    s->esr = s->esr_pending;
    s->esr_pending = 0;
}

static uint32_t read_icr_low(const ApicState *s, unsigned reg)
{
    return s->icr_low;
}

static void write_icr_low(ApicState *s, unsigned reg, uint32_t value)
{
    s->icr_low = value & ICR_LOW_MASK;
    apic_send_ipi(s, s->icr_low, s->icr_high >> 24);
}

static uint32_t read_icr_high(const ApicState *s, unsigned reg)
{
    return s->icr_high;
}

static void write_icr_high(ApicState *s, unsigned reg, uint32_t value)
{
    s->icr_high = value & 0xff000000u;
}

static uint32_t read_lvt(const ApicState *s, unsigned reg)
{
    return s->lvt[reg - REG_LVT_TIMER];
}

/* What software may write into each entry (figure 11-8). */
static uint32_t lvt_writable(const ApicState *s, unsigned lvt)
{
    uint32_t common = LVT_VECTOR_MASK | LVT_MASKED;

    switch (lvt) {
    case APIC_LVT_TIMER:
        return common | (s->links.tsc_deadline ? LVT_TIMER_MODE_MASK : 1u << LVT_TIMER_MODE_SHIFT);
    case APIC_LVT_THERMAL:
    case APIC_LVT_PERF:
        return common | LVT_DELIVERY_MASK;
    case APIC_LVT_LINT0:
    case APIC_LVT_LINT1:
        return common | LVT_DELIVERY_MASK | LVT_POLARITY | LVT_LEVEL;
    default:
        return common;
    }
}

static void write_lvt(ApicState *s, unsigned reg, uint32_t value)
{
    unsigned lvt = reg - REG_LVT_TIMER;
    uint32_t mask = lvt_writable(s, lvt);

    apic_rules_lvt(s, (ApicLvt)lvt, value & mask);
    value = (value & mask) | (s->lvt[lvt] & LVT_REMOTE_IRR);
    if (!apic_software_enabled(s)) {
        value |= LVT_MASKED;
    }
    if (lvt == APIC_LVT_TIMER) {
        apic_timer_set_lvt(s, value);
        return;
    }
    s->lvt[lvt] = value;
    if (lvt == APIC_LVT_LINT0) {
        apic_lint_resample(s);
    }
}

static uint32_t read_timer_initial(const ApicState *s, unsigned reg)
{
    return s->timer_initial;
}

static void write_timer_initial(ApicState *s, unsigned reg, uint32_t value)
{
    apic_timer_set_initial(s, value);
}

static uint32_t read_timer_current(const ApicState *s, unsigned reg)
{
    return apic_timer_current(s);
}

static uint32_t read_timer_divide(const ApicState *s, unsigned reg)
{
    return s->timer_divide;
}

static void write_timer_divide(ApicState *s, unsigned reg, uint32_t value)
{
    apic_timer_set_divide(s, value);
}

static void write_self_ipi(ApicState *s, unsigned reg, uint32_t value)
{
    apic_self_ipi(s, (uint8_t)value);
}

#define SET_OF_8(first, name_, read_)                                                              \
    [first...(first) + 7] = {.name = name_, .access = XR | MR, .read = read_}

#define LVT_READ_ONLY LVT_DELIVERY_STATUS

static const ApicReg apic_regs[REG_COUNT] = {
    [0x02] = {"ID", XR | XW | MR, 0, read_id, write_id},
    [0x03] = {"VERSION", XR | XW | MR, 0, read_version, NULL},
    [0x08] = {"TPR", XR | XW | MR | MW, TPR_MASK, read_tpr, write_tpr},
    [0x09] = {"APR", XR | XW, 0, read_apr, NULL},
    [0x0a] = {"PPR", XR | XW | MR, 0, read_ppr, NULL},
    [0x0b] = {"EOI", XR | XW | MW, 0, apic_read_zero, write_eoi},
    [0x0c] = {"RRD", XR | XW, 0, apic_read_zero, NULL},
    [0x0d] = {"LDR", XR | XW | MR, 0, read_ldr, write_ldr},
    [0x0e] = {"DFR", XR | XW, 0, read_dfr, write_dfr},
    [0x0f] = {"SVR", XR | XW | MR | MW, SVR_VECTOR_MASK | SVR_ENABLE | SVR_FOCUS, read_svr,
              write_svr},
    SET_OF_8(0x10, "ISR", read_isr),
    SET_OF_8(0x18, "TMR", read_tmr),
    SET_OF_8(0x20, "IRR", read_irr),
    [0x28] = {"ESR", XR | XW | MR | MW, 0, read_esr, write_esr},
    [0x30] = {"ICR", XR | XW | MR | MW, ICR_LOW_MASK | ICR_BUSY, read_icr_low, write_icr_low},
    [0x31] = {"ICR_HIGH", XR | XW, 0, read_icr_high, write_icr_high},
    [0x32] = {"LVT_TIMER", XR | XW | MR | MW, LVT_READ_ONLY, read_lvt, write_lvt},
    [0x33] = {"LVT_THERMAL", XR | XW | MR | MW, LVT_READ_ONLY, read_lvt, write_lvt},
    [0x34] = {"LVT_PERF", XR | XW | MR | MW, LVT_READ_ONLY, read_lvt, write_lvt},
    [0x35] = {"LVT_LINT0", XR | XW | MR | MW, LVT_READ_ONLY | LVT_REMOTE_IRR, read_lvt, write_lvt},
    [0x36] = {"LVT_LINT1", XR | XW | MR | MW, LVT_READ_ONLY | LVT_REMOTE_IRR, read_lvt, write_lvt},
    [0x37] = {"LVT_ERROR", XR | XW | MR | MW, LVT_READ_ONLY, read_lvt, write_lvt},
    [0x38] = {"TIMER_INITIAL", XR | XW | MR | MW, 0xffffffff, read_timer_initial,
              write_timer_initial},
    [0x39] = {"TIMER_CURRENT", XR | XW | MR, 0, read_timer_current, NULL},
    [0x3e] = {"TIMER_DIVIDE", XR | XW | MR | MW, 0xb, read_timer_divide, write_timer_divide},
    [0x3f] = {"SELF_IPI", MW, 0xff, NULL, write_self_ipi},
};

/* Bits of a register that an MSR write may have set; some depend on the model. */
static uint32_t msr_valid_bits(const ApicState *s, unsigned reg)
{
    uint32_t valid = apic_regs[reg].valid;

    if (reg == 0x0f) {
        valid |= svr_mask(s);
    } else if (reg >= REG_LVT_TIMER && reg <= REG_LVT_LAST) {
        valid |= lvt_writable(s, reg - REG_LVT_TIMER);
    }
    return valid;
}

/* A count that reads 0 has its interrupt. */
static uint32_t read_reg(ApicState *s, unsigned reg)
{
    if (reg == REG_CURRENT) {
        apic_timer_catch_up(s);
    }
    return apic_regs[reg].read(s, reg);
}

/* The MMIO page. */

static void apic_illegal_register(ApicState *s, uint32_t offset)
{
    LINT_BREAK(&s->dev, LINT_APIC_RESERVED_REGISTER, "at %#x", offset);
    apic_error(s, ESR_ILLEGAL_REGISTER);
}

/* Nobody answers at the page; in x2APIC mode somebody may still believe so. */
static void no_page(const ApicState *s, uint32_t offset)
{
    if (apic_is_x2apic(s)) {
        LINT_BREAK(&s->dev, LINT_APIC_PAGE_IN_X2APIC, "at %#x", offset);
    }
}

static const ApicReg *mmio_reg(uint32_t offset, uint8_t access)
{
    unsigned reg = offset >> 4;

    return reg < REG_COUNT && (apic_regs[reg].access & access) ? &apic_regs[reg] : NULL;
}

uint64_t apic_mmio_read(ApicState *s, uint32_t offset, unsigned size)
{
    const ApicReg *reg = mmio_reg(offset, XR);
    unsigned byte = offset & 0xf;
    uint32_t value;

    if (apic_mmio_base(s) == UINT64_MAX) {
        no_page(s, offset);
        return UINT64_MAX;
    }
    if (!reg) {
        apic_illegal_register(s, offset);
        return 0;
    }
    if (byte != 0 || size != 4) {
        apic_rules_access(s, offset, size);
    }
    if (byte >= 4) {
        return 0;
    }
    value = read_reg(s, offset >> 4) >> (byte * 8);
    return size < 4 ? value & ((1u << (size * 8)) - 1) : value;
}

void apic_mmio_write(ApicState *s, uint32_t offset, uint64_t value, unsigned size)
{
    const ApicReg *reg = mmio_reg(offset, XW);

    if (apic_mmio_base(s) == UINT64_MAX) {
        no_page(s, offset);
        return;
    }
    if (!reg) {
        apic_illegal_register(s, offset);
        return;
    }
    if ((offset & 0xf) || size != 4) {
        apic_rules_access(s, offset, size);
        return;
    }
    if (reg->write) {
        reg->write(s, offset >> 4, (uint32_t)value);
    } else {
        LINT_BREAK(&s->dev, LINT_APIC_READ_ONLY, "%s", reg->name);
    }
}

/* The MSRs. */

static const ApicReg *msr_reg(const ApicState *s, uint32_t msr, uint8_t access)
{
    unsigned reg = msr - MSR_X2APIC_FIRST;

    if (!apic_is_x2apic(s) || reg >= REG_COUNT || !(apic_regs[reg].access & access)) {
        return NULL;
    }
    return &apic_regs[reg];
}

bool apic_msr_read(ApicState *s, uint32_t msr, uint64_t *value)
{
    const ApicReg *reg;

    if (msr < MSR_X2APIC_FIRST || msr > MSR_X2APIC_LAST) {
        return apic_base_msr_read(s, msr, value);
    }
    reg = msr_reg(s, msr, MR);
    if (!reg) {
        return false;
    }
    *value = read_reg(s, msr - MSR_X2APIC_FIRST);
    if (msr == MSR_X2APIC_FIRST + REG_ICR_LOW) {
        *value |= (uint64_t)s->icr_high << 32;
    }
    return true;
}

/* One 64-bit register in x2APIC mode (11.12.9). Bit 12 was delivery status; processors ignore it.
 */
static bool msr_write_icr(ApicState *s, uint64_t value)
{
    s->icr_low = (uint32_t)value & ICR_LOW_MASK;
    s->icr_high = (uint32_t)(value >> 32);
    apic_send_ipi(s, s->icr_low, s->icr_high);
    return true;
}

bool apic_msr_write(ApicState *s, uint32_t msr, uint64_t value)
{
    const ApicReg *reg;

    if (msr < MSR_X2APIC_FIRST || msr > MSR_X2APIC_LAST) {
        return apic_base_msr_write(s, msr, value);
    }
    reg = msr_reg(s, msr, MW);
    if (!reg) {
        return false;
    }
    bool is_icr = msr == MSR_X2APIC_FIRST + REG_ICR_LOW;
    uint64_t valid = msr_valid_bits(s, msr - MSR_X2APIC_FIRST);
    if (value & ~(is_icr ? valid | ICR_DEST : valid)) {
        LINT_BREAK(&s->dev, LINT_X2APIC_RESERVED_BITS, "%s=%#" PRIx64, reg->name, value);
        return false;
    }
    if (is_icr) {
        return msr_write_icr(s, value);
    }
    reg->write(s, msr - MSR_X2APIC_FIRST, (uint32_t)value);
    return true;
}
