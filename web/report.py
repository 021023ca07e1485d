"""The overview as one file: `crop report --html FILE`. It needs no server, no network and no other file."""

from importlib.resources import files
from pathlib import Path

from commands.desk import Desk
from commands.exporting.whole_files import written_whole
from web.chosen import Chosen
from web.pages import templates
from web.standing import standing


def write_report(desk: Desk, file: Path, *, first: str | None, last: str | None, project: str | None) -> Chosen:
    """Write the page of these days (today, if none is named); returns what is in it. Raises `Invalid`."""
    named = {"from": first, "to": last or first, "project": project}
    chosen = Chosen.read({key: value for key, value in named.items() if value}, desk.settings.zone, desk.now)
    now = standing(desk, chosen)
    style = "".join((files("web") / "static" / name).read_text("utf-8") for name in ("base.css", "charts.css"))
    text = templates().get_template("report.html").render(now=now, chosen=chosen, style=style)
    with written_whole(file) as stream:
        # A name on disk may be no valid Unicode; what stands for its bytes must not stop the whole report.
        stream.write(text.encode("utf-8", "backslashreplace"))
    return chosen
