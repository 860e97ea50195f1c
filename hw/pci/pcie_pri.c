/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page requests of a function (PCI Express 5.0, 10.4; capability: 10.5.2). A response that is a
 * failure switches the interface off until software has enabled it again (10.4.2.1). Left out: PRG
 * responses with PASIDs, stop markers.
 */
#include "hw/pci/pri.h"

#include "hw/core/rid.h"
#include "hw/pci/pci_internal.h"

static uint8_t *pri_register(const PciPri *pri, unsigned offset)
{
    return &pri->pci->config[pri->cap + offset];
}

static bool pri_is_enabled(const PciPri *pri)
{
    return pri->cap && pci_get_word(pri_register(pri, PCI_PRI_CTRL)) & PCI_PRI_CTRL_ENABLE;
}

static void pri_change_status(PciPri *pri, uint16_t set, uint16_t clear)
{
    uint8_t *status = pri_register(pri, PCI_PRI_STATUS);
    pci_set_word(status, (uint16_t)((pci_get_word(status) | set) & ~clear));
}

/* Stopped: not enabled, and nothing is under way. */
static void pri_follow(PciPri *pri)
{
    bool stopped = !pri_is_enabled(pri) && pri->count == 0;
    pri_change_status(pri, stopped ? PCI_PRI_STATUS_STOPPED : 0,
                      stopped ? 0 : PCI_PRI_STATUS_STOPPED);
}

/* Reset forgets what is under way, while the interface is off; it reads as 0. */
void pci_pri_config_written(PciPri *pri)
{
    if (!pri->cap) {
        return;
    }
    uint8_t *control = pri_register(pri, PCI_PRI_CTRL);
    uint16_t value = pci_get_word(control);
    if ((value & PCI_PRI_CTRL_RESET) && !(value & PCI_PRI_CTRL_ENABLE)) {
        pri->count = 0;
    }
    pci_set_word(control, (uint16_t)(value & ~PCI_PRI_CTRL_RESET));
    pri_follow(pri);
}

static uint32_t pri_allocated(const PciPri *pri)
{
    uint32_t allowed = pci_get_long(pri_register(pri, PCI_PRI_ALLOC_REQ));
    return MIN(allowed, PCI_PRI_CAPACITY);
}

bool pci_pri_request(PciPri *pri, const BusReq *req, const BusPageRequest *what)
{
    if (!pri_is_enabled(pri) || !pci_is_bus_master(pri->pci) || pri->count >= pri_allocated(pri)) {
        return false;
    }
    pri->outstanding[pri->count++] = what->group;
    if (!upstream_request_page(&pri->pci->up, req, what)) {
        pci_pri_respond(pri, &(BusPageResponse){.group = what->group, .code = BUS_PAGES_FAILURE});
    }
    return true;
}

void pci_pri_respond(PciPri *pri, const BusPageResponse *response)
{
    uint32_t left = 0;
    trace_event(pri->pci->dev.platform->trace, TRACE_PCI, "pri_response sid=%s group=%u code=%u",
                rid_text(pri->pci->rid).text, response->group, response->code);
    for (uint32_t i = 0; i < pri->count; i++) {
        if (pri->outstanding[i] != response->group) {
            pri->outstanding[left++] = pri->outstanding[i];
        }
    }
    if (left == pri->count) {
        pri_change_status(pri, PCI_PRI_STATUS_UPRGI, 0);
        return;
    }
    pri->count = left;
    pri->responses++;
    pri->last = *response;
    if (response->code == BUS_PAGES_FAILURE) {
        uint8_t *control = pri_register(pri, PCI_PRI_CTRL);
        pri_change_status(pri, PCI_PRI_STATUS_RF, 0);
        pci_set_word(control, (uint16_t)(pci_get_word(control) & ~PCI_PRI_CTRL_ENABLE));
    }
    pri_follow(pri);
}

PciPri *pci_pri_find(PciBus *root, uint16_t requester_id)
{
    PciDevice *pci = root->by_rid[requester_id];
    return pci ? pci->pri : NULL;
}

static const StateField response_state[] = {
    STATE_FIELD(STATE_UINT16, BusPageResponse, group),
    STATE_FIELD(STATE_UINT8, BusPageResponse, code),
    STATE_END,
};

const StateField pci_pri_state[] = {
    STATE_ARRAY(STATE_UINT16, PciPri, outstanding, PCI_PRI_CAPACITY),
    STATE_FIELD_MAX(STATE_UINT32, PciPri, count, PCI_PRI_CAPACITY),
    STATE_FIELD(STATE_UINT32, PciPri, responses),
    STATE_STRUCTS(PciPri, last, 1, BusPageResponse, response_state),
    STATE_END,
};

void pci_pri_init(PciPri *pri, PciDevice *pci, bool present)
{
    pri->pci = pci;
    if (!present) {
        return;
    }
    pri->cap = pcie_add_extended_capability(pci, PCI_EXT_CAP_ID_PRI, 1, PCI_EXT_CAP_PRI_SIZEOF);
    pci_set_word(pri_register(pri, PCI_PRI_STATUS), PCI_PRI_STATUS_STOPPED);
    pci_set_long(pri_register(pri, PCI_PRI_MAX_REQ), PCI_PRI_CAPACITY);
    pci_set_word(&pci->writable[pri->cap + PCI_PRI_CTRL], PCI_PRI_CTRL_ENABLE | PCI_PRI_CTRL_RESET);
    pci_set_word(&pci->w1c[pri->cap + PCI_PRI_STATUS], PCI_PRI_STATUS_RF | PCI_PRI_STATUS_UPRGI);
    pci_set_long(&pci->writable[pri->cap + PCI_PRI_ALLOC_REQ], UINT32_MAX);
    pci->pri = pri;
}

void pci_pri_reset(PciPri *pri)
{
    pri->count = pri->responses = 0;
    pri->last = (BusPageResponse){0};
}
