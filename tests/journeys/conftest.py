"""A desk for whole command lines: a home, photographs, and `crop` as a function."""

import hashlib
import json
from pathlib import Path

import pytest
from attrs import define

from commands.cli.app import run


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@define
class Cli:
    """The command line on a home of its own; the output of the last command is kept."""

    home: Path
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def __call__(self, *arguments: str | Path, exits: int = 0) -> str:
        self.capture.readouterr()
        code = run(["--home", str(self.home), *map(str, arguments)])
        self.out, self.err = self.capture.readouterr()
        assert code == exits, f"crop {arguments} exited {code}, not {exits}:\n{self.out}\n{self.err}"
        return self.out

    def json(self, *arguments: str | Path, exits: int = 0) -> list[dict[str, object]]:
        return [json.loads(line) for line in self(*arguments, "--json", exits=exits).splitlines()]


@pytest.fixture
def crop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """`crop`, with a ledger that allows the test's own directory."""
    cli = Cli(tmp_path / "home", capsys)
    cli("init", "--root", tmp_path)
    return cli


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    directory = tmp_path / "photos" / "set_a"
    directory.mkdir(parents=True)
    return directory
