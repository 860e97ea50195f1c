/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The endings of an attempt to interrupt, in words. "SDM" is volume 3 of Intel's, "VT-d" revision
 * 4.1 of its specification.
 */
#include "hw/core/intr_result.h"

const IntrResultRow intr_results[INTR_RESULTS] = {
    [INTR_DELIVERED] = {"delivered", "was set in IRR", "SDM 11.8.4", INTR_CLASS_DELIVERED},
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
                             INTR_CLASS_REFUSED},
    [INTR_APIC_SOFT_DISABLED] = {"apic-software-disabled",
                                 "was refused: the local APIC is disabled by software (SVR bit 8)",
                                 "SDM 11.4.7.2", INTR_CLASS_REFUSED},
    [INTR_APIC_DISABLED] = {"apic-disabled",
                            "was refused: the local APIC is disabled (IA32_APIC_BASE bit 11)",
                            "SDM 11.4.3", INTR_CLASS_REFUSED},
    [INTR_NO_APIC] = {"no-such-apic", "was refused: no local APIC has its destination",
                      "SDM 11.6.2", INTR_CLASS_REFUSED},
    [INTR_DEASSERTED] = {"deasserted", "asked for nothing: it is a level's de-assertion",
                         "SDM 11.6.1", INTR_CLASS_KEPT},
    [INTR_RESERVED_MODE] = {"reserved-mode", "was refused: its delivery mode is reserved",
                            "SDM 11.11.2", INTR_CLASS_MALFORMED},
    [INTR_NOT_A_REQUEST] = {"not-a-request",
                            "was dropped: its address is not in the interrupt range", "SDM 11.11.1",
                            INTR_CLASS_MALFORMED},

    [INTR_ICR_INVALID] = {"icr-invalid",
                          "was not sent: ICR has no such delivery mode with this shorthand",
                          "SDM 11.6.1", INTR_CLASS_KEPT},
    [INTR_LVT_MASKED] = {"lvt-masked", "was kept back: its local vector is masked", "SDM 11.5.1",
                         INTR_CLASS_KEPT},
    [INTR_REMOTE_IRR] = {"remote-irr",
                         "was kept back: the pin's last interrupt has had no EOI (remote IRR)",
                         "82093AA 3.2.4", INTR_CLASS_KEPT},

    [INTR_ORDINARY_WRITE] = {"ordinary-write",
                             "was a write to memory: its address is not in the interrupt range",
                             "VT-d 5.1.2", INTR_CLASS_MALFORMED},
    [INTR_WRITE_REFUSED] = {"write-refused",
                            "was a write that was refused: its address is not in the interrupt "
                            "range",
                            "VT-d 5.1.2", INTR_CLASS_BLOCKED},
    [INTR_NOT_ONE_DWORD] = {"not-one-dword",
                            "was refused: it is not one aligned dword in the interrupt range",
                            "VT-d 3.14", INTR_CLASS_BLOCKED},
    [INTR_WITH_PASID] = {"with-pasid",
                         "was refused: a request with PASID in the interrupt range is no interrupt",
                         "VT-d 3.14", INTR_CLASS_BLOCKED},

    [INTR_POSTED_NOTIFIED] = {"posted-notified", "was posted, and its notification sent",
                              "VT-d 5.2.3", INTR_CLASS_POSTED},
    [INTR_POSTED_OUTSTANDING] = {"posted-outstanding",
                                 "was posted; a notification is outstanding (ON)", "VT-d 5.2.3",
                                 INTR_CLASS_POSTED},
    [INTR_POSTED_SUPPRESSED] = {"posted-suppressed",
                                "was posted; the notification is suppressed (SN)", "VT-d 5.2.3",
                                INTR_CLASS_POSTED},

    [INTR_VTD_REQUEST_RESERVED] = {"request-reserved",
                                   "was blocked: reserved bits of the request are set (20h)",
                                   "VT-d 7.1.3 IR.1", INTR_CLASS_BLOCKED},
    [INTR_VTD_INDEX] = {"index-beyond-table",
                        "was blocked: its index is beyond the end of the table (21h)",
                        "VT-d 7.1.3 IR.2", INTR_CLASS_BLOCKED},
    [INTR_VTD_NOT_PRESENT] = {"entry-not-present", "was blocked: its entry is not present (22h)",
                              "VT-d 7.1.3 IR.3", INTR_CLASS_BLOCKED},
    [INTR_VTD_TABLE_ACCESS] = {"table-inaccessible",
                               "was blocked: its entry cannot be read from memory (23h)",
                               "VT-d 7.1.3 IR.4", INTR_CLASS_BLOCKED},
    [INTR_VTD_ENTRY_RESERVED] = {"entry-reserved",
                                 "was blocked: reserved fields of its entry are set (24h)",
                                 "VT-d 7.1.3 IR.5", INTR_CLASS_BLOCKED},
    [INTR_VTD_COMPATIBILITY] = {"compatibility-blocked",
                                "was blocked: compatibility format passes only with CFIS set and "
                                "EIME clear (25h)",
                                "VT-d 7.1.3 IR.6", INTR_CLASS_BLOCKED},
    [INTR_VTD_SOURCE] = {"source-refused", "was blocked: its entry is for another requester (26h)",
                         "VT-d 7.1.3 IR.7", INTR_CLASS_BLOCKED},
    [INTR_VTD_PID_ACCESS] = {"descriptor-inaccessible",
                             "was blocked: its posted-interrupt descriptor cannot be reached (27h)",
                             "VT-d 7.1.3 IR.8", INTR_CLASS_BLOCKED},
    [INTR_VTD_PID_RESERVED] = {"descriptor-reserved",
                               "was blocked: reserved fields of its posted-interrupt descriptor "
                               "are set (28h)",
                               "VT-d 7.1.3 IR.9", INTR_CLASS_BLOCKED},
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
