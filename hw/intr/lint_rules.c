/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of lint, in words. "SDM" is volume 3 of Intel's, "VT-d" revision 4.1 of its
 * specification, "HPET" revision 1.0a, "82093AA" the IOAPIC's data sheet. docs/lint.md is made from
 * this table by scripts/lint-rules.
 */
#include "hw/intr/lint.h"

const LintRow lint_rules[LINT_RULES] = {
    [LINT_EIME_WITHOUT_EIM] = {"eime-without-eim",
                               "IRTA was written with EIME, which the unit does not offer "
                               "(ECAP.EIM is 0): the table will be read in xAPIC format",
                               "VT-d 11.4.10.1", LINT_ERROR},
    [LINT_IRE_BEFORE_SIRTP] = {"ire-before-sirtp", "IRE was set before SIRTP ever latched a table",
                               "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_IRE_BEFORE_FLUSH] = {"ire-before-flush",
                               "IRE was set before the interrupt entry cache was flushed for the "
                               "table that SIRTP latched",
                               "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_IRTA_NOT_LATCHED] = {"irta-not-latched",
                               "IRE was set while IRTA names another table than SIRTP latched",
                               "VT-d 11.4.10.1", LINT_ERROR},
    [LINT_SIRTP_WITHOUT_FLUSH] = {"sirtp-without-flush",
                                  "SIRTP changed the table under IRE, and a request came before "
                                  "the interrupt entry cache was flushed",
                                  "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_TE_BEFORE_SRTP] = {"te-before-srtp", "TE was set before SRTP ever latched a root table",
                             "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_TE_BEFORE_FLUSH] = {"te-before-flush",
                              "TE was set after SRTP without a global invalidation",
                              "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_RTADDR_NOT_LATCHED] = {"rtaddr-not-latched",
                                 "TE was set while RTADDR names another table than SRTP latched",
                                 "VT-d 11.4.5", LINT_ERROR},
    [LINT_SRTP_WITHOUT_FLUSH] =
        {"srtp-without-flush",
         "SRTP changed the root table under TE, and DMA came before context "
         "cache and IOTLB were flushed",
         "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_TABLE_NOT_IN_MEMORY] = {"table-not-in-memory",
                                  "SIRTP latched a table that is not in memory as a whole",
                                  "VT-d 11.4.10.1", LINT_ERROR},
    [LINT_ROOT_NOT_IN_MEMORY] = {"root-not-in-memory",
                                 "SRTP latched a root table that is not in memory", "VT-d 11.4.5",
                                 LINT_ERROR},
    [LINT_QUEUE_NOT_IN_MEMORY] = {"queue-not-in-memory",
                                  "the invalidation queue is not in memory as a whole",
                                  "VT-d 6.5.2", LINT_ERROR},
    [LINT_GCMD_WHILE_PENDING] = {"gcmd-while-pending",
                                 "GCMD was written before the last command took effect: the write "
                                 "is lost",
                                 "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_GCMD_WITHOUT_STATUS] = {"gcmd-without-status",
                                  "GCMD was written though nobody had looked in GSTS whether the "
                                  "last command took effect",
                                  "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_GCMD_SEVERAL_BITS] = {"gcmd-several-bits", "one write of GCMD gave several commands",
                                "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_GCMD_ONESHOT_ECHOED] = {"gcmd-oneshot-echoed",
                                  "a one-shot bit of GCMD was given again beside another command, "
                                  "as if copied from GSTS",
                                  "VT-d 11.4.4.1", LINT_ERROR},
    [LINT_CFI_WITH_EIME] = {"cfi-with-eime",
                            "CFI was set in extended interrupt mode, which blocks compatibility "
                            "format all the same",
                            "VT-d 5.1.2.1", LINT_WARNING},
    [LINT_UNIT_ACCESS_SIZE] = {"unit-access-size",
                               "a unit's register was accessed otherwise than by aligned dwords or "
                               "qwords",
                               "VT-d 11.2", LINT_ERROR},
    [LINT_UNIT_RESERVED_REGISTER] = {"unit-reserved-register",
                                     "something was written where the unit has no register",
                                     "VT-d 11.4", LINT_WARNING},
    [LINT_UNIT_RESERVED_BITS] = {"unit-reserved-bits",
                                 "reserved bits of a unit's register were written with ones",
                                 "VT-d 11.3", LINT_WARNING},
    [LINT_UPPER_ADDRESS_WITHOUT_EIM] = {"upper-address-without-eim",
                                        "an event's upper address was written, which a unit "
                                        "without EIM has not: its message goes to an 8-bit id",
                                        "VT-d 11.4.7.5", LINT_ERROR},
    [LINT_EVENT_WITHOUT_ADDRESS] = {"event-without-address",
                                    "a unit's event was unmasked with an address that is no "
                                    "interrupt's",
                                    "VT-d 7.4", LINT_ERROR},
    [LINT_EVENT_VECTOR_LOW] = {"event-vector-low",
                               "a unit's event was unmasked with a vector below 16", "SDM 11.5.2",
                               LINT_ERROR},
    [LINT_EVENT_CHANGED_LIVE] = {"event-changed-live",
                                 "address or data of a unit's event were changed while it is not "
                                 "masked: it may be sent half old and half new",
                                 "VT-d 7.4", LINT_WARNING},
    [LINT_FAULTS_LEFT] = {"faults-left", "faults are lost since nobody clears PFO and the records",
                          "VT-d 7.2.1", LINT_WARNING},

    [LINT_IQA_WHILE_ON] = {"iqa-while-on", "IQA was written while the queue is on", "VT-d 11.4.9.3",
                           LINT_ERROR},
    [LINT_IQA_WIDE] = {"iqa-wide",
                       "IQA asked for 256-bit descriptors from a unit without scalable mode",
                       "VT-d 11.4.9.3", LINT_ERROR},
    [LINT_QIE_TAIL_NOT_ZERO] = {"qie-tail-not-zero",
                                "QIE was set while IQT is not 0: what the page held before is "
                                "carried out",
                                "VT-d 6.5.2", LINT_ERROR},
    [LINT_IQT_WHILE_OFF] = {"iqt-while-off", "IQT was moved while the queue is off", "VT-d 6.5.2",
                            LINT_WARNING},
    [LINT_IQT_WHILE_HALTED] = {"iqt-while-halted",
                               "IQT was moved while the queue stands still with an error that "
                               "nobody has cleared (IQE, ITE)",
                               "VT-d 6.5.2.10", LINT_WARNING},
    [LINT_TAIL_PAST_END] = {"tail-past-end", "IQT was moved past the end of the queue",
                            "VT-d 11.4.9.2", LINT_ERROR},
    [LINT_DESCRIPTOR_TYPE] = {"descriptor-type",
                              "a descriptor of a type that the unit does not have was queued",
                              "VT-d 6.5.2", LINT_ERROR},
    [LINT_DESCRIPTOR_RESERVED] = {"descriptor-reserved",
                                  "a descriptor with reserved bits or values was queued",
                                  "VT-d 6.5.2", LINT_ERROR},
    [LINT_WAIT_NOT_IN_MEMORY] = {"wait-not-in-memory",
                                 "a wait descriptor's status is to be written where no memory is",
                                 "VT-d 6.5.2.8", LINT_ERROR},
    [LINT_WAIT_WITHOUT_SIGNAL] = {"wait-without-signal",
                                  "a wait descriptor asks for no status, interrupt or fence: "
                                  "nobody can see that it is done",
                                  "VT-d 6.5.2.8", LINT_WARNING},
    [LINT_IWC_NOT_CLEARED] = {"iwc-not-cleared",
                              "a wait descriptor asks for an interrupt while ICS.IWC is still set "
                              "by the last one: there will be none",
                              "VT-d 6.5.2.9", LINT_ERROR},
    [LINT_IOTLB_ADDRESS_UNALIGNED] = {"iotlb-address-unaligned",
                                      "a page-selective invalidation's address is not aligned to "
                                      "its mask: other pages are invalidated than meant",
                                      "VT-d 6.5.2.3", LINT_ERROR},
    [LINT_IEC_INDEX_UNALIGNED] = {"iec-index-unaligned",
                                  "an index-selective invalidation's index is not aligned to its "
                                  "mask: other entries are invalidated than meant",
                                  "VT-d 6.5.2.7", LINT_ERROR},
    [LINT_REGISTER_INVALIDATION_WITH_QUEUE] = {"register-invalidation-with-queue",
                                               "a register asked for an invalidation while the "
                                               "queue is on: nothing was invalidated",
                                               "VT-d 6.5.1", LINT_ERROR},
    [LINT_GRANULARITY_ZERO] = {"granularity-zero",
                               "a register asked for an invalidation of reserved granularity: "
                               "nothing was invalidated",
                               "VT-d 6.5.1", LINT_ERROR},

    [LINT_COMPATIBILITY_FORMAT] =
        {"compatibility-format", "an interrupt in compatibility format came to a unit that remaps",
         "VT-d 5.1.2.1", LINT_WARNING},
    [LINT_REMAPPABLE_WHILE_OFF] = {"remappable-while-off",
                                   "an interrupt in remappable format came while remapping is off: "
                                   "its handle is taken for destination and vector",
                                   "VT-d 5.1.2.2", LINT_ERROR},
    [LINT_STALE_ENTRY_USED] =
        {"stale-entry-used",
         "an entry was changed and is used as it was, for no invalidation has "
         "covered it",
         "VT-d 6.4", LINT_ERROR},
    [LINT_CACHING_MODE_IGNORED] = {"caching-mode-ignored",
                                   "an entry was made present, and no invalidation has covered it "
                                   "though CAP.CM says that its absence may be cached",
                                   "VT-d 6.1", LINT_ERROR},
    [LINT_ENTRY_TORN] = {"entry-torn",
                         "an entry in use was changed by halves: an interrupt came between them",
                         "VT-d 5.1.4", LINT_ERROR},
    [LINT_ENTRY_FREED_IN_USE] = {"entry-freed-in-use",
                                 "an entry was freed while the device that used it still sends",
                                 "VT-d 5.1.4", LINT_ERROR},
    [LINT_SVT_ZERO] = {"svt-zero",
                       "an entry in use accepts every requester (SVT is 0): any device can send it",
                       "VT-d 9.9", LINT_WARNING},
    [LINT_IRTE_VECTOR_LOW] = {"irte-vector-low", "an entry in use has a vector below 16",
                              "SDM 11.5.2", LINT_ERROR},
    [LINT_IRTE_DEST_WIDE] = {"irte-dest-wide",
                             "an entry in use has a destination that does not fit bits 47:40, all "
                             "that there is in xAPIC mode",
                             "VT-d 9.9", LINT_ERROR},
    [LINT_IRTE_DEST_NOBODY] = {"irte-dest-nobody",
                               "an entry in use has a destination that no local APIC answers to",
                               "SDM 11.6.2", LINT_ERROR},
    [LINT_IRTE_TRIGGER_DIFFERS] = {"irte-trigger-differs",
                                   "an entry is level and the IOAPIC's pin that uses it edge: the "
                                   "EOI is broadcast to no pin",
                                   "VT-d 5.1.5.1", LINT_ERROR},
    [LINT_VECTOR_SHARED] = {"vector-shared",
                            "two entries in use have one vector of one destination", "SDM 11.8.4",
                            LINT_WARNING},
    [LINT_PID_UNALIGNED] = {"pid-unaligned",
                            "an entry in use names a posted-interrupt descriptor that is not "
                            "aligned to 64 bytes",
                            "VT-d 9.10", LINT_ERROR},
    [LINT_PID_ON_LEFT] = {"pid-on-left",
                          "a posted-interrupt descriptor has had ON set for a second: nobody "
                          "answers its notification",
                          "VT-d 5.2.3", LINT_WARNING},
    [LINT_PID_VECTOR_LOW] = {"pid-vector-low",
                             "a posted-interrupt descriptor has a notification vector below 16",
                             "VT-d 9.12", LINT_ERROR},
    [LINT_PID_NDST_FORM] = {"pid-ndst-form",
                            "a posted-interrupt descriptor has its destination in the other mode's "
                            "form",
                            "VT-d 9.12", LINT_ERROR},
    [LINT_STALE_MAPPING_USED] = {"stale-mapping-used",
                                 "DMA went by a mapping that the tables no longer have, for no "
                                 "invalidation has covered it",
                                 "VT-d 6.2", LINT_ERROR},
    [LINT_TABLE_NOT_FLUSHED] = {"table-not-flushed",
                                "a table's entry was used as it was before the last store to it: "
                                "its line is in a cache, which the unit does not snoop (ECAP.C)",
                                "VT-d 11.4.3", LINT_ERROR},
    [LINT_WRITE_BUFFER_NOT_FLUSHED] = {"write-buffer-not-flushed",
                                       "a table's entry was used as it was before the last store "
                                       "to it: that is in the write buffer (CAP.RWBF)",
                                       "VT-d 6.8", LINT_ERROR},

    [LINT_EOI_NOTHING_IN_SERVICE] = {"eoi-nothing-in-service",
                                     "EOI was written with no interrupt in service: had one "
                                     "come just then, it would be taken for ended",
                                     "SDM 11.8.5", LINT_WARNING},
    [LINT_EOI_NOT_ZERO] = {"eoi-not-zero", "EOI was written with something else than 0",
                           "SDM 11.8.5", LINT_ERROR},
    [LINT_LVT_VECTOR_LOW] = {"lvt-vector-low", "an LVT entry was unmasked with a vector below 16",
                             "SDM 11.5.2", LINT_ERROR},
    [LINT_LVT_VECTOR_SHARED] = {"lvt-vector-shared", "two unmasked LVT entries have one vector",
                                "SDM 11.8.4", LINT_WARNING},
    [LINT_LVT_DELIVERY_RESERVED] = {"lvt-delivery-reserved",
                                    "an LVT entry was unmasked with a reserved delivery mode",
                                    "SDM 11.5.1", LINT_ERROR},
    [LINT_LVT_UNMASK_DISABLED] = {"lvt-unmask-disabled",
                                  "an LVT entry was to be unmasked while the local APIC is "
                                  "disabled by software (SVR bit 8): it stays masked",
                                  "SDM 11.4.7.2", LINT_ERROR},
    [LINT_LINT1_LEVEL] = {"lint1-level",
                          "LINT1 was set to level-triggered, which only LINT0 can be", "SDM 11.5.1",
                          LINT_WARNING},
    [LINT_TIMER_MODE_RESERVED] = {"timer-mode-reserved", "the LVT timer was given a reserved mode",
                                  "SDM 11.5.1", LINT_ERROR},
    [LINT_TIMER_MODE_LIVE] = {"timer-mode-live",
                              "the LVT timer went into or out of TSC-deadline mode "
                              "while it ran and was not masked",
                              "SDM 11.5.4.1", LINT_WARNING},
    [LINT_DEADLINE_IN_OTHER_MODE] = {"deadline-in-other-mode",
                                     "IA32_TSC_DEADLINE was written in another timer mode: it "
                                     "is ignored",
                                     "SDM 11.5.4.1", LINT_ERROR},
    [LINT_COUNT_IN_DEADLINE_MODE] = {"count-in-deadline-mode",
                                     "the timer's initial count was written in TSC-deadline "
                                     "mode: it is ignored",
                                     "SDM 11.5.4.1", LINT_ERROR},
    [LINT_SVR_DISABLE_LIVE_LVT] = {"svr-disable-live-lvt",
                                   "the local APIC was disabled by software with an LVT "
                                   "entry not masked: enabling it again will not bring it "
                                   "back",
                                   "SDM 11.4.7.2", LINT_WARNING},
    [LINT_SPURIOUS_VECTOR_LOW] = {"spurious-vector-low",
                                  "the local APIC was enabled with a spurious vector below 16",
                                  "SDM 11.9", LINT_WARNING},
    [LINT_SPURIOUS_VECTOR_BITS] = {"spurious-vector-bits",
                                   "the spurious vector's bits 3:0 are not all ones, as "
                                   "older processors have them fixed",
                                   "SDM 11.9", LINT_WARNING},
    [LINT_DFR_MODEL] = {"dfr-model", "DFR was given a model that is neither flat nor cluster",
                        "SDM 11.6.2.2", LINT_ERROR},
    [LINT_APIC_ID_CHANGED] = {"apic-id-changed", "a local APIC was to get another id", "SDM 11.4.6",
                              LINT_WARNING},
    [LINT_APIC_ACCESS_SIZE] = {"apic-access-size",
                               "the local APIC's page was accessed otherwise than by "
                               "aligned dwords",
                               "SDM 11.4.1", LINT_ERROR},
    [LINT_APIC_RESERVED_REGISTER] = {"apic-reserved-register",
                                     "the local APIC's page was accessed where no register is",
                                     "SDM 11.4.1", LINT_ERROR},
    [LINT_APIC_READ_ONLY] = {"apic-read-only", "a read-only register of the local APIC was written",
                             "SDM 11.4.1", LINT_WARNING},
    [LINT_APIC_PAGE_IN_X2APIC] = {"apic-page-in-x2apic",
                                  "the local APIC's page was accessed in x2APIC mode, in "
                                  "which nobody answers there",
                                  "SDM 11.12.2", LINT_ERROR},
    [LINT_X2APIC_TRANSITION] = {"x2apic-transition",
                                "IA32_APIC_BASE was to change the mode by a way that "
                                "there is not (#GP)",
                                "SDM 11.12.5", LINT_ERROR},
    [LINT_APIC_BASE_RESERVED] = {"apic-base-reserved",
                                 "IA32_APIC_BASE was written with reserved bits (#GP)",
                                 "SDM 11.4.4", LINT_ERROR},
    [LINT_X2APIC_RESERVED_BITS] = {"x2apic-reserved-bits",
                                   "an x2APIC register was written with reserved bits (#GP)",
                                   "SDM 11.12.1.3", LINT_ERROR},
    [LINT_ICR_INVALID] = {"icr-invalid",
                          "ICR was written with a delivery mode that there is not, "
                          "or not with this shorthand",
                          "SDM 11.6.1", LINT_ERROR},
    [LINT_IPI_VECTOR_LOW] = {"ipi-vector-low", "an IPI was sent with a vector below 16",
                             "SDM 11.5.2", LINT_ERROR},
    [LINT_IPI_NOBODY] = {"ipi-nobody",
                         "an IPI was sent to a destination that no local APIC "
                         "answers to",
                         "SDM 11.6.2", LINT_WARNING},
    [LINT_IPI_LOWEST_PRIORITY] = {"ipi-lowest-priority",
                                  "an IPI was sent by lowest priority, which not every "
                                  "processor can",
                                  "SDM 11.6.1", LINT_WARNING},
    [LINT_SIPI_WITHOUT_INIT] = {"sipi-without-init",
                                "a processor got more than two start-up IPIs for each INIT",
                                "SDM 9.4.4", LINT_WARNING},

    [LINT_RTE_CHANGED_REMOTE_IRR] = {"rte-changed-remote-irr",
                                     "an IOAPIC entry was changed while its remote IRR is "
                                     "set: the EOI may no longer find it, and the line never "
                                     "fires again",
                                     "82093AA 3.2.4", LINT_ERROR},
    [LINT_RTE_HALVES_LIVE] = {"rte-halves-live",
                              "both halves of an IOAPIC entry were changed while it is "
                              "not masked: an interrupt between them is half old and "
                              "half new",
                              "82093AA 3.2.4", LINT_ERROR},
    [LINT_RTE_VECTOR_LOW] = {"rte-vector-low",
                             "an IOAPIC entry was unmasked with a vector below 16", "82093AA 3.2.4",
                             LINT_ERROR},
    [LINT_RTE_DELIVERY_RESERVED] = {"rte-delivery-reserved",
                                    "an IOAPIC entry was unmasked with a reserved delivery mode",
                                    "82093AA 3.2.4", LINT_ERROR},
    [LINT_RTE_LEVEL_NOT_FIXED] = {"rte-level-not-fixed",
                                  "an IOAPIC entry was unmasked level-triggered with a "
                                  "delivery mode that knows only edges",
                                  "82093AA 3.2.4", LINT_ERROR},
    [LINT_RTE_REMAPPABLE_BITS] = {"rte-remappable-bits",
                                  "an IOAPIC entry in remappable format was unmasked with "
                                  "a delivery mode, whose bits have to be 0",
                                  "VT-d 5.1.5.1", LINT_ERROR},
    [LINT_RTE_EDGE_ON_LEVEL_PIN] = {"rte-edge-on-level-pin",
                                    "a PCI interrupt came to a pin that is edge-triggered: of the "
                                    "devices that share its level only the first is heard",
                                    "PCI 3.0 2.2.6", LINT_ERROR},
    [LINT_RTE_POLARITY] = {"rte-polarity",
                           "a level-triggered pin was unmasked with the polarity "
                           "that its wire has not",
                           "82093AA 3.2.4", LINT_WARNING},
    [LINT_LEVEL_STORM] = {"level-storm",
                          "sixteen EOIs in a row found their pin still active: no "
                          "handler serves the device",
                          "82093AA 3.2.4", LINT_WARNING},
    [LINT_REMOTE_IRR_STUCK] = {"remote-irr-stuck",
                               "a level-triggered pin has waited for an EOI for a "
                               "second or more",
                               "82093AA 3.2.4", LINT_WARNING},
    [LINT_EOI_FOR_NO_PIN] = {"eoi-for-no-pin",
                             "an EOI had a vector that no pin waits for, and other "
                             "pins wait for theirs",
                             "VT-d 5.1.5.1", LINT_WARNING},
    [LINT_IOAPIC_INDEX] = {"ioapic-index", "the IOAPIC was accessed by an index that it has not",
                           "82093AA 3.2", LINT_WARNING},
    [LINT_IOAPIC_READ_ONLY] = {"ioapic-read-only", "a read-only register of the IOAPIC was written",
                               "82093AA 3.2", LINT_WARNING},
    [LINT_IOAPIC_EOI_REGISTER] = {"ioapic-eoi-register",
                                  "the EOI register was written of an IOAPIC that has none "
                                  "(version 11h)",
                                  "82093AA 3.1", LINT_ERROR},
    [LINT_IOAPIC_RESERVED_OFFSET] = {"ioapic-reserved-offset",
                                     "the IOAPIC was written where it has no register",
                                     "82093AA 3.1", LINT_WARNING},

    [LINT_MSI_HALVES_LIVE] = {"msi-halves-live",
                              "address and data of MSI were changed one after the "
                              "other while messages can go out",
                              "PCI 3.0 6.8.1", LINT_WARNING},
    [LINT_MSI_SENT_HALF_WRITTEN] = {"msi-sent-half-written",
                                    "MSI was sent between the changes of its address and its "
                                    "data: half old and half new",
                                    "PCI 3.0 6.8.1", LINT_ERROR},
    [LINT_MSIX_CHANGED_LIVE] = {"msix-changed-live",
                                "an MSI-X entry's address or data was changed while it "
                                "is not masked",
                                "PCI 3.0 6.8.2", LINT_ERROR},
    [LINT_MSIX_ACCESS_SIZE] = {"msix-access-size",
                               "an MSI-X table was written otherwise than by aligned "
                               "dwords or qwords",
                               "PCI 3.0 6.8.2", LINT_ERROR},
    [LINT_MSIX_ADDRESS_UNALIGNED] = {"msix-address-unaligned",
                                     "an MSI-X entry was given an address whose lowest two "
                                     "bits are not 0",
                                     "PCI 3.0 6.8.2.7", LINT_ERROR},
    [LINT_IMS_CHANGED_LIVE] = {"ims-changed-live",
                               "address or data of a message store's slot were changed while it "
                               "is not masked",
                               "Scalable IOV 1.1 IMS", LINT_ERROR},
    [LINT_MSI_ADDRESS_OUTSIDE] = {"msi-address-outside",
                                  "a message was enabled whose address is no interrupt's: "
                                  "it would overwrite memory",
                                  "SDM 11.11.1", LINT_ERROR},
    [LINT_MSI_VECTOR_LOW] = {"msi-vector-low", "a message was enabled with a vector below 16",
                             "SDM 11.5.2", LINT_ERROR},
    [LINT_MSI_TOO_MANY] = {"msi-too-many", "more MSI messages were enabled than the function has",
                           "PCI 3.0 6.8.1.3", LINT_ERROR},
    [LINT_MSI_DATA_BITS] = {"msi-data-bits",
                            "several MSI messages were enabled with data whose low "
                            "bits, which the function changes, are not 0",
                            "PCI 3.0 6.8.1.6", LINT_WARNING},
    [LINT_MSI_AND_MSIX] = {"msi-and-msix", "MSI and MSI-X were enabled at the same time",
                           "PCI 3.0 6.8", LINT_ERROR},
    [LINT_MSI_WITHOUT_MASTER] = {"msi-without-master",
                                 "a function that is no bus master has something to tell: "
                                 "its message is not sent",
                                 "PCI 3.0 6.2.2", LINT_ERROR},
    [LINT_MASTER_OFF_WITH_MSI] = {"master-off-with-msi",
                                  "bus mastering was switched off while messages are enabled",
                                  "PCI 3.0 6.2.2", LINT_WARNING},

    [LINT_HPET_FSB_WITHOUT_CAPABILITY] = {"hpet-fsb-without-capability",
                                          "a timer's messages were enabled, which it has not "
                                          "(Tn_FSB_INT_DEL_CAP is 0)",
                                          "HPET 2.3.8", LINT_ERROR},
    [LINT_HPET_FSB_ADDRESS] = {"hpet-fsb-address",
                               "a timer's messages were enabled with an address that is "
                               "no interrupt's",
                               "HPET 2.3.9.2.3", LINT_ERROR},
    [LINT_HPET_FSB_LEVEL] = {"hpet-fsb-level",
                             "a timer's messages were enabled level-triggered, which "
                             "they are not",
                             "HPET 2.3.8", LINT_WARNING},
    [LINT_HPET_NO_PERIOD] = {"hpet-no-period", "a periodic timer matched and has no period",
                             "HPET 2.3.9.2.2", LINT_ERROR},
    [LINT_HPET_ROUTE] = {"hpet-route",
                         "a timer was enabled for a pin that it cannot reach "
                         "(Tn_INT_ROUTE_CAP)",
                         "HPET 2.3.8", LINT_ERROR},
    [LINT_HPET_COUNTER_LIVE] = {"hpet-counter-live", "the main counter was written while it runs",
                                "HPET 2.3.7", LINT_ERROR},
    [LINT_HPET_ACCESS_SIZE] = {"hpet-access-size",
                               "the HPET was accessed otherwise than by aligned dwords "
                               "or qwords",
                               "HPET 2.3.1", LINT_ERROR},
    [LINT_HPET_RESERVED_REGISTER] = {"hpet-reserved-register",
                                     "the HPET was written where it has no register", "HPET 2.3.1",
                                     LINT_WARNING},

    [LINT_AMD_RING_MOVED_LIVE] = {"amd-ring-moved-live",
                                  "the base of the command buffer or of a log was written while "
                                  "the unit uses it: its pointers went back to 0",
                                  "IOMMU 3.4", LINT_ERROR},
    [LINT_AMD_POINTER_LIVE] = {"amd-pointer-live",
                               "the pointer of a ring that the unit moves was written while the "
                               "unit uses the ring",
                               "IOMMU 3.4", LINT_ERROR},
    [LINT_AMD_TAIL_PAST_END] = {"amd-tail-past-end",
                                "CmdBufTail was moved past the end of the command buffer",
                                "IOMMU 3.4", LINT_ERROR},
    [LINT_AMD_WAIT_WITHOUT_SIGNAL] = {"amd-wait-without-signal",
                                      "COMPLETION_WAIT asks for no store, interrupt or flush: "
                                      "nobody can see that it is done",
                                      "IOMMU 2.4.1", LINT_WARNING},
};
