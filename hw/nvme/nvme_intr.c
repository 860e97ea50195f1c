/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts (NVM Express 1.4, 7.5): MSI-X, a message for what a slice has completed in a queue,
 * and the pin, which is up while a queue has entries and INTMS lets it; aggregation by number and
 * time (5.21.1.8 and 5.21.1.9).
 */
#include "hw/nvme/nvme_internal.h"
#include "hw/pci/msi.h"

#define AGGREGATION       0x08 /* feature: threshold in bits 7:0, time in bits 15:8 */
#define AGGREGATION_UNIT  (100 * NS_PER_US)
#define THRESHOLD(value_) (((value_)&0xff) + 1)
#define TIME(value_)      ((value_) >> 8 & 0xff)

uint16_t nvme_vector_limit(const NvmeCtrl *n)
{
    const NvmeSecondary *s = nvme_secondary(n);
    uint16_t vectors = s ? s->vectors : (uint16_t)(n->msix_qsize - n->sriov_vi_flexible);
    return msix_enabled(&n->pci) ? vectors : 1;
}

uint16_t nvme_queue_limit(const NvmeCtrl *n)
{
    const NvmeSecondary *s = nvme_secondary(n);
    return s ? (uint16_t)(s->queues - 1) : (uint16_t)(n->max_ioqpairs - n->sriov_vq_flexible);
}

/* Never of the admin queue. */
static bool is_aggregated(const NvmeCtrl *n, const NvmeCq *cq)
{
    return cq != &n->cq[0] && TIME(n->features[AGGREGATION]) != 0 &&
           THRESHOLD(n->features[AGGREGATION]) > 1 &&
           !(cq->vector < n->msix_qsize && n->coalescing_disabled[cq->vector]);
}

static void nvme_tell(NvmeCtrl *n, NvmeCq *cq)
{
    cq->fresh = 0;
    if (cq->irq && msix_enabled(&n->pci)) {
        msix_notify(&n->pci, cq->vector);
    }
}

void nvme_intr_signal(NvmeCtrl *n, NvmeCq *cq)
{
    if (cq->fresh == 0) {
        return;
    }
    if (!is_aggregated(n, cq) || cq->fresh >= THRESHOLD(n->features[AGGREGATION])) {
        nvme_tell(n, cq);
    } else if (!timer_is_armed(&n->aggregation)) {
        timer_arm(&n->aggregation, clock_now(n->pci.dev.platform->clock) +
                                       TIME(n->features[AGGREGATION]) * AGGREGATION_UNIT);
    }
}

static void aggregation_over(void *opaque)
{
    NvmeCtrl *n = opaque;
    for (size_t i = 0; i < nvme_queue_count(n); i++) {
        if (n->cq[i].fresh != 0) {
            nvme_tell(n, &n->cq[i]);
        }
    }
    nvme_intr_update_pin(n);
}

/* By pin all queues share vector 0, and so bit 0 of the mask. */
void nvme_intr_update_pin(NvmeCtrl *n)
{
    bool level = false;
    for (size_t i = 0; !msix_enabled(&n->pci) && i < nvme_queue_count(n); i++) {
        const NvmeCq *cq = &n->cq[i];
        level |= cq->irq && cq->head != cq->tail && cq->fresh == 0;
    }
    pci_set_intx(&n->pci, level && (regfile_get(&n->regs, NVME_INTMS) & 1) == 0);
}

void nvme_intr_init(NvmeCtrl *n)
{
    timer_init(&n->aggregation, n->pci.dev.platform->clock, aggregation_over, n);
}
