// Many streams at once, each of them checked frame by frame. Prints one JSON object.
//
//   streams PORT BODY CONCURRENT GENERATIONS FRAMES INTERVAL_MS
//
// Keeps so many streams running: each, when it ends, begins anew on its connection, so many times in all. They begin
// one after the other over the time that one takes, as those of strangers would. Deltas come numbered, as the mock
// upstream sends them; one that is missing, comes twice or out of order makes its stream count as broken.
//
//   {"whole":n,"broken":n,"frames":n,"worst_gap_ms":x,"seconds":x,"first_us":[x,...]}
//
// first_us: from the request to its first delta, for each stream that was whole.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/epoll.h>

#include "wire.h"

enum { MOST_STREAMS = 4096, LONGEST_LINE = 4096 };

/// What comes next in an answer: its head, then chunks, each a line with its size, bytes, an empty line.
enum place { HEAD, SIZE, BYTES, AFTER_BYTES, TRAILER };

struct stream {
    int socket;
    long generations_left;
    enum place place;
    size_t chunk_left, line_length;
    char line[LONGEST_LINE];
    long next_frame;
    bool running, broken, done;
    uint64_t begin_at, sent, first, last;
};

static struct stream streams[MOST_STREAMS];
static char request[65536];
static size_t request_length;
static int poller;
static long frames_wanted, whole, broken, frames, running;
static uint64_t worst_gap;
static uint64_t *first_ns;

static int dial_without_waiting(int port) {
    int socket_fd = dial(port);
    fcntl(socket_fd, F_SETFL, O_NONBLOCK);
    return socket_fd;
}

static void begin(struct stream *stream) {
    stream->place = HEAD;
    stream->line_length = stream->chunk_left = 0;
    stream->next_frame = 0;
    stream->broken = stream->done = false;
    stream->running = true;
    stream->sent = stream->last = now_ns();
    stream->first = 0;
    if (send(stream->socket, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length)
        die("send", strerror(errno));
}

static void end(struct stream *stream, bool usable) {
    bool good = usable && !stream->broken && stream->done && stream->next_frame == frames_wanted;
    stream->running = false;
    if (good) first_ns[whole++] = stream->first - stream->sent;
    else broken++;
    if (usable && --stream->generations_left > 0) return begin(stream);
    broken += usable ? 0 : stream->generations_left - 1;
    epoll_ctl(poller, EPOLL_CTL_DEL, stream->socket, NULL);
    close(stream->socket);
    running--;
}

/// A whole line of the event stream.
static void take_line(struct stream *stream, uint64_t now) {
    static const char mark[] = "\" token ";
    if (strstr(stream->line, "[DONE]") || strstr(stream->line, "\"message_stop\"")) stream->done = true;
    const char *found = strstr(stream->line, mark);
    if (!found) return;
    if (strtol(found + sizeof mark - 1, NULL, 10) != stream->next_frame || stream->done) stream->broken = true;
    if (!stream->first) stream->first = now;
    else if (now - stream->last > worst_gap) worst_gap = now - stream->last;
    stream->last = now;
    stream->next_frame++;
    frames++;
}

/// One byte more of the line that is being read; true when that was its last.
static bool line_grows(struct stream *stream, char byte) {
    if (byte == '\n') {
        stream->line[stream->line_length] = 0;
        stream->line_length = 0;
        return true;
    }
    if (byte != '\r' && stream->line_length + 1 < LONGEST_LINE) stream->line[stream->line_length++] = byte;
    return false;
}

/// Answers true when the answer has ended.
static bool take(struct stream *stream, const char *bytes, size_t count, uint64_t now) {
    for (size_t i = 0; i < count; i++) {
        switch (stream->place) {
        case HEAD:
            if (!line_grows(stream, bytes[i])) break;
            if (!strncmp(stream->line, "HTTP/1.1 ", 9) && strncmp(stream->line + 9, "200", 3)) stream->broken = true;
            if (!*stream->line) stream->place = SIZE;
            break;
        case SIZE:
            if (!line_grows(stream, bytes[i])) break;
            stream->chunk_left = strtoul(stream->line, NULL, 16);
            stream->place = stream->chunk_left ? BYTES : TRAILER;
            break;
        case BYTES:
            // An event's line does not go on in another chunk: what is sent is what is framed.
            if (line_grows(stream, bytes[i])) take_line(stream, now);
            if (--stream->chunk_left == 0) stream->place = AFTER_BYTES;
            break;
        case AFTER_BYTES:
            if (bytes[i] == '\n') stream->place = SIZE;
            break;
        case TRAILER:
            if (line_grows(stream, bytes[i]) && !*stream->line) return true;
            break;
        }
    }
    return false;
}

static void receive(struct stream *stream) {
    static char piece[65536];
    ssize_t got = recv(stream->socket, piece, sizeof piece, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return end(stream, false);
    if (take(stream, piece, (size_t)got, now_ns())) end(stream, true);
}

int main(int count, char **arguments) {
    if (count != 7) die("streams", "PORT BODY CONCURRENT GENERATIONS FRAMES INTERVAL_MS");
    int port = atoi(arguments[1]);
    long concurrent = atol(arguments[3]), generations = atol(arguments[4]);
    frames_wanted = atol(arguments[5]);
    uint64_t lifetime = (uint64_t)frames_wanted * (uint64_t)atol(arguments[6]) * 1000000u;
    if (concurrent > MOST_STREAMS) die("streams", "too many");
    request_length = (size_t)snprintf(
        request, sizeof request,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        "Authorization: Bearer caller-key\r\nContent-Length: %zu\r\n\r\n%s",
        port, strlen(arguments[2]), arguments[2]);
    if (request_length >= sizeof request) die("streams", "the body is too long");
    first_ns = calloc((size_t)(concurrent * generations), sizeof *first_ns);
    poller = epoll_create1(EPOLL_CLOEXEC);
    for (long i = 0; i < concurrent; i++) {
        streams[i].socket = dial_without_waiting(port);
        streams[i].generations_left = generations;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &streams[i]};
        epoll_ctl(poller, EPOLL_CTL_ADD, streams[i].socket, &event);
    }
    uint64_t start = now_ns();
    long begun = 0;
    for (running = concurrent; running > 0;) {
        uint64_t due = start + lifetime * (uint64_t)begun / (uint64_t)concurrent, now = now_ns();
        if (begun < concurrent && now >= due) {
            begin(&streams[begun++]);
            continue;
        }
        struct timespec wait = {60, 0};
        if (begun < concurrent)
            wait = (struct timespec){(time_t)((due - now) / 1000000000u), (long)((due - now) % 1000000000u)};
        struct epoll_event events[256];
        int ready = epoll_pwait2(poller, events, 256, &wait, NULL);
        if (ready == 0 && begun == concurrent) die("streams", "nothing came for a minute");
        for (int i = 0; i < ready; i++) receive(events[i].data.ptr);
    }
    printf(
        "{\"whole\":%ld,\"broken\":%ld,\"frames\":%ld,\"worst_gap_ms\":%.3f,\"seconds\":%.3f,\"first_us\":[", whole,
        broken, frames, (double)worst_gap / 1e6, (double)(now_ns() - start) / 1e9);
    for (long i = 0; i < whole; i++) printf("%s%.1f", i ? "," : "", (double)first_ns[i] / 1e3);
    printf("]}\n");
    return 0;
}
