"""Where an image is by now that another tool wrote a path of: there, or under its name elsewhere below the roots."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import Factory, define

from commands.importing.facts import bare_name
from commands.importing.quarantine import SetAside
from imaging.problems import Unusable
from imaging.read import observe
from imaging.zones import canonical
from ledger.values import Dimensions


class Ambiguous(SetAside):
    """An image is not where it was, and several others could be it."""

    def __init__(self, written: str, places: Sequence[Path]) -> None:
        """`written` is where it was."""
        where = ", ".join(map(str, places[:_SHOWN]))
        super().__init__("ambiguous", f"{written} is not there, and {len(places)} images could be it: {where}")
        self.places = tuple(places)


_SHOWN = 3


@define
class Whereabouts:
    """Finds images; what was found is remembered for as long as one import takes."""

    roots: Iterable[Path]
    aside: frozenset[Path] = frozenset()
    """Directories that are not looked into: home, where the archive is."""
    names: dict[str, list[Path]] | None = None
    """Every file below the roots by its name; looked up when the first image is missing."""
    found: dict[tuple[str, Dimensions | None], Path] = Factory(dict)

    def of(self, written: str, size: Dimensions | None) -> Path | None:
        """The image's canonical path; None where it is nowhere.

        One that is not where it was is taken if exactly one file of its name has its size, else nothing is guessed.
        Raises `Ambiguous` where several have.
        """
        known = self.found.get((written, size))
        if known is None or not known.is_file():
            known = self._look(written, size)
            if known is not None:
                self.found[written, size] = known
        return known

    def _look(self, written: str, size: Dimensions | None) -> Path | None:
        path = Path(written)
        if path.is_file():
            return canonical(path)
        if size is None:
            return None
        alike = [place for place in self._places().get(bare_name(written), ()) if _has_size(place, size)]
        if len(alike) > 1:
            raise Ambiguous(written, sorted(alike))
        return alike[0] if alike else None

    def _places(self) -> dict[str, list[Path]]:
        if self.names is None:
            self.names = {}
            for root in self.roots:
                for folder, inside, files in os.walk(root):
                    here = Path(folder)
                    inside[:] = [name for name in inside if here / name not in self.aside]
                    for name in files:
                        self.names.setdefault(name, []).append(here / name)
        return self.names


def _has_size(place: Path, size: Dimensions) -> bool:
    try:
        return observe(place).dimensions == size
    except Unusable:
        return False  # no image, so not this one
