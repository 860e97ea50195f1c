/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of a machine that processors can be plugged into: the methods that know the register block
 * (hw/acpi/cpu_hotplug.c). The devices of the processors, and CTFY, which notifies one by number,
 * are appended at run time (cpu_ssdt.c).
 */
DefinitionBlock ("", "SSDT", 2, "SWYARD", "CPUPLUG ", 1)
{
    External (\_SB.CPUS.CTFY, MethodObj)

    Device (\_SB.CPUS)
    {
        Name (_HID, "ACPI0010")
        Name (_CID, EisaId ("PNP0A05"))
        OperationRegion (PRST, SystemIO, 0x0CD8, 0x0C)
        Field (PRST, ByteAcc, NoLock, WriteAsZeros)
        {
            Offset (4), CPEN, 1, CINS, 1, CRMV, 1, CEJT, 1,
            Offset (5), CCMD, 8
        }
        Field (PRST, DWordAcc, NoLock, Preserve)
        {
            CSEL, 32,
            Offset (8), CDAT, 32
        }
        Mutex (CPLK, 0)

        Method (CSTA, 1, Serialized)
        {
            Acquire (CPLK, 0xFFFF)
            CSEL = Arg0
            Local0 = Zero
            If (CPEN) { Local0 = 0x0F }
            Release (CPLK)
            Return (Local0)
        }
        Method (CEJC, 1, Serialized)
        {
            Acquire (CPLK, 0xFFFF)
            CSEL = Arg0
            CEJT = One
            Release (CPLK)
        }
        Method (COST, 3, Serialized)
        {
            Acquire (CPLK, 0xFFFF)
            CSEL = Arg0
            CCMD = 1
            CDAT = Arg1
            CCMD = 2
            CDAT = Arg2
            Release (CPLK)
        }
        /* A local APIC or x2APIC structure of the MADT (ACPI 5.2.12.2, 5.2.12.12). */
        Method (CMAT, 1, Serialized)
        {
            Acquire (CPLK, 0xFFFF)
            CSEL = Arg0
            CCMD = 3
            Local1 = CDAT
            Local2 = CPEN
            Release (CPLK)
            If (Local1 < 255)
            {
                Local0 = Buffer (8) { 0, 8 }
                Local0 [2] = Arg0
                Local0 [3] = Local1
                Local0 [4] = Local2
                Return (Local0)
            }
            Local3 = Buffer (16) { 9, 16 }
            CreateDWordField (Local3, 4, AID)
            CreateDWordField (Local3, 8, AFLG)
            CreateDWordField (Local3, 12, AUID)
            AID = Local1
            AFLG = Local2
            AUID = Arg0
            Return (Local3)
        }
        /* Notifies each processor that something happened to: device check, or eject request. */
        Method (CSCN, 0, Serialized)
        {
            Acquire (CPLK, 0xFFFF)
            Local1 = One
            While (Local1)
            {
                CCMD = Zero
                Local0 = CDAT
                Local1 = Zero
                If (CINS)
                {
                    CTFY (Local0, 1)
                    CINS = One
                    Local1 = One
                }
                ElseIf (CRMV)
                {
                    CTFY (Local0, 3)
                    CRMV = One
                    Local1 = One
                }
            }
            Release (CPLK)
        }
    }

    Scope (\_GPE)
    {
        Method (_E02) { \_SB.CPUS.CSCN () }
    }
}
