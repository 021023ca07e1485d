"""Records that could not be understood: kept whole, with where they came from and why, until a person looks.

One file of JSON lines per source (by its sha256) and project in home/quarantine. It holds what the last import of that
source set aside: importing it again adds nothing twice, and what was understood meanwhile (a zone was given, a rule was
mended) leaves. It is written beside its place, synced and renamed, so it is always whole.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import IO

import msgspec
from attrs import Factory, define, frozen

from commands.exporting.whole_files import remove, written_whole
from commands.importing.reading import KEPT_BYTES, Record
from imaging.problems import Unusable
from ledger.errors import CropledgerError, Damaged, Invalid
from ledger.values import Instant, instant


class SetAside(Invalid):
    """A record breaks the rules of its layout; `reason` is the code that reports count by."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason` is a short code such as `box`; `message` is the sentence for the person."""
        super().__init__(message)
        self.reason = reason


def reason_of(why: CropledgerError) -> str:
    """The code that reports count a refusal by."""
    return why.reason if isinstance(why, SetAside | Unusable) else type(why).__name__.lower()


@frozen
class Quarantined:
    """A record that was set aside."""

    source: str
    """The file it came from, as it was named."""
    source_sha256: str
    """sha256 of that file, or of what came through the pipe."""
    line: int
    """The line it begins on; 0 for a mark of the ledger that waits and cannot be owed."""
    layout: str
    """What it looked like: `crop_log_v1`, `crop_log_v2`, `pending_queue`, `unknown`."""
    reason: str
    """A short code such as `encoding`; reports count by it."""
    message: str
    """The sentence for the person."""
    raw_base64: str
    """Its bytes; of a line of more than 64 KiB, the beginning."""
    size: int
    """How many bytes it has."""
    sha256: str | None
    """sha256 of all its bytes, where only the beginning is kept."""
    at: Instant
    """When it was first set aside."""
    project: str | None = None
    """The project that the importer was told."""

    @property
    def raw(self) -> bytes:
        """Its bytes, as they were in the file."""
        return base64.b64decode(self.raw_base64, validate=True)


@frozen
class Source:
    """Where records come from, and the project the importer was told."""

    name: str
    sha256: str
    project: str | None = None


_SPOOLED_BYTES = 1 << 20
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Quarantined).decode


@define
class Keeper:
    """Takes what is set aside during one reading of a source."""

    source: Source
    now: Instant
    first_at: Mapping[int, Instant]
    stream: IO[bytes]
    reasons: dict[str, int] = Factory(dict)
    """How many were set aside, by reason."""

    def add(self, record: Record, layout: str, why: SetAside) -> None:
        """Set this record aside; a line that was there before keeps the time of its first time."""
        raw, sha256 = record.raw[:KEPT_BYTES], record.sha256
        if sha256 is None and len(record.raw) > KEPT_BYTES:
            sha256 = hashlib.sha256(record.raw).hexdigest()
        quarantined = Quarantined(
            self.source.name, self.source.sha256, record.line, layout, why.reason, why.message,
            base64.b64encode(raw).decode(), record.size, sha256,
            self.first_at.get(record.line, self.now), self.source.project,
        )  # fmt: skip
        self.reasons[why.reason] = self.reasons.get(why.reason, 0) + 1
        self.stream.write(_encode(quarantined) + b"\n")

    @property
    def count(self) -> int:
        """How many were set aside."""
        return sum(self.reasons.values())


@frozen
class Quarantine:
    """The folder home/quarantine."""

    folder: Path

    @contextmanager
    def keeping(self, source: Source, now: datetime) -> Iterator[Keeper]:
        """A keeper for one reading of a source; when the block ends without an error, what it took is on disk."""
        path = self._file_of(source)
        first_at = {record.line: record.at for record in _read(path)} if path.exists() else {}
        # Most sources have nothing to set aside: then no file is made, nor synced.
        with SpooledTemporaryFile(_SPOOLED_BYTES) as spool:
            keeper = Keeper(source, instant(now), first_at, spool)
            yield keeper
            if keeper.count:
                spool.seek(0)
                with written_whole(path) as stream:
                    copyfileobj(spool, stream)
            elif path.exists():
                remove(path)

    def holds(self, source: Source) -> bool:
        """Whether anything of this source is set aside."""
        return self._file_of(source).exists()

    def _file_of(self, source: Source) -> Path:
        # Read for another project the same file may mean something else, so that is kept apart.
        told = hashlib.sha256((source.project or "").encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return self.folder / f"{source.sha256}.{told}.jsonl"

    def all(self) -> Iterator[Quarantined]:
        """Everything that is set aside, source by source, in the order of the lines; raises `Damaged`."""
        for path in sorted(self.folder.glob("*.jsonl")):
            yield from _read(path)


def _read(path: Path) -> Iterator[Quarantined]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield _decode(line)
            except msgspec.MsgspecError as error:
                raise Damaged(f"{path} line {number} cannot be read: {error}.") from error
