"""Imports that broke off: what they had brought is in the ledger, and the queue is not in line with it yet.

An import keeps a note of its files beside a lock file that it holds for as long as it lives; the kernel frees that,
whatever the import dies of. So a note that nobody holds is one of an import that broke off.
"""

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from attrs import frozen

from commands.exporting.whole_files import refused, remove, written_whole
from configs.home import Home
from db.lock import held_while_alive, is_held
from ledger.entry import new_id
from ledger.errors import Damaged
from ledger.values import Instant

_NAMED = 3
"""So many files are named one by one."""


@frozen
class Unfinished:
    """An import that broke off."""

    begun_at: Instant
    files: tuple[str, ...]
    """Canonical absolute paths."""
    options: tuple[str, ...] = ()
    """What else was said on its command line."""

    @property
    def place(self) -> str:
        """Its file, or the directory that holds all its files; an import of nothing is from nowhere in particular."""
        return self.files[0] if len(self.files) == 1 else os.path.commonpath(self.files or (os.sep,))

    @property
    def command(self) -> str:
        """What brings the rest, to be typed."""
        files = self.files if len(self.files) <= _NAMED else (self.place,)
        return shlex.join(("crop", "import", *files, *self.options))

    def is_within(self, files: Iterable[Path]) -> bool:
        """Whether all its files are among these."""
        return set(self.files) <= {str(file.resolve()) for file in files}


@frozen
class Notes:
    """The notes of one home's imports."""

    folder: Path

    @classmethod
    def of(cls, home: Home) -> "Notes":
        """Where they are."""
        return cls(home.imports)

    @contextmanager
    def keeping(self, begun: Unfinished) -> Iterator[None]:
        """Keep a note of this import inside the block; it stays where the block does not come to its end.

        Raises `Refused` where it cannot be written, before anything is brought in.
        """
        note = self.folder / f"{new_id()}.json"
        with ExitStack() as held:
            with refused(f"{self.folder} cannot be written"):
                self.folder.mkdir(parents=True, exist_ok=True)
                held.enter_context(held_while_alive(_lock_of(note)))
            with written_whole(note) as stream:
                stream.write(msgspec.json.encode(begun))
            yield
            self.forget([note])

    def left(self) -> dict[Path, Unfinished]:
        """The imports that broke off, by their notes, oldest first. Those that are under way are not among them.

        Raises `Damaged` for a note that cannot be read.
        """
        found = {note: _read(note) for note in sorted(self.folder.glob("*.json")) if not is_held(_lock_of(note))}
        return {note: import_ for note, import_ in found.items() if import_ is not None}

    def forget(self, notes: Iterable[Path]) -> None:
        """The queue is in line with what these brought."""
        for note in notes:
            remove(note)
            remove(_lock_of(note))


def _lock_of(note: Path) -> Path:
    return note.with_suffix(".lock")


def _read(note: Path) -> Unfinished | None:
    try:
        return msgspec.json.decode(note.read_bytes(), type=Unfinished)
    except FileNotFoundError:  # it came to its end this moment
        return None
    except msgspec.MsgspecError as error:
        raise Damaged(
            f"{note}, the note of an import that broke off, cannot be read: {error}.",
            mend="Remove it, and import once more what was imported last.",
        ) from error
