/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "far-lib.h"

#include "tests/include/intr_testdev.h"

uint64_t far_ecam(uint8_t bus, uint8_t devfn, unsigned offset)
{
    return PCI_ECAM + ((uint64_t)bus << 20) + ((uint64_t)devfn << 12) + offset;
}

uint32_t far_config(QTest *qts, uint8_t bus, uint8_t devfn, unsigned offset)
{
    return qtest_readl(qts, far_ecam(bus, devfn, offset));
}

uint32_t far_id(QTest *qts, uint8_t bus, uint8_t devfn)
{
    return far_config(qts, bus, devfn, PCI_VENDOR_ID);
}

uint8_t far_express(QTest *qts, uint8_t bus, uint8_t devfn)
{
    return qtest_pci_find_capability(qts, bus, devfn, PCI_CAP_ID_EXP);
}

void far_command(QTest *qts, uint8_t bus, uint8_t devfn, uint16_t bits)
{
    qtest_writew(qts, far_ecam(bus, devfn, PCI_COMMAND), bits);
}

void far_open(QTest *qts, uint8_t bus, uint8_t devfn)
{
    far_command(qts, bus, devfn, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

Far far_device(QTest *qts, uint8_t bus, uint8_t devfn)
{
    far_command(qts, bus, devfn, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    return (Far){qts, bus, devfn, far_config(qts, bus, devfn, PCI_BASE_ADDRESS_0) & ~0xfu};
}

void far_send(const Far *f, uint64_t address, uint32_t data)
{
    qtest_writeq(f->qts, f->bar + E_ADDR, address);
    qtest_writel(f->qts, f->bar + E_DATA, data);
    qtest_writel(f->qts, f->bar + E_FLAGS, 0);
    qtest_writel(f->qts, f->bar + E_COMMAND, C_MESSAGE);
}
