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

static const IommuField fields[] = {
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

void vtd_describe_registers(Device *dev, const Facts *f)
{
    const VtdState *s = (const VtdState *)dev;

    iommu_describe_registers(&s->regs, fields, G_N_ELEMENTS(fields), f);
    facts_open(f, "latched-table");
    facts_hex(f, "address", s->iec.table.base);
    facts_number(f, "entries", s->iec.table.entries);
    facts_flag(f, "eime", s->iec.table.eime);
    facts_close(f);
    facts_say(f, "latched by SIRTP: table at %#" PRIx64 ", %u entries%s\n", s->iec.table.base,
              s->iec.table.entries, s->iec.table.eime ? ", EIME" : "");
}

static void describe_requester(const VtdIrte *irte, const Facts *f)
{
    static const char *const qualifiers[] = {"", " SQ=1 (function bit 2 ignored)",
                                             " SQ=2 (function bits 2:1 ignored)",
                                             " SQ=3 (function ignored)"};

    facts_number(f, "svt", irte->svt);
    if (irte->svt == 1) {
        facts_text(f, "source", rid_text(irte->sid).text);
        facts_number(f, "sq", irte->sq);
        facts_say(f, ", from %s%s", rid_text(irte->sid).text, qualifiers[irte->sq]);
    } else if (irte->svt == 2) {
        facts_number(f, "first-bus", irte->sid >> 8);
        facts_number(f, "last-bus", irte->sid & 0xff);
        facts_say(f, ", from buses %02x to %02x", irte->sid >> 8, irte->sid & 0xff);
    } else {
        facts_say(f, ", from any requester (SVT 0)");
    }
}

static void describe_target(const VtdIrte *irte, const Facts *f)
{
    facts_number(f, "vector", irte->vector);
    facts_flag(f, "posted", irte->posted);
    facts_say(f, "vector %02xh", irte->vector);
    if (irte->posted) {
        facts_hex(f, "descriptor", irte->pid_address);
        facts_flag(f, "urgent", irte->urgent);
        facts_say(f, " posted to %#" PRIx64 "%s", irte->pid_address,
                  irte->urgent ? ", urgent" : "");
        return;
    }
    facts_text(f, "mode", journal_mode_name(irte->delivery));
    facts_flag(f, "level", irte->level);
    facts_flag(f, "logical", irte->logical);
    facts_number(f, "destination", irte->dest);
    facts_flag(f, "redirection", irte->redirection);
    facts_say(f, " %s %s to %s %x%s", journal_mode_name(irte->delivery),
              irte->level ? "level" : "edge", irte->logical ? "logical" : "physical", irte->dest,
              irte->redirection ? ", one of them" : "");
}

static void describe_irte(const VtdState *s, uint64_t low, uint64_t high, const Facts *f)
{
    VtdIrteMode mode = {.eime = s->iec.table.eime, .posting = s->iec.config.posting};
    VtdIrte irte;
    VtdFaultReason fault = vtd_irte_decode(low, high, mode, &irte);

    facts_hex(f, "low", low);
    facts_hex(f, "high", high);
    facts_flag(f, "present", irte.present);
    facts_flag(f, "fpd", irte.fpd);
    facts_say(f, "%016" PRIx64 "%016" PRIx64 ": ", high, low);
    if (fault != VTD_OK) {
        const char *flaw = irte.present ? vtd_irte_flaw(low, high, mode) : NULL;

        facts_number(f, "fault", fault);
        facts_text(f, "flaw", flaw);
        facts_say(f, "faults with %02xh%s%s%s\n", fault, irte.fpd ? ", FPD" : "", flaw ? ": " : "",
                  flaw ? flaw : "");
        return;
    }
    describe_target(&irte, f);
    describe_requester(&irte, f);
    facts_say(f, "%s\n", irte.fpd ? ", FPD" : "");
}

uint32_t vtd_entries(Device *dev)
{
    const VtdState *s = (const VtdState *)dev;

    return s->intremap ? s->iec.table.entries : 0;
}

static void describe_memory(const VtdState *s, bool readable, const uint64_t *raw, const Facts *f)
{
    facts_open(f, "memory");
    facts_flag(f, "readable", readable);
    if (readable) {
        describe_irte(s, raw[0], raw[1], f);
    } else {
        facts_say(f, "cannot be read\n");
    }
    facts_close(f);
}

static void describe_cached(const VtdState *s, const VtdIecEntry *cached, bool same, const Facts *f)
{
    const Facts quiet = {.sink = f->sink, .opaque = f->opaque};

    facts_flag(f, "differs", !same);
    facts_open(f, "cached");
    facts_say(f, same ? "      cached the same\n" : "      cached ");
    describe_irte(s, cached->low, cached->high, same ? &quiet : f);
    facts_close(f);
}

bool vtd_describe_entry(Device *dev, uint32_t index, bool used_only, const Facts *f)
{
    VtdState *s = (VtdState *)dev;
    const VtdIecEntry *cached;
    uint64_t raw[2];
    bool readable = vtd_iec_peek(&s->iec, index, raw, &cached);

    if (used_only && !cached && !(readable && (raw[0] & 1))) {
        return false;
    }
    facts_open(f, NULL);
    facts_number(f, "index", index);
    facts_say(f, "%5u memory ", index);
    describe_memory(s, readable, raw, f);
    if (cached) {
        bool same = readable && cached->low == raw[0] && cached->high == raw[1];

        describe_cached(s, cached, same, f);
    }
    facts_close(f);
    return true;
}

static void describe_requests(const uint64_t *pir, const Facts *f)
{
    const char *separator = "requests ";

    facts_open_list(f, "requests");
    for (unsigned vector = 0; vector < 256; vector++) {
        if (pir[vector / 64] >> vector % 64 & 1) {
            facts_number(f, NULL, vector);
            facts_say(f, "%s%02xh", separator, vector);
            separator = ", ";
        }
    }
    facts_close_list(f);
    facts_say(f, *separator == ',' ? "; " : "no requests; ");
}

static void describe_control(const VtdPid *pid, bool valid, const Facts *f)
{
    facts_flag(f, "on", pid->on);
    facts_flag(f, "sn", pid->sn);
    facts_number(f, "nv", pid->nv);
    facts_number(f, "ndst", pid->ndst);
    facts_flag(f, "valid", valid);
    facts_say(f, "ON=%d SN=%d NV=%02xh NDST=%x%s\n", pid->on, pid->sn, pid->nv, pid->ndst,
              valid ? "" : ", reserved bits are set");
}

void vtd_describe_descriptor(Device *dev, uint64_t address, const Facts *f)
{
    const VtdState *s = (const VtdState *)dev;
    uint64_t words[PID_SIZE / 8];
    bool aligned = address % PID_SIZE == 0;
    bool readable = aligned && as_read(s->links.memory, address, words, sizeof(words)) == MEM_OK;
    VtdPid pid;

    facts_hex(f, "address", address);
    facts_flag(f, "aligned", aligned);
    facts_flag(f, "readable", readable);
    if (!readable) {
        facts_say(f, "%#" PRIx64 " %s\n", address,
                  aligned ? "cannot be read" : "is not a multiple of 64");
        return;
    }
    describe_requests(words, f);
    bool valid = vtd_pid_decode(words[PID_CONTROL], s->iec.table.eime, &pid);
    describe_control(&pid, valid, f);
}
