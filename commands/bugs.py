"""The log of tracebacks: what an error leaves behind that is nobody's mistake but ours."""

import traceback
from datetime import UTC, datetime
from pathlib import Path


def note(log: Path, what: str, error: BaseException) -> str:
    """Add the traceback to the log, with what was being done; returns where to look, in words."""
    text = "".join(traceback.format_exception(error))
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {what}\n{text}\n")
    except OSError as why:
        return f"{log} cannot be written ({why}), so here it is:\n{text}"
    return f"The traceback is in {log}"
