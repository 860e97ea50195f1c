/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci-serial: a UART as a PCI function with QEMU's published ids ("QEMU PCI serial devices" in its
 * specifications): its registers are BAR 0, its interrupt is INTA#, which may be shared.
 */
#include "hw/char/serial.h"
#include "hw/char/uart.h"
#include "hw/pci/pci.h"

#define PCI_SERIAL_VENDOR 0x1b36
#define PCI_SERIAL_DEVICE 0x0002
#define PCI_SERIAL_CLASS  0x070002 /* compatible with the 16550 */

typedef struct {
    PciDevice pci;
    Uart uart;
} PciSerial;

static void pci_serial_set_irq(void *opaque, bool level)
{
    pci_set_intx(opaque, level);
}

static bool pci_serial_realize(Device *dev, GError **error)
{
    PciSerial *s = (PciSerial *)dev;

    if (!uart_init(&s->uart, "pci-serial", dev->platform->clock, pci_serial_set_irq, s, error)) {
        return false;
    }
    pci_register_bar(&s->pci, 0, PCI_BAR_IO, &s->uart.ports);
    return true;
}

static void pci_serial_unrealize(Device *dev)
{
    uart_free(&((PciSerial *)dev)->uart);
}

static void pci_serial_reset(Device *dev)
{
    uart_reset(&((PciSerial *)dev)->uart);
}

static void pci_serial_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
    uart_restored(&((PciSerial *)dev)->uart);
}

static const PropInfo pci_serial_props[] = {
    PROP(PROP_CHARDEV, "chardev", PciSerial, uart.chr, NULL, "the other end of the line"),
    PROP_END,
};

static const StateField pci_serial_state[] = {
    PCI_STATE,
    STATE_STRUCTS(PciSerial, uart, 1, Uart, uart_state),
    STATE_END,
};

static const PciDeviceClass pci_serial_pci = {
    .ids.vendor_id = PCI_SERIAL_VENDOR,
    .ids.device_id = PCI_SERIAL_DEVICE,
    .ids.subsystem_vendor_id = 0x1af4,
    .ids.subsystem_id = 0x1100,
    .ids.class_code = PCI_SERIAL_CLASS,
    .interrupt_pin = 1,
};

const DeviceClass pci_serial_class = {
    .name = "pci-serial",
    .desc = "16550A UART as a PCI function",
    .bus = BUS_PCI,
    .category = DEVICE_INPUT,
    .user_creatable = true,
    .instance_size = sizeof(PciSerial),
    .props = pci_serial_props,
    .bus_props = pci_bus_props,
    .bus_class = &pci_serial_pci,
    .state = pci_serial_state,
    .realize = pci_serial_realize,
    .unrealize = pci_serial_unrealize,
    .reset = pci_serial_reset,
    .restored = pci_serial_restored,
};
