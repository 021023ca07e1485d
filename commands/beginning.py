"""Making a home."""

from pathlib import Path

from configs.home import Home
from configs.settings import load
from ledger.errors import Invalid
from ledger.log import Ledger

_CONFIG = """# Cropledger's settings. What each key means, and its default: crop settings

# Directories in which images may be recorded and crops written.
roots = [{roots}]
"""


def begin(home: Home, roots: list[str]) -> bool:
    """Make the home's directory, settings and ledger where they are missing; whether the ledger was.

    Raises `Invalid` where roots are named although settings exist: they are changed by hand, never behind one's back.
    """
    if home.config.exists():
        if roots and tuple(roots) != load(home.config).roots:
            raise Invalid(f"{home.config} exists already.", mend="Change roots there.")
    else:
        _write(home.config, roots or ["~"])
    was_there = home.ledger.exists()
    Ledger.create(home.ledger).close()
    return not was_there


def _write(config: Path, roots: list[str]) -> None:
    quoted = ", ".join('"' + root.replace("\\", "\\\\").replace('"', '\\"') + '"' for root in roots)
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(_CONFIG.format(roots=quoted), "utf-8")
    except OSError as error:
        raise Invalid(f"{config} cannot be written: {error.strerror}.") from error
