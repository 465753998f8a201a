// What the programs of the benchmark share: enough HTTP/1.1 to frame messages that they themselves send.
// They trust their peers and are no example of a parser for the open net.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct buffer {
    char *bytes;
    size_t count, capacity;
};

static inline void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/// Makes room for `more` bytes behind those that are there.
static inline void buffer_reserve(struct buffer *buffer, size_t more) {
    if (buffer->capacity - buffer->count >= more) return;
    size_t capacity = buffer->capacity ? buffer->capacity : 4096;
    while (capacity - buffer->count < more) capacity *= 2;
    buffer->bytes = realloc(buffer->bytes, capacity);
    if (!buffer->bytes) die("memory", "none left");
    buffer->capacity = capacity;
}

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t count) {
    buffer_reserve(buffer, count);
    memcpy(buffer->bytes + buffer->count, bytes, count);
    buffer->count += count;
}

static inline void buffer_drop_first(struct buffer *buffer, size_t count) {
    buffer->count -= count;
    if (buffer->count) memmove(buffer->bytes, buffer->bytes + count, buffer->count);
}

/// One request: head with its empty line, then body. `head == 0` while it is not whole yet.
struct message {
    size_t head, body;
};

static inline struct message message_frame(const struct buffer *buffer) {
    struct message none = {0, 0};
    const char *end = memmem(buffer->bytes, buffer->count, "\r\n\r\n", 4);
    if (!end) return none;
    struct message message = {(size_t)(end - buffer->bytes) + 4, 0};
    for (const char *line = buffer->bytes; line < end;) {
        const char *next = memmem(line, (size_t)(end - line) + 2, "\r\n", 2);
        if ((size_t)(next - line) > 15 && strncasecmp(line, "content-length:", 15) == 0)
            message.body = strtoul(line + 15, NULL, 10);
        line = next + 2;
    }
    return buffer->count < message.head + message.body ? none : message;
}

/// The value behind `--name`, or the default.
static inline long option(int count, char **arguments, const char *name, long otherwise) {
    for (int i = 1; i + 1 < count; i++)
        if (strcmp(arguments[i], name) == 0) return strtol(arguments[i + 1], NULL, 10);
    return otherwise;
}

/// Monotonic time, in nanoseconds.
static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/// A connection to a port of this machine; small pieces leave at once.
static inline int dial(int port) {
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_fd, (struct sockaddr *)&address, sizeof address)) die("connect", strerror(errno));
    setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return socket_fd;
}
