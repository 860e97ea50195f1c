/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names in the shared folder (fsdev/server.h): walks, and what makes, moves and removes them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fsdev/server.h"

#define MOST_WALK   16u    /* names a walk: intro(5) */
#define AT_REMOVE   0x200u /* unlinkat's flag for folders, on the wire */
#define PRIVATE_DIR 0700

int p9_check_name(const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return EEXIST;
    }
    return name[0] == '\0' || strchr(name, '/') ? ENOENT : 0;
}

int p9_open_path(int folder, const char *name, int *fd)
{
    *fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return *fd < 0 ? errno : 0;
}

static int fid_in(P9Server *server, P9In *in, P9Fid **fid)
{
    return p9_fid_find(server, (uint32_t)p9_get(in, 4), fid);
}

static int name_in(P9In *in, char name[P9_NAME])
{
    p9_get_text(in, name, P9_NAME);
    return in->bad ? EINVAL : p9_check_name(name);
}

/* One step from `*at`, which is replaced. A folder above is not to be had but above the share
 * itself, where it is the share: it may have been moved out of it meanwhile, and Linux never asks.
 */
static int p9_step(const P9Server *server, const char *name, int *at, P9Qid *qid)
{
    struct stat st;
    int next, why = p9_stat(server, *at, &st);
    bool root = st.st_ino == server->root_stat.st_ino && st.st_dev == server->root_stat.st_dev;
    bool up = strcmp(name, "..") == 0;
    if (why || (up && !root)) {
        return why ? why : EACCES;
    }
    if (!S_ISDIR(st.st_mode)) {
        return ENOTDIR;
    }
    if (strchr(name, '/') || name[0] == '\0') {
        return ENOENT;
    }
    why = p9_open_path(*at, up ? "." : name, &next);
    if (why) {
        return why;
    }
    close(*at);
    *at = next;
    why = p9_stat(server, next, &st);
    *qid = p9_qid_of(&st);
    return why;
}

/* As far as it goes: `*done` names, each of which has its qid put. */
static int walk_names(const P9Server *server, P9In *in, unsigned names, int *at, unsigned *done,
                      P9Out *out)
{
    for (*done = 0; *done < names; ++*done) {
        char name[P9_NAME];
        P9Qid qid;
        p9_get_text(in, name, sizeof(name));
        int why = in->bad ? EINVAL : p9_step(server, name, at, &qid);
        if (why) {
            return why;
        }
        p9_put_qid(out, &qid);
    }
    return 0;
}

int p9_walk(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    int why = fid_in(server, in, &fid);
    uint32_t number = (uint32_t)p9_get(in, 4);
    unsigned names = (unsigned)p9_get(in, 2), done = 0;
    if (why || in->bad || names > MOST_WALK || fid->attr) {
        return why ? why : EINVAL;
    }
    int at = fcntl(fid->path, F_DUPFD_CLOEXEC, 0);
    if (at < 0) {
        return errno;
    }
    size_t count_at = out->len;
    p9_put(out, 0, 2);
    why = walk_names(server, in, names, &at, &done, out);
    p9_set(out, count_at, done, 2);
    if (why) {
        close(at);
        return done ? 0 : why;
    }
    if (number == fid->number) {
        p9_fid_move(fid, at);
        return 0;
    }
    return p9_fid_add(server, number, fid->uid, at, NULL);
}

/* The file that was made gets its owner and mode, or is none. */
static int p9_finish(const P9Server *server, const P9Fid *folder, const char *name, mode_t mode,
                     uint32_t gid, dev_t rdev, P9Out *out)
{
    int fd, why = p9_open_path(folder->path, name, &fd);
    if (why) {
        return why;
    }
    struct stat st;
    why = p9_become(server, fd, mode, folder->uid, gid, rdev);
    why = why ? why : p9_stat(server, fd, &st);
    close(fd);
    if (why) {
        unlinkat(folder->path, name, S_ISDIR(mode) ? AT_REMOVEDIR : 0);
        return why;
    }
    P9Qid qid = p9_qid_of(&st);
    p9_put_qid(out, &qid);
    return 0;
}

int p9_mkdir(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *folder;
    char name[P9_NAME];
    int why = fid_in(server, in, &folder), named = name_in(in, name);
    mode_t mode = (mode_t)p9_get(in, 4) & 07777;
    uint32_t gid = (uint32_t)p9_get(in, 4);
    if (why || named || in->bad) {
        return why ? why : named ? named : EINVAL;
    }
    mode_t on_host = server->security == FSDEV_MAPPED ? server->folder_mode : PRIVATE_DIR;
    if (mkdirat(folder->path, name, on_host) != 0) {
        return errno;
    }
    return p9_finish(server, folder, name, S_IFDIR | mode, gid, 0, out);
}

/* A file of the host's that has the target as its contents, or a special file's place. */
static int make_plain(const P9Server *server, int folder, const char *name, const char *text)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    server->file_mode);
    if (fd < 0) {
        return errno;
    }
    ssize_t len = (ssize_t)strlen(text), written = write(fd, text, (size_t)len);
    int why = written == len ? 0 : written < 0 ? errno : ENOSPC;
    close(fd);
    if (why) {
        unlinkat(folder, name, 0);
    }
    return why;
}

int p9_symlink(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *folder;
    char name[P9_NAME], target[P9_TARGET];
    int why = fid_in(server, in, &folder), named = name_in(in, name);
    p9_get_text(in, target, sizeof(target));
    uint32_t gid = (uint32_t)p9_get(in, 4);
    if (why || named || in->bad) {
        return why ? why : named ? named : EINVAL;
    }
    if (server->security == FSDEV_MAPPED) {
        why = make_plain(server, folder->path, name, target);
    } else if (symlinkat(target, folder->path, name) != 0) {
        why = errno;
    }
    return why ? why : p9_finish(server, folder, name, S_IFLNK | 0777, gid, 0, out);
}

int p9_mknod(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *folder;
    char name[P9_NAME];
    int why = fid_in(server, in, &folder), named = name_in(in, name);
    mode_t mode = (mode_t)p9_get(in, 4) & (S_IFMT | 07777);
    unsigned major_number = (unsigned)p9_get(in, 4), minor_number = (unsigned)p9_get(in, 4);
    uint32_t gid = (uint32_t)p9_get(in, 4);
    if (why || named || in->bad || S_ISDIR(mode) || S_ISLNK(mode)) {
        return why ? why : named ? named : EINVAL;
    }
    dev_t rdev = S_ISCHR(mode) || S_ISBLK(mode) ? makedev(major_number, minor_number) : 0;
    if (server->security == FSDEV_MAPPED) {
        why = make_plain(server, folder->path, name, "");
    } else if (mknodat(folder->path, name, mode, rdev) != 0) {
        why = errno;
    }
    return why ? why : p9_finish(server, folder, name, mode, gid, rdev, out);
}

int p9_link(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *folder, *file;
    char name[P9_NAME];
    int why = fid_in(server, in, &folder);
    why = why ? why : fid_in(server, in, &file);
    int named = name_in(in, name);
    if (why || named) {
        return why ? why : named;
    }
    int linked = linkat(AT_FDCWD, p9_fid_path(file).text, folder->path, name, AT_SYMLINK_FOLLOW);
    return linked == 0 ? 0 : errno;
}

/* By what it is, and not by name. Linux asks for renameat instead where it is told so. */
int p9_rename(P9Server *server, P9In *in, P9Out *out)
{
    return EOPNOTSUPP;
}

int p9_renameat(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *from, *to;
    char old_name[P9_NAME], name[P9_NAME];
    int why = fid_in(server, in, &from), old_named = name_in(in, old_name);
    int found = fid_in(server, in, &to), named = name_in(in, name);
    if (why || old_named || found || named) {
        return why ? why : old_named ? old_named : found ? found : named;
    }
    return renameat(from->path, old_name, to->path, name) == 0 ? 0 : errno;
}

int p9_unlinkat(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *folder;
    char name[P9_NAME];
    int why = fid_in(server, in, &folder), named = name_in(in, name);
    uint32_t flags = (uint32_t)p9_get(in, 4);
    if (why || named || in->bad) {
        return why ? why : named ? named : EINVAL;
    }
    int how = flags & AT_REMOVE ? AT_REMOVEDIR : 0;
    return unlinkat(folder->path, name, how) == 0 ? 0 : errno;
}

/* A link of the host's, or, with FSDEV_MAPPED, the contents of a plain file. */
static ssize_t target_of(const P9Fid *fid, char *target, size_t size)
{
    ssize_t len = readlinkat(fid->path, "", target, size);
    if (len >= 0) {
        return len;
    }
    int fd = open(p9_fid_path(fid).text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return -1;
    }
    len = read(fd, target, size);
    close(fd);
    return len;
}

int p9_readlink(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    struct stat st;
    char target[P9_TARGET];
    int why = fid_in(server, in, &fid);
    why = why ? why : p9_stat(server, fid->path, &st);
    if (why || !S_ISLNK(st.st_mode)) {
        return why ? why : EINVAL;
    }
    ssize_t len = target_of(fid, target, sizeof(target) - 1);
    if (len < 0) {
        return errno;
    }
    target[len] = '\0';
    p9_put_text(out, target);
    return 0;
}
