/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents of files and folders (fsdev/server.h). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "fsdev/server.h"

#define OPEN_FLAGS (O_ACCMODE | O_TRUNC | O_APPEND | O_DSYNC | O_SYNC)
#define PRIVATE    0600
#define READ_HEAD  4u  /* the count before what was read */
#define ENTRY_HEAD 24u /* qid[13] offset[8] type[1] and the name's length */
#define LOCKED     0
#define UNLOCKED   2 /* F_UNLCK on the wire */

static int fid_at(P9Server *server, P9In *in, P9Fid **fid)
{
    return p9_fid_find(server, (uint32_t)p9_get(in, 4), fid);
}

/* Bytes that a reply has room for behind its head. */
static uint32_t at_most(const P9Out *out, uint32_t count)
{
    size_t room = out->most - out->len;
    return room < READ_HEAD ? 0 : (uint32_t)MIN(count, room - READ_HEAD);
}

static void put_opened(P9Server *server, const struct stat *st, P9Out *out)
{
    P9Qid qid = p9_qid_of(st);
    p9_put_qid(out, &qid);
    p9_put(out, 0, 4); /* as much at once as a message holds */
}

static int open_folder(P9Fid *fid)
{
    int fd = openat(fid->path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    fid->folder = fdopendir(fd);
    if (!fid->folder) {
        close(fd);
        return ENOMEM;
    }
    fid->file = fd;
    return 0;
}

/* Never a special file: those are the guest's own, and one of the host's would do something. */
static int open_file(P9Fid *fid, int flags)
{
    struct stat st;
    if (fstatat(fid->path, "", &st, AT_EMPTY_PATH) != 0) {
        return errno;
    }
    if (S_ISDIR(st.st_mode)) {
        return (flags & O_ACCMODE) == O_RDONLY ? open_folder(fid) : EISDIR;
    }
    if (!S_ISREG(st.st_mode)) {
        return EACCES;
    }
    fid->file = open(p9_fid_path(fid).text, flags | O_CLOEXEC | O_NONBLOCK);
    return fid->file < 0 ? errno : 0;
}

int p9_lopen(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    struct stat st;
    int why = fid_at(server, in, &fid);
    int flags = (int)p9_get(in, 4) & OPEN_FLAGS;
    if (why || in->bad || fid->file >= 0 || fid->attr) {
        return why ? why : EINVAL;
    }
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    if (writes && server->readonly) {
        return EROFS;
    }
    why = open_file(fid, flags);
    why = why ? why : p9_stat(server, fid->path, &st);
    if (why == 0) {
        put_opened(server, &st, out);
    }
    return why;
}

/* The folder's fid becomes the file's. */
static int create(P9Server *server, P9Fid *fid, const char *name, int flags, mode_t mode,
                  uint32_t gid, struct stat *st)
{
    mode_t on_host = server->security == FSDEV_MAPPED ? server->file_mode : PRIVATE;
    int file = openat(fid->path, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, on_host);
    if (file < 0) {
        return errno;
    }
    int path, why = p9_open_path(fid->path, name, &path);
    if (why) {
        close(file);
        return why;
    }
    why = p9_become(server, path, S_IFREG | (mode & 07777), fid->uid, gid, 0);
    why = why ? why : p9_stat(server, path, st);
    if (why) {
        unlinkat(fid->path, name, 0);
        close(file);
        close(path);
        return why;
    }
    p9_fid_move(fid, path);
    fid->file = file;
    return 0;
}

int p9_lcreate(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    char name[P9_NAME];
    struct stat st;
    int why = fid_at(server, in, &fid);
    p9_get_text(in, name, sizeof(name));
    int flags = (int)p9_get(in, 4) & OPEN_FLAGS;
    mode_t mode = (mode_t)p9_get(in, 4);
    uint32_t gid = (uint32_t)p9_get(in, 4);
    if (why || in->bad || fid->file >= 0 || fid->attr) {
        return why ? why : EINVAL;
    }
    why = p9_check_name(name);
    why = why ? why : create(server, fid, name, flags, mode, gid, &st);
    if (why == 0) {
        put_opened(server, &st, out);
    }
    return why;
}

int p9_read(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    int why = fid_at(server, in, &fid);
    uint64_t offset = p9_get(in, 8);
    uint32_t count = at_most(out, (uint32_t)p9_get(in, 4));
    if (why || in->bad) {
        return why ? why : EINVAL;
    }
    if (fid->attr) {
        return p9_xattr_read(fid, offset, count, out);
    }
    if (fid->file < 0 || fid->folder) {
        return fid->folder ? EISDIR : EBADF;
    }
    ssize_t len = pread(fid->file, out->buf + out->len + READ_HEAD, count, (off_t)offset);
    if (len < 0) {
        return errno;
    }
    p9_put(out, (uint64_t)len, READ_HEAD);
    out->len += (size_t)len;
    return 0;
}

int p9_write(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    int why = fid_at(server, in, &fid);
    uint64_t offset = p9_get(in, 8);
    uint32_t count = (uint32_t)p9_get(in, 4);
    const uint8_t *bytes = p9_get_bytes(in, count);
    if (why || !bytes) {
        return why ? why : EINVAL;
    }
    if (fid->attr) {
        why = p9_xattr_write(fid, offset, bytes, count);
        p9_put(out, count, 4);
        return why;
    }
    ssize_t len = fid->file < 0 ? -1 : pwrite(fid->file, bytes, count, (off_t)offset);
    if (len < 0) {
        return fid->file < 0 ? EBADF : errno;
    }
    p9_put(out, (uint64_t)len, 4);
    return 0;
}

static void put_entry(const struct dirent *entry, const struct stat *root, P9Out *out)
{
    const struct stat st = {
        .st_ino = entry->d_ino, .st_dev = root->st_dev, .st_mode = DTTOIF(entry->d_type)};
    P9Qid qid = p9_qid_of(&st);
    p9_put_qid(out, &qid);
    p9_put(out, (uint64_t)entry->d_off, 8);
    /* What the host has may be something else to the guest. */
    p9_put(out, entry->d_type == DT_DIR ? DT_DIR : DT_UNKNOWN, 1);
    p9_put_text(out, entry->d_name);
}

int p9_readdir(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    int why = fid_at(server, in, &fid);
    uint64_t offset = p9_get(in, 8);
    uint32_t count = at_most(out, (uint32_t)p9_get(in, 4));
    if (why || in->bad || !fid->folder) {
        return why ? why : in->bad ? EINVAL : EBADF;
    }
    size_t head = out->len;
    p9_put(out, 0, READ_HEAD);
    seekdir(fid->folder, (long)offset);
    struct dirent *entry;
    while ((entry = readdir(fid->folder))) {
        if (ENTRY_HEAD + strlen(entry->d_name) > head + READ_HEAD + count - out->len) {
            break; /* the guest comes again with the offset of the one before */
        }
        put_entry(entry, &server->root_stat, out);
    }
    p9_set(out, head, out->len - head - READ_HEAD, READ_HEAD);
    return 0;
}

int p9_fsync(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    int why = fid_at(server, in, &fid);
    bool data_only = p9_get(in, 4) != 0;
    if (why || fid->file < 0) {
        return why ? why : EBADF;
    }
    return (data_only ? fdatasync(fid->file) : fsync(fid->file)) == 0 ? 0 : errno;
}

int p9_statfs(P9Server *server, P9In *in, P9Out *out)
{
    enum { V9FS_MAGIC = 0x01021997 };
    P9Fid *fid;
    struct statfs fs;
    int why = fid_at(server, in, &fid);
    if (why || fstatfs(fid->path, &fs) != 0) {
        return why ? why : errno;
    }
    p9_put(out, V9FS_MAGIC, 4);
    p9_put(out, (uint64_t)fs.f_bsize, 4);
    const uint64_t numbers[] = {fs.f_blocks, fs.f_bfree, fs.f_bavail, fs.f_files, fs.f_ffree, 0};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        p9_put(out, numbers[i], 8);
    }
    p9_put(out, (uint64_t)fs.f_namelen, 4);
    return 0;
}

/* The guest is alone with its locks, and sees to them itself. */
int p9_lock(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    int why = fid_at(server, in, &fid);
    p9_put(out, LOCKED, 1);
    return why;
}

int p9_getlock(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    char client[P9_NAME];
    int why = fid_at(server, in, &fid);
    p9_get(in, 1);
    uint64_t start = p9_get(in, 8), length = p9_get(in, 8);
    uint32_t process = (uint32_t)p9_get(in, 4);
    p9_get_text(in, client, sizeof(client));
    p9_put(out, UNLOCKED, 1);
    p9_put(out, start, 8);
    p9_put(out, length, 8);
    p9_put(out, process, 4);
    p9_put_text(out, client);
    return why ? why : in->bad ? EINVAL : 0;
}
