"""What is wrong, or odd, with what is owed: facts in, findings out. Pure.

Whether a crop can be executed is not decided here: the runner's own planning was asked, and its refusal is a fact.
What is added is what one crop cannot know: the other crops, the files around the image, the space on the disk.
"""

import shlex
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Literal

from attrs import frozen

from commands.inspection.facts import Look, Seen, Surroundings
from imaging.companions import stem_of
from ledger.names import parse_name

Level = Literal["blocks", "look", "note"]
"""`blocks`: a run would fail here. `look`: it would go on, but a person should look first. `note`: good to know."""


@frozen
class Finding:
    """One thing that was found, with what to do about it."""

    level: Level
    code: str
    """A short word that programs and counts go by; for what a run refuses, the reason its failure would have."""
    path: str
    """The image, or the directory or file system that it is about."""
    what: str
    """Half a sentence about the path, without naming it again."""
    mend: str
    subject: str | None = None
    """The image's subject, where it is about one that is owed."""

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should do something before a run."""
        return self.level != "note"


_ORDER: Mapping[Level, int] = MappingProxyType({"blocks": 0, "look": 1, "note": 2})


def findings(seen: Seen) -> list[Finding]:
    """Everything found, what stops a run first, then by place."""
    found = [
        *(finding for look in seen.looks for finding in _of_one(look)),
        *_twice(seen.looks),
        *_same_destination(seen.looks),
        *_without_group(seen.looks),
        *_not_chosen(seen),
        *(finding for around in seen.surroundings for finding in _around(around, seen.looks)),
        *_space(seen),
        *_broken_imports(seen),
    ]
    return sorted(found, key=lambda finding: (_ORDER[finding.level], finding.code, finding.path))


# -- one crop -------------------------------------------------------------------------------------------------------


def _of_one(look: Look) -> Iterator[Finding]:
    if look.crop.status == "started":
        yield _started(look)
    elif look.refusal is not None:
        yield _refused(look)
    elif look.taken:
        yield _taken(look)
    elif look.crop.status == "failed":
        reason = f"its crop failed before ({look.crop.failed_reason}); nothing stands in its way now"
        yield _about(look, "look", "failed", reason, "crop retry {path}")
    if look.plan is not None:
        yield from _changes(look)


def _started(look: Look) -> Finding:
    crop = look.crop
    if look.run_lives:
        return _about(look, "note", "at_work", f"run {crop.run} is at work on it", "Wait for that run.")
    what = f"it was started by run {crop.run}, which is gone, and has no outcome"
    return _about(look, "note", "stuck", what, "The next crop run finishes it or clears it up.")


def _refused(look: Look) -> Finding:
    refusal = look.refusal
    assert refusal is not None  # noqa: S101  # for the type checker: the only caller asked
    mend = _MENDS.get(refusal.reason) or refusal.mend or "Mend it, or take the crop back: crop withdraw {path}"
    if look.crop.status == "failed":
        mend += " (then: crop retry {path})"
    what = refusal.message.removeprefix(look.crop.path).lstrip(": ").rstrip(".")
    return _about(look, "blocks", refusal.reason, what, mend)


def _taken(look: Look) -> Finding:
    first, more = look.taken[0], len(look.taken) - 1
    beside = f", and {more} more of its destinations" if more else ""
    what = f"{first} is there already{beside}"
    return _about(look, "blocks", "destination_exists", what, "Move that away, or change the setting destination.")


def _changes(look: Look) -> Iterator[Finding]:
    plan = look.plan
    assert plan is not None  # noqa: S101  # for the type checker: the only caller asked
    again = "See whether the box still fits; if not, mark it again: crop record {path} --box ..."
    if "dimension_drift" in plan.warnings:
        was = f"{look.crop.width_px}x{look.crop.height_px}"
        yield _about(look, "look", "dimension_drift", f"it was {was} when it was marked, now {plan.dimensions}", again)
    elif "content_changed" in plan.warnings:
        yield _about(look, "look", "content_changed", "it has other content than when it was marked", again)


_MENDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "Bring it back, or take the crop back: crop withdraw {path}",
        "unreadable": "Bring a good copy back, or take the crop back: crop withdraw {path}",
        "unsupported": "Take the crop back: crop withdraw {path}",
        "animated": "Take the crop back: crop withdraw {path}",
        "too_large": "Take the crop back: crop withdraw {path}",
        "aspect_changed": "Mark it again: crop record {path} --box ...",
        "permission": "Mend the permissions.",
        "unsafe": "Allow its directory in the setting roots, or take the crop back: crop withdraw {path}",
        "name_too_long": "Shorten the name and mark it again, or change the setting destination.",
    }
)


# -- several crops --------------------------------------------------------------------------------------------------


def _twice(looks: Iterable[Look]) -> Iterator[Finding]:
    """One image with two crops owed, and two images with the same content."""
    begun_first = sorted(looks, key=lambda look: look.crop.status != "started")
    for first, second in _pairs(begun_first, lambda look: look.place):
        if first.crop.path == second.crop.path:
            yield _two_boxes(first, second)
        else:
            yield _two_spellings(first, second)
    for first, second in _pairs(begun_first, lambda look: look.plan.sha256 if look.plan else None):
        if first.place != second.place:
            what = f"it has the same content as {first.crop.path}"
            yield _about(second, "look", "same_content", what, "Keep one of them: crop skip {path} --reason duplicate")


def _two_boxes(first: Look, second: Look) -> Finding:
    one, other = first.crop.project, second.crop.project
    what = f"it is owed a crop in project {one} and another in {other}; the second would find it gone"
    return _about(second, "blocks", "two_boxes", what, f"Keep one: crop withdraw {{path}} --project {other}")


def _two_spellings(first: Look, second: Look) -> Finding:
    what = f"it is the same image as {first.crop.path}, by another spelling; the second crop would find it gone"
    return _about(second, "blocks", "two_spellings", what, f"Keep one: crop withdraw {second.crop.subject}")


def _pairs(looks: Iterable[Look], key: Callable[[Look], str | None]) -> Iterator[tuple[Look, Look]]:
    """Each look whose key was met before, with the first that had it."""
    first: dict[str, Look] = {}
    for look in looks:
        value = key(look)
        if value is not None and first.setdefault(value, look) is not look:
            yield first[value], look


def _same_destination(looks: Iterable[Look]) -> Iterator[Finding]:
    """Two crops that would be written to one place: the setting destination may leave the directory out."""
    owner: dict[str, Look] = {}
    for look in looks:
        if look.plan is None:
            continue
        finals = (look.plan.output, *(move.destination for move in look.plan.companions))
        clash = next((final for final in finals if final in owner and owner[final].place != look.place), None)
        if clash is not None:
            what = f"it would go to {clash}, and so would {owner[clash].crop.path}"
            mend = "Change the setting destination, or rename one of them."
            yield _about(look, "blocks", "destination_shared", what, mend)
        for final in finals:
            owner.setdefault(final, look)


def _without_group(looks: Iterable[Look]) -> Iterator[Finding]:
    counted = Counter(look.crop.directory for look in looks if look.crop.group_id is None)
    for directory, count in counted.items():
        what = f"no group is named by {count:,} of its crops, so nobody can tell what they were chosen from"
        yield Finding("note", "unknown_group", directory, what, "Mark with --group, where the group is known.")


def _not_chosen(seen: Seen) -> Iterator[Finding]:
    """A crop that is owed on an image of a group of which another one is kept, or none."""
    for look in seen.looks:
        if look.crop.subject in seen.unchosen:
            kept = seen.unchosen[look.crop.subject]
            what = f"{kept} is kept of its group, not this image" if kept else "its group was rejected"
            yield _about(look, "look", "not_chosen", what, "Choose it (crop choose {path}), or: crop withdraw {path}")


def _broken_imports(seen: Seen) -> Iterator[Finding]:
    """Crops that wait in other tools' queues may not be owed, or still owed though they were carried out."""
    for each in seen.imports:
        what = f"its import (begun {each.begun_at[:16].replace('T', ' ')} UTC) broke off, before the queue was in line"
        yield Finding("look", "import_broke_off", each.place, what, each.command)


# -- the files around the images ------------------------------------------------------------------------------------

_USUAL = 0.8
"""The share of a directory's images that have a companion of some kind, from which on one without it is odd."""
_NAMED = 3


def _around(around: Surroundings, looks: Iterable[Look]) -> Iterator[Finding]:
    if around.problem is not None:
        yield Finding("blocks", "unlisted", around.directory, around.problem, "Mend the directory or its permissions.")
        return
    yield from _without_companion(around, looks)
    yield from _orphans(around)
    yield from _sidecars(around)


def _without_companion(around: Surroundings, looks: Iterable[Look]) -> Iterator[Finding]:
    """A kind of companion that nearly all images here have, and some whose crop is owed have not."""
    owed = {stem_of(look.crop.filename) for look in looks if look.crop.directory == around.directory}
    stems = {stem_of(name) for name in around.images}
    for kind, having in sorted(around.companions.items()):
        share = len(stems.intersection(having)) / len(stems) if stems else 0
        without = sorted((owed & stems).difference(having))
        if without and share >= _USUAL:
            what = f"no {kind} stands beside {len(without):,} of its images, and nearly all others have one: "
            mend = f"Write the {kind} files first: they move with the image."
            yield Finding("note", "companion_missing", around.directory, what + _some(without), mend)


def _orphans(around: Surroundings) -> Iterator[Finding]:
    """Companions without an image, told from files that are nobody's by the names that images have."""
    stems = {stem_of(name) for name in around.images}
    for kind, having in sorted(around.companions.items()):
        lost = sorted(
            stem
            for stem in set(having) - stems
            if kind != ".decision" and (stem in around.known or parse_name(stem).stage is not None)
        )
        if lost:
            what = f"no image stands beside {len(lost):,} of its {kind} files: {_some(lost)}"
            mend = "Bring the images back, or move these files away."
            yield Finding("look", "companion_orphaned", around.directory, what, mend)


def _sidecars(around: Surroundings) -> Iterator[Finding]:
    for sidecar in around.sidecars:
        path = str(PurePath(around.directory, sidecar.name))
        if sidecar.problem is not None:
            what = f"this sidecar cannot be read: {sidecar.problem}"
            yield Finding("look", "sidecar_unreadable", path, what, "Mend it, or move it away.")
        elif not sidecar.present:
            named = f" ({_some(sidecar.images)})" if sidecar.images else ""
            what = f"the image of this sidecar is gone{named}"
            yield Finding("look", "sidecar_orphaned", path, what, "Bring the image back, or move the sidecar away.")


def _some(names: Iterable[str]) -> str:
    all_ = list(names)
    more = f" and {len(all_) - _NAMED:,} more" if len(all_) > _NAMED else ""
    return ", ".join(all_[:_NAMED]) + more


# -- the disk -------------------------------------------------------------------------------------------------------


def _space(seen: Seen) -> Iterator[Finding]:
    for room in seen.rooms:
        if room.needed_bytes > room.free_bytes:
            what = f"the crops need about {megabytes(room.needed_bytes)}, {megabytes(room.free_bytes)} are free"
            mend = "Free some space first, or execute a part: crop run --now --limit N"
            yield Finding("blocks", "disk_full", room.place, what, mend)


_MARGIN = 1.5
"""Allowance for an encoder that packs less tightly than the one that wrote the source."""


def space_for(look: Look) -> int:
    """Bytes that the crop of this image will take: exactly those of the file for a whole image, else an estimate."""
    if look.plan is None:
        return 0
    whole, box = look.plan.dimensions, look.plan.pixel_box.dimensions
    if whole == box:
        return look.plan.size_bytes
    share = (box.width_px * box.height_px) / (whole.width_px * whole.height_px)
    return round(look.plan.size_bytes * share * _MARGIN)


def megabytes(count: int) -> str:
    """Bytes as people compare them."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def counts(found: Iterable[Finding]) -> dict[Level, int]:
    """How many findings of each level."""
    by_level: dict[Level, int] = defaultdict(int, {"blocks": 0, "look": 0, "note": 0})
    for finding in found:
        by_level[finding.level] += 1
    return dict(by_level)


def _about(look: Look, level: Level, code: str, what: str, mend: str) -> Finding:
    path = look.crop.path
    return Finding(level, code, path, what, mend.replace("{path}", shlex.quote(path)), look.crop.subject)
