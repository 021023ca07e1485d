"""Looks at what stands beside the images of a directory: companions, sidecars, and images that are gone."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePath

import msgspec

from commands.inspection.facts import Sidecar, Surroundings
from imaging.companions import Listing, list_directory, stem_of
from imaging.problems import Unusable
from imaging.read import read_whole
from imaging.scan import SUFFIXES

SIDECAR = ".decision"
_LARGEST_SIDECAR_BYTES = 1_000_000


def look_around(directory: str, known: frozenset[str]) -> Surroundings:
    """The images and companions of one directory, and the sidecars that stand there without an image of their stem."""
    try:
        listing = list_directory(Path(directory))
    except Unusable as why:
        return Surroundings(directory, problem=why.message.removeprefix(directory).lstrip(": ").rstrip("."))
    names = [name for found in listing.by_stem.values() for name in found]
    images = tuple(sorted(name for name in names if _is_image(name)))
    companions: dict[str, list[str]] = defaultdict(list)
    for name in names:
        suffix = PurePath(name).suffix
        if suffix and not _is_image(name):
            companions[suffix].append(stem_of(name))
    kinds = {kind: tuple(stems) for kind, stems in companions.items()}
    return Surroundings(directory, images, kinds, known, tuple(_sidecars(listing, frozenset(images), kinds)))


def _is_image(name: str) -> bool:
    return PurePath(name).suffix.lower() in SUFFIXES


def _sidecars(listing: Listing, images: frozenset[str], kinds: dict[str, tuple[str, ...]]) -> Iterator[Sidecar]:
    stems = {stem_of(name) for name in images}
    for stem in sorted(set(kinds.get(SIDECAR, ())) - stems):
        yield _read(listing.directory / (stem + SIDECAR), images)


def _read(path: Path, images: frozenset[str]) -> Sidecar:
    """Which images a sidecar names that are there, and that are not."""
    try:
        if path.stat().st_size > _LARGEST_SIDECAR_BYTES:
            return Sidecar(path.name, problem="it is too large to be one")
        content = msgspec.json.decode(read_whole(path)[0], type=dict[str, object])
    except (OSError, Unusable) as why:
        return Sidecar(path.name, problem=str(why))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as why:
        return Sidecar(path.name, problem=f"it is not a JSON object ({why})")
    named = tuple(_named(content))
    present = images.intersection(named)
    return Sidecar(path.name, tuple(name for name in named if name not in present), present=bool(present))


def _named(content: dict[str, object]) -> Iterator[str]:
    """The image that a sidecar means, by its name: `filename`, else `image_path`, else the entries of `images`."""
    for key in ("filename", "image_path"):
        value = content.get(key)
        if isinstance(value, str) and value:
            yield _last(value)
            return
    listed = content.get("images")
    if isinstance(listed, list):
        yield from (_last(name) for name in listed if isinstance(name, str))


def _last(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
