"""Whatever is asked of whatever address: an answer, never a bug, and never a file that nobody offered."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.routing import Route

from web.app import PAGES

ROUTES = [route for page in PAGES for route in page if isinstance(route, Route) and route.path != "/live"]
READING = [route for route in ROUTES if "GET" in route.methods]
WRITING = [route for route in ROUTES if "POST" in route.methods]
SECRET = "a word that stands in a file beside the home and nowhere else"

ESCAPES = ["..", "../..", "%2e%2e", "..%2f..%2fsecret.txt", "/etc/passwd", "\\..\\", ".", "\0", "image/..", "~"]
WORDS = st.one_of(st.sampled_from(ESCAPES), st.text(max_size=30), st.integers().map(str), st.just("2025-10-27"))
NAMES = st.sampled_from(
    ["format", "day", "from", "to", "project", "type", "subject", "actor", "correlation", "before", "after",
     "directory", "batch", "operator", "page", "token", "image"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["directory", "page", "operator", "id", "decisions", "subjects", "reason", "count", "held", "image", "box", "kind",
     "batch", "project", "x1", "sha256", "sitting", "run"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=8,
)
SETTINGS = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def asked(shared_made_server):
    """A server with an image, and beside its home a file that is none of anybody's business."""
    server = shared_made_server
    (server.root / "secret.txt").write_text(SECRET)
    photos = server.root / "photos"
    photos.mkdir()
    Image.effect_noise((80, 60), 50).save(photos / "a.png")
    server.crop("record", photos / "a.png", "--box", "0.1,0.1,0.9,0.9", "--project", "p")
    return server.start()


def address(draw, route):
    filled = "/".join(
        quote(draw(WORDS), safe=draw(st.sampled_from(["", "/.%"]))) if part.startswith("{") else part
        for part in route.path.split("/")
    )
    pairs = draw(st.lists(st.tuples(NAMES, WORDS), max_size=3))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
    return quote(filled, safe="/%.~-_{}") + (f"?{query}" if query else "")


def is_well_answered(server, answer):
    assert answer.status < 500, answer.text
    assert SECRET not in answer.text
    assert not (server.home / "errors.log").exists()


@SETTINGS
@given(data=st.data())
def test_every_page_answers_every_question(asked, data):
    route = data.draw(st.sampled_from(READING), label="route")

    is_well_answered(asked, asked.get(address(data.draw, route)))


@SETTINGS
@given(data=st.data())
def test_every_write_is_taken_or_refused(asked, data):
    route, body = data.draw(st.sampled_from(WRITING), label="route"), data.draw(VALUES, label="body")

    is_well_answered(asked, asked.post(address(data.draw, route), body))


@SETTINGS
@given(body=st.binary(max_size=60), route=st.sampled_from(WRITING))
def test_a_body_that_is_no_json_is_invalid(asked, body, route):
    given = {"content_type": "application/json", "x_crop_token": asked.token}

    answer = asked.ask("POST", route.path.replace("{run}", "r").replace("{wish}", "pause"), body, **given)

    is_well_answered(asked, answer)
    assert answer.status in {400, 422, 404, 409}, json.loads(answer.text)


@SETTINGS
@given(path=st.lists(WORDS, max_size=4).map("/".join))
def test_no_path_leads_out(asked, path):
    for start in ("/", "/static/", "/preview/", "/image/"):
        is_well_answered(asked, asked.get(start + quote(path, safe="/%.~")))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_no_other_method_does_anything(asked, method):
    head = asked.crop("log", "--json")
    for route in ROUTES:
        answer = asked.ask(method, route.path, b"{}", content_type="application/json", x_crop_token=asked.token)
        is_well_answered(asked, answer)

    assert asked.crop("log", "--json") == head
