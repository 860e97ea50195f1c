/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual functions (PCI Express 5.0, 9): the capability, which functions there are and under which
 * ids, their BARs, their interrupts through the unit, reset of one; and an NVM Express controller
 * in each (NVM Express 1.4, 8.5).
 */
#include <glib/gstdio.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>

#include "nvme-lib.h"

#define DEVFN  (5 << 3)
#define MEMORY 0x2000000ull
#define VFS    3
#define BAR0   0xd0000000ull
#define BAR4   0xd0100000ull
#define TABLE  4

typedef struct {
    Vtd *v;
    QTest *qts;
    char *file;
    uint16_t pf;    /* its id */
    uint64_t sriov; /* the capability in the ECAM window */
} Fixture;

static uint64_t extended_capability(QTest *qts, uint16_t rid, uint16_t id)
{
    uint32_t at = PCI_CFG_SPACE_SIZE;
    uint64_t config = NVME_ECAM(rid);
    while (at != 0 && (qtest_readl(qts, config + at) & 0xffff) != id) {
        at = qtest_readl(qts, config + at) >> 20;
    }
    g_assert_cmphex(at, !=, 0);
    return config + at;
}

static Fixture *start(const char *devices, uint16_t pf)
{
    Fixture *f = g_new0(Fixture, 1);
    g_close(g_file_open_tmp("disk-XXXXXX", &f->file, NULL), NULL);
    g_assert_cmpint(truncate(f->file, 1 << 20), ==, 0);
    g_autofree char *all =
        g_strdup_printf(" -drive file=%s,if=none,id=d,format=raw %s", f->file, devices);
    f->v = vtd_start(all, 1, true);
    f->qts = f->v->qts;
    f->pf = pf;
    f->sriov = extended_capability(f->qts, pf, PCI_EXT_CAP_ID_SRIOV);
    return f;
}

static Fixture *start_nvme(const char *props)
{
    g_autofree char *device =
        g_strdup_printf("-device nvme,drive=d,serial=S,addr=5,sriov_max_vfs=%d%s", VFS, props);
    return start(device, DEVFN);
}

static void stop(Fixture *f)
{
    vtd_stop(f->v);
    g_unlink(f->file);
    g_free(f->file);
    g_free(f);
}

static void show(Fixture *f, uint16_t count)
{
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_CTRL, 0);
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_NUM_VF, count);
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_CTRL,
                 count ? PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE : 0);
}

static uint16_t vf_id(Fixture *f, unsigned n)
{
    return (uint16_t)(f->pf + qtest_readw(f->qts, f->sriov + PCI_SRIOV_VF_OFFSET) +
                      n * qtest_readw(f->qts, f->sriov + PCI_SRIOV_VF_STRIDE));
}

/* Its class, as its vendor is FFFFh; all ones if nobody answers. */
static uint32_t vf_class(Fixture *f, unsigned n)
{
    return qtest_readl(f->qts, NVME_ECAM(vf_id(f, n)) + PCI_CLASS_REVISION) >> 8;
}

static unsigned vfs_there(Fixture *f, unsigned most)
{
    unsigned there = 0;
    for (unsigned n = 0; n < most; n++) {
        there += vf_class(f, n) != 0xffffff;
    }
    return there;
}

static void place_bars(Fixture *f)
{
    qtest_writeq(f->qts, f->sriov + PCI_SRIOV_BAR, BAR0);
    qtest_writel(f->qts, f->sriov + PCI_SRIOV_BAR + 16, BAR4);
}

static void test_capability(void)
{
    Fixture *f = start_nvme("");
    g_assert_cmpuint(qtest_readw(f->qts, f->sriov + PCI_SRIOV_TOTAL_VF), ==, VFS);
    g_assert_cmpuint(qtest_readw(f->qts, f->sriov + PCI_SRIOV_INITIAL_VF), ==, VFS);
    g_assert_cmphex(qtest_readw(f->qts, f->sriov + PCI_SRIOV_VF_DID), ==, 0x0010);
    g_assert_cmphex(qtest_readl(f->qts, f->sriov + PCI_SRIOV_SUP_PGSIZE), ==, 0x553);
    g_assert_cmphex(qtest_readl(f->qts, f->sriov + PCI_SRIOV_SYS_PGSIZE), ==, 1);
    /* A share of 8 KiB for one function; larger pages make it larger. */
    qtest_writel(f->qts, f->sriov + PCI_SRIOV_BAR, 0xffffffff);
    g_assert_cmphex(qtest_readl(f->qts, f->sriov + PCI_SRIOV_BAR), ==, 0xffffe004);
    qtest_writel(f->qts, f->sriov + PCI_SRIOV_SYS_PGSIZE, 0x10); /* 64 KiB */
    qtest_writel(f->qts, f->sriov + PCI_SRIOV_BAR, 0xffffffff);
    g_assert_cmphex(qtest_readl(f->qts, f->sriov + PCI_SRIOV_BAR), ==, 0xffff0004);
    stop(f);
}

static void test_show_and_hide(void)
{
    Fixture *f = start_nvme("");
    uint64_t config = NVME_ECAM(vf_id(f, 0));
    g_assert_cmpuint(vfs_there(f, VFS), ==, 0);
    show(f, 2);
    g_assert_cmpuint(vfs_there(f, VFS), ==, 2);
    g_assert_cmphex(vf_class(f, 1), ==, 0x010802);
    g_assert_cmphex(qtest_readl(f->qts, config), ==, 0xffffffff);
    /* Of COMMAND only bus mastering is there, of BARs nothing, of NumVFs no change. */
    qtest_writew(f->qts, config + PCI_COMMAND, 0xffff);
    g_assert_cmphex(qtest_readw(f->qts, config + PCI_COMMAND), ==, PCI_COMMAND_MASTER);
    qtest_writel(f->qts, config + PCI_BASE_ADDRESS_0, 0xffffffff);
    g_assert_cmphex(qtest_readl(f->qts, config + PCI_BASE_ADDRESS_0), ==, 0);
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_NUM_VF, 3);
    g_assert_cmpuint(qtest_readw(f->qts, f->sriov + PCI_SRIOV_NUM_VF), ==, 2);
    g_assert_cmpuint(vfs_there(f, VFS), ==, 2);
    show(f, 0);
    g_assert_cmpuint(vfs_there(f, VFS), ==, 0);
    /* They come back as new. More than there are is as many as there are. */
    show(f, 1000);
    g_assert_cmpuint(vfs_there(f, VFS + 2), ==, VFS);
    g_assert_cmphex(qtest_readw(f->qts, config + PCI_COMMAND), ==, 0);
    /* A reset of the physical function takes them away. */
    uint8_t express = qtest_pci_find_capability(f->qts, 0, DEVFN, PCI_CAP_ID_EXP);
    qtest_writew(f->qts, NVME_ECAM(DEVFN) + express + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
    g_assert_cmpuint(vfs_there(f, VFS), ==, 0);
    stop(f);
}

static void attach_vf(Fixture *f, Nvme *d, unsigned n)
{
    nvme_attach(d, f->v, vf_id(f, n), MEMORY + n * NVME_MEMORY);
    d->regs = BAR0 + n * 0x2000;
    d->vectors = BAR4 + n * 0x1000;
}

static void test_bars(void)
{
    Fixture *f = start_nvme("");
    Nvme d;
    place_bars(f);
    show(f, VFS);
    for (unsigned n = 0; n < VFS; n++) {
        attach_vf(f, &d, n);
        g_assert_cmphex(nvme_reg(&d, NVME_R_VS), ==, 0x10400);
    }
    g_assert_cmphex(qtest_readl(f->qts, BAR0 + VFS * 0x2000 + NVME_R_VS), ==, 0xffffffff);
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE);
    g_assert_cmphex(nvme_reg(&d, NVME_R_VS), ==, 0xffffffff);
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE);
    g_assert_cmphex(nvme_reg(&d, NVME_R_VS), ==, 0x10400);
    show(f, 2);
    g_assert_cmphex(nvme_reg(&d, NVME_R_VS), ==, 0xffffffff);
    stop(f);
}

/* Vector 1 of the second function, verified by its id; another function's entry blocks it. */
static void test_interrupts(void)
{
    Fixture *f = start_nvme(",sriov-online=on");
    Nvme d;
    NvmeCommand read = {.opcode = NVME_C_READ, .nsid = 1};
    place_bars(f);
    show(f, VFS);
    attach_vf(f, &d, 1);
    read.prp1 = d.memory + NVME_DATA_AT;
    g_assert_cmphex(nvme_enable(&d), ==, NVME_CSTS_READY);
    nvme_create_queues(&d, 1, 0);
    vtd_remap_on(f->v, TABLE, true);
    Pair irte = irte_for(0x81, 0, true);
    irte.high = vf_id(f, 1) | 1ull << 18;
    vtd_set_irte(f->v, 1, irte);
    uint64_t address = remappable_address(1, false);
    qtest_writeq(f->qts, d.vectors, address);
    qtest_writel(f->qts, d.vectors + 8, 0);
    nvme_enable_vectors(&d, 0);
    qtest_writel(f->qts, d.vectors + 12, 0);
    g_assert_cmphex(nvme_status(&d, 1, read), ==, NVME_S_OK);
    g_assert_true(vtd_took(f->v, 0, 0x81));
    vtd_expect_no_fault(f->v);
    irte.high = vf_id(f, 2) | 1ull << 18;
    vtd_set_irte(f->v, 1, irte);
    vtd_flush_iec(f->v);
    g_assert_cmphex(nvme_status(&d, 1, read), ==, NVME_S_OK);
    vtd_expect_fault(f->v, 0x26, vf_id(f, 1), 1ull << 48);
    stop(f);
}

/* A message that nobody set up: blocked, under the virtual function's own id. */
static void test_compatibility_format(void)
{
    Fixture *f = start("-device intr-testdev,addr=6,sriov-vfs=2", 6 << 3);
    place_bars(f);
    show(f, 2);
    vtd_remap_on(f->v, TABLE, true);
    qtest_writew(f->qts, NVME_ECAM(vf_id(f, 1)) + PCI_COMMAND, PCI_COMMAND_MASTER);
    uint64_t share = ~(uint64_t)0;
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_CTRL, 0);
    qtest_writel(f->qts, f->sriov + PCI_SRIOV_BAR, 0xffffffff);
    share = (uint32_t) - (qtest_readl(f->qts, f->sriov + PCI_SRIOV_BAR) & ~0xfu);
    qtest_writel(f->qts, f->sriov + PCI_SRIOV_BAR, BAR0);
    show(f, 2);
    qtest_writew(f->qts, NVME_ECAM(vf_id(f, 1)) + PCI_COMMAND, PCI_COMMAND_MASTER);
    uint64_t regs = BAR0 + share;
    qtest_writeq(f->qts, regs + E_ADDR, 0xfee00000);
    qtest_writel(f->qts, regs + E_DATA, 0x40);
    qtest_writel(f->qts, regs + E_COMMAND, C_MESSAGE);
    vtd_expect_fault(f->v, 0x25, vf_id(f, 1), 0);
    g_assert_false(qtest_apic_irr(f->qts, 0, 0x40));
    stop(f);
}

/* One function's reset leaves the others alone. */
static void test_reset_of_one(void)
{
    Fixture *f = start_nvme(",sriov-online=on");
    Nvme one, two;
    NvmeCommand flush = {.opcode = NVME_C_FLUSH, .nsid = 1};
    place_bars(f);
    show(f, VFS);
    attach_vf(f, &one, 0);
    attach_vf(f, &two, 1);
    g_assert_cmphex(nvme_enable(&one), ==, NVME_CSTS_READY);
    g_assert_cmphex(nvme_enable(&two), ==, NVME_CSTS_READY);
    nvme_create_queues(&two, 1, 0);
    uint8_t express = (uint8_t)(qtest_readb(f->qts, one.config + PCI_CAPABILITY_LIST));
    while (qtest_readb(f->qts, one.config + express) != PCI_CAP_ID_EXP) {
        express = qtest_readb(f->qts, one.config + express + 1);
    }
    qtest_writew(f->qts, one.config + express + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
    g_assert_cmphex(nvme_reg(&one, NVME_R_CSTS), ==, 0);
    g_assert_cmphex(qtest_readw(f->qts, one.config + PCI_COMMAND), ==, 0);
    g_assert_cmphex(nvme_status(&two, 1, flush), ==, NVME_S_OK);
    /* And it can be used again. */
    attach_vf(f, &one, 0);
    g_assert_cmphex(nvme_enable(&one), ==, NVME_CSTS_READY);
    stop(f);
}

static NvmeCompletion manage(Nvme *d, unsigned action, unsigned type, unsigned id, uint32_t count)
{
    NvmeCommand c = {
        .opcode = NVME_A_VIRTUALIZATION, .cdw10 = action | type << 8 | id << 16, .cdw11 = count};
    return nvme_do(d, 0, &c);
}

/* 8.5: resources first, then online, and only then can it be enabled. */
static void test_secondary_controllers(void)
{
    enum { OFFLINE = 7, ASSIGN, ONLINE, QUEUES = 0, VECTORS };
    Fixture *f = start_nvme(",sriov_vq_flexible=8,sriov_vi_flexible=4");
    Nvme primary, d;
    place_bars(f);
    show(f, VFS);
    nvme_attach(&primary, f->v, DEVFN, MEMORY + 0x1000000);
    attach_vf(f, &d, 0);
    g_assert_cmphex(nvme_enable(&d), ==, NVME_CSTS_FATAL);
    nvme_set_reg(&d, NVME_R_CC, 0);
    g_assert_cmphex(nvme_enable(&primary), ==, NVME_CSTS_READY);
    g_assert_cmphex(manage(&primary, ONLINE, 0, 1, 0).status, ==, NVME_S_SECONDARY_STATE);
    g_assert_cmphex(manage(&primary, ASSIGN, QUEUES, 1, 9).status, ==, NVME_S_RESOURCES);
    g_assert_cmphex(manage(&primary, ASSIGN, QUEUES, 1, 5).result, ==, 5);
    g_assert_cmphex(manage(&primary, ASSIGN, QUEUES, 2, 4).status, ==, NVME_S_RESOURCES);
    g_assert_cmphex(manage(&primary, ASSIGN, VECTORS, 1, 2).result, ==, 2);
    g_assert_cmphex(manage(&primary, ASSIGN, 5, 1, 2).status, ==, NVME_S_RESOURCE_ID);
    g_assert_cmphex(manage(&primary, ONLINE, 0, VFS + 1, 0).status, ==, NVME_S_CONTROLLER);
    g_assert_cmphex(manage(&primary, ONLINE, 0, 1, 0).status, ==, NVME_S_OK);
    g_assert_cmphex(manage(&primary, ASSIGN, QUEUES, 1, 2).status, ==, NVME_S_SECONDARY_STATE);
    /* The list of them, from the first on. */
    uint8_t page[64];
    NvmeCommand list = {
        .opcode = NVME_A_IDENTIFY, .prp1 = primary.memory + NVME_DATA_AT, .cdw10 = 0x15 | 1 << 16};
    g_assert_cmphex(nvme_status(&primary, 0, list), ==, NVME_S_OK);
    qtest_memread(f->qts, list.prp1, page, sizeof(page));
    g_assert_cmpuint(page[0], ==, VFS);
    g_assert_cmpuint(page[32], ==, 1); /* its controller's id */
    g_assert_cmpuint(page[36], ==, 1); /* online */
    g_assert_cmpuint(page[42], ==, 5);
    g_assert_cmpuint(page[44], ==, 2);
    g_assert_cmphex(nvme_enable(&d), ==, NVME_CSTS_READY);
    nvme_create_queues(&d, 4, 0);
    NvmeCommand fifth = {.opcode = NVME_A_CREATE_CQ,
                         .prp1 = d.memory + NVME_CQ_AT(5),
                         .cdw10 = 5 | 15u << 16,
                         .cdw11 = 3};
    g_assert_cmphex(nvme_status(&d, 0, fifth), ==, NVME_S_QID);
    /* Offline is a reset; and so is a reset of the primary. */
    g_assert_cmphex(manage(&primary, OFFLINE, 0, 1, 0).status, ==, NVME_S_OK);
    g_assert_cmphex(nvme_reg(&d, NVME_R_CSTS), ==, 0);
    g_assert_cmphex(manage(&primary, ONLINE, 0, 1, 0).status, ==, NVME_S_OK);
    g_assert_cmphex(nvme_enable(&d), ==, NVME_CSTS_READY);
    nvme_set_reg(&primary, NVME_R_CC, 0);
    g_assert_cmphex(nvme_reg(&d, NVME_R_CSTS), ==, 0);
    g_assert_cmphex(nvme_enable(&d), ==, NVME_CSTS_FATAL);
    stop(f);
}

/* Behind a port: with ARI all on its bus, without on the next, if the port has that number. */
static void test_many_behind_a_port(void)
{
    enum { MANY = 20, PF = 0x0100 };
    Fixture *f =
        start("-device pcie-root-port,id=rp,addr=7 -device intr-testdev,bus=rp,sriov-vfs=20", PF);
    uint64_t port = NVME_ECAM(7 << 3);
    uint8_t express = qtest_pci_find_capability(f->qts, 0, 7 << 3, PCI_CAP_ID_EXP);
    qtest_writew(f->qts, port + express + PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_ARI);
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_ARI);
    g_assert_cmphex(vf_id(f, 0), ==, PF + 1);
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_NUM_VF, MANY);
    qtest_writew(f->qts, f->sriov + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_ARI | PCI_SRIOV_CTRL_VFE);
    g_assert_cmpuint(vfs_there(f, MANY), ==, MANY);
    qtest_writew(f->qts, port + express + PCI_EXP_DEVCTL2, 0);
    g_assert_cmpuint(vfs_there(f, MANY), ==, 7); /* functions 1 to 7 */
    show(f, MANY);
    g_assert_cmphex(vf_id(f, 0), ==, PF + 0x100);
    g_assert_cmpuint(vfs_there(f, MANY), ==, MANY);
    qtest_writeb(f->qts, port + PCI_SUBORDINATE_BUS, 1);
    g_assert_cmpuint(vfs_there(f, MANY), ==, 0);
    qtest_writeb(f->qts, port + PCI_SUBORDINATE_BUS, 2);
    g_assert_cmpuint(vfs_there(f, MANY), ==, MANY);
    stop(f);
}

/* They go with their physical function, shown or not; or when that cannot stay where it came to. */
static void test_unplug(void)
{
    static const char *const commands[] = {
        "{'execute': 'device_add', 'arguments': {'driver': 'nvme', 'serial': 's', 'bus': 'rp', "
        "'id': 'n', 'sriov_max_vfs': 3}}",
        "{'execute': 'device_del', 'arguments': {'id': 'n', 'surprise': true}}",
        "{'execute': 'device_add', 'arguments': {'driver': 'intr-testdev', 'bus': 'rp', "
        "'id': 't', 'sriov-vfs': 12}}",
        "{'execute': 'device_del', 'arguments': {'id': 't', 'surprise': true}}",
        "{'execute': 'system_reset'}",
    };
    Fixture *f =
        start("-device pcie-root-port,id=rp -device intr-testdev,addr=6,sriov-vfs=2", 6 << 3);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(JsonObject) answer = qtest_qmp(f->qts, "%s", commands[i]);
        g_assert_true(json_object_has_member(answer, "return"));
    }
    json_object_unref(qtest_qmp_wait_event(f->qts, "RESET"));
    g_autoptr(JsonObject) refused =
        qtest_qmp(f->qts, "{'execute': 'device_add', 'arguments': {'driver': 'nvme', "
                          "'serial': 's', 'sriov_max_vfs': 3}}");
    g_assert_true(json_object_has_member(refused, "error"));
    show(f, 2);
    g_assert_cmpuint(vfs_there(f, 2), ==, 2);
    stop(f);
}

static void test_mistakes(void)
{
    static const struct {
        const char *args, *says;
    } cases[] = {
        {"-device nvme,serial=x,sriov_max_vfs=40", "sriov_vq_flexible"},
        {"-device nvme,serial=x,sriov_max_vfs=4,sriov_vq_flexible=7", "sriov_vq_flexible"},
        {"-device nvme,serial=x,sriov_max_vfs=4,msix_qsize=8", "msix_qsize"},
        {"-device intr-testdev,addr=4,sriov-vfs=127 -device intr-testdev,addr=5,sriov-vfs=127",
         "no room on PCI bus"},
        {"-device intr-testdev,addr=4,sriov-vfs=5 -device edu,addr=1f.6", "is taken by"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *args =
            g_strdup_printf("-machine q35 -accel qtest -nodefaults %s", cases[i].args);
        g_autofree char *err = NULL;
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        g_test_message("%s", err);
        g_assert_nonnull(strstr(err, cases[i].says));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sriov/capability", test_capability);
    g_test_add_func("/sriov/show-and-hide", test_show_and_hide);
    g_test_add_func("/sriov/bars", test_bars);
    g_test_add_func("/sriov/interrupts", test_interrupts);
    g_test_add_func("/sriov/compatibility-format", test_compatibility_format);
    g_test_add_func("/sriov/reset-of-one", test_reset_of_one);
    g_test_add_func("/sriov/secondary-controllers", test_secondary_controllers);
    g_test_add_func("/sriov/many-behind-a-port", test_many_behind_a_port);
    g_test_add_func("/sriov/unplug", test_unplug);
    g_test_add_func("/sriov/mistakes", test_mistakes);
    return g_test_run();
}
