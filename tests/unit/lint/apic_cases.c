/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of lint: the local APIC. */
#include "lint/cases.h"

/* Registers at their offsets in the page, and as MSRs. */
enum {
    ID = 0x20,
    VERSION = 0x30,
    EOI = 0xb0,
    DFR = 0xe0,
    SVR = 0xf0,
    ICR = 0x300,
    ICR_HIGH = 0x310,
    TIMER = 0x320,
    LINT0 = 0x350,
    LINT1 = 0x360,
    ERROR = 0x370,
    INITIAL = 0x380,
};
#define MSR_OF(reg_) (MSR_X2APIC_FIRST + (reg_) / 16)
#define VECTOR       0x61u
#define MASKED       (1u << 16)
#define LEVEL        (1u << 15)
#define PERIODIC     (1u << 17)
#define DEADLINE     (2u << 17)
#define MODE(mode_)  ((uint32_t)(mode_) << 8)
#define BASE         0xfee00000ull
#define BASE_ENABLE  (1ull << 11)
#define BASE_EXTD    (1ull << 10)

static void wr(Rig *rig, uint32_t reg, uint32_t value)
{
    rig_apic_wr(rig, reg, value);
}

static bool base(Rig *rig, uint64_t bits)
{
    return apic_msr_write(rig->apic, MSR_IA32_APIC_BASE, BASE | bits);
}

static void to_x2apic(Rig *rig)
{
    g_assert_true(base(rig, BASE_ENABLE | BASE_EXTD));
}

static void take(Rig *rig)
{
    ApicMsg msg = {.vector = VECTOR, .assert_level = true};

    apic_bus_deliver(rig->apics, &msg);
    g_assert_cmphex(apic_ack(rig->apic), ==, VECTOR);
}

/* EOI. */

static void eoi_twice(Rig *rig)
{
    take(rig);
    wr(rig, EOI, 0);
    wr(rig, EOI, 0);
}

static void eoi_each(Rig *rig)
{
    take(rig);
    wr(rig, EOI, 0);
    take(rig);
    wr(rig, EOI, 0);
}

static void eoi_vector(Rig *rig)
{
    take(rig);
    wr(rig, EOI, VECTOR);
}

/* LVT. */

static void lvt_vector_15(Rig *rig)
{
    wr(rig, ERROR, 15);
}

static void lvt_no_vector(Rig *rig)
{
    wr(rig, ERROR, 16);
    wr(rig, TIMER, MASKED);
    wr(rig, LINT1, MODE(INTR_MODE_NMI));
}

static void lvt_shared(Rig *rig)
{
    wr(rig, ERROR, VECTOR);
    wr(rig, LINT0, VECTOR);
}

static void lvt_apart(Rig *rig)
{
    wr(rig, ERROR, VECTOR);
    wr(rig, ERROR, VECTOR);
    wr(rig, LINT0, MASKED | VECTOR);
    wr(rig, LINT1, MODE(INTR_MODE_NMI) | VECTOR);
}

static void lvt_lowest(Rig *rig)
{
    wr(rig, LINT0, MODE(INTR_MODE_LOWEST) | VECTOR);
}

static void lvt_modes(Rig *rig)
{
    wr(rig, LINT0, MODE(INTR_MODE_LOWEST) | MASKED | VECTOR);
    wr(rig, LINT0, MODE(INTR_MODE_EXTINT));
    wr(rig, ERROR, MODE(INTR_MODE_LOWEST) | VECTOR); /* it has none */
}

static void unmask_disabled(Rig *rig)
{
    wr(rig, SVR, 0xff);
    wr(rig, ERROR, VECTOR);
}

static void mask_disabled(Rig *rig)
{
    wr(rig, SVR, 0xff);
    wr(rig, ERROR, MASKED | VECTOR);
    wr(rig, SVR, 0x1ff);
    wr(rig, ERROR, VECTOR);
}

static void lint1_level(Rig *rig)
{
    wr(rig, LINT1, LEVEL | VECTOR);
}

static void lint0_level(Rig *rig)
{
    wr(rig, LINT0, LEVEL | VECTOR);
    wr(rig, LINT1, LEVEL | MODE(INTR_MODE_NMI)); /* has no effect on an NMI */
}

/* The timer; the rig's has the TSC-deadline mode. */

static void timer_mode_3(Rig *rig)
{
    wr(rig, TIMER, MASKED | 3u << 17);
}

static void timer_modes(Rig *rig)
{
    wr(rig, TIMER, MASKED | DEADLINE);
    wr(rig, TIMER, MASKED | PERIODIC);
}

static void timer_live(Rig *rig)
{
    wr(rig, TIMER, PERIODIC | VECTOR);
    wr(rig, INITIAL, 1000000);
    wr(rig, TIMER, DEADLINE | VECTOR);
}

static void timer_still(Rig *rig)
{
    wr(rig, TIMER, DEADLINE | VECTOR);
    wr(rig, TIMER, PERIODIC | VECTOR);
    wr(rig, INITIAL, 1000000);
    wr(rig, TIMER, VECTOR); /* of two modes that share a count */
    wr(rig, TIMER, MASKED | VECTOR);
    wr(rig, TIMER, DEADLINE | VECTOR);
}

static void deadline_periodic(Rig *rig)
{
    wr(rig, TIMER, PERIODIC | VECTOR);
    apic_msr_write(rig->apic, MSR_IA32_TSC_DEADLINE, 1000);
}

static void deadline_in_mode(Rig *rig)
{
    apic_msr_write(rig->apic, MSR_IA32_TSC_DEADLINE, 0); /* off, whatever the mode */
    wr(rig, TIMER, DEADLINE | VECTOR);
    apic_msr_write(rig->apic, MSR_IA32_TSC_DEADLINE, 1000);
}

static void count_deadline(Rig *rig)
{
    wr(rig, TIMER, DEADLINE | VECTOR);
    wr(rig, INITIAL, 1000);
}

static void count_in_mode(Rig *rig)
{
    wr(rig, TIMER, DEADLINE | VECTOR);
    wr(rig, INITIAL, 0);
    wr(rig, TIMER, VECTOR);
    wr(rig, INITIAL, 1000);
}

/* Enabling. */

static void disable_live(Rig *rig)
{
    wr(rig, ERROR, VECTOR);
    wr(rig, SVR, 0xff);
}

static void disable_masked(Rig *rig)
{
    wr(rig, LINT1, MODE(INTR_MODE_NMI));
    wr(rig, ERROR, VECTOR);
    wr(rig, ERROR, MASKED | VECTOR);
    wr(rig, SVR, 0xff);
}

static void spurious_low(Rig *rig)
{
    wr(rig, SVR, 0x10f);
}

static void spurious_bits(Rig *rig)
{
    wr(rig, SVR, 0x1f0);
}

static void spurious_good(Rig *rig)
{
    wr(rig, SVR, 0x11f);
    wr(rig, SVR, 0); /* disabled */
}

static void dfr_reserved(Rig *rig)
{
    wr(rig, DFR, 0x8fffffff);
}

static void dfr_models(Rig *rig)
{
    wr(rig, DFR, 0x0fffffff);
    wr(rig, DFR, 0xf0000000);
}

static void id_changed(Rig *rig)
{
    wr(rig, ID, 1u << 24);
}

static void id_same(Rig *rig)
{
    wr(rig, ID, 0x12345);
}

/* Accesses. */

static void word_read(Rig *rig)
{
    apic_mmio_read(rig->apic, SVR, 2);
}

static void dword_accesses(Rig *rig)
{
    apic_mmio_read(rig->apic, SVR, 4);
    apic_mmio_write(rig->apic, TIMER, MASKED, 4);
}

static void no_register(Rig *rig)
{
    apic_mmio_read(rig->apic, 0x40, 4);
}

static void read_only(Rig *rig)
{
    wr(rig, VERSION, 0);
}

static void read_read_only(Rig *rig)
{
    apic_mmio_read(rig->apic, VERSION, 4);
}

static void page_in_x2apic(Rig *rig)
{
    to_x2apic(rig);
    apic_mmio_read(rig->apic, ID, 4);
}

/* What is at the page of a disabled APIC is no APIC's business. */
static void page_before_x2apic(Rig *rig)
{
    apic_mmio_read(rig->apic, ID, 4);
    g_assert_true(base(rig, 0));
    apic_mmio_read(rig->apic, ID, 4);
}

/* Modes. */

static void x2apic_to_xapic(Rig *rig)
{
    to_x2apic(rig);
    g_assert_false(base(rig, BASE_ENABLE));
}

static void x2apic_round(Rig *rig)
{
    to_x2apic(rig);
    to_x2apic(rig);
    g_assert_true(base(rig, 0));
    g_assert_true(base(rig, BASE_ENABLE));
}

static void base_reserved(Rig *rig)
{
    g_assert_false(base(rig, BASE_ENABLE | 1));
}

static void x2apic_bits(Rig *rig)
{
    to_x2apic(rig);
    g_assert_false(apic_msr_write(rig->apic, MSR_OF(EOI), 1));
}

static void x2apic_good(Rig *rig)
{
    take(rig);
    to_x2apic(rig);
    g_assert_true(apic_msr_write(rig->apic, MSR_OF(EOI), 0));
    g_assert_true(apic_msr_write(rig->apic, MSR_OF(ICR), 0xffffffffull << 32 | VECTOR));
}

/* IPIs. */

static void icr_extint(Rig *rig)
{
    wr(rig, ICR, MODE(INTR_MODE_EXTINT));
}

static void icr_deassert(Rig *rig)
{
    wr(rig, ICR, MODE(INTR_MODE_INIT) | 1u << 15);
}

static void ipi_vector_15(Rig *rig)
{
    wr(rig, ICR, 15);
}

static void ipi_nmi(Rig *rig)
{
    wr(rig, ICR, 16);
    wr(rig, ICR, MODE(INTR_MODE_NMI) | 2);
}

static void ipi_to(Rig *rig, uint8_t dest, uint32_t icr)
{
    wr(rig, ICR_HIGH, (uint32_t)dest << 24);
    wr(rig, ICR, icr);
}

static void ipi_nobody(Rig *rig)
{
    ipi_to(rig, 0x44, VECTOR);
}

/* To all others, of which there are none: that is no mistake. */
static void ipi_all_others(Rig *rig)
{
    ipi_to(rig, 0, VECTOR);
    ipi_to(rig, 0xff, VECTOR);
    wr(rig, ICR, 3u << 18 | VECTOR);
}

static void ipi_lowest(Rig *rig)
{
    ipi_to(rig, 0, MODE(INTR_MODE_LOWEST) | VECTOR);
}

static void start(Rig *rig, unsigned inits, unsigned sipis)
{
    while (inits-- > 0) {
        ipi_to(rig, 0, MODE(INTR_MODE_INIT) | 1u << 14);
    }
    while (sipis-- > 0) {
        ipi_to(rig, 0, MODE(INTR_MODE_SIPI) | 8);
    }
}

static void sipi_alone(Rig *rig)
{
    start(rig, 1, 2);
    start(rig, 0, 1);
}

static void init_sipi_sipi(Rig *rig)
{
    start(rig, 1, 2);
    start(rig, 1, 1);
}

const LintCase lint_apic_cases[] = {
    {LINT_EOI_NOTHING_IN_SERVICE, eoi_twice, eoi_each},
    {LINT_EOI_NOT_ZERO, eoi_vector, eoi_each},
    {LINT_LVT_VECTOR_LOW, lvt_vector_15, lvt_no_vector},
    {LINT_LVT_VECTOR_SHARED, lvt_shared, lvt_apart},
    {LINT_LVT_DELIVERY_RESERVED, lvt_lowest, lvt_modes},
    {LINT_LVT_UNMASK_DISABLED, unmask_disabled, mask_disabled},
    {LINT_LINT1_LEVEL, lint1_level, lint0_level},
    {LINT_TIMER_MODE_RESERVED, timer_mode_3, timer_modes},
    {LINT_TIMER_MODE_LIVE, timer_live, timer_still},
    {LINT_DEADLINE_IN_OTHER_MODE, deadline_periodic, deadline_in_mode},
    {LINT_COUNT_IN_DEADLINE_MODE, count_deadline, count_in_mode},
    {LINT_SVR_DISABLE_LIVE_LVT, disable_live, disable_masked},
    {LINT_SPURIOUS_VECTOR_LOW, spurious_low, spurious_good},
    {LINT_SPURIOUS_VECTOR_BITS, spurious_bits, spurious_good},
    {LINT_DFR_MODEL, dfr_reserved, dfr_models},
    {LINT_APIC_ID_CHANGED, id_changed, id_same},
    {LINT_APIC_ACCESS_SIZE, word_read, dword_accesses},
    {LINT_APIC_RESERVED_REGISTER, no_register, dword_accesses},
    {LINT_APIC_READ_ONLY, read_only, read_read_only},
    {LINT_APIC_PAGE_IN_X2APIC, page_in_x2apic, page_before_x2apic},
    {LINT_X2APIC_TRANSITION, x2apic_to_xapic, x2apic_round},
    {LINT_APIC_BASE_RESERVED, base_reserved, x2apic_to_xapic},
    {LINT_X2APIC_RESERVED_BITS, x2apic_bits, x2apic_good},
    {LINT_ICR_INVALID, icr_extint, icr_deassert},
    {LINT_IPI_VECTOR_LOW, ipi_vector_15, ipi_nmi},
    {LINT_IPI_NOBODY, ipi_nobody, ipi_all_others},
    {LINT_IPI_LOWEST_PRIORITY, ipi_lowest, ipi_all_others},
    {LINT_SIPI_WITHOUT_INIT, sipi_alone, init_sipi_sipi},
    {.breaks = NULL},
};
