// Many followers of server-sent events in one process: when does each get an event?
//
//   followers PORT PATH COUNT
//
// Opens COUNT connections, waits until all have a good answer and says `ready`. Then, for each line on standard input,
// waits until each follower has got one event more and prints one line: the times, in nanoseconds since 1970, at which
// the followers got it to its end. A follower that has none after ten seconds is not in that line.
// Ends when standard input does. A block that names its event, such as Sijill's checkpoint, is no event here.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// What is known of the line and of the block that is arriving. The framing of chunks is lines, too: those end in CR LF,
// and none of them begins as a line of an event does.
struct follower {
    int connection;
    int is_answered;    // its head has been read
    unsigned length;    // of the line so far
    char begin[6];      // its first bytes
    char last;          // its last byte
    char has_data, is_named;
    unsigned events;
};

static struct follower *followers;
static int epoll;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void open_one(struct follower *follower, int number, int port, const char *path) {
    int connection = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (connection < 0) fail("socket");
    // Several addresses of loopback, so that no one's ports are used up; which port is chosen when it connects.
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + number % 8)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(connection, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (bind(connection, (struct sockaddr *)&from, sizeof from)) fail("bind");
    if (connect(connection, (struct sockaddr *)&to, sizeof to)) fail("connect");
    char request[512];
    int length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", path);
    if (write(connection, request, length) != length) fail("write");
    fcntl(connection, F_SETFL, O_NONBLOCK);
    follower->connection = connection;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection, &event)) fail("epoll_ctl");
}

// The end of a line. True when it ends a block that is an event.
static int line_ended(struct follower *follower) {
    int ended = 0;
    if (!follower->length) {
        ended = follower->has_data && !follower->is_named;
        follower->has_data = follower->is_named = 0;
    } else if (follower->last != '\r') {
        follower->has_data |= !memcmp(follower->begin, "data:", 5);
        follower->is_named |= !memcmp(follower->begin, "event:", 6);
    }
    memset(follower->begin, 0, sizeof follower->begin);
    follower->length = 0;
    follower->last = 0;
    return ended;
}

// How many events end in these bytes.
static int use(struct follower *follower, const char *bytes, size_t length) {
    int ended = 0;
    const char *end = bytes + length;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', end - bytes);
        size_t part = (newline ? newline : end) - bytes;
        for (size_t index = 0; follower->length + index < sizeof follower->begin && index < part; index++)
            follower->begin[follower->length + index] = bytes[index];
        if (part) follower->last = bytes[part - 1];
        follower->length += part;
        if (!newline) break;
        ended += line_ended(follower);
        bytes = newline + 1;
    }
    return ended;
}

// One round of reading. Calls `got` for each follower that got an event, or its answer.
static int turn(int patience, int64_t *times, int times_count, int number_of_event) {
    static char bytes[64 << 10];
    struct epoll_event events[512];
    int count = epoll_wait(epoll, events, 512, patience), found = 0;
    for (int index = 0; index < count; index++) {
        struct follower *follower = &followers[events[index].data.u32];
        ssize_t length = read(follower->connection, bytes, sizeof bytes);
        if (length < 0 && errno == EAGAIN) continue;
        if (length <= 0) fail("a follower was cut off");
        const char *from = bytes;
        if (!follower->is_answered) {
            const char *head = memmem(bytes, length, "\r\n\r\n", 4);
            if (strncmp(bytes, "HTTP/1.1 200", 12) || !head) {
                fprintf(stderr, "followers: %.40s\n", bytes);
                exit(1);
            }
            follower->is_answered = 1;
            from = head + 4;
            if (!number_of_event) found++;
        }
        int ended = use(follower, from, bytes + length - from);
        follower->events += ended;
        if (number_of_event && ended && follower->events == (unsigned)number_of_event && found < times_count)
            times[found++] = now();
    }
    return count <= 0 ? -1 : found;
}

int main(int words_count, char **words) {
    if (words_count != 4) return 64;
    int port = atoi(words[1]), count = atoi(words[3]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    followers = calloc(count, sizeof *followers);
    int64_t *times = calloc(count, sizeof *times);
    epoll = epoll_create1(0);
    int answered = 0;
    for (int number = 0; number < count; number++) {
        open_one(&followers[number], number, port, words[2]);
        // Some at a time, so that the server's queue of connections is never full.
        while (answered < number - 100) {
            int found = turn(10000, NULL, 0, 0);
            if (found < 0) fail("no answer");
            answered += found;
        }
    }
    while (answered < count) {
        int found = turn(10000, NULL, 0, 0);
        if (found < 0) fail("no answer");
        answered += found;
    }
    puts("ready");
    fflush(stdout);
    char line[16];
    for (int event = 1;; event++) {
        // What follows the answers, the first checkpoint, is read meanwhile.
        while (turn(0, NULL, 0, event) >= 0) {}
        puts("next");
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin)) return 0;
        int got = 0;
        while (got < count) {
            int found = turn(10000, times + got, count - got, event);
            if (found < 0) break;
            got += found;
        }
        for (int index = 0; index < got; index++) printf("%lld ", (long long)times[index]);
        puts("");
        fflush(stdout);
    }
}
