// The benchmark's client where wrk does not measure what is asked. Prints one JSON object.
//
//   client hangup PORT MODEL STREAMS SECONDS FIRST_TAG
//                                              opens streams, reads them all, closes each abruptly at a random moment
//                                              of the second half; {"opened":n,"closed":{"<tag>":ns,...}}, CLOCK_MONOTONIC
//   client pace PORT PATH COUNT INTERVAL_MS [BODY]
//                                              one request every interval on one connection, GET or, with a body, POST;
//                                              {"requests":n,"failed":n,"p50_ms":x,"p99_ms":x,"max_ms":x}
//   client compare PORT OTHER_PORT COUNT BODY  chats by turns with two servers, one connection each, without a pause;
//                                              {"failed":n,"p50_us":[x,y],"p99_us":[x,y]}
//   client stream PORT BODY SECONDS            one streaming request after another until the time is over;
//                                              {"answers":n,"bytes":n,"failed":n}
#define _GNU_SOURCE
#include <poll.h>

#include "wire.h"

enum { MOST_STREAMS = 1024 };

/// One whose reads end after a minute.
static int dial_patiently(int port) {
    int socket_fd = dial(port);
    struct timeval patience = {.tv_sec = 60};
    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return socket_fd;
}

static size_t compose(char *out, size_t room, int port, const char *path, const char *body) {
    int length = body
        ? snprintf(
              out, room,
              "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
              path, port, strlen(body), body)
        : snprintf(out, room, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", path, port);
    if ((size_t)length >= room) die("request", "too long");
    return (size_t)length;
}

static void send_all(int socket_fd, const char *bytes, size_t count) {
    while (count) {
        ssize_t sent = send(socket_fd, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) die("send", strerror(errno));
        bytes += sent, count -= (size_t)sent;
    }
}

/// Reads one answer to its end, whether counted or chunked. Returns its status, or 0 when the connection broke.
static int read_answer(int socket_fd, struct buffer *in, size_t *total) {
    in->count = 0;
    struct message message = {0, 0};
    bool chunked = false;
    for (;;) {
        buffer_reserve(in, 16384);
        ssize_t got = recv(socket_fd, in->bytes + in->count, 16384 - 1, 0);
        if (got <= 0) return 0;
        in->count += (size_t)got;
        *total += (size_t)got;
        if (!message.head) {
            char *end = memmem(in->bytes, in->count, "\r\n\r\n", 4);
            if (!end) continue;
            message.head = (size_t)(end - in->bytes) + 4;
            in->bytes[in->count] = 0;
            char *field = strcasestr(in->bytes, "\r\ncontent-length:");
            chunked = !field || field > end;
            if (!chunked) message.body = strtoul(field + 17, NULL, 10);
        }
        bool done = chunked ? in->count >= message.head + 5 && memcmp(in->bytes + in->count - 5, "0\r\n\r\n", 5) == 0
                            : in->count >= message.head + message.body;
        if (done) return (int)strtol(in->bytes + 9, NULL, 10);
    }
}

static int ascending(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static int run_pace(int port, const char *path, long count, long interval_ms, const char *body) {
    static char request[65536];
    size_t length = compose(request, sizeof request, port, path, body), total = 0;
    uint64_t *took = calloc((size_t)count, sizeof *took), start = now_ns();
    struct buffer in = {0};
    long failed = 0;
    int socket_fd = dial_patiently(port);
    for (long i = 0; i < count; i++) {
        uint64_t due = start + (uint64_t)i * (uint64_t)interval_ms * 1000000u, before = now_ns();
        if (due > before) {
            struct timespec at = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
            before = now_ns();
        }
        send_all(socket_fd, request, length);
        int status = read_answer(socket_fd, &in, &total);
        took[i] = now_ns() - before;
        if (status != 200) failed++;
        if (!status) close(socket_fd), socket_fd = dial_patiently(port);
    }
    qsort(took, (size_t)count, sizeof *took, ascending);
    printf(
        "{\"requests\":%ld,\"failed\":%ld,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n", count, failed,
        (double)took[count / 2] / 1e6, (double)took[(count * 99) / 100] / 1e6, (double)took[count - 1] / 1e6);
    return 0;
}

static int run_compare(const int ports[2], long count, const char *body) {
    static char requests[2][65536];
    size_t lengths[2], total = 0;
    uint64_t *took[2];
    int sockets[2];
    struct buffer in = {0};
    long failed = 0;
    for (int i = 0; i < 2; i++) {
        lengths[i] = compose(requests[i], sizeof requests[i], ports[i], "/v1/chat/completions", body);
        took[i] = calloc((size_t)count, sizeof *took[i]);
        sockets[i] = dial_patiently(ports[i]);
    }
    for (long turn = 0; turn < 2 * count; turn++) {
        int i = (int)(turn % 2);
        uint64_t before = now_ns();
        send_all(sockets[i], requests[i], lengths[i]);
        int status = read_answer(sockets[i], &in, &total);
        took[i][turn / 2] = now_ns() - before;
        if (status != 200) failed++;
        if (!status) close(sockets[i]), sockets[i] = dial_patiently(ports[i]);
    }
    for (int i = 0; i < 2; i++) qsort(took[i], (size_t)count, sizeof *took[i], ascending);
    long middle = count / 2, late = count * 99 / 100;
    printf(
        "{\"failed\":%ld,\"p50_us\":[%.1f,%.1f],\"p99_us\":[%.1f,%.1f]}\n", failed, (double)took[0][middle] / 1e3,
        (double)took[1][middle] / 1e3, (double)took[0][late] / 1e3, (double)took[1][late] / 1e3);
    return 0;
}

static int run_stream(int port, const char *body, long seconds) {
    static char request[65536];
    size_t length = compose(request, sizeof request, port, "/v1/chat/completions", body), total = 0;
    struct buffer in = {0};
    long answers = 0, failed = 0;
    uint64_t end = now_ns() + (uint64_t)seconds * 1000000000u;
    int socket_fd = dial_patiently(port);
    while (now_ns() < end) {
        send_all(socket_fd, request, length);
        int status = read_answer(socket_fd, &in, &total);
        if (status == 200) answers++; else failed++;
        if (status != 200) fprintf(stderr, "%.*s\n", (int)in.count, in.bytes);
        if (status != 200 && failed > 3) break;
        if (!status) close(socket_fd), socket_fd = dial_patiently(port);
    }
    printf("{\"answers\":%ld,\"bytes\":%zu,\"failed\":%ld}\n", answers, total, failed);
    return 0;
}

static int run_hangup(int port, const char *model, long streams, long seconds, long first_tag) {
    if (streams > MOST_STREAMS) die("hangup", "too many streams");
    static struct pollfd watched[MOST_STREAMS];
    static uint64_t close_at[MOST_STREAMS], closed[MOST_STREAMS];
    static char piece[65536], request[4096], body[2048];
    uint64_t start = now_ns(), second_half = (uint64_t)seconds * 500000000u;
    unsigned seed = (unsigned)first_tag + 7;
    for (long i = 0; i < streams; i++) {
        snprintf(
            body, sizeof body,
            "{\"model\":\"%s\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hangup-%ld\"}]}", model,
            first_tag + i);
        size_t length = compose(request, sizeof request, port, "/v1/chat/completions", body);
        watched[i] = (struct pollfd){.fd = dial_patiently(port), .events = POLLIN};
        send_all(watched[i].fd, request, length);
        double share = (double)rand_r(&seed) / RAND_MAX;
        close_at[i] = start + second_half + (uint64_t)(share * (double)second_half);
    }
    long running = streams, ended_early = 0;
    unsigned long long bytes = 0;
    while (running > 0) {
        // The wait ends at the next due close, to the microsecond: what is measured starts there.
        uint64_t next = UINT64_MAX, now = now_ns();
        for (long i = 0; i < streams; i++)
            if (watched[i].fd >= 0 && close_at[i] < next) next = close_at[i];
        uint64_t left = next > now ? next - now : 0;
        struct timespec wait = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
        ppoll(watched, (nfds_t)streams, &wait, NULL);
        now = now_ns();
        for (long i = 0; i < streams; i++) {
            if (watched[i].fd < 0) continue;
            if (now >= close_at[i]) {
                // Every other one resets its connection instead of ending it.
                struct linger reset = {.l_onoff = 1, .l_linger = 0};
                if (i % 2) setsockopt(watched[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
                closed[i] = now_ns();
                close(watched[i].fd);
                watched[i].fd = -1;
                running--;
            } else if (watched[i].revents) {
                ssize_t got = recv(watched[i].fd, piece, sizeof piece, MSG_DONTWAIT);
                if (got > 0) bytes += (unsigned long long)got;
                if (got > 0 || (got < 0 && errno == EAGAIN)) continue;
                close(watched[i].fd);
                watched[i].fd = -1;
                running--, ended_early++;
            }
        }
    }
    printf("{\"opened\":%ld,\"ended_early\":%ld,\"bytes\":%llu,\"closed\":{", streams, ended_early, bytes);
    bool first = true;
    for (long i = 0; i < streams; i++) {
        if (!closed[i]) continue;
        printf("%s\"%ld\":%llu", first ? "" : ",", first_tag + i, (unsigned long long)closed[i]);
        first = false;
    }
    printf("}}\n");
    return 0;
}

int main(int count, char **arguments) {
    const char *mode = count > 1 ? arguments[1] : "";
    if (strcmp(mode, "hangup") == 0 && count == 7)
        return run_hangup(
            atoi(arguments[2]), arguments[3], atol(arguments[4]), atol(arguments[5]), atol(arguments[6]));
    if (strcmp(mode, "pace") == 0 && (count == 6 || count == 7))
        return run_pace(
            atoi(arguments[2]), arguments[3], atol(arguments[4]), atol(arguments[5]), count == 7 ? arguments[6] : NULL);
    if (strcmp(mode, "compare") == 0 && count == 6) {
        const int ports[2] = {atoi(arguments[2]), atoi(arguments[3])};
        return run_compare(ports, atol(arguments[4]), arguments[5]);
    }
    if (strcmp(mode, "stream") == 0 && count == 5) return run_stream(atoi(arguments[2]), arguments[3], atol(arguments[4]));
    die("client", "hangup PORT MODEL STREAMS SECONDS FIRST_TAG | pace PORT PATH COUNT INTERVAL_MS [BODY]"
                  " | compare PORT OTHER_PORT COUNT BODY | stream PORT BODY SECONDS");
}
