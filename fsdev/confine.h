/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's process keeps to the shared folder. Private to fsdev/. */
#ifndef FSDEV_CONFINE_H
#define FSDEV_CONFINE_H

/* From here on this process has no new privileges, and opens, makes and removes files in `folder`
 * (a descriptor) and below only, where the host's kernel can see to that. */
void fsdev_confine(int folder);

#endif
