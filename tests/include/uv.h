/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A UV4 hub's local registers that interrupt, as Linux names them. */
#ifndef TESTS_UV_H
#define TESTS_UV_H

#define UV_LOCAL_MMR_BASE        0xfa000000ull
#define UV_NODE_ID               0x00000
#define UV_INT_CMPB              0x22080
#define UV_IPI_INT               0x60500
#define UV_RTC1_INT_CONFIG       0x615c0
#define UV_EVENT_OCCURRED2       0x70100
#define UV_EVENT_OCCURRED2_ALIAS 0x70108
#define UV_RTC                   0xe0000

#define UV4_PART_NUMBER 0x99a1
#define UV_IPI_SEND     (1ull << 63)
#define UV_ENTRY_MASK   (1ull << 16)
#define UV_ENTRY_STATUS (1ull << 12)
#define UV_EVENT_RTC_1  (1ull << 19)

#endif
