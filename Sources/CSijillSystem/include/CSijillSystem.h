#ifndef C_SIJILL_SYSTEM_H
#define C_SIJILL_SYSTEM_H

#include <stdint.h>

/* Linux calls that Swift's Glibc module does not show. Each returns what the call returns; errno is the call's. */

/* fcntl(fd, F_SETLEASE, F_RDLCK), then F_UNLCK at once: 0 when no one has the file open for writing or mapped
   writable; -1 and EAGAIN when someone has; -1 and EACCES or EINVAL where leases are not to be had. */
int sijill_probe_lease(int fd);

/* renameat2(old, new, RENAME_NOREPLACE): -1 and EEXIST when the new name is taken. Where the file system cannot do that
   (NFS, most FUSE), the file gets its new name first and loses the old one then, so a crash between leaves both; where it
   knows no second names either, the new name is looked up first, and one that appears in that moment is replaced. */
int sijill_rename_noreplace(int old_dir, const char *old_name, int new_dir, const char *new_name);

/* openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS. */
int sijill_open_beneath(int dir, const char *path, uint64_t flags);

/* open(path, flags, mode), openat and fcntl are variadic; these are not. */
int sijill_open(const char *path, int flags, uint32_t mode);
int sijill_open_at(int dir, const char *name, int flags, uint32_t mode);

/* sync_file_range(2) with SYNC_FILE_RANGE_WRITE: the kernel begins to write what is dirty there, and nothing waits. */
void sijill_start_writing(int fd, int64_t offset, int64_t count);

/* preadv2(2) with RWF_NOWAIT: what the page cache has of these bytes, from the first on; -1 and EAGAIN when that is none
   of them, or -1 and EOPNOTSUPP where the file system cannot tell. */
int64_t sijill_read_cached(int fd, void *buffer, uint64_t count, int64_t offset);

/* f_type of fstatfs(2), or -1. */
int64_t sijill_file_system_type(int fd);

/* adjtimex(2): 1 when the kernel's clock is synchronized, 0 when it is not, -1 when that cannot be asked. */
int sijill_clock_is_synchronized(void);

/* The soft limit of open files, or -1. */
int64_t sijill_open_files_max(void);

/* accept4(socket, NULL, NULL, SOCK_CLOEXEC). */
int sijill_accept(int socket);

/* RLIMIT_NOFILE: the soft limit becomes the hard one. */
void sijill_raise_open_files(void);

/* mallopt(3), M_ARENA_MAX, unless the environment says something about malloc's arenas. */
void sijill_limit_malloc_arenas(int count);

/* wcwidth(3) in the locale C.UTF-8, whatever the process has. */
int sijill_cell_width(uint32_t scalar);

#endif
