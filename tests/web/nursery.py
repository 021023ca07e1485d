"""Servers for tests, forked from a process that has imported everything: to begin one anew is a second of work.

`Nursery` is the test's side. This file, run with a descriptor, is the process: every message on its socket is a command
line and an environment as JSON, with a pipe's end for standard output and one for standard error; the answer is the id
of the process in which it runs.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from attrs import define, field

LONGEST = 1 << 16


@define
class Born:
    """A process that somebody else began, used like one of `subprocess`."""

    pid: int
    stdout: Any
    stderr: Any
    _alive: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._alive = os.pidfd_open(self.pid)

    def send_signal(self, how: signal.Signals) -> None:
        signal.pidfd_send_signal(self._alive, how)

    def communicate(self, timeout: float = 20) -> tuple[str, str]:
        """What it still said, once it has ended."""
        ended, _, _ = select.select([self._alive], [], [], timeout)
        if not ended:
            raise subprocess.TimeoutExpired("crop serve", timeout)
        told = self.stdout.read(), self.stderr.read()
        for each in (self.stdout, self.stderr):
            each.close()
        os.close(self._alive)
        return told


@define
class Nursery:
    """Where processes are begun from; close it at the end."""

    _socket: socket.socket
    _process: subprocess.Popen[bytes]

    @classmethod
    def open(cls) -> "Nursery":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # -P: what is installed is tried, and not what lies beside this file.
        command = [sys.executable, "-P", __file__, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        theirs.close()
        return cls(ours, process)

    def begin(self, arguments: list[str], environment: dict[str, str]) -> Born:
        """Run `crop` with these arguments."""
        pipes = os.pipe(), os.pipe()
        asked = json.dumps([arguments, environment, str(Path.cwd())]).encode()
        socket.send_fds(self._socket, [asked], [writer for _, writer in pipes])
        for _, writer in pipes:
            os.close(writer)
        pid = int(self._socket.recv(64))
        return Born(pid, *(os.fdopen(reader, encoding="utf-8") for reader, _ in pipes))

    def close(self) -> None:
        self._socket.close()
        self._process.wait(20)


def main(descriptor: int) -> None:
    """Begin what is asked for until the other side is gone."""
    import web.app
    import web.serving  # noqa: F401  # imported here, they are there in every process that is forked
    from commands.cli.app import app  # noqa: F401

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and they end this
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for who is forked
    asking = socket.socket(fileno=descriptor)
    while True:
        message, descriptors, _, _ = socket.recv_fds(asking, LONGEST, 2)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            asking.close()
            _be(*json.loads(message), *descriptors)
        for each in descriptors:
            os.close(each)
        asking.send(str(pid).encode())


def _be(arguments: list[str], environment: dict[str, str], place: str, out: int, err: int) -> None:
    """Become the command; never returns."""
    from commands.cli.app import run

    for given, wanted in ((out, 1), (err, 2)):
        os.dup2(given, wanted)
        os.close(given)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    code = 70
    try:
        code = run(arguments)
        sys.stdout.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]))
