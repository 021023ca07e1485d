"""Marking in a real browser, by mouse and by keys: what is drawn is what is executed, pixel by pixel."""

import json

import pytest
from PIL import Image, ImageOps

from tests.web.bench import ORIENTATION, Bench, assert_executed, events, queue, shown_as, write_photographs


def _by_mouse(bench, number, turn):
    bench.drag(number, (0.15 + turn % 5 / 40, 0.2), (0.7 + turn % 7 / 40, 0.85), shift=True)


def _by_keys(bench, number, turn):
    bench.press("Tab", *["Control+Alt+ArrowLeft"] * (1 + turn % 2))
    bench.press(*["Shift+ArrowRight"] * (turn % 4), *["ArrowDown"] * (turn % 6), "Control+Shift+ArrowUp")


@pytest.mark.parametrize("draw", [_by_mouse, _by_keys], ids=["by mouse", "by keyboard alone"])
def test_thirty_photographs_become_exactly_the_boxes_that_were_drawn(made_server, bench, photos, draw):
    page = bench(30)
    originals = {path.name: shown_as(path) for path in photos.iterdir()}
    boxes = {}
    for turn in range(10):
        names = page.names()
        for number, name in enumerate(names, 1):
            draw(page, number, turn + number)
            boxes[name] = page.box(number)
        page.enter() if turn < 9 else page.press("Enter")
    page.recorded()

    assert len(boxes) == 30
    assert page.far() == "30/30"
    assert "Nothing more waits" in page.page.locator("#word").inner_text()
    assert all(box != [0, 0, *originals[name].size] for name, box in boxes.items())
    assert_executed(made_server, photos, originals, boxes)


def test_a_known_box_is_exact_in_all_eight_orientations(made_server, browser_page, photos):
    photos.mkdir(parents=True)
    seen = Image.effect_noise((96, 72), 60).convert("RGB")
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = turn
        stored = ImageOps.exif_transpose(seen) if turn == 1 else seen.transpose(_BACK[turn])
        stored.save(photos / f"turn{turn}.png", exif=exif)
    made_server.start(photos, "--project", "spring")
    page = Bench(browser_page, made_server.url).open()
    page.press("r")  # a free shape
    for names in (3, 3, 2):
        for number in range(1, names + 1):
            page.drag(number, (12 / 96, 9 / 72), (61 / 96, 53 / 72))
            assert page.box(number) == [12, 9, 61, 53]
        page.press("Enter")
        page.page.wait_for_timeout(150)
    page.recorded()

    assert_executed(made_server, photos, {f"turn{turn}.png": seen for turn in range(1, 9)},
                    {f"turn{turn}.png": (12, 9, 61, 53) for turn in range(1, 9)})  # fmt: skip


_T = Image.Transpose
_BACK = {2: _T.FLIP_LEFT_RIGHT, 3: _T.ROTATE_180, 4: _T.FLIP_TOP_BOTTOM, 5: _T.TRANSPOSE, 6: _T.ROTATE_90,
         7: _T.TRANSVERSE, 8: _T.ROTATE_270}  # fmt: skip
"""From the displayed frame to the stored one."""


def test_a_suggestion_beside_the_image_is_the_first_box_and_is_kept_with_the_mark(made_server, browser_page, photos):
    [path] = write_photographs(photos, 1)
    proposal = {"filename": path.name, "group_id": "g1", "ai_crop_coords": [0.1, 0.2, 0.5, 0.6], "ai_confidence": 0.9}
    path.with_suffix(".decision").write_text(json.dumps(proposal))
    made_server.start(photos, "--project", "spring")
    page = Bench(browser_page, made_server.url).open()
    suggested = page.box(1)
    page.press("x")
    whole = page.box(1)
    page.press("t")
    assert page.box(1) == suggested
    page.press("t")
    assert page.box(1) == whole
    page.press("y", "Enter").recorded()

    [event] = events(made_server, "crop.recorded")
    assert event["data"]["group"] == "g1"
    assert event["data"]["suggestion"]["box"] == {"x1": 0.1, "y1": 0.2, "x2": 0.5, "y2": 0.6}


def test_a_shape_is_kept_while_drawing_and_remembered(made_server, bench):
    page = bench(3)
    page.press("r", "r")  # the image's, free, 1:1
    page.drag(1, (0.1, 0.1), (0.5, 0.9))
    left, top, right, bottom = page.box(1)
    assert abs((right - left) - (bottom - top)) <= 1
    page.open()
    assert page.page.locator("#shape").inner_text() == "1:1"


def test_enter_before_the_images_are_seen_records_nothing(made_server, bench, browser_page):
    browser_page.route("**/preview/**", lambda _: None)  # they never come
    with pytest.raises(Exception, match="Timeout"):
        bench(3, patience_ms=2000)
    browser_page.keyboard.press("Enter")

    assert "not every image has been shown" in browser_page.locator("#word").inner_text()
    assert events(made_server, "crop.recorded") == []


def test_an_image_that_cannot_be_decoded_says_why_and_holds_nobody_up(made_server, browser_page, photos):
    write_photographs(photos, 4)
    torn = sorted(photos.iterdir())[2]
    raw = torn.read_bytes()
    half = len(raw) // 2
    torn.write_bytes(raw[:half] + bytes(200) + raw[half + 200 :])  # what a look at its two ends does not see
    made_server.start(photos, "--project", "spring")
    page = Bench(browser_page, made_server.url).open()
    page.page.wait_for_selector("crop-pane.broken", timeout=30_000)  # decoding gives way to all else
    assert torn.name in page.page.locator("crop-pane.broken .over").inner_text()

    page.enter().press("Enter").recorded()

    assert len(queue(made_server)) == 3
    assert "left aside" in page.page.locator("#word").inner_text()
    page.page.complaints[:] = [each for each in page.page.complaints if "422" not in each]


def test_a_file_that_was_replaced_after_it_was_shown_is_not_cropped_unseen(made_server, bench, photos):
    page = bench()
    names = page.names()
    Image.effect_noise(shown_as(photos / names[0]).size, 90).convert("RGB").save(photos / names[0])

    page.enter().recorded()

    assert "holds another picture" in page.page.locator("#refused").inner_text()
    assert set(queue(made_server)) == set(names[1:])
