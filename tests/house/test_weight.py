"""What a browser has to fetch before the first image: the pages' own code stays small, and needs no build."""

import gzip
import re

LIMIT_KB = 40


def test_the_pages_modules_and_styles_weigh_at_most_forty_kilobytes_compressed(house):
    parts = sorted(path for kind in ("*.js", "*.css") for path in (house / "web" / "static").rglob(kind))
    weights = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in parts}

    assert len(parts) > 5
    assert sum(weights.values()) <= LIMIT_KB * 1024, weights


def test_every_module_that_is_imported_is_one_of_ours_and_is_there(house):
    static = house / "web" / "static"
    for path in static.rglob("*.js"):
        for name in re.findall(r'^import (?:.* from )?"([^"]+)";', path.read_text("utf-8"), re.MULTILINE):
            assert name.startswith("./"), f"{path.name} imports {name}"
            assert (static / name).is_file(), f"{path.name} imports {name}"


def test_no_page_asks_another_site_for_anything(house):
    for path in (*(house / "web" / "static").rglob("*.*"), *(house / "web" / "templates").rglob("*.html")):
        found = re.findall(r"(?:src|href|url|import|fetch)[=( \"']+(https?://[^\"') ]+)", path.read_text("utf-8"))
        assert found == [], path.name
