"""Recording marks: look at each image, check the mark against it, and record many together."""

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO

from attrs import Factory, define, evolve, frozen

from commands.crops import IMAGES, RecordCrop
from commands.decider import Request
from commands.finding import images_at, subject_for
from commands.handle import handle_many, replay
from commands.mark_lines import LAYOUT, marks_from
from commands.marks import Mark
from commands.quarantine import Keeper, Quarantine, SetAside, Source
from commands.reading import Record
from configs.home import Home
from imaging.problems import Unusable
from imaging.read import ImageFile, observe
from imaging.zones import Zones, canonical
from ledger.errors import CropledgerError, NotFound, Refused
from ledger.events.crops import CropRecorded
from ledger.log import Ledger
from projections.reader import Projections

AT_ONCE = 2_000
"""Marks recorded in one transaction."""

LOOKING = 4
"""Threads that read and hash images; both let the others run meanwhile."""

UNKNOWN_GROUP = "unknown_group"


@frozen
class Asked:
    """Who records, in which request, when."""

    actor: str
    correlation: str
    now: datetime


@define
class Recorded:
    """What became of the marks."""

    recorded: int = 0
    unchanged: int = 0
    without_group: int = 0
    refused: list[tuple[Mark, CropledgerError]] = Factory(list)


@define
class Recorder:
    """Records marks on one ledger."""

    ledger: Ledger
    projections: Projections
    zones: Zones

    def record(self, marks: Iterable[Mark], asked: Asked, advance: Callable[[int], None] = lambda _: None) -> Recorded:
        """Record what can be recorded, thousands at a time; what cannot is returned with its reason."""
        result = Recorded()
        remaining = iter(marks)
        with ThreadPoolExecutor(LOOKING) as threads:
            while some := list(islice(remaining, AT_ONCE)):
                self._record_some(some, threads.map(self._look, some), asked, result)
                advance(len(some))
        return result

    def _record_some(
        self, marks: list[Mark], looks: Iterator[ImageFile | CropledgerError], asked: Asked, result: Recorded
    ) -> None:
        taken: list[Mark] = []
        requests: list[Request] = []
        for mark, image in zip(marks, looks, strict=True):
            if isinstance(image, CropledgerError):
                if self._is_done(mark):
                    result.unchanged += 1
                else:
                    result.refused.append((mark, image))
                continue
            taken.append(mark)
            requests.append(self._request(mark, image, asked))
        outcome = handle_many(requests, ledger=self.ledger, now=asked.now)
        result.recorded += len(outcome.entries)
        result.unchanged += outcome.unchanged
        result.without_group += sum(mark.group is None for mark in taken)
        result.refused += [(taken[index], why) for index, why in outcome.refused]

    def _look(self, mark: Mark) -> ImageFile | CropledgerError:
        """The image as it is now, or why it cannot be recorded."""
        try:
            image = observe(self.zones.check(Path(mark.path)))
            if mark.dimensions is not None and mark.dimensions != image.dimensions:
                raise Refused(f"{image.path} is {image.dimensions}, but the mark was made on {mark.dimensions}.")
            mark.box.denormalise(image.dimensions)
        except CropledgerError as why:
            return why
        return image

    def _is_done(self, mark: Mark) -> bool:
        """Whether this very box was executed already, so that the image is in the archive: nothing to complain of."""
        known = images_at(Path(mark.path), self.projections, mark.project)
        if not known:
            return False
        image, _ = replay(IMAGES, self.ledger.history(known[0].subject))
        return bool(image.status == "executed" and image.crop and image.crop.box == mark.box)

    def _request(self, mark: Mark, image: ImageFile, asked: Asked) -> Request:
        crop = CropRecorded(
            project=mark.project,
            path=str(image.path),
            box=mark.box,
            dimensions=image.dimensions,
            sha256=image.sha256,
            size_bytes=image.size_bytes,
            group=mark.group,
            suggestion=mark.suggestion,
            utc_offset_s=mark.utc_offset_s,
            warnings=() if mark.group else (UNKNOWN_GROUP,),
        )
        subject = subject_for(image.path, mark.project, self.projections)
        return Request(RecordCrop(subject, crop), asked.actor, asked.correlation, at=mark.at)


# -- from a file ------------------------------------------------------------------------------------------------


@frozen
class FileReport:
    """What became of a file of marks: recorded + unchanged + set aside = read, always."""

    file: str
    read: int
    recorded: int
    unchanged: int
    set_aside: int
    reasons: Mapping[str, int]
    """Set aside, by reason."""
    without_group: int


def record_file(
    recorder: Recorder,
    home: Home,
    file: Path,
    asked: Asked,
    directory: Path | None,
    project: str | None,
    advance: Callable[[int], None],
) -> FileReport:
    """Record a file of marks (`-` is standard input); what cannot be recorded is set aside with its line and reason.

    With `directory`, marks outside it are set aside. Raises `NotFound` for a file that cannot be read.
    """
    with _spooled(file) as (stream, sha256):
        source = Source(str(file), sha256, project)
        with Quarantine(home.quarantine).keeping(source, asked.now) as keeper:
            marks = _understood(stream, directory, project, keeper)
            recorded = recorder.record(marks, asked, advance)
            for mark, why in recorded.refused:
                _set_aside(keeper, mark, why)
    read = recorded.recorded + recorded.unchanged + keeper.count
    return FileReport(
        str(file), read, recorded.recorded, recorded.unchanged, keeper.count, keeper.reasons, recorded.without_group
    )


@contextmanager
def _spooled(file: Path) -> Iterator[tuple[IO[bytes], str]]:
    """A copy of the file and its sha256: what is recorded is what was hashed, also where it comes through a pipe."""
    with tempfile.TemporaryFile() as copy:
        digest = hashlib.sha256()
        try:
            with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
                    copy.write(block)
        except OSError as error:
            raise NotFound(f"{file} cannot be read: {error.strerror}.") from error
        copy.seek(0)
        yield copy, digest.hexdigest()


def _understood(stream: IO[bytes], directory: Path | None, project: str | None, keeper: Keeper) -> Iterator[Mark]:
    place = None if directory is None else canonical(directory)
    for line in marks_from(stream, project):
        record, meaning = line.record, line.meaning
        if isinstance(meaning, SetAside):
            keeper.add(record, LAYOUT, meaning)
        elif place is not None and not canonical(meaning.path).is_relative_to(place):
            keeper.add(record, LAYOUT, SetAside("path", f"{meaning.path} is not in {place}"))
        else:
            yield evolve(meaning, origin=record)


def _set_aside(keeper: Keeper, mark: Mark, why: CropledgerError) -> None:
    reason = why.reason if isinstance(why, Unusable) else type(why).__name__.lower()
    keeper.add(_origin(mark), LAYOUT, SetAside(reason, str(why)))


def _origin(mark: Mark) -> Record:
    assert mark.origin is not None  # noqa: S101  # every mark here came from a line
    return mark.origin
