/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `info tlb` and `info mem`: a guest's page tables as they are in memory (SDM vol. 3, 4.3 to 4.5),
 * page by page or in ranges of the same rights. A guest can have tables without end (a table that
 * is its own entry), so the walk ends after so many.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "monitor/expr.h"
#include "monitor/hmp_commands.h"

#define TABLES_MOST (1u << 16)
#define ROWS_MOST   20000

enum {
    PTE_P = 1u << 0,
    PTE_W = 1u << 1,
    PTE_U = 1u << 2,
    PTE_PWT = 1u << 3,
    PTE_PCD = 1u << 4,
    PTE_A = 1u << 5,
    PTE_D = 1u << 6,
    PTE_PS = 1u << 7,
    PTE_G = 1u << 8,
};
#define PTE_NX      (1ull << 63)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)

typedef struct {
    unsigned levels;
    bool wide;  /* entries of 8 bytes, else of 4 */
    bool large; /* of the 4-byte kind: CR4.PSE */
    bool pae;   /* three levels, whose top has 4 entries without rights */
    uint64_t root;
} PagingMode;

typedef struct PageWalk PageWalk;
struct PageWalk {
    AddressSpace *memory;
    PagingMode mode;
    void (*page)(PageWalk *walk, uint64_t linear, uint64_t size, uint64_t entry, uint64_t rights);
    GString *out;
    unsigned tables, rows;
    uint64_t begin, end, rights; /* `info mem`: the range so far; end 0: none */
};

/* False: paging is off. */
static bool paging_mode(const Vcpu *vcpu, PagingMode *mode)
{
    uint64_t cr0 = 0, cr3 = 0, cr4 = 0, efer = 0;
    expr_register(vcpu, "cr0", &cr0);
    expr_register(vcpu, "cr3", &cr3);
    expr_register(vcpu, "cr4", &cr4);
    expr_register(vcpu, "efer", &efer);
    bool is_long = efer & 1u << 10, pae = cr4 & 1u << 5, la57 = cr4 & 1u << 12;
    *mode = (PagingMode){
        .levels = is_long ? (la57 ? 5 : 4)
                  : pae   ? 3
                          : 2,
        .wide = is_long || pae,
        .large = cr4 & 1u << 4,
        .pae = !is_long && pae,
        .root = is_long ? cr3 & PTE_ADDRESS : cr3 & (pae ? 0xffffffe0u : 0xfffff000u),
    };
    return cr0 >> 31 & 1;
}

static bool walk_is_full(const PageWalk *walk)
{
    return walk->tables >= TABLES_MOST || walk->rows >= ROWS_MOST;
}

/* Is the entry, of a table `level` levels above pages, itself a page? */
static bool entry_is_page(const PageWalk *walk, unsigned level, uint64_t entry)
{
    bool can_be_large = walk->mode.wide ? level <= 2 : walk->mode.large;
    return level == 0 || (can_be_large && (entry & PTE_PS) && !(walk->mode.pae && level == 2));
}

/* `rights` has W and U of what is above, and NX. */
static void walk_table(PageWalk *walk, uint64_t table, unsigned level, uint64_t linear,
                       uint64_t rights)
{
    uint8_t bytes[4096];
    bool top_of_pae = walk->mode.pae && level == 2;
    unsigned size = walk->mode.wide ? 8 : 4, bits = walk->mode.wide ? 9 : 10;
    unsigned shift = 12 + level * bits, count = top_of_pae ? 4 : 4096 / size;
    walk->tables++;
    as_read(walk->memory, table, bytes, count * size);
    for (unsigned i = 0; i < count && !walk_is_full(walk); i++) {
        uint64_t entry = size == 8 ? bytes_get64(bytes + i * 8) : bytes_get32(bytes + i * 4);
        uint64_t own = top_of_pae ? PTE_W | PTE_U : entry & (PTE_W | PTE_U);
        uint64_t both = (rights & own) | ((rights | entry) & PTE_NX);
        uint64_t at = linear | (uint64_t)i << shift;
        if (!(entry & PTE_P)) {
            continue;
        }
        if (entry_is_page(walk, level, entry)) {
            walk->page(walk, at, 1ull << shift, entry, both);
        } else {
            walk_table(walk, entry & PTE_ADDRESS, level - 1, at, both);
        }
    }
}

/* The upper half of the address space has ones above its last bit. */
static uint64_t canonical(const PageWalk *walk, uint64_t linear)
{
    unsigned unused = walk->mode.levels >= 4 ? 64 - (12 + 9 * walk->mode.levels) : 0;
    return (uint64_t)((int64_t)(linear << unused) >> unused);
}

static void say_page(PageWalk *walk, uint64_t linear, uint64_t size, uint64_t entry,
                     uint64_t rights)
{
    static const struct {
        uint64_t bit;
        char letter;
    } flags[] = {{PTE_NX, 'X'},  {PTE_G, 'G'},   {PTE_PS, 'P'}, {PTE_D, 'D'}, {PTE_A, 'A'},
                 {PTE_PCD, 'C'}, {PTE_PWT, 'T'}, {PTE_U, 'U'},  {PTE_W, 'W'}};
    g_string_append_printf(walk->out, "%016" PRIx64 ": %016" PRIx64 " ", canonical(walk, linear),
                           entry & PTE_ADDRESS & ~(size - 1));
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        bool set = entry & flags[i].bit && !(flags[i].bit == PTE_PS && size == 4096);
        g_string_append_c(walk->out, set ? flags[i].letter : '-');
    }
    g_string_append_c(walk->out, '\n');
    walk->rows++;
}

static void end_range(PageWalk *walk)
{
    if (walk->end) {
        uint64_t begin = canonical(walk, walk->begin);
        g_string_append_printf(walk->out, "%016" PRIx64 "-%016" PRIx64 " %016" PRIx64 " %cr%c\n",
                               begin, begin + (walk->end - walk->begin), walk->end - walk->begin,
                               walk->rights & PTE_U ? 'u' : '-', walk->rights & PTE_W ? 'w' : '-');
        walk->rows++;
    }
    walk->end = 0;
}

static void join_page(PageWalk *walk, uint64_t linear, uint64_t size, uint64_t entry,
                      uint64_t rights)
{
    rights &= PTE_U | PTE_W;
    if (walk->end != linear || walk->rights != rights || walk->end == 0) {
        end_range(walk);
        walk->begin = linear;
        walk->rights = rights;
    }
    walk->end = linear + size;
}

static void show_paging(Machine *machine, unsigned cpu, GString *out,
                        void (*page)(PageWalk *walk, uint64_t linear, uint64_t size, uint64_t entry,
                                     uint64_t rights))
{
    PageWalk walk = {.memory = machine->platform.memory, .page = page, .out = out};
    if (cpu >= machine->cpu_count || !machine->cpus[cpu]->ops->translate) {
        g_string_append(out, "there is no CPU\n");
    } else if (!paging_mode(machine->cpus[cpu], &walk.mode)) {
        g_string_append(out, "PG disabled\n");
    } else {
        walk_table(&walk, walk.mode.root, walk.mode.levels - 1, 0, PTE_W | PTE_U);
        end_range(&walk);
        if (walk_is_full(&walk)) {
            g_string_append(out, "... and more\n");
        }
    }
}

void hmp_info_tlb(Machine *machine, unsigned cpu, char **args, GString *out)
{
    show_paging(machine, cpu, out, say_page);
}

void hmp_info_mem(Machine *machine, unsigned cpu, char **args, GString *out)
{
    show_paging(machine, cpu, out, join_page);
}
