/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a drive is plugged into. Private to hw/ide/. */
#ifndef HW_IDE_IDE_BUS_H
#define HW_IDE_IDE_BUS_H

#include "hw/ide/ata.h"

#define IDE_UNITS 2

typedef struct IdeBus {
    Device *controller;
    unsigned units; /* how many drives it takes */
    bool is_serial;
    AtaDrive *drives[IDE_UNITS]; /* NULL: nobody there */
} IdeBus;

/* Bus `n` of a controller of whatever class, or NULL. */
IdeBus *ide_bus(Device *controller, unsigned n);
/* That of one. */
IdeBus *ahci_bus(Device *dev, unsigned n);

#endif
