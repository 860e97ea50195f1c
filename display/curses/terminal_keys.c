/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys as a terminal sends them, to keysyms. */
#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include "display/curses/internal.h"

#define KEYSYM_SHIFT 0xffe1u
#define KEYSYM_CTRL  0xffe3u

static const struct {
    int key;
    CursesStroke stroke;
} strokes[] = {
    {KEY_BACKSPACE, {0, 0xff08}},
    {127, {0, 0xff08}},
    {'\b', {0, 0xff08}},
    {'\t', {0, 0xff09}},
    {KEY_BTAB, {KEYSYM_SHIFT, 0xff09}},
    {'\r', {0, 0xff0d}},
    {'\n', {0, 0xff0d}},
    {KEY_ENTER, {0, 0xff0d}},
    {27, {0, 0xff1b}},
    {KEY_HOME, {0, 0xff50}},
    {KEY_LEFT, {0, 0xff51}},
    {KEY_UP, {0, 0xff52}},
    {KEY_RIGHT, {0, 0xff53}},
    {KEY_DOWN, {0, 0xff54}},
    {KEY_PPAGE, {0, 0xff55}},
    {KEY_NPAGE, {0, 0xff56}},
    {KEY_END, {0, 0xff57}},
    {KEY_IC, {0, 0xff63}},
    {KEY_DC, {0, 0xffff}},
    {KEY_SLEFT, {KEYSYM_SHIFT, 0xff51}},
    {KEY_SR, {KEYSYM_SHIFT, 0xff52}},
    {KEY_SRIGHT, {KEYSYM_SHIFT, 0xff53}},
    {KEY_SF, {KEYSYM_SHIFT, 0xff54}},
    {0, {KEYSYM_CTRL, ' '}},
    {28, {KEYSYM_CTRL, '\\'}},
    {29, {KEYSYM_CTRL, ']'}},
    {30, {KEYSYM_CTRL, '6'}},
    {31, {KEYSYM_CTRL, '-'}},
};

bool curses_stroke(int key, CursesStroke *stroke)
{
    for (size_t i = 0; i < G_N_ELEMENTS(strokes); i++) {
        if (strokes[i].key == key) {
            *stroke = strokes[i].stroke;
            return true;
        }
    }
    if (key >= KEY_F(1) && key <= KEY_F(12)) {
        *stroke = (CursesStroke){0, 0xffbeu + (unsigned)(key - KEY_F(1))};
        return true;
    }
    if (key >= 1 && key <= 26) {
        *stroke = (CursesStroke){KEYSYM_CTRL, 'a' + (unsigned)key - 1};
        return true;
    }
    *stroke = (CursesStroke){0, (uint32_t)key};
    return key > ' ' - 1 && key < 127;
}
