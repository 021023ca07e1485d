"""The files that belong to an image: the same stem in the same directory, whatever the extension.

The stem is the name without its last suffix, so `a.b.png` goes with `a.b.yaml` and not with `a.yaml`, and
`x_stage1_y.png` never takes what belongs to `x_stage1.5_y.png`. A leading dot belongs to the stem: `.png` is a name.
"""

import os
import stat
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from attrs import frozen

from imaging.problems import naming

Exclude = Collection[Path]


@frozen
class Listing:
    """The plain files of one directory by stem, as they were a moment ago: read once for many images."""

    directory: Path
    by_stem: Mapping[str, tuple[str, ...]]

    def of(self, image: Path, *, exclude: Exclude = (), sidecar: Path | None = None) -> tuple[Path, ...]:
        """The image's companions by name: same stem, nothing of `exclude`, and the group's sidecar if it exists.

        `exclude` holds images that owe a crop of their own: `a.png` must not drag `a.jpg` out from under its own crop.
        """
        kept = [
            place
            for name in self.by_stem.get(stem_of(image.name), ())
            if (place := self.directory / name) != image and place not in exclude and _is_plain(place)
        ]
        if sidecar is not None and sidecar != image and sidecar not in kept and _is_plain(sidecar):
            kept.append(sidecar)
        return tuple(sorted(kept))


def list_directory(directory: Path) -> Listing:
    """Read one directory; raises `Unusable` when it cannot be read. Symlinks and directories are nobody's companion."""
    with naming(directory), os.scandir(directory) as entries:
        names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    by_stem: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_stem[stem_of(name)].append(name)
    return Listing(directory, {stem: tuple(found) for stem, found in by_stem.items()})


def stem_of(name: str) -> str:
    """What `PurePath(name).stem` gives, in a tenth of the time: a directory may hold 10,000 names."""
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name


def companions(image: Path, *, exclude: Exclude = (), sidecar: Path | None = None) -> tuple[Path, ...]:
    """The companions of one image; for many images of a directory list it once with `list_directory`."""
    return list_directory(image.parent).of(image, exclude=exclude, sidecar=sidecar)


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
