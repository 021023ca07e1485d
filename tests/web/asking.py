"""A marking page in all but looks: what the page asks the server, asked by a test."""

import re
import time
from html import unescape
from json import loads

from attrs import define
from PIL import Image

from tests.web.conftest import Server

PHOTOS = 7


@define
class Asker:
    """A page in all but looks."""

    server: object
    directory: str
    page: str = "page-number-one"

    def post(self, path, **values):
        return self.server.post(f"/crop/{path}", {"page": self.page, "directory": self.directory} | values)

    def next(self, count=3, held=()):
        answer = self.post("next", count=count, held=list(held))
        assert answer.status == 200, answer.text
        return answer.json()["images"]

    def decision(self, image, box=(0, 0, 10, 10), **more):
        edges = dict(zip(("left", "top", "right", "bottom"), box, strict=True))
        size = {"width": image["width"], "height": image["height"]}
        return {"image": image["id"], "skipped": False, "box": edges, "size": size, "version": image["version"]} | more

    def mark(self, *decisions, id="batch-number-one", at=None):  # noqa: A002  # the field's name
        return self.post("marks", id=id, at=time.time() * 1000 if at is None else at, decisions=list(decisions))


def begun(server: Server) -> Asker:
    """A page over seven images of a server that is begun with it."""
    photos = server.root / "photos"
    photos.mkdir()
    for number in range(PHOTOS):
        Image.new("RGB", (80, 60), (number * 20, 90, 30)).save(photos / f"{number}.png")
    server.start(photos, "--project", "p")
    page = server.get("/crop").text
    setup = loads(unescape(re.search(r'data-setup="([^"]+)"', page)[1]))
    asker = Asker(server, setup["directory"])
    assert asker.post("open").json()["standing"] == {"open": PHOTOS, "decided": 0, "problems": 0}
    return asker
