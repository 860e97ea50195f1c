/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requester ids (PCI Express base specification, 2.2.6.2) as people write them: "00:1f.3". */
#ifndef HW_CORE_RID_H
#define HW_CORE_RID_H

#include <inttypes.h>

typedef struct {
    char text[8];
} RidText;

/* For a trace: rid_text(id).text lives as long as the statement. */
RidText rid_text(uint16_t requester_id);

#endif
