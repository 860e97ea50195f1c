/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw_cfg: named blobs for the guest, ports 510h/511h and DMA at 514h (QEMU's documented interface).
 */
#ifndef HW_NVRAM_FW_CFG_H
#define HW_NVRAM_FW_CFG_H

#include "hw/core/device.h"

extern const DeviceClass fw_cfg_class; /* maps its own ports */
/* Data is copied. Keys below 0x20 are the fixed ones; files get keys from 0x20 on, sorted by name.
 */
void fw_cfg_add(Device *dev, uint16_t key, const void *data, size_t len);
bool fw_cfg_add_file(Device *dev, const char *name, const void *data, size_t len);
/* Files whose content depends on what the guest has set up meanwhile: `make` is called whenever one
 * of them is chosen, and says it anew by fw_cfg_put_file(). */
typedef void FwCfgMake(void *opaque);
bool fw_cfg_add_made_file(Device *dev, const char *name, size_t len, FwCfgMake *make, void *opaque);
/* Files that the guest may write, too, by DMA: `written` hears of all of the content after each
 * write. It is the owner's to save, and to put back. */
typedef void FwCfgWritten(void *opaque, const void *data);
bool fw_cfg_add_written_file(Device *dev, const char *name, size_t len, FwCfgWritten *written,
                             void *opaque);
/* What is shorter than the file is filled up with zeros. */
void fw_cfg_put_file(Device *dev, const char *name, const void *data, size_t len);

#endif
