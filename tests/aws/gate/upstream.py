"""moto, called in this process through its WSGI application, one call at a time.

moto's backends are not made for threads, so one lock is held around every call and around every look into
its state. Nothing waits while holding it: long polls are the gate's (additions/sqs.py).
"""

import io
import os
import sys
import threading
from typing import Any
from urllib.parse import unquote_to_bytes

from .exchange import Request, Response

lock = threading.RLock()
_application: Any = None

# Headers that must not reach moto as the client sent them.
_GATE_ONLY = {"x-moto-account-id", "transfer-encoding", "connection", "expect", "content-length"}
_DROPPED_FROM_ANSWER = {"x-amzn-requestid", "x-amz-request-id", "content-length", "connection", "server", "date", "transfer-encoding"}


def start() -> None:
    global _application
    os.environ.pop("MOTO_ACCOUNT_ID", None)
    from moto import settings  # noqa: F401  (read before the server, which reads it too)
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    _application = DomainDispatcherApplication(create_backend_app)


def reset() -> None:
    from moto.core.base_backend import BackendDict

    with lock:
        if "moto.s3.models" in sys.modules:
            backends("s3").bucket_accounts.clear()
        BackendDict.reset()


def backends(service: str) -> Any:
    """moto's backends of a service: backends("sqs")[account][region]."""
    from moto.backends import get_backend

    return get_backend(service)


def call(request: Request, account: str | None = None, body: bytes | None = None) -> Response:
    """What moto answers to this request, made by its account (or by another, where access was checked)."""
    payload = request.body if body is None else body
    answer = _Answer()
    with lock:
        chunks = _application(_environ(request, account or request.account, payload), answer.start)
        try:
            content = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
    headers = [(k, v) for k, v in answer.headers if k.lower() not in _DROPPED_FROM_ANSWER
               and not k.lower().startswith("access-control-")]
    response = Response(answer.status, headers, content)
    if request.method == "HEAD":
        length = next((v for k, v in answer.headers if k.lower() == "content-length"), None)
        if length is not None:
            response.headers.append(("Content-Length", length))
    return response


class _Answer:
    status = 500
    headers: list[tuple[str, str]] = []

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.status = int(status.split(" ", 1)[0])
        self.headers = headers
        return lambda data: None


def _environ(request: Request, account: str, body: bytes) -> dict[str, Any]:
    host = request.header("host") or "127.0.0.1"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "QUERY_STRING": request.query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": host.split(":")[0],
        "SERVER_PORT": host.rpartition(":")[2] if ":" in host else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        lowered = name.lower()
        if lowered in _GATE_ONLY:
            continue
        key = "CONTENT_TYPE" if lowered == "content-type" else "HTTP_" + name.upper().replace("-", "_")
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    return environ
