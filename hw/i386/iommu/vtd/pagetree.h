/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: which slots of the IOTLB hold pages of a range. A slot is in one tree at most, its
 * domain's, in the order of its page's address; a tree is its root.
 */
#ifndef HW_I386_IOMMU_VTD_PAGETREE_H
#define HW_I386_IOMMU_VTD_PAGETREE_H

#include <inttypes.h>

#define VTD_TREE_EMPTY 0

typedef struct {
    uint64_t key;
    uint32_t weight;
    uint16_t left, right;
} VtdPageNode;

typedef struct {
    VtdPageNode *nodes; /* one a slot, from 1 on */
    uint32_t random;
    uint64_t steps; /* nodes looked at since the start: what the work is counted by */
} VtdPageTree;

/* For up to 4096 slots, counted from 0. Pages are 4 KiB, their numbers below 2^52. */
void vtd_pagetree_init(VtdPageTree *t, unsigned slots);
void vtd_pagetree_free(VtdPageTree *t);
void vtd_pagetree_insert(VtdPageTree *t, uint16_t *root, unsigned slot, uint64_t page);
void vtd_pagetree_remove(VtdPageTree *t, uint16_t *root, unsigned slot);
/* Takes what begins in pages first to last out of the tree; a tree of its own. */
uint16_t vtd_pagetree_cut(VtdPageTree *t, uint16_t *root, uint64_t first, uint64_t last);
/* Takes a tree apart: its next slot, or -1 when it is empty. */
int vtd_pagetree_pop(VtdPageTree *t, uint16_t *root);

#endif
