/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 16550A UART on the ISA bus, or as a PCI function. TI PC16550D data sheet. */
#ifndef HW_CHAR_SERIAL_H
#define HW_CHAR_SERIAL_H

#include "chardev/chardev.h"
#include "hw/core/device.h"

/* "isa-serial": properties index, iobase, irq, chardev. Maps its own ports. */
extern const DeviceClass serial_class;
/* "pci-serial": property chardev. */
extern const DeviceClass pci_serial_class;
/* Before realize: the character device of a port that the board makes; NULL is an open port. */
void serial_set_chardev(Device *dev, Chardev *chr);

#endif
