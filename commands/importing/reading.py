"""A file of records, read record by record, whatever is in it: line numbers, raw bytes, bounded memory.

A record is a line, a CSV record that goes over several lines, or a JSON value that does. Nothing is decoded or judged
here. Each record knows its first line and whether it was ended by a newline, so that a torn last line shows; a line
that is too long is measured and hashed to its end while only its beginning is kept.
"""

import hashlib
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, Protocol

KEPT_BYTES = 64 * 1024
"""What is kept of a line; no record of a real log comes near it."""

KEPT_JSON_BYTES = 16 * 1024 * 1024
"""What is kept of a JSON value: a directory's progress may name a hundred thousand files."""

_JOINED_LINES = 8
_TORN_VALUES = 64
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
    """Its bytes, at most `KEPT_BYTES` of them (of JSON, `KEPT_JSON_BYTES`)."""
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
        if full and not chunk.endswith(b"\n") and is_json(chunk):
            chunk += stream.readline(KEPT_JSON_BYTES - KEPT_BYTES)  # the same line, more of it
            full = len(chunk) == KEPT_JSON_BYTES
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


def is_json(line: bytes) -> bool:
    """Whether a JSON object or list begins here."""
    return line[:64].lstrip()[:1] in (b"{", b"[")


class _Ahead:
    """Lines that can be looked at before they are taken."""

    def __init__(self, stream: Lines) -> None:
        self._rest = lines(stream)
        self._waiting: deque[Record] = deque()

    def take(self) -> Record | None:
        """The next line, gone from here on."""
        return self._waiting.popleft() if self._waiting else next(self._rest, None)

    def behind(self) -> Iterator[Record]:
        """The lines to come, which stay."""
        at = 0
        while at < len(self._waiting) or self._more():
            yield self._waiting[at]
            at += 1

    def _more(self) -> bool:
        record = next(self._rest, None)
        if record is not None:
            self._waiting.append(record)
        return record is not None

    def drop(self, count: int) -> None:
        """Take so many of the lines to come."""
        for _ in range(count):
            self._waiting.popleft()


def records(stream: Lines) -> Iterator[Record]:
    """Every record: a JSON value, a CSV record or a line; both of the former may go over several lines.

    A quote that never closes, or a bracket, must not swallow what is behind it: then the line with the quote or the
    bracket stands alone, and the lines behind it are read as what they are.
    """
    ahead = _Ahead(stream)
    torn = 0
    while (first := ahead.take()) is not None:
        if is_json(first.raw):
            if _ends_itself(first) or torn == _TORN_VALUES:
                yield from _apart(first)
                continue
            value = _value(first, ahead)
            torn += value is None
            yield from _apart(value or _torn(first, ahead))
        elif first.whole and opens_a_quote(first.raw):
            yield _joined(first, ahead) or first
        else:
            yield first


def csv_records(stream: Lines) -> Iterator[Record]:
    """Every record of a stream that holds CSV."""
    return records(stream)


_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')


def _ends_itself(line: Record) -> bool:
    return line.raw.rstrip()[-1:] in (b"}", b"]")


def _depth(raw: bytes) -> int:
    """How many brackets are open at the end; strings of JSON never go over a line."""
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(raw):
        bracket = found[0]
        depth += (bracket in b"{[") - (bracket in b"}]") if len(bracket) == 1 else 0
    return depth


def _value(first: Record, ahead: _Ahead) -> Record | None:
    """The JSON value that begins with this line and ends with a later one; None if none closes it."""
    depth = _depth(first.raw)
    if depth <= 0 or not _opens(first):
        return None
    raws, held, end = [first.raw + first.end], len(first.raw), first.end
    for count, line in enumerate(ahead.behind(), start=1):
        held += len(line.raw)
        if not line.whole or held > KEPT_JSON_BYTES or _is_neighbour(first, line):
            return None
        depth += _depth(line.raw)
        raws.append(line.raw if depth <= 0 else line.raw + line.end)
        if depth <= 0:
            end = line.end
            ahead.drop(count)
            raw = b"".join(raws)
            return Record(first.line, raw, end, len(raw))
    return None


def _torn(first: Record, ahead: _Ahead) -> Record:
    """What there is of a value that nothing closes: its line, and the indented lines behind it."""
    raws, held, end = [first.raw], len(first.raw), first.end
    for count, line in enumerate(ahead.behind()):
        held += len(line.raw)
        if line.raw[:1] not in (b" ", b"\t") or not line.whole or held > KEPT_JSON_BYTES or not _opens(first):
            ahead.drop(count)
            break
        raws += [end, line.raw]
        end = line.end
    else:
        ahead.drop(len(raws) // 2)
    raw = b"".join(raws)
    return first if len(raws) == 1 else Record(first.line, raw, end, len(raw))


def _opens(line: Record) -> bool:
    """Whether a JSON value may go on behind this line; a line torn in the middle of a word does not."""
    return line.raw.rstrip()[-1:] in (b"{", b"[", b",")


def _is_neighbour(first: Record, line: Record) -> bool:
    """Whether this line is an object of its own: within an object none begins with a bare brace and a key."""
    return first.raw.lstrip()[:1] == b"{" and line.raw.startswith(b'{"')


def _apart(record: Record) -> Iterator[Record]:
    """The values of a line that holds several, one behind the other."""
    if not record.whole or (b"}{" not in record.raw and b"} {" not in record.raw):
        yield record
        return
    depth, start = 0, 0
    for found in _STRING_OR_BRACKET.finditer(record.raw):
        bracket = found[0]
        if len(bracket) > 1:
            continue
        depth += 1 if bracket in b"{[" else -1
        if depth == 0 and record.raw[found.end() :].strip():
            raw = record.raw[start : found.end()]
            yield Record(record.line, raw, b" ", len(raw))
            start = found.end()
    raw = record.raw[start:]
    yield Record(record.line, raw, record.end, len(raw))


def _joined(first: Record, ahead: _Ahead) -> Record | None:
    """The record made of this line and the next few, up to the one that closes its quote; None if none does."""
    raw = first.raw + first.end
    for count, line in enumerate(islice(ahead.behind(), _JOINED_LINES), start=1):
        raw += line.raw
        if not line.whole or len(raw) > KEPT_BYTES:
            return None
        if not opens_a_quote(raw):
            ahead.drop(count)
            return Record(first.line, raw, line.end, len(raw))
        raw += line.end
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
