/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the VMD share. Private to this folder. */
#ifndef HW_PCI_BRIDGE_VMD_INTERNAL_H
#define HW_PCI_BRIDGE_VMD_INTERNAL_H

#include "hw/pci-bridge/bridges.h"

#define VMD_CFGBAR  0
#define VMD_MEMBAR1 2
#define VMD_MEMBAR2 4

#define VMD_POSTED_MOST 16

/* A configuration write that has not come to its function yet. */
typedef struct {
    uint64_t due; /* ns of the machine's clock */
    uint32_t offset, value;
    uint8_t size;
} VmdWrite;

typedef struct {
    VmdWrite writes[VMD_POSTED_MOST]; /* the oldest first */
    uint32_t count;
    Timer timer; /* the oldest's */
} VmdPosted;

/* Which functions there are of this kind differ in. */
typedef struct {
    uint16_t device_id;
    uint16_t vectors;
    bool bypasses;  /* VMCONFIG can let messages pass as they are */
    bool restricts; /* VMCAP and VMCONFIG tell where bus numbers begin */
    bool vmlock;    /* VMLOCK and MEMBAR2 have the shadow registers, else a capability has */
} VmdModel;

typedef struct {
    PciDevice pci;
    const VmdModel *kind;
    MemRegion cfgbar, membar1, membar2;
    uint8_t shadow_cap; /* 0: there is none */
    VmdPosted posted;
    /* Properties. */
    int mode, model, bus_start; /* VmdMode, index of models and of bus_starts */
    uint8_t ports;
    uint16_t vectors;
    uint64_t cfgbar_size, membar1_size, membar2_size;
    uint64_t membar1_phys, membar2_phys;
    uint32_t cfg_latency;
} Vmd;

/* Messages from behind go out as they are. */
bool vmd_bypasses(const Vmd *s);
uint8_t vmd_first_bus(const Vmd *s);

/* vmd_config.c: the window to configuration space. */
void vmd_config_init(Vmd *s);
/* What was not carried out never is. */
void vmd_config_drop(Vmd *s);
extern const MemOps vmd_config_ops;
extern const StateField vmd_posted_state[];

/* vmd_upstream.c: the VMD as a stage; what its root bus sees. */
Upstream vmd_upstream(Vmd *s);

#endif
