"""What a crop is about to do, before anything is touched."""

from pathlib import Path

import pytest
from attrs import evolve

from imaging.plan import plan, temporary_name
from imaging.problems import Unusable
from imaging.read import observe
from ledger.errors import Invalid
from ledger.values import Box, Dimensions, PixelBox


@pytest.fixture
def planned(desk, textured):
    path = desk.photos / "A.PNG"
    textured((40, 30)).save(path, "PNG")
    image = observe(path)

    def make(**changes):
        how = {
            "recorded": image.dimensions,
            "recorded_sha256": image.sha256,
            "run": "7f2a",
            "attempt": 2,
            "output": desk.output("A.PNG"),
            "archive_root": desk.originals,
        }
        return plan(changes.pop("image", image), changes.pop("box", Box(0.1, 0.1, 0.5, 0.9)), **{**how, **changes})

    make.image = image
    return make


def test_a_plan_says_what_will_be_where(desk, planned):
    started = planned(companions=[desk.photos / "A.yaml", desk.photos / "A.txt"])
    image = planned.image
    assert started.pixel_box == PixelBox(4, 3, 20, 27)
    assert (started.source, started.sha256, started.size_bytes) == (str(image.path), image.sha256, image.size_bytes)
    assert started.archive == f"{desk.originals}/{image.sha256[:2]}/{image.sha256[2:]}.png"
    assert [move.destination for move in started.companions] == [str(desk.output("A.txt")), str(desk.output("A.yaml"))]
    temporary = Path(started.temporary)
    assert temporary.parent == Path(started.output).parent
    assert temporary.name.startswith(".crop-7f2a-")
    assert "-2-" in temporary.name
    assert started.warnings == ()


def test_nothing_is_written_by_planning(desk, planned):
    before = desk.files()
    planned()
    assert desk.files() == before
    assert not desk.output("A.PNG").parent.exists()


def test_no_two_attempts_share_a_temporary_name():
    names = {
        temporary_name(run, attempt, Path(source))
        for run in ("run1", "run2", "run 1", "run/1", "r" * 300)
        for attempt in (1, 2, 11)
        for source in ("/a/a.png", "/b/a.png")
    }
    assert len(names) == 30
    assert all("/" not in name and len(name) < 100 for name in names)


def test_a_file_that_changed_but_kept_its_shape_is_cropped_with_a_warning(planned):
    assert planned(recorded_sha256="0" * 64).warnings == ("content_changed",)
    drifted = planned(recorded=Dimensions(80, 60), recorded_sha256="0" * 64)
    assert drifted.warnings == ("dimension_drift", "content_changed")
    assert drifted.pixel_box == PixelBox(4, 3, 20, 27)


def test_a_file_of_another_shape_is_refused(planned):
    with pytest.raises(Unusable) as caught:
        planned(recorded=Dimensions(400, 333))
    assert caught.value.reason == "aspect_changed"


def test_a_name_longer_than_the_file_system_allows_is_refused(desk, planned):
    with pytest.raises(Unusable, match="longer than") as caught:
        planned(output=desk.output("a" * 252 + ".png"))
    assert caught.value.reason == "name_too_long"
    planned(output=desk.output("a" * 251 + ".png"))


def test_files_that_would_meet_are_refused(desk, planned):
    for companions in ([desk.photos / "other" / "A.PNG"], [desk.photos / "A.txt", desk.root / "A.txt"]):
        with pytest.raises(Unusable) as caught:
            planned(companions=companions)
        assert caught.value.reason == "destination_exists"
    with pytest.raises(Unusable):
        planned(output=planned.image.path)


def test_an_output_has_an_absolute_path(planned):
    with pytest.raises(Invalid):
        planned(output=Path("a.png"))


def test_a_box_without_a_pixel_is_refused(planned):
    tiny = evolve(planned.image, dimensions=Dimensions(4, 4))
    with pytest.raises(Invalid, match="has no pixel"):
        planned(image=tiny, recorded=Dimensions(4, 4), box=Box(0.1, 0.1, 0.11, 0.11))
