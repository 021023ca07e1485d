"""Commands in processes of their own, forked from one that has imported everything: beginning anew costs a second.

`Nursery` is the test's side. This file, run with a descriptor, is the process. A message on its socket is either a
program with its arguments and environment as JSON, with a pipe's end for standard output and one for standard error:
the answer is the id of the process in which it runs; or such an id alone: the answer is the exit code.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from attrs import define, field

CROP = "from commands.cli.app import main; main()"
"""The program that is `crop`."""

LONGEST = 1 << 16


@define
class Born:
    """A process that somebody else began, used like one of `subprocess`."""

    pid: int
    stdout: Any
    stderr: Any
    _asking: socket.socket
    _alive: int = field(init=False)
    returncode: int | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self._alive = os.pidfd_open(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self.stdout, self.stderr):
            each.close()
        self.wait()

    def send_signal(self, how: signal.Signals) -> None:
        if self.returncode is None:
            signal.pidfd_send_signal(self._alive, how)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float = 60) -> int:
        """The exit code, once it has ended; what ended it, negative, if a signal did."""
        if self.returncode is None:
            ended, _, _ = select.select([self._alive], [], [], timeout)
            if not ended:
                raise subprocess.TimeoutExpired("crop", timeout)
            self._asking.send(json.dumps(self.pid).encode())
            self.returncode = int(self._asking.recv(64))
            os.close(self._alive)
        return self.returncode

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """What it still says until it ends."""
        with ThreadPoolExecutor(2) as threads:
            told = [threads.submit(each.read) for each in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        for each in (self.stdout, self.stderr):
            each.close()
        return told[0].result(), told[1].result()


@define
class Nursery:
    """Where processes are begun from; close it at the end."""

    _socket: socket.socket | None = None
    """Without one every process begins anew."""
    _process: subprocess.Popen[bytes] | None = None

    @classmethod
    def open(cls) -> Self:
        """Where the system has what it needs, a process to fork from."""
        if not (hasattr(os, "pidfd_open") and hasattr(socket, "send_fds")):
            return cls()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # -P: what is installed is tried, and not what lies beside this file.
        command = [sys.executable, "-P", __file__, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        theirs.close()
        return cls(ours, process)

    def begin(
        self, *arguments: str | Path, program: str = CROP, environment: dict[str, str] | None = None
    ) -> "subprocess.Popen[str] | Born":
        """Run a program as `python -c` would, in the environment of this process unless another is given."""
        given = [str(each) for each in arguments]
        if self._socket is None:
            return subprocess.Popen(
                [sys.executable, "-c", program, *given],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
            )  # fmt: skip
        pipes = os.pipe(), os.pipe()
        asked = json.dumps([program, given, environment or dict(os.environ), str(Path.cwd())]).encode()
        socket.send_fds(self._socket, [asked], [writer for _, writer in pipes])
        for _, writer in pipes:
            os.close(writer)
        pid = int(self._socket.recv(64))
        return Born(pid, *(os.fdopen(reader, encoding="utf-8") for reader, _ in pipes), self._socket)

    def close(self) -> None:
        if self._socket is not None and self._process is not None:
            self._socket.close()
            self._process.wait(20)


def main(descriptor: int) -> None:
    """Begin what is asked for until the other side is gone."""
    _import_everything()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and they end this
    asking = socket.socket(fileno=descriptor)
    while True:
        message, descriptors, _, _ = socket.recv_fds(asking, LONGEST, 2)
        if not message:
            return
        asked = json.loads(message)
        if isinstance(asked, int):
            asking.send(str(os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1])).encode())
            continue
        pid = os.fork()
        if pid == 0:
            asking.close()
            _be(*asked, *descriptors)
        for each in descriptors:
            os.close(each)
        asking.send(str(pid).encode())


def _import_everything() -> None:
    """What is imported here is there in every process that is forked. No library that has threads of its own."""
    from PIL import Image

    import web.app
    import web.serving  # noqa: F401

    Image.init()


def _be(program: str, arguments: list[str], environment: dict[str, str], place: str, out: int, err: int) -> None:
    """Become the program; never returns."""
    for given, wanted in ((out, 1), (err, 2)):
        os.dup2(given, wanted)
        os.close(given)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["-c", *arguments]
    code: object = 70
    try:
        exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})  # noqa: S102  # as `python -c` does
        code = 0
    except SystemExit as ended:
        code = 0 if ended.code is None else ended.code
    finally:
        for each in (sys.stdout, sys.stderr):
            if each is not None:
                each.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
