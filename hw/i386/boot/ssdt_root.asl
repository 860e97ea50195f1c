/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A further root bus, to be copied for each: roots_ssdt.c puts its name in place of PCXX and its
 * number in place of 0xABCD. Pins are wired as on the first.
 */
DefinitionBlock ("", "SSDT", 2, "SWYARD", "ROOT    ", 1)
{
    External (\PICM, IntObj)
    External (\_SB.PCI0._OSC, MethodObj)
    External (\_SB.PCI0.APRT, PkgObj)
    External (\_SB.PCI0.PPRT, PkgObj)

    Device (\_SB.PCXX)
    {
        Name (_HID, EisaId ("PNP0A08"))
        Name (_CID, EisaId ("PNP0A03"))
        Name (_SEG, Zero)
        Name (_BBN, 0xABCD)
        Name (_UID, 0xABCD)
        Method (_OSC, 4) { Return (\_SB.PCI0._OSC (Arg0, Arg1, Arg2, Arg3)) }
        Method (_PRT)
        {
            If (\PICM) { Return (\_SB.PCI0.APRT) }
            Return (\_SB.PCI0.PPRT)
        }
    }
}
