/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See pagetree.h. The trees are treaps: ordered by key from left to right, by a random weight from
 * the root down, so that their depth is some 2 log2 of their size whatever the order in which a
 * guest maps. Everything is done on the way down, without recursion.
 */
#include "hw/i386/iommu/vtd/pagetree.h"

#include <glib.h>

#define SLOT_BITS 12 /* keys end in the slot's number, so that no two are the same */

static uint64_t key_of(uint64_t page, unsigned slot)
{
    return page << SLOT_BITS | slot;
}

static uint32_t next_weight(VtdPageTree *t)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 17;
    t->random ^= t->random << 5;
    return t->random;
}

void vtd_pagetree_init(VtdPageTree *t, unsigned slots)
{
    g_assert(slots <= 1u << SLOT_BITS);
    *t = (VtdPageTree){.nodes = g_new0(VtdPageNode, slots + 1), .random = 1};
}

void vtd_pagetree_free(VtdPageTree *t)
{
    g_clear_pointer(&t->nodes, g_free);
}

/* Keys below `key` go to *below, the others to *rest. */
static void split(VtdPageTree *t, uint16_t node, uint64_t key, uint16_t *below, uint16_t *rest)
{
    while (node) {
        VtdPageNode *n = &t->nodes[node];
        t->steps++;
        if (n->key < key) {
            *below = node;
            below = &n->right;
            node = n->right;
        } else {
            *rest = node;
            rest = &n->left;
            node = n->left;
        }
    }
    *below = *rest = VTD_TREE_EMPTY;
}

/* All keys of `a` are below those of `b`. */
static void join(VtdPageTree *t, uint16_t a, uint16_t b, uint16_t *out)
{
    while (a && b) {
        t->steps++;
        if (t->nodes[a].weight > t->nodes[b].weight) {
            *out = a;
            out = &t->nodes[a].right;
            a = *out;
        } else {
            *out = b;
            out = &t->nodes[b].left;
            b = *out;
        }
    }
    *out = a ? a : b;
}

void vtd_pagetree_insert(VtdPageTree *t, uint16_t *root, unsigned slot, uint64_t page)
{
    VtdPageNode *added = &t->nodes[slot + 1];
    uint16_t *link = root;
    added->key = key_of(page, slot);
    added->weight = next_weight(t);
    while (*link && t->nodes[*link].weight > added->weight) {
        VtdPageNode *n = &t->nodes[*link];
        t->steps++;
        link = n->key < added->key ? &n->right : &n->left;
    }
    split(t, *link, added->key, &added->left, &added->right);
    *link = (uint16_t)(slot + 1);
}

void vtd_pagetree_remove(VtdPageTree *t, uint16_t *root, unsigned slot)
{
    const VtdPageNode *gone = &t->nodes[slot + 1];
    uint16_t *link = root;
    while (*link != slot + 1) {
        VtdPageNode *n = &t->nodes[*link];
        t->steps++;
        link = n->key < gone->key ? &n->right : &n->left;
    }
    join(t, gone->left, gone->right, link);
}

uint16_t vtd_pagetree_cut(VtdPageTree *t, uint16_t *root, uint64_t first, uint64_t last)
{
    uint16_t before, from, within, after;
    split(t, *root, key_of(first, 0), &before, &from);
    split(t, from, key_of(last + 1, 0), &within, &after);
    join(t, before, after, root);
    return within;
}

int vtd_pagetree_pop(VtdPageTree *t, uint16_t *root)
{
    uint16_t node = *root;
    if (!node) {
        return -1;
    }
    /* What is on the left goes up, until the smallest is the root. */
    for (uint16_t left; (left = t->nodes[node].left); node = left) {
        t->nodes[node].left = t->nodes[left].right;
        t->nodes[left].right = node;
        t->steps++;
    }
    t->steps++;
    *root = t->nodes[node].right;
    return node - 1;
}
