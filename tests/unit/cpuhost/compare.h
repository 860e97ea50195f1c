/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Differences of two outcomes, as lines of text. */
#ifndef TESTS_UNIT_CPUHOST_COMPARE_H
#define TESTS_UNIT_CPUHOST_COMPARE_H

#include "tests/unit/cpuhost/cpuhost.h"

extern const char *const compare_gpr_names[16];

/* Up to 8 bytes of an image. */
uint64_t compare_field(const uint8_t *bytes, unsigned offset, unsigned size);
/* Appends a line for each difference. */
void compare_outcomes(GString *diff, const Sequence *seq, const Outcome *theirs,
                      const uint8_t their_data[DATA_SIZE], const Outcome *ours,
                      const uint8_t our_data[DATA_SIZE]);

#endif
