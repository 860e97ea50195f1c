/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: fault reasons and primary fault logging (7.1.3, 7.2.1). */
#ifndef HW_I386_IOMMU_VTD_FAULT_H
#define HW_I386_IOMMU_VTD_FAULT_H

#include "hw/core/state.h"
#include "hw/i386/iommu/vtd/event.h"

/* Fault reasons (7.1.3): the value of FRCD.FR. */
typedef enum {
    VTD_OK = 0,
    VTD_FR_ROOT_NOT_PRESENT = 0x01,     /* LRT.2 */
    VTD_FR_CONTEXT_NOT_PRESENT = 0x02,  /* LCT.2 */
    VTD_FR_CONTEXT_INVALID = 0x03,      /* LCT.4: TT or AW not supported */
    VTD_FR_ADDRESS_TOO_WIDE = 0x04,     /* LGN.1 */
    VTD_FR_NO_WRITE = 0x05,             /* LGN.2 */
    VTD_FR_NO_READ = 0x06,              /* LGN.3 */
    VTD_FR_PAGE_TABLE_ACCESS = 0x07,    /* LSS.1 */
    VTD_FR_ROOT_ACCESS = 0x08,          /* LRT.1 */
    VTD_FR_CONTEXT_ACCESS = 0x09,       /* LCT.1 */
    VTD_FR_ROOT_RESERVED = 0x0a,        /* LRT.3 */
    VTD_FR_CONTEXT_RESERVED = 0x0b,     /* LCT.3 */
    VTD_FR_PAGE_TABLE_RESERVED = 0x0c,  /* LSS.2 */
    VTD_FR_TRANSLATION_BLOCKED = 0x0d,  /* LCT.5: TT does not allow ATS */
    VTD_FR_INTERRUPT_RANGE = 0x0e,      /* LGN.4 */
    VTD_FR_IR_REQUEST_RESERVED = 0x20,  /* IR.1 */
    VTD_FR_IR_INDEX = 0x21,             /* IR.2 */
    VTD_FR_IR_NOT_PRESENT = 0x22,       /* IR.3 */
    VTD_FR_IR_TABLE_ACCESS = 0x23,      /* IR.4 */
    VTD_FR_IR_ENTRY_RESERVED = 0x24,    /* IR.5 */
    VTD_FR_IR_COMPATIBILITY = 0x25,     /* IR.6 */
    VTD_FR_IR_SOURCE = 0x26,            /* IR.7 */
    VTD_FR_PID_ACCESS = 0x27,           /* IR.8 */
    VTD_FR_PID_RESERVED = 0x28,         /* IR.9 */
    VTD_FR_PASID_IN_LEGACY_MODE = 0x31, /* RTA.2 */
} VtdFaultReason;

/* FRCD type: T1 in bit 1, T2 in bit 0 (11.4.7.9). */
typedef enum { VTD_WRITE = 0, VTD_READ = 2 } VtdAccess;

/* FRCD.AT (11.4.7.9), PCI Express' address type. */
typedef enum {
    VTD_AT_UNTRANSLATED = 0,
    VTD_AT_TRANSLATION = 1,
    VTD_AT_TRANSLATED = 2
} VtdAddressType;

typedef struct {
    uint16_t source_id;
    VtdFaultReason reason;
    VtdAccess access;
    VtdAddressType at;
    uint64_t info; /* page address, or interrupt index << 48 */
    bool has_pasid;
    uint32_t pasid;
} VtdFault;

typedef struct {
    RegFile *regs;
    VtdEvents *events;
    Trace *trace;
    uint32_t at;      /* offset of record 0 */
    uint16_t records; /* how many there are */
    uint16_t next;
    uint16_t lost;  /* since PFO was set */
    uint64_t count; /* faults since power-on, recorded or lost to overflow */
} VtdFaultLog;
extern const StateField vtd_fault_state[];

void vtd_fault_init(VtdFaultLog *log, RegFile *regs, VtdEvents *events, Trace *trace,
                    uint16_t records, uint32_t at);
void vtd_fault_reset(VtdFaultLog *log);
void vtd_fault_record(VtdFaultLog *log, const VtdFault *fault);
/* Sets FSTS bits and raises the fault event if there was no condition before. */
void vtd_fault_status(VtdFaultLog *log, uint32_t bits);
/* After software cleared FSTS or FRCD bits. */
void vtd_fault_cleared(VtdFaultLog *log);

#endif
