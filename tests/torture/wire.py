"""A wire between the daemon and the local AWS that can be cut, held, slowed or wrapped in TLS; and certificates, good and
bad, made by openssl when they are needed."""

import contextlib
import datetime
import select
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlparse


class Certificates:
    """A certificate authority of the test's own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = self._authority("authority")
        self.stranger = self._authority("stranger")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True)

    def _authority(self, name: str) -> Path:
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                      "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}")
        return self.directory / f"{name}.pem"

    def server(self, host: str = "127.0.0.1", days: int = 1) -> ssl.SSLContext:
        """A context with a certificate for that host; days below zero: one that has expired."""
        kind = "IP" if host[0].isdigit() else "DNS"
        (self.directory / "extensions").write_text(f"subjectAltName={kind}:{host}\n")
        now = datetime.datetime.now(datetime.UTC)
        until = now + datetime.timedelta(days=days)
        since = min(now, until) - datetime.timedelta(days=1)
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "server.key",
                      "-out", "server.csr", "-subj", "/CN=server")
        (self.directory / "index").write_text("")
        (self.directory / "index.attr").write_text("unique_subject = no\n")
        (self.directory / "serial").write_text("01\n")
        (self.directory / "ca.cnf").write_text(
            "[ca]\ndefault_ca = here\n[here]\ndatabase = index\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\n"
            "policy = any\n[any]\ncommonName = supplied\n")
        self._openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "authority.pem", "-keyfile", "authority.key", "-in", "server.csr",
                      "-out", "server.pem", "-notext", "-extfile", "extensions", "-startdate", f"{since:%Y%m%d%H%M%SZ}", "-enddate", f"{until:%Y%m%d%H%M%SZ}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "server.pem", self.directory / "server.key")
        return context


class Wire:
    """A port on which the local AWS is reached. `mode` is how, for connections from now on and those there are:

    through   as it is                       silent    connections are taken, and nothing is ever said
    drip      answers come a byte at a time  half-open as silent, from the next answer on
    """

    def __init__(self, upstream: str, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        address = urlparse(upstream)
        self._upstream = (address.hostname, address.port)
        self._tls = tls
        self.mode = "through"
        self.drip_seconds = 0.05
        self.taken = 0
        self._open = True
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Ends every connection there is, as a pulled cable that is noticed."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._sockets.clear()

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.taken += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._sockets.append(client)
        with contextlib.suppress(OSError, ValueError):  # ValueError: one that was closed meanwhile
            if self.mode == "silent":
                client.recv(1)
                while self._open and self.mode == "silent":
                    time.sleep(0.02)
                return
            if self._tls:
                client = self._tls.wrap_socket(client, server_side=True)
                self._sockets.append(client)
            server = socket.create_connection(self._upstream)
            self._sockets.append(server)
            self._carry(client, server)
        client.close()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        while self._open:
            pending = getattr(client, "pending", lambda: 0)()
            ready = [client] if pending else select.select([client, server], [], [], 0.5)[0]
            for side in ready:
                data = side.recv(65536)
                if not data:
                    server.close()
                    return
                if side is client:
                    server.sendall(data)
                elif self.mode == "drip":
                    for byte in data:
                        client.sendall(bytes([byte]))
                        time.sleep(self.drip_seconds)
                else:
                    while self._open and self.mode in ("silent", "half-open"):
                        time.sleep(0.02)
                    client.sendall(data)
