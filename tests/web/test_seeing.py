"""The overview: what it shows, what its buttons do, and its tables for programs."""

import csv
import io
import shutil

import pytest
from PIL import Image


@pytest.fixture
def failed(server, tmp_path):
    """A server on which one crop was executed and one failed, because its image is gone."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png"):
        Image.effect_noise((80, 60), 50).save(photos / name)
    server.crop("sitting", "start", photos, "--project", "p")
    for name in ("a.png", "b.png"):
        server.crop("record", photos / name, "--box", "0.1,0.1,0.9,0.9", "--project", "p")
    (photos / "b.png").rename(tmp_path / "b.png")
    server.crop("run", "--now", exits=1)
    return server


def failures(server):
    return server.get("/tables/failures?format=json").json()


def test_a_failure_is_shown_with_its_reason_and_can_be_retried(failed):
    [failure] = failures(failed)
    assert failure["reason"] == "missing"
    assert "1 crop waits for you" in failed.get("/").text

    told = failed.post("/crops/retry", {"subjects": [failure["subject"]]})

    assert told.json() == {"recorded": 1, "unchanged": 0, "refused": []}
    assert failures(failed) == []
    assert "crop.retried" in failed.crop("log", "--type", "crop.retried")


def test_a_failure_can_be_withdrawn_by_who_serves(failed):
    [failure] = failures(failed)

    failed.post("/crops/withdraw", {"subjects": [failure["subject"]], "reason": "gone"})

    assert "(operator:ann)" in failed.crop("log", "--type", "crop.withdrawn")
    assert failures(failed) == []


def test_what_breaks_a_rule_is_refused_in_the_rule_s_words(failed):
    [failure] = failures(failed)
    failed.post("/crops/withdraw", {"subjects": [failure["subject"]]})

    told = failed.post("/crops/retry", {"subjects": [failure["subject"]]})

    assert (told.status, told.json()["error"]) == (422, "Refused")


@pytest.mark.parametrize(
    "body", [{}, {"subjects": []}, {"subjects": ["schedule/x"]}, {"subjects": ["image/x"], "more": 1}, [], "x"]
)
def test_a_request_that_cannot_be_understood_is_invalid(shared_server, body):
    told = shared_server.post("/crops/retry", body)

    assert (told.status, told.json()["error"]) == (400, "Invalid")


def test_a_request_in_another_form_is_invalid(shared_server):
    assert shared_server.post("/crops/retry", {}, content_type="text/plain").status == 400


def test_a_request_that_is_too_long_is_invalid(shared_server):
    assert shared_server.post("/crops/retry", {"subjects": ["image/" + "x" * 1_200_000]}).status == 400


def test_every_table_is_there_for_people_and_for_programs(failed):
    for name in ("directories", "failures", "sittings", "burn-down", "throughput"):
        rows = failed.get(f"/tables/{name}?format=json").json()
        read = list(csv.DictReader(io.StringIO(failed.get(f"/tables/{name}?format=csv").text, newline="")))

        assert len(rows) == len(read) > 0, name
        assert list(read[0]) == list(rows[0])
        assert failed.get(f"/tables/{name}").text.count("<tr>") == len(rows) + 1


def test_another_project_and_another_day_show_nothing_of_this_one(failed):
    assert failed.get("/tables/directories?format=json&project=q").json() == []
    assert failed.get("/tables/sittings?format=json&day=2020-01-01").json() == []


@pytest.mark.parametrize("query", ["format=xml", "day=yesterday", "from=2025-01-02&to=2025-01-01"])
def test_a_question_that_makes_no_sense_is_invalid(shared_server, query):
    assert shared_server.get(f"/tables/directories?{query}").status == 400


def test_a_table_there_is_not_lists_those_there_are(shared_server):
    answer = shared_server.get("/tables/nothing", accept="application/json")

    assert answer.status == 404
    assert "directories" in answer.json()["mend"]


@pytest.mark.parametrize("wish", ["pause", "resume", "stop"])
def test_a_run_that_is_not_there_cannot_be_told_anything(shared_server, wish):
    assert shared_server.post(f"/runs/7f2a/{wish}", {}).json()["error"] == "NotFound"


def test_a_run_can_be_told_three_things_and_no_others(shared_server):
    assert "pause, resume, stop" in shared_server.post("/runs/7f2a/explode", {}).json()["message"]


# -- in the browser -----------------------------------------------------------------------------------------------


def test_retrying_in_the_browser_empties_the_list_and_the_page_stays_where_it_is(failed, browser_page):
    browser_page.goto(failed.url)
    browser_page.get_by_role("button", name="Retry b.png").click()

    browser_page.wait_for_selector("#failures", state="detached")

    assert failures(failed) == []
    assert browser_page.locator("#queue dd").all_inner_texts() == ["1", "1", "0", "0"]


def test_a_problem_stays_until_it_was_seen_and_comes_back_with_the_next(failed, browser_page, tmp_path):
    browser_page.goto(failed.url)
    banner = browser_page.locator("#problems")
    assert "b.png: no such file" in banner.inner_text()
    browser_page.reload()
    assert banner.is_visible()

    browser_page.get_by_role("button", name="Seen").click()
    assert not banner.is_visible()
    browser_page.reload()
    assert not banner.is_visible()

    failed.crop("retry", "--all")
    failed.crop("run", "--now", exits=1)
    banner.wait_for(state="visible")


def test_what_is_open_stays_open_and_what_has_the_focus_keeps_it(failed, browser_page, tmp_path):
    browser_page.goto(failed.url)
    browser_page.wait_for_selector("#live[data-state=live]")
    summary = browser_page.locator("#burn-down summary")
    summary.focus()
    summary.press("Enter")

    failed.crop("retry", "--all")
    browser_page.wait_for_selector("#failures", state="detached")

    assert browser_page.locator("#burn-down details").get_attribute("open") is not None
    assert browser_page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_run_is_paused_resumed_and_stopped_with_buttons(server, browser_page, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.effect_noise((600, 600), 50).save(photos / "0.png", compress_level=0)
    for number in range(1, 90):
        shutil.copy(photos / "0.png", photos / f"{number}.png")
    marks = tmp_path / "marks.jsonl"
    marks.write_text(_marks(photos))
    server.crop("record", "--from", marks)
    browser_page.goto(server.url)
    run = _running(server)
    try:
        browser_page.get_by_role("button", name="Pause").click()
        browser_page.get_by_role("button", name="Resume").click()
        browser_page.get_by_role("button", name="Stop").click()
        browser_page.wait_for_selector("#runner .run", state="detached")
    finally:
        run.wait(30)

    said = server.crop("log")
    order = [word for line in said.splitlines() for word in line.split() if word.startswith("run.")]
    assert order == ["run.started", "run.paused", "run.resumed", "run.stop_requested", "run.ended"]


def _marks(photos):
    import json

    return "".join(
        json.dumps(
            {"created_at": "2026-01-05T12:00:00+00:00", "project_id": "p", "group_id": "g", "filename": path.name,
             "dir": str(photos), "width": 600, "height": 600, "crop_norm": [0.1, 0.1, 0.9, 0.9]}
        ) + "\n"
        for path in photos.iterdir()
    )  # fmt: skip


def _running(server):
    import subprocess
    import sys

    begin = "from commands.cli.app import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", begin, "--home", str(server.home), "run", "--now"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_directory_that_was_only_looked_at_stands_there_with_what_is_open(server, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png"):
        Image.effect_noise((80, 60), 50).save(photos / name)
    server.crop("record", photos / "a.png", "--box", "0.1,0.1,0.9,0.9", "--project", "p")
    (tmp_path / "other").mkdir()
    (photos / "b.png").rename(tmp_path / "other" / "b.png")
    server.crop("scan", tmp_path / "other")

    text = server.get("/").text

    assert "0/1 decided" in text
    assert "1/1 decided" in text
