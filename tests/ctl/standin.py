"""A stand-in for causewayd, to see how causewayctl shows answers and errors: it answers each request with what the test
laid ready. The real daemon and causewayctl meet in the journeys of tests/aws."""

import json
import socketserver
import tempfile
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    standin: "StandIn"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        status, answer = self.server.standin.take(self.command, self.path, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        pass


class StandIn:
    """`answer()` lays an answer ready; `asked` is what was asked, as (method, target, body)."""

    def __init__(self) -> None:
        # A Unix socket's path has at most 107 bytes, and pytest's directories are deep.
        self._directory = tempfile.TemporaryDirectory(prefix="cw")
        self.socket = Path(self._directory.name) / "control.sock"
        self.asked: list[tuple[str, str, str]] = []
        self._answers: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._server = _Server(str(self.socket), _Handler)
        self._server.standin = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, method: str, target: str, document: Any, status: int = 200) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode() + b"\n"
        self._answers[method, target] = (status, body)

    def refuse(self, method: str, target: str, status: int, error_class: str, message: str, code: str = "") -> None:
        self.answer(method, target, {"error": {"class": error_class, "message": message, "code": code}}, status)

    def take(self, method: str, target: str, body: str) -> tuple[int, bytes]:
        self.asked.append((method, target, body))
        nothing = {"error": {"class": "not-found", "message": f"there is nothing at {target}", "code": ""}}
        return self._answers.get((method, target), (404, json.dumps(nothing).encode()))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._directory.cleanup()
