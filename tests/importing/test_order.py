"""Any repetition, order or overlap of the same files: the same facts in the ledger, the same rows made of them."""

import random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importing import samples

NEW_YORK = ZoneInfo("America/New_York")

EARLY = ("100.0,50.0,500.0,250.0", "2025-11-02T10:00:00.250000Z")
LATE = ("0.0,0.0,400.0,200.0", "2025-11-02T11:00:00Z")


def files(log) -> dict[str, bytes]:
    """Logs that overlap, complete, contradict and precede each other, and one of everything else."""
    sizeless = log.file(log.v1(size="0,0"), log.v1("b.png", size="0,0"), log.v1("c.png", size="0,0"))
    crops = {
        "sizeless.csv": sizeless,
        "sized.csv": log.file(log.v1(), log.v1("b.png"), log.v1("d.png")),
        "v2.csv": log.file(log.v2(), log.v2("e.png"), log.v2("c.png"), header=log.header_v2),
        "other.csv": log.file(log.v2("d.png", box="0.2,0.2,0.7,0.7"), log.v1("e.png", group="g9")),
        "late.csv": log.file(log.v1("a.png", LATE[0], LATE[1], folder="set_y/"), log.v1("z.png", *LATE)),
        "early.csv": log.file(log.v1("z.png", *EARLY)),
        "moved.decision": samples.SIDECAR,
        "a.decision": b'{"project_id": "p", "group_id": "%s", "ai_crop_coords": [0.1, 0.2, 0.65, 0.9]}'
        % samples.GROUP.encode(),
    }
    return crops | {name: content for name, content, _ in samples.FILES.values()}


def state(desk) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every projection, without the ledger's own positions, and when the evidence came."""
    return desk.every_row(lambda table: {"position", *(["changed_at"] if table == "imported_images" else ())})


class Outcome(NamedTuple):
    facts: set[tuple[str, str, str, str, str]]
    rows: dict[str, list[tuple[object, ...]]]

    def __repr__(self) -> str:
        return "what one order comes to"


@pytest.fixture(scope="module")
def expected(log, tmp_path_factory):
    from tests.importing.conftest import opened

    with opened(tmp_path_factory.mktemp("expected")) as desk:
        for file in files(log).items():
            desk.bring_all([file], tz=NEW_YORK)
        yield Outcome(desk.facts(), state(desk))


orders = st.permutations(range(26)), st.lists(st.integers(0, 25), max_size=4), st.randoms(use_true_random=False)


@given(*orders)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_repetition_of_files_comes_to_the_same(new_desk, log, expected, order, again, chance):
    check_any_order(new_desk, log, expected, [*order, *again], chance)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@given(*orders)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_repetition_of_files_in_the_long_run(new_desk, log, expected, order, again, chance):
    check_any_order(new_desk, log, expected, [*order, *again], chance)


def check_any_order(new_desk, log, expected, order, chance) -> None:
    every = list(files(log).items())
    assert len(every) == 26
    with new_desk() as desk:
        desk.bring_in_lots([every[index] for index in order], chance, tz=NEW_YORK)
        assert desk.facts() == expected.facts
        assert state(desk) == expected.rows


@pytest.mark.parametrize("seed", range(4))
def test_any_overlap_of_files_comes_to_the_same(new_desk, log, expected, seed):
    chance = random.Random(seed)  # noqa: S311  # a fixed shuffle, not a secret
    pieces = []
    for name, content in files(log).items():
        # (what a header says of the rows below it is lost to a piece without the header)
        if name.endswith((".csv", ".jsonl", ".log")) and b'""' not in content and b"final_mtime" not in content:
            lines = content.splitlines(keepends=True)
            cut = chance.randrange(len(lines) + 1)
            pieces += [(name, b"".join(lines[: cut + 1])), (name, b"".join(lines[cut:])), (name, content)]
        else:
            pieces += [(name, content), (name, content)]
    chance.shuffle(pieces)
    with new_desk() as desk:
        desk.bring_in_lots(pieces, chance, tz=NEW_YORK)
        assert desk.facts() == expected.facts
        assert state(desk) == expected.rows


def test_rows_in_any_order_within_a_file_come_to_the_same(log, new_desk):
    rows = [log.v1(f"{n}.png", at=f"2025-11-02T10:{n:02}:00Z") for n in range(20)]
    rows += [log.v1(f"{n}.png", box="0.0,0.0,200.0,100.0", at=f"2025-11-02T11:{n:02}:00Z") for n in range(0, 20, 3)]
    rows += [log.v1("0.png", box="0.0,0.0,100.0,50.0", at="2025-11-02T12:00:00Z"), "?", log.v2("z.png")]
    seen = []
    for seed in range(4):
        shuffled = random.Random(seed).sample(rows, len(rows))  # noqa: S311  # a fixed shuffle, not a secret
        with new_desk() as desk:
            desk.bring(log.file(*shuffled))
            seen.append((desk.facts(), state(desk)))
    assert all(each == seen[0] for each in seen)
    warnings = [row[-2] for row in seen[0][1]["imported_history"]]
    assert warnings.count('["recropped"]') == 8


def test_the_four_counts_say_what_the_ledger_gained(desk, log):
    first = desk.bring(log.file(log.v1(size="0,0"), log.v1(size="0,0"), log.v1(), log.v2(), log.v2("b.png"), "?"))
    assert (first.accepted, first.completed, first.known, first.set_aside) == (2, 1, 2, 1)
