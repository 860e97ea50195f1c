/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: what monitors show of a unit: its registers with the fields that decide (3.4), and the
 * device table's entries (2.2.2.1), each with what is enabled in its interrupt table (2.2.5.2).
 * Looking changes nothing.
 */
#include <string.h>

#include "hw/core/rid.h"
#include "hw/i386/iommu/amd/unit.h"
#include "hw/intr/record.h"

#define SHOWN_INTERRUPTS 64 /* of one device, at most */
#define TABLE_PAGE       4096u

static const IommuField fields[] = {
    {AMDVI_DEVTAB_BASE, "Size", 0, 9},
    {AMDVI_CMDBUF_BASE, "ComLen", 56, 4},
    {AMDVI_EVTLOG_BASE, "EventLen", 56, 4},
    {AMDVI_CONTROL, "IommuEn", 0, 1},
    {AMDVI_CONTROL, "EventLogEn", 2, 1},
    {AMDVI_CONTROL, "EventIntEn", 3, 1},
    {AMDVI_CONTROL, "ComWaitIntEn", 4, 1},
    {AMDVI_CONTROL, "CmdBufEn", 12, 1},
    {AMDVI_CONTROL, "PPRLogEn", 13, 1},
    {AMDVI_CONTROL, "PPRIntEn", 14, 1},
    {AMDVI_CONTROL, "PPREn", 15, 1},
    {AMDVI_CONTROL, "GAEn", 17, 1},
    {AMDVI_CONTROL, "GAMEn", 25, 3},
    {AMDVI_CONTROL, "GALogEn", 28, 1},
    {AMDVI_CONTROL, "GAIntEn", 29, 1},
    {AMDVI_CONTROL, "NumIntRemapMode", 43, 2},
    {AMDVI_CONTROL, "XTEn", 50, 1},
    {AMDVI_CONTROL, "IntCapXTEn", 51, 1},
    {AMDVI_CONTROL, "IRTCacheDis", 59, 1},
    {AMDVI_EXCL_BASE, "ExEn", 0, 1},
    {AMDVI_EXCL_BASE, "Allow", 1, 1},
    {AMDVI_EFR, "PPRSup", 1, 1},
    {AMDVI_EFR, "XTSup", 2, 1},
    {AMDVI_EFR, "IASup", 6, 1},
    {AMDVI_EFR, "GASup", 7, 1},
    {AMDVI_EFR, "HATS", 10, 2},
    {AMDVI_EFR, "GAMSup", 21, 3},
    {AMDVI_EFR2, "NumIntRemapSup", 8, 2},
    {AMDVI_STATUS, "EventOverflow", 0, 1},
    {AMDVI_STATUS, "EventLogInt", 1, 1},
    {AMDVI_STATUS, "ComWaitInt", 2, 1},
    {AMDVI_STATUS, "EventLogRun", 3, 1},
    {AMDVI_STATUS, "CmdBufRun", 4, 1},
    {AMDVI_STATUS, "PPROverflow", 5, 1},
    {AMDVI_STATUS, "PPRInt", 6, 1},
    {AMDVI_STATUS, "PPRLogRun", 7, 1},
    {AMDVI_STATUS, "GALogRun", 8, 1},
    {AMDVI_STATUS, "GALOverflow", 9, 1},
    {AMDVI_STATUS, "GAInt", 10, 1},
};

void amdvi_describe_registers(Device *dev, const Facts *f)
{
    const AmdviState *s = (const AmdviState *)dev;
    iommu_describe_registers(&s->regs, fields, G_N_ELEMENTS(fields), f);
}

/* Of the device table. */
uint32_t amdvi_entries(Device *dev)
{
    const AmdviState *s = (const AmdviState *)dev;
    uint64_t pages = field_get(amdvi_reg(s, AMDVI_DEVTAB_BASE), AMDVI_DEVTAB_SIZE) + 1;
    return s->intremap ? (uint32_t)(pages * TABLE_PAGE / AMDVI_DTE_BYTES) : 0;
}

static void describe_dma(const AmdviDte *dte, const Facts *f)
{
    facts_flag(f, "v", dte->v);
    facts_flag(f, "tv", dte->tv);
    facts_number(f, "mode", dte->mode);
    facts_number(f, "domain", dte->domain);
    facts_hex(f, "table", dte->table);
    facts_say(f, "V=%d TV=%d Mode=%u Domain=%#x table %#" PRIx64 "%s%s", dte->v, dte->tv, dte->mode,
              dte->domain, dte->table, dte->ir ? " IR" : "", dte->iw ? " IW" : "");
}

static void describe_interrupts(const AmdviDte *dte, const Facts *f)
{
    facts_flag(f, "iv", dte->iv);
    facts_number(f, "intctl", dte->int_ctl);
    facts_number(f, "int-entries", dte->int_count);
    facts_hex(f, "int-table", dte->int_table);
    facts_say(f, "; IV=%d IntCtl=%d, %u entries at %#" PRIx64 "%s%s%s\n", dte->iv, dte->int_ctl,
              dte->int_count, dte->int_table, dte->nmi_pass ? " NMIPass" : "",
              dte->init_pass ? " INITPass" : "", dte->eint_pass ? " EIntPass" : "");
}

static void describe_irte_fields(const AmdviIrte *irte, bool cached, bool same, const Facts *f)
{
    facts_number(f, "vector", irte->vector);
    facts_number(f, "destination", irte->dest);
    facts_text(f, "mode", journal_mode_name(irte->int_type));
    facts_flag(f, "logical", irte->logical);
    facts_flag(f, "reserved", irte->reserved);
    facts_flag(f, "cached", cached);
    facts_flag(f, "differs", cached && !same);
    if (irte->guest) {
        facts_hex(f, "page", irte->page);
        facts_number(f, "tag", irte->tag);
        facts_flag(f, "is-run", irte->is_run);
        facts_say(f, "vector %02xh posted to the page at %#" PRIx64 ", tag %#x, IsRun=%d%s",
                  irte->vector, irte->page, irte->tag, irte->is_run,
                  irte->ga_log ? " GALogIntr" : "");
    } else {
        facts_say(f, "vector %02xh %s to %s %x", irte->vector, journal_mode_name(irte->int_type),
                  irte->logical ? "logical" : "physical", irte->dest);
    }
    facts_say(f, "%s%s\n", irte->reserved ? ", reserved fields are set" : "",
              !cached ? ""
              : same  ? ", cached"
                      : ", cached otherwise");
}

static bool describe_interrupt(const AmdviState *s, const AmdviIrPlace *at, const Facts *f)
{
    const AmdviIrEntry *cached;
    AmdviIrte irte;
    uint64_t raw[2];
    if (!amdvi_ircache_peek(&s->interrupts, at, s->irte_mode, raw, &cached)) {
        return false;
    }
    amdvi_irte_decode(raw[0], raw[1], s->irte_mode, &irte);
    if (!irte.remap_en && !cached) {
        return false;
    }
    bool same = cached && cached->low == raw[0] && cached->high == raw[1];
    facts_open(f, NULL);
    facts_number(f, "index", at->index);
    facts_hex(f, "low", raw[0]);
    facts_hex(f, "high", raw[1]);
    facts_say(f, "        %4u ", at->index);
    describe_irte_fields(&irte, cached != NULL, same, f);
    facts_close(f);
    return true;
}

static void describe_interrupt_table(const AmdviState *s, uint16_t device_id, const AmdviDte *dte,
                                     const Facts *f)
{
    unsigned shown = 0;
    bool remaps = dte->iv && dte->int_ctl == AMDVI_INT_REMAP;
    facts_open_list(f, "interrupts");
    for (unsigned i = 0; remaps && i < dte->int_count && shown < SHOWN_INTERRUPTS; i++) {
        const AmdviIrPlace at = {device_id, (uint16_t)i, dte->int_table};
        shown += describe_interrupt(s, &at, f);
    }
    facts_close_list(f);
}

static void describe_dte(const AmdviState *s, uint16_t device_id, const uint64_t *words,
                         const AmdviDevEntry *cached, const Facts *f)
{
    AmdviDte dte;
    amdvi_dte_decode(words, &dte);
    bool same = cached && memcmp(cached->words, words, sizeof(cached->words)) == 0;
    facts_flag(f, "cached", cached != NULL);
    facts_flag(f, "differs", cached && !same);
    facts_say(f, "%s", !cached ? "" : same ? "cached " : "cached otherwise ");
    describe_dma(&dte, f);
    describe_interrupts(&dte, f);
    describe_interrupt_table(s, device_id, &dte, f);
}

bool amdvi_describe_entry(Device *dev, uint32_t index, bool used_only, const Facts *f)
{
    AmdviState *s = (AmdviState *)dev;
    const AmdviDevEntry *cached;
    uint64_t words[AMDVI_DTE_WORDS] = {0};
    AmdviDevStatus status = amdvi_devcache_peek(&s->devices, (uint16_t)index, words, &cached);
    if (used_only && !cached && !(status == AMDVI_DEV_OK && (words[2] & 1))) {
        return false;
    }
    facts_open(f, NULL);
    facts_number(f, "index", index);
    facts_text(f, "device", rid_text((uint16_t)index).text);
    facts_flag(f, "readable", status == AMDVI_DEV_OK);
    facts_say(f, "%s ", rid_text((uint16_t)index).text);
    if (status == AMDVI_DEV_OK) {
        describe_dte(s, (uint16_t)index, words, cached, f);
    } else {
        facts_say(f, "cannot be read\n");
    }
    facts_close(f);
    return true;
}

/* There are none: posting is Intel's. */
void amdvi_describe_descriptor(Device *dev, uint64_t address, const Facts *f)
{
    facts_hex(f, "address", address);
    facts_say(f, "this unit has no posted-interrupt descriptors\n");
}
