"""The sockets: HTTP/1.1 with keep-alive on loopback, one thread a connection, so a long poll blocks nobody.

It stands below WSGI because faults need the socket: resets, half bodies, slow bodies.
"""

import os
import select
import socket
import struct
import time
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .exchange import Request, Response

_IDLE_SECONDS = 120  # a connection that says nothing for so long is closed
_MAX_BODY_BYTES = 256 << 20


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    block_on_close = False

    def __init__(self, port: int, answer: Callable[[Request], Response]):
        self.answer = answer
        self.connections_accepted = 0
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self):
        self.connections_accepted += 1
        return super().get_request()

    def server_bind(self) -> None:
        # Without HTTPServer's look-up of the host's own name, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address) -> None:
        pass  # a client that went away is what many tests do on purpose


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, *args) -> None:
        pass

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        request = Request(self.command, self.path, list(self.headers.items()), body, self._open)
        self._send(self.server.answer(request))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve

    def _body(self) -> bytes | None:
        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            return self._chunked_body()
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY_BYTES:
            self.send_error(413)
            return None
        return self.rfile.read(length) if length else b""

    def _chunked_body(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _open(self) -> bool:
        """False once the client has closed its end."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        if not readable:
            return True
        try:
            return self.connection.recv(1, socket.MSG_PEEK) != b""
        except OSError:
            return False

    def _send(self, response: Response) -> None:
        wire = response.wire or {}
        kind = wire.get("kind")
        if kind == "reset":
            self._reset()
            return
        head, body = self._head(response, wire), response.body
        if self.command == "HEAD":
            body = b""
        if kind == "huge":
            self._send_huge(head, wire["bytes"])
        elif kind == "truncate":
            self.connection.sendall(head + body[: len(body) // 2])
            self.close_connection = True
        elif kind == "slow":
            self._send_slowly(head, body, wire["bytes_per_second"])
        else:
            self.connection.sendall(head + body)

    def _head(self, response: Response, wire: dict) -> bytes:
        headers = list(response.headers)
        names = {name.lower() for name, _ in headers}
        if "content-length" not in names and response.status not in (204, 304):
            length = wire.get("bytes", len(response.body))
            if wire.get("kind") == "truncate" and not response.body:
                length = 1024  # so that there is something to be missing
            headers.append(("Content-Length", str(length)))
        if "date" not in names:
            headers.append(("Date", formatdate(usegmt=True)))
        lines = [f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _send_slowly(self, head: bytes, body: bytes, rate: int) -> None:
        self.connection.sendall(head)
        step = max(1, rate // 20)
        for start in range(0, len(body), step):
            self.connection.sendall(body[start : start + step])
            time.sleep(step / rate)

    def _send_huge(self, head: bytes, size: int) -> None:
        self.connection.sendall(head)
        block = b"x" * 65536
        while size > 0:
            self.connection.sendall(block[:size])
            size -= len(block)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The files made of the socket would keep it open, and shutdown() would say FIN first.
        os.close(self.connection.detach())
        self.close_connection = True
