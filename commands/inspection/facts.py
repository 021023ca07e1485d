"""What an inspection saw: values that travel from the disk (`looking`) to the rules (`findings`). Pure."""

from collections.abc import Mapping
from typing import Literal

from attrs import frozen

from ledger.events.crops import CropStarted
from projections.queue import OwedCrop

Depth = Literal["nothing", "header", "content", "pixels"]
"""How far a file was read: size, times and header; all bytes, hashed; every pixel, decoded."""


@frozen
class Refusal:
    """Why a run could not execute a crop, in the runner's own words."""

    reason: str
    """The code that the failed crop would have."""
    message: str
    mend: str | None = None


@frozen
class Look:
    """What the disk says of one crop that is owed."""

    crop: OwedCrop
    depth: Depth = "nothing"
    place: str | None = None
    """The one spelling of the image's path; None where it has none."""
    plan: CropStarted | None = None
    """What a run would do now; its run and attempt mean nothing."""
    refusal: Refusal | None = None
    """Why no plan could be made."""
    taken: tuple[str, ...] = ()
    """Those of the plan's destinations that exist already."""
    run_lives: bool = False
    """Whether the run that started the crop is still at work."""


@frozen
class Sidecar:
    """A decision sidecar with no image of its own stem beside it."""

    name: str
    images: tuple[str, ...] = ()
    """The images that it names and that are not there; empty where it names none."""
    present: bool = False
    """Whether an image that it names is there: a sidecar of a group, which goes by another name than its images."""
    problem: str | None = None
    """Why it cannot be read."""


@frozen
class Surroundings:
    """What stands beside the images of one directory."""

    directory: str
    images: tuple[str, ...] = ()
    """The names of its images."""
    companions: Mapping[str, tuple[str, ...]] = {}
    """Kind of companion (its suffix) -> the stems that have one."""
    known: frozenset[str] = frozenset()
    """The stems of the images that the ledger knows here, present or not."""
    sidecars: tuple[Sidecar, ...] = ()
    problem: str | None = None
    """Why it cannot be listed."""


@frozen
class Room:
    """What a file system has left, and what the crops that are owed would take."""

    place: str
    """A directory on it."""
    needed_bytes: int
    free_bytes: int


@frozen
class BrokenImport:
    """An import that broke off."""

    place: str
    """Its file, or the directory of its files."""
    begun_at: str
    command: str
    """What completes it, to be typed."""


@frozen
class Seen:
    """One inspection, before any judgement."""

    looks: tuple[Look, ...] = ()
    surroundings: tuple[Surroundings, ...] = ()
    rooms: tuple[Room, ...] = ()
    unchosen: Mapping[str, str | None] = {}
    """Images of decided groups that are not kept -> the name of the one that is, if any."""
    imports: tuple[BrokenImport, ...] = ()
    """Imports that broke off, and were not completed."""
