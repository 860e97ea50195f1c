/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the table of targets has everything that a machine has. */
#include "fuzz.h"
#include "tests/unit/machine-windows.h"

static void test_devices(void)
{
    unsigned missing = 0;
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        if (!fuzz_target_find((*cls)->name)) {
            g_test_message("no target is called '%s'", (*cls)->name);
            missing++;
        }
    }
    g_assert_cmpuint(missing, ==, 0);
}

/* Ways in that are no devices: who reads them, and the target that writes them. */
static void test_ways_in(void)
{
    static const struct {
        const char *way, *target;
    } ways[] = {
        {"-kernel: ELF with and without a PVH note, multiboot, Linux; -initrd", "kernel"},
        {"a Linux image's payload", "unpack"},
        {"-symbols", "symbols"},
        {"state of a machine", "snapshot"},
        {"-loadvm, -incoming", "incoming"},
        {"-icount rr=replay", "replay"},
        {"-qmp", "qmp"},
        {"-monitor", "hmp"},
        {"-qtest", "qtest"},
        {"-gdb", "gdb"},
        {"guest code, interpreted", "cpu-interp"},
        {"guest code, translated", "cpu-jit"},
    };
    unsigned missing = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (!fuzz_target_find(ways[i].target)) {
            g_test_message("%s: no target is called '%s'", ways[i].way, ways[i].target);
            missing++;
        }
    }
    g_assert_cmpuint(missing, ==, 0);
}

/* A card has a target for what its guest does, and one for what comes from its network. */
static void test_cards(void)
{
    unsigned missing = 0;
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        g_autofree char *name = g_strdup_printf("net-%s", (*cls)->name);
        if ((*cls)->category == DEVICE_NETWORK && (*cls)->user_creatable &&
            !fuzz_target_find(name)) {
            g_test_message("no target is called '%s'", name);
            missing++;
        }
    }
    g_assert_cmpuint(missing, ==, 0);
}

static void test_names(void)
{
    const FuzzTarget *target;
    for (unsigned n = 0; (target = fuzz_target(n)); n++) {
        g_assert_true(fuzz_target_find(target->name) == target);
    }
}

/* Regions that are reached in other ways (the local APIC's by its functions, configuration space by
 * each function's part of it), or where nobody answers. */
static bool is_reached_otherwise(const char *name)
{
    static const char *const names[] = {"apic", "pcie-mmcfg", "vga-hole"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_has_prefix(name, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_in_window(const Map *map, bool ports, uint64_t first, uint64_t last)
{
    for (guint i = 0; i < map->windows->len; i++) {
        const Window *w = &g_array_index(map->windows, Window, i);
        if (w->ports == ports && w->base <= last && first < w->base + w->len) {
            return true;
        }
    }
    return false;
}

static unsigned count_unreached(const Map *map, AddressSpace *as, bool ports)
{
    unsigned missing = 0;
    g_autoptr(GString) text = g_string_new(NULL);
    as_describe(as, text);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    for (gchar **line = lines; *line; line++) {
        const char *name = strstr(*line, "i/o): ");
        guint64 first, last;
        if (name &&
            sscanf(*line, " %" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x", &first, &last) == 2 &&
            !is_reached_otherwise(name + 6) && !is_in_window(map, ports, first, last)) {
            g_test_message("no target reaches '%s'", *line);
            missing++;
        }
    }
    return missing;
}

static void test_regions(void)
{
    MachineOptions options = box_machine_options();
    static const char *const units[] = {"intel-iommu", "amd-iommu"};
    unsigned missing = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        Box box;
        Map map;
        box_open_with(&box, &options, true, units[i]);
        map_open(&map, &box, NULL);
        missing += count_unreached(&map, box.platform.memory, false);
        missing += count_unreached(&map, box.platform.ports, true);
        g_array_unref(map.windows);
        box_close(&box);
    }
    g_assert_cmpuint(missing, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fuzz/rows/devices", test_devices);
    g_test_add_func("/fuzz/rows/names", test_names);
    g_test_add_func("/fuzz/rows/ways-in", test_ways_in);
    g_test_add_func("/fuzz/rows/cards", test_cards);
    g_test_add_func("/fuzz/rows/regions", test_regions);
    return g_test_run();
}
