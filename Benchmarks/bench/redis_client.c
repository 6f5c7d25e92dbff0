// Adds the lines of a file to a Redis stream and reads them again, by hiredis.
//
//   redis_client PORT add COUNT FILE DEPTH    makes the stream anew; DEPTH commands at a time
//   redis_client PORT read COUNT BATCH        all, BATCH at a time
//
// Prints seconds and bytes.
#define _GNU_SOURCE
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static redisContext *redis;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static redisReply *checked(redisReply *reply) {
    if (reply && reply->type != REDIS_REPLY_ERROR) return reply;
    fprintf(stderr, "redis: %s\n", reply ? reply->str : redis->errstr);
    exit(1);
}

static long add(const char *path, long count, int depth) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    long bytes = 0;
    int waiting = 0;
    if (!file) return -1;
    for (long number = 1; number <= count; number++) {
        ssize_t length = getline(&line, &room, file);
        if (length < 0) return -1;
        const char *words[] = {"XADD", "changes", "*", "c", line};
        size_t lengths[] = {4, 7, 1, 1, length};
        redisAppendCommandArgv(redis, 5, words, lengths);
        bytes += length;
        if (++waiting < depth && number < count) continue;
        for (; waiting; waiting--) {
            redisReply *reply = NULL;
            redisGetReply(redis, (void **)&reply);
            freeReplyObject(checked(reply));
        }
    }
    fclose(file);
    return bytes;
}

static long read_all(long count, int batch) {
    char last[64] = "0";
    long bytes = 0;
    for (long number = 0; number < count;) {
        redisReply *reply = checked(redisCommand(redis, "XREAD COUNT %d STREAMS changes %s", batch, last));
        if (reply->type != REDIS_REPLY_ARRAY) return -1;
        redisReply *records = reply->element[0]->element[1];
        for (size_t index = 0; index < records->elements; index++)
            bytes += records->element[index]->element[1]->element[1]->len;
        number += records->elements;
        snprintf(last, sizeof last, "%s", records->element[records->elements - 1]->element[0]->str);
        freeReplyObject(reply);
    }
    return bytes;
}

int main(int count, char **words) {
    if (count < 5) return 64;
    int is_add = !strcmp(words[2], "add");
    long wanted = atol(words[3]), bytes;
    redis = redisConnect("127.0.0.1", atoi(words[1]));
    if (!redis || redis->err) return 1;
    if (is_add && count < 6) return 64;
    if (is_add) freeReplyObject(checked(redisCommand(redis, "DEL changes")));
    double began = now();
    bytes = is_add ? add(words[4], wanted, atoi(words[5])) : read_all(wanted, atoi(words[4]));
    printf("%.6f %ld\n", now() - began, bytes);
    return bytes < 0;
}
