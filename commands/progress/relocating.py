"""Files that are elsewhere now: decisions follow the content, one by one in a scan, or a whole directory at once."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from attrs import frozen

from commands.crops import RelocateImage
from commands.decider import Command, Request
from commands.directories import DIRECTORIES, Directory, RelocateDirectory
from commands.groups import RelocateGroup
from commands.handle import handle_many, replay
from commands.recording.recording import Asked
from imaging.scan import content_at
from ledger.errors import NotFound, Refused
from ledger.events.directories import ScannedImage
from ledger.log import Ledger
from projections.contents import HeldImage, holding
from projections.directories import Place, place
from projections.groups import selections
from projections.progress import KnownImage, known
from projections.reader import Projections
from projections.staging import staged_images


def followed(
    directory: Path, found: Mapping[str, ScannedImage], appeared: Iterable[ScannedImage], projections: Projections
) -> list[RelocateImage]:
    """What moves known images to where a scan found their content, under names that did not hold it before.

    `found` is everything that is in the directory, `appeared` what is new in it. Only an image whose content is no
    longer where it was can have moved; a second file with the same content is a copy.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for image in appeared:
        if image.sha256 is not None:
            names[image.sha256].append(image.name)
    here = {str(directory / name): image.sha256 for name, image in found.items()}
    held_images = holding(projections, names) if names else []
    away = {image.subject for image in staged_images(projections)} if held_images else set()
    gone = [held for held in held_images if held.subject not in away and _is_gone(held, here)]
    return [
        RelocateImage(held.subject, held.path, str(directory / names[held.sha256].pop(0)))
        for held in gone
        if names[held.sha256]
    ]


def _is_gone(image: HeldImage, here: Mapping[str, str | None]) -> bool:
    if image.path in here:
        return here[image.path] != image.sha256
    if not os.path.isabs(image.path):  # noqa: PTH117  # asked for thousands
        return False
    return content_at(Path(image.path)) != image.sha256


def groups_followed(old: Path, new: Path, names: Collection[str], projections: Projections) -> Iterator[RelocateGroup]:
    """What moves the decided groups of a directory to where their images are now.

    `names` are the images that are in the new place, by content. A group goes as a whole or not at all: not while one
    of its images still stands in the old place.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for image in selections(projections, directory=str(old)):
        groups[image.subject].append(image.filename)
    for subject, images in groups.items():
        if any(name in names for name in images) and not any(os.path.lexists(old / name) for name in images):
            yield RelocateGroup(subject, str(old), str(new))


@frozen
class Relocated:
    """What became of a directory that was moved."""

    source: str
    directory: str
    compared: int
    """Images whose content is the same in the new place."""
    moved: int
    """Images whose decisions are found at the new place now."""
    left: tuple[tuple[str, str], ...]
    """(name, why) of the images that stay known at the old place."""


@frozen
class Move:
    """A directory that was moved on disk."""

    old: Path
    """Canonical path that it had."""
    new: Path
    """Canonical path that it has."""
    there: Mapping[str, ScannedImage]
    """What was found in the new place, by name."""


def relocate_directory(
    move: Move, asked: Asked, *, ledger: Ledger, projections: Projections, dry_run: bool = False
) -> Relocated:
    """Let everything that is known of the old place be known of the new one: progress, sittings, the crops owed.

    An image moves if the content that it is known by is there under its name. One that was executed moves along, for
    its file is in the archive, and so do one in the staging folder and evidence of old crops; decided groups move with
    their images. Raises `NotFound` where nothing is known of the old place, `Refused` where nothing that was in it is
    in the new one.
    """
    images, at_old = known(projections, str(move.old)), place(projections, str(move.old))
    if not images and at_old is None:
        raise NotFound(f"Nothing is known of {move.old}.", mend="crop progress lists the directories that are known.")
    before, _ = replay(DIRECTORIES, ledger.history(at_old.subject)) if at_old else (DIRECTORIES.initial, 0)
    same = {name for name, image in before.images.items() if _same(image.sha256, move.there.get(name))}
    taken = {(image.filename, image.project) for image in known(projections, str(move.new))}
    away = {image.subject for image in staged_images(projections, directory=str(move.old))}
    stays = [(image, _why_not(image, before, move, taken, away)) for image in images]
    same |= {
        image.filename for image, why in stays if why is None and _same(image.sha256, move.there.get(image.filename))
    }
    if not same and (before.images or move.old.exists() or any(why for _, why in stays)):
        raise Refused(f"Nothing in {move.new} is what was in {move.old}.", mend=_why_each(stays))
    commands: list[Command] = [
        RelocateImage(image.subject, str(move.old / image.filename), str(move.new / image.filename))
        for image, why in stays
        if why is None
    ]
    there = same | {image.filename for image, why in stays if why is None}
    commands += groups_followed(move.old, move.new, there, projections)
    left = [(image.filename, why) for image, why in stays if why is not None]
    if not dry_run:
        left += _land(commands, at_old, move, len(same), asked, ledger)
    return Relocated(str(move.old), str(move.new), len(same), len(images) - len(left), tuple(sorted(left)))


def _land(
    commands: list[Command], at_old: Place | None, move: Move, same: int, asked: Asked, ledger: Ledger
) -> list[tuple[str, str]]:
    """Record it in one transaction; the names that a rule kept back, and why."""
    if at_old is not None:
        commands = [*commands, RelocateDirectory(at_old.subject, str(move.old), str(move.new), same)]
    requests = [Request(command, asked.actor, asked.correlation) for command in commands]
    outcome = handle_many(requests, ledger=ledger, now=asked.now)
    return [(Path(getattr(commands[index], "source", "")).name, why.message) for index, why in outcome.refused]


def _why_not(
    image: KnownImage, before: Directory, move: Move, taken: set[tuple[str, str]], away: set[str]
) -> str | None:
    """Why an image stays known at the old place; None where it moves."""
    if (image.filename, image.project) in taken:
        return "an image of that name is known there already"
    if image.status in {"executed", "imported"} or image.subject in away:
        return None
    if os.path.lexists(move.old / image.filename):
        return "it is still in the old place"
    scanned = before.images.get(image.filename)
    content = image.sha256 or (scanned.sha256 if scanned else None)
    if content is None:
        return "nobody knows what it held, so nothing can be compared"
    if image.filename not in move.there:
        return "it is not there"
    return None if _same(content, move.there[image.filename]) else "it holds something else there"


def _same(content: str | None, found: ScannedImage | None) -> bool:
    return content is not None and found is not None and found.sha256 == content


def _why_each(stays: list[tuple[KnownImage, str | None]]) -> str | None:
    whys = [f"{image.filename}: {why}" for image, why in stays if why]
    return "; ".join(whys[:3]) or None
