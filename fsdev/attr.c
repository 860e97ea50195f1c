/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owner, mode and kind of files (fsdev/server.h). With FSDEV_MAPPED they are in attributes of the
 * host's file, each four bytes or, of a device's number, eight, little-endian: user.virtfs.uid,
 * .gid, .mode and .rdev; links and special files are plain files then.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fsdev/server.h"

#define ATTR_BASIC 0x7ffu /* all but the time of birth, generation and version of the data */

/* What setattr is to change. */
enum {
    SET_MODE = 1,
    SET_UID = 2,
    SET_GID = 4,
    SET_SIZE = 8,
    SET_ATIME = 0x10,
    SET_MTIME = 0x20,
    SET_ATIME_TO = 0x80,
    SET_MTIME_TO = 0x100
};

static bool mapped_get(const char *path, const char *name, uint32_t *value)
{
    uint32_t raw;
    if (getxattr(path, name, &raw, sizeof(raw)) != sizeof(raw)) {
        return false;
    }
    *value = le32toh(raw);
    return true;
}

static int mapped_set(const char *path, const char *name, uint32_t value)
{
    uint32_t raw = htole32(value);
    return setxattr(path, name, &raw, sizeof(raw), 0) == 0 ? 0 : errno;
}

static void stat_as_mapped(const char *path, struct stat *st)
{
    uint32_t value;
    uint64_t rdev;
    if (mapped_get(path, "user.virtfs.uid", &value)) {
        st->st_uid = value;
    }
    if (mapped_get(path, "user.virtfs.gid", &value)) {
        st->st_gid = value;
    }
    if (mapped_get(path, "user.virtfs.mode", &value)) {
        st->st_mode = value;
    }
    if (getxattr(path, "user.virtfs.rdev", &rdev, sizeof(rdev)) == sizeof(rdev)) {
        st->st_rdev = le64toh(rdev);
    }
}

int p9_stat(const P9Server *server, int fd, struct stat *st)
{
    if (fstatat(fd, "", st, AT_EMPTY_PATH) != 0) {
        return errno;
    }
    bool kept = S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
    if (server->security == FSDEV_MAPPED && kept) {
        stat_as_mapped(p9_path_of(fd).text, st);
    }
    return 0;
}

static int become_mapped(int fd, mode_t mode, uint32_t uid, uint32_t gid, dev_t rdev)
{
    P9Path path = p9_path_of(fd);
    uint64_t raw = htole64(rdev);
    int why = mapped_set(path.text, "user.virtfs.uid", uid);
    why = why ? why : mapped_set(path.text, "user.virtfs.gid", gid);
    why = why ? why : mapped_set(path.text, "user.virtfs.mode", mode);
    if (why == 0 && rdev && setxattr(path.text, "user.virtfs.rdev", &raw, sizeof(raw), 0) != 0) {
        why = errno;
    }
    return why;
}

int p9_become(const P9Server *server, int fd, mode_t mode, uint32_t uid, uint32_t gid, dev_t rdev)
{
    if (server->security == FSDEV_MAPPED) {
        return become_mapped(fd, mode, uid, gid, rdev);
    }
    bool owned = fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0;
    if (!owned && server->security == FSDEV_PASSTHROUGH) {
        return errno;
    }
    /* A change of owner takes set-user-ID away. */
    if (!S_ISLNK(mode) && chmod(p9_path_of(fd).text, mode & 07777) != 0) {
        return errno;
    }
    return 0;
}

int p9_getattr(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    struct stat st;
    int why = p9_fid_find(server, (uint32_t)p9_get(in, 4), &fid);
    p9_get(in, 8); /* what is asked for: these cost nothing */
    why = why ? why : p9_stat(server, fid->path, &st);
    if (why) {
        return why;
    }
    P9Qid qid = p9_qid_of(&st);
    p9_put(out, ATTR_BASIC, 8);
    p9_put_qid(out, &qid);
    p9_put(out, st.st_mode, 4);
    p9_put(out, st.st_uid, 4);
    p9_put(out, st.st_gid, 4);
    const uint64_t numbers[] = {st.st_nlink, st.st_rdev, (uint64_t)st.st_size,
                                (uint64_t)st.st_blksize, (uint64_t)st.st_blocks};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        p9_put(out, numbers[i], 8);
    }
    const struct timespec times[] = {st.st_atim, st.st_mtim, st.st_ctim, {0}};
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        p9_put(out, (uint64_t)times[i].tv_sec, 8);
        p9_put(out, (uint64_t)times[i].tv_nsec, 8);
    }
    p9_put(out, 0, 8); /* generation */
    p9_put(out, 0, 8); /* version of the data */
    return 0;
}

typedef struct {
    uint32_t valid, mode, uid, gid;
    uint64_t size;
    struct timespec times[2];
} P9Changes;

static P9Changes read_changes(P9In *in)
{
    P9Changes c = {.valid = (uint32_t)p9_get(in, 4)};
    c.mode = (uint32_t)p9_get(in, 4);
    c.uid = (uint32_t)p9_get(in, 4);
    c.gid = (uint32_t)p9_get(in, 4);
    c.size = p9_get(in, 8);
    for (int i = 0; i < 2; i++) {
        c.times[i].tv_sec = (time_t)p9_get(in, 8);
        c.times[i].tv_nsec = (long)p9_get(in, 8);
    }
    return c;
}

static int set_mode(const P9Server *server, int fd, const char *path, uint32_t mode)
{
    struct stat st;
    int why = p9_stat(server, fd, &st);
    if (why == 0 && server->security == FSDEV_MAPPED) {
        return mapped_set(path, "user.virtfs.mode", (st.st_mode & S_IFMT) | (mode & 07777));
    }
    return why ? why : chmod(path, mode & 07777) == 0 ? 0 : errno;
}

static int set_owner(const P9Server *server, int fd, const char *path, const P9Changes *c)
{
    uid_t uid = c->valid & SET_UID ? c->uid : (uid_t)-1;
    gid_t gid = c->valid & SET_GID ? c->gid : (gid_t)-1;
    int why = 0;
    if (server->security != FSDEV_MAPPED) {
        bool owned = fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0;
        return owned || server->security == FSDEV_NONE ? 0 : errno;
    }
    if (c->valid & SET_UID) {
        why = mapped_set(path, "user.virtfs.uid", uid);
    }
    if (why == 0 && c->valid & SET_GID) {
        why = mapped_set(path, "user.virtfs.gid", gid);
    }
    return why;
}

static int set_times(const char *path, const P9Changes *c)
{
    static const uint32_t any[] = {SET_ATIME, SET_MTIME}, to[] = {SET_ATIME_TO, SET_MTIME_TO};
    struct timespec times[2];
    for (int i = 0; i < 2; i++) {
        times[i] = c->times[i];
        if (!(c->valid & any[i])) {
            times[i].tv_nsec = UTIME_OMIT;
        } else if (!(c->valid & to[i])) {
            times[i].tv_nsec = UTIME_NOW;
        } else if (times[i].tv_nsec < 0 || times[i].tv_nsec >= 1000000000) {
            return EINVAL;
        }
    }
    return utimensat(AT_FDCWD, path, times, 0) == 0 ? 0 : errno;
}

int p9_setattr(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    int why = p9_fid_find(server, (uint32_t)p9_get(in, 4), &fid);
    P9Changes c = read_changes(in);
    if (why || in->bad) {
        return why ? why : EINVAL;
    }
    P9Path path = p9_fid_path(fid);
    if (c.valid & (SET_UID | SET_GID)) {
        why = set_owner(server, fid->path, path.text, &c);
    }
    if (why == 0 && c.valid & SET_MODE) {
        why = set_mode(server, fid->path, path.text, c.mode);
    }
    if (why == 0 && c.valid & SET_SIZE) {
        why = truncate(path.text, (off_t)c.size) == 0 ? 0 : errno;
    }
    if (why == 0 && c.valid & (SET_ATIME | SET_MTIME)) {
        why = set_times(path.text, &c);
    }
    return why;
}
