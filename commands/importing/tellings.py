"""All that the ledger holds of crops that waited in other tools' queues, by the images they are on now."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from attrs import Factory, define, frozen

from commands.importing.facts import bare_name, mark_subject
from commands.importing.whereabouts import Ambiguous, Whereabouts
from commands.recording.marks import Mark
from ledger.entry import Entry
from ledger.events.history import HistoryCompleted
from ledger.events.imports import MarkImported
from ledger.log import Ledger
from ledger.values import Instant, image_subject

FOUND_ELSEWHERE = "found_elsewhere"
"""The image was not where the queue says, but one of its name and size was."""

QUEUES = ("crop_queue", "pending_queue")
"""The layouts that tell of crops which a queue has carried out."""

Name = tuple[str, str]
"""Project and bare file name: what marks are kept by, for the path that was written may be stale."""


@frozen(order=True)
class Place:
    """An image that marks were imported for."""

    project: str
    path: Path
    """Where it is."""


@frozen
class Told:
    """A mark as it stands in the ledger."""

    mark: Mark
    """At the path where the image is."""
    written: str
    """The path that its source wrote."""
    actor: str


@frozen
class Lost:
    """A mark in the ledger whose image could be any of several by now, so it is on none."""

    mark: Mark
    """At the path that its source wrote."""
    why: Ambiguous


@define
class Tellings:
    """The marks on images of some names, and what queues say was carried out on images of these names."""

    places: dict[Place, list[Told]] = Factory(lambda: defaultdict(list))
    lost: list[Lost] = Factory(list)
    made: dict[Name, list[tuple[str, Instant]]] = Factory(dict)
    """Path as it was written, and when."""

    def made_at(self, place: Place) -> list[Instant]:
        """When a queue says that a crop of this image was carried out.

        Another image may have the same bare name: it is this one if the path is the same, or the instant.
        """
        told = self.places.get(place, ())
        paths = {str(place.path), *(each.written for each in told)}
        instants = {each.mark.at for each in told}
        names = {(place.project, bare_name(each.written)) for each in told}
        made = (crop for name in names for crop in self.made.get(name, ()))
        return [at for path, at in made if path in paths or at in instants]


def tellings(ledger: Ledger, names: Iterable[Name], whereabouts: Whereabouts) -> Tellings:
    """What is known of the images of these names."""
    found = Tellings()
    for project, name in names:
        found.made[project, name] = [
            (entry.event.path, entry.occurred_at)
            for entry in ledger.history(image_subject(project, name))
            if isinstance(entry.event, HistoryCompleted) and entry.event.source in QUEUES
        ]
        for entry in ledger.history(mark_subject(project, name)):
            if isinstance(entry.event, MarkImported):
                _place(entry, entry.event, whereabouts, found)
    return found


def _place(entry: Entry, event: MarkImported, whereabouts: Whereabouts, found: Tellings) -> None:
    try:
        path = whereabouts.of(event.path, event.dimensions)
    except Ambiguous as why:
        found.lost.append(Lost(_mark(entry, event, event.path), why))
        return
    if path is not None:
        elsewhere = () if str(path) == event.path else (FOUND_ELSEWHERE,)
        told = Told(_mark(entry, event, str(path), elsewhere), event.path, entry.actor)
        found.places[Place(event.project, path)].append(told)


def _mark(entry: Entry, event: MarkImported, path: str, warnings: tuple[str, ...] = ()) -> Mark:
    return Mark(
        event.project, path, event.box, event.dimensions, event.group, event.suggestion, entry.occurred_at,
        event.utc_offset_s, warnings,
    )  # fmt: skip
