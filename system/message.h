/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program says on stderr, a line at a time. All of it is said by g_printerr(); private to
 * system/.
 */
#ifndef SYSTEM_MESSAGE_H
#define SYSTEM_MESSAGE_H

#include <stdbool.h>

/* From now on, as it is or with the time before each line (-msg timestamp=on). */
void message_init(bool times);

#endif
