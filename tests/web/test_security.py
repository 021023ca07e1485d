"""Who is let in: other sites, rebound names and strangers on the network are not."""

import pytest

TOKEN = "a-token-of-some-length"


@pytest.mark.parametrize(
    "name", ["example.org", "example.org:80", "localhost.example.org", "10.0.0.1", "", "[", "user@localhost.evil"]
)
def test_a_server_on_this_machine_answers_to_no_other_name(shared_server, name):
    assert shared_server.get("/", host=name).status in {400, 403}


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:1", "[::1]:8000", "LOCALHOST:80"])
def test_its_own_names_are_answered(shared_server, name):
    assert shared_server.get("/", host=name).status == 200


@pytest.mark.parametrize("origin", ["http://example.org", "null", "http://127.0.0.1:1", "http://localhost.evil"])
def test_a_write_from_another_site_is_turned_away(shared_server, origin):
    assert shared_server.post("/", {}, origin=origin).status == 403


def test_a_write_that_the_browser_calls_cross_site_is_turned_away(shared_server):
    assert shared_server.post("/", {}, sec_fetch_site="cross-site").status == 403


@pytest.mark.parametrize("token", ["", "x", "ü"])
def test_a_write_without_this_run_s_token_is_turned_away(shared_server, token):
    assert shared_server.post("/", {}, x_crop_token=token).status == 403


def test_a_token_of_an_earlier_run_is_turned_away(server):
    before = server.token
    server.kill()

    assert server.start().post("/", {}, x_crop_token=before).status == 403


def test_every_answer_carries_the_headers_that_keep_others_out(shared_server):
    for path in ("/", "/nowhere", "/static/base.css", "/live?after=x"):
        headers = shared_server.get(path).headers

        assert headers["content-security-policy"].startswith("default-src 'self';"), path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.fixture
def guarded(made_server):
    made_server.options = ("--token", TOKEN)
    return made_server.start()


def test_who_brings_no_token_sees_nothing(guarded):
    for path in ("/", "/events", "/static/base.css", "/live", "/?token=wrong-token-altogether"):
        assert guarded.get(path).status == 401, path


def test_the_link_leaves_the_token_in_a_cookie_and_out_of_the_address(guarded):
    answer = guarded.get(f"/events?token={TOKEN}")

    assert (answer.status, answer.headers["location"]) == (303, "/events")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert guarded.get("/events", cookie=f"crop_entry={TOKEN}").status == 200


def test_the_link_never_leads_to_another_site(guarded):
    for path in (f"//example.org/?token={TOKEN}", f"/\\example.org?token={TOKEN}"):
        location = guarded.get(path).headers.get("location", "")

        assert not location.startswith(("//", "/\\", "http")), path


@pytest.fixture
def outward(made_server):
    made_server.options = ("--token", TOKEN, "--host", "0.0.0.0")  # noqa: S104  # with a token
    return made_server


def test_on_the_network_nothing_can_be_changed_unless_it_was_allowed(outward):
    outward.start()
    assert outward.token == "", "no write token is given away"
    assert "read-only" in outward.get("/", cookie=f"crop_entry={TOKEN}").text
    assert outward.post("/", {}, cookie=f"crop_entry={TOKEN}").status == 403

    outward.stop()
    outward.start("--allow-write")
    assert outward.post("/", {}, cookie=f"crop_entry={TOKEN}").status == 405, "through the gate: / takes no writes"


def test_on_the_network_addresses_are_answered_and_names_of_others_are_not(outward):
    outward.start()

    assert outward.get("/", host="10.1.2.3", cookie=f"crop_entry={TOKEN}").status == 200
    assert outward.get("/", host="example.org", cookie=f"crop_entry={TOKEN}").status == 403
