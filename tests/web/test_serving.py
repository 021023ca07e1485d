"""A server has its home to itself, says where it is, and answers in the words of the taxonomy."""

import pytest


def test_the_overview_answers_and_says_what_there_is(shared_server):
    answer = shared_server.get("/")

    assert answer.status == 200
    assert "Nothing is recorded yet" in answer.text


def test_a_second_server_on_the_same_home_is_refused(shared_server):
    shared_server.crop("serve", "--port", "0", exits=6)


def test_a_server_that_was_killed_leaves_the_home_free(server):
    server.kill()

    assert server.start().get("/").status == 200


def test_a_port_that_is_taken_is_refused(shared_server, tmp_path):
    shared_server.crop("--home", tmp_path / "other", "init", "--root", tmp_path)
    shared_server.crop("--home", tmp_path / "other", "serve", "--port", str(shared_server.port), exits=6)


def test_the_command_line_goes_on_while_the_pages_are_open(shared_server):
    assert "0 events" in shared_server.crop("audit")


def test_the_network_is_refused_without_a_token(made_server):
    made_server.crop("serve", "--host", "0.0.0.0", "--port", "0", exits=3)  # noqa: S104  # it is refused


@pytest.mark.parametrize("token", ["short", "an-ümläut-and-long"])
def test_a_token_that_cannot_be_used_is_refused(made_server, token):
    made_server.crop("serve", "--token", token, "--port", "0", exits=2)


def test_a_directory_outside_the_roots_is_refused(made_server):
    made_server.crop("serve", "/", "--port", "0", exits=7)


def test_without_a_ledger_the_way_to_one_is_said(made_server, tmp_path):
    made_server.crop("--home", tmp_path / "nowhere", "serve", "--port", "0", exits=4)


def test_ctrl_c_ends_it_in_order_although_a_page_listens(made_server):
    import http.client

    server = made_server.start()
    listening = http.client.HTTPConnection("127.0.0.1", server.port)
    listening.request("GET", "/live")
    process = server.process
    answer = listening.getresponse()
    assert answer.status == 200

    server.stop()
    answer.close()
    listening.close()

    assert process.returncode == 0


@pytest.mark.parametrize("address", ["/nowhere", "/static/nothing.css", "/static/../app.py", "/static/%2e%2e/app.py"])
def test_an_address_there_is_not_has_a_page_that_says_so(shared_server, address):
    answer = shared_server.get(address)

    assert answer.status == 404
    assert "There is no such page." in answer.text


def test_programs_are_told_in_json(shared_server):
    answer = shared_server.get("/nowhere", accept="application/json")

    assert answer.json()["error"] == "NotFound"


def test_what_cannot_be_done_with_a_page_is_said(shared_server):
    assert shared_server.post("/", {}).status == 405


def test_a_live_position_that_is_no_number_is_invalid(shared_server):
    assert shared_server.get("/live?after=x", accept="application/json").json()["error"] == "Invalid"
