#define _GNU_SOURCE
#include "CSijillSystem.h"

#include <sys/resource.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <wchar.h>

int sijill_probe_lease(int fd) {
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) {
        return -1;
    }
    return fcntl(fd, F_SETLEASE, F_UNLCK);
}

int sijill_rename_noreplace(int old_dir, const char *old_name, int new_dir, const char *new_name) {
    if (renameat2(old_dir, old_name, new_dir, new_name, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    if (linkat(old_dir, old_name, new_dir, new_name, 0) == 0) {
        return unlinkat(old_dir, old_name, 0);
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) {
        return -1;
    }
    struct stat status;
    if (fstatat(new_dir, new_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(old_dir, old_name, new_dir, new_name);
}

int sijill_open_beneath(int dir, const char *path, uint64_t flags) {
    struct open_how how = {
        .flags = flags,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

int sijill_open(const char *path, int flags, uint32_t mode) {
    return open(path, flags, mode);
}

int sijill_accept(int socket) {
    return accept4(socket, NULL, NULL, SOCK_CLOEXEC);
}

int sijill_open_at(int dir, const char *name, int flags, uint32_t mode) {
    return openat(dir, name, flags, mode);
}

void sijill_start_writing(int fd, int64_t offset, int64_t count) {
    sync_file_range(fd, offset, count, SYNC_FILE_RANGE_WRITE);
}

int64_t sijill_read_cached(int fd, void *buffer, uint64_t count, int64_t offset) {
    struct iovec place = { buffer, count };
    return preadv2(fd, &place, 1, offset, RWF_NOWAIT);
}

int64_t sijill_file_system_type(int fd) {
    struct statfs status;
    return fstatfs(fd, &status) == 0 ? (int64_t)status.f_type : -1;
}

int sijill_cell_width(uint32_t scalar) {
    static locale_t utf8;
    if (utf8 == (locale_t)0) {
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    }
    if (utf8 == (locale_t)0) {
        return 1;
    }
    locale_t before = uselocale(utf8);
    int width = wcwidth((wchar_t)scalar);
    uselocale(before);
    return width;
}

void sijill_raise_open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void sijill_limit_malloc_arenas(int count) {
    if (getenv("MALLOC_ARENA_MAX") == NULL && getenv("GLIBC_TUNABLES") == NULL) mallopt(M_ARENA_MAX, count);
}

int sijill_clock_is_synchronized(void) {
    struct timex now = {0};
    int state = adjtimex(&now);
    if (state == -1) return -1;
    return state != TIME_ERROR && !(now.status & STA_UNSYNC);
}

int64_t sijill_open_files_max(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}
