/* A library for LD_PRELOAD that stands between a program and its files, below one folder: it counts what is done to
 * them, slows syncs down, records every change in order, and lets a test make calls fail.
 *
 * Environment (read once, when the process starts):
 *   STALL_DISK_UNDER     absolute path of the folder; everything else passes untouched
 *   STALL_DISK_DELAY_US  microseconds to sleep before each fsync and fdatasync
 *   STALL_DISK_COUNTS    file of 64-bit counters, mapped and shared by all processes (enum counter)
 *   STALL_DISK_LOG       file the records are appended to (struct record)
 *   STALL_DISK_FAULTS    file a test changes while the program runs (struct faults)
 * A file that is named and cannot be used ends the process: a silent recorder would prove nothing.
 *
 * A change is recorded after it succeeded, and a sync after it returned, each by one append: whatever a process does
 * next, in the log too, comes after it. SQLite's shared memory (-shm) is left out: it is mapped, and lost with the power.
 *
 * The calls are made directly (syscall), so nothing has to be looked up and no constructor can come too early. Linux
 * with 64-bit off_t only: open64 is open. stdio (fopen) is not seen; neither SQLite nor Python writes files by it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "needs 64-bit file offsets");

#define SEEN __attribute__((visibility("default")))
#define MAX_FD 65536
#define LOG_FD_FROM 512 /* out of the way of the program's own descriptors */

/* What happened; the numbers stand in records and, as 1 << number, in a fault's mask. */
enum op { OPEN = 1, WRITE, SYNC, TRUNCATE, ALLOCATE, RENAME, LINK, UNLINK, MKDIR, RMDIR, LOCK, UNLOCK };

enum counter { C_WRITES, C_BYTES, C_SYNCS, C_TRUNCATES, C_RENAMES, C_UNLINKS, COUNTERS };

/* Before each record's path and data. `inode` is what a descriptor stands for, whatever its name is by then. */
struct record {
    uint32_t total; /* of the whole record, this head included */
    uint16_t op, path_length;
    uint32_t pid, flags;
    uint64_t inode, offset, length;
};

/* One fault: matching calls are let through `after` times, then the next fails, or every one from then on. */
struct faults {
    _Atomic uint32_t armed;
    uint32_t ops;    /* mask of 1 << op */
    uint32_t error;  /* errno to give */
    uint32_t always; /* 0: once */
    uint32_t halve;  /* a write does half of its work and says so */
    uint32_t unused;
    _Atomic int64_t after;
    _Atomic uint64_t hits;
    char suffix[256]; /* of the path */
};

struct file {
    uint64_t inode;
    int appends, locked;
    char path[]; /* below the folder, "" is the folder itself */
};

static char under[PATH_MAX];
static size_t under_length;
static struct timespec delay;
static _Atomic uint64_t *counts;
static struct faults *faults;
static int log_fd = -1;
static pid_t own_pid;
static _Atomic(struct file *) files[MAX_FD];

/* ---- start ---- */

static void die(const char *what) {
    dprintf(2, "disk preload: %s: %s\n", what, strerror(errno));
    _exit(70);
}

static void *map(const char *name, size_t size) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) die(name);
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) die(name);
    syscall(SYS_close, fd);
    return at;
}

static void in_child(void) { own_pid = getpid(); }

__attribute__((constructor)) static void start(void) {
    const char *name = getenv("STALL_DISK_UNDER");
    own_pid = getpid();
    pthread_atfork(NULL, NULL, in_child);
    if (!name || !*name) return;
    if (!realpath(name, under)) die(name);
    under_length = strlen(under);
    if ((name = getenv("STALL_DISK_DELAY_US")) && *name) {
        long us = atol(name);
        delay.tv_sec = us / 1000000;
        delay.tv_nsec = us % 1000000 * 1000;
    }
    if ((name = getenv("STALL_DISK_COUNTS")) && *name) counts = map(name, COUNTERS * sizeof *counts);
    if ((name = getenv("STALL_DISK_FAULTS")) && *name) faults = map(name, sizeof *faults);
    if ((name = getenv("STALL_DISK_LOG")) && *name) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) die(name);
        log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, LOG_FD_FROM);
        if (log_fd < 0) die(name);
        syscall(SYS_close, fd);
    }
}

/* ---- which files are ours ---- */

/* The part of an absolute path below the folder, or NULL for what is not ours. */
static const char *below(const char *path) {
    size_t length = strlen(path);
    if (strncmp(path, under, under_length) || (path[under_length] && path[under_length] != '/')) return NULL;
    if (length > 4 && !strcmp(path + length - 4, "-shm")) return NULL;
    return path + under_length + (path[under_length] == '/');
}

/* Where a name in a folder really is: the folder resolved, the name kept (it need not exist). */
static const char *named(int dirfd, const char *name, char *room) {
    char folder[PATH_MAX + 32], given[PATH_MAX];
    int saved = errno;
    const char *last = strrchr(name, '/'), *found = NULL;
    if (!under_length || strlen(name) >= sizeof given) return NULL;
    snprintf(given, sizeof given, "%.*s", last ? (int)(last - name) + 1 : 1, last ? name : ".");
    if (*given == '/' || dirfd == AT_FDCWD) snprintf(folder, sizeof folder, "%s", given);
    else snprintf(folder, sizeof folder, "/proc/self/fd/%d/%s", dirfd, given);
    if (realpath(folder, room)) {
        size_t length = strlen(room);
        if (length + strlen(name) + 2 < PATH_MAX) {
            sprintf(room + length, "/%s", last ? last + 1 : name);
            found = below(room);
        }
    }
    errno = saved;
    return found;
}

static struct file *ours(int fd) {
    return fd >= 0 && fd < MAX_FD ? atomic_load_explicit(&files[fd], memory_order_acquire) : NULL;
}

/* Remember what a descriptor stands for. A child of vfork shares our memory: its closing is not ours. */
static void set_file(int fd, struct file *file) {
    if (fd < 0 || fd >= MAX_FD || getpid() != own_pid) {
        free(file);
        return;
    }
    free(atomic_exchange(&files[fd], file));
}

static struct file *opened(int fd, int flags) {
    char link[32], path[PATH_MAX];
    int saved = errno;
    struct stat facts;
    struct file *file = NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    const char *name = NULL;
    if (length > 0) {
        path[length] = 0;
        name = below(path);
    }
    if (name && !fstat(fd, &facts) && (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode))) {
        file = malloc(sizeof *file + strlen(name) + 1);
        if (!file) die("memory");
        file->inode = facts.st_ino;
        file->appends = flags & O_APPEND;
        file->locked = 0;
        strcpy(file->path, name);
    }
    set_file(fd, file);
    errno = saved;
    return file;
}

static void copied(int from, int to) {
    struct file *file = ours(from), *twin = NULL;
    if (to < 0) return;
    if (file) {
        size_t size = sizeof *file + strlen(file->path) + 1;
        if (!(twin = malloc(size))) die("memory");
        memcpy(twin, file, size);
        twin->locked = 0; /* told once: by the descriptor the lock was taken through */
    }
    set_file(to, twin);
}

/* ---- what is done with them ---- */

static void count(enum counter which, uint64_t n) {
    if (counts) atomic_fetch_add(&counts[which], n);
}

static void record(enum op op, uint64_t inode, const char *path, uint32_t flags, uint64_t offset, const void *data,
                   uint64_t length) {
    if (log_fd < 0) return;
    int saved = errno;
    size_t named = strlen(path), more = data ? length : 0;
    struct record head = {(uint32_t)(sizeof head + named + more), (uint16_t)op, (uint16_t)named, (uint32_t)getpid(),
                          flags, inode, offset, length};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)(uintptr_t)path, named}, {(void *)(uintptr_t)data, more}};
    if (writev(log_fd, parts, 3) != (ssize_t)head.total) die("the log cannot be written");
    errno = saved;
}

/* Whether this call has to fail; errno is set then. */
static int fails(enum op op, const char *path) {
    if (!faults || !atomic_load(&faults->armed) || !(faults->ops & 1u << op)) return 0;
    size_t length = strlen(path), end = strnlen(faults->suffix, sizeof faults->suffix);
    if (end > length || memcmp(path + length - end, faults->suffix, end)) return 0;
    int64_t left = atomic_fetch_sub(&faults->after, 1);
    if (left > 0 || (left < 0 && !faults->always)) return 0;
    atomic_fetch_add(&faults->hits, 1);
    errno = (int)faults->error;
    return 1;
}

static int do_open(int dirfd, const char *name, int flags, mode_t mode) {
    char room[PATH_MAX];
    int writes = flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC);
    const char *path = faults && writes ? named(dirfd, name, room) : NULL;
    if (path && fails(OPEN, path)) return -1;
    int fd = (int)syscall(SYS_openat, dirfd, name, flags, mode);
    if (fd < 0 || !under_length) return fd;
    struct file *file = opened(fd, flags);
    if (file && flags & (O_CREAT | O_TRUNC)) record(OPEN, file->inode, file->path, (uint32_t)flags, 0, NULL, 0);
    return fd;
}

static ssize_t do_write(int fd, const void *data, size_t length, off_t offset) {
    struct file *file = ours(fd);
    if (file && fails(WRITE, file->path)) {
        if (!faults->halve || length < 2) return -1;
        length /= 2;
    }
    ssize_t done = offset < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, offset);
    if (!file || done < 0) return done;
    count(C_WRITES, 1);
    count(C_BYTES, (uint64_t)done);
    if (log_fd >= 0 && (offset < 0 || file->appends)) { /* an appending pwrite appends on Linux, whatever it asks for */
        int saved = errno;
        off_t end = offset < 0 ? lseek(fd, 0, SEEK_CUR) : lseek(fd, 0, SEEK_END);
        offset = end - done;
        errno = saved;
    }
    record(WRITE, file->inode, file->path, 0, (uint64_t)offset, data, (uint64_t)done);
    return done;
}

static ssize_t do_writev(int fd, const struct iovec *parts, int n, off_t offset) {
    if (!ours(fd))
        return offset < 0 ? syscall(SYS_writev, fd, parts, n) : syscall(SYS_pwritev, fd, parts, n, offset, 0L);
    ssize_t all = 0;
    for (int i = 0; i < n; i++) {
        ssize_t done = do_write(fd, parts[i].iov_base, parts[i].iov_len, offset < 0 ? -1 : offset + all);
        if (done < 0) return all ? all : -1;
        all += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return all;
}

static int do_sync(int fd, long number) {
    struct file *file = ours(fd);
    if (!file) return (int)syscall(number, fd);
    if (fails(SYNC, file->path)) return -1;
    if (delay.tv_sec || delay.tv_nsec) nanosleep(&delay, NULL);
    int result = (int)syscall(number, fd);
    if (result) return result;
    count(C_SYNCS, 1);
    record(SYNC, file->inode, file->path, 0, 0, NULL, 0);
    return 0;
}

/* A lock is recorded once it is held, and its end before it happens: between the two nobody else held it. */
static void end_lock(struct file *file) {
    if (file->locked) record(UNLOCK, file->inode, file->path, 0, 0, NULL, 0);
    file->locked = 0;
}

static int do_flock(int fd, int operation) {
    struct file *file = ours(fd);
    if (file && operation & LOCK_UN) end_lock(file);
    int result = (int)syscall(SYS_flock, fd, operation);
    if (!file || result || operation & LOCK_UN) return result;
    file->locked = 1;
    record(LOCK, file->inode, file->path, (uint32_t)operation, 0, NULL, 0);
    return 0;
}

static int do_ftruncate(int fd, off_t size) {
    struct file *file = ours(fd);
    if (file && fails(TRUNCATE, file->path)) return -1;
    int result = (int)syscall(SYS_ftruncate, fd, size);
    if (!file || result) return result;
    count(C_TRUNCATES, 1);
    record(TRUNCATE, file->inode, file->path, 0, 0, NULL, (uint64_t)size);
    return 0;
}

static int do_fallocate(int fd, int mode, off_t offset, off_t length) {
    struct file *file = ours(fd);
    if (file && fails(ALLOCATE, file->path)) return -1;
    int result = (int)syscall(SYS_fallocate, fd, mode, offset, length);
    if (file && !result) record(ALLOCATE, file->inode, file->path, (uint32_t)mode, (uint64_t)offset, NULL, (uint64_t)length);
    return result;
}

static int do_rename(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    char one[PATH_MAX], two[PATH_MAX];
    const char *old = named(from_fd, from, one), *fresh = named(to_fd, to, two);
    if ((old && fails(RENAME, old)) || (fresh && fails(RENAME, fresh))) return -1;
    int result = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
    if (result || !(old || fresh)) return result;
    count(C_RENAMES, 1);
    record(RENAME, 0, old ? old : "", flags, 0, fresh ? fresh : "", fresh ? strlen(fresh) : 0);
    return 0;
}

static int do_link(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    char one[PATH_MAX], two[PATH_MAX];
    const char *old = named(from_fd, from, one), *fresh = named(to_fd, to, two);
    if (fresh && fails(LINK, fresh)) return -1;
    int result = (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
    if (!result && fresh) record(LINK, 0, old ? old : "", (uint32_t)flags, 0, fresh, strlen(fresh));
    return result;
}

static int do_unlink(int dirfd, const char *name, int flags) {
    char room[PATH_MAX];
    enum op op = flags & AT_REMOVEDIR ? RMDIR : UNLINK;
    const char *path = named(dirfd, name, room);
    if (path && fails(op, path)) return -1;
    int result = (int)syscall(SYS_unlinkat, dirfd, name, flags);
    if (result || !path) return result;
    count(C_UNLINKS, 1);
    record(op, 0, path, 0, 0, NULL, 0);
    return 0;
}

static int do_mkdir(int dirfd, const char *name, mode_t mode) {
    char room[PATH_MAX];
    const char *path = named(dirfd, name, room);
    if (path && fails(MKDIR, path)) return -1;
    int result = (int)syscall(SYS_mkdirat, dirfd, name, mode);
    if (!result && path) record(MKDIR, 0, path, 0, 0, NULL, 0);
    return result;
}

/* ---- the names programs call ---- */

static mode_t mode_of(int flags, va_list rest) {
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
}

#define OPENS(NAME)                                                                                                    \
    SEEN int NAME(const char *name, int flags, ...) {                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = mode_of(flags, rest);                                                                            \
        va_end(rest);                                                                                                  \
        return do_open(AT_FDCWD, name, flags, mode);                                                                   \
    }
#define OPENS_AT(NAME)                                                                                                 \
    SEEN int NAME(int dirfd, const char *name, int flags, ...) {                                                       \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = mode_of(flags, rest);                                                                            \
        va_end(rest);                                                                                                  \
        return do_open(dirfd, name, flags, mode);                                                                      \
    }
#define FCNTL(NAME)                                                                                                    \
    SEEN int NAME(int fd, int command, ...) {                                                                          \
        va_list rest;                                                                                                  \
        va_start(rest, command);                                                                                       \
        long argument = va_arg(rest, long);                                                                            \
        va_end(rest);                                                                                                  \
        int result = (int)syscall(SYS_fcntl, fd, command, argument);                                                   \
        if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) copied(fd, result);                                      \
        return result;                                                                                                 \
    }

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)
FCNTL(fcntl)
FCNTL(fcntl64)

SEEN int creat(const char *name, mode_t mode) { return do_open(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
SEEN int creat64(const char *name, mode_t mode) { return creat(name, mode); }

SEEN int close(int fd) {
    struct file *file = ours(fd);
    if (file && getpid() == own_pid) end_lock(file);
    if (file) set_file(fd, NULL); /* before: the next open may be given this number at once */
    return (int)syscall(SYS_close, fd);
}

SEEN int dup(int fd) {
    int result = (int)syscall(SYS_dup, fd);
    copied(fd, result);
    return result;
}

SEEN int dup3(int fd, int to, int flags) {
    int result = (int)syscall(SYS_dup3, fd, to, flags);
    copied(fd, result);
    return result;
}

SEEN int dup2(int fd, int to) {
    if (fd == to) return fcntl(fd, F_GETFD) < 0 ? -1 : fd;
    return dup3(fd, to, 0);
}

SEEN ssize_t write(int fd, const void *data, size_t length) { return do_write(fd, data, length, -1); }
SEEN ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return do_write(fd, data, length, at); }
SEEN ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) { return do_write(fd, data, length, at); }
SEEN ssize_t writev(int fd, const struct iovec *parts, int n) { return do_writev(fd, parts, n, -1); }
SEEN ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at) { return do_writev(fd, parts, n, at); }
SEEN ssize_t pwritev64(int fd, const struct iovec *parts, int n, off_t at) { return do_writev(fd, parts, n, at); }
SEEN ssize_t pwritev2(int fd, const struct iovec *parts, int n, off_t at, int flags) {
    if (ours(fd)) return do_writev(fd, parts, n, at); /* the flags ask for speed or safety, never for other bytes */
    return syscall(SYS_pwritev2, fd, parts, n, at, 0L, flags);
}
SEEN ssize_t pwritev64v2(int fd, const struct iovec *parts, int n, off_t at, int flags) {
    return pwritev2(fd, parts, n, at, flags);
}

SEEN int fsync(int fd) { return do_sync(fd, SYS_fsync); }
SEEN int fdatasync(int fd) { return do_sync(fd, SYS_fdatasync); }

SEEN int flock(int fd, int operation) { return do_flock(fd, operation); }

SEEN int ftruncate(int fd, off_t size) { return do_ftruncate(fd, size); }
SEEN int ftruncate64(int fd, off_t size) { return do_ftruncate(fd, size); }

SEEN int truncate(const char *name, off_t size) {
    int fd = do_open(AT_FDCWD, name, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0) return -1;
    int result = do_ftruncate(fd, size), saved = errno;
    close(fd);
    errno = saved;
    return result;
}
SEEN int truncate64(const char *name, off_t size) { return truncate(name, size); }

SEEN int fallocate(int fd, int mode, off_t at, off_t length) { return do_fallocate(fd, mode, at, length); }
SEEN int fallocate64(int fd, int mode, off_t at, off_t length) { return do_fallocate(fd, mode, at, length); }
SEEN int posix_fallocate(int fd, off_t at, off_t length) {
    int saved = errno, error = do_fallocate(fd, 0, at, length) ? errno : 0;
    errno = saved;
    return error;
}
SEEN int posix_fallocate64(int fd, off_t at, off_t length) { return posix_fallocate(fd, at, length); }

/* Copies inside the kernel would go by unseen: say that these files do not support them; programs then write. */
SEEN ssize_t sendfile(int out, int in, off_t *at, size_t length) {
    if (ours(out)) return errno = ENOTSOCK, -1;
    return syscall(SYS_sendfile, out, in, at, length);
}
SEEN ssize_t sendfile64(int out, int in, off_t *at, size_t length) { return sendfile(out, in, at, length); }
SEEN ssize_t copy_file_range(int in, off_t *from, int out, off_t *to, size_t length, unsigned flags) {
    if (ours(out)) return errno = EXDEV, -1;
    return syscall(SYS_copy_file_range, in, from, out, to, length, flags);
}

SEEN int rename(const char *from, const char *to) { return do_rename(AT_FDCWD, from, AT_FDCWD, to, 0); }
SEEN int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    return do_rename(from_fd, from, to_fd, to, 0);
}
SEEN int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    return do_rename(from_fd, from, to_fd, to, flags);
}

SEEN int link(const char *from, const char *to) { return do_link(AT_FDCWD, from, AT_FDCWD, to, 0); }
SEEN int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    return do_link(from_fd, from, to_fd, to, flags);
}

SEEN int unlink(const char *name) { return do_unlink(AT_FDCWD, name, 0); }
SEEN int unlinkat(int dirfd, const char *name, int flags) { return do_unlink(dirfd, name, flags); }
SEEN int rmdir(const char *name) { return do_unlink(AT_FDCWD, name, AT_REMOVEDIR); }
SEEN int remove(const char *name) {
    int result = do_unlink(AT_FDCWD, name, 0);
    return result && (errno == EISDIR || errno == EPERM) ? do_unlink(AT_FDCWD, name, AT_REMOVEDIR) : result;
}

SEEN int mkdir(const char *name, mode_t mode) { return do_mkdir(AT_FDCWD, name, mode); }
SEEN int mkdirat(int dirfd, const char *name, mode_t mode) { return do_mkdir(dirfd, name, mode); }
