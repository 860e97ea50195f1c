/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weak definitions of what the program refers to and is not linked in yet, so that it can be run
 * and tested before the CPU and the remapping unit are there. A real definition takes the place of
 * each of these.
 */
#include "hw/i386/vtd.h"

__attribute__((weak)) VtdStats vtd_stats(Device *dev)
{
    return (VtdStats){0};
}
