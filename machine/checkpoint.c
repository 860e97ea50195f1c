/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See machine/checkpoint.h. */
#include "machine/checkpoint.h"

#include <errno.h>
#include <string.h>

#include "base/mempast.h"
#include "base/report.h"
#include "base/undo.h"
#include "machine/accel.h"
#include "machine/machine_state.h"

/* A cluster's place as a number: its drive's, and its own. */
#define DRIVE_SHIFT 48

struct Checkpoints {
    Machine *machine;
    CheckpointLimits limits;
    GPtrArray *list; /* of Checkpoint *, the oldest first */
    MemPast *memory;
    Undo *drives;
    GPtrArray *blks; /* of BlockBackend * */
    unsigned last_id;
};

static void checkpoint_free(void *opaque)
{
    Checkpoint *c = opaque;
    g_byte_array_unref(c->state);
    g_byte_array_unref(c->caches);
    journal_past_clear(&c->journal);
    g_free(c->vcpus);
    g_free(c);
}

/* Drives. */

static void keep_clusters(void *opaque, BlockBackend *blk, uint64_t offset, size_t len)
{
    const Checkpoints *all = opaque;
    guint n;
    if (len == 0 || !g_ptr_array_find(all->blks, blk, &n)) {
        return;
    }
    for (uint64_t c = offset / BLK_CLUSTER_SIZE; c <= (offset + len - 1) / BLK_CLUSTER_SIZE; c++) {
        uint8_t bytes[BLK_CLUSTER_SIZE];
        uint64_t at = c * BLK_CLUSTER_SIZE, place = (uint64_t)n << DRIVE_SHIFT | c;
        uint64_t left = blk_size(blk) - at;
        size_t size = (size_t)MIN(BLK_CLUSTER_SIZE, left);
        if (!undo_has(all->drives, place) && blk_read(blk, at, bytes, size)) {
            undo_keep(all->drives, place, bytes, size);
        }
    }
}

static void put_cluster(void *opaque, uint64_t place, const void *data, size_t len)
{
    const Checkpoints *all = opaque;
    BlockBackend *blk = all->blks->pdata[place >> DRIVE_SHIFT];
    uint64_t at = (place & ((1ull << DRIVE_SHIFT) - 1)) * BLK_CLUSTER_SIZE;
    if (!blk_write(blk, at, data, len)) {
        g_printerr(PROGRAM ": drive %s: what it held could not be written: %s\n", blk_id(blk),
                   g_strerror(errno));
    }
}

static void watch_drives(Checkpoints *all, bool on)
{
    for (guint i = 0; i < all->blks->len; i++) {
        blk_set_keeper(all->blks->pdata[i], on ? keep_clusters : NULL, all);
    }
}

static GPtrArray *writable_drives(const Backends *backends)
{
    size_t count = 0;
    GPtrArray *blks = g_ptr_array_new();
    g_autofree const char **ids = backends ? backends_drive_ids(backends, &count) : NULL;
    for (size_t i = 0; i < count; i++) {
        BlockBackend *blk = backends_drive(backends, ids[i]);
        if (!blk_is_read_only(blk)) {
            g_ptr_array_add(blks, blk);
        }
    }
    return blks;
}

static Checkpoints *checkpoints_new(Machine *machine)
{
    const CheckpointLimits *asked = &machine->opts.checkpoints;
    Checkpoints *all = g_new0(Checkpoints, 1);
    all->machine = machine;
    all->limits.most = asked->most ? asked->most : CHECKPOINTS_DEFAULT;
    all->limits.most_bytes = asked->most_bytes ? asked->most_bytes : CHECKPOINTS_BYTES;
    all->list = g_ptr_array_new_with_free_func(checkpoint_free);
    all->memory = mem_past_new(machine->platform.memory, machine->ram);
    all->drives = undo_new();
    all->blks = writable_drives(machine->platform.backends);
    watch_drives(all, true);
    return all;
}

void checkpoints_free(Machine *machine)
{
    Checkpoints *all = machine->checkpoints;
    if (!all) {
        return;
    }
    watch_drives(all, false);
    mem_past_free(all->memory);
    undo_free(all->drives);
    g_ptr_array_unref(all->blks);
    g_ptr_array_unref(all->list);
    g_clear_pointer(&machine->checkpoints, g_free);
}

const GPtrArray *checkpoints(const Machine *machine)
{
    return machine->checkpoints ? machine->checkpoints->list : NULL;
}

static const Checkpoint *nth(const Checkpoints *all, guint n)
{
    return all->list->pdata[n];
}

uint64_t checkpoints_bytes(const Machine *machine)
{
    const Checkpoints *all = machine->checkpoints;
    if (!all) {
        return 0;
    }
    uint64_t bytes = mem_past_bytes(all->memory) + undo_bytes(all->drives);
    for (guint n = 0; n < all->list->len; n++) {
        bytes += nth(all, n)->state->len + nth(all, n)->caches->len;
    }
    return bytes;
}

/* Making room. */

static void forget_one(Checkpoints *all, unsigned n)
{
    g_ptr_array_remove_index(all->list, n);
    mem_past_forget(all->memory, n);
    undo_forget(all->drives, n);
}

void checkpoints_forget(Machine *machine)
{
    Checkpoints *all = machine->checkpoints;
    while (all && all->list->len > 0) {
        forget_one(all, all->list->len - 1);
    }
}

static unsigned oldest_automatic(const Checkpoints *all)
{
    for (guint n = 0; n < all->list->len; n++) {
        if (nth(all, n)->automatic) {
            return n;
        }
    }
    return 0;
}

/* Of the automatic ones between others that which leaves the smallest gap, so that they go on to
 * reach back to the first, and grow sparser. */
static unsigned most_dispensable(const Checkpoints *all)
{
    unsigned found = oldest_automatic(all);
    uint64_t smallest = UINT64_MAX;
    for (guint n = 1; n + 1 < all->list->len; n++) {
        uint64_t gap = nth(all, n + 1)->executed - nth(all, n - 1)->executed;
        if (nth(all, n)->automatic && gap < smallest) {
            smallest = gap;
            found = n;
        }
    }
    return found;
}

static void make_room(Checkpoints *all)
{
    while (all->list->len >= all->limits.most) {
        forget_one(all, most_dispensable(all));
    }
    while (all->list->len > 0 && checkpoints_bytes(all->machine) > all->limits.most_bytes) {
        forget_one(all, 0);
    }
}

/* Devices' caches: what a saved state may do without. */

static void save_caches(const Machine *machine, GByteArray *out)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        if (dev->cls->save_caches) {
            dev->cls->save_caches(dev, out);
        }
    }
}

static void load_caches(const Machine *machine, const GByteArray *saved)
{
    const uint8_t *at = saved->data;
    for (guint i = 0; i < machine->devices->len; i++) {
        Device *dev = machine->devices->pdata[i];
        if (dev->cls->load_caches) {
            at = dev->cls->load_caches(dev, at);
        }
    }
}

static uint64_t *blocks_left(const Machine *machine)
{
    uint64_t *left = g_new0(uint64_t, machine->cpu_count);
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        const Vcpu *cpu = machine->cpus[i];
        left[i] = cpu->ops->block_left ? cpu->ops->block_left(cpu) : 0;
    }
    return left;
}

static void set_blocks_left(const Machine *machine, const uint64_t *left)
{
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        Vcpu *cpu = machine->cpus[i];
        if (cpu->ops->set_block_left) {
            cpu->ops->set_block_left(cpu, left[i]);
        }
    }
}

unsigned checkpoint_take(Machine *machine, bool automatic)
{
    if (!machine->checkpoints) {
        machine->checkpoints = checkpoints_new(machine);
    }
    Checkpoints *all = machine->checkpoints;
    Checkpoint *c = g_new0(Checkpoint, 1);
    *c = (Checkpoint){
        .id = ++all->last_id,
        .automatic = automatic,
        .executed = machine_executed(machine),
        .clock_ns = clock_now(machine->platform.clock),
        .inputs = machine->inputs,
        .state = g_byte_array_new(),
        .caches = g_byte_array_new(),
        .vcpus = blocks_left(machine),
    };
    machine_save_parts(machine, c->state);
    save_caches(machine, c->caches);
    journal_past_take(&c->journal, &machine->journal);
    make_room(all);
    g_ptr_array_add(all->list, c);
    mem_past_mark(all->memory);
    undo_mark(all->drives);
    return c->id;
}

static bool find_checkpoint(const Checkpoints *all, unsigned id, unsigned *n, GError **error)
{
    guint count = all ? all->list->len : 0;
    for (guint i = 0; i < count; i++) {
        if (nth(all, i)->id == id || (id == 0 && i + 1 == count)) {
            *n = i;
            return true;
        }
    }
    if (id == 0) {
        g_set_error(error, OPT_ERROR, 0, "there is no checkpoint");
    } else {
        g_set_error(error, OPT_ERROR, 0, "there is no checkpoint %u; 'info checkpoints' lists them",
                    id);
    }
    return false;
}

typedef struct {
    Checkpoints *all;
    unsigned n;
} Return;

static void load_memory(Machine *machine, void *opaque)
{
    const Return *to = opaque;
    mem_past_return(to->all->memory, to->n);
    watch_drives(to->all, false); /* what is put back is nothing to be kept */
    undo_return(to->all->drives, to->n, put_cluster, to->all);
    watch_drives(to->all, true);
}

bool checkpoint_restore(Machine *machine, unsigned id, GError **error)
{
    Return to = {.all = machine->checkpoints};
    if (!find_checkpoint(to.all, id, &to.n, error)) {
        return false;
    }
    const Checkpoint *c = nth(to.all, to.n);
    if (!machine_load_parts(machine, c->state->data, c->state->len, load_memory, &to, error)) {
        return false;
    }
    load_caches(machine, c->caches);
    set_blocks_left(machine, c->vcpus);
    journal_go_back(&machine->journal, &c->journal);
    machine->inputs = c->inputs;
    g_ptr_array_set_size(to.all->list, (gint)to.n + 1);
    return true;
}
