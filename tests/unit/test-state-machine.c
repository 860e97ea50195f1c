/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole machines saved, loaded into fresh ones, and run on beside the original: every register
 * read, every deadline and every interrupt has to be the same, and so has what is saved afterwards.
 * What is done to them is set up by hand as far as it has an order (queues, timers), and random
 * from there. --seed repeats a run.
 */
#include "machine-scenes.h"
#include "machine-windows.h"

#define RUNS   80
#define BEFORE 500
#define AFTER  300

/* The random device's entropy is the host's, as is what a share says; who asks is no twin any more.
 */
#define NOT_DRIVEN "virtio-rng-pci virtio-9p-pci"

/* Something to do, the same on both machines. */
typedef struct {
    enum {
        STEP_READ,
        STEP_WRITE,
        STEP_TIME,
        STEP_APIC_READ,
        STEP_APIC_WRITE,
        STEP_HYPERV_READ,
        STEP_HYPERV_WRITE,
        STEP_ACK
    } kind;
    bool ports;
    uint64_t at, value;
    unsigned size, apic;
} Step;

static uint64_t random64(GRand *rand)
{
    return (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
}

/* Few bits, all of them, or an address in memory. */
static uint64_t random_value(GRand *rand)
{
    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        return random64(rand);
    case 1:
        return 1ull << g_rand_int_range(rand, 0, 64);
    case 2:
        return (uint64_t)g_rand_int_range(rand, 0, BOX_RAM >> 12) << 12;
    default:
        return (uint64_t)g_rand_int_range(rand, 0, 256);
    }
}

static Step random_step(GRand *rand, const Map *map)
{
    static const uint16_t apic_registers[] = {
        0x20,  0x30,  0x80,  0xa0,  0xb0,  0xd0,  0xe0,  0xf0,  0x100, 0x170, 0x180, 0x200,
        0x220, 0x280, 0x300, 0x310, 0x320, 0x350, 0x360, 0x370, 0x380, 0x390, 0x3e0};
    Step step = {.value = random_value(rand),
                 .size = 1u << g_rand_int_range(rand, 0, 4),
                 .apic = (unsigned)g_rand_int_range(rand, 0, BOX_CPUS)};
    static const uint32_t hyperv_registers[] = {
        HV_GUEST_ID, HV_HYPERCALL, HV_REF_TSC, HV_VP_ASSIST, HV_SCONTROL, HV_SIEFP,     HV_SIMP,
        HV_EOM,      HV_SINT(0),   HV_SINT(3), HV_CONFIG(0), HV_COUNT(0), HV_TIME_COUNT};
    unsigned kind = (unsigned)g_rand_int_range(rand, 0, 21);
    if (kind < 3) {
        step.kind = STEP_TIME;
        step.value = 1ull << g_rand_int_range(rand, 4, 24);
    } else if (kind < 5) {
        step.kind = STEP_ACK;
    } else if (kind < 8) {
        step.kind = kind == 5 ? STEP_APIC_READ : STEP_APIC_WRITE;
        step.at = apic_registers[g_rand_int_range(rand, 0, G_N_ELEMENTS(apic_registers))];
    } else if (kind == 20) {
        step.kind = g_rand_boolean(rand) ? STEP_HYPERV_READ : STEP_HYPERV_WRITE;
        step.at = hyperv_registers[g_rand_int_range(rand, 0, G_N_ELEMENTS(hyperv_registers))];
    } else {
        unsigned left = (unsigned)g_rand_int_range(rand, 0, (gint32)map->weights);
        const Window *w = &g_array_index(map->windows, Window, 0);
        while (left >= w->weight) {
            left -= w++->weight;
        }
        step.kind = kind < 13 ? STEP_READ : STEP_WRITE;
        step.ports = w->ports;
        step.size = step.ports ? MIN(step.size, 4) : step.size;
        step.at =
            w->base + (uint64_t)g_rand_int_range(rand, 0, (gint32)w->len) / step.size * step.size;
    }
    return step;
}

static AddressSpace *space_of(const Box *box, const Step *step)
{
    return step->ports ? box->platform.ports : box->platform.memory;
}

/* What comes of it: a value read, or a vector taken. */
static uint64_t do_step(Box *box, const Step *step)
{
    ApicState *apic = box->machine->apics[step->apic];
    switch (step->kind) {
    case STEP_READ:
        return as_load(space_of(box, step), step->at, step->size, NULL);
    case STEP_WRITE:
        return as_store(space_of(box, step), step->at, step->value, step->size);
    case STEP_TIME:
        clock_advance_to(box->platform.clock,
                         clock_now(box->platform.clock) + (int64_t)step->value);
        return 0;
    case STEP_APIC_READ:
        return apic_mmio_read(apic, (uint32_t)step->at, 4);
    case STEP_APIC_WRITE:
        apic_mmio_write(apic, (uint32_t)step->at, (uint32_t)step->value, 4);
        return 0;
    case STEP_HYPERV_READ: {
        uint64_t value = 0;
        hv_msr_read(hv_vp(box->machine->hyperv, step->apic), (uint32_t)step->at, &value);
        return value;
    }
    case STEP_HYPERV_WRITE:
        return hv_msr_write(hv_vp(box->machine->hyperv, step->apic), (uint32_t)step->at,
                            step->value);
    case STEP_ACK:
    default: {
        uint64_t vector = (uint64_t)apic_ack(apic);
        apic_mmio_write(apic, 0xb0, 0, 4);
        return vector;
    }
    }
}

/* One thing alone, which goes on: nothing of it is random. */
static void test_scene(gconstpointer data)
{
    const Scene *scene = data;
    MachineOptions options = box_machine_options();
    Box one, two;
    const char *unit = scene->unit ? scene->unit : "intel-iommu";
    box_open_with(&one, &options, true, unit);
    box_open_with(&two, &options, true, unit);
    scene->start(&one);
    g_autoptr(GByteArray) saved = box_save(&one);
    box_load(&two, saved);
    scene->use(&one);
    scene->use(&two);
    g_autoptr(GByteArray) end_one = box_save(&one), end_two = box_save(&two);
    box_assert_same(end_one, end_two, "run on");
    box_close(&one);
    box_close(&two);
}

static void add_scenes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++) {
        if (scenes[i].use) {
            g_autofree char *path = g_strdup_printf("/state-machine/%s", scenes[i].name);
            g_test_add_data_func(path, &scenes[i], test_scene);
        }
    }
}

/* Parts of a struct that a load need not make the same: what the table says, and of a timer
 * whatever is not its time. */
static void mask_table(uint8_t *mask, const StateField *table)
{
    for (const StateField *f = table; f && f->name; f++) {
        for (size_t i = 0; i < f->count; i++) {
            if (f->type == STATE_SUB) {
                mask_table(mask + f->offset + i * f->size, f->sub);
            } else if (f->type == STATE_UNSAVED) {
                memset(mask + f->offset, 1, f->size);
            } else if (f->type == STATE_TIMER) {
                memset(mask + f->offset + i * sizeof(Timer), 1, sizeof(Timer));
            }
        }
    }
}

/* Where a process has its memory; nothing of a young machine has such a number. */
static bool is_pointer(uint64_t word)
{
    return word >> 40 && !(word >> 47);
}

/* A struct of one machine, and the same one's of its twin. */
typedef struct {
    const char *name;
    const uint8_t *a, *b;
    size_t size;
    uint8_t *mask; /* not 0: a byte that may differ */
} Pair;

static void pair_clear(void *opaque)
{
    g_free(((Pair *)opaque)->mask);
}

/* What differs between two machines as they are made, is no guest's doing: a struct's padding. */
static void add_pair(GArray *pairs, const char *name, const void *a, const void *b, size_t size,
                     const StateField *table)
{
    Pair pair = {name, a, b, size, g_malloc0(size)};
    mask_table(pair.mask, table);
    for (size_t at = 0; at < size; at++) {
        pair.mask[at] |= pair.a[at] != pair.b[at];
    }
    g_array_append_val(pairs, pair);
}

static GArray *pairs_of(const Box *one, const Box *two)
{
    const Machine *a = one->machine, *b = two->machine;
    GArray *pairs = g_array_new(false, false, sizeof(Pair));
    g_array_set_clear_func(pairs, pair_clear);
    for (guint i = 0; i < a->devices->len; i++) {
        const Device *dev = a->devices->pdata[i];
        add_pair(pairs, dev->cls->name, dev, b->devices->pdata[i], dev->cls->instance_size,
                 dev->cls->state);
    }
    add_pair(pairs, "board", a + 1, b + 1, a->cls->instance_size - sizeof(Machine), NULL);
    return pairs;
}

/* Byte for byte, but for pointers. So a field without a row is found, whoever forgot it. */
static unsigned count_differences(const Pair *pair)
{
    unsigned found = 0;
    for (size_t at = 0; at + 8 <= pair->size; at += 8) {
        uint64_t words[2];
        memcpy(&words[0], pair->a + at, 8);
        memcpy(&words[1], pair->b + at, 8);
        bool pointers = is_pointer(words[0]) && is_pointer(words[1]);
        for (size_t i = at; i < at + 8 && !pointers; i++) {
            if (!pair->mask[i] && pair->a[i] != pair->b[i]) {
                g_test_message("%s: byte %zu is %02x, and %02x after loading", pair->name, i,
                               pair->a[i], pair->b[i]);
                found++;
            }
        }
    }
    return found;
}

static void assert_same_structs(const GArray *pairs)
{
    unsigned found = 0;
    for (guint i = 0; i < pairs->len; i++) {
        found += count_differences(&g_array_index(pairs, Pair, i));
    }
    g_assert_cmpuint(found, ==, 0);
}

/* A past. */
static void live(Box *box, const Map *map, GRand *rand)
{
    for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++) {
        if (g_rand_int_range(rand, 0, 4)) {
            scenes[i].start(box);
        }
    }
    for (int i = g_rand_int_range(rand, 0, BEFORE); i > 0; i--) {
        Step step = random_step(rand, map);
        do_step(box, &step);
    }
}

/* What units keep of tables that the guest has changed since is lost in a file, and may be; twins
 * have both. */
static void give_caches(const Box *from, const Box *to)
{
    for (guint i = 0; i < from->machine->devices->len; i++) {
        const Device *dev = from->machine->devices->pdata[i];
        if (dev->cls->save_caches) {
            g_autoptr(GByteArray) caches = g_byte_array_new();
            dev->cls->save_caches(dev, caches);
            dev->cls->load_caches(to->machine->devices->pdata[i], caches->data);
        }
    }
}

static void run_twins(GRand *rand, const char *unit)
{
    MachineOptions options = box_machine_options();
    Box one, two;
    Map map;
    box_open_with(&one, &options, true, unit);
    box_open_with(&two, &options, true, unit);
    map_open(&map, &one, NOT_DRIVEN);
    g_autoptr(GArray) pairs = pairs_of(&one, &two);
    live(&one, &map, rand);
    if (g_rand_boolean(rand)) {
        live(&two, &map, rand); /* it is forgotten */
    }
    g_autoptr(GByteArray) saved = box_save(&one);
    box_load(&two, saved);
    g_autoptr(GByteArray) again = box_save(&two);
    box_assert_same(saved, again, "loaded");
    assert_same_structs(pairs);
    give_caches(&one, &two);
    for (int i = 0; i < AFTER; i++) {
        Step step = random_step(rand, &map);
        uint64_t result = do_step(&one, &step), other = do_step(&two, &step);
        int64_t next = clock_deadline(one.platform.clock);
        if (result != other || next != clock_deadline(two.platform.clock)) {
            g_error("step %d (kind %d at 0x%" PRIx64 ", %u bytes, 0x%" PRIx64 "): 0x%" PRIx64
                    " and 0x%" PRIx64 ", deadlines %" PRId64 " and %" PRId64,
                    i, step.kind, step.at, step.size, step.value, result, other, next,
                    clock_deadline(two.platform.clock));
        }
    }
    g_autoptr(GByteArray) end_one = box_save(&one), end_two = box_save(&two);
    box_assert_same(end_one, end_two, "run on");
    g_array_unref(map.windows);
    box_close(&one);
    box_close(&two);
}

static void test_twins(void)
{
    for (int run = 0; run < RUNS; run++) {
        guint32 seed = (guint32)g_test_rand_int();
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        run_twins(rand, run % 4 ? "intel-iommu" : "amd-iommu");
    }
}

/* Any wrong byte of a saved machine is found before anything is loaded. */
static void test_damaged(void)
{
    MachineOptions options = box_machine_options();
    Box box;
    box_open(&box, &options, true);
    start_timers(&box);
    g_autoptr(GByteArray) saved = box_save(&box);
    for (int i = 0; i < 400; i++) {
        g_autoptr(GError) error = NULL;
        guint at = (guint)g_test_rand_int_range(0, (gint32)saved->len);
        bool cut = i % 2;
        saved->data[at] ^= cut ? 0 : 1u << i % 8;
        g_assert_false(machine_load(box.machine, saved->data, cut ? at : saved->len, &error));
        g_assert_nonnull(error);
        saved->data[at] ^= cut ? 0 : 1u << i % 8;
    }
    g_autoptr(GByteArray) after = box_save(&box);
    box_assert_same(saved, after, "after what was refused");
    box_close(&box);
}

static void assert_refused(Box *box, const GByteArray *saved, const char *what)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(machine_load(box->machine, saved->data, saved->len, &error));
    if (!strstr(error->message, what)) {
        g_error("'%s' is not in '%s'", what, error->message);
    }
}

static void test_other_machine(void)
{
    MachineOptions options = box_machine_options(), bigger = options;
    bigger.ram_size *= 2;
    Box full, bare, big;
    box_open(&full, &options, true);
    box_open(&bare, &options, false);
    box_open(&big, &bigger, false);
    g_autoptr(GByteArray) of_full = box_save(&full), of_bare = box_save(&bare);
    assert_refused(&bare, of_full, "which this machine has not");
    assert_refused(&full, of_bare, "the saved state has no section '");
    assert_refused(&big, of_bare,
                   "the saved machine has 32 MiB and 2 local APICs, this one 64 MiB");
    box_close(&full);
    box_close(&bare);
    box_close(&big);
}

/* What was parsed, with checksums that fit what the sections have now. */
static GByteArray *stream_of(const GPtrArray *sections)
{
    GByteArray *out = g_byte_array_new();
    state_stream_begin(out);
    for (guint i = 0; i < sections->len; i++) {
        const StateSection *s = sections->pdata[i];
        StateSectionMark mark = state_section_begin(out, s->name, s->id, s->version);
        g_byte_array_append(out, s->data, (guint)s->len);
        state_section_end(out, mark);
    }
    state_stream_end(out);
    return out;
}

/* Where in `saved` a field's value is. */
static uint8_t *value_of(GByteArray *saved, const char *field)
{
    size_t len = strlen(field);
    for (size_t at = 0; at + len < saved->len; at++) {
        if (saved->data[at] == len && memcmp(saved->data + at + 1, field, len) == 0) {
            return saved->data + at + 1 + len + 1 + 4; /* type, count */
        }
    }
    g_error("no field '%s'", field);
}

/* A time-out that no invalidation can have. */
static void test_timeout_of_nothing(void)
{
    enum { FSTS = 0x34, ITE = 1 << 6 };
    MachineOptions options = box_machine_options();
    Box box;
    box_open(&box, &options, true);
    start_device_tlb(&box);
    g_autoptr(GByteArray) saved = box_save(&box);
    g_autoptr(GPtrArray) sections = state_stream_parse(saved->data, saved->len, NULL);
    memset(value_of(saved, "tags_busy"), 0, 4);
    g_autoptr(GByteArray) changed = stream_of(sections);
    box_load(&box, changed);
    clock_advance_to(box.platform.clock, clock_now(box.platform.clock) + 10 * NS_PER_MS);
    g_assert_cmphex(as_load(box.platform.memory, VTD_BASE + FSTS, 4, NULL) & ITE, ==, 0);
    box_close(&box);
}

/* A section with the right checksum and the wrong contents: whatever is loaded, the machine goes on
 * answering. */
static void test_wrong_contents(void)
{
    MachineOptions options = box_machine_options();
    Box box;
    Map map;
    box_open(&box, &options, true);
    map_open(&map, &box, NOT_DRIVEN);
    for (int run = 0; run < 300; run++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)g_test_rand_int());
        g_autoptr(GByteArray) saved = box_save(&box), wrong = box_save(&box);
        g_autoptr(GPtrArray) sections = state_stream_parse(wrong->data, wrong->len, NULL);
        guint chosen = (guint)g_rand_int_range(rand, 0, (gint32)sections->len);
        const StateSection *s = sections->pdata[chosen];
        for (int n = g_rand_int_range(rand, 1, 20); s->len && n > 0; n--) {
            size_t at =
                (size_t)(s->data - wrong->data) + (size_t)g_rand_int_range(rand, 0, (gint32)s->len);
            wrong->data[at] = (uint8_t)g_rand_int(rand);
        }
        g_autoptr(GByteArray) changed = stream_of(sections);
        g_autoptr(GError) error = NULL;
        if (!machine_load(box.machine, changed->data, changed->len, &error)) {
            continue;
        }
        for (int i = 0; i < 50; i++) {
            Step step = random_step(rand, &map);
            do_step(&box, &step);
        }
        box_load(&box, saved);
    }
    g_array_unref(map.windows);
    box_close(&box);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state-machine/twins", test_twins);
    add_scenes();
    g_test_add_func("/state-machine/damaged", test_damaged);
    g_test_add_func("/state-machine/other-machine", test_other_machine);
    g_test_add_func("/state-machine/timeout-of-nothing", test_timeout_of_nothing);
    g_test_add_func("/state-machine/wrong-contents", test_wrong_contents);
    return g_test_run();
}
