// The benchmark's model server: OpenAI's chat completions with fixed answers, as fast as one libuv loop can.
//
//   mock_upstream [--port P] [--delay-ms D] [--chunks N] [--interval-ms I] [--endless 1]
//
// Prints `listening PORT`. A body with "stream":true is answered by N chunks, one every I milliseconds (0: at
// once); any other after D milliseconds by one completion of about 500 bytes. A streaming body that holds
// `hangup-<n>` is remembered: GET /stats tells how many streams run and, for each tag, the moment (CLOCK_MONOTONIC,
// nanoseconds) at which its connection was seen closed.
#define _GNU_SOURCE
#include <uv.h>

#include "wire.h"

enum { MAX_TAGS = 4096 };

static uv_loop_t *loop;
static long delay_ms, chunk_count, interval_ms, endless;
static unsigned long requests, streams;
static uint64_t closed_at[MAX_TAGS];

static const char COMPLETION[] =
    "{\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion\",\"created\":1700000000,"
    "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
    "\"A graph of nodes answers a turn: from a cache, from one model or from several at once, streaming from the "
    "first token.\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":42,"
    "\"completion_tokens\":27,\"total_tokens\":69,\"prompt_tokens_details\":{\"cached_tokens\":0}},"
    "\"system_fingerprint\":\"fp_0123456789\"}";
static const char CHUNK[] =
    "data: {\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}\n\n";
static const char LAST_CHUNK[] =
    "data: {\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static char completion_answer[1024];

struct peer {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct buffer in;
    int open_handles, tag;
    bool streaming, waiting;
    long chunks_left;
};

struct write {
    uv_write_t request;
    char bytes[];
};

static void on_closed(uv_handle_t *handle) {
    struct peer *peer = handle->data;
    if (--peer->open_handles) return;
    free(peer->in.bytes);
    free(peer);
}

static void hang_up(struct peer *peer) {
    if (uv_is_closing((uv_handle_t *)&peer->tcp)) return;
    if (peer->streaming) {
        streams--;
        if (peer->tag >= 0) closed_at[peer->tag] = uv_hrtime();
    }
    uv_close((uv_handle_t *)&peer->tcp, on_closed);
    uv_close((uv_handle_t *)&peer->timer, on_closed);
}

static void on_written(uv_write_t *request, int status) {
    if (status < 0) hang_up(request->handle->data);
    free(request);
}

/// Sends at once what the socket takes; the rest is copied and waits its turn.
static void send_bytes(struct peer *peer, const char *bytes, size_t count) {
    uv_buf_t piece = uv_buf_init((char *)bytes, (unsigned)count);
    int sent = uv_try_write((uv_stream_t *)&peer->tcp, &piece, 1);
    if (sent == (int)count) return;
    if (sent < 0 && sent != UV_EAGAIN) return hang_up(peer);
    size_t offset = sent < 0 ? 0 : (size_t)sent;
    struct write *write = malloc(sizeof *write + count - offset);
    memcpy(write->bytes, bytes + offset, count - offset);
    piece = uv_buf_init(write->bytes, (unsigned)(count - offset));
    if (uv_write(&write->request, (uv_stream_t *)&peer->tcp, &piece, 1, on_written)) {
        free(write);
        hang_up(peer);
    }
}

static void send_chunk(struct peer *peer, const char *bytes, size_t count) {
    char framed[sizeof LAST_CHUNK + 64];
    int length = snprintf(framed, sizeof framed, "%zx\r\n%.*s\r\n", count, (int)count, bytes);
    send_bytes(peer, framed, (size_t)length);
}

static void serve(struct peer *peer);

static void finish_stream(struct peer *peer) {
    uv_timer_stop(&peer->timer);
    send_chunk(peer, LAST_CHUNK, sizeof LAST_CHUNK - 1);
    send_bytes(peer, "0\r\n\r\n", 5);
    peer->streaming = false;
    streams--;
}

static void on_tick(uv_timer_t *timer) {
    struct peer *peer = timer->data;
    if (!peer->streaming) {
        peer->waiting = false;
        send_bytes(peer, completion_answer, strlen(completion_answer));
        return serve(peer);
    }
    if (!endless && peer->chunks_left-- == 0) {
        finish_stream(peer);
        return serve(peer);
    }
    send_chunk(peer, CHUNK, sizeof CHUNK - 1);
}

static void start_stream(struct peer *peer, const char *body, size_t count) {
    const char *tag = memmem(body, count, "hangup-", 7);
    long number = tag ? strtol(tag + 7, NULL, 10) : -1;
    peer->tag = number >= 0 && number < MAX_TAGS ? (int)number : -1;
    peer->streaming = true;
    peer->chunks_left = chunk_count;
    streams++;
    send_bytes(peer, STREAM_HEAD, sizeof STREAM_HEAD - 1);
    if (interval_ms || endless) {
        uint64_t interval = (uint64_t)(interval_ms ? interval_ms : 1);
        uv_timer_start(&peer->timer, on_tick, 0, interval);
        return;
    }
    while (peer->chunks_left-- > 0) send_chunk(peer, CHUNK, sizeof CHUNK - 1);
    finish_stream(peer);
}

static void send_stats(struct peer *peer) {
    struct buffer out = {0};
    char line[96];
    int length = snprintf(line, sizeof line, "{\"requests\":%lu,\"streams\":%lu,\"closed\":{", requests, streams);
    buffer_append(&out, line, (size_t)length);
    bool first = true;
    for (int i = 0; i < MAX_TAGS; i++) {
        if (!closed_at[i]) continue;
        length = snprintf(line, sizeof line, "%s\"%d\":%llu", first ? "" : ",", i, (unsigned long long)closed_at[i]);
        buffer_append(&out, line, (size_t)length);
        first = false;
    }
    buffer_append(&out, "}}", 2);
    length = snprintf(
        line, sizeof line, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", out.count);
    send_bytes(peer, line, (size_t)length);
    send_bytes(peer, out.bytes, out.count);
    free(out.bytes);
}

static void serve(struct peer *peer) {
    while (!peer->streaming && !peer->waiting && !uv_is_closing((uv_handle_t *)&peer->tcp)) {
        struct message message = message_frame(&peer->in);
        if (!message.head) return;
        const char *body = peer->in.bytes + message.head;
        if (strncmp(peer->in.bytes, "GET /stats", 10) == 0) {
            send_stats(peer);
        } else {
            requests++;
            bool stream = memmem(body, message.body, "\"stream\":true", 13)
                || memmem(body, message.body, "\"stream\": true", 14);
            if (stream) {
                start_stream(peer, body, message.body);
            } else if (delay_ms) {
                peer->waiting = true;
                uv_timer_start(&peer->timer, on_tick, (uint64_t)delay_ms, 0);
            } else {
                send_bytes(peer, completion_answer, strlen(completion_answer));
            }
        }
        buffer_drop_first(&peer->in, message.head + message.body);
    }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room) {
    (void)suggested;
    struct peer *peer = handle->data;
    buffer_reserve(&peer->in, 16384);
    *room = uv_buf_init(peer->in.bytes + peer->in.count, 16384);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *room) {
    (void)room;
    struct peer *peer = stream->data;
    if (count < 0) return hang_up(peer);
    peer->in.count += (size_t)count;
    serve(peer);
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status < 0) return;
    struct peer *peer = calloc(1, sizeof *peer);
    peer->tcp.data = peer->timer.data = peer;
    peer->open_handles = 2;
    uv_tcp_init(loop, &peer->tcp);
    uv_timer_init(loop, &peer->timer);
    if (uv_accept(listener, (uv_stream_t *)&peer->tcp)) return hang_up(peer);
    uv_tcp_nodelay(&peer->tcp, 1);
    uv_read_start((uv_stream_t *)&peer->tcp, give_room, on_read);
}

int main(int count, char **arguments) {
    delay_ms = option(count, arguments, "--delay-ms", 0);
    chunk_count = option(count, arguments, "--chunks", 20);
    interval_ms = option(count, arguments, "--interval-ms", 0);
    endless = option(count, arguments, "--endless", 0);
    snprintf(
        completion_answer, sizeof completion_answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(COMPLETION),
        COMPLETION);

    loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    uv_tcp_init(loop, &listener);
    uv_ip4_addr("127.0.0.1", (int)option(count, arguments, "--port", 0), &address);
    int failure = uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
    if (!failure) failure = uv_listen((uv_stream_t *)&listener, 1024, on_connection);
    if (failure) die("mock_upstream", uv_strerror(failure));
    int length = sizeof address;
    uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
