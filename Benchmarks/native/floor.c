// The floor of what a proxy over libcurl costs: one libuv loop, curl's multi interface driven by its sockets, easy
// handles kept and used again, connections kept alive on both sides. It frames a request, hands it to the upstream
// and sends the answer back: no JSON, no log, no routing. What Tutti adds is measured against it.
//
//   floor --upstream PORT [--port P]            prints `listening PORT`
#define _GNU_SOURCE
#include <curl/curl.h>
#include <signal.h>
#include <uv.h>

#include "wire.h"

enum { LONGEST_REQUEST = 256 * 1024 };

static uv_loop_t *loop;
static CURLM *multi;
static uv_timer_t curl_timer;
static char upstream[64];

/// A client's connection: one request at a time, its easy handle kept for the next.
struct client {
    uv_tcp_t tcp;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer in, answer, out;
    struct message message;
    bool busy, gone;
};

static void serve(struct client *client);

static void release(struct client *client) {
    curl_slist_free_all(client->headers);
    curl_easy_cleanup(client->easy);
    free(client->in.bytes);
    free(client->answer.bytes);
    free(client->out.bytes);
    free(client);
}

static void on_client_closed(uv_handle_t *handle) { release(handle->data); }

static void hang_up(struct client *client) {
    if (client->gone) return;
    client->gone = true;
    if (client->busy) curl_multi_remove_handle(multi, client->easy);
    uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *context) {
    buffer_append(&((struct client *)context)->answer, bytes, size * count);
    return size * count;
}

static void prepare(struct client *client) {
    CURL *easy = client->easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, upstream);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, client);
}

/// The client's headers but those that belong to its own connection.
static void forward_headers(struct client *client) {
    curl_slist_free_all(client->headers);
    client->headers = NULL;
    char *head = client->in.bytes, *end = head + client->message.head - 2;
    char *line = (char *)memmem(head, (size_t)(end - head), "\r\n", 2) + 2;
    while (line < end) {
        char *next = memmem(line, (size_t)(end - line), "\r\n", 2);
        *next = 0;
        if (strncasecmp(line, "host:", 5) && strncasecmp(line, "content-length:", 15)
            && strncasecmp(line, "connection:", 11))
            client->headers = curl_slist_append(client->headers, line);
        line = next + 2;
    }
    curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, client->headers);
}

static void serve(struct client *client) {
    if (client->busy) return;
    client->message = message_frame(&client->in);
    if (!client->message.head) return;
    client->busy = true;
    client->answer.count = 0;
    if (!client->easy) prepare(client);
    forward_headers(client);
    curl_easy_setopt(client->easy, CURLOPT_POSTFIELDSIZE, (long)client->message.body);
    curl_easy_setopt(client->easy, CURLOPT_POSTFIELDS, client->in.bytes + client->message.head);
    curl_multi_add_handle(multi, client->easy);
}

struct late_write {
    uv_write_t request;
    char bytes[];
};

static void on_written(uv_write_t *request, int status) {
    (void)status;
    free(request);
}

static void send_answer(struct client *client, long status, const char *type) {
    char head[256];
    client->out.count = 0;
    int length = snprintf(
        head, sizeof head, "HTTP/1.1 %ld OK\r\nContent-Type: %.100s\r\nContent-Length: %zu\r\n\r\n", status,
        type ? type : "text/plain", client->answer.count);
    buffer_append(&client->out, head, (size_t)length);
    buffer_append(&client->out, client->answer.bytes, client->answer.count);
    uv_buf_t piece = uv_buf_init(client->out.bytes, (unsigned)client->out.count);
    int sent = uv_try_write((uv_stream_t *)&client->tcp, &piece, 1);
    if (sent == (int)client->out.count) return;
    size_t offset = sent < 0 ? 0 : (size_t)sent, rest = client->out.count - offset;
    struct late_write *write = malloc(sizeof *write + rest);
    memcpy(write->bytes, client->out.bytes + offset, rest);
    piece = uv_buf_init(write->bytes, (unsigned)rest);
    if (uv_write(&write->request, (uv_stream_t *)&client->tcp, &piece, 1, on_written)) free(write);
}

static void finish(struct client *client, CURLcode result) {
    long status = 502;
    char *type = NULL;
    curl_multi_remove_handle(multi, client->easy);
    if (result == CURLE_OK) {
        curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(client->easy, CURLINFO_CONTENT_TYPE, &type);
    } else {
        client->answer.count = 0;
    }
    send_answer(client, status, type);
    client->busy = false;
    buffer_drop_first(&client->in, client->message.head + client->message.body);
    serve(client);
}

static void collect(void) {
    int left;
    for (CURLMsg *note; (note = curl_multi_info_read(multi, &left));) {
        if (note->msg != CURLMSG_DONE) continue;
        struct client *client;
        CURLcode result = note->data.result;
        curl_easy_getinfo(note->easy_handle, CURLINFO_PRIVATE, (char **)&client);
        finish(client, result);
    }
}

// curl says which sockets to watch; a poll handle lives as long as curl watches its socket.

static void free_poll(uv_handle_t *handle) { free(handle); }

static void on_ready(uv_poll_t *poll, int status, int events) {
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
    if (events & UV_READABLE) flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(multi, (curl_socket_t)(intptr_t)poll->data, flags, &running);
    collect();
}

static int watch(CURL *easy, curl_socket_t socket, int what, void *context, void *state) {
    (void)easy, (void)context;
    uv_poll_t *poll = state;
    if (what == CURL_POLL_REMOVE) {
        if (poll) uv_close((uv_handle_t *)poll, free_poll);
        curl_multi_assign(multi, socket, NULL);
        return 0;
    }
    if (!poll) {
        poll = malloc(sizeof *poll);
        uv_poll_init_socket(loop, poll, socket);
        poll->data = (void *)(intptr_t)socket;
        curl_multi_assign(multi, socket, poll);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(poll, events, on_ready);
    return 0;
}

static void on_timeout(uv_timer_t *timer) {
    (void)timer;
    int running;
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect();
}

static int set_timer(CURLM *owner, long milliseconds, void *context) {
    (void)owner, (void)context;
    if (milliseconds < 0) return uv_timer_stop(&curl_timer);
    return uv_timer_start(&curl_timer, on_timeout, (uint64_t)milliseconds, 0);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room) {
    (void)suggested;
    struct client *client = handle->data;
    *room = uv_buf_init(client->in.bytes + client->in.count, (unsigned)(client->in.capacity - client->in.count));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *room) {
    (void)room;
    struct client *client = stream->data;
    if (count < 0) return hang_up(client);
    client->in.count += (size_t)count;
    serve(client);
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status < 0) return;
    struct client *client = calloc(1, sizeof *client);
    client->tcp.data = client;
    // Never grows: curl reads the body where it lies. A request that does not fit ends its connection.
    buffer_reserve(&client->in, LONGEST_REQUEST);
    uv_tcp_init(loop, &client->tcp);
    if (uv_accept(listener, (uv_stream_t *)&client->tcp)) return hang_up(client);
    uv_tcp_nodelay(&client->tcp, 1);
    uv_read_start((uv_stream_t *)&client->tcp, give_room, on_read);
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    long port = option(count, arguments, "--upstream", 0);
    if (!port) die("floor", "--upstream PORT is missing");
    snprintf(upstream, sizeof upstream, "http://127.0.0.1:%ld/v1/chat/completions", port);

    loop = uv_default_loop();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 256L);
    uv_timer_init(loop, &curl_timer);

    uv_tcp_t listener;
    struct sockaddr_in address;
    uv_tcp_init(loop, &listener);
    uv_ip4_addr("127.0.0.1", (int)option(count, arguments, "--port", 0), &address);
    int failure = uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
    if (!failure) failure = uv_listen((uv_stream_t *)&listener, 1024, on_connection);
    if (failure) die("floor", uv_strerror(failure));
    int length = sizeof address;
    uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
