/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keysyms and the keys that a US keyboard has for them (display/typing.h). */
#include <string.h>

#include "display/typing.h"

#define KEYSYM_UNICODE 0x01000000u

/* Both characters of a key, without and with shift. */
static const struct {
    const char *both, *name;
} characters[] = {
    {"`~", "grave_accent"},
    {"1!", "1"},
    {"2@", "2"},
    {"3#", "3"},
    {"4$", "4"},
    {"5%", "5"},
    {"6^", "6"},
    {"7&", "7"},
    {"8*", "8"},
    {"9(", "9"},
    {"0)", "0"},
    {"-_", "minus"},
    {"=+", "equal"},
    {"[{", "bracket_left"},
    {"]}", "bracket_right"},
    {"\\|", "backslash"},
    {";:", "semicolon"},
    {"'\"", "apostrophe"},
    {",<", "comma"},
    {".>", "dot"},
    {"/?", "slash"},
};

static const struct {
    uint32_t keysym;
    const char *name;
} named[] = {
    {0x20, "spc"},           {0xfe20, "tab"}, /* ISO_Left_Tab, what X makes of shift and Tab */
    {0xfe03, "alt_r"},       {0xff08, "backspace"},   {0xff09, "tab"},
    {0xff0d, "ret"},         {0xff13, "pause"},       {0xff14, "scroll_lock"},
    {0xff15, "sysrq"},       {0xff1b, "esc"},         {0xff50, "home"},
    {0xff51, "left"},        {0xff52, "up"},          {0xff53, "right"},
    {0xff54, "down"},        {0xff55, "pgup"},        {0xff56, "pgdn"},
    {0xff57, "end"},         {0xff61, "print"},       {0xff63, "insert"},
    {0xff67, "menu"},        {0xff6b, "pause"}, /* Break, with control */
    {0xff7e, "alt_r"},                          /* Mode_switch */
    {0xff7f, "num_lock"},    {0xff8d, "kp_enter"},    {0xff95, "kp_7"},
    {0xff96, "kp_4"},        {0xff97, "kp_8"},        {0xff98, "kp_6"},
    {0xff99, "kp_2"},        {0xff9a, "kp_9"},        {0xff9b, "kp_3"},
    {0xff9c, "kp_1"},        {0xff9d, "kp_5"},        {0xff9e, "kp_0"},
    {0xff9f, "kp_decimal"},  {0xffaa, "kp_multiply"}, {0xffab, "kp_add"},
    {0xffac, "kp_decimal"}, /* KP_Separator */
    {0xffad, "kp_subtract"}, {0xffae, "kp_decimal"},  {0xffaf, "kp_divide"},
    {0xffb0, "kp_0"},        {0xffb1, "kp_1"},        {0xffb2, "kp_2"},
    {0xffb3, "kp_3"},        {0xffb4, "kp_4"},        {0xffb5, "kp_5"},
    {0xffb6, "kp_6"},        {0xffb7, "kp_7"},        {0xffb8, "kp_8"},
    {0xffb9, "kp_9"},        {0xffbe, "f1"},          {0xffbf, "f2"},
    {0xffc0, "f3"},          {0xffc1, "f4"},          {0xffc2, "f5"},
    {0xffc3, "f6"},          {0xffc4, "f7"},          {0xffc5, "f8"},
    {0xffc6, "f9"},          {0xffc7, "f10"},         {0xffc8, "f11"},
    {0xffc9, "f12"},         {0xffe1, "shift"},       {0xffe2, "shift_r"},
    {0xffe3, "ctrl"},        {0xffe4, "ctrl_r"},      {0xffe5, "caps_lock"},
    {0xffe7, "meta_l"},      {0xffe8, "meta_r"},      {0xffe9, "alt"},
    {0xffea, "alt_r"},       {0xffeb, "meta_l"}, /* Super */
    {0xffec, "meta_r"},      {0xffff, "delete"},
};

static const Key *letter_find(uint32_t keysym, KeysymShift *shift)
{
    const char name[] = {g_ascii_tolower((char)keysym), '\0'};
    *shift = g_ascii_isupper((char)keysym) ? SHIFT_CAPITAL : SHIFT_LETTER;
    return key_find(name);
}

static const Key *character_find(uint32_t keysym, KeysymShift *shift)
{
    for (size_t i = 0; i < G_N_ELEMENTS(characters); i++) {
        const char *at = strchr(characters[i].both, (int)keysym);
        if (at) {
            *shift = at == characters[i].both ? SHIFT_UP : SHIFT_DOWN;
            return key_find(characters[i].name);
        }
    }
    return NULL;
}

const Key *keysym_find(uint32_t keysym, KeysymShift *shift)
{
    keysym = keysym > KEYSYM_UNICODE ? keysym - KEYSYM_UNICODE : keysym;
    *shift = SHIFT_ANY;
    if (keysym > 0x20 && keysym < 0x7f) {
        return g_ascii_isalpha((char)keysym) ? letter_find(keysym, shift)
                                             : character_find(keysym, shift);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        if (named[i].keysym == keysym) {
            return key_find(named[i].name);
        }
    }
    return NULL;
}
