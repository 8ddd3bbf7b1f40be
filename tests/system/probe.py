"""Run in the place of causewayd, in its sandbox: tries what each directive of the unit forbids, and prints how each went, as one
line of JSON: the error, the signal that ended the attempt, or "done"."""

import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)
STATE = Path("/var/lib/causeway/probe")
CLONE_NEWUSER, BPF, PERSONALITY_LINUX32, PTRACE_SEIZE = 0x10000000, 321, 8, 0x4206


def call(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def make_set_user_id() -> None:
    STATE.touch()
    STATE.chmod(0o4755)


def look_at_others() -> None:
    """Done where a process of somebody else is seen."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.stat().st_uid != os.getuid():
            return
    raise OSError(errno.ENOENT, "nobody else is seen")


def read_what_others_make() -> None:
    STATE.touch()
    if STATE.stat().st_mode & 0o077 == 0:
        raise OSError(errno.EACCES, "it is the owner's only")


ATTEMPTS: dict[str, Callable[[], object]] = {
    "RestrictAddressFamilies: netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "RestrictAddressFamilies: packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "MemoryDenyWriteExecute": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "RestrictNamespaces": lambda: call(libc.unshare(CLONE_NEWUSER)),
    "SystemCallFilter: mount": lambda: call(libc.mount(b"none", b"/mnt", b"tmpfs", 0, None)),
    "SystemCallFilter: bpf": lambda: call(libc.syscall(BPF, 0, 0, 0)),
    "SystemCallFilter: priorities": lambda: call(libc.setpriority(0, 0, -5)),
    "LockPersonality": lambda: call(libc.personality(PERSONALITY_LINUX32)),
    "ProtectClock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "ProtectHostname": lambda: socket.sethostname("mallory"),
    "ProtectKernelLogs": lambda: Path("/dev/kmsg").open("rb"),
    "ProtectKernelTunables": lambda: Path("/proc/sys/kernel/domainname").write_text("mallory"),
    "ProtectKernelModules": lambda: call(libc.syscall(313, -1, b"", 0)),
    "ProtectControlGroups": lambda: Path("/sys/fs/cgroup/mallory").mkdir(),
    "RestrictRealtime": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "RestrictSUIDSGID": make_set_user_id,
    "ProtectProc": look_at_others,
    "ProcSubset": lambda: Path("/proc/meminfo").read_text(),
    "PrivateTmp": lambda: Path("/tmp/of-somebody-else").read_text(),
    "PrivateDevices": lambda: Path("/dev/mem").open("rb"),
    "UMask": read_what_others_make,
    "DynamicUser": lambda: os.setuid(0),
}


def attempt(name: str) -> str:
    """In a process of its own: some are killed for it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            ATTEMPTS[name]()
            os.write(writer, b"done")
        except OSError as error:
            os.write(writer, errno.errorcode.get(error.errno or 0, "error").encode())
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 100).decode()
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else said


print("PROBE " + json.dumps({name: attempt(name) for name in ATTEMPTS}), flush=True)
