/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One processor's device, to be copied for each: cpu_ssdt.c puts its name in place of CXXX and its
 * number in place of 0xABCD.
 */
DefinitionBlock ("", "SSDT", 2, "SWYARD", "CPU     ", 1)
{
    External (\_SB.CPUS, DeviceObj)
    External (\_SB.CPUS.CSTA, MethodObj)
    External (\_SB.CPUS.CMAT, MethodObj)
    External (\_SB.CPUS.CEJC, MethodObj)
    External (\_SB.CPUS.COST, MethodObj)

    Device (\_SB.CPUS.CXXX)
    {
        Name (_HID, "ACPI0007")
        Name (_UID, 0xABCD)
        Method (_STA) { Return (CSTA (0xABCD)) }
        Method (_MAT) { Return (CMAT (0xABCD)) }
        Method (_EJ0, 1) { CEJC (0xABCD) }
        Method (_OST, 3) { COST (0xABCD, Arg0, Arg1) }
    }
}
