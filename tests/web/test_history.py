"""What happened, as the pages tell it: filters, an image's story, its pictures."""

import io

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def told(shared_made_server):
    """A ledger in which one image was marked twice, executed and one skipped; a file name asks for trouble."""
    made_server = shared_made_server
    photos = made_server.root / "photos"
    photos.mkdir()
    names = ("<b>a & 'b'.png", "c.png")
    for name in names:
        picture = Image.new("RGB", (200, 100), "navy")
        picture.paste("red", (20, 10, 120, 60))
        picture.save(photos / name)
    made_server.crop("record", photos / names[0], "--box", "0,0,0.5,0.5", "--project", "p")
    made_server.crop("record", photos / names[0], "--pixels", "20,10,120,60", "--project", "p")
    made_server.crop("skip", photos / names[1], "--project", "p", "--reason", "blurred", "--actor", "ben")
    made_server.crop("run", "--now")
    return made_server.start()


def rows(server, query=""):
    return server.get(f"/events?format=json&{query}").json()


def subject(server):
    return rows(server, "type=crop.executed")[0]["subject"]


def test_the_newest_comes_first_and_all_of_it_is_there(told):
    positions = [row["position"] for row in rows(told)]

    assert positions == sorted(positions, reverse=True)
    assert positions[-1] == 1


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("type=image.skipped", ["image.skipped"]),
        ("actor=operator:ben", ["image.skipped"]),
        ("actor=runner:&type=crop.started", ["crop.started"]),
        ("type=crop.recorded", ["crop.recorded", "crop.recorded"]),
        ("from=2000-01-01&to=2000-01-02", []),
        ("to=2000-01-01", []),
        ("type=crop.recorded&before=2", ["crop.recorded"]),
        ("subject=image/nothing", []),
    ],
)
def test_events_are_narrowed_by_what_is_asked(told, query, types):
    assert [row["type"] for row in rows(told, query)] == types


def test_what_a_request_caused_is_found_by_its_correlation(told):
    [started] = rows(told, "type=crop.started")

    together = {row["type"] for row in rows(told, f"correlation={started['correlation']}")}

    assert together == {"run.started", "crop.started", "crop.executed", "run.ended"}


@pytest.mark.parametrize(
    "query", ["type=no.such", "from=never", "before=x", "before=-1", "before=%C2%B2", "to=9999-12-31"]
)
def test_a_filter_that_makes_no_sense_is_invalid(told, query):
    assert told.get(f"/events?{query}", accept="application/json").json()["error"] == "Invalid"


def test_an_image_s_story_is_told_whole_and_nothing_of_it_is_taken_for_markup(told):
    text = told.get(f"/{subject(told)}").text

    assert text.index("crop.executed") < text.index("crop.started") < text.rindex("crop.recorded")
    assert text.count("<code>crop.recorded</code>") == 2
    assert "<b>a" not in text
    assert "&lt;b&gt;a &amp; &#39;b&#39;.png" in text


def test_the_box_is_drawn_in_the_pixels_that_were_cut_out(told):
    assert '<rect class="box" x="20" y="10" width="100" height="50"/>' in told.get(f"/{subject(told)}").text


def test_original_and_result_are_the_pictures_they_are_called(told):
    original = picture(told, f"/{subject(told)}/original")
    result = picture(told, f"/{subject(told)}/result")

    assert (original.size, result.size) == ((200, 100), (100, 50))
    assert is_like(original.getpixel((5, 5)), (0, 0, 128))
    assert is_like(original.getpixel((60, 30)), (255, 0, 0))
    assert is_like(result.getpixel((2, 2)), (255, 0, 0))


def test_before_it_is_cropped_there_is_an_original_and_no_result(made_server, tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    made_server.crop("record", tmp_path / "a.png", "--box", "0,0,0.5,0.5", "--project", "p")
    made_server.start()
    [row] = rows(made_server)

    assert picture(made_server, f"/{row['subject']}/original").size == (40, 30)
    assert made_server.get(f"/{row['subject']}/result").status == 404


@pytest.mark.parametrize(
    "address",
    ["/image/0", "/image/..%2f..", "/image/000000000000000000000000/original", "/image/x/../../etc/passwd", "/image/"],
)
def test_an_image_there_is_not_is_not_found(told, address):
    assert told.get(address).status == 404


def test_there_is_no_third_picture(told):
    assert told.get(f"/{subject(told)}/companion").status == 404


def test_a_picture_outside_the_roots_is_not_shown_whatever_the_ledger_says(made_server, tmp_path):
    from datetime import UTC, datetime

    from ledger.entry import Batch, Draft
    from ledger.events.crops import CropRecorded
    from ledger.log import Ledger
    from ledger.values import Box, Dimensions, instant

    event = CropRecorded("p", "/etc/hostname", Box(0, 0, 1, 1), Dimensions(9, 9), "0" * 64, 9)
    with Ledger.open(made_server.home / "ledger.db") as ledger:
        ledger.append(Batch.of(Draft("image/abc", event, "operator:eve", instant(datetime.now(UTC)), "c")))
    made_server.start()

    assert made_server.get("/image/abc/original", accept="application/json").json()["error"] == "Unsafe"


def picture(server, address):
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", address)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    found = Image.open(io.BytesIO(answer.read()))
    connection.close()
    return found


def is_like(colour, wanted):
    return all(abs(one - other) < 24 for one, other in zip(colour, wanted, strict=True))
