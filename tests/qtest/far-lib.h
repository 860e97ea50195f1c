/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests share that reach functions on other buses than the first, by ECAM. */
#ifndef TESTS_QTEST_FAR_LIB_H
#define TESTS_QTEST_FAR_LIB_H

#include <linux/pci_regs.h>

#include "libqtest.h"
#include "tests/include/pci.h"

typedef struct {
    QTest *qts;
    uint8_t bus, devfn;
    uint64_t bar; /* BAR 0 */
} Far;

uint64_t far_ecam(uint8_t bus, uint8_t devfn, unsigned offset);
uint32_t far_config(QTest *qts, uint8_t bus, uint8_t devfn, unsigned offset);
/* Device and vendor id. */
uint32_t far_id(QTest *qts, uint8_t bus, uint8_t devfn);
/* Its PCI Express capability. */
uint8_t far_express(QTest *qts, uint8_t bus, uint8_t devfn);
void far_command(QTest *qts, uint8_t bus, uint8_t devfn, uint16_t bits);
/* A bridge lets everything pass. */
void far_open(QTest *qts, uint8_t bus, uint8_t devfn);
/* Any function, as firmware placed it; with bus mastering. */
Far far_device(QTest *qts, uint8_t bus, uint8_t devfn);
/* The message `data` to `address`, by an intr-testdev under its own id. */
void far_send(const Far *f, uint64_t address, uint32_t data);

#endif
