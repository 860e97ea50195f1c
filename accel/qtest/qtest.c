/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -accel qtest: no CPUs. A test program drives the machine through the qtest server and plays the
 * CPUs itself; the clock moves only when it says so.
 */
#include "machine/accel.h"

const AccelOps qtest_accel = {
    .name = "qtest",
    .desc = "no CPUs; a test program drives the machine",
    .has_cpus = false,
};
