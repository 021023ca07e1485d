"""What the choosing page asks the server, without a browser: many groups briefly, few whole, decisions once."""

import json
import re
from html import unescape

import pytest
from PIL import Image

from tests.web.asking import Asker

GROUPS = 30


@pytest.fixture(scope="module")
def many(shared_made_server):
    """Thirty groups of two; nothing is decided but what a test decides."""
    photos = shared_made_server.root / "photos"
    photos.mkdir()
    for number in range(GROUPS):
        for at, stage in enumerate(("1_generated", "2_upscaled")):
            picture = Image.new("RGB", (40, 30), (number * 8, at * 100, 7))
            picture.save(photos / f"20250803_{100000 + 10 * number + at}_stage{stage}.png")
    shared_made_server.start(photos, "--project", "p")
    setup = json.loads(unescape(re.search(r'data-setup="([^"]+)"', shared_made_server.get("/select").text)[1]))
    asker = Asker(shared_made_server, setup["directory"])
    assert asker.post("open").status == 200
    return asker


def groups(many, *of):
    more = f"&of={','.join(of)}" if of else ""
    return many.server.get(f"/select/groups?directory={many.directory}{more}").json()["groups"]


def decide(many, group, **more):
    asked = {"page": many.page, "directory": many.directory, "group": group["id"], "kind": "choose", "how": "whole"}
    return many.server.post("/select/decide", asked | more)


def chosen_events(server):
    rows = [json.loads(line) for line in server.crop("log", "--json").splitlines()]
    return [row for row in rows if row["type"] == "image.chosen"]


def test_all_groups_are_told_by_id_and_status_only(many):
    assert [sorted(each) for each in groups(many)] == [["id", "status"]] * GROUPS


def test_groups_are_told_whole_as_they_are_asked_for_and_no_more_than_are_shown_soon(many):
    ids = [each["id"] for each in groups(many)]

    found = groups(many, ids[7], ids[3])
    assert [each["id"] for each in found] == [ids[7], ids[3]]
    assert [len(each["images"]) for each in found] == [2, 2]
    assert found[0]["images"][0]["preview"]
    assert len(groups(many, *ids)) == 24


def test_a_group_there_is_not_is_not_found(many):
    answer = many.server.get(f"/select/groups?directory={many.directory}&of=0123456789abcdef")
    assert answer.status == 404


def test_a_picture_in_the_middle_of_many_is_found_without_the_others(many):
    [group] = groups(many, groups(many)[17]["id"])
    assert many.server.get(group["images"][1]["preview"]).headers["content-type"] == "image/jpeg"


def test_the_same_decision_sent_again_is_recorded_once_and_undoes_nothing_since(many):
    [group] = groups(many, groups(many)[5]["id"])
    first, second = group["images"]
    before = len(chosen_events(many.server))

    assert decide(many, group, id="decide-one", image=first["id"]).json()["chosen"] == first["name"]
    assert decide(many, group, id="decide-two", image=second["id"]).json()["chosen"] == second["name"]
    told = decide(many, group, id="decide-one", image=first["id"]).json()

    assert told["chosen"] == second["name"]
    assert told["version"] == 2
    assert len(chosen_events(many.server)) == before + 2
    assert dict(map(dict.values, groups(many)))[group["id"]] == "chosen"


def test_a_decision_of_no_kind_there_is_is_refused(many):
    [group] = groups(many, groups(many)[9]["id"])
    assert decide(many, group, id="decide-odd", kind="explode").status == 400
    assert decide(many, group, id="decide-none", image="nowhere").status == 404


def test_choosing_begins_a_sitting_and_is_a_kind_of_work(many):
    [group] = groups(many, groups(many)[11]["id"])
    decide(many, group, id="decide-sat", image=group["images"][0]["id"])

    assert many.server.get("/tables/kinds?format=json").json()[0]["kind"] == "choosing"
    rows = [json.loads(line) for line in many.server.crop("log", "--json").splitlines()]
    types = [row["type"] for row in rows]
    assert types.count("sitting.started") == 1
    assert types.index("sitting.started") < types.index("image.chosen")
