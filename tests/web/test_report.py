"""The overview as one file: it needs nothing else, and shows what the page shows."""

import re

import pytest
from PIL import Image


@pytest.fixture
def written(made_server, tmp_path):
    Image.effect_noise((80, 60), 50).save(tmp_path / "<a>.png")
    made_server.crop("sitting", "start", tmp_path, "--project", "p&q")
    made_server.crop("record", tmp_path / "<a>.png", "--box", "0.1,0.1,0.9,0.9", "--project", "p&q")
    made_server.crop("report", "--html", tmp_path / "day.html")
    return (tmp_path / "day.html").read_text("utf-8")


def test_it_loads_nothing_from_anywhere(written):
    assert re.findall(r'(?:src|href)="([^"]*)"', written) == []
    assert "<script" not in written
    assert "url(" not in written


def test_it_shows_the_charts_and_the_tables_of_the_page(written):
    for title in (
        "Queue, today",
        "Crops by hour, today",
        "Human time by kind of work, today",
        "Directories",
        "Sittings",
    ):
        assert f">{title}</h2>" in written, title
    assert "p&amp;q" in written


def test_a_span_of_days_can_be_named_and_a_day_that_is_none_is_refused(made_server, tmp_path):
    said = made_server.crop("report", "--html", tmp_path / "x.html", "--from", "2025-10-20", "--to", "2025-10-26")
    assert "20 October 2025 to 26 October 2025" in said

    made_server.crop("report", "--html", tmp_path / "x.html", "--from", "never", exits=2)
    made_server.crop("report", "--html", tmp_path / "x.html", "failures", exits=2)
    made_server.crop("report", "--from", "2025-10-20", exits=2)


def test_a_place_that_cannot_be_written_is_refused_and_nothing_is_left_behind(made_server, tmp_path):
    (tmp_path / "file").touch()
    made_server.crop("report", "--html", tmp_path / "file" / "x.html", exits=3)


def test_axe_finds_nothing(written, browser_page, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    browser_page.set_content(re.sub(r"<meta http-equiv.*?>", "", written))  # axe is a script, and the file allows none
    found = Axe().run(browser_page)

    assert found.violations_count == 0, found.generate_report()
