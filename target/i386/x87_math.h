/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of x87's transcendental instructions, of finite operands that are not zero, with a
 * relative error far below half a unit of a 64-bit significand.
 */
#ifndef TARGET_I386_X87_MATH_H
#define TARGET_I386_X87_MATH_H

#include "target/i386/x87_real.h"

/* 2^x - 1; |x| <= 1. */
Real real_exp2m1(Real x);
/* log2(x), x > 0; zero for 1. */
Real real_log2(Real x);
/* log2(x + 1), x > -1. */
Real real_log2p1(Real x);
/* |x| < 2^63. By SDM vol. 1, 8.3.8, pi has 66 bits where arguments are reduced. */
Real real_sin(Real x);
Real real_cos(Real x);
Real real_tan(Real x);
/* The angle of the point (x, y); one of the two may be zero. */
Real real_atan2(Real y, Real x);
/* n * pi / 4. */
Real real_pi_quarters(uint32_t n);

#endif
