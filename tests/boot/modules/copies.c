// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module for Linux that has each channel of DMA engines copy memory: `count` copies of random
 * sizes and places in buffers of `bytes` bytes, `depth` of them at once, each of which has to
 * interrupt and to be right.
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#define TIMEOUT  (10 * HZ)
#define MOST     32u
#define CHANNELS 4u

static unsigned int count = 200, depth = 8, bytes = 65536;
module_param(count, uint, 0444);
module_param(depth, uint, 0444);
module_param(bytes, uint, 0444);

struct copy {
    u8 *from, *to;
    unsigned int at, size;
    dma_addr_t from_dma, to_dma;
    struct completion done;
    enum dmaengine_tx_result result;
};

static void copy_done(void *param, const struct dmaengine_result *result)
{
    struct copy *c = param;

    c->result = result->result;
    complete(&c->done);
}

static int copy_start(struct dma_chan *chan, struct copy *c)
{
    struct device *dev = chan->device->dev;
    struct dma_async_tx_descriptor *tx;

    c->at = get_random_u32() % (bytes / 2);
    c->size = 1 + get_random_u32() % (bytes / 2);
    get_random_bytes(c->from, bytes);
    memset(c->to, 0, bytes);
    init_completion(&c->done);
    c->from_dma = dma_map_single(dev, c->from, bytes, DMA_TO_DEVICE);
    c->to_dma = dma_map_single(dev, c->to, bytes, DMA_BIDIRECTIONAL);
    tx = dmaengine_prep_dma_memcpy(chan, c->to_dma + c->at, c->from_dma + c->at, c->size,
                                   DMA_PREP_INTERRUPT | DMA_CTRL_ACK);
    if (!tx)
        return -ENOMEM;
    tx->callback_result = copy_done;
    tx->callback_param = c;
    if (dma_submit_error(dmaengine_submit(tx)))
        return -EIO;
    dma_async_issue_pending(chan);
    return 0;
}

/* Whether it came, and what is around it is as it was. */
static bool copy_end(struct dma_chan *chan, struct copy *c)
{
    struct device *dev = chan->device->dev;
    bool came = wait_for_completion_timeout(&c->done, TIMEOUT);

    dma_unmap_single(dev, c->from_dma, bytes, DMA_TO_DEVICE);
    dma_unmap_single(dev, c->to_dma, bytes, DMA_BIDIRECTIONAL);
    return came && c->result == DMA_TRANS_NOERROR &&
           !memcmp(c->from + c->at, c->to + c->at, c->size) && !memchr_inv(c->to, 0, c->at) &&
           !memchr_inv(c->to + c->at + c->size, 0, bytes - c->at - c->size);
}

static unsigned int copy_all(struct dma_chan *chan, struct copy *copies)
{
    unsigned int good = 0, done, i;

    for (done = 0; done < count; done += depth) {
        for (i = 0; i < depth; i++)
            if (copy_start(chan, &copies[i]))
                return good;
        for (i = 0; i < depth; i++)
            good += copy_end(chan, &copies[i]);
    }
    return good;
}

static bool buffers_make(struct copy *copies)
{
    unsigned int i;

    for (i = 0; i < depth; i++) {
        copies[i].from = kmalloc(bytes, GFP_KERNEL);
        copies[i].to = kmalloc(bytes, GFP_KERNEL);
        if (!copies[i].from || !copies[i].to)
            return false;
    }
    return true;
}

static void buffers_free(struct copy *copies)
{
    unsigned int i;

    for (i = 0; i < depth; i++) {
        kfree(copies[i].from);
        kfree(copies[i].to);
        copies[i].from = copies[i].to = NULL;
    }
}

/* All channels there are; each is held until the last one has been tried. */
static unsigned int channels_take(struct dma_chan **chans)
{
    unsigned int taken = 0;
    dma_cap_mask_t mask;

    dma_cap_zero(mask);
    dma_cap_set(DMA_MEMCPY, mask);
    while (taken < CHANNELS) {
        chans[taken] = dma_request_channel(mask, NULL, NULL);
        if (!chans[taken])
            break;
        taken++;
    }
    return taken;
}

static int __init copies_init(void)
{
    struct copy *copies = kcalloc(MOST, sizeof(*copies), GFP_KERNEL);
    struct dma_chan *chans[CHANNELS];
    unsigned int taken, i;

    if (!copies)
        return -ENOMEM;
    depth = clamp(depth, 1u, MOST);
    taken = channels_take(chans);
    for (i = 0; i < taken; i++) {
        if (buffers_make(copies))
            pr_info("copies: %s: %u of %u are right\n", dma_chan_name(chans[i]),
                    copy_all(chans[i], copies), count);
        buffers_free(copies);
        dma_release_channel(chans[i]);
    }
    kfree(copies);
    return taken ? 0 : -ENODEV;
}

static void __exit copies_exit(void)
{
}

module_init(copies_init);
module_exit(copies_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Copies memory by a DMA engine");
