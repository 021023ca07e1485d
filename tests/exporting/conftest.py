"""A small ledger with some of everything, caught up, and its home."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import define, field

from commands.exporting.exporting import Exported, export
from commands.importing.facts import Crop
from configs.home import Home
from ledger.entry import Batch, Draft
from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropStarted,
    CropUndone,
    CropWithdrawn,
    MovedFile,
)
from ledger.events.event import Event
from ledger.events.images import ImageSkipped
from ledger.log import Ledger
from ledger.values import Box, Dimensions, Instant, PixelBox, image_subject
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SHA = "a" * 64
BOX = Box(0.125, 0.125, 0.625, 0.625)


@define
class Story:
    """Appends events, a second after each other, and exports what they add up to."""

    home: Home
    ledger: Ledger
    seconds: int = 0
    open: ExitStack = field(factory=ExitStack)

    def tell(self, path: str, event: Event, project: str = "p") -> None:
        self.tell_of(image_subject(project, path), event)

    def tell_of(self, subject: str, event: Event) -> None:
        self.seconds += 1
        at = Instant(f"2025-12-01T10:{self.seconds // 60:02}:{self.seconds % 60:02}.000000Z")
        actor = "runner:r1" if isinstance(event, CropStarted | CropExecuted | CropFailed) else "operator:ann"
        self.ledger.append(Batch.of(Draft(subject, event, actor, at, "c")))

    def record(self, path: str, box: Box = BOX, project: str = "p", group: str | None = None) -> None:
        crop = CropRecorded(project, path, box, Dimensions(800, 400), SHA, 9, group)
        self.tell(path, crop, project)

    def execute(self, path: str, output: str, companions: tuple[str, ...] = ()) -> None:
        source, target = str(Path(path).parent), str(Path(output).parent)
        moved = tuple(MovedFile(f"{source}/{name}", f"{target}/{name}", SHA, 3) for name in companions)
        self.tell(
            path,
            CropStarted(
                "r1", 1, path, SHA, 9, 0, Dimensions(800, 400), PixelBox(0, 0, 1, 1), output, output + "~", "/arc/x"
            ),
        )
        self.tell(path, CropExecuted("r1", 1, path, SHA, "/arc/x", output, SHA, 5, Dimensions(1, 1), SHA, moved))

    def undo(self, path: str, output: str) -> None:
        self.tell(path, CropUndone(path, SHA, output))

    def fail(self, path: str) -> None:
        self.tell(path, CropFailed("r1", 0, "missing", "it is gone", final=True))

    def withdraw(self, path: str) -> None:
        self.tell(path, CropWithdrawn())

    def skip(self, path: str, project: str = "p") -> None:
        self.tell(path, ImageSkipped(project, path), project)

    def history(self, path: str, box: Box | None, at: str) -> None:
        size = Dimensions(800, 400) if box else None
        facts = Crop("p", path, at, Instant(at), "crop_log_v1", box, size).reading().facts
        drafts = [Draft(each.subject, each.event, each.actor, Instant(at), "c", id=each.id) for each in facts]
        self.ledger.append(Batch(tuple(drafts)))

    def projections(self) -> Projections:
        with Store.open(self.home.projections) as store:
            catch_up(self.ledger, store)
        return Projections.open(self.home.projections)

    def export(self, what: str) -> list[Exported]:
        with self.projections() as projections:
            return export(what, projections, self.home)

    def files(self) -> dict[str, bytes]:
        """Everything in home's folders; the databases lie beside them."""
        found = (path for path in self.home.root.glob("*/**/*") if path.is_file())
        return {str(path.relative_to(self.home.root)): path.read_bytes() for path in found}


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    home = Home(tmp_path / "home")
    with Ledger.create(home.ledger, clock=lambda: NOW) as ledger:
        yield Story(home, ledger)


@pytest.fixture
def some_of_everything(story: Story) -> Callable[[], Story]:
    def tell() -> Story:
        for name in "abcdef":
            story.record(f"/photos/x/{name}.png", group="g" if name == "a" else None)
        story.execute("/photos/x/a.png", "/photos/__cropped/x/a.png", ("a.txt", "a.yaml"))
        story.execute("/photos/x/b.png", "/photos/__cropped/x/b.png")
        story.undo("/photos/x/b.png", "/photos/__cropped/x/b.png")
        story.fail("/photos/x/c.png")
        story.withdraw("/photos/x/d.png")
        story.skip("/photos/x/g.png")
        story.history("set_y/h.png", Box(0.25, 0.25, 0.75, 0.75), "2025-10-01T10:00:00.000000Z")
        story.history("set_y/i.png", None, "2025-10-01T10:00:01.000000Z")
        return story

    return tell
