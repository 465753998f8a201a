"""A provider that puts secrets into everything that it says. The model's name chooses how it fails."""

import http.server
import json
import threading

# What this upstream says, by where it says it.
ANSWER, ERROR, PARAM, HEADER, TYPE = (
    "canary-answer-91d2", "canary-error-3f7a", "canary-param-c04e", "canary-phead-6b11", "canary-type-d2f9")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(401, {"error": {"message": ERROR}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = json.loads(body)
        model, key = asked["model"], self.headers.get("authorization", "") + self.headers.get("x-api-key", "")
        error = {"error": {"message": f"{ERROR}, your key is {key}, you said {body.decode()}", "param": PARAM,
                           "type": TYPE, "code": TYPE}}
        if model.isdigit():
            return self.answer(int(model), error)
        if model == "html":
            return self.raw(502, f"<html>{ERROR} {key}</html>".encode(), "text/html")
        if model == "rubbish":
            return self.raw(200, f"{{{ERROR}".encode())
        if model == "hang-up":
            self.close_connection = True
            return self.connection.shutdown(2)
        if asked.get("stream"):
            return self.stream(model, error)
        message = {"role": "assistant", "content": ANSWER}
        self.answer(200, {
            "id": "x", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})

    def stream(self, model, error):
        def frame(value):
            return f"data: {json.dumps(value)}\n\n".encode()

        def delta(part, reason=None):
            return frame({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": model,
                          "choices": [{"index": 0, "delta": part, "finish_reason": reason}]})

        body = delta({"role": "assistant", "content": ANSWER})
        if model == "error-frame":
            body += frame(error)
        elif model == "bad-frame":
            body += f"data: {{{ERROR}\n\n".encode()
        elif model != "cut":
            body += delta({}, "stop") + b"data: [DONE]\n\n"
        self.raw(200, body, "text/event-stream", length=len(body) + (100 if model == "cut" else 0))

    def answer(self, status, value):
        self.raw(status, json.dumps(value).encode())

    def raw(self, status, body, kind="application/json", length=None):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body) if length is None else length))
        for name in ("x-request-id", "set-cookie", "server", "x-secret", "location"):
            self.send_header(name, HEADER)
        self.end_headers()
        self.wfile.write(body)
        if length and length > len(body):
            self.close_connection = True


def start():
    """The port of an upstream on a thread of this process."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
