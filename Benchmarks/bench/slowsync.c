// Preloaded, makes a fast disk one whose syncs take longer, and counts them.
//
//   LD_PRELOAD=slowsync.so SLOWSYNC_MS=4 SLOWSYNC_COUNTS=FILE PROGRAM …
//
// fsync, fdatasync, and a sync_file_range and a msync that wait for the disk are done, and take SLOWSYNC_MS more. Calls at
// the same time wait at the same time, as on a disk that takes many commands at once. FILE gets four numbers of 64
// bits: how often each was called, in that order; it is made before by whoever reads it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { FSYNC, FDATASYNC, SYNC_FILE_RANGE, MSYNC, CALLS };

static struct timespec longer;
static uint64_t none[CALLS], *counts = none;
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_sync_file_range)(int, off_t, off_t, unsigned);
static int (*real_msync)(void *, size_t, int);

__attribute__((constructor)) static void prepare(void) {
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    real_sync_file_range = (int (*)(int, off_t, off_t, unsigned))dlsym(RTLD_NEXT, "sync_file_range");
    real_msync = (int (*)(void *, size_t, int))dlsym(RTLD_NEXT, "msync");
    const char *milliseconds = getenv("SLOWSYNC_MS"), *path = getenv("SLOWSYNC_COUNTS");
    double seconds = milliseconds ? atof(milliseconds) / 1000 : 0;
    longer.tv_sec = (time_t)seconds;
    longer.tv_nsec = (long)((seconds - longer.tv_sec) * 1e9);
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) counts = mapped;
    close(file);
}

// The caller sees the error number of its call, not one of ours.
static int after(int call, int result) {
    int error = errno;
    struct timespec left = longer;
    __atomic_add_fetch(&counts[call], 1, __ATOMIC_RELAXED);
    while (nanosleep(&left, &left) && errno == EINTR) {}
    errno = error;
    return result;
}

int fsync(int file) { return after(FSYNC, real_fsync(file)); }

int fdatasync(int file) { return after(FDATASYNC, real_fdatasync(file)); }

int sync_file_range(int file, off_t offset, off_t length, unsigned flags) {
    int result = real_sync_file_range(file, offset, length, flags);
    return flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER) ? after(SYNC_FILE_RANGE, result) : result;
}

int msync(void *address, size_t length, int flags) {
    int result = real_msync(address, length, flags);
    return flags & MS_SYNC ? after(MSYNC, result) : result;
}
