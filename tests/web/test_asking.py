"""What the marking page asks the server, without a browser: ids, limits, claims, and answers that come twice."""

import re
import time
from html import unescape
from json import loads

import pytest
from PIL import Image

from tests.web.asking import PHOTOS, Asker, begun
from tests.web.conftest import Server


@pytest.fixture
def asker(made_server):
    """A page on a server of its own."""
    return begun(made_server)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory, nursery):
    """A page on a server where all that is asked for is refused, so that one will do for many tests."""
    root = tmp_path_factory.mktemp("untouched")
    server = Server(root / "home", root, nursery)
    server.crop("init", "--root", root)
    asker = begun(server)
    yield asker
    assert "crop.recorded" not in events(asker)
    server.kill()


def events(asker):
    return [loads(line)["type"] for line in asker.server.crop("log", "--json").splitlines()]


def test_images_come_in_order_with_all_that_is_needed_to_mark_them(asker):
    first, second = asker.next(2)

    assert (first["name"], second["name"]) == ("0.png", "1.png")
    assert (first["width"], first["height"], first["version"], first["suggestion"]) == (80, 60, 0, None)
    assert asker.server.get(first["preview"]).headers["content-type"] == "image/jpeg"


def test_two_pages_that_ask_at_the_same_time_get_other_images(asker):
    other = Asker(asker.server, asker.directory, "page-number-two")
    mine, theirs = asker.next(4), other.next(4)

    assert [image["name"] for image in mine + theirs] == [f"{number}.png" for number in range(PHOTOS)]
    assert other.post("leave").status == 200
    assert len(asker.next(9, [image["id"] for image in mine])) == 3


def test_the_same_batch_twice_is_one_entry_per_image(asker):
    images = asker.next(2)
    first = asker.mark(*map(asker.decision, images))
    second = asker.mark(*map(asker.decision, images))

    assert first.json() == second.json()
    assert first.json()["standing"] == {"open": PHOTOS - 2, "decided": 2, "problems": 0}
    assert events(asker).count("crop.recorded") == 2


def test_after_a_restart_the_ids_that_a_page_holds_still_mean_the_same(asker):
    images = asker.next(2)
    asker.server.kill()
    asker.server.start(*asker.server.home.parent.glob("photos"), "--project", "p")

    answer = asker.mark(*map(asker.decision, images))

    assert [result["refused"] for result in answer.json()["results"]] == [None, None]
    assert asker.server.get(images[1]["preview"]).status == 200


def test_when_it_was_decided_is_kept_where_that_can_be(asker):
    one, two, three = asker.next(3)
    an_hour_ago = time.time() - 3600
    asker.mark(asker.decision(one), id="batch-a-while-ago", at=an_hour_ago * 1000)
    asker.mark(asker.decision(two), id="batch-from-tomorrow", at=(time.time() + 86400) * 1000)
    asker.mark(asker.decision(three), id="batch-of-last-year", at=0)

    rows = [loads(line) for line in asker.server.crop("log", "--json").splitlines()]
    times = [row["occurred_at"] for row in rows if row["type"] == "crop.recorded"]
    assert times == sorted(times)
    assert time.strftime("%Y-%m-%dT%H:%M", time.gmtime(an_hour_ago)) in times[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"page": "x"}, {"page": "../../etc/passwd"}, {"page": 7}, {"page": "a:b:c:d:e:f"}, {"operator": "a\nb"},
        {"operator": " "}, {"count": "three"}, {"held": "all"},
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused_and_says_why(untouched, wrong):
    path = "open" if "operator" in wrong else "next"
    answer = untouched.post(path, **({"count": 1, "held": []} | wrong))

    assert answer.status == 400
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"box": (0, 0, 81, 60)}, {"box": (10, 10, 10, 20)}, {"box": (-1, 0, 10, 10)},
        {"size": {"width": 0, "height": 9}},
        {"follows": "x:y"}, {"version": "one"}, {"skipped": "no"}, {"box": (0.5, 0, 10, 10)},
    ],
)  # fmt: skip
def test_a_decision_that_makes_no_sense_records_nothing(untouched, wrong):
    good, bad = untouched.next(2)
    values = dict(wrong)
    box = values.pop("box", (0, 0, 10, 10))

    answer = untouched.mark(untouched.decision(good), untouched.decision(bad, box, **values))

    assert answer.status == 400, answer.text


def test_a_size_that_is_not_the_image_s_is_refused_for_that_image(asker):
    good, bad = asker.next(2)

    answer = asker.mark(asker.decision(good), asker.decision(bad, size={"width": 800, "height": 600}))

    refused = [result["refused"] for result in answer.json()["results"]]
    assert refused[0] is None
    assert "is 80x60, but the mark was made on 800x600" in refused[1]


def test_one_image_twice_in_a_batch_is_refused(untouched):
    [image] = untouched.next(1)

    assert untouched.mark(untouched.decision(image), untouched.decision(image)).status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/preview/nowhere/nothing", "/preview/{directory}/nothing", "/preview/{directory}/../../ledger.db",
        "/preview/{directory}/%2e%2e%2f%2e%2e%2fledger.db", "/preview/{directory}/..%2f0.png", "/preview/x/%00",
        "/crop?directory=nothing", "/crop?directory=../photos", "/crop/before?directory=nothing",
        "/crop/standing?directory=%00",
    ],
)  # fmt: skip
def test_nothing_can_be_reached_by_a_path(untouched, path):
    untouched.next(1)

    assert untouched.server.get(path.format(directory=untouched.directory)).status == 404


def test_an_image_of_another_directory_cannot_be_marked(untouched):
    [image] = untouched.next(1)
    answer = untouched.mark(untouched.decision(image | {"id": "0" * 24}))

    assert answer.status == 404


def test_more_than_a_page_can_show_is_not_handed_out(untouched):
    assert len(untouched.next(100_000)) == PHOTOS
    assert untouched.next(-5) == []


def test_nothing_to_take_back_is_said(untouched):
    answer = untouched.post("undo", id="undo-number-one")

    assert (answer.status, answer.json()["message"]) == (404, "There is nothing to take back here.")


def test_without_a_project_the_page_says_what_to_do(made_server, tmp_path):
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 6)).save(tmp_path / "photos" / "a.png")
    made_server.start(tmp_path / "photos")
    setup = loads(unescape(re.search(r'data-setup="([^"]+)"', made_server.get("/crop").text)[1]))

    answer = Asker(made_server, setup["directory"]).post("open")

    assert answer.status == 422
    assert "--project" in answer.text


def test_without_any_directory_the_page_says_how_to_begin(server):
    assert "No directory is known yet" in server.get("/crop").text
