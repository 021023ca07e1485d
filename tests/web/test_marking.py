"""Marking in a real browser: by mouse and by keys, back and forth, through reloads and dead servers, side by side."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from tests.web.bench import ORIENTATION, Bench, write_photographs


@pytest.fixture
def photos(tmp_path):
    return tmp_path / "photos" / "set_a"


@pytest.fixture
def bench(made_server, browser_page, photos):
    """The marking page over as many photographs as a test asks for."""

    def made(count=9, **more):
        write_photographs(photos, count)
        made_server.start(photos, "--project", "spring")
        return Bench(browser_page, made_server.url).open(**more)

    return made


def queue(server):
    """What is owed: name -> row, with the box as one list."""
    rows = [json.loads(line) for line in server.crop("queue", "--json", "--limit", "100").splitlines()]
    return {row["filename"]: row | {"box": [row["x1"], row["y1"], row["x2"], row["y2"]]} for row in rows}


def events(server, kind):
    rows = [json.loads(line) for line in server.crop("log", "--json").splitlines()]
    return [row for row in rows if row["type"] == kind]


def _shown_as(path):
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def assert_executed(server, photos, originals, boxes):
    """`crop run --now` makes of each original exactly its box, in the frame that was seen."""
    server.crop("run", "--now")
    for name, box in boxes.items():
        [output] = list((photos.parent / "__cropped" / "set_a").glob(name))
        found, wanted = _shown_as(output), originals[name].crop(box)
        assert found.size == wanted.size, name
        worst = max(abs(a - b) for a, b in zip(found.tobytes(), wanted.tobytes(), strict=True))
        assert worst <= (0 if name.endswith(".png") else 60), (name, worst)


# -- thirty photographs -------------------------------------------------------------------------------------------


def _by_mouse(bench, number, turn):
    bench.drag(number, (0.15 + turn % 5 / 40, 0.2), (0.7 + turn % 7 / 40, 0.85), shift=True)


def _by_keys(bench, number, turn):
    bench.press("Tab", *["Control+Alt+ArrowLeft"] * (1 + turn % 2))
    bench.press(*["Shift+ArrowRight"] * (turn % 4), *["ArrowDown"] * (turn % 6), "Control+Shift+ArrowUp")


@pytest.mark.parametrize("draw", [_by_mouse, _by_keys], ids=["by mouse", "by keyboard alone"])
def test_thirty_photographs_become_exactly_the_boxes_that_were_drawn(made_server, bench, photos, draw):
    page = bench(30)
    originals = {path.name: _shown_as(path) for path in photos.iterdir()}
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


# -- back, undo, skip ---------------------------------------------------------------------------------------------


def test_back_and_revise_replaces_the_one_box_that_was_changed(made_server, bench):
    page = bench()
    first = page.names()
    page.enter().recorded().press("ArrowLeft")
    assert page.names() == first
    page.drag(2, (0.2, 0.2), (0.6, 0.6))
    box = page.box(2)
    page.enter().recorded()

    assert len(events(made_server, "crop.recorded")) == 4
    [again] = [event for event in events(made_server, "crop.recorded") if event["data"]["supersedes"]]
    assert Path(again["data"]["path"]).name == first[1]
    assert queue(made_server)[first[1]]["box"] == _fractions(again, box)
    assert len(queue(made_server)) == 3


def _fractions(event, box):
    size = event["data"]["dimensions"]
    across, down = size["width_px"], size["height_px"]
    return [box[0] / across, box[1] / down, box[2] / across, box[3] / down]


def test_changes_are_undone_one_by_one_and_then_the_batch_before(made_server, bench):
    page = bench()
    first = page.names()
    page.drag(1, (0.2, 0.2), (0.6, 0.6))
    box = page.box(1)
    second = page.enter().recorded().names()
    page.press("2", "3", "z")
    assert page.readouts()[1:] == ["no crop", page.readouts()[2]]
    assert "no crop" not in page.readouts()[2]
    page.press("z", "z")
    page.shows(first[0])
    page.recorded()

    assert queue(made_server) == {}
    assert page.box(1) == box  # what was drawn is still there, and Enter records it again

    page.press("Shift+Z").recorded()
    page.shows(second[0])
    assert set(queue(made_server)) == set(first)


def test_undo_redo_and_back_know_the_batches_from_before_a_restart(made_server, bench):
    page = bench()
    first = page.names()
    second = page.enter().names()
    page.enter().recorded()
    port = made_server.port
    made_server.stop()
    made_server.start(page_directory(page), "--project", "spring", port=port)
    page.open()
    page.page.complaints.clear()
    third = page.names()
    assert not {*first, *second} & {*third}

    page.press("b")
    page.shows(second[0])
    page.press("b")
    page.shows(first[0])
    page.press("z").recorded()
    page.shows(second[0])
    assert set(queue(made_server)) == set(first)

    page.open()
    assert page.names() == second
    page.press("Shift+Z").recorded()
    page.page.wait_for_function("() => document.querySelector('#far').textContent.startsWith('6/')")
    assert set(queue(made_server)) == {*first, *second}


def page_directory(page):
    return page.page.locator("#directory").get_attribute("title")


def test_a_digit_skips_and_takes_that_back_and_nothing_is_owed_for_it(made_server, bench):
    page = bench()
    names = page.names()
    page.press("1", "2", "2").enter().recorded()

    assert set(queue(made_server)) == set(names[1:])
    assert [Path(event["data"]["path"]).name for event in events(made_server, "image.skipped")] == names[:1]

    page.press("b", "1").enter().recorded()
    assert set(queue(made_server)) == set(names)


# -- reloads, dead servers, lost answers --------------------------------------------------------------------------


def test_a_reload_in_mid_batch_keeps_what_was_drawn(made_server, bench):
    page = bench()
    names = page.names()
    page.drag(2, (0.2, 0.2), (0.6, 0.6))
    page.press("3")
    before = page.readouts()

    page.open()

    assert (page.names(), page.readouts()) == (names, before)
    page.enter().recorded()
    assert queue(made_server).keys() == set(names[:2])


def test_marks_made_while_the_server_is_dead_are_recorded_once_when_it_is_back(made_server, bench):
    page = bench()
    directory, port = page_directory(page), made_server.port
    first = page.names()
    page.page.wait_for_timeout(300)  # the two batches behind are loaded
    made_server.kill()
    page.drag(1, (0.2, 0.2), (0.6, 0.6))
    box = page.box(1)
    second = page.enter().names()
    page.enter()
    page.page.wait_for_selector("#outbox[data-state=away]")
    assert page.page.locator("#outbox").inner_text() == "6 not sent yet"
    assert "6 marks are kept here" in page.page.locator("#word").inner_text()

    made_server.start(directory, "--project", "spring", port=port)
    page.recorded()
    page.page.complaints.clear()

    recorded = events(made_server, "crop.recorded")
    assert sorted(Path(event["data"]["path"]).name for event in recorded) == sorted(first + second)
    [one] = [event for event in recorded if event["data"]["path"].endswith(first[0])]
    assert queue(made_server)[first[0]]["box"] == _fractions(one, box)
    page.page.complaints.clear()


def test_an_answer_that_got_lost_is_asked_for_again_and_nothing_is_recorded_twice(made_server, bench):
    page = bench()
    lost = []

    def lose_the_first(route):
        answer = route.fetch()
        if lost:
            route.fulfill(response=answer)
        else:
            lost.append(answer.status)
            route.abort()

    page.page.route("**/crop/marks", lose_the_first)
    page.enter().recorded()

    assert lost == [200]
    assert len(events(made_server, "crop.recorded")) == 3
    page.page.complaints.clear()


def test_what_was_not_sent_goes_out_from_the_next_page_that_is_opened(made_server, bench, browser_page):
    page = bench()
    directory, port = page_directory(page), made_server.port
    names = page.names()
    page.page.wait_for_timeout(300)
    made_server.kill()
    page.press("Enter")
    page.page.wait_for_selector("#outbox[data-state=away]")
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.page.goto("about:blank")

    made_server.start(directory, "--project", "spring", port=port)
    page.open()
    page.recorded()

    assert set(queue(made_server)) == set(names)
    page.page.complaints.clear()


# -- others -------------------------------------------------------------------------------------------------------


def test_two_tabs_never_show_the_same_image_and_see_each_other_s_progress(made_server, bench, browser_page):
    one = bench(18)
    two = Bench(browser_page.context.new_page(), made_server.url).open("?operator=bob")
    shown = [*one.names(), *two.names()]
    for _ in range(2):
        shown += one.enter().names() + two.enter().names()
    assert len(shown) == len(set(shown)) == 18
    one.press("Enter")
    two.press("Enter")
    one.recorded()
    two.recorded()

    for page in (one, two):
        page.page.wait_for_function("() => document.querySelector('#far').textContent === '18/18'")
    actors = {event["actor"] for event in events(made_server, "crop.recorded")}
    assert actors == {"operator:ann", "operator:bob"}
    assert len(queue(made_server)) == 18


def test_what_somebody_else_decided_meanwhile_is_kept_and_the_page_says_so(made_server, bench, photos):
    page = bench()
    names = page.names()
    made_server.crop("skip", photos / names[1], "--project", "spring")

    page.enter().recorded()

    assert "was decided by operator:ann meanwhile" in page.page.locator("#refused").inner_text()
    assert set(queue(made_server)) == {names[0], names[2]}
    page.page.get_by_role("button", name="Seen").click()
    assert page.page.locator("#refused").is_hidden()


def test_a_file_that_was_replaced_after_it_was_shown_is_not_cropped_unseen(made_server, bench, photos):
    page = bench()
    names = page.names()
    Image.effect_noise(_shown_as(photos / names[0]).size, 90).convert("RGB").save(photos / names[0])

    page.enter().recorded()

    assert "holds another picture" in page.page.locator("#refused").inner_text()
    assert set(queue(made_server)) == set(names[1:])


def test_an_image_that_cannot_be_decoded_says_why_and_holds_nobody_up(made_server, browser_page, photos):
    write_photographs(photos, 4)
    torn = sorted(photos.iterdir())[1]
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    made_server.start(photos, "--project", "spring")
    page = Bench(browser_page, made_server.url).open()
    page.page.wait_for_selector("crop-pane.broken")
    assert torn.name in page.page.locator("crop-pane.broken .over").inner_text()

    page.enter().press("Enter").recorded()

    assert len(queue(made_server)) == 3
    assert "left aside" in page.page.locator("#word").inner_text()
    page.page.complaints[:] = [each for each in page.page.complaints if "422" not in each]


def test_enter_before_the_images_are_seen_records_nothing(made_server, bench, browser_page):
    browser_page.route("**/preview/**", lambda _: None)  # they never come
    with pytest.raises(Exception, match="Timeout"):
        bench(3, patience_ms=2000)
    browser_page.keyboard.press("Enter")

    assert "not every image has been shown" in browser_page.locator("#word").inner_text()
    assert events(made_server, "crop.recorded") == []


# -- keys, words, people ------------------------------------------------------------------------------------------


def test_keys_are_those_of_the_settings_and_the_help_says_them(made_server, bench):
    config = made_server.home / "config.toml"
    config.write_text(config.read_text() + '\nkey_submit = "Space"\nkey_overlay = "g"\nimages_side_by_side = 2\n')
    page = bench(4)
    assert len(page.names()) == 2
    page.press("Enter", "?")
    rows = page.page.locator("#keys tr").all_inner_texts()
    page.press("?")
    before = page.names()
    page.press("Space").recorded()

    assert "Space\tRecord these and show the next" in rows
    assert "G\tHide or show the boxes" in rows
    assert page.names() != before
    assert set(queue(made_server)) == set(before)


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


def test_the_end_of_a_sitting_gives_the_images_free(made_server, bench, browser_page):
    one = bench(3)
    one.press("q")
    one.page.wait_for_selector("text=The sitting has ended.")
    assert [
        event["type"] for event in events(made_server, "sitting.started") + events(made_server, "sitting.ended")
    ] == [
        "sitting.started",
        "sitting.ended",
    ]

    two = Bench(browser_page.context.new_page(), made_server.url).open()

    assert len(two.names()) == 3
    assert "Starting" not in two.page.locator("#word").inner_text()


def test_next_and_previous_directory(made_server, browser_page, tmp_path):
    for name in ("set_a", "set_b"):
        write_photographs(tmp_path / "photos" / name, 1)
    made_server.start(tmp_path / "photos" / "set_a", tmp_path / "photos" / "set_b", "--project", "spring")
    browser_page.goto(made_server.url + "crop")
    assert browser_page.locator(".choices .directory").all_inner_texts() == ["set_a", "set_b"]
    browser_page.get_by_role("link", name="set_b").click()
    page = Bench(browser_page, made_server.url).ready()

    page.press("n")
    browser_page.wait_for_function("() => document.querySelector('#directory')?.textContent === 'set_a'")
    page.ready().press("p")
    browser_page.wait_for_function("() => document.querySelector('#directory')?.textContent === 'set_b'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(made_server, bench, browser_page, scheme):
    from axe_playwright_python.sync_playwright import Axe

    browser_page.emulate_media(color_scheme=scheme)
    page = bench(4)
    page.press("2", "Tab")
    found = Axe().run(browser_page)
    assert found.violations_count == 0, found.generate_report()
    page.press("?")
    found = Axe().run(browser_page)
    assert found.violations_count == 0, found.generate_report()


def test_a_read_only_server_says_so(made_server, browser_page, photos):
    write_photographs(photos, 1)
    made_server.options = ("--host", "0.0.0.0", "--token", "a-long-token-for-a-test")  # noqa: S104  # what is tested
    made_server.start(photos, "--project", "spring")
    browser_page.goto(f"http://127.0.0.1:{made_server.port}/crop?token=a-long-token-for-a-test")

    assert "read-only" in browser_page.locator("main").inner_text()
    browser_page.complaints.clear()  # of the browser's, about addresses without TLS


def test_a_directory_that_is_gone_is_said_and_not_hidden(made_server, browser_page, photos):
    write_photographs(photos, 1)
    made_server.start(photos, "--project", "spring")
    shutil.rmtree(photos)
    browser_page.goto(made_server.url + "crop")

    browser_page.wait_for_function(
        "() => document.querySelector('#word').textContent.includes('There is no directory')"
    )
    browser_page.complaints.clear()


def test_a_page_that_is_closed_gives_its_images_free_at_once(made_server, bench, browser_page):
    one = bench(3)
    names = one.names()
    two = Bench(browser_page.context.new_page(), made_server.url)
    two.page.goto(made_server.url + "crop")
    two.page.wait_for_selector("#word:has-text('3 are being looked at on another page')")
    one.page.goto("about:blank")

    assert two.open().names() == names
    assert events(made_server, "sitting.ended") == []


def test_an_answer_in_mid_drag_does_not_take_the_box_out_of_the_hand(made_server, bench):
    page = bench()
    page.enter()
    stage = page.page.locator('crop-pane[data-number="1"] .stage').bounding_box()
    mouse = page.page.mouse
    mouse.move(stage["x"] + 50, stage["y"] + 50)
    mouse.down()
    mouse.move(stage["x"] + 150, stage["y"] + 150, steps=3)
    made_server.crop("scan", page_directory(page))
    page.recorded()
    page.page.wait_for_timeout(500)
    mouse.move(stage["x"] + 200, stage["y"] + 200, steps=3)
    mouse.up()

    assert "%" in page.readouts()[0]
