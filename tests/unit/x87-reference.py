#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""x87's transcendental functions of many operands, rounded rightly in each direction: C rows.

Everything is computed with rational numbers that are exact, or far more precise than 64 bits, from
the functions' series; nothing is shared with the code that is tested.
"""
import random
from fractions import Fraction

BIAS = 16383
MIN_EXPONENT = -16382
PI_66 = Fraction(0xc90fdaa22168c234c, 1 << 66)  # SDM vol. 1, 8.3.8
EXTRA = 300  # bits below what counts


def exponent_of(value):
    """The power of two at or below |value|."""
    n = abs(value.numerator).bit_length() - value.denominator.bit_length()
    return n if abs(value) >= Fraction(2) ** n else n - 1


def number(x):
    """(exponent with sign, mantissa) as a fraction."""
    exponent = max(x[0] & 0x7fff, 1) - BIAS - 63
    value = Fraction(x[1]) * Fraction(2) ** exponent
    return -value if x[0] & 0x8000 else value


def rounded(value, mode):
    """To an x87 register: exponent with sign, mantissa; mode: nearest, down, up, zero."""
    sign = 0x8000 if value < 0 else 0
    size = abs(value)
    place = max(exponent_of(size), MIN_EXPONENT) - 63
    scaled = size / Fraction(2) ** place
    whole = scaled.numerator // scaled.denominator
    rest = scaled - whole
    away = {0: rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole & 1),
            1: rest and sign, 2: rest and not sign, 3: False}[mode]
    whole += 1 if away else 0
    if whole >> 64:
        whole >>= 1
        place += 1
    biased = place + 63 + BIAS if whole >> 63 else 0
    if biased > 0x7ffe:
        infinite = mode == 0 or mode == (1 if sign else 2)
        return (sign | 0x7fff, 1 << 63) if infinite else (sign | 0x7ffe, (1 << 64) - 1)
    return sign | biased, whole


def series(first, step, bits):
    """first + first * step(1) + first * step(1) * step(2) ..., in units of 2^-bits."""
    total, term, n = 0, first, 1
    while term:
        total += term
        term = step(term, n)
        n += 1
    return total


def fixed(value, bits):
    return (value.numerator << bits) // value.denominator


def precision(x):
    """Enough to see the second and third power of x beside x."""
    return EXTRA + 3 * max(0, -exponent_of(x))


def ln2(bits):
    total, power, n = 0, (1 << bits) // 3, 1
    while power:
        total += power // n
        power //= 9
        n += 2
    return 2 * total


def log_of_ratio(t, bits):
    """ln((1 + t) / (1 - t)), as a fraction."""
    power = fixed(t, bits)
    square = fixed(t * t, bits)
    total, n = 0, 1
    while power not in (0, -1):
        total += power // n
        power = power * square >> bits
        n += 2
    return Fraction(2 * total, 1 << bits)


def exp2m1(x):
    bits = precision(x)
    y = fixed(x, bits) * ln2(bits) >> bits
    return Fraction(series(y, lambda t, n: (t * y >> bits) // (n + 1) if abs(t) > 1 else 0, bits),
                    1 << bits)


def log2p1(x):
    """log2(1 + x)."""
    bits = precision(x)
    k = exponent_of(1 + x)
    t = x / (2 + x) if abs(x) < Fraction(1, 4) else \
        ((1 + x) / Fraction(2) ** k - 1) / ((1 + x) / Fraction(2) ** k + 1)
    k = 0 if abs(x) < Fraction(1, 4) else k
    return k + log_of_ratio(t, bits) / Fraction(ln2(bits), 1 << bits)


def log2(x):
    return Fraction(exponent_of(x)) if x == Fraction(2) ** exponent_of(x) else log2p1(x - 1)


def sin_of(r):
    bits = precision(r)
    x, square = fixed(r, bits), fixed(r * r, bits)
    return Fraction(series(x, lambda t, n: -(t * square >> bits) // (2 * n * (2 * n + 1))
                           if abs(t) > 1 else 0, bits), 1 << bits)


def cos_of(r):
    bits = precision(r)
    square = fixed(r * r, bits)
    return Fraction(series(1 << bits, lambda t, n: -(t * square >> bits) // (2 * n * (2 * n - 1))
                           if abs(t) > 1 else 0, bits), 1 << bits)


def turned(x, by):
    """sin(x + by * pi / 2), with the processor's pi."""
    n = round(x / (PI_66 / 2))
    r = x - n * (PI_66 / 2)
    n = (n + by) & 3
    return (1, 1, -1, -1)[n] * (cos_of(r) if n & 1 else sin_of(r))


def atan_of(t):
    """By Euler's series, which converges for every t."""
    bits = precision(t)
    ratio = t * t / (1 + t * t)
    first, step = fixed(t / (1 + t * t), bits), fixed(ratio, bits)
    return Fraction(series(first, lambda v, n: (v * step >> bits) * 2 * n // (2 * n + 1)
                           if abs(v) > 1 else 0, bits), 1 << bits)


PI = 16 * atan_of(Fraction(1, 5)) - 4 * atan_of(Fraction(1, 239))


def atan2(y, x):
    if abs(y) > abs(x):
        angle = PI / 2 - atan_of(abs(x / y))
    else:
        angle = atan_of(abs(y / x))
    angle = PI - angle if x < 0 else angle
    return -angle if y < 0 else angle


FUNCTIONS = {
    "F2XM1": lambda x, y: exp2m1(x),
    "FYL2X": lambda x, y: y * log2(x),
    "FYL2XP1": lambda x, y: y * log2p1(x),
    "FSIN": lambda x, y: turned(x, 0),
    "FCOS": lambda x, y: turned(x, 1),
    "FPTAN": lambda x, y: turned(x, 0) / turned(x, 1),
    "FPATAN": lambda x, y: atan2(y, x),
}
TWO = ("FYL2X", "FYL2XP1", "FPATAN")
# Exponents of the operands, without bias.
RANGES = {"F2XM1": (-80, -1), "FYL2X": (-60, 60), "FYL2XP1": (-90, -3), "FSIN": (-50, 62),
          "FCOS": (-50, 62), "FPTAN": (-50, 62), "FPATAN": (-40, 40)}
NEGATIVE_X = ("F2XM1", "FYL2XP1", "FSIN", "FCOS", "FPTAN", "FPATAN")
RANDOM = 48

ONE = (BIAS, 1 << 63)
PI_64 = 0xc90fdaa22168c235
EDGES = {
    "F2XM1": [(BIAS - 1, 1 << 63), (BIAS - 1, (1 << 64) - 1), (0x8000 | BIAS - 1, (1 << 64) - 1),
              (BIAS - 70, 1 << 63), (1, 1 << 63), (0, 5), (0x8000, 5), (0, (1 << 63) - 1)],
    "FYL2X": [(BIAS, (1 << 63) + 1), (BIAS - 1, (1 << 64) - 1), (0, 1), (0x7ffe, (1 << 64) - 1),
              (BIAS, 0xb504f333f9de6484), (BIAS, 0xb504f333f9de6485), (BIAS + 1, 1 << 63)],
    "FYL2XP1": [(BIAS - 64, 1 << 63), (1, 1 << 63), (0, 3), (BIAS - 3, (1 << 64) - 1),
                (BIAS - 2, 0x95f619980c4336f7), (0x8000 | BIAS - 2, 0x95f619980c4336f7)],
    "FSIN": [(BIAS + 1, PI_64), (BIAS, PI_64), (BIAS - 1, PI_64), (BIAS - 1, PI_64 - 1), (0, 5),
             (BIAS + 62, (1 << 64) - 1), (BIAS + 62, 1 << 63), (1, 1 << 63), (BIAS - 34, 1 << 63),
             (BIAS + 5, PI_64), (BIAS + 60, PI_64)],
    "FPATAN": [ONE, (0, 1), (0x7ffe, (1 << 64) - 1), (0x8000 | BIAS, 1 << 63),
               (BIAS - 2, 1 << 63), (BIAS - 1, 0xc000000000000000)],
}
EDGES["FCOS"] = EDGES["FPTAN"] = EDGES["FSIN"]
SECOND = [ONE, (0x8000 | BIAS + 3, 0xc123456789abcdef), (0x7ffe, (1 << 64) - 1), (2, 1 << 63)]


def operands(name, rng):
    low, high = RANGES[name]
    for x in EDGES[name]:
        for y in SECOND if name in TWO else [ONE]:
            yield x, y
    for _ in range(RANDOM):
        sign = 0x8000 if name in NEGATIVE_X and rng.getrandbits(1) else 0
        x = sign | BIAS + low + rng.getrandbits(16) % (high - low + 1), rng.getrandbits(63) | 1 << 63
        y = (rng.getrandbits(1) << 15 | BIAS - 30 + rng.getrandbits(6), rng.getrandbits(63) | 1 << 63)
        yield x, y if name in TWO else ONE


def c_value(v):
    return "{0x%016xu, 0x%04x}" % (v[1], v[0])


def main():
    rng = random.Random(87)
    for name, function in FUNCTIONS.items():
        for x, y in operands(name, rng):
            exact = function(number(x), number(y))
            print("{ZYDIS_MNEMONIC_%s, %s, %s, {%s}}," % (
                name, c_value(x), c_value(y),
                ", ".join(c_value(rounded(exact, mode)) for mode in range(4))))


main()
