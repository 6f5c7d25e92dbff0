// Reads changes over HTTP as fast as it can and counts them: the Sijill side of group `changes`.
//
//   replay_client PORT stream COUNT           one endless answer, from the start until COUNT changes
//   replay_client PORT pages COUNT            pages of 10,000, each from the header Sijill-Next of the one before
//   replay_client PORT loop COUNT             `stream` again and again, until it is killed
//   replay_client PORT save COUNT             `stream`, with the changes on standard output
//
// Prints seconds and bytes of the changes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (256 << 10)

// One answer while it arrives. The body comes in chunks or with a length; the bytes of its framing are no changes.
struct answer {
    int connection;
    int chunked;
    long left;          // of the body, or of the chunk
    int in_size;        // reading the line with a chunk's size
    int ended;
    char next[64];      // Sijill-Next
    char *bytes;
    size_t start, end;  // what of `bytes` is not used yet
};

static long changes, total;
static int saves, in_line;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int connected(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address)) fail("connect");
    return connection;
}

static void more(struct answer *answer) {
    if (answer->start == answer->end) answer->start = answer->end = 0;
    ssize_t count = read(answer->connection, answer->bytes + answer->end, BUFFER - answer->end);
    if (count <= 0) fail("the answer ended early");
    answer->end += count;
}

static void ask(struct answer *answer, const char *path) {
    char request[512];
    int length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n", path);
    if (write(answer->connection, request, length) != length) fail("write");
    char *head = NULL;
    answer->start = answer->end = 0;
    do more(answer);
    while (!(head = memmem(answer->bytes, answer->end, "\r\n\r\n", 4)));
    *head = 0;
    answer->start = head + 4 - answer->bytes;
    if (strncmp(answer->bytes, "HTTP/1.1 200", 12)) {
        fprintf(stderr, "%s: %.60s\n", path, answer->bytes);
        exit(1);
    }
    char *length_field = strcasestr(answer->bytes, "\r\ncontent-length:");
    char *next = strcasestr(answer->bytes, "\r\nsijill-next:");
    answer->chunked = answer->in_size = !length_field;
    answer->left = length_field ? atol(length_field + 17) : 0;
    answer->ended = length_field && !answer->left;
    if (next) sscanf(next + 14, " %63[^\r\n]", answer->next);
}

static void count_lines(const char *bytes, size_t length) {
    if (saves) fwrite(bytes, 1, length, stdout);
    total += length;
    for (const char *end = bytes + length; bytes < end;) {
        const char *newline = memchr(bytes, '\n', end - bytes);
        if (!newline) {
            in_line = 1;
            return;
        }
        // An empty line is the heartbeat of a stream.
        changes += in_line || newline > bytes;
        in_line = 0;
        bytes = newline + 1;
    }
}

// Uses what has arrived.
static void use(struct answer *answer) {
    while (answer->start < answer->end && !answer->ended) {
        char *from = answer->bytes + answer->start;
        size_t there = answer->end - answer->start;
        if (answer->in_size) {
            char *newline = memchr(from, '\n', there);
            if (!newline) {
                if (answer->start) {
                    memmove(answer->bytes, from, there);
                    answer->start = 0;
                    answer->end = there;
                }
                return;
            }
            answer->start += newline + 1 - from;
            // The line that ends a chunk is empty.
            if (newline - from <= 1) continue;
            answer->left = strtol(from, NULL, 16);
            answer->ended = !answer->left;
            answer->in_size = 0;
            continue;
        }
        size_t length = there < (size_t)answer->left ? there : (size_t)answer->left;
        count_lines(from, length);
        answer->start += length;
        answer->left -= length;
        if (!answer->left && answer->chunked) answer->in_size = 1;
        if (!answer->left && !answer->chunked) answer->ended = 1;
    }
}

static void take(struct answer *answer) {
    use(answer);
    while (!answer->ended) {
        more(answer);
        use(answer);
    }
}

static void stream(int port, long count) {
    struct answer answer = {.connection = connected(port), .bytes = malloc(BUFFER)};
    ask(&answer, "/v1/changes?since=0&live=stream");
    use(&answer);
    while (changes < count) {
        more(&answer);
        use(&answer);
    }
    close(answer.connection);
    free(answer.bytes);
}

static void pages(int port, long count) {
    struct answer answer = {.connection = connected(port), .bytes = malloc(BUFFER), .next = "0"};
    while (changes < count) {
        char path[256];
        snprintf(path, sizeof path, "/v1/changes?since=%s&limit=10000&max_bytes=67108864", answer.next);
        long before = changes;
        ask(&answer, path);
        take(&answer);
        // The end of a chunked answer, after its last chunk, is a line of its own.
        if (changes == before) fail("an empty page");
    }
    close(answer.connection);
}

int main(int count, char **words) {
    if (count != 4) return 64;
    int port = atoi(words[1]);
    long wanted = atol(words[3]);
    int is_loop = !strcmp(words[2], "loop");
    saves = !strcmp(words[2], "save");
    do {
        changes = total = in_line = 0;
        double began = now();
        if (!strcmp(words[2], "pages")) pages(port, wanted);
        else stream(port, wanted);
        if (!saves && !is_loop) printf("%.6f %ld\n", now() - began, total);
    } while (is_loop);
    return fflush(stdout) != 0;
}
