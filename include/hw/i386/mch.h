/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host bridge of a Q35-style machine (Intel 82G33/Q35 MCH data sheet): device 0 of the root bus,
 * the ports CF8h and CFCh, the memory-mapped configuration window, reset control in port CF9h, and
 * the PAM registers.
 */
#ifndef HW_I386_MCH_H
#define HW_I386_MCH_H

#include "hw/i386/pam.h"
#include "hw/pci/pci.h"

#define MCH_ECAM_BASE 0xb0000000ull
#define MCH_ECAM_SIZE 0x10000000ull /* 256 buses */

typedef struct {
    Pam *pam;           /* what its PAM registers are about */
    bool adds_low_bits; /* of CF8h to the offset: forgive=cf8-low-bits */
} MchLinks;
MchLinks *mch_links(Device *dev);

/* As firmware leaves it: RAM in place of ROM, the configuration window at MCH_ECAM_BASE. */
void mch_set_up(Device *dev);
/* Where that window is, or would be. */
uint64_t mch_ecam_base(Device *dev);

extern const DeviceClass mch_class; /* to be attached to the root bus at 00.0 */

#endif
