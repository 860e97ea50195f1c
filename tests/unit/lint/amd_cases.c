/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of lint: AMD's unit, its rings and commands. */
#include "intr/amdvi_unit.h"
#include "lint/cases.h"

#define AT_COMMANDS 0x200000ull
#define AT_EVENTS   0x210000ull
#define LENGTH_256  (8ull << 56)
#define BYTES       4096u
#define WAIT        (1ull << 60)
#define STORE       1ull

static Device *amd_open(Rig *rig)
{
    Device *unit = rig_add_amdvi(rig);
    rig_wr(rig, AMD_BASE + CMD_BUF, AT_COMMANDS | LENGTH_256, 8);
    rig_wr(rig, AMD_BASE + EVT_LOG, AT_EVENTS | LENGTH_256, 8);
    return unit;
}

/* One register is written, with this in CONTROL. */
static void amd_write(Rig *rig, uint64_t control, uint32_t reg, uint64_t value)
{
    Device *unit = amd_open(rig);
    rig_wr(rig, AMD_BASE + CONTROL, control, 8);
    rig_wr(rig, AMD_BASE + reg, value, 8);
    rig_remove_amdvi(rig, unit);
}

#define ON (IOMMU_EN | CMD_BUF_EN | EVT_LOG_EN)

static void base_live(Rig *rig)
{
    amd_write(rig, ON, EVT_LOG, AT_EVENTS | LENGTH_256);
}

static void base_off(Rig *rig)
{
    amd_write(rig, ON & ~EVT_LOG_EN, EVT_LOG, AT_EVENTS | LENGTH_256);
}

static void head_live(Rig *rig)
{
    amd_write(rig, ON, CMD_HEAD, 0);
}

/* The log's head is software's. */
static void log_head_live(Rig *rig)
{
    amd_write(rig, ON, EVT_HEAD, 0);
}

static void tail_past(Rig *rig)
{
    amd_write(rig, 0, CMD_TAIL, BYTES);
}

static void tail_last(Rig *rig)
{
    amd_write(rig, 0, CMD_TAIL, BYTES - 16);
}

static void amd_wait(Rig *rig, uint64_t flags)
{
    Device *unit = amd_open(rig);
    rig_put(rig, AT_COMMANDS, WAIT | (AT_COMMANDS + 0x8000) | flags, 1);
    rig_wr(rig, AMD_BASE + CONTROL, ON, 8);
    rig_wr(rig, AMD_BASE + CMD_TAIL, 16, 8);
    rig_remove_amdvi(rig, unit);
}

static void wait_for_nobody(Rig *rig)
{
    amd_wait(rig, 0);
}

static void wait_stores(Rig *rig)
{
    amd_wait(rig, STORE);
}

const LintCase lint_amd_cases[] = {
    {LINT_AMD_RING_MOVED_LIVE, base_live, base_off},
    {LINT_AMD_POINTER_LIVE, head_live, log_head_live},
    {LINT_AMD_TAIL_PAST_END, tail_past, tail_last},
    {LINT_AMD_WAIT_WITHOUT_SIGNAL, wait_for_nobody, wait_stores},
    {.breaks = NULL},
};
