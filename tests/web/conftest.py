"""A real server on a home of its own, and a real browser to look at it.

`server` is `crop serve` in a process of its own: it can be killed and begun again. `browser_page` is a page in a
headless Chromium; what its console complains of fails the test. Without a Chromium those tests are skipped; with
`CROP_BROWSER=required`, as in CI, they fail. `CROP_CHROMIUM` names another one than the first on the path.
"""

import http.client
import io
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from attrs import define, field

from commands.cli.app import run
from tests.nursery import Born, Nursery
from tests.web.bench import Bench, write_photographs
from tests.web.choosing import Chooser, write_groups

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@define
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@define
class Server:
    """One `crop serve`; `crop(...)` runs another command on the same home meanwhile."""

    home: Path
    root: Path
    nursery: Nursery
    options: tuple[str, ...] = ()
    url: str = ""
    process: subprocess.Popen[str] | Born | None = None
    token: str = field(default="")

    def start(self, *arguments: str | Path, port: int = 0) -> "Server":
        """Begin; returns when it answers. `port` 0 is any."""
        command = ["--home", str(self.home), "serve", *map(str, arguments)]
        command += ["--port", str(port), "--json", *self.options]
        self.process = self.nursery.begin(*command, environment=_environment())
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.url = json.loads(line)["url"]
        self.token = self._token()
        return self

    @property
    def address(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def port(self) -> int:
        return urlsplit(self.url).port

    def crop(self, *arguments: str | Path, exits: int = 0) -> str:
        """One command, in this process: beginning another takes longer than most of them."""
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.dict(os.environ, _environment(), clear=True), redirect_stdout(out), redirect_stderr(err):
            code = run(["--home", str(self.home), *map(str, arguments)])
        assert code == exits, f"{arguments} exited {code}\n{out.getvalue()}\n{err.getvalue()}"
        return out.getvalue()

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request with exactly these headers; underscores in their names are dashes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        given = {"host": self.address} | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given["content-length"] = str(len(body))
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        found = connection.getresponse()
        answer = Answer(
            found.status,
            {name.lower(): value for name, value in found.getheaders()},
            found.read().decode("utf-8", "replace"),
        )
        connection.close()
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, value: object, **headers: str) -> Answer:
        """A write as the page makes it."""
        given = {"content_type": "application/json", "x_crop_token": self.token, "origin": f"http://{self.address}"}
        return self.ask("POST", path, json.dumps(value).encode(), **(given | headers))

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As Ctrl-C would."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.communicate(timeout=60)
            self.process = None

    def _token(self) -> str:
        entry = urlsplit(self.url).query
        text = self.get("/events", cookie=entry.replace("token=", "crop_entry=")).text
        return text.partition('name="crop-token" content="')[2].partition('"')[0]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CROP_")}
    return kept | {"CROP_OPERATOR": "ann"}


def _made(root: Path, nursery: Nursery) -> Iterator[Server]:
    server = Server(root / "home", root, nursery)
    server.crop("init", "--root", root)
    yield server
    server.kill()


@pytest.fixture
def made_server(tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A home with a ledger that allows the test's own directory; the server is not begun yet."""
    yield from _made(tmp_path, nursery)


@pytest.fixture
def server(made_server: Server) -> Server:
    """The same, answering."""
    return made_server.start()


@pytest.fixture(scope="module")
def shared_made_server(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Server]:
    """One for all tests of a module, for those that change nothing."""
    yield from _made(tmp_path_factory.mktemp("shared"), nursery)


@pytest.fixture(scope="module")
def shared_server(shared_made_server: Server) -> Server:
    """The same, answering, with an empty ledger."""
    return shared_made_server.start()


def chromium() -> str:
    """The browser's path; skips where there is none."""
    found = os.environ.get("CROP_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        why = "no Chromium is installed (on Debian: apt-get install chromium; or set CROP_CHROMIUM)"
        if os.environ.get("CROP_BROWSER") == "required":
            pytest.fail(why)
        pytest.skip(why)
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium for all tests of a worker. Once it is there `asyncio.run` needs a thread of its own."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # In a container the browser's own sandbox needs rights that tests do not have; the pages are our own.
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield launched
        launched.close()


@pytest.fixture
def browser_page(browser: Any) -> Iterator[Any]:
    """A page in a context of its own: 1440 x 900, light. What its console complains of fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.set_default_timeout(30_000)
    complaints: list[str] = []
    page = context.new_page()
    page.complaints = complaints
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == [], "the browser's console"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Where a test's images are to be written."""
    return tmp_path / "photos" / "set_a"


@pytest.fixture
def bench(made_server: Server, browser_page: Any, photos: Path) -> Callable[..., Bench]:
    """The marking page over as many photographs as a test asks for."""

    def made(count: int = 9, **more: Any) -> Bench:
        write_photographs(photos, count)
        made_server.start(photos, "--project", "spring")
        return Bench(browser_page, made_server.url).open(**more)

    return made


@pytest.fixture
def chooser(made_server: Server, browser_page: Any, photos: Path) -> Callable[..., Chooser]:
    """The choosing page over groups of so many images."""

    def made(sizes: tuple[int, ...] = (4, 3, 2)) -> Chooser:
        write_groups(photos, list(sizes))
        made_server.start(photos, "--project", "spring")
        return Chooser(browser_page, made_server.url).open()

    return made
