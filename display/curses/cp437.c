/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code page 437, the characters that a VGA's own font has (Unicode's MAPPINGS/VENDORS/MICSFT/PC/
 * CP437.TXT, and IBM's graphic characters for the first 32). */
#include <assert.h>
#include <wchar.h>

#include "display/curses/internal.h"

static const wchar_t low[] = L" ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";
static const wchar_t high[] = L"⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»"
                              L"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
                              L"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";

static_assert(sizeof(low) / sizeof(low[0]) == 32 + 1, "32 characters");
static_assert(sizeof(high) / sizeof(high[0]) == 129 + 1, "129 characters");

wchar_t curses_character(uint8_t c)
{
    return c < 32 ? low[c] : c < 127 ? (wchar_t)c : high[c - 127];
}
