/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INTx, MSI and MSI-X of intr-testdev against a model (msi/model.h): two functions of one slot, in
 * forms drawn at random, fire while software enables, masks, moves and resets them. After each step
 * the messages that left, the pending bits, the registers and the level of every pin are compared.
 * --seed S --runs 1 repeats a run, --verbose shows its steps.
 */
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "hw/misc/intr_testdev.h"
#include "msi/model.h"
#include "pci-fixture.h"
#include "tests/include/intr_testdev.h"

#define FUNCTIONS 2
#define PINS      4
#define STEPS     40
#define SLOT      3

typedef struct {
    PciDevice *pci;
    MsiModel model;
    uint64_t bars; /* 1 MiB for each of its BARs */
    unsigned msi, msix;
    uint64_t pba;
} Function;

typedef struct {
    Platform platform;
    PciBus *bus;
    GRand *rand;
    IrqLine lines[PINS];
    bool level[PINS];
    GArray *sent; /* of MsiMessage */
    Function functions[FUNCTIONS];
    GString *steps;
} World;

static gint64 opt_seed = 1, opt_runs = 10000;
static gboolean opt_verbose, opt_tap;
static GOptionEntry options[] = {
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed, "of the first run", "N"},
    {"runs", 0, 0, G_OPTION_ARG_INT64, &opt_runs, "how many", "N"},
    {"verbose", 0, 0, G_OPTION_ARG_NONE, &opt_verbose, "show the steps", NULL},
    {"tap", 0, 0, G_OPTION_ARG_NONE, &opt_tap, "as it is always", NULL},
    {NULL},
};

/* ---- The world ---- */

static MemResult world_read(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    memset(buf, 0, len);
    return MEM_OK;
}

static void keep(World *w, uint64_t address, uint32_t data)
{
    MsiMessage message = {address, data};
    g_array_append_val(w->sent, message);
}

/* A message that goes elsewhere than to the interrupt range. */
static MemResult world_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                             size_t len)
{
    uint32_t data;
    g_assert_cmpuint(len, ==, sizeof(data));
    memcpy(&data, buf, sizeof(data));
    keep(opaque, addr, data);
    return MEM_OK;
}

static IntrResult world_interrupt(void *opaque, const IntrMsg *msg)
{
    keep(opaque, msg->address, msg->data);
    return INTR_DELIVERED;
}

static Upstream world_above(void *opaque, PciDevice *pci)
{
    static const UpstreamOps ops = {world_read, world_write, world_interrupt};
    return (Upstream){&ops, opaque};
}

static void line_changed(void *opaque, int n, bool level)
{
    ((World *)opaque)->level[n] = level;
}

static IrqLine *world_line(void *opaque, uint8_t devfn, int pin)
{
    return &((World *)opaque)->lines[pin];
}

static unsigned draw(World *w, unsigned below)
{
    return (unsigned)g_rand_int_range(w->rand, 0, (int)below);
}

static MsiForm draw_form(World *w)
{
    static const unsigned msix[] = {0, 1, 2, 5, 64, 65, 2048};
    MsiForm form = {
        .pin = draw(w, PINS + 1),
        .msi_vectors = draw(w, 8) ? 1u << draw(w, 6) : 0,
        .is64 = draw(w, 2),
        .maskable = draw(w, 4),
        .msix_vectors = msix[draw(w, draw(w, 50) ? 6 : 7)],
        .two_bars = draw(w, 2),
    };
    return form;
}

static void world_set(Device *dev, const char *name, unsigned value)
{
    g_autofree char *text = g_strdup_printf("%u", value);
    g_assert_true(device_set_prop(dev, name, text, NULL));
}

static uint32_t cfg_read(World *w, const Function *f, unsigned at)
{
    return pci_config_read(w->bus, 0, (uint8_t)f->pci->devfn, at, 4);
}

static void cfg_write(World *w, const Function *f, unsigned at, uint32_t value, unsigned size)
{
    pci_config_write(w->bus, 0, (uint8_t)f->pci->devfn, at, value, size);
}

static unsigned find_capability(World *w, const Function *f, uint8_t id)
{
    unsigned at = cfg_read(w, f, PCI_CAPABILITY_LIST) & 0xff;
    while (at && (cfg_read(w, f, at) & 0xff) != id) {
        at = cfg_read(w, f, at) >> 8 & 0xff;
    }
    return at;
}

static void place_bars(World *w, const Function *f)
{
    for (unsigned bar = 0; bar < PCI_BARS; bar++) {
        uint64_t at = f->bars + bar * 0x100000ull;
        cfg_write(w, f, PCI_BASE_ADDRESS_0 + 4 * bar, (uint32_t)at, 4);
    }
}

static void function_open(World *w, unsigned number)
{
    Function *f = &w->functions[number];
    MsiForm form = draw_form(w);
    Device *dev = device_new(&intr_testdev_class, &w->platform, "emitter");
    f->pci = (PciDevice *)dev;
    f->pci->devfn = PCI_DEVFN(SLOT, number);
    f->pci->multifunction = true;
    f->bars = 0xd0000000u + number * 0x1000000u;
    world_set(dev, "pin", form.pin);
    world_set(dev, "msi-vectors", form.msi_vectors);
    g_assert_true(device_set_prop(dev, "msi-64", form.is64 ? "on" : "off", NULL));
    g_assert_true(device_set_prop(dev, "msi-mask", form.maskable ? "on" : "off", NULL));
    world_set(dev, "msix-vectors", form.msix_vectors);
    world_set(dev, "msix-pba-bar", form.two_bars ? 3 : 2);
    g_assert_true(pci_bus_attach(w->bus, f->pci, NULL));
    g_assert_true(device_realize(dev, NULL));
    device_reset(dev);
    pci_device_reset(f->pci);
    msi_model_open(&f->model, &form);
    place_bars(w, f);
    f->msi = find_capability(w, f, PCI_CAP_ID_MSI);
    f->msix = find_capability(w, f, PCI_CAP_ID_MSIX);
    if (f->msix) {
        uint32_t pba = cfg_read(w, f, f->msix + PCI_MSIX_PBA);
        f->pba = f->bars + (pba & 7) * 0x100000ull + (pba & ~7u);
    }
}

static void function_close(Function *f)
{
    msi_model_close(&f->model);
    pci_bus_detach(f->pci);
    device_free(&f->pci->dev);
}

static void msi_world_open(World *w, uint32_t seed)
{
    *w = (World){.rand = g_rand_new_with_seed(seed)};
    w->platform.clock = clock_new(CLOCK_MANUAL);
    w->sent = g_array_new(false, false, sizeof(MsiMessage));
    w->steps = g_string_new(NULL);
    for (int i = 0; i < PINS; i++) {
        irq_line_init(&w->lines[i], line_changed, w, i);
    }
    w->bus = pci_root_up(&w->platform,
                         (PciHost){.opaque = w, .above = world_above, .intx_line = world_line});
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        function_open(w, i);
    }
}

static void msi_world_close(World *w)
{
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        function_close(&w->functions[i]);
    }
    pci_bus_free(w->bus);
    as_free(w->platform.memory);
    as_free(w->platform.ports);
    clock_free(w->platform.clock);
    g_array_free(w->sent, true);
    g_string_free(w->steps, true);
    g_rand_free(w->rand);
}

/* ---- Steps, each told to the function and to its model ---- */

#define TELL(w_, f_, format_, ...)                                                                 \
    g_string_append_printf((w_)->steps, "# %d." format_ "\n", (f_)->pci->devfn & 7, __VA_ARGS__)

static void give_command(World *w, Function *f, unsigned command, uint32_t data)
{
    as_store(w->platform.memory, f->bars + E_DATA, data, 4);
    as_store(w->platform.memory, f->bars + E_COMMAND, command, 4);
}

/* Its BARs are decoded all the time, else it could not be told to fire. */
static void write_command(World *w, Function *f, uint16_t value)
{
    value |= PCI_COMMAND_MEMORY;
    TELL(w, f, "command %#x", value);
    cfg_write(w, f, PCI_COMMAND, value, 2);
    msi_model_write_command(&f->model, value);
}

static void fire_msi(World *w, Function *f)
{
    uint32_t n = draw(w, 40);
    TELL(w, f, "MSI %u fires", n);
    give_command(w, f, C_MSI, n);
    msi_model_fire_msi(&f->model, n);
}

static unsigned draw_vector(World *w, const Function *f)
{
    unsigned vectors = f->model.form.msix_vectors;
    return draw(w, 2) ? draw(w, 4) : draw(w, vectors + 2);
}

static void fire_msix(World *w, Function *f)
{
    uint32_t n = draw_vector(w, f);
    TELL(w, f, "MSI-X %u fires", n);
    give_command(w, f, C_MSIX, n);
    msi_model_fire_msix(&f->model, n);
}

static void drive_pin(World *w, Function *f)
{
    bool level = draw(w, 2);
    TELL(w, f, "pin %d", level);
    give_command(w, f, C_PIN, level);
    msi_model_pin(&f->model, level);
}

/* Few bits, an interrupt's address, or anything. */
static uint32_t draw_value(World *w)
{
    switch (draw(w, 4)) {
    case 0:
        return 0;
    case 1:
        return 0xfee00000 | (uint32_t)draw(w, 256) << 12;
    case 2:
        return 1u << draw(w, 32);
    default:
        return g_rand_int(w->rand);
    }
}

static void put_msi(World *w, Function *f, unsigned at, unsigned size, uint32_t value)
{
    TELL(w, f, "MSI +%#x (%u) = %#x", at, size, value);
    cfg_write(w, f, f->msi + at, value, size);
    msi_model_write_msi(&f->model, at, size, value);
}

static void write_msi(World *w, Function *f)
{
    if (!f->msi) {
        return;
    }
    unsigned size = 1u << draw(w, 3);
    unsigned at = 2 + draw(w, msi_model_span(&f->model)) / size * size;
    uint32_t value = draw_value(w);
    if (draw(w, 3) == 0) { /* flags: enabled more often than not */
        size = 2;
        at = PCI_MSI_FLAGS;
        value = (draw(w, 4) ? 1 : 0) | draw(w, 8) << 4;
    }
    if (at + size <= msi_model_span(&f->model)) {
        put_msi(w, f, at, size, value);
    }
}

static void put_msix_flags(World *w, Function *f, uint16_t value)
{
    TELL(w, f, "MSI-X flags = %#x", value);
    cfg_write(w, f, f->msix + PCI_MSIX_FLAGS, value, 2);
    msi_model_write_msix_flags(&f->model, value);
}

static void write_msix_flags(World *w, Function *f)
{
    if (!f->msix) {
        return;
    }
    put_msix_flags(w, f,
                   (uint16_t)((draw(w, 4) ? 0x8000 : 0) | (draw(w, 3) ? 0 : 0x4000) | draw(w, 4)));
}

static void put_table(World *w, Function *f, uint64_t at, unsigned size, uint64_t value)
{
    TELL(w, f, "table +%#" PRIx64 " (%u) = %#" PRIx64, at, size, value);
    as_store(w->platform.memory, f->bars + 0x200000 + at, value, size);
    if (at % size == 0) { /* others the memory bus cuts into pieces, which are too small */
        msi_model_write_table(&f->model, at, size, value);
    }
}

static void write_table(World *w, Function *f)
{
    if (!f->msix) {
        return;
    }
    unsigned size = draw(w, 4) ? 4u << draw(w, 2) : 1u << draw(w, 2);
    uint64_t at = 16ull * draw_vector(w, f) + draw(w, 4) * 4;
    uint64_t value = draw_value(w) | (uint64_t)draw_value(w) << 32;
    at += size < 4 ? draw(w, 4) / size * size : 0;
    if (at + size <= 16ull * f->model.form.msix_vectors) {
        put_table(w, f, at, size, value);
    }
}

static void write_pba(World *w, Function *f)
{
    if (f->msix) {
        TELL(w, f, "pending bits are written%s", "");
        as_store(w->platform.memory, f->pba, UINT64_MAX, 8);
    }
}

/* Function-level reset (PCI Express 5.0, 6.6.2): everything is as after power-on. */
static void reset_function(World *w, Function *f)
{
    TELL(w, f, "is reset%s", "");
    unsigned cap = find_capability(w, f, PCI_CAP_ID_EXP);
    cfg_write(w, f, cap + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, 2);
    msi_model_reset(&f->model);
    place_bars(w, f);
    write_command(w, f, PCI_COMMAND_MASTER);
}

typedef struct {
    void (*run)(World *w, Function *f);
    unsigned weight;
} Step;

static void draw_command(World *w, Function *f)
{
    write_command(w, f, (uint16_t)((draw(w, 5) ? 4 : 0) | (draw(w, 2) ? 0x400 : 0)));
}

static const Step step_kinds[] = {
    {fire_msi, 25},  {fire_msix, 25},       {drive_pin, 6},
    {write_msi, 20}, {write_msix_flags, 8}, {write_table, 25},
    {write_pba, 1},  {draw_command, 4},     {reset_function, 1},
};

static void take_step(World *w)
{
    unsigned total = 0, i = 0;
    for (size_t n = 0; n < G_N_ELEMENTS(step_kinds); n++) {
        total += step_kinds[n].weight;
    }
    unsigned left = draw(w, total);
    while (left >= step_kinds[i].weight) {
        left -= step_kinds[i++].weight;
    }
    step_kinds[i].run(w, &w->functions[draw(w, FUNCTIONS)]);
}

/* ---- Comparing ---- */

static int by_message(const void *a, const void *b)
{
    const MsiMessage *one = a, *other = b;
    int order = (one->address > other->address) - (one->address < other->address);
    return order ? order : (one->data > other->data) - (one->data < other->data);
}

/* Those that become due by one write may leave in any order. */
static bool same_messages(World *w)
{
    GArray *expected = g_array_new(false, false, sizeof(MsiMessage));
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        GArray *sent = w->functions[i].model.sent;
        g_array_append_vals(expected, sent->data, sent->len);
        g_array_set_size(sent, 0);
    }
    g_array_sort(expected, by_message);
    g_array_sort(w->sent, by_message);
    bool same = expected->len == w->sent->len;
    for (guint i = 0; same && i < expected->len; i++) {
        const MsiMessage *a = &g_array_index(expected, MsiMessage, i);
        const MsiMessage *b = &g_array_index(w->sent, MsiMessage, i);
        same = a->address == b->address && a->data == b->data;
    }
    g_array_free(expected, true);
    g_array_set_size(w->sent, 0);
    return same;
}

static bool same_registers(World *w, Function *f)
{
    bool same = true;
    for (unsigned at = 4; f->msi && at + 4 <= msi_model_span(&f->model); at += 4) {
        same = same && cfg_read(w, f, f->msi + at) == msi_model_read_msi(&f->model, at);
    }
    if (f->msi) {
        same = same && cfg_read(w, f, f->msi) >> 16 == msi_model_read_msi(&f->model, 0) >> 16;
    }
    if (f->msix) {
        uint64_t at = 4ull * draw(w, 4 * f->model.form.msix_vectors);
        same = same && cfg_read(w, f, f->msix) >> 16 == f->model.msix_flags &&
               as_load(w->platform.memory, f->bars + 0x200000 + at, 4, NULL) ==
                   msi_model_read_table(&f->model, at);
    }
    for (unsigned i = 0; same && i < (f->model.form.msix_vectors + 63) / 64; i++) {
        same = as_load(w->platform.memory, f->pba + 8 * i, 8, NULL) ==
               msi_model_read_pba(&f->model, i);
    }
    return same;
}

/* Functions that share a pin share its line, which is up while one of them pulls it. */
static bool same_lines(World *w)
{
    bool expected[PINS] = {false};
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        const MsiModel *m = &w->functions[i].model;
        if (m->form.pin) {
            expected[m->form.pin - 1] |= msi_model_wire(m);
        }
    }
    return memcmp(expected, w->level, sizeof(expected)) == 0;
}

static const char *difference(World *w)
{
    if (!same_messages(w)) {
        return "other messages left";
    }
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        if (!same_registers(w, &w->functions[i])) {
            return "a register differs";
        }
    }
    return same_lines(w) ? NULL : "a pin's level differs";
}

/* As a driver leaves it; of MSI and MSI-X one, in most runs. */
static void start_function(World *w, Function *f)
{
    bool msix = f->msix && draw(w, 2);
    write_command(w, f, PCI_COMMAND_MASTER);
    if (f->msi && !msix && draw(w, 4)) {
        put_msi(w, f, 4, 4, 0xfee00000);
        put_msi(w, f, PCI_MSI_FLAGS, 2, 1 | draw(w, 6) << 4);
    }
    if (msix) {
        put_msix_flags(w, f, 0x8000);
    }
    for (unsigned n = 0; msix && n < MIN(4, f->model.form.msix_vectors); n++) {
        put_table(w, f, 16 * n, 8, 0xfee00000);
        put_table(w, f, 16 * n + 8, 8, draw(w, 256));
    }
}

static bool run_one(uint32_t seed, uint64_t *messages)
{
    World w;
    const char *wrong = NULL;
    msi_world_open(&w, seed);
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        start_function(&w, &w.functions[i]);
    }
    for (unsigned i = 0; i < STEPS && !wrong; i++) {
        take_step(&w);
        *messages += w.sent->len;
        wrong = difference(&w);
    }
    if (wrong || opt_verbose) {
        printf("# seed %u:\n%s# %s\n", seed, w.steps->str, wrong ? wrong : "as expected");
    }
    msi_world_close(&w);
    return !wrong;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    uint64_t messages = 0;
    gint64 runs = 0;
    bool ok = true;
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    printf("1..1\n");
    for (; ok && runs < opt_runs; runs++) {
        ok = run_one((uint32_t)(opt_seed + runs), &messages);
    }
    /* What never sends anything would agree with any model. */
    ok = ok && (runs < 1000 || messages >= 4 * (uint64_t)runs);
    printf("# %" G_GINT64_FORMAT " runs of %d steps from seed %" G_GINT64_FORMAT ", %" PRIu64
           " messages\n%s 1 /msi-model/random\n",
           runs, STEPS, opt_seed, messages, ok ? "ok" : "not ok");
    return !ok;
}
