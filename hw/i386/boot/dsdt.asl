/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DSDT of the q35 machine. Everything in it is fixed; what varies (CPUs, root buses and their
 * resources, the remapping unit, the HPET) is in other tables, and what may be absent is asked from the hardware by _STA.
 */
DefinitionBlock ("", "DSDT", 2, "SWYARD", "Q35DSDT ", 1)
{
    Name (PICM, Zero)
    Method (_PIC, 1) { PICM = Arg0 }

    Name (_S3, Package () { 5, 5, 0, 0 })
    Name (_S5, Package () { 0, 0, 0, 0 })

    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_SEG, Zero)
            Name (_BBN, Zero)
            Name (_UID, Zero)

            /* Native hot-plug, power management events and the PCI Express capability are the
             * operating system's if it asks for them (PCI Firmware 3.2, 4.5.1). */
            Method (_OSC, 4)
            {
                CreateDWordField (Arg3, 0, STAT)
                If (Arg0 != ToUUID ("33DB4D5B-1FF7-401C-9657-7441C03DD766"))
                {
                    STAT |= 0x04
                    Return (Arg3)
                }
                If (Arg1 != One) { STAT |= 0x08 }
                If (Arg2 >= 3)
                {
                    CreateDWordField (Arg3, 8, CTRL)
                    If (CTRL & ~0x15)
                    {
                        CTRL &= 0x15
                        STAT |= 0x10
                    }
                }
                Return (Arg3)
            }

            /* Pin n of slot s is PIRQ E + (s + n) % 4: IOAPIC pins 20 to 23, active low (ACPI
             * 6.2.13: so are all that name no link device). */
            Method (_PRT)
            {
                If (PICM) { Return (APRT) }
                Return (PPRT)
            }

#define APIC_SLOT(slot, a, b, c, d) \
    Package () { slot, 0, 0, a }, Package () { slot, 1, 0, b }, \
    Package () { slot, 2, 0, c }, Package () { slot, 3, 0, d }
#define APIC_FOUR(s0, s1, s2, s3) \
    APIC_SLOT (s0, 20, 21, 22, 23), APIC_SLOT (s1, 21, 22, 23, 20), \
    APIC_SLOT (s2, 22, 23, 20, 21), APIC_SLOT (s3, 23, 20, 21, 22)
#define PIC_SLOT(slot, a, b, c, d) \
    Package () { slot, 0, a, 0 }, Package () { slot, 1, b, 0 }, \
    Package () { slot, 2, c, 0 }, Package () { slot, 3, d, 0 }
#define PIC_FOUR(s0, s1, s2, s3) \
    PIC_SLOT (s0, LNKE, LNKF, LNKG, LNKH), PIC_SLOT (s1, LNKF, LNKG, LNKH, LNKE), \
    PIC_SLOT (s2, LNKG, LNKH, LNKE, LNKF), PIC_SLOT (s3, LNKH, LNKE, LNKF, LNKG)
#define ALL_SLOTS(four) \
    four (0x0000FFFF, 0x0001FFFF, 0x0002FFFF, 0x0003FFFF), \
    four (0x0004FFFF, 0x0005FFFF, 0x0006FFFF, 0x0007FFFF), \
    four (0x0008FFFF, 0x0009FFFF, 0x000AFFFF, 0x000BFFFF), \
    four (0x000CFFFF, 0x000DFFFF, 0x000EFFFF, 0x000FFFFF), \
    four (0x0010FFFF, 0x0011FFFF, 0x0012FFFF, 0x0013FFFF), \
    four (0x0014FFFF, 0x0015FFFF, 0x0016FFFF, 0x0017FFFF), \
    four (0x0018FFFF, 0x0019FFFF, 0x001AFFFF, 0x001BFFFF), \
    four (0x001CFFFF, 0x001DFFFF, 0x001EFFFF, 0x001FFFFF)

            Name (APRT, Package () { ALL_SLOTS (APIC_FOUR) })
            Name (PPRT, Package () { ALL_SLOTS (PIC_FOUR) })

            Device (ISA)
            {
                Name (_ADR, 0x001F0000)
                OperationRegion (LPCC, PCI_Config, 0, 0x100)
                Field (LPCC, ByteAcc, NoLock, Preserve)
                {
                    Offset (0x68),
                    PRQE, 8, PRQF, 8, PRQG, 8, PRQH, 8,
                    Offset (0x82),
                    COMA, 1, COMB, 1
                }

                Device (RTC)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0070, 0x0070, 1, 8)
                        IRQNoFlags () { 8 }
                    })
                }
                Device (KBD)
                {
                    Name (_HID, EisaId ("PNP0303"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0060, 0x0060, 1, 1)
                        IO (Decode16, 0x0064, 0x0064, 1, 1)
                        IRQNoFlags () { 1 }
                    })
                }
                Device (MOU)
                {
                    Name (_HID, EisaId ("PNP0F13"))
                    Name (_CRS, ResourceTemplate () { IRQNoFlags () { 12 } })
                }
                Device (COM1)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 1)
                    Method (_STA) { If (COMA) { Return (0x0F) } Return (Zero) }
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x03F8, 0x03F8, 1, 8)
                        IRQNoFlags () { 4 }
                    })
                }
                Device (COM2)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 2)
                    Method (_STA) { If (COMB) { Return (0x0F) } Return (Zero) }
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x02F8, 0x02F8, 1, 8)
                        IRQNoFlags () { 3 }
                    })
                }
                /* Ports and windows of the chipset itself. */
                Device (RSRC)
                {
                    Name (_HID, EisaId ("PNP0C02"))
                    Name (_UID, 1)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0600, 0x0600, 1, 0x80)
                        IO (Decode16, 0x04D0, 0x04D0, 1, 2)
                        IO (Decode16, 0x0CD8, 0x0CD8, 1, 0x0C)
                        IO (Decode16, 0x00B2, 0x00B2, 1, 2)
                        IO (Decode16, 0x0092, 0x0092, 1, 1)
                        Memory32Fixed (ReadWrite, 0xB0000000, 0x10000000)
                        Memory32Fixed (ReadWrite, 0xFED00000, 0x400)
                        Memory32Fixed (ReadWrite, 0xFED90000, 0x1000)
                    })
                }
            }

#define LINK(name, uid, field) \
    Device (name) \
    { \
        Name (_HID, EisaId ("PNP0C0F")) \
        Name (_UID, uid) \
        Name (_PRS, ResourceTemplate () \
        { \
            Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 5, 10, 11 } \
        }) \
        Method (_STA) { If (\_SB.PCI0.ISA.field & 0x80) { Return (0x09) } Return (0x0B) } \
        Method (_DIS) { \_SB.PCI0.ISA.field = 0x80 } \
        Method (_CRS, 0, Serialized) \
        { \
            Name (RBUF, ResourceTemplate () \
            { \
                Interrupt (ResourceConsumer, Level, ActiveLow, Shared, ,, IRQX) { 0 } \
            }) \
            CreateDWordField (RBUF, IRQX._INT, IRQN) \
            If (!(\_SB.PCI0.ISA.field & 0x80)) { IRQN = \_SB.PCI0.ISA.field & 0x0F } \
            Return (RBUF) \
        } \
        Method (_SRS, 1) \
        { \
            CreateDWordField (Arg0, 5, IRQN) \
            \_SB.PCI0.ISA.field = IRQN \
        } \
    }
            LINK (LNKE, 4, PRQE)
            LINK (LNKF, 5, PRQF)
            LINK (LNKG, 6, PRQG)
            LINK (LNKH, 7, PRQH)
        }
    }
}
