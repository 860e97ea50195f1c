/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -numa node|cpu|dist: noted as it is written, and laid out (machine/numa.h) when all is read. */
#include <string.h>

#include "base/report.h"
#include "system/options.h"

#define SHARE_ALIGN (8ull << 20) /* of memory that is shared out evenly */

/* Which places are a node's: a range of CPUs, or those of a socket, core, thread. */
typedef struct {
    unsigned node;
    bool by_place;
    uint64_t first, last;
    uint64_t socket, core, thread; /* UINT64_MAX: any */
} NumaCpus;

struct NumaOption {
    NumaLayout layout;
    bool has_node[NUMA_NODES];
    bool has_memory;
    const char *memdev[NUMA_NODES];
    GArray *cpus; /* of NumaCpus */
};

static NumaOption *numa_get(Options *o)
{
    if (!o->numa) {
        o->numa = g_new0(NumaOption, 1);
        o->numa->cpus = g_array_new(FALSE, FALSE, sizeof(NumaCpus));
        memset(o->numa->layout.distance, NUMA_FAR, sizeof(o->numa->layout.distance));
        memset(o->numa->layout.cpu, NUMA_NOWHERE, sizeof(o->numa->layout.cpu));
        for (unsigned i = 0; i < NUMA_NODES; i++) {
            o->numa->layout.distance[i][i] = NUMA_NEAR;
        }
    }
    return o->numa;
}

void options_free_numa(NumaOption *numa)
{
    if (numa) {
        g_array_unref(numa->cpus);
        g_free(numa);
    }
}

/* cpus=N[-M], which may be there several times. */
static bool numa_ranges(NumaOption *numa, const OptList *opts, unsigned node, GError **error)
{
    for (size_t i = 0; i < optlist_count(opts); i++) {
        if (strcmp(optlist_key(opts, i), "cpus") != 0) {
            continue;
        }
        const char *text = optlist_value(opts, i);
        g_auto(GStrv) ends = g_strsplit(text, "-", 2);
        NumaCpus range = {.node = node};
        if (!opt_parse_uint(ends[0] ? ends[0] : "", &range.first) ||
            !opt_parse_uint(ends[0] && ends[1] ? ends[1] : ends[0], &range.last) ||
            range.last < range.first || range.last >= NUMA_CPUS) {
            g_set_error(error, OPT_ERROR, 0, "cpus=%s: write N or FIRST-LAST, up to %d", text,
                        NUMA_CPUS - 1);
            return false;
        }
        g_array_append_val(numa->cpus, range);
    }
    return true;
}

static bool numa_node(Options *o, NumaOption *numa, OptList *opts, GError **error)
{
    uint64_t node = 0, memory = 0;
    while (node < NUMA_NODES - 1 && numa->has_node[node]) {
        node++;
    }
    const char *memdev = optlist_get(opts, "memdev");
    bool sized = optlist_get(opts, "mem") != NULL;
    optlist_get(opts, "cpus");
    if (!optlist_uint(opts, "nodeid", 0, NUMA_NODES - 1, &node, error) ||
        !optlist_size(opts, "mem", 1u << 20, &memory, error) || !optlist_finish(opts, error) ||
        !numa_ranges(numa, opts, (unsigned)node, error)) {
        return false;
    }
    if (numa->has_node[node]) {
        g_set_error(error, OPT_ERROR, 0, "nodeid=%u: is there twice", (unsigned)node);
        return false;
    }
    if (sized && memdev) {
        g_set_error(error, OPT_ERROR, 0, "mem= and memdev= say the same; leave one out");
        return false;
    }
    numa->has_node[node] = true;
    numa->has_memory = numa->has_memory || sized || memdev;
    numa->memdev[node] = memdev ? options_keep(o, memdev) : NULL;
    numa->layout.memory[node] = memory;
    numa->layout.count = MAX(numa->layout.count, (unsigned)node + 1);
    return true;
}

static bool numa_cpu(NumaOption *numa, OptList *opts, GError **error)
{
    uint64_t node = UINT64_MAX;
    NumaCpus place = {
        .by_place = true, .socket = UINT64_MAX, .core = UINT64_MAX, .thread = UINT64_MAX};
    if (!optlist_uint(opts, "node-id", 0, NUMA_NODES - 1, &node, error) ||
        !optlist_uint(opts, "socket-id", 0, NUMA_CPUS - 1, &place.socket, error) ||
        !optlist_uint(opts, "core-id", 0, NUMA_CPUS - 1, &place.core, error) ||
        !optlist_uint(opts, "thread-id", 0, NUMA_CPUS - 1, &place.thread, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    if (node == UINT64_MAX || !numa->has_node[node]) {
        g_set_error(error, OPT_ERROR, 0, "node-id= has to be that of a -numa node before this one");
        return false;
    }
    place.node = (unsigned)node;
    g_array_append_val(numa->cpus, place);
    return true;
}

static bool numa_distance(NumaOption *numa, OptList *opts, GError **error)
{
    uint64_t from = NUMA_NODES, to = NUMA_NODES, value = 0;
    if (!optlist_uint(opts, "src", 0, NUMA_NODES - 1, &from, error) ||
        !optlist_uint(opts, "dst", 0, NUMA_NODES - 1, &to, error) ||
        !optlist_uint(opts, "val", NUMA_NEAR, NUMA_UNREACHED, &value, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    if (from == NUMA_NODES || to == NUMA_NODES || value == 0) {
        g_set_error(error, OPT_ERROR, 0, "write dist,src=NODE,dst=NODE,val=10..255");
        return false;
    }
    if ((from == to) != (value == NUMA_NEAR)) {
        g_set_error(error, OPT_ERROR, 0, "val=%u: 10 is the distance to oneself, and that alone",
                    (unsigned)value);
        return false;
    }
    /* What is said of one direction holds for the other, until that is said. */
    uint8_t(*distance)[NUMA_NODES] = numa->layout.distance;
    if (distance[to][from] == NUMA_FAR) {
        distance[to][from] = (uint8_t)value;
    }
    distance[from][to] = (uint8_t)value;
    numa->layout.has_distances = true;
    return true;
}

static bool opt_numa(Options *o, const char *value, GError **error)
{
    static const char *const types[] = {"node", "cpu", "dist"};
    g_autofree char *text = options_flatten(value, error);
    if (!text) {
        return false;
    }
    g_autoptr(OptList) opts = optlist_parse(text, "type");
    const char *type = optlist_get(opts, "type");
    NumaOption *numa = numa_get(o);
    if (type && g_str_has_prefix(type, "hmat-")) {
        g_set_error(error, OPT_ERROR, 0, "there is no HMAT here: nothing is slower for being far");
        return false;
    }
    if (type && strcmp(type, "node") == 0) {
        return numa_node(o, numa, opts, error);
    }
    if (type && strcmp(type, "cpu") == 0) {
        return numa_cpu(numa, opts, error);
    }
    if (type && strcmp(type, "dist") == 0) {
        return numa_distance(numa, opts, error);
    }
    opt_error_nearest(error, type ? type : "", types, G_N_ELEMENTS(types), "there is no '%s'",
                      type ? type : "");
    return false;
}

static bool place_fits(const MachineOptions *m, const NumaCpus *row, unsigned cpu)
{
    if (!row->by_place) {
        return cpu >= row->first && cpu <= row->last;
    }
    uint64_t socket = cpu / (m->cores * m->threads), core = cpu / m->threads % m->cores,
             thread = cpu % m->threads;
    return (row->socket == UINT64_MAX || row->socket == socket) &&
           (row->core == UINT64_MAX || row->core == core) &&
           (row->thread == UINT64_MAX || row->thread == thread);
}

/* Those that nothing was said of: by socket if that is all, else node 0's. */
static void place_others(NumaOption *numa, const MachineOptions *m)
{
    unsigned left = 0;
    for (unsigned cpu = 0; cpu < m->max_cpus; cpu++) {
        uint8_t *node = &numa->layout.cpu[cpu];
        if (*node == NUMA_NOWHERE) {
            left++;
            *node =
                numa->cpus->len ? 0 : (uint8_t)(cpu / (m->cores * m->threads) % numa->layout.count);
        }
    }
    if (left && numa->cpus->len) {
        g_printerr(PROGRAM ": warning: -numa: places for %u CPUs are in no node; node 0 has them\n",
                   left);
    }
}

static bool place_cpus(NumaOption *numa, const MachineOptions *m, GError **error)
{
    for (guint i = 0; i < numa->cpus->len; i++) {
        const NumaCpus *row = &g_array_index(numa->cpus, NumaCpus, i);
        bool fits = false;
        for (unsigned cpu = 0; cpu < m->max_cpus; cpu++) {
            if (!place_fits(m, row, cpu)) {
                continue;
            }
            if (numa->layout.cpu[cpu] != NUMA_NOWHERE && numa->layout.cpu[cpu] != row->node) {
                g_set_error(error, OPT_ERROR, 0, "-numa: CPU %u is in nodes %u and %u", cpu,
                            numa->layout.cpu[cpu], row->node);
                return false;
            }
            numa->layout.cpu[cpu] = (uint8_t)row->node;
            fits = true;
        }
        if (!fits || (!row->by_place && row->last >= m->max_cpus)) {
            g_set_error(error, OPT_ERROR, 0,
                        "-numa: node %u is given CPUs that -smp (%u of them) does not have",
                        row->node, m->max_cpus);
            return false;
        }
    }
    place_others(numa, m);
    return true;
}

static bool size_by_backends(NumaOption *numa, const Options *o, GError **error)
{
    for (unsigned i = 0; i < numa->layout.count; i++) {
        const char *id = numa->memdev[i];
        const uint64_t *size = id ? g_hash_table_lookup(o->memory_objects, id) : NULL;
        if (id && !size) {
            g_set_error(error, OPT_ERROR, 0,
                        "-numa node,memdev=%s: no -object memory-backend-... has this id", id);
            return false;
        }
        numa->layout.memory[i] = size ? *size : numa->layout.memory[i];
    }
    return true;
}

/* Evenly where nothing is said, the rest to the last. */
static bool share_memory(NumaOption *numa, const Options *o, GError **error)
{
    uint64_t size = o->machine.ram_size, total = 0;
    NumaLayout *layout = &numa->layout;
    if (!size_by_backends(numa, o, error)) {
        return false;
    }
    for (unsigned i = 0; i < layout->count; i++) {
        if (!numa->has_memory) {
            uint64_t share = size / layout->count & ~(SHARE_ALIGN - 1);
            layout->memory[i] = i + 1 < layout->count ? share : size - total;
        }
        total += layout->memory[i];
    }
    if (total != size) {
        g_set_error(error, OPT_ERROR, 0,
                    "-numa: the nodes have %" G_GUINT64_FORMAT " bytes and -m %" G_GUINT64_FORMAT
                    "; they must be equal",
                    total, size);
        return false;
    }
    return true;
}

bool options_lay_out_numa(Options *o, GError **error)
{
    NumaOption *numa = o->numa;
    if (!numa) {
        return true;
    }
    for (unsigned i = 0; i < numa->layout.count || i == 0; i++) {
        if (!numa->has_node[i]) {
            g_set_error(error, OPT_ERROR, 0, "-numa: there is no node %u; ids go from 0 up", i);
            return false;
        }
    }
    if (!place_cpus(numa, &o->machine, error) || !share_memory(numa, o, error)) {
        return false;
    }
    o->machine.numa = &numa->layout;
    return true;
}

const OptRow opt_rows_numa[] = {
    {"numa", true, opt_numa,
     "node[,nodeid=,cpus=,mem=|memdev=] | cpu,node-id=,socket-id=,... | dist,src=,dst=,val="},
    {NULL},
};
