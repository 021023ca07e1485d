"""A file of records, read record by record, whatever is in it: line numbers, raw bytes, bounded memory.

Nothing is decoded or judged here. Each record knows its first line and whether it was ended by a newline, so that a
torn last line shows; a line that is too long is measured and hashed to its end while only its beginning is kept.
"""

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, Protocol

KEPT_BYTES = 64 * 1024
"""What is kept of a line; no record of a real log comes near it."""

_JOINED_LINES = 8
_BOM = b"\xef\xbb\xbf"


class Lines(Protocol):
    """A binary file, or anything that gives its bytes line by line."""

    def readline(self, limit: int, /) -> bytes:
        """The next line with its end, at most `limit` bytes of it; nothing at the end."""
        ...


class Measured:
    """Lines that are measured and hashed as they pass."""

    def __init__(self, stream: Lines, most: int | None = None) -> None:
        """Stop after `most` bytes: a log that grows while it is read is read as it was."""
        self._stream = stream
        self._most = most
        self._digest = hashlib.sha256()
        self.size = 0
        """How many bytes have passed."""

    def readline(self, limit: int, /) -> bytes:
        """The next line, or its beginning."""
        if self._most is not None:
            limit = min(limit, self._most - self.size)
        line = self._stream.readline(limit) if limit > 0 else b""
        self._digest.update(line)
        self.size += len(line)
        return line

    @property
    def sha256(self) -> str:
        """sha256 of what has passed."""
        return self._digest.hexdigest()


class Record(NamedTuple):
    """One record as it stands in the file, without its line end."""

    line: int
    """The line it begins on: 1, 2, 3 ..."""
    raw: bytes
    """Its bytes, at most `KEPT_BYTES` of them."""
    end: bytes
    """The line end behind it; a last record without one may be torn."""
    size: int
    """How many bytes it has in the file, without the line end."""
    sha256: str | None = None
    """sha256 of all of them, where only the beginning is kept."""

    @property
    def whole(self) -> bool:
        """Whether `raw` is all of it."""
        return self.sha256 is None


def lines(stream: Lines) -> Iterator[Record]:
    """Every line, in order, the empty ones too; a byte order mark at the start belongs to the file, not to a line."""
    number = 0
    while chunk := stream.readline(KEPT_BYTES):
        number += 1
        full = len(chunk) == KEPT_BYTES
        raw, end = _parted(chunk.removeprefix(_BOM) if number == 1 else chunk)
        yield _long(stream, number, raw) if full and not end else Record(number, raw, end, len(raw))


def _parted(line: bytes) -> tuple[bytes, bytes]:
    for end in (b"\r\n", b"\n"):
        if line.endswith(end):
            return line[: -len(end)], end
    return line, b""


def _long(stream: Lines, number: int, beginning: bytes) -> Record:
    """The rest of a line that may have no end: measured and hashed, never held."""
    digest, size, end = hashlib.sha256(beginning), len(beginning), b""
    while not end and (chunk := stream.readline(KEPT_BYTES)):
        rest, end = _parted(chunk)
        digest.update(rest)
        size += len(rest)
    return Record(number, beginning, end, size, digest.hexdigest())


def csv_records(stream: Lines) -> Iterator[Record]:
    """Every CSV record: a quoted field may go over several lines.

    A quote that never closes must not swallow the rows behind it: after a few lines without its partner the line with
    the quote stands alone, and the lines behind it are read as what they are.
    """
    rest = lines(stream)
    waiting: deque[Record] = deque()
    while waiting or (waiting := deque(_next(rest))):
        first = waiting.popleft()
        if first.whole and opens_a_quote(first.raw):
            yield _joined(first, waiting, rest) or first
        else:
            yield first


def _next(rest: Iterator[Record]) -> list[Record]:
    record = next(rest, None)
    return [] if record is None else [record]


def _joined(first: Record, waiting: deque[Record], rest: Iterator[Record]) -> Record | None:
    """The record made of this line and the next few, up to the one that closes its quote; None if none does."""
    while len(waiting) < _JOINED_LINES and (more := _next(rest)):
        waiting.extend(more)
    raw, end = first.raw, first.end
    for count, line in enumerate(waiting, start=1):
        raw, end = raw + end + line.raw, line.end
        if not line.whole or len(raw) > KEPT_BYTES:
            return None
        if not opens_a_quote(raw):
            for _ in range(count):
                waiting.popleft()
            return Record(first.line, raw, end, len(raw))
    return None


def opens_a_quote(raw: bytes) -> bool:
    """Whether a quoted field begins and does not end. A quote inside an unquoted field is a character like others."""
    at = 0
    while b'"' in raw[at:]:
        if raw[at : at + 1] == b'"':
            at = _behind_quoted(raw, at + 1)
            if at < 0:
                return True
        comma = raw.find(b",", at)
        if comma < 0:
            return False
        at = comma + 1
    return False


def _behind_quoted(raw: bytes, at: int) -> int:
    """Where the quoted field that began before `at` has ended, -1 if it has not; a doubled quote is a character."""
    while (quote := raw.find(b'"', at)) >= 0:
        if raw[quote + 1 : quote + 2] != b'"':
            return quote + 1
        at = quote + 2
    return -1
