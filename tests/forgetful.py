"""A disk that forgets: which files it may hold after a power cut at any instant of what a program did to it.

Names belong to their directory, bytes to their file, and each is durable once it was waited for (fsync); POSIX promises
no more. Of what was not waited for a disk may have forgotten all, or kept all names and no bytes, or kept any single
name without those that came before it.
"""

import itertools
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import Factory, define, frozen

DIRECTORY = -1

Names = dict[str, int]
"""Which file each name is; a directory is `DIRECTORY`."""
Changes = dict[str, int | None]
"""Names that come, or go (None), at once and in one directory."""


@frozen
class Held:
    """A file has these bytes."""

    file: int
    content: bytes


@frozen
class Waited:
    """The bytes of a file, or the names in a directory, were waited for."""

    path: str


@frozen
class Told:
    """The program told somebody that this is done."""

    what: str


@frozen
class State:
    """What a disk may hold, and what had been told by then."""

    names: Names
    contents: dict[int, bytes]
    told: frozenset[str]

    def key(self) -> object:
        files = {path: file if file == DIRECTORY else self.contents.get(file, b"") for path, file in self.names.items()}
        return frozenset(files.items()), self.told

    def lay_out(self, roots: Iterable[Path]) -> None:
        """Let these directories hold nothing else."""
        for root in roots:
            shutil.rmtree(root, ignore_errors=True)
        made: dict[int, str] = {}
        for path, file in sorted(self.names.items()):
            if not Path(path).parent.is_dir():
                continue  # the name of its directory is forgotten
            if file == DIRECTORY:
                Path(path).mkdir()
            elif file in made:
                Path(path).hardlink_to(made[file])
            else:
                Path(path).write_bytes(self.contents.get(file, b""))
                made[file] = path


@define
class ForgetfulDisk:
    """What happened to the files below some directories."""

    roots: tuple[Path, ...]
    steps: list[Changes | Held | Waited | Told] = Factory(list)
    _names: Names = Factory(dict)
    _contents: dict[int, bytes] = Factory(dict)
    _now: Names = Factory(dict)
    _open: dict[int, str] = Factory(dict)
    _numbers: "itertools.count[int]" = Factory(itertools.count)

    def tell(self, what: str) -> None:
        """The program tells somebody that this is done."""
        self.steps.append(Told(what))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Record what is done inside the block; what is there before is durable."""
        files: defaultdict[int, int] = defaultdict(lambda: next(self._numbers))  # by inode: a file may have two names
        for root in self.roots:
            for path in [root, *root.rglob("*")] if root.exists() else []:
                self._names[str(path)] = DIRECTORY if path.is_dir() else files[path.stat().st_ino]
                if path.is_file():
                    self._contents[self._names[str(path)]] = path.read_bytes()
        self._now = dict(self._names)
        with pytest.MonkeyPatch.context() as patch:
            for name, note in (
                ("open", self._opened), ("write", self._written), ("fsync", self._waited), ("link", self._linked),
                ("unlink", self._unlinked), ("replace", self._renamed), ("rename", self._renamed),
                ("mkdir", self._made),
            ):  # fmt: skip
                patch.setattr(os, name, _recording(getattr(os, name), note))
            yield

    def _is_below(self, path: object) -> bool:
        return isinstance(path, str) and any(Path(path).is_relative_to(root) for root in self.roots)

    def _change(self, changes: Changes) -> None:
        if any(map(self._is_below, changes)):
            self.steps.append(changes)
            self._now = _changed(self._now, changes)

    def _opened(self, descriptor: int, path: object, flags: int, *_: object) -> None:
        if isinstance(path, str):
            self._open[descriptor] = path
            if flags & os.O_CREAT and path not in self._now:
                self._change({path: next(self._numbers)})

    def _written(self, _: int, descriptor: int, __: bytes) -> None:
        path = self._open.get(descriptor, "")
        if self._is_below(path):
            self.steps.append(Held(self._now[path], Path(path).read_bytes()))

    def _waited(self, _: None, descriptor: int) -> None:
        if path := self._open.get(descriptor):
            self.steps.append(Waited(path))

    def _linked(self, _: None, source: str, target: str) -> None:
        if self._is_below(target):
            self._change({target: self._now[source]})

    def _unlinked(self, _: None, path: str) -> None:
        self._change({path: None})

    def _renamed(self, _: None, source: str, target: str) -> None:
        if self._is_below(target):
            self._change({source: None, target: self._now[source]})

    def _made(self, _: None, path: str, *__: object) -> None:
        self._change({path: DIRECTORY})

    def states(self) -> Iterator[State]:
        """All that the disk may hold after a power cut, at any instant, each once."""
        seen = set()
        for count in range(len(self.steps) + 1):
            for state in self._after(self.steps[:count]):
                if state.key() not in seen:
                    seen.add(state.key())
                    yield state

    def _after(self, steps: list[Changes | Held | Waited | Told]) -> Iterator[State]:
        names, now, held, contents = dict(self._names), dict(self._names), dict(self._contents), dict(self._contents)
        pending: list[Changes] = []
        told = set()
        for step in steps:
            if isinstance(step, dict):
                pending.append(step)
                now = _changed(now, step)
            elif isinstance(step, Held):
                held[step.file] = step.content
            elif isinstance(step, Told):
                told.add(step.what)
            elif now.get(step.path, DIRECTORY) == DIRECTORY:
                for changes in [each for each in pending if _directory(each) == step.path]:
                    names = _changed(names, changes)
                    pending.remove(changes)
            elif now[step.path] in held:
                contents[now[step.path]] = held[now[step.path]]
        yield State(names, contents, frozenset(told))
        yield State(now, contents, frozenset(told))
        yield from (State(_changed(names, changes), contents, frozenset(told)) for changes in pending)


def _recording(real: Callable[..., object], note: Callable[..., None]) -> Callable[..., object]:
    """The same step, told of once it is taken."""

    def step(*given: object, **options: object) -> object:
        result = real(*given, **options)
        note(result, *(os.fspath(each) if isinstance(each, os.PathLike) else each for each in given))
        return result

    return step


def _changed(names: Names, changes: Changes) -> Names:
    return {path: file for path, file in (names | changes).items() if file is not None}


def _directory(changes: Changes) -> str:
    return str(Path(next(iter(changes))).parent)
