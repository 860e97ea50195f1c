/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interrupt's emitter says now: beside the record it shows what has changed since, and what
 * it waits for. */
#include "hw/core/rid.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/pci/ims.h"
#include "hw/pci/msi.h"
#include "monitor/journal.h"

/* The last record of the same emitter that was sent, or NULL. */
static const JournalRecord *last_sent(const Journal *j, const JournalRecord *like)
{
    uint64_t first = journal_first(j);

    for (uint64_t n = j->last; n >= first && n > 0; n--) {
        const JournalRecord *r = journal_find(j, n);

        if (r && r->source == like->source && r->kind == like->kind && r->number == like->number &&
            r->seen & JOURNAL_SENT) {
            return r;
        }
    }
    return NULL;
}

/* Who set remote IRR. An EOI is compared with the vector that the entry has by then. */
static void say_remote_irr(const Journal *j, const JournalRecord *r, uint8_t vector, GString *out)
{
    const JournalRecord *owner = last_sent(j, r);

    if (!owner) {
        return;
    }
    uint8_t sent = owner->data & MSI_DATA_VECTOR_MASK;
    g_string_append_printf(out, "; remote IRR is of #%" PRIu64 ", vector %02xh, which %s",
                           owner->serial, sent, intr_results[owner->result].sentence);
    if (sent != vector) {
        g_string_append_printf(out, ": its EOI does not match the entry's vector %02xh", vector);
    }
}

/* PCI functions whose INTx asks for something at that pin. */
static void say_holders(const Machine *machine, uint32_t gsi, GString *out)
{
    const char *separator = "; held up by INTx of ";

    for (guint i = 0; machine->cls->intx_pin && i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        const PciDevice *pci = (const PciDevice *)dev;

        if (dev->cls->bus == BUS_PCI && pci->intx.level &&
            machine->cls->intx_pin(machine, pci) == (int)gsi) {
            g_string_append_printf(out, "%s%s (%s)", separator, dev->id,
                                   rid_text(pci_requester_id(pci)).text);
            separator = " and ";
        }
    }
}

static Device *ioapic_named(const Machine *machine, const char *id)
{
    for (guint i = 0; machine->ioapics && i < machine->ioapics->len; i++) {
        Device *dev = machine->ioapics->pdata[i];

        if (g_strcmp0(dev->id, id) == 0) {
            return dev;
        }
    }
    return NULL;
}

void journal_find_pin(const Machine *machine, JournalFilter *filter)
{
    unsigned pin;

    if (filter->kind != JOURNAL_PIN || filter->dev || filter->number < 0 || !machine->ioapics) {
        return;
    }
    const Device *ioapic = ioapic_list_find(machine->ioapics, (uint32_t)filter->number, &pin);
    if (ioapic) {
        filter->dev = g_strdup(ioapic->id);
        filter->number = (int32_t)pin;
    }
}

static void say_pin(const Machine *machine, Device *ioapic, const JournalRecord *r, GString *out)
{
    IoapicPin pin = ioapic_pin(ioapic, r->number);

    g_string_append_printf(out, "the line is %s; the entry is %016" PRIx64 ": vector %02xh, %s%s%s",
                           pin.active ? "up" : "down", pin.rte, pin.vector,
                           pin.level ? "level" : "edge", pin.masked ? ", masked" : "",
                           pin.remote_irr ? ", remote IRR set" : "");
    if (pin.remote_irr && pin.ending) {
        g_string_append(out, "; an EOI for it is under way (eoi-delay)");
    }
    if (pin.stuck) {
        g_string_append(out, "; the pin is stuck until a reset");
    }
    if (pin.again > 0) {
        g_autofree char *count = g_strdup_printf("%u EOIs", pin.again);

        g_string_append_printf(out, "; the last %s%s found the line still up",
                               pin.again == 1 ? "EOI" : count,
                               pin.again == IOAPIC_AGAIN_MOST ? " or more" : "");
    }
    if (pin.active) {
        say_holders(machine, ioapic_place(ioapic)->gsi_base + r->number, out);
    }
    if (pin.remote_irr) {
        say_remote_irr(&machine->journal, r, pin.vector, out);
    }
}

static void say_pic(Device *pic, unsigned n, GString *out)
{
    I8259Pin pin = i8259_pin(pic, n);

    g_string_append_printf(out, "the line is %s, %s%s%s%s", pin.up ? "up" : "down",
                           pin.level ? "level" : "edge", pin.requested ? ", requested" : "",
                           pin.masked ? ", masked" : "", pin.in_service ? ", in service" : "");
}

static const PciDevice *function_named(const Machine *machine, const char *id)
{
    for (guint i = 0; machine->devices && i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];

        if (dev->cls->bus == BUS_PCI && g_strcmp0(dev->id, id) == 0) {
            return (const PciDevice *)dev;
        }
    }
    return NULL;
}

static void say_message(const PciDevice *pci, bool msix, unsigned n, GString *out)
{
    const char *name = msix ? "MSI-X" : "MSI";
    const Facts facts = {.words = out};

    if (msix ? !msix_enabled(pci) : !msi_enabled(pci)) {
        g_string_append_printf(out, "%s is off", name);
        return;
    }
    g_string_append(out, "its message is ");
    msi_describe_message(pci, msix, n, &facts);
}

void journal_say_now(const Machine *machine, const JournalRecord *r, GString *out)
{
    const PciDevice *pci;
    Device *ioapic;

    if (r->kind == JOURNAL_PIN && (ioapic = ioapic_named(machine, r->source))) {
        say_pin(machine, ioapic, r, out);
    } else if (r->kind == JOURNAL_PIC && machine->pic) {
        say_pic(machine->pic, r->number, out);
    } else if ((r->kind == JOURNAL_MSI || r->kind == JOURNAL_MSIX) &&
               (pci = function_named(machine, r->source))) {
        say_message(pci, r->kind == JOURNAL_MSIX, r->number, out);
    } else if (r->kind == JOURNAL_STORED && (pci = function_named(machine, r->source)) &&
               pci->ims) {
        g_string_append(out, "its slot has ");
        pci_ims_describe_message(pci->ims, r->number, &(Facts){.words = out});
    }
}
