/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of decoded blocks: found by physical address and mode, dropped when their bytes change.
 */
#ifndef TARGET_I386_BLOCK_H
#define TARGET_I386_BLOCK_H

#include "target/i386/fpu.h"
#include "target/i386/jit.h"

/* CPUs whose TLBs must watch pages with code. */
void code_cache_attach(CodeCache *code, Cpu *cpu);
void code_cache_detach(CodeCache *code, Cpu *cpu);

Block *code_cache_find(CodeCache *code, uint64_t paddr, uint32_t mode);
/* Storage that lasts until the next epoch. */
void *code_cache_alloc(CodeCache *code, size_t size);
/* For the decoder. */
const VecIndex *code_cache_vec_index(const CodeCache *code);
/* `by` is the vCPU that calls. Makes a block findable and watches its bytes. */
void code_cache_insert(CodeCache *code, Cpu *by, Block *block);
/* Between blocks: drops everything if the cache is full or the memory map took code away. Changes
 * the epoch if it did; then no Block pointer is valid any more. */
void code_cache_tidy(CodeCache *code, Cpu *by);
uint64_t code_cache_epoch(const CodeCache *code);

/* The translator of this cache's blocks; NULL unless code_cache_set_hot() was called. */
Jit *code_cache_jit(const CodeCache *code);
/* jit_translate(), for all vCPUs; this one is about to enter the block. */
void code_cache_translate(CodeCache *code, Block *block, Cpu *cpu);
/* jit_return_miss(), or NULL without a translator. */
const uint8_t *code_cache_return_miss(const CodeCache *code);
/* How many runs make a block hot. */
uint32_t code_cache_hot(const CodeCache *code);

/* What ops of a dead block become: leave the block before doing anything (interp.c). */
OpNext op_stale(Cpu *cpu, const Op *op);

#endif
