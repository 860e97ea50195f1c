/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Image locks (block/lock.h), by open file description (fcntl(2), F_OFD_SETLK). Each kind of
 * use has two bytes: one is locked, shared, by those who use the image so; the other by those who
 * bear no such use beside them. Whoever takes one looks whether the other is locked.
 */
#include "block/lock.h"

#include <errno.h>
#include <fcntl.h>

#include "base/optlist.h"

enum { USES = 100, REFUSES = 200 };
enum { READING = 0, WRITING = 1 };

static struct flock at(short type, off_t byte)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

static bool take(int fd, off_t byte)
{
    struct flock lock = at(F_RDLCK, byte);
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool taken_by_another(int fd, off_t byte)
{
    struct flock lock = at(F_WRLCK, byte);
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool refused(GError **error, const char *file, const char *what)
{
    g_set_error(error, OPT_ERROR, 0,
                "Failed to get %s lock: another process uses '%s'; end it, or let all open it "
                "with readonly=on, share-rw=on (device) or file.locking=off (drive)",
                what, file);
    return false;
}

bool block_lock(int fd, const char *file, const BlockLock *lock, GError **error)
{
    bool taken = take(fd, USES + READING) && (!lock->writes || take(fd, USES + WRITING)) &&
                 (lock->shares_writes || take(fd, REFUSES + WRITING));
    if (!taken && errno != EAGAIN && errno != EACCES) {
        if (lock->required) {
            g_set_error(error, OPT_ERROR, 0, "file.locking=on: '%s' cannot be locked: %s", file,
                        g_strerror(errno));
        }
        return !lock->required;
    }
    if (taken_by_another(fd, REFUSES + READING)) {
        return refused(error, file, "\"consistent read\"");
    }
    if (!taken || (lock->writes && taken_by_another(fd, REFUSES + WRITING))) {
        return refused(error, file, "\"write\"");
    }
    if (!lock->shares_writes && taken_by_another(fd, USES + WRITING)) {
        return refused(error, file, "shared \"write\"");
    }
    return true;
}
