"""Small crop logs in the shape of the real dirt; every value in them is made up."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from attrs import define
from PIL import Image

from commands.importing.importing import Brought, Importer, ImportReport, Watch
from commands.importing.quarantine import Quarantine, Quarantined
from commands.importing.waiting import Waiting
from commands.recording.recording import Recorder
from configs.home import Home
from imaging.zones import Zones
from ledger.codec import encode
from ledger.entry import Entry
from ledger.events.history import HistoryImported
from ledger.log import Ledger
from projections import catalogue
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

HEADER_V1 = (
    "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp,"
    "image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,width_1,height_1"
)
HEADER_V2 = "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"


class Log:
    """Rows and files as the tools wrote them."""

    header_v1 = HEADER_V1
    header_v2 = HEADER_V2

    @staticmethod
    def v1(
        name: str = "a.png",
        box: str = "100.0,50.0,500.0,250.0",
        at: str = "2025-11-02T10:00:00.250000Z",
        size: str = "800,400",
        folder: str = "set_x/",
        group: str = "g1",
    ) -> str:
        """A row with one image: the fields of the second are blank."""
        path = folder + name
        return f"2025-11-02 05:59:00,{group},set_x,1,0,{path},{box},{at},{path},stage1_generated,{size},,,,"

    @staticmethod
    def v2(
        name: str = "a.png",
        box: str = "0.125,0.125,0.625,0.625",
        at: str = "2025-11-02T10:00:00.250000Z",
        size: str = "800,400",
        project: str = "p",
    ) -> str:
        return f"{at},{project},{name},{box},{size}"

    @staticmethod
    def file(*rows: str, header: str | None = HEADER_V1) -> bytes:
        return "".join(f"{row}\r\n" for row in ((header, *rows) if header else rows)).encode()


class Records(Watch):
    """Notes what is told of a file's records."""

    def __init__(self, told: list[tuple[int, int]]) -> None:
        self.told = told

    def records(self, done: int, there: int) -> None:
        self.told.append((done, there))


@pytest.fixture(scope="session")
def log() -> type[Log]:
    return Log


@define
class Desk:
    """A ledger in a home of its own, and a folder for logs."""

    folder: Path
    home: Home
    ledger: Ledger

    def importer(self, project: str | None = "p", *, queue: bool = False, **how: object) -> Importer:
        waiting = (
            Waiting.of(
                Recorder(self.ledger, self.projections(), Zones.of(self.folder)),
                aside=frozenset({self.home.root.resolve()}),
            )
            if queue
            else None
        )
        return Importer.of(
            self.ledger, self.home, NOW, project=project, projections=self.projections(), waiting=waiting, **how
        )  # type: ignore[arg-type]

    def bring(
        self,
        content: bytes,
        name: str = "log.csv",
        project: str | None = "p",
        watch: Watch | None = None,
        **how: object,
    ) -> ImportReport:
        path = self.folder / name
        path.write_bytes(content)
        report = self.importer(project, **how).bring(path, watch)  # type: ignore[arg-type]
        parts = report.accepted + report.completed + report.known + report.set_aside
        assert parts == report.read == sum(report.layouts.values())
        return report

    def bring_all(self, files: Sequence[tuple[str, bytes]], *, queue: bool = False, **how: object) -> Brought:
        """Files at once, each in a folder of its own, so that names may come again."""
        paths = [self.home.root / "logs" / str(number) / name for number, (name, _) in enumerate(files)]
        for path, (_, content) in zip(paths, files, strict=True):
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_bytes(content)
        brought = self.importer(queue=queue, **how).bring_all(paths)
        assert not brought.problems
        for report in brought.reports:
            assert report.accepted + report.completed + report.known + report.set_aside == report.read
        return brought

    def bring_in_lots(self, files: Sequence[tuple[str, bytes]], chance: random.Random, **how: object) -> None:
        """Files in several imports, cut anywhere."""
        remaining = iter(files)
        while some := list(islice(remaining, chance.randint(1, len(files)))):
            self.bring_all(some, **how)  # type: ignore[arg-type]

    def projections(self) -> Projections:
        with Store.open(self.home.projections) as store:
            catch_up(self.ledger, store)
        return Projections.open(self.home.projections)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What a question to the projections is answered."""
        with Store.open(self.home.projections) as store:
            catch_up(self.ledger, store)
            return store.connection.execute(sql).fetchall()

    def every_row(self, arrival: Callable[[str], set[str]]) -> dict[str, list[tuple[object, ...]]]:
        """All rows of all projections, without the columns that `arrival` names of a table: when something came."""
        found: dict[str, list[tuple[object, ...]]] = {}
        with Store.open(self.home.projections) as store:
            catch_up(self.ledger, store)
            for projection in catalogue.ALL:
                for table in (*projection.tables, *projection.views):
                    columns = [name for name in table.columns if name not in arrival(table.name)]
                    rows = store.connection.execute(f"SELECT {', '.join(columns)} FROM {table.name}")
                    found[table.name] = sorted(rows, key=repr)
        return found

    def facts(self) -> set[tuple[str, str, str, str, str]]:
        """What the ledger holds, whatever the order in which it came."""
        return {
            (entry.id, entry.subject, entry.occurred_at, entry.actor, encode(entry.event)) for entry in self.entries()
        }

    def crops(self) -> list[dict[str, object]]:
        """The crops made elsewhere as the projections know them, oldest first."""
        names = "filename, directory, cropped_at, x1, x2, width_px, group_id, warnings"
        rows = self.rows(f"SELECT {names} FROM imported_history ORDER BY cropped_at, filename")
        return [dict(zip(names.split(", "), row, strict=True)) for row in rows]

    def entries(self) -> list[Entry]:
        return self.ledger.read(0, 1_000_000)

    def events(self) -> list[HistoryImported]:
        return [entry.event for entry in self.entries() if isinstance(entry.event, HistoryImported)]

    def aside(self) -> list[Quarantined]:
        return list(Quarantine(self.home.quarantine).all())


@contextmanager
def opened(folder: Path, images: Path | None = None) -> Iterator[Desk]:
    """A desk in a folder; its logs and images lie in another one, if that is said."""
    home = Home(folder / "home")
    with Ledger.create(home.ledger, clock=lambda: NOW) as ledger:
        yield Desk(images or folder, home, ledger)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as desk:
        yield desk


@pytest.fixture(scope="session")
def new_desk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], AbstractContextManager[Desk]]:
    """A fresh desk each time it is asked: for tests that need many."""
    return lambda: opened(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def images(desk: Desk) -> Callable[..., None]:
    """Makes images of the size that the samples name."""

    def make(*names: str, size: tuple[int, int] = (800, 400), colour: str = "red") -> None:
        for name in names:
            path = desk.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", size, colour).save(path)

    return make
