"""Requests that two servers in a row might cut in two different places, and what this server must answer to each.

The requests in a form are told apart in the log by their `x-request-id`, the form's name and an ending: `-a` is the
request that is sent openly, `-b` another one that is sent openly behind it, and `-evil` one that stands where a body, a
field or rubbish is, and must never be answered."""

CHAT = "/v1/chat/completions"
# Stands for the form's name, which is as long, so that lengths stay true.
NAME = "N" * 28
EVIL = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: {NAME}-evil\r\n\r\n".encode()
SECOND = EVIL.replace(b"evil", b"b")
REFUSED = [(400, "invalid_http")]
CONTROLS = [byte for byte in range(0x20) if byte not in (9, 10, 13)] + [0x7f]


class Form:
    def __init__(self, group, data, answers, stays_open=False):
        # `answers`: of each answer the status and, where it is an error, its code; the connection ends after the last
        # of them unless it `stays_open`.
        self.group, self.data, self.answers, self.stays_open = group, data, answers, stays_open
        self.name = ""

    def bytes(self, lane):
        return self.data.replace(NAME.encode(), self.id(lane).encode())

    def id(self, lane):
        return f"{lane}-{self.name}".ljust(len(NAME), ".")


def text(value):
    return value if isinstance(value, bytes) else value.encode("latin-1")


def head(*lines, target=CHAT, method="POST", version="HTTP/1.1"):
    first = text(f"{method} {target} {version}\r\nHost: 127.0.0.1\r\nX-Request-Id: {NAME}-a\r\n")
    if method == "POST":
        first += b"Content-Type: application/json\r\n"
    return first + b"".join(text(line) + b"\r\n" for line in lines) + b"\r\n"


def lengths():
    """Content-Length in every spelling but digits."""
    n = str(len(EVIL))
    values = ["+5", "-1", "0x5", "", "5,5", "5, 5", "5 5", "5.0", "5e1", "5_0", "\x0b5", "\x0c5", "five", "٥".encode(),
              "½", "12345678901234567890", "9223372036854775807", "9223372036854775808", "18446744073709551616",
              "1234567890123456789", "4294967296,0", "0,0", "0, " + n, n + ", 0", n + ";", n + "\x00", "\xa05", "5\xa0",
              "'5'", '"5"', "(5)", "5;a=b", "0b101", "0o5", "5L", "NaN", "inf", "--5", "+-5", "++5", "5-", "5+", ".5",
              "5.", "0x", "00x5", "5\x7f"]
    for value in values:
        yield b"Content-Length: " + text(value)
    for name in ("Content-Length ", "Content-Length\t", " Content-Length", "\tContent-Length", "Content-Length\x0b",
                 "Content-Length\x00", "\x00Content-Length", "Content-Length\r", "Content\rLength", "Content Length",
                 "Content-Length:", "(Content-Length)", "\xefContent-Length", "Content-Length\xa0"):
        # A second colon is the value's first byte.
        yield text(name) + b": " + text(n)


def codings():
    for value in ("chunked, identity", "identity, chunked", "identity", "gzip, chunked", "chunked, gzip", ",chunked",
                  "chunked,", ", chunked", "xchunked", "chunkedx", "x chunked", "\x0bchunked", "\x0cchunked",
                  '"chunked"', "'chunked'", "chunked chunked", "chunked;q=1", "chunked; q=0", "", "chunked, chunked",
                  "chunked,chunked", "chunk", "chunked\x00", "\x00chunked", "chunked\x0b", "chunked\x7f",
                  "\xa0chunked", "chunked\xa0", "\xefchunked", "cow", "deflate", "compress", "trailers", "x-chunked",
                  "chunked-foo", "chunked/1", "[chunked]", "chunked(comment)", "chunked\tidentity", "c hunked",
                  "chun\rked", "identity,\tchunked"):
        yield b"Transfer-Encoding: " + text(value)
    for name in ("Transfer-Encoding ", "Transfer-Encoding\t", " Transfer-Encoding", "\tTransfer-Encoding",
                 "Transfer-Encoding\x0b", "Transfer-Encoding\x00", "Transfer Encoding", "Transfer-Encoding\x85",
                 "\x0bTransfer-Encoding", "Transfer-Encoding\r"):
        yield text(name) + b": chunked"
    yield b"Transfer-Encoding:\r\n chunked"
    yield b"Transfer-Encoding\r\n : chunked"
    yield b"X: y\nTransfer-Encoding: chunked"
    yield b"X: y\rTransfer-Encoding: chunked"


def both():
    """Both ways to say where a body ends, or one of them twice."""
    length, zero, chunked = f"Content-Length: {len(EVIL) + 5}", "Content-Length: 0", "Transfer-Encoding: chunked"
    for lines in ((length, chunked), (chunked, length), (zero, chunked), (chunked, zero), (length, zero),
                  (zero, length), (length, length), (zero, zero), (chunked, chunked),
                  (chunked, "Transfer-Encoding: identity"),
                  ("Transfer-Encoding: identity", chunked), (chunked, "transfer-encoding: cow"),
                  (length, chunked, zero), (length, "TRANSFER-ENCODING: CHUNKED"), ("CONTENT-LENGTH: 0", length),
                  (zero, "Transfer-Encoding : chunked"), (length, "Transfer-Encoding: xchunked"),
                  (length, " Transfer-Encoding: chunked"), (zero, "X: y\n" + length), (zero, "X: y\r" + length)):
        yield lines


def chunks():
    """Chunked bodies that are none."""
    for size in ("0x5", "+5", "-5", "5_0", "", " 5", "5 ", "\t5", "5\t", "5 ;a", ";a", "0" * 16 + "5", "F" * 17, "5,5",
                 "5.", "g", "5g", "0X5", "\x0b5", "\x0c5", "5\x0b", "\x005", "5\x00", "'5'", '"5"', "5h", "٥".encode(),
                 "+0", "-0", "0x0", "5;a\x00", "5;a\x7f", "5;a\x0b", "5\xa0", "\xa05", "5;\"a\x01\"", "5;", "5; a",
                 "5;a=", "5;a=\"b", "5#", "5:", "0 ", " 0", "00x"):
        yield text(size) + b"\r\nhello\r\n0\r\n\r\n" + EVIL
    for body in (b"5\nhello\r\n0\r\n\r\n", b"5\rhello\r\n0\r\n\r\n", b"5\r\rhello\r\n0\r\n\r\n",
                 b"5\n\rhello\r\n0\r\n\r\n", b"5;a\nb\r\nhello\r\n0\r\n\r\n", b"5;a\rb\r\nhello\r\n0\r\n\r\n",
                 b"5\r\nhelloX\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r0\r\n\r\n",
                 b"5\r\nhello0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n",
                 b"5\r\nhello\r\n\r\n", b"0\n\n", b"0\n\r\n", b"0\r\n\n", b"0\r\r\n\r\n", b"0\r\nX: y\n\r\n",
                 b"0\r\nX: y\r\r\n\r\n", b"0\r\n X: y\r\n\r\n", b"0\r\nX : y\r\n\r\n", b"0\r\nbad\r\n\r\n",
                 b"0\r\nX: y\r\n folded\r\n\r\n", b"0\r\nX: a\x00b\r\n\r\n", b"0\r\n: y\r\n\r\n",
                 b"0\r\nContent-Length: 5\r\n\r\n", b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
                 b"0\r\nHost: x\r\n\r\n", b"0\r\n\r\x00\r\n\r\n",
                 b"5;" + b"x" * 2000 + b"\r\nhello\r\n0\r\n\r\n", b"2\r\nab\r\n3;\n0\r\n\r\n"):
        yield body + EVIL


def fields():
    """Field lines that are none: bytes in names and values, folding, line ends."""
    for byte in CONTROLS:
        yield b"X: a" + bytes([byte]) + b"b"
        yield b"X" + bytes([byte]) + b": b"
    for line in (b"X: a\nb: c", b"X: a\rb", b"X: a\r\rb", b"X: a\r", b"X: a\n", b"X : a", b"X\t: a", b"X a: b", b"X",
                 b": a", b" X: a", b"\tX: a", b"X: a\r\n folded", b"X: a\r\n\tfolded", b"X: a\r\n \r\n b", b"X\r\n: a",
                 b"(X): a", b"X[]: a", b"X\"y: a", b"X/y: a", b"X,y: a", b"X;y: a", b"X<y: a", b"X=y: a", b"X@y: a",
                 b"X{y: a", b"X\\y: a", "é: a".encode(), b"\xff: a", b"X\x80: a", b"\xef\xbb\xbfX: a",
                 b"X: a\r\n\nTransfer-Encoding: chunked",
                 b"Host: 127.0.0.1", b"Host: other", b"host: 127.0.0.1", b"HOST:"):
        yield line


def request_lines():
    """First lines that are refused. Each is followed by fields and an empty line."""
    for line in (b"GET  /healthz HTTP/1.1", b"GET /healthz  HTTP/1.1", b"GET\t/healthz HTTP/1.1",
                 b"GET /healthz\tHTTP/1.1", b" GET /healthz HTTP/1.1", b"GET /healthz HTTP/1.1 ",
                 b"GET /healthz HTTP/1.1\t", b"GET /healthz",
                 b"GET /healthz ", b"GET", b"GET /healthz HTTP/1.2", b"GET /healthz HTTP/2.0", b"GET /healthz HTTP/0.9",
                 b"GET /healthz HTTP/3.0", b"GET /healthz HTTP/1", b"GET /healthz HTTP/1.", b"GET /healthz HTTP/.1",
                 b"GET /healthz HTTP/11", b"GET /healthz HTTP/1.10", b"GET /healthz HTTP/01.1",
                 b"GET /healthz http/1.1", b"GET /healthz Http/1.1", b"GET /healthz HTTPS/1.1",
                 b"GET /healthz HTTP/1,1", b"GET /healthz HTTP 1.1",
                 b"GET /healthz HTTP/+1.1", b"GET /healthz\x00 HTTP/1.1", b"GET /heal\x0bthz HTTP/1.1",
                 b"GET /heal\x7fthz HTTP/1.1", b"GET /heal\rthz HTTP/1.1", "GET /é HTTP/1.1".encode(),
                 b"GET /\xff HTTP/1.1", b"GET /a b HTTP/1.1", b"GET /a#b HTTP/1.1", b"GET \\healthz HTTP/1.1",
                 b"GET /a\\b HTTP/1.1", b"GET healthz HTTP/1.1", b"GET ?a HTTP/1.1", b"GET * HTTP/1.1",
                 b"GET // HTTP/1.1 HTTP/1.1", b"GET http:// HTTP/1.1", b"GET http:///healthz HTTP/1.1",
                 b"GET ftp://127.0.0.1/ HTTP/1.1",
                 b"GET http://other/healthz HTTP/1.1", b"GET http://127.0.0.1@other/ HTTP/1.1",
                 b"GET http://user@127.0.0.1/ HTTP/1.1", b"GET https:127.0.0.1/ HTTP/1.1",
                 b"CONNECT 127.0.0.1:80 HTTP/1.1",
                 b"CONNECT / HTTP/1.1", b"G\xc3\x89T / HTTP/1.1", b"GE(T / HTTP/1.1", b"G:T / HTTP/1.1",
                 b"\x00GET / HTTP/1.1", b"A" * 33 + b" / HTTP/1.1", b"/ HTTP/1.1", b"HTTP/1.1 200 OK",
                 b"GET /healthz HTTP/1.1\x00", b"GET /healthz HTTP/1.1\r", b"\x16\x03\x01\x00\xa5\x01",
                 b"\x80\x2e\x01\x00\x02"):
        yield line


def hosts():
    for value in ("a?b", "a#b", "a/b", "a@b", "a b", "a\\b", "a,b", "a:b", "a:99999", "a:-1", "a:80:80", "[::1",
                  "::1]", "[::1]x", "[]", "a\x00", "a\x0bb", "http://a", "é", "a\xa0", '"a"', "a<b>", "a^b", "a`b",
                  "a{b}", "a|b", "a:+80", "a:0x50"):
        yield value


def taken():
    """Forms that are requests, however odd they look: (bytes, answers)."""
    get = head(target="/healthz", method="GET")
    yield get + SECOND, [(200, None), (200, None)]
    yield b"\r\n" + get, [(200, None)]
    yield get + b"\r\n" + SECOND, [(200, None), (200, None)]
    for line in ("Transfer_Encoding: chunked", "Content_Length: 5", "Connection: keep-alive", "Connection: x, y", "X:",
                 "X:a", "X: \t a \t", "X: a\tb", "Content-Length: 0", "Content-Length:\t00",
                 "Connection: Content-Length", "Content-Encoding: chunked", "TE: chunked", "Trailer: Content-Length",
                 "X: \xff\xfe"):
        yield head(line, target="/healthz", method="GET") + SECOND, [(200, None), (200, None)]
    for target in ("http://127.0.0.1/healthz", "HTTP://127.0.0.1/healthz", "/healthz?a=b", "/healthz?",
                   "/healthz?/../%00"):
        yield head(target=target, method="GET") + SECOND, [(200, None), (200, None)]
    for target in ("//healthz", "/healthz/", "/./healthz", "/x/../healthz", "/%68ealthz", "/healthz;a", "/HEALTHZ",
                   "/healthz%00", "/healthz%0d%0aX:%20y", "/healthz%20HTTP/1.1", "/.%2e/healthz"):
        yield head(target=target, method="GET") + SECOND, [(404, "not_found"), (200, None)]
    # Bodies that look like requests are bodies.
    yield head(f"Content-Length: {len(EVIL)}") + EVIL, None
    size = f"{len(EVIL):x}".encode()
    for framing in (size, size.upper(), size + b";a=b", b"000" + size, size + b';a="b;c";d'):
        yield head("Transfer-Encoding: chunked") + framing + b"\r\n" + EVIL + b"\r\n0\r\n\r\n", None
    yield head("Transfer-Encoding: Chunked") + b"5\r\nhello\r\n0\r\nX: y\r\nY: 9\r\n\r\n", None
    yield head("Content-Length: 5", target="/healthz", method="GET") + b"hello" + SECOND, [(200, None), (200, None)]
    body = head(f"Content-Length: {len(EVIL)}", target="/healthz", method="GET") + EVIL
    yield body + SECOND, [(200, None), (200, None)]
    yield (head("Transfer-Encoding: chunked", target="/healthz", method="GET") + b"5\r\nhello\r\n0\r\n\r\n" + SECOND,
           [(200, None), (200, None)])


def ending():
    """Forms after which the connection ends: (bytes, answers)."""
    get = head(target="/healthz", method="GET")
    yield head("Connection: close", target="/healthz", method="GET") + EVIL, [(200, None)]
    yield head("Connection: x, Close", target="/healthz", method="GET") + EVIL, [(200, None)]
    yield head(target="/healthz", method="GET", version="HTTP/1.0") + EVIL, [(200, None)]
    yield b"\r\n\r\n" + get, REFUSED
    yield b"\n" + get, REFUSED
    yield b"\r" + get, REFUSED
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + EVIL, REFUSED
    yield b"GET /healthz\r\n" + EVIL, REFUSED
    for rubbish in (b"\x00", b"hello\r\n\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b"\n", b"\r\n\r\n\r\n", b" ",
                    b"GET\r\n\r\n", b"x\r"):
        yield get + rubbish + EVIL, None
    yield head("X: " + "a" * 40000, target="/healthz", method="GET") + EVIL, [(431, "headers_too_large")]
    yield head(*[f"X-{n}: a" for n in range(120)], target="/healthz", method="GET") + EVIL, [(431, "headers_too_large")]
    yield head(target="/" + "a" * 9000, method="GET") + EVIL, [(414, "target_too_long")]
    yield head("Transfer-Encoding: chunked", version="HTTP/1.0") + b"0\r\n\r\n" + EVIL, REFUSED
    yield head("Content-Length: 99999999999") + EVIL, [(413, "request_too_large")]
    yield head("Transfer-Encoding: chunked") + b"FFFFFFFFFFFFFFFF\r\n" + EVIL, [(413, "request_too_large")]
    yield head("Transfer-Encoding: chunked") + b"7fffffffffffffff\r\n" + EVIL, [(413, "request_too_large")]
    yield head("Content-Length: 99999999999", "Expect: 100-continue"), [(413, "request_too_large")]


def all_forms():
    """Every form, named by its group and number."""
    forms = []

    def add(group, data, answers, stays_open=False):
        forms.append(Form(group, data, answers, stays_open))

    for line in lengths():
        add("length", head(line) + EVIL, REFUSED)
    for line in codings():
        add("coding", head(line) + b"5\r\nhello\r\n0\r\n\r\n" + EVIL, REFUSED)
    for lines in both():
        add("both", head(*lines) + b"0\r\n\r\n" + EVIL, REFUSED)
        add("both", head(*lines, target="/healthz", method="GET") + b"0\r\n\r\n" + EVIL, REFUSED)
    for body in chunks():
        add("chunk", head("Transfer-Encoding: chunked") + body, REFUSED)
    for line in fields():
        add("field", head(line, target="/healthz", method="GET") + EVIL, REFUSED)
    for line in (b"Expect: 200-ok", b"Expect: 100-continue, x", b"Expect: "):
        add("expect", head(line, target="/healthz", method="GET") + EVIL, [(417, "expectation_failed")])
    for line in request_lines():
        add("line", line + text(f"\r\nHost: 127.0.0.1\r\nX-Request-Id: {NAME}-a\r\n\r\n") + EVIL, REFUSED)
    for value in hosts():
        add("host",
            text(f"GET /healthz HTTP/1.1\r\nX-Request-Id: {NAME}-a\r\nHost: ") + text(value) + b"\r\n\r\n" + EVIL,
            REFUSED)
    add("host", text(f"GET /healthz HTTP/1.1\r\nX-Request-Id: {NAME}-a\r\n\r\n") + EVIL, REFUSED)
    for data, answers in taken():
        add("taken", data, answers or [(400, "invalid_json")], True)
    for data, answers in ending():
        add("ending", data, answers or [(200, None), *REFUSED])
    for number, form in enumerate(forms):
        form.name = f"{form.group}{number}"
    return forms
