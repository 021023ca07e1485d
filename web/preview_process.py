"""One decoding process, from the server's side: ask it, and replace it when it dies or takes too long."""

import os
import selectors
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from attrs import define, frozen

from imaging.problems import Unusable

ANSWER_WITHIN_S = 20.0
"""A file that takes longer than this to decode is given up."""


class _Head(msgspec.Struct):
    sha256: str = ""
    length: int = 0
    problem: str | None = None
    reason: str = "unreadable"


@frozen
class Made:
    """A preview, and the hash of the very bytes it was made from."""

    sha256: str
    jpeg: bytes


@define
class PreviewProcess:
    """A decoding process, begun when first asked. For one thread at a time."""

    within_s: float = ANSWER_WITHIN_S
    _process: subprocess.Popen[bytes] | None = None

    def make(self, path: Path) -> Made:
        """The preview of an image; raises `Unusable` where there is none, and if the file killed the process."""
        process = self._alive()
        try:
            head, jpeg = self._ask(process, path)
        except (BrokenPipeError, EOFError, TimeoutError, msgspec.MsgspecError) as error:
            self.close()
            why = f"takes more than {self.within_s:g} s" if isinstance(error, TimeoutError) else "kills the decoder"
            raise Unusable(f"{path.name} cannot be shown: it {why}.", reason="unreadable") from error
        if head.problem is not None:
            raise Unusable(head.problem, reason="unreadable")
        return Made(head.sha256, jpeg)

    def kill(self) -> None:
        """End the process, whatever it is doing; from any thread."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the process, and wait for its end."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()  # closes its pipes, and waits
        self._process = None

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            # -P: what lies in the directory where the server was started is none of ours.
            command = [sys.executable, "-P", "-m", "web.preview_worker"]
            self._process = subprocess.Popen(  # noqa: S603  # our own module; what it is asked goes through a pipe
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        return self._process

    def _ask(self, process: subprocess.Popen[bytes], path: Path) -> tuple[_Head, bytes]:
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(msgspec.json.encode(str(path)) + b"\n")
        reader = _Reader(process.stdout.fileno(), time.monotonic() + self.within_s)
        head = msgspec.json.decode(reader.line(), type=_Head)
        return head, reader.exactly(head.length)


@define
class _Reader:
    """Reads from a pipe until a moment; raises `TimeoutError` then, and `EOFError` at its end."""

    descriptor: int
    until: float
    _held: bytes = b""

    def line(self) -> bytes:
        while b"\n" not in self._held:
            self._held += self._more()
        line, _, self._held = self._held.partition(b"\n")
        return line

    def exactly(self, length: int) -> bytes:
        parts = [self._held]
        held = len(self._held)
        while held < length:
            parts.append(self._more())
            held += len(parts[-1])
        return b"".join(parts)

    def _more(self) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self.descriptor, selectors.EVENT_READ)
            if not selector.select(max(0.0, self.until - time.monotonic())):
                raise TimeoutError
        block = os.read(self.descriptor, 1 << 20)
        if not block:
            raise EOFError
        return block
