"""The files of planned days, for people and for their other programs. They are never read back as truth."""

import json
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from commands.exporting.whole_files import remove, written_whole
from commands.planning.dayfile import as_file
from commands.planning.drawing import headline
from commands.planning.plan import crops_of
from commands.planning.scheduling import standing
from configs.home import Home
from ledger.events.schedules import PlannedBlock, SchedulePlanned
from ledger.log import Ledger
from ledger.values import parse_instant
from projections.reader import Projections
from projections.schedules import schedules


def export_days(projections: Projections, ledger: Ledger, home: Home, dates: Sequence[str]) -> list[Path]:
    """YYYYMMDD.json and the preview of these days; a day that is no longer planned loses its files.

    Where a date has several plans, the files of all but the first carry their project's name.
    """
    known = [each for each in schedules(projections) if each.status == "planned"]
    written = []
    for text in dates:
        plans = [standing(ledger, each.subject) for each in known if each.date == text]
        _clear(home, text, [each.project for each in plans[1:]])
        for number, each in enumerate(plans):
            written += _write(home, each, f"_{each.project}" if number else "")
        if not plans:
            remove(_json(home, text, ""))
            remove(_preview(home, text, ""))
    return written


def _clear(home: Home, text: str, projects: Sequence[str | None]) -> None:
    folder = home.root / "data" / "ai_data" / "crop_schedule"
    keep = {_json(home, text, f"_{project}").name for project in projects}
    for file in folder.glob(f"{text.replace('-', '')}_*.json"):
        if file.name not in keep:
            remove(file)
            remove(_preview(home, text, file.stem[8:]))


def _json(home: Home, text: str, suffix: str) -> Path:
    return home.root / "data" / "ai_data" / "crop_schedule" / f"{text.replace('-', '')}{_safe(suffix)}.json"


def _preview(home: Home, text: str, suffix: str) -> Path:
    return home.root / "data" / "daily_summaries" / f"crop_schedule_preview_{text}{_safe(suffix)}.md"


def _safe(suffix: str) -> str:
    return suffix.replace("/", "_").replace("\\", "_")


def _write(home: Home, planned: SchedulePlanned, suffix: str) -> list[Path]:
    paths = [_json(home, planned.date, suffix), _preview(home, planned.date, suffix)]
    texts = [json.dumps(as_file(planned), indent=1, ensure_ascii=False) + "\n", preview(planned)]
    for path, text in zip(paths, texts, strict=True):
        with written_whole(path) as stream:
            stream.write(text.encode())
    return paths


def preview(planned: SchedulePlanned) -> str:
    """The day as Markdown: blocks, totals, when it will be done, warnings."""
    zone = ZoneInfo(planned.timezone)
    rows = [_row(block, zone) for block in planned.blocks]
    crops, end = crops_of(planned.blocks), planned.blocks[-1].end if planned.blocks else None
    eta = f"{parse_instant(end).astimezone(zone):%H:%M:%S}" if end else "-"
    worked = sum(_seconds(block) for block in planned.blocks if block.kind == "work")
    totals = (
        f"Work {worked / 3600:.1f} h, {crops:,} of {planned.queue:,} crops; ETA {eta}; "
        f"{planned.queue - crops:,} left for later."
    )
    origin = f"Ledger position {planned.ledger_position}, seed {planned.seed}, method {planned.method}."
    lines = [
        f"# Crop schedule, {planned.date}", "", headline(planned), "",
        "| start | end | what | batches | crops |", "|---|---|---|---|---|", *rows, "", totals, "",
        *(f"- Warning: {warning}" for warning in planned.warnings), "", origin, f"Settings: `{planned.settings}`",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _row(block: PlannedBlock, zone: ZoneInfo) -> str:
    start, end = (f"{parse_instant(text).astimezone(zone):%H:%M:%S}" for text in (block.start, block.end))
    if block.kind == "break":
        return f"| {start} | {end} | {block.reason} break | | |"
    return f"| {start} | {end} | work | {len(block.batches)} | {sum(batch.crops for batch in block.batches)} |"


def _seconds(block: PlannedBlock) -> float:
    return (parse_instant(block.end) - parse_instant(block.start)).total_seconds()
