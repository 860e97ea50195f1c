/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The endings of an attempt to interrupt, in words. "SDM" is volume 3 of Intel's, "VT-d" revision
 * 4.1 of its specification, "AMD-Vi" revision 3 of AMD's, "TLFS" revision 6.0b of Hyper-V's.
 */
#include "hw/core/intr_result.h"

const IntrResultRow intr_results[INTR_RESULTS] = {
    [INTR_DELIVERED] = {"delivered", "waits in IRR for its CPU", "SDM 11.8.4", INTR_CLASS_DELIVERED,
                        .open = true},
    [INTR_TAKEN_SMI] = {"smi", "was taken as an SMI", "SDM 11.11.2", INTR_CLASS_DELIVERED},
    [INTR_TAKEN_NMI] = {"nmi", "was taken as an NMI", "SDM 11.11.2", INTR_CLASS_DELIVERED},
    [INTR_TAKEN_INIT] = {"init", "was taken as an INIT", "SDM 11.11.2", INTR_CLASS_DELIVERED},
    [INTR_TAKEN_SIPI] = {"sipi", "was taken as a start-up IPI", "SDM 11.6.1", INTR_CLASS_DELIVERED},
    [INTR_TAKEN_EXTINT] = {"extint", "was taken as an ExtINT: the i8259 names the vector",
                           "SDM 11.11.2", INTR_CLASS_DELIVERED},
    [INTR_MERGED] = {"merged", "became one with a request of the same vector that waits in IRR",
                     "SDM 11.8.4", INTR_CLASS_MERGED},

    [INTR_VECTOR_ILLEGAL] = {"vector-illegal",
                             "was refused: vectors below 16 are illegal (ESR bit 6)", "SDM 11.5.3",
                             INTR_CLASS_REFUSED, .lost = true,
                             .remedy = "vectors from 16 on can be taken"},
    [INTR_APIC_SOFT_DISABLED] = {"apic-software-disabled",
                                 "was refused: the local APIC is disabled by software (SVR bit 8)",
                                 "SDM 11.4.7.2", INTR_CLASS_REFUSED, .lost = true,
                                 .remedy = "SVR bit 8 enables it; reset and INIT clear that"},
    [INTR_APIC_DISABLED] = {"apic-disabled",
                            "was refused: the local APIC is disabled (IA32_APIC_BASE bit 11)",
                            "SDM 11.4.3", INTR_CLASS_REFUSED, .lost = true,
                            .remedy = "IA32_APIC_BASE bit 11 enables it"},
    [INTR_CPU_ABSENT] = {"cpu-absent", "was lost: the processor that it names is not plugged in",
                         "ACPI 8.4", INTR_CLASS_REFUSED, .lost = true,
                         .remedy = "interrupts have to be moved away before a processor is taken "
                                   "out; info hotpluggable-cpus lists the empty places"},
    [INTR_NO_APIC] = {"no-such-apic", "was refused: no local APIC has its destination",
                      "SDM 11.6.2", INTR_CLASS_REFUSED, .lost = true,
                      .remedy = "ids are in info lapic; with more than 8 bits they need remapping "
                                "in x2APIC mode (EIME)"},
    [INTR_DEASSERTED] = {"deasserted", "asked for nothing: it is a level's de-assertion",
                         "SDM 11.6.1", INTR_CLASS_KEPT},
    [INTR_RESERVED_MODE] = {"reserved-mode", "was refused: its delivery mode is reserved",
                            "SDM 11.11.2", INTR_CLASS_MALFORMED, .lost = true,
                            .remedy = "delivery modes are 0, 1, 2, 4, 5 and 7"},
    [INTR_NOT_A_REQUEST] = {"not-a-request",
                            "was dropped: its address is not in the interrupt range", "SDM 11.11.1",
                            INTR_CLASS_MALFORMED, .lost = true,
                            .remedy = "interrupt requests go to FEExxxxxh"},

    [INTR_ICR_INVALID] = {"icr-invalid",
                          "was not sent: ICR has no such delivery mode with this shorthand",
                          "SDM 11.6.1", INTR_CLASS_KEPT, .lost = true,
                          .remedy = "table 11-3 of the SDM lists what can be sent"},
    [INTR_LVT_MASKED] = {"lvt-masked", "was kept back: its local vector is masked", "SDM 11.5.1",
                         INTR_CLASS_KEPT},
    [INTR_REMOTE_IRR] = {"remote-irr", "waits: the last one has had no EOI (remote IRR)",
                         "82093AA 3.2.4", INTR_CLASS_KEPT, .open = true,
                         .remedy = "an EOI of its vector (with the vector that the entry has now) "
                                   "or an entry in edge mode lets it go"},
    [INTR_PIN_MASKED] = {"pin-masked", "waits: the pin's entry is masked", "82093AA 3.2.4",
                         INTR_CLASS_KEPT, .open = true,
                         .remedy = "clearing the mask bit of the entry lets it go"},
    [INTR_PIN_PAUSED] = {"pin-paused",
                         "waits a little: one EOI after the other found the pin still active",
                         "82093AA 3.2.4", INTR_CLASS_KEPT, .open = true},
    [INTR_PIN_STUCK] = {"pin-stuck",
                        "was kept back for good: its pin never sends again, since its entry was "
                        "rewritten while remote IRR was set (stuck-remote-irr=on)",
                        "82093AA 3.2.4", INTR_CLASS_KEPT, .lost = true,
                        .remedy = "an entry is to be rewritten only when remote IRR is clear"},
    [INTR_PIC_MASKED] = {"imr-masked", "waits: its bit of the i8259's IMR is set, or the cascade's",
                         "8259A, Interrupt Masks", INTR_CLASS_KEPT, .open = true,
                         .remedy = "clearing the bit (OCW1) lets it go, if its line stays up"},
    [INTR_PIC_HELD] = {"pic-held",
                       "waits: one of its priority or a higher one comes first at the i8259, in "
                       "service or asking",
                       "8259A, Fully Nested Mode", INTR_CLASS_KEPT, .open = true,
                       .remedy = "an EOI of what is in service (OCW2) lets it go; one from the "
                                 "slave needs an EOI at the master, too"},
    [INTR_PIC_REQUESTED] =
        {"pic-requested", "waits at the i8259 until a CPU acknowledges it (INTA)",
         "8259A, Interrupt Sequence", INTR_CLASS_KEPT, .open = true,
         .remedy = "the CPU takes it with RFLAGS.IF set, if its LINT0 is in ExtINT mode and not "
                   "masked, or its local APIC is disabled"},
    [INTR_HPET_DISABLED] = {"hpet-timer-disabled",
                            "was kept back: the timer's interrupt is disabled (Tn_INT_ENB_CNF)",
                            "HPET 2.3.8", INTR_CLASS_KEPT},
    [INTR_MSI_DISABLED] = {"msi-disabled", "was kept back: MSI is disabled", "PCI 3.0 6.8.1.3",
                           INTR_CLASS_KEPT},
    [INTR_MSIX_DISABLED] = {"msix-disabled", "was kept back: MSI-X is disabled", "PCI 3.0 6.8.2.3",
                            INTR_CLASS_KEPT},
    [INTR_NO_VECTOR] = {"no-vector", "was not sent: no MSI-X vector is assigned to it",
                        "PCI 3.0 6.8.2", INTR_CLASS_KEPT, .lost = true,
                        .remedy = "the driver has to assign one"},
    [INTR_FUNCTION_MASKED] = {"function-masked",
                              "waits in its pending bit: MSI-X of the whole function is masked",
                              "PCI 3.0 6.8.2.3", INTR_CLASS_KEPT, .open = true,
                              .remedy = "clearing bit 14 of MSI-X message control lets it go"},
    [INTR_VECTOR_MASKED] = {"vector-masked", "waits in its pending bit: the vector is masked",
                            "PCI 3.0 6.8.3.4", INTR_CLASS_KEPT, .open = true,
                            .remedy = "clearing the vector's mask bit lets it go"},
    [INTR_NO_SLOT] = {"no-slot",
                      "was not sent: its slot of the message store is free, or there is none",
                      "Scalable IOV 1.1 IMS", INTR_CLASS_KEPT, .lost = true,
                      .remedy = "the driver has to write an address into the slot"},
    [INTR_SLOT_MASKED] = {"slot-masked",
                          "waits in its pending bit: its slot of the message store is masked",
                          "Scalable IOV 1.1 IMS", INTR_CLASS_KEPT, .open = true,
                          .remedy = "clearing the slot's mask bit lets it go, and of a slot in "
                                    "memory, telling the device so"},
    [INTR_SLOT_UNREADABLE] = {"slot-unreadable",
                              "was dropped: its slot in memory could not be read",
                              "Scalable IOV 1.1 IMS", INTR_CLASS_KEPT, .lost = true,
                              .remedy = "slots have to be mapped for the device as long as it may "
                                        "interrupt"},
    [INTR_HANDLE_UNKNOWN] = {"handle-unknown",
                             "was not sent: its descriptor names an interrupt handle that "
                             "the device has not given out",
                             "DSA 1.0 interrupt handles", INTR_CLASS_KEPT, .lost = true,
                             .remedy = "the driver has to request one, for the table (MSI-X or "
                                       "message store) that its portal stands for"},
    [INTR_HANDLE_REVOKED] = {"handle-revoked",
                             "was not sent: its descriptor names an interrupt handle that "
                             "was revoked",
                             "DSA 1.0 interrupt handles", INTR_CLASS_KEPT, .lost = true,
                             .remedy = "the driver has to request another one when INTCAUSE says "
                                       "so, and to submit the descriptor again"},
    [INTR_NOT_PERMITTED] = {"not-permitted",
                            "was not sent: the entry of its handle, in MSIXPERM or in the "
                            "message store, is for descriptors of another PASID",
                            "DSA 1.0 MSIXPERM", INTR_CLASS_KEPT, .lost = true,
                            .remedy = "PASID enable in the entry has to be as in the work queue, "
                                      "or its bit 2 has to be set"},
    [INTR_HUB_MASKED] = {"hub-masked",
                         "was not sent: the mask bit of the hub's register is set; the event alone "
                         "is noted",
                         "Linux uv_mmrs.h", INTR_CLASS_KEPT, .lost = true,
                         .remedy =
                             "bit 16 of RTC1_INT_CONFIG is to be clear when the clock comes to "
                             "INT_CMPB"},
    [INTR_MASTER_OFF] = {"bus-master-off", "was dropped: the function is no bus master",
                         "PCI 3.0 6.2.2", INTR_CLASS_KEPT, .lost = true,
                         .remedy = "bit 2 of the command register makes it one"},
    [INTR_BRIDGE_OFF] = {"bridge-master-off", "was dropped: a bridge above it does not pass it on",
                         "PCI-to-PCI bridge 1.2 3.2.5.3", INTR_CLASS_KEPT, .lost = true,
                         .remedy = "bit 2 of the bridge's command register lets it pass"},
    [INTR_EVENT_MASKED] = {"event-masked", "waits in the unit's IP bit: the event is masked (IM)",
                           "VT-d 7.4", INTR_CLASS_KEPT, .open = true,
                           .remedy = "clearing IM lets it go"},
    [INTR_SYNIC_OFF] = {"synic-disabled",
                        "was kept back: the processor's SynIC, or its page for that, is disabled",
                        "TLFS 11.8.3", INTR_CLASS_KEPT, .lost = true,
                        .remedy = "bit 0 of SCONTROL, and of SIMP or SIEFP, enables it"},
    [INTR_SINT_MASKED] = {"sint-masked", "was kept back: its synthetic interrupt source is masked",
                          "TLFS 11.8.4", INTR_CLASS_KEPT, .lost = true,
                          .remedy = "bit 16 of the SINT register is to be clear"},
    [INTR_SINT_POLLED] = {"sint-polled",
                          "told what it had to tell without an interrupt: its source is polled",
                          "TLFS 11.8.4", INTR_CLASS_KEPT},
    [INTR_MESSAGE_SLOT_FULL] = {"message-slot-full",
                                "waits: the source's message slot has a message in it",
                                "TLFS 11.8.1", INTR_CLASS_KEPT, .open = true,
                                .remedy = "clearing the message's type and writing EOM lets it go"},

    [INTR_ORDINARY_WRITE] = {"ordinary-write",
                             "was a write to memory: its address is not in the interrupt range",
                             "VT-d 5.1.2", INTR_CLASS_MALFORMED, .lost = true,
                             .remedy = "the message address has to be FEExxxxxh"},
    [INTR_WRITE_REFUSED] = {"write-refused",
                            "was a write that was refused: its address is not in the interrupt "
                            "range",
                            "VT-d 5.1.2", INTR_CLASS_BLOCKED, .lost = true},
    [INTR_NOT_ONE_DWORD] = {"not-one-dword",
                            "was refused: it is not one aligned dword in the interrupt range",
                            "VT-d 3.14", INTR_CLASS_BLOCKED, .lost = true},
    [INTR_WITH_PASID] = {"with-pasid",
                         "was refused: a request with PASID in the interrupt range is no interrupt",
                         "VT-d 3.14", INTR_CLASS_BLOCKED, .lost = true},

    [INTR_POSTED_NOTIFIED] = {"posted-notified", "was posted, and its notification sent",
                              "VT-d 5.2.3", INTR_CLASS_POSTED},
    [INTR_POSTED_OUTSTANDING] = {"posted-outstanding",
                                 "was posted; a notification is outstanding (ON)", "VT-d 5.2.3",
                                 INTR_CLASS_POSTED},
    [INTR_POSTED_SUPPRESSED] = {"posted-suppressed",
                                "was posted; the notification is suppressed (SN)", "VT-d 5.2.3",
                                INTR_CLASS_POSTED},

    [INTR_ON_ITS_WAY] = {"on-its-way", "has had no answer yet", "SDM 11.1", INTR_CLASS_KEPT,
                         .open = true},
    [INTR_TAKEN] = {"in-service", "was taken by its CPU, which has written no EOI yet",
                    "SDM 11.8.4", INTR_CLASS_DELIVERED, .open = true},
    [INTR_ENDED] = {"ended", "was taken by its CPU and ended by EOI", "SDM 11.8.5",
                    INTR_CLASS_DELIVERED},
    [INTR_CPU_REMOVED] = {"cpu-removed",
                          "was lost with its processor, which was taken out before it was done",
                          "ACPI 8.4", INTR_CLASS_REFUSED, .lost = true,
                          .remedy = "a processor's interrupts are to be done or moved away before "
                                    "it is let go"},
    [INTR_APIC_RESET] = {"apic-reset",
                         "was forgotten: its local APIC was reset, or its CPU got an INIT",
                         "SDM 11.4.7.1", INTR_CLASS_REFUSED,
                         .remedy = "its source has to be moved to another CPU first, and IRR "
                                   "looked at for what came meanwhile"},
    [INTR_EDGE_MASKED] = {"edge-masked", "went by: an edge on a pin whose entry is masked",
                          "82093AA 3.2.4", INTR_CLASS_KEPT,
                          .remedy = "an edge is not kept: the device has to raise its line again "
                                    "after the mask is cleared"},
    [INTR_LINE_FELL] = {"line-fell", "was taken back: its line fell while it waited",
                        "82093AA 3.2.4", INTR_CLASS_KEPT},
    [INTR_PIC_SPURIOUS] = {"pic-spurious",
                           "was taken back too late: the acknowledge found no request and got "
                           "input 7 of its i8259, without an ISR bit (spurious)",
                           "8259A, Edge and Level Triggered Modes", INTR_CLASS_KEPT,
                           .remedy = "a request has to stay until its acknowledge; a handler of "
                                     "IRQ 7 or 15 finds the ISR bit clear and writes no EOI, "
                                     "but the master's for 15"},
    [INTR_PIC_SET_UP] = {"pic-set-up",
                         "was forgotten: the i8259 was initialised anew (ICW1), or its input is "
                         "no level now (ELCR)",
                         "8259A, Initialization Command Words", INTR_CLASS_KEPT},
    [INTR_MERGED_WAITING] = {"merged-waiting", "became one with a request that waits there already",
                             "PCI 3.0 6.8.3.4", INTR_CLASS_MERGED},
    [INTR_EVENT_SETTLED] = {"event-settled",
                            "was taken back: software dealt with its cause while it waited",
                            "VT-d 7.3", INTR_CLASS_KEPT},
    [INTR_DEVICE_RESET] = {"device-reset", "was forgotten: its device was reset while it waited",
                           "PCI 3.0 6.8.3.4", INTR_CLASS_KEPT},

    [INTR_SLOT_FREED] = {"slot-freed", "was dropped: its slot was freed while it waited",
                         "Scalable IOV 1.1 IMS", INTR_CLASS_KEPT},
    [INTR_VTD_REQUEST_RESERVED] = {"request-reserved",
                                   "was blocked: reserved bits of the request are set (20h)",
                                   "VT-d 7.1.3 IR.1", INTR_CLASS_BLOCKED, .lost = true,
                                   .remedy = "bits 31:16 of the data are to be 0 with SHV set"},
    [INTR_VTD_INDEX] =
        {"index-beyond-table",
         "was blocked: its index is beyond the end of the table, or of host addresses (21h)",
         "VT-d 7.1.3 IR.2", INTR_CLASS_BLOCKED, .lost = true,
         .remedy = "IRTA says how many entries there are, and where"},
    [INTR_VTD_NOT_PRESENT] = {"entry-not-present", "was blocked: its entry is not present (22h)",
                              "VT-d 7.1.3 IR.3", INTR_CLASS_BLOCKED, .lost = true,
                              .remedy = "the entry has to be present before the device sends, and "
                                        "invalidated if it was used before"},
    [INTR_VTD_TABLE_ACCESS] = {"table-inaccessible",
                               "was blocked: its entry cannot be read from memory (23h)",
                               "VT-d 7.1.3 IR.4", INTR_CLASS_BLOCKED, .lost = true,
                               .remedy = "IRTA has to name memory"},
    [INTR_VTD_ENTRY_RESERVED] =
        {"entry-reserved", "was blocked: reserved fields of its entry are set (24h)",
         "VT-d 7.1.3 IR.5", INTR_CLASS_BLOCKED, .lost = true,
         .remedy = "reserved fields are to be 0, and the mode one that IRTA.EIME and ECAP allow"},
    [INTR_VTD_COMPATIBILITY] = {"compatibility-blocked",
                                "was blocked: compatibility format passes only with CFIS set and "
                                "EIME clear (25h)",
                                "VT-d 7.1.3 IR.6", INTR_CLASS_BLOCKED, .lost = true,
                                .remedy =
                                    "the message has to be in remappable format (address bit 4)"},
    [INTR_VTD_SOURCE] =
        {"source-refused", "was blocked: its entry is for another requester (26h)",
         "VT-d 7.1.3 IR.7", INTR_CLASS_BLOCKED, .lost = true,
         .remedy = "the entry's SID, SQ and SVT have to allow the requester that the unit sees"},
    [INTR_VTD_PID_ACCESS] = {"descriptor-inaccessible",
                             "was blocked: its posted-interrupt descriptor cannot be reached (27h)",
                             "VT-d 7.1.3 IR.8", INTR_CLASS_BLOCKED, .lost = true,
                             .remedy = "the entry's PDA has to name memory"},
    [INTR_VTD_PID_RESERVED] = {"descriptor-reserved",
                               "was blocked: reserved fields of its posted-interrupt descriptor "
                               "are set (28h)",
                               "VT-d 7.1.3 IR.9", INTR_CLASS_BLOCKED, .lost = true},

    [INTR_AMDVI_DTE_ILLEGAL] =
        {"dte-illegal",
         "was blocked: its device table entry is beyond the table, or reserved fields of it are "
         "set "
         "(ILLEGAL_DEV_TABLE_ENTRY)",
         "AMD-Vi 2.5.2", INTR_CLASS_BLOCKED, .lost = true,
         .remedy = "the device table has to reach as far as requester ids do; IntCtl 3 and "
                   "IntTabLen above 11 are reserved"},
    [INTR_AMDVI_DTE_UNREADABLE] = {"dte-inaccessible",
                                   "was blocked: its device table entry cannot be read from memory "
                                   "(DEV_TAB_HARDWARE_ERROR)",
                                   "AMD-Vi 2.5.4", INTR_CLASS_BLOCKED, .lost = true,
                                   .remedy = "DevTabBase has to name memory"},
    [INTR_AMDVI_ABORTED] = {"intctl-abort",
                            "was blocked: its device table entry aborts fixed and arbitrated "
                            "interrupts (IntCtl 0, INVALID_DEVICE_REQUEST)",
                            "AMD-Vi 2.2.5.1", INTR_CLASS_BLOCKED, .lost = true,
                            .remedy = "IntCtl is 1 to forward and 2 to remap; a change has to be "
                                      "invalidated (INVALIDATE_DEVTAB_ENTRY)"},
    [INTR_AMDVI_NOT_PASSED] = {"pass-bit-clear",
                               "was blocked: the bit of its device table entry that lets its kind "
                               "pass is clear (INVALID_DEVICE_REQUEST)",
                               "AMD-Vi 2.2.5.1", INTR_CLASS_BLOCKED, .lost = true,
                               .remedy = "INITPass, EIntPass and NMIPass let these pass, SysMgt 1 "
                                         "an SMI"},
    [INTR_AMDVI_RESERVED_KIND] = {"reserved-kind",
                                  "was blocked: its delivery mode is reserved "
                                  "(INVALID_DEVICE_REQUEST)",
                                  "AMD-Vi 2.5.9", INTR_CLASS_BLOCKED, .lost = true,
                                  .remedy =
                                      "bits 10:8 of the data tell it; an index of 512 or more "
                                      "needs NumIntRemapMode"},
    [INTR_AMDVI_INDEX] =
        {"index-beyond-inttablen",
         "was blocked: its index is beyond the end of its device's interrupt table "
         "(IO_PAGE_FAULT)",
         "AMD-Vi 2.2.5.2", INTR_CLASS_BLOCKED, .lost = true,
         .remedy = "IntTabLen of the device table entry says how many entries "
                   "there are"},
    [INTR_AMDVI_NOT_MAPPED] = {"remapen-clear",
                               "was blocked: its entry is not enabled (RemapEn, IO_PAGE_FAULT)",
                               "AMD-Vi 2.2.5.2", INTR_CLASS_BLOCKED, .lost = true,
                               .remedy = "the entry has to be enabled before the device sends"},
    [INTR_AMDVI_IRTE_RESERVED] = {"irte-reserved",
                                  "was blocked: reserved fields of its entry are set "
                                  "(IO_PAGE_FAULT with RZ)",
                                  "AMD-Vi 2.2.5.2", INTR_CLASS_BLOCKED, .lost = true,
                                  .remedy = "reserved fields are to be 0, and the form that of "
                                            "GAEn and XTEn"},
    [INTR_AMDVI_IRTE_UNREADABLE] = {"irte-inaccessible",
                                    "was blocked: its entry cannot be read from memory "
                                    "(PAGE_TAB_HARDWARE_ERROR)",
                                    "AMD-Vi 2.5.5", INTR_CLASS_BLOCKED, .lost = true,
                                    .remedy = "the device table entry's table has to be in "
                                              "memory"},
    [INTR_AMDVI_VAPIC_UNREADABLE] = {"vapic-inaccessible",
                                     "was blocked: the virtual APIC's page that its entry names "
                                     "cannot be reached (PAGE_TAB_HARDWARE_ERROR)",
                                     "AMD-Vi 2.2.8", INTR_CLASS_BLOCKED, .lost = true,
                                     .remedy = "the entry's page has to be in memory"},
    [INTR_AMDVI_VAPIC_DOORBELL] = {"vapic-doorbell",
                                   "was posted to a virtual APIC whose guest runs, by a doorbell "
                                   "that no processor here hears",
                                   "AMD-Vi 2.2.8", INTR_CLASS_POSTED},
    [INTR_AMDVI_VAPIC_LOGGED] =
        {"vapic-logged", "was posted to a virtual APIC whose guest does not run, and logged",
         "AMD-Vi 2.2.8", INTR_CLASS_POSTED},
    [INTR_AMDVI_VAPIC_POSTED] = {"vapic-posted",
                                 "was posted to a virtual APIC whose guest does not run, and not "
                                 "logged (GALogIntr, GALogRun)",
                                 "AMD-Vi 2.2.8", INTR_CLASS_POSTED},
    [INTR_HV_NOT_MAPPED] = {"hv-not-mapped", "was blocked: no device interrupt is mapped there",
                            "HvCallMapDeviceInterrupt", INTR_CLASS_BLOCKED, .lost = true,
                            .remedy = "the root partition has to map it, and to give the device "
                                      "the entry that it gets"},
    [INTR_HV_OTHER_DEVICE] = {"hv-other-device",
                              "was blocked: what is mapped there is another device id's",
                              "HvCallMapDeviceInterrupt", INTR_CLASS_BLOCKED, .lost = true,
                              .remedy = "the device id of the call has to be that of the "
                                        "requester, or a bridge's range of buses that it is in"},
    [INTR_VMD_TABLE_OFF] =
        {"vmd-msix-disabled",
         "was dropped: the VMD above it remaps, and that one's MSI-X is disabled", "VMD VMCONFIG.1",
         INTR_CLASS_KEPT, .lost = true,
         .remedy = "MSI-X of the VMD has to be enabled before messages are sent "
                   "behind it, or VMCONFIG bit 1 (bypass) to be set"},
    [INTR_VMD_NO_ENTRY] = {"vmd-no-entry",
                           "was dropped: the VMD above it remaps, and its MSI-X table has no such "
                           "entry",
                           "VMD VMCONFIG.1", INTR_CLASS_KEPT, .lost = true,
                           .remedy = "bits 19:12 of the address have to be the number of an entry "
                                     "of the VMD; messages pass as they are only with bypass on "
                                     "(VMCONFIG bit 1)"},
};

const char *intr_class_name(IntrClass cls)
{
    static const char *const names[INTR_CLASSES] = {
        [INTR_CLASS_DELIVERED] = "delivered", [INTR_CLASS_MERGED] = "merged",
        [INTR_CLASS_POSTED] = "posted",       [INTR_CLASS_KEPT] = "kept",
        [INTR_CLASS_REFUSED] = "refused",     [INTR_CLASS_BLOCKED] = "blocked",
        [INTR_CLASS_MALFORMED] = "malformed",
    };

    return names[cls];
}
