"""Home: the one directory that holds the ledger, the archive and the exports. Where each of them is."""

import os
from pathlib import Path
from typing import Self

from attrs import frozen


@frozen
class Home:
    """Every path below home, by name."""

    root: Path

    @classmethod
    def found(cls, named: Path | None) -> Self:
        """The home that was named, else `CROP_HOME`, else the platform's user data directory."""
        if named is not None:
            return cls(named.expanduser().absolute())
        from_environment = os.environ.get("CROP_HOME")
        if from_environment:
            return cls(Path(from_environment).expanduser().absolute())
        from platformdirs import user_data_path

        return cls(user_data_path("cropledger", appauthor=False))

    @property
    def ledger(self) -> Path:
        """What happened."""
        return self.root / "ledger.db"

    @property
    def projections(self) -> Path:
        """What it adds up to; disposable."""
        return self.root / "projections.db"

    @property
    def config(self) -> Path:
        """The settings that differ from the defaults."""
        return self.root / "config.toml"

    @property
    def originals(self) -> Path:
        """The archive of originals, by sha256."""
        return self.root / "originals"

    @property
    def quarantine(self) -> Path:
        """Records that could not be understood."""
        return self.root / "quarantine"

    @property
    def imports(self) -> Path:
        """A note of each import that is under way, or broke off."""
        return self.root / "imports"

    @property
    def reports(self) -> Path:
        """Published report databases."""
        return self.root / "reports"

    @property
    def runs(self) -> Path:
        """A lock file per living run."""
        return self.root / "runs"

    @property
    def web_lock(self) -> Path:
        """Held by the one server that has this home."""
        return self.root / "web.lock"

    @property
    def previews(self) -> Path:
        """Small copies of images for the pages; can be removed at any time."""
        return self.root / "previews"

    @property
    def errors(self) -> Path:
        """Tracebacks of bugs."""
        return self.root / "errors.log"
