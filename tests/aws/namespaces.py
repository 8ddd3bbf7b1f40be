"""A network for one daemon alone, that can be cut: a network namespace with nothing but its own loopback.

Two relays carry its calls to the sandbox: one listens in the namespace at the sandbox's own address, the other one waits
outside; a Unix socket, which no namespace holds up, joins them. Taking the namespace's loopback down is the cut: what was
connected hears nothing more, and what is tried anew is unreachable."""

import asyncio
import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

_numbers = itertools.count()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def _relay(inside: bool, port: int, path: str) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await (asyncio.open_unix_connection(path) if inside else asyncio.open_connection("127.0.0.1", port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, back), _copy(there, writer))

    server = await (asyncio.start_server(carry, "127.0.0.1", port) if inside else asyncio.start_unix_server(carry, path))
    print("ready", flush=True)
    await server.serve_forever()


class Namespace:
    """One network; `wrapper` before a command runs it there. Needs root, as making namespaces does."""

    def __init__(self, endpoint: str) -> None:
        self.name = f"causeway-{os.getpid()}-{next(_numbers)}"
        self.wrapper = ("ip", "netns", "exec", self.name)
        self._directory = tempfile.TemporaryDirectory(prefix="cwns")
        self._relays: list[subprocess.Popen[str]] = []
        self._ip("netns", "add", self.name)
        try:
            self.mend()
            port, path = str(urlsplit(endpoint).port), str(Path(self._directory.name) / "relay")
            for side, wrapper in (("outside", ()), ("inside", self.wrapper)):
                relay = subprocess.Popen([*wrapper, sys.executable, "-P", __file__, side, port, path], stdout=subprocess.PIPE, text=True)
                self._relays.append(relay)
                assert relay.stdout and relay.stdout.readline() == "ready\n", f"the relay {side} did not start"
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)

    def cut(self) -> None:
        self._ip("-n", self.name, "link", "set", "lo", "down")

    def mend(self) -> None:
        self._ip("-n", self.name, "link", "set", "lo", "up")

    def close(self) -> None:
        for relay in self._relays:
            relay.kill()
            relay.wait(10)
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)
        self._directory.cleanup()


if __name__ == "__main__":
    asyncio.run(_relay(sys.argv[1] == "inside", int(sys.argv[2]), sys.argv[3]))
