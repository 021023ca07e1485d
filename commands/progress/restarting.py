"""Starting afresh on a directory: what can be taken back is taken back, the rest no longer counts."""

from collections import Counter
from pathlib import Path

from attrs import frozen

from commands.crops import RestoreImage, WithdrawCrop
from commands.decider import Command, Request
from commands.directories import RestartDirectory
from commands.handle import handle_many
from commands.recording.recording import Asked
from ledger.errors import CropledgerError
from ledger.events.directories import DirectoryRestarted
from ledger.log import Ledger
from ledger.values import directory_subject
from projections.directories import place
from projections.progress import KnownImage, images, known
from projections.reader import Projections

REASON = "the directory was started afresh"


@frozen
class Restart:
    """What starting afresh on a directory comes to; true where it comes to anything."""

    subject: str
    directory: str
    seen: int
    images: tuple[KnownImage, ...]
    """The images that something stands of, in all projects."""

    def __bool__(self) -> bool:
        return any(self.counts().values())

    def counts(self) -> dict[str, int]:
        """How many images it concerns, by what becomes of them."""
        statuses = Counter(image.status for image in self.images)
        return {
            "withdrawn": statuses["recorded"] + statuses["failed"],
            "reopened": statuses["skipped"] + statuses["kept"],
            "no_longer_counted": statuses["executed"] + statuses["imported"],
        }

    def sentence(self, where: str) -> str:
        """What becomes of what, for the person."""
        counts = self.counts()
        words = {
            "withdrawn": "owed crops withdrawn",
            "reopened": "skipped or kept images open again",
            "no_longer_counted": "executed images no longer counted",
        }
        parts = [f"{what}: {counts[each]:,}" for each, what in words.items() if counts[each]]
        return f"{where}: {', '.join(parts)}."


def restartable(directory: Path, projections: Projections) -> Restart:
    """What there is to start afresh from in a directory (its canonical path)."""
    at = place(projections, str(directory))
    seen = images(projections, str(directory))
    counted = {image.subject for image in seen}
    stands = tuple(
        image for image in known(projections, str(directory)) if image.subject in counted and image.status != "open"
    )
    subject = at.subject if at else directory_subject(directory)
    return Restart(subject, str(directory), len(seen), stands)


def restart(plan: Restart, asked: Asked, *, ledger: Ledger, reason: str | None = None) -> tuple[CropledgerError, ...]:
    """Record it, all in one transaction; what a rule kept back (a run is at work on it) is returned."""
    statuses = Counter(image.status for image in plan.images)
    event = DirectoryRestarted(
        directory=plan.directory,
        seen=plan.seen,
        completed=statuses["executed"] + statuses["kept"] + statuses["imported"],
        skipped=statuses["skipped"],
        owed=statuses["recorded"] + statuses["started"] + statuses["failed"],
        reason=reason,
    )
    commands: list[Command] = [RestartDirectory(plan.subject, event)]
    for image in plan.images:
        if image.status in {"skipped", "kept"}:
            commands.append(RestoreImage(image.subject, REASON))
        elif image.status in {"recorded", "failed", "started"}:
            commands.append(WithdrawCrop(image.subject, REASON))
    requests = [Request(command, asked.actor, asked.correlation) for command in commands]
    outcome = handle_many(requests, ledger=ledger, now=asked.now)
    return tuple(why for _, why in outcome.refused)
