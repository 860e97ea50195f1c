/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: what monitors show of a unit: its registers with the fields that decide (11.4), entries of
 * the interrupt remapping table in memory and in the cache (9.9, 9.10), and posted-interrupt
 * descriptors (9.12). Looking changes nothing.
 */
#include "hw/core/intr_msg.h"
#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/fields.h"
#include "hw/i386/iommu/vtd/pid.h"
#include "hw/i386/iommu/vtd/unit.h"
#include "hw/intr/record.h"

#define PID_SIZE    64
#define PID_CONTROL 4 /* quadword */

typedef struct {
    uint32_t reg;
    const char *name;
    uint8_t shift, width;
} Field;

static const Field fields[] = {
    {VTD_CAP, "ND", 0, 3},      {VTD_CAP, "CM", 7, 1},     {VTD_CAP, "SAGAW", 8, 5},
    {VTD_CAP, "MGAW", 16, 6},   {VTD_CAP, "FRO", 24, 10},  {VTD_CAP, "NFR", 40, 8},
    {VTD_CAP, "PI", 59, 1},     {VTD_ECAP, "QI", 1, 1},    {VTD_ECAP, "DT", 2, 1},
    {VTD_ECAP, "IR", 3, 1},     {VTD_ECAP, "EIM", 4, 1},   {VTD_ECAP, "PT", 6, 1},
    {VTD_ECAP, "IRO", 8, 10},   {VTD_ECAP, "MHMV", 20, 4}, {VTD_GSTS, "TES", 31, 1},
    {VTD_GSTS, "RTPS", 30, 1},  {VTD_GSTS, "QIES", 26, 1}, {VTD_GSTS, "IRES", 25, 1},
    {VTD_GSTS, "IRTPS", 24, 1}, {VTD_GSTS, "CFIS", 23, 1}, {VTD_FSTS, "PFO", 0, 1},
    {VTD_FSTS, "PPF", 1, 1},    {VTD_FSTS, "IQE", 4, 1},   {VTD_FSTS, "ICE", 5, 1},
    {VTD_FSTS, "ITE", 6, 1},    {VTD_FSTS, "FRI", 8, 8},   {VTD_FECTL, "IM", 31, 1},
    {VTD_FECTL, "IP", 30, 1},   {VTD_IECTL, "IM", 31, 1},  {VTD_IECTL, "IP", 30, 1},
    {VTD_IQA, "QS", 0, 3},      {VTD_IQA, "DW", 11, 1},    {VTD_ICS, "IWC", 0, 1},
    {VTD_IRTA, "S", 0, 4},      {VTD_IRTA, "EIME", 11, 1}, {VTD_PMEN, "EPM", 31, 1},
    {VTD_PMEN, "PRS", 0, 1},
};

static void describe_fields(uint32_t reg, uint64_t value, GString *out)
{
    const char *separator = "  ";

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].reg == reg) {
            g_string_append_printf(out, "%s%s=%" PRIu64, separator, fields[i].name,
                                   (value >> fields[i].shift) &
                                       ((UINT64_C(1) << fields[i].width) - 1));
            separator = " ";
        }
    }
}

void vtd_describe_registers(Device *dev, GString *out)
{
    const VtdState *s = (const VtdState *)dev;

    for (size_t i = 0; i < s->regs.count; i++) {
        const RegRow *row = &s->regs.rows[i];

        g_string_append_printf(out, "  %03x %-9s %0*" PRIx64, row->offset, row->name,
                               row->width * 2, s->regs.values[i]);
        describe_fields(row->offset, s->regs.values[i], out);
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out, "latched by SIRTP: table at %#" PRIx64 ", %u entries%s\n",
                           s->iec.table.base, s->iec.table.entries,
                           s->iec.table.eime ? ", EIME" : "");
}

static void describe_requester(const VtdIrte *irte, GString *out)
{
    static const char *const qualifiers[] = {"", " SQ=1 (function bit 2 ignored)",
                                             " SQ=2 (function bits 2:1 ignored)",
                                             " SQ=3 (function ignored)"};

    if (irte->svt == 1) {
        g_string_append_printf(out, ", from %s%s", rid_text(irte->sid).text, qualifiers[irte->sq]);
    } else if (irte->svt == 2) {
        g_string_append_printf(out, ", from buses %02x to %02x", irte->sid >> 8, irte->sid & 0xff);
    } else {
        g_string_append(out, ", from any requester (SVT 0)");
    }
}

static void describe_irte(const VtdState *s, uint64_t low, uint64_t high, GString *out)
{
    VtdIrteMode mode = {.eime = s->iec.table.eime, .posting = s->iec.config.posting};
    VtdIrte irte;
    VtdFaultReason fault = vtd_irte_decode(low, high, mode, &irte);

    g_string_append_printf(out, "%016" PRIx64 "%016" PRIx64 ": ", high, low);
    if (fault != VTD_OK) {
        const char *flaw = irte.present ? vtd_irte_flaw(low, high, mode) : NULL;

        g_string_append_printf(out, "faults with %02xh%s%s%s\n", fault, irte.fpd ? ", FPD" : "",
                               flaw ? ": " : "", flaw ? flaw : "");
        return;
    }
    g_string_append_printf(out, "vector %02xh", irte.vector);
    if (irte.posted) {
        g_string_append_printf(out, " posted to %#" PRIx64 "%s", irte.pid_address,
                               irte.urgent ? ", urgent" : "");
    } else {
        g_string_append_printf(out, " %s %s to %s %x%s", journal_mode_name(irte.delivery),
                               irte.level ? "level" : "edge", irte.logical ? "logical" : "physical",
                               irte.dest, irte.redirection ? ", one of them" : "");
    }
    describe_requester(&irte, out);
    g_string_append_printf(out, "%s\n", irte.fpd ? ", FPD" : "");
}

uint32_t vtd_entries(Device *dev)
{
    const VtdState *s = (const VtdState *)dev;

    return s->intremap ? s->iec.table.entries : 0;
}

bool vtd_describe_entry(Device *dev, uint32_t index, bool used_only, GString *out)
{
    VtdState *s = (VtdState *)dev;
    const VtdIecEntry *cached;
    uint64_t raw[2];
    bool readable = vtd_iec_peek(&s->iec, index, raw, &cached);

    if (used_only && !cached && !(readable && (raw[0] & 1))) {
        return false;
    }
    g_string_append_printf(out, "%5u memory ", index);
    if (readable) {
        describe_irte(s, raw[0], raw[1], out);
    } else {
        g_string_append(out, "cannot be read\n");
    }
    if (cached) {
        bool same = readable && cached->low == raw[0] && cached->high == raw[1];

        g_string_append(out, same ? "      cached the same\n" : "      cached ");
        if (!same) {
            describe_irte(s, cached->low, cached->high, out);
        }
    }
    return true;
}

static void describe_requests(const uint64_t *pir, GString *out)
{
    const char *separator = "requests ";

    for (unsigned vector = 0; vector < 256; vector++) {
        if (pir[vector / 64] >> vector % 64 & 1) {
            g_string_append_printf(out, "%s%02xh", separator, vector);
            separator = ", ";
        }
    }
    g_string_append(out, *separator == ',' ? "; " : "no requests; ");
}

void vtd_describe_descriptor(Device *dev, uint64_t address, GString *out)
{
    const VtdState *s = (const VtdState *)dev;
    uint64_t words[PID_SIZE / 8];
    VtdPid pid;

    if (address % PID_SIZE != 0) {
        g_string_append_printf(out, "%#" PRIx64 " is not a multiple of 64\n", address);
    } else if (as_read(s->links.memory, address, words, sizeof(words)) != MEM_OK) {
        g_string_append_printf(out, "%#" PRIx64 " cannot be read\n", address);
    } else {
        describe_requests(words, out);
        bool valid = vtd_pid_decode(words[PID_CONTROL], s->iec.table.eime, &pid);
        g_string_append_printf(out, "ON=%d SN=%d NV=%02xh NDST=%x%s\n", pid.on, pid.sn, pid.nv,
                               pid.ndst, valid ? "" : ", reserved bits are set");
    }
}
