/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BAR 0: capabilities, control, causes of events and the command register (DSA 1.0, 9.2). Accesses
 * have 4 or 8 bytes; narrower writes change nothing.
 */
#include <assert.h>

#include "hw/dma/dsa/device.h"

#define LEAST_WRITE 4

static uint64_t gencap_read(void *opaque, const RegRow *row, uint64_t value)
{
    const Dsa *d = opaque;
    return value | (uint64_t)(d->ims_slots / 256) << GENCAP_IMS_SHIFT;
}

static uint64_t opcap_read(void *opaque, const RegRow *row, uint64_t value)
{
    return dsa_opcap((row->offset - DSA_OPCAP) / 8);
}

static uint64_t tables_read(void *opaque, const RegRow *row, uint64_t value)
{
    const Dsa *d = opaque;
    uint64_t ims = d->ims_slots ? DSA_IMS_AT / DSA_TABLE_UNIT : 0;
    return DSA_GRPCFG_AT / DSA_TABLE_UNIT | (uint64_t)(DSA_WQCFG_AT / DSA_TABLE_UNIT) << 16 |
           (uint64_t)(DSA_MSIXPERM_AT / DSA_TABLE_UNIT) << 32 | ims << 48;
}

static uint64_t gensts_read(void *opaque, const RegRow *row, uint64_t value)
{
    return ((Dsa *)opaque)->enabled ? GENSTS_ENABLED : GENSTS_DISABLED;
}

static uint64_t cmdcap_read(void *opaque, const RegRow *row, uint64_t value)
{
    const uint64_t handles = 1u << DSA_CMD_REQUEST_INT_HANDLE | 1u << DSA_CMD_RELEASE_INT_HANDLE;
    return value | (((Dsa *)opaque)->int_handles ? handles : 0);
}

static void cmd_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                        uint64_t written, uint64_t mask)
{
    dsa_command(opaque, (uint32_t)written);
}

#define ALL_COMMANDS                                                                               \
    ((1u << (DSA_CMD_RESET_WQ + 1)) - (1u << DSA_CMD_ENABLE_DEVICE)) /* the two of handles aside   \
                                                                      */

static const RegRow dsa_rows[] = {
    {"VERSION", DSA_VERSION, 4, .reset = DSA_VERSION_1_0},
    {"GENCAP", DSA_GENCAP, 8,
     .reset = GENCAP_OVERLAP_COPY | GENCAP_CACHE_MEMORY | GENCAP_CACHE_FLUSH | GENCAP_COMMANDS |
              (uint64_t)DSA_XFER_SHIFT << GENCAP_XFER_SHIFT |
              (uint64_t)DSA_BATCH_SHIFT << GENCAP_BATCH_SHIFT | GENCAP_CONFIG,
     .read = gencap_read},
    {"WQCAP", DSA_WQCAP, 8,
     .reset = DSA_ENTRIES | DSA_WQS << WQCAP_WQS_SHIFT | WQCAP_DEDICATED | WQCAP_PRIORITY |
              WQCAP_OCCUPANCY},
    {"GRPCAP", DSA_GRPCAP, 8, .reset = DSA_GROUPS},
    {"ENGCAP", DSA_ENGCAP, 8, .reset = DSA_ENGINES},
    {"OPCAP0", DSA_OPCAP, 8, .read = opcap_read},
    {"OPCAP1", DSA_OPCAP + 8, 8, .read = opcap_read},
    {"OPCAP2", DSA_OPCAP + 16, 8, .read = opcap_read},
    {"OPCAP3", DSA_OPCAP + 24, 8, .read = opcap_read},
    {"TABLES", DSA_TABLES, 8, .read = tables_read},
    {"TABLES_HIGH", DSA_TABLES_HIGH, 8},
    {"GENCFG", DSA_GENCFG, 4, .writable = 0xff},
    {"GENCTRL", DSA_GENCTRL, 4, .writable = GENCTRL_SOFTWARE_ERROR | GENCTRL_HALT},
    {"GENSTS", DSA_GENSTS, 4, .read = gensts_read},
    {"INTCAUSE", DSA_INTCAUSE, 4, .w1c = UINT32_MAX},
    {"CMD", DSA_CMD, 4, .written = cmd_written},
    {"CMDSTS", DSA_CMDSTS, 4},
    {"CMDCAP", DSA_CMDCAP, 4, .reset = ALL_COMMANDS, .read = cmdcap_read},
    {"SWERR0", DSA_SWERR, 8, .w1c = SWERR_VALID | SWERR_OVERFLOW},
    {"SWERR1", DSA_SWERR + 8, 8},
    {"SWERR2", DSA_SWERR + 16, 8},
    {"SWERR3", DSA_SWERR + 24, 8},
};
static_assert(G_N_ELEMENTS(dsa_rows) == DSA_REG_ROWS, "state holds every register");

void dsa_event(Dsa *d, uint32_t cause)
{
    uint32_t before = (uint32_t)dsa_reg(d, DSA_INTCAUSE);
    regfile_set(&d->regs, DSA_INTCAUSE, before | cause);
    if (cause & ~before) {
        msix_notify(&d->pci, 0);
    }
}

static uint64_t dsa_read(void *opaque, uint64_t offset, unsigned size)
{
    Dsa *d = opaque;
    uint64_t value = 0;
    if (offset >= DSA_IMS_AT) {
        return pci_ims_read(&d->ims, offset - DSA_IMS_AT, size);
    }
    if (offset < DSA_REGS_SPAN) {
        regfile_read(&d->regs, (uint32_t)offset, size, &value);
        return value;
    }
    for (unsigned i = 0; i < size; i += 4) {
        value |= (uint64_t)dsa_table_read(d, (uint32_t)offset + i) << 8 * i;
    }
    return value;
}

static void dsa_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Dsa *d = opaque;
    if (size < LEAST_WRITE || offset % size) {
        return;
    }
    if (offset >= DSA_IMS_AT) {
        pci_ims_write(&d->ims, offset - DSA_IMS_AT, value, size);
        return;
    }
    if (offset < DSA_REGS_SPAN) {
        regfile_write(&d->regs, (uint32_t)offset, size, value);
        return;
    }
    for (unsigned i = 0; i < size; i += 4) {
        dsa_table_write(d, (uint32_t)offset + i, (uint32_t)(value >> 8 * i));
    }
}

static const MemOps dsa_ops = {
    .read = dsa_read, .write = dsa_write, .min_size = LEAST_WRITE, .max_size = 8};

void dsa_regs_init(Dsa *d)
{
    regfile_init(&d->regs, dsa_rows, d->values, DSA_REG_ROWS, DSA_REGS_SPAN, d);
    d->region = (MemRegion){
        .name = "dsa", .size = DSA_BAR_BYTES, .kind = MEM_IO, .ops = &dsa_ops, .opaque = d};
    pci_register_bar(&d->pci, 0, PCI_BAR_MEM64, &d->region);
}

void dsa_regs_free(Dsa *d)
{
    regfile_free(&d->regs);
}

void dsa_regs_reset(Dsa *d)
{
    regfile_reset(&d->regs);
}
