/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of dsa: by MSI-X and by its message store, with handles that are requested, released
 * and revoked, and the rules of MSIXPERM; and what journal and monitors say of them.
 */
#include <string.h>

#include "dsa-lib.h"

#define SUCCESS    0x01
#define BAD_HANDLE 0x19
#define MASKED     1u
#define PENDING    2u
#define IGNORE     4u
#define PASID_ON   8u
#define STORED     0x71 /* vector of the slot */
#define SLOT       200u

static bool says(DsaDev *d, const char *command, const char *expected)
{
    g_autofree char *out = qtest_hmp(d->qts, command);
    if (!strstr(out, expected)) {
        g_test_message("'%s' says:\n%s", command, out);
        return false;
    }
    return true;
}

static uint16_t request(DsaDev *d, uint32_t operand)
{
    uint32_t status = dsa_command(d, DSA_C_REQUEST_HANDLE, operand);
    g_assert_cmphex(status & 0xff, ==, 0);
    return (uint16_t)(status >> 8);
}

/* The status of a NOOP that is to interrupt so. */
static uint8_t interrupt(DsaDev *d, uint32_t portal, uint16_t handle)
{
    DsaDescriptor noop = dsa_desc(DSA_O_NOOP, DSA_D_INTERRUPT, 0, 0, 0);
    noop.handle = handle;
    qtest_memset(d->qts, DSA_AT_RECORD, 0, sizeof(DsaCompletion));
    dsa_submit(d, 0, portal, &noop);
    dsa_give_time(d);
    return dsa_record(d, 0).status;
}

static void set_slot(DsaDev *d, uint64_t address, uint32_t control)
{
    qtest_writeq(d->qts, d->slots + 16 * SLOT, address);
    qtest_writeq(d->qts, d->slots + 16 * SLOT + 8, STORED | (uint64_t)control << 32);
}

static void test_handles(void)
{
    DsaDev *d = dsa_start_ready("");
    uint16_t handle = request(d, 3);
    g_assert_cmphex(handle, !=, 3);
    g_assert_cmphex(request(d, 3), ==, handle);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_MSIX, handle), ==, SUCCESS);
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(3)));
    g_assert_cmphex(interrupt(d, DSA_PORTAL_MSIX, 3), ==, BAD_HANDLE);
    g_assert_true(says(d, "info journal dev=dsa,state=handle-unknown", "MSI-X 3"));
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, handle), ==, BAD_HANDLE); /* the other table's */
    g_assert_cmphex(interrupt(d, DSA_PORTAL_MSIX, handle + 1), ==, BAD_HANDLE);
    g_assert_cmphex(dsa_command(d, DSA_C_REQUEST_HANDLE, 0), ==, 0x41);
    g_assert_cmphex(dsa_command(d, DSA_C_REQUEST_HANDLE, 9), ==, 0x41);
    g_assert_cmphex(dsa_command(d, DSA_C_REQUEST_HANDLE, DSA_C_IMS | 256), ==, 0x41);
    g_assert_cmphex(dsa_command(d, DSA_C_RELEASE_HANDLE, handle + 1), ==, 0x41);
    g_assert_cmphex(dsa_command(d, DSA_C_RELEASE_HANDLE, handle), ==, 0);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_MSIX, handle), ==, BAD_HANDLE);
    g_assert_cmphex(dsa_command(d, DSA_C_RELEASE_HANDLE, handle), ==, 0x41);
    g_assert_false(vtd_took(d->v, 0, DSA_VECTOR(3)));
    dsa_stop(d);
}

static void test_no_handles(void)
{
    DsaDev *d = dsa_start_ready(",int-handles=off");
    g_assert_cmphex(dsa_readl(d, DSA_R_CMDCAP), ==, 0x7fe);
    g_assert_cmphex(dsa_command(d, DSA_C_REQUEST_HANDLE, 1), ==, 1);
    g_assert_cmphex(interrupt(d, 0, 8), ==, SUCCESS);
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(8)));
    g_assert_cmphex(interrupt(d, 0, 9), ==, BAD_HANDLE);
    g_assert_cmphex(interrupt(d, 0, 0), ==, BAD_HANDLE);
    dsa_stop(d);
}

/* A failed descriptor interrupts, too; one without a record does. */
static void test_failed(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor bad = dsa_desc(DSA_O_FILL, DSA_D_INTERRUPT, 0, DSA_AT_ONE, 0);
    bad.handle = request(d, 2);
    g_assert_cmphex(dsa_do(d, bad).status, ==, 0x13);
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(2)));
    DsaDescriptor noop = dsa_desc(DSA_O_NOOP, DSA_D_INTERRUPT, 0, 0, 0);
    noop.handle = bad.handle;
    noop.flags_opcode &= ~(uint32_t)(DSA_D_RECORD_VALID | DSA_D_RECORD);
    g_assert_cmphex(dsa_do(d, noop).status, ==, 0);
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(2)));
    noop.handle = 1;
    dsa_do(d, noop);
    g_assert_cmphex(dsa_readq(d, DSA_R_SWERR), ==, 0x190d);
    dsa_stop(d);
}

/* A batch's own interrupt, and one of those in it. */
static void test_batch(void)
{
    DsaDev *d = dsa_start_ready("");
    DsaDescriptor batch = dsa_desc(DSA_O_BATCH, DSA_D_INTERRUPT, DSA_AT_LIST, 0, 2);
    DsaDescriptor fill = dsa_desc(DSA_O_FILL, DSA_D_INTERRUPT, 1, DSA_AT_ONE, 1 << 20);
    DsaDescriptor noop = dsa_desc(DSA_O_NOOP, 0, 0, 0, 0);
    batch.handle = request(d, 4);
    fill.handle = request(d, 5);
    fill.record = noop.record = DSA_AT_RECORD + 32;
    qtest_memwrite(d->qts, DSA_AT_LIST, &noop, sizeof(noop));
    qtest_memwrite(d->qts, DSA_AT_LIST + 64, &fill, sizeof(fill));
    dsa_submit(d, 0, DSA_PORTAL_MSIX, &batch);
    qtest_clock_step_next(d->qts);
    g_assert_false(vtd_took(d->v, 0, DSA_VECTOR(5)));
    dsa_give_time(d);
    g_assert_cmphex(dsa_record(d, 0).status, ==, SUCCESS);
    g_assert_true(qtest_apic_irr(d->qts, 0, DSA_VECTOR(4)));
    g_assert_true(qtest_apic_irr(d->qts, 0, DSA_VECTOR(5)));
    dsa_stop(d);
}

static void test_msixperm(void)
{
    DsaDev *d = dsa_start_ready("");
    uint16_t handle = request(d, 1);
    qtest_writeq(d->qts, d->msixperm + 8, UINT64_MAX);
    g_assert_cmphex(qtest_readq(d->qts, d->msixperm + 8), ==, 0xfffff00c);
    qtest_writel(d->qts, d->msixperm + 8, PASID_ON | 5 << 12);
    g_assert_cmphex(interrupt(d, 0, handle), ==, BAD_HANDLE);
    g_assert_true(says(d, "info journal dev=dsa,state=not-permitted", "MSI-X 1,"));
    g_assert_false(vtd_took(d->v, 0, DSA_VECTOR(1)));
    qtest_writel(d->qts, d->msixperm + 8, PASID_ON | IGNORE | 5 << 12);
    g_assert_cmphex(interrupt(d, 0, handle), ==, SUCCESS);
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(1)));
    dsa_command(d, DSA_C_RESET_DEVICE, 0);
    g_assert_cmphex(qtest_readl(d->qts, d->msixperm + 8), ==, 0);
    dsa_stop(d);
}

static void test_store(void)
{
    DsaDev *d = dsa_start_ready("");
    uint16_t handle = request(d, DSA_C_IMS | SLOT);
    g_assert_cmphex(qtest_readl(d->qts, d->slots + 16 * SLOT + 12), ==, MASKED);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, handle), ==, SUCCESS);
    g_assert_true(says(d, "info journal dev=dsa,state=no-slot", "stored message 200"));
    set_slot(d, 0xfee00000, 0);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, handle), ==, SUCCESS);
    g_assert_true(vtd_took(d->v, 0, STORED));
    set_slot(d, 0xfee00000, MASKED);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, handle), ==, SUCCESS);
    g_assert_false(vtd_took(d->v, 0, STORED));
    g_assert_cmphex(qtest_readl(d->qts, d->slots + 16 * SLOT + 12), ==, MASKED | PENDING);
    g_assert_true(says(d, "info msi dsa", " 200 fee00000"));
    qtest_writel(d->qts, d->slots + 16 * SLOT + 12, 0);
    g_assert_true(vtd_took(d->v, 0, STORED));
    set_slot(d, 0xfee00000, PASID_ON | 7 << 12);
    g_assert_cmphex(qtest_readl(d->qts, d->slots + 16 * SLOT + 12), ==, PASID_ON | 7 << 12);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, handle), ==, BAD_HANDLE);
    g_assert_true(says(d, "info journal dev=dsa,state=not-permitted", "stored message 200"));
    set_slot(d, 0xfee00000, PASID_ON | IGNORE);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, handle), ==, SUCCESS);
    g_assert_true(vtd_took(d->v, 0, STORED));
    dsa_stop(d);
}

static void test_no_store(void)
{
    DsaDev *d = dsa_start_ready(",ims-slots=0");
    g_assert_cmphex(dsa_readq(d, DSA_R_TABLES) >> 48, ==, 0);
    g_assert_cmphex(dsa_readq(d, DSA_R_GENCAP) >> 25 & 0x3f, ==, 0);
    g_assert_cmphex(dsa_command(d, DSA_C_REQUEST_HANDLE, DSA_C_IMS), ==, 0x41);
    g_assert_cmphex(qtest_readq(d->qts, d->regs + 0x2000), ==, 0);
    qtest_writeq(d->qts, d->regs + 0x2000, 1);
    g_assert_cmphex(qtest_readq(d->qts, d->regs + 0x2000), ==, 0);
    dsa_stop(d);
}

/* After three completions none of the handles is good, and the driver is told. */
static void test_revoked(void)
{
    DsaDev *d = dsa_start_ready(",revoke-after=3");
    uint16_t handle = request(d, 1), slot = request(d, DSA_C_IMS | SLOT);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmphex(dsa_readl(d, DSA_R_INTCAUSE), ==, 0);
        g_assert_cmphex(interrupt(d, DSA_PORTAL_MSIX, handle), ==, SUCCESS);
        g_assert_true(qtest_apic_irr(d->qts, 0, DSA_VECTOR(1)));
        g_assert_cmphex(qtest_apic_irr(d->qts, 0, DSA_VECTOR(0)), ==, i == 2);
        g_assert_cmpint(qtest_apic_ack(d->qts, 0), ==, DSA_VECTOR(1));
        qtest_apic_eoi(d->qts, 0);
    }
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(0)));
    g_assert_cmphex(dsa_readl(d, DSA_R_INTCAUSE), ==, DSA_CAUSE_REVOKED);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_MSIX, handle), ==, BAD_HANDLE);
    g_assert_true(says(d, "info journal dev=dsa,state=handle-revoked", "was revoked"));
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, slot), ==, BAD_HANDLE);
    g_assert_cmphex(dsa_command(d, DSA_C_RELEASE_HANDLE, handle), ==, 0x41);
    uint16_t other = request(d, 1);
    g_assert_cmphex(other, !=, handle);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_MSIX, other), ==, SUCCESS);
    g_assert_true(vtd_took(d->v, 0, DSA_VECTOR(1)));
    dsa_stop(d);
}

/* Through the unit: a slot's message is remapped, and checked, under the function's id. */
static void test_remapped(void)
{
    enum { ENTRY = 5 };
    DsaDev *d = dsa_start_ready("");
    Pair irte = irte_for(STORED, 0, false);
    irte.high |= 1 << 18 | DSA_DEVFN; /* SVT: all of the id */
    vtd_remap_on(d->v, 4, false);
    vtd_set_irte(d->v, ENTRY, irte);
    uint16_t handle = request(d, DSA_C_IMS | SLOT);
    set_slot(d, remappable_address(ENTRY, false), 0);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, handle), ==, SUCCESS);
    g_assert_true(vtd_took(d->v, 0, STORED));
    vtd_expect_no_fault(d->v);
    set_slot(d, remappable_address(ENTRY + 1, false), 0);
    g_assert_cmphex(interrupt(d, DSA_PORTAL_SLOT, handle), ==, SUCCESS);
    vtd_expect_fault(d->v, 0x22, DSA_DEVFN, (uint64_t)(ENTRY + 1) << 48);
    dsa_stop(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dsa-intr/handles", test_handles);
    g_test_add_func("/dsa-intr/no-handles", test_no_handles);
    g_test_add_func("/dsa-intr/failed", test_failed);
    g_test_add_func("/dsa-intr/batch", test_batch);
    g_test_add_func("/dsa-intr/msixperm", test_msixperm);
    g_test_add_func("/dsa-intr/store", test_store);
    g_test_add_func("/dsa-intr/no-store", test_no_store);
    g_test_add_func("/dsa-intr/revoked", test_revoked);
    g_test_add_func("/dsa-intr/remapped", test_remapped);
    return g_test_run();
}
