"""The rules of an inspection: facts in, findings out."""

import attrs
import pytest

from commands.inspection.facts import BrokenImport, Look, Room, Seen, Sidecar, Surroundings
from commands.inspection.findings import Finding, counts, findings, space_for
from ledger.values import Dimensions, PixelBox
from tests.inspection.conftest import LookMaker


def found(*looks: Look, **more: object) -> list[Finding]:
    return findings(Seen(tuple(looks), **more))  # type: ignore[arg-type]


def codes(*looks: Look, **more: object) -> list[str]:
    return [finding.code for finding in found(*looks, **more)]


def test_a_sound_queue_has_no_findings(look: LookMaker) -> None:
    assert found(look("/p/a.png"), look("/p/b.png")) == []


@pytest.mark.parametrize(
    "reason",
    ["missing", "unreadable", "unsupported", "animated", "too_large", "aspect_changed", "permission", "unsafe",
     "name_too_long", "io_error", "changed"],
)  # fmt: skip
def test_what_the_runner_refuses_would_fail_under_the_runners_own_reason(look: LookMaker, reason: str) -> None:
    [finding] = found(look("/p/a.png", refused=reason))

    assert (finding.level, finding.code, finding.path) == ("blocks", reason, "/p/a.png")
    assert finding.needs_a_person
    assert finding.what == reason, "the path is in a column of its own"
    assert finding.mend


def test_a_mend_can_be_typed_as_it_stands(look: LookMaker) -> None:
    [finding] = found(look("/p/it's here.png", refused="missing"))

    assert finding.mend.endswith("""crop withdraw '/p/it'"'"'s here.png'""")


def test_the_runners_own_mend_is_kept_where_there_is_no_better_one(look: LookMaker) -> None:
    refused = look("/p/a.png", refused="io_error")
    assert refused.refusal
    with_mend = attrs.evolve(refused, refusal=attrs.evolve(refused.refusal, mend="Look at the cable."))

    assert [finding.mend for finding in found(with_mend)] == ["Look at the cable."]


def test_a_changed_size_of_the_same_shape_is_to_be_looked_at(look: LookMaker) -> None:
    [finding] = found(
        look("/p/a.png", warnings=("dimension_drift", "content_changed"), dimensions=Dimensions(200, 160))
    )

    assert (finding.level, finding.code) == ("look", "dimension_drift")
    assert "100x80" in finding.what
    assert "200x160" in finding.what


def test_other_content_of_the_same_size_is_to_be_looked_at(look: LookMaker) -> None:
    [finding] = found(look("/p/a.png", warnings=("content_changed",)))

    assert (finding.level, finding.code) == ("look", "content_changed")


def test_a_failed_crop_with_nothing_in_its_way_is_to_be_retried(look: LookMaker) -> None:
    [finding] = found(look("/p/a.png", crop={"status": "failed", "failed_reason": "disk_full"}))

    assert (finding.level, finding.code, finding.mend) == ("look", "failed", "crop retry /p/a.png")
    assert "disk_full" in finding.what


def test_a_failed_crop_that_would_fail_again_says_what_comes_first(look: LookMaker) -> None:
    [finding] = found(look("/p/a.png", refused="missing", crop={"status": "failed", "failed_reason": "missing"}))

    assert finding.code == "missing"
    assert finding.mend.endswith("(then: crop retry /p/a.png)")


def test_started_without_outcome_is_told_apart_from_a_run_at_work(look: LookMaker) -> None:
    dead = look("/p/a.png", crop={"status": "started", "run": "r1"})
    alive = look("/p/b.png", crop={"status": "started", "run": "r2"}, run_lives=True)

    assert {finding.path: (finding.code, finding.level) for finding in found(dead, alive)} == {
        "/p/a.png": ("stuck", "note"),
        "/p/b.png": ("at_work", "note"),
    }


def test_a_destination_that_is_taken_would_fail(look: LookMaker) -> None:
    [finding] = found(look("/p/a.png", taken=("/out/p/a.png", "/out/p/a.txt")))

    assert (finding.level, finding.code) == ("blocks", "destination_exists")
    assert "/out/p/a.png" in finding.what
    assert "1 more" in finding.what


def test_two_crops_that_would_go_to_one_place(look: LookMaker) -> None:
    first, second = look("/p/a/x.png", output="/out/x.png"), look("/p/b/x.png", output="/out/x.png")
    [finding] = found(first, second)

    assert (finding.level, finding.code, finding.path) == ("blocks", "destination_shared", "/p/b/x.png")
    assert "/p/a/x.png" in finding.what


def test_two_crops_whose_companions_would_go_to_one_place(look: LookMaker) -> None:
    first = look("/p/a/x.png", output="/out/x.png", companions=("x.txt",))
    second = look("/p/b/x.jpg", output="/out/x.jpg", companions=("x.txt",))

    assert codes(first, second) == ["destination_shared"]


def test_one_image_in_two_projects_is_owed_two_crops(look: LookMaker) -> None:
    one, other = look("/p/a.png"), look("/p/a.png", crop={"project": "q"})
    [finding] = found(one, other)

    assert (finding.level, finding.code, finding.subject) == ("blocks", "two_boxes", other.crop.subject)
    assert finding.mend == "Keep one: crop withdraw /p/a.png --project q"


def test_the_crop_that_was_started_comes_first(look: LookMaker) -> None:
    waiting, begun = look("/p/a.png"), look("/p/a.png", crop={"project": "q", "status": "started"}, run_lives=True)

    assert [(finding.code, finding.subject) for finding in found(waiting, begun)] == [
        ("two_boxes", waiting.crop.subject),
        ("at_work", begun.crop.subject),
    ]


def test_one_image_under_two_spellings(look: LookMaker) -> None:
    one, other = look("/p/a.png"), look("/link/a.png", place="/p/a.png")
    [finding] = found(one, other)

    assert (finding.level, finding.code, finding.path) == ("blocks", "two_spellings", "/link/a.png")
    assert other.crop.subject in finding.mend, "by its path, the other one would be withdrawn"


def test_two_images_that_are_both_gone_under_one_path_are_both_missing_and_twice(look: LookMaker) -> None:
    gone = [look("/p/a.png", refused="missing", crop={"project": project}) for project in ("p", "q")]

    assert codes(*gone) == ["missing", "missing", "two_boxes"]


def test_the_same_content_under_two_names_is_to_be_looked_at(look: LookMaker) -> None:
    same = [look(f"/p/{name}.png", sha256="b" * 64) for name in "abc"]
    pairs = [(finding.code, finding.level, finding.path) for finding in found(*same)]

    assert pairs == [("same_content", "look", "/p/b.png"), ("same_content", "look", "/p/c.png")]


def test_crops_without_a_group_are_counted_per_directory(look: LookMaker) -> None:
    unknown = [look(f"/p/{name}.png", crop={"group_id": None}) for name in "abc"]
    [finding] = found(*unknown, look("/p/d.png"))

    assert (finding.code, finding.level, finding.path) == ("unknown_group", "note", "/p")
    assert not finding.needs_a_person
    assert "3 of" in finding.what


def test_a_crop_on_an_image_that_is_not_kept_of_its_group_is_to_be_looked_at(look: LookMaker) -> None:
    other, rejected, kept = look("/p/a.png"), look("/p/b.png"), look("/p/c.png")
    unchosen = {other.crop.subject: "c.png", rejected.crop.subject: None, "image/elsewhere": "d.png"}
    one, two = found(other, rejected, kept, unchosen=unchosen)

    assert {one.code, two.code} == {"not_chosen"}
    assert (one.path, one.level) == ("/p/a.png", "look")
    assert "c.png is kept" in one.what
    assert "rejected" in two.what


# -- around the images ----------------------------------------------------------------------------------------------


def around(images: int, **more: object) -> Surroundings:
    return Surroundings("/p", tuple(f"{number}.png" for number in range(images)), **more)  # type: ignore[arg-type]


def test_a_companion_that_nearly_all_others_have_is_missed(look: LookMaker) -> None:
    stems = tuple(str(number) for number in range(9))
    [finding] = found(look("/p/9.png"), surroundings=(around(10, companions={".yaml": stems}),))

    assert (finding.code, finding.level, finding.path) == ("companion_missing", "note", "/p")
    assert ".yaml" in finding.what
    assert finding.what.endswith(": 9")


@pytest.mark.parametrize(
    ("images", "having", "owed"),
    [
        (10, 7, 9),  # 7 of 10: not usual here
        (10, 9, 0),  # the one without is not owed
    ],
)
def test_a_companion_that_is_not_usual_is_not_missed(look: LookMaker, images: int, having: int, owed: int) -> None:
    stems = tuple(str(number) for number in range(having))
    beside = around(images, companions={".yaml": stems})

    assert found(look(f"/p/{owed}.png"), surroundings=(beside,)) == []


def test_companions_without_an_image_are_told_from_files_that_are_nobodys() -> None:
    stems = ("0", "notes", "20250803_172343_stage2_upscaled", "known")
    beside = around(1, companions={".txt": stems, ".yaml": ("known",)}, known=frozenset({"known"}))
    orphans = found(surroundings=(beside,))

    assert [(finding.code, finding.level) for finding in orphans] == [("companion_orphaned", "look")] * 2
    assert "20250803_172343_stage2_upscaled, known" in orphans[0].what
    assert "notes" not in orphans[0].what


def test_many_orphans_are_one_line_with_a_few_names() -> None:
    stems = tuple(f"20250803_17230{number}_stage2_upscaled" for number in range(9))
    [finding] = found(surroundings=(around(0, companions={".txt": stems}),))

    assert "9 of its .txt files" in finding.what
    assert finding.what.endswith("and 6 more")


def test_a_sidecar_whose_image_is_gone_and_one_that_cannot_be_read() -> None:
    lost = "20250803_172343_stage2_upscaled"
    sidecars = (
        Sidecar("gone.decision", ("gone.png",)),
        Sidecar("bad.decision", problem="it is not JSON"),
        Sidecar("group.decision", present=True),
    )
    beside = found(surroundings=(around(1, sidecars=sidecars, companions={".decision": ("gone", "bad", lost)}),))

    assert [(finding.code, finding.path) for finding in beside] == [
        ("sidecar_orphaned", "/p/gone.decision"),
        ("sidecar_unreadable", "/p/bad.decision"),
    ]
    assert all(finding.level == "look" for finding in beside)
    assert "gone.png" in beside[0].what


def test_a_directory_that_cannot_be_listed_would_stop_a_run() -> None:
    [finding] = found(surroundings=(Surroundings("/p", problem="permission denied"),))

    assert (finding.level, finding.path, finding.what) == ("blocks", "/p", "permission denied")


# -- the disk -------------------------------------------------------------------------------------------------------


def test_a_disk_without_room_for_all_crops_would_stop_a_run() -> None:
    rooms = (Room("/p", 2_000_000_000, 1_000_000), Room("/q", 10, 10))
    [finding] = found(rooms=rooms)

    assert (finding.level, finding.code, finding.path) == ("blocks", "disk_full", "/p")
    assert "2.0 GB" in finding.what
    assert "1.0 MB" in finding.what


def test_a_whole_image_needs_its_own_size_and_a_part_its_share_with_some_to_spare(look: LookMaker) -> None:
    assert space_for(look("/p/a.png", pixel_box=PixelBox(0, 0, 100, 80))) == 1000
    assert space_for(look("/p/a.png", pixel_box=PixelBox(0, 0, 50, 40))) == 375
    assert space_for(look("/p/a.png", refused="missing")) == 0


def test_what_would_fail_comes_first_then_what_to_look_at(look: LookMaker) -> None:
    looks = (
        look("/p/a.png", crop={"group_id": None}),
        look("/p/b.png", warnings=("content_changed",)),
        look("/p/c.png", refused="missing"),
    )

    assert [finding.level for finding in found(*looks)] == ["blocks", "look", "note"]
    assert counts(found(*looks)) == {"blocks": 1, "look": 1, "note": 1}


def test_an_import_that_broke_off_is_told_whatever_is_owed() -> None:
    [finding] = found(imports=(BrokenImport("/logs", "2026-01-05T12:30:00.000000Z", "crop import /logs"),))

    assert (finding.level, finding.code, finding.path) == ("look", "import_broke_off", "/logs")
    assert "2026-01-05 12:30 UTC" in finding.what
    assert finding.mend == "crop import /logs"
