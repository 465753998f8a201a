// The benchmark's model server: OpenAI's chat completions and Anthropic's messages with fixed answers, as fast as one
// libuv loop can.
//
//   mock_upstream [--port P] [--delay-ms D] [--chunks N] [--interval-ms I] [--endless 1] [--fail-every F]
//                 [--cut-every C]
//
// Prints `listening PORT`. A request is answered after D milliseconds: a body with "stream":true by N deltas, numbered
// from 0 and sent one every I milliseconds (0: all at once), any other by one answer of about 500 bytes. Every F-th
// request is answered by 503, every C-th stream breaks off half-way. A streaming body that holds `hangup-<n>` is
// remembered: GET /stats tells how many streams run and, for each tag, the moment (CLOCK_MONOTONIC, nanoseconds) at
// which its connection was seen closed.
#define _GNU_SOURCE
#include <signal.h>
#include <uv.h>

#include "answers.h"
#include "wire.h"

enum { MAX_TAGS = 4096 };

static uv_loop_t *loop;
static long delay_ms, chunk_count, interval_ms, endless, fail_every, cut_every;
static unsigned long requests, streams, streams_begun;
static uint64_t closed_at[MAX_TAGS];

struct peer {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct buffer in;
    int open_handles, tag;
    const struct dialect *dialect;
    bool streaming, waiting, cut;
    long next_chunk;
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

/// One chunk of the transfer encoding.
static void send_chunk(struct peer *peer, const char *text) {
    char framed[2048];
    int length = snprintf(framed, sizeof framed, "%zx\r\n%s\r\n", strlen(text), text);
    send_bytes(peer, framed, (size_t)length);
}

static void send_delta(struct peer *peer) {
    char text[512];
    snprintf(text, sizeof text, "%s%05ld%s", peer->dialect->delta, peer->next_chunk++, peer->dialect->delta_end);
    send_chunk(peer, text);
}

static void send_whole(struct peer *peer) {
    char out[2048];
    const char *body = peer->dialect->whole;
    int length = snprintf(out, sizeof out, JSON_HEAD "%s", strlen(body), body);
    send_bytes(peer, out, (size_t)length);
}

static void serve(struct peer *peer);

/// The next delta, or the stream's end. Answers false once the stream is over.
static bool advance_stream(struct peer *peer) {
    if (peer->cut && peer->next_chunk == chunk_count / 2) return hang_up(peer), false;
    if (endless || peer->next_chunk < chunk_count) {
        send_delta(peer);
        return !uv_is_closing((uv_handle_t *)&peer->tcp);
    }
    uv_timer_stop(&peer->timer);
    send_chunk(peer, peer->dialect->end);
    send_bytes(peer, "0\r\n\r\n", 5);
    peer->streaming = false;
    streams--;
    return false;
}

static void on_tick(uv_timer_t *timer) {
    struct peer *peer = timer->data;
    if (!peer->streaming) {
        peer->waiting = false;
        send_whole(peer);
        return serve(peer);
    }
    bool all_at_once = interval_ms == 0 && !endless, running;
    do running = advance_stream(peer);
    while (running && all_at_once);
    if (!peer->streaming) serve(peer);
}

static void start_stream(struct peer *peer, const char *body, size_t count) {
    const char *tag = memmem(body, count, "hangup-", 7);
    long number = tag ? strtol(tag + 7, NULL, 10) : -1;
    peer->tag = number >= 0 && number < MAX_TAGS ? (int)number : -1;
    peer->streaming = true;
    peer->next_chunk = 0;
    peer->cut = cut_every && ++streams_begun % (unsigned long)cut_every == 0;
    streams++;
    send_bytes(peer, STREAM_HEAD, sizeof STREAM_HEAD - 1);
    if (*peer->dialect->begin) send_chunk(peer, peer->dialect->begin);
    if (interval_ms || endless || delay_ms) {
        uint64_t interval = (uint64_t)(interval_ms ? interval_ms : 1);
        uv_timer_start(&peer->timer, on_tick, (uint64_t)delay_ms, interval);
        return;
    }
    while (advance_stream(peer)) continue;
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
    length = snprintf(line, sizeof line, JSON_HEAD, out.count);
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
            peer->dialect = strncmp(peer->in.bytes, "POST /v1/messages", 17) == 0 ? &ANTHROPIC : &OPENAI;
            bool stream = memmem(body, message.body, "\"stream\":true", 13)
                || memmem(body, message.body, "\"stream\": true", 14);
            if (fail_every && requests % (unsigned long)fail_every == 0) {
                send_bytes(peer, FAILURE, sizeof FAILURE - 1);
            } else if (stream) {
                start_stream(peer, body, message.body);
            } else if (delay_ms) {
                peer->waiting = true;
                uv_timer_start(&peer->timer, on_tick, (uint64_t)delay_ms, 0);
            } else {
                send_whole(peer);
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
    // A client that has reset its connection is no reason to end.
    signal(SIGPIPE, SIG_IGN);
    delay_ms = option(count, arguments, "--delay-ms", 0);
    chunk_count = option(count, arguments, "--chunks", 20);
    interval_ms = option(count, arguments, "--interval-ms", 0);
    endless = option(count, arguments, "--endless", 0);
    fail_every = option(count, arguments, "--fail-every", 0);
    cut_every = option(count, arguments, "--cut-every", 0);

    loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    uv_tcp_init(loop, &listener);
    uv_ip4_addr("127.0.0.1", (int)option(count, arguments, "--port", 0), &address);
    int failure = uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
    if (!failure) failure = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    if (failure) die("mock_upstream", uv_strerror(failure));
    int length = sizeof address;
    uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
