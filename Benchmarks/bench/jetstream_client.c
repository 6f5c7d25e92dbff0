// Publishes the lines of a file to a JetStream stream and reads them again, by the C library of NATS.
//
//   jetstream_client PORT publish COUNT FILE      with up to 4,000 not yet acknowledged
//   jetstream_client PORT publish-each COUNT FILE each acknowledged before the next
//   jetstream_client PORT replay COUNT            all, by an ordered consumer
//
// Publishing makes the stream anew. Prints seconds and bytes.
#define _GNU_SOURCE
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STREAM "changes"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void check(natsStatus status, const char *what) {
    if (status == NATS_OK) return;
    fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static void make_stream(jsCtx *context) {
    jsErrCode code;
    jsStreamConfig configuration;
    js_DeleteStream(context, STREAM, NULL, &code);
    jsStreamConfig_Init(&configuration);
    configuration.Name = STREAM;
    configuration.Subjects = (const char *[]){STREAM};
    configuration.SubjectsLen = 1;
    configuration.Storage = js_FileStorage;
    check(js_AddStream(NULL, context, &configuration, NULL, &code), "make the stream");
}

static long publish(jsCtx *context, const char *path, long count, int is_each) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    long bytes = 0;
    if (!file) return -1;
    for (long number = 0; number < count; number++) {
        ssize_t length = getline(&line, &room, file);
        if (length < 0) return -1;
        if (is_each) {
            jsPubAck *acknowledged = NULL;
            check(js_Publish(&acknowledged, context, STREAM, line, length, NULL, NULL), "publish");
            jsPubAck_Destroy(acknowledged);
        } else {
            check(js_PublishAsync(context, STREAM, line, length, NULL), "publish");
        }
        bytes += length;
    }
    jsPubOptions options;
    jsPubOptions_Init(&options);
    options.MaxWait = 300000;
    if (!is_each) check(js_PublishAsyncComplete(context, &options), "acknowledgements");
    fclose(file);
    return bytes;
}

static long replay(jsCtx *context, long count) {
    jsSubOptions options;
    natsSubscription *subscription;
    long bytes = 0;
    jsSubOptions_Init(&options);
    options.Ordered = true;
    options.Config.DeliverPolicy = js_DeliverAll;
    check(js_SubscribeSync(&subscription, context, STREAM, NULL, &options, NULL), "subscribe");
    check(natsSubscription_SetPendingLimits(subscription, -1, -1), "limits");
    for (long number = 0; number < count; number++) {
        natsMsg *message;
        check(natsSubscription_NextMsg(&message, subscription, 30000), "next");
        bytes += natsMsg_GetDataLength(message);
        natsMsg_Destroy(message);
    }
    return bytes;
}

int main(int count, char **words) {
    if (count < 4) return 64;
    char url[64];
    natsConnection *connection;
    jsCtx *context;
    jsOptions options;
    snprintf(url, sizeof url, "nats://127.0.0.1:%s", words[1]);
    check(natsConnection_ConnectTo(&connection, url), "connect");
    jsOptions_Init(&options);
    options.PublishAsync.MaxPending = 4000;
    check(natsConnection_JetStream(&context, connection, &options), "JetStream");
    long wanted = atol(words[3]), bytes;
    int is_replay = !strcmp(words[2], "replay");
    if (!is_replay && count < 5) return 64;
    if (!is_replay) make_stream(context);
    double began = now();
    bytes = is_replay ? replay(context, wanted) : publish(context, words[4], wanted, !strcmp(words[2], "publish-each"));
    printf("%.6f %ld\n", now() - began, bytes);
    return bytes < 0;
}
