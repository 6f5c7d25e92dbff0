// The least that a durable intake of files can do, in C: what two cores and a disk allow.
//
//   floor INBOX DONE LOG
//
// Reads the files of INBOX, appends each with the SHA-256 of its bytes to LOG, syncs once a batch of 256, and only then
// moves the batch to DONE. While a batch is synced the next is read. Prints seconds and files.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 256
#define FILE_MAX (64 << 10)

struct batch {
    char names[BATCH][64];
    int count;
};

static int inbox, done, log_file;
static pthread_t syncing;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *sync_log(void *batch) {
    if (fdatasync(log_file)) fail("fdatasync");
    return batch;
}

// Waits for the sync of a batch and moves its files.
static void finish(void) {
    struct batch *batch;
    pthread_join(syncing, (void **)&batch);
    for (int index = 0; index < batch->count; index++)
        if (renameat(inbox, batch->names[index], done, batch->names[index])) fail("rename");
    batch->count = 0;
}

int main(int count, char **words) {
    static struct batch batches[2];
    static char bytes[BATCH * (FILE_MAX + SHA256_DIGEST_LENGTH)];
    if (count != 4) return 64;
    inbox = open(words[1], O_RDONLY | O_DIRECTORY);
    done = open(words[2], O_RDONLY | O_DIRECTORY);
    log_file = open(words[3], O_WRONLY | O_CREAT | O_APPEND, 0644);
    DIR *folder = opendir(words[1]);
    if (inbox < 0 || done < 0 || log_file < 0 || !folder) fail("open");
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    long files = 0;
    int is_syncing = 0, turn = 0, is_end = 0;
    while (!is_end) {
        struct batch *batch = &batches[turn];
        size_t length = 0;
        while (batch->count < BATCH) {
            struct dirent *entry = readdir(folder);
            is_end = !entry;
            if (is_end) break;
            if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof batch->names[0]) continue;
            int file = openat(inbox, entry->d_name, O_RDONLY | O_NOFOLLOW);
            ssize_t size = file < 0 ? -1 : read(file, bytes + length, FILE_MAX);
            if (size < 0) fail(entry->d_name);
            close(file);
            SHA256((unsigned char *)bytes + length, size, (unsigned char *)bytes + length + size);
            length += size + SHA256_DIGEST_LENGTH;
            strcpy(batch->names[batch->count++], entry->d_name);
        }
        files += batch->count;
        if (is_syncing) finish();
        is_syncing = batch->count > 0;
        if (!is_syncing) continue;
        if (write(log_file, bytes, length) != (ssize_t)length) fail("write");
        if (pthread_create(&syncing, NULL, sync_log, batch)) fail("pthread_create");
        turn = !turn;
    }
    if (is_syncing) finish();
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.6f %ld\n", ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) / 1e9, files);
    return 0;
}
