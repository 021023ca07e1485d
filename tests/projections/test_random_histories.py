"""Any legal history, in any order and caught up at any moment: the projections are what the ledger adds up to."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections import catch_up as engine
from projections.catch_up import catch_up
from projections.compare import check
from projections.progress import images
from projections.queue import owed
from projections.store import Store

BOXES = ("0.1,0.2,0.8,0.9", "0,0,1,1", "0.3,0.3,0.5,0.5")

MOVES = {
    "untouched": ("ann records {} {box} suggested {box}", "ann skips {}", "ann keeps {}"),
    "pending": (
        "ann records {} {box} warning unknown_group", "ann withdraws {}", "{run} starts {}", "{run} starts {}",
        "{run} rejects {} missing finally", "{run} rejects {} busy after 60",
    ),
    "failed": ("ann records {} {box}", "ann withdraws {}", "ann retries {}"),
    "started": (
        "{run} executes {} companions 2", "{run} executes {}", "{run} fails {} busy after 60",
        "{run} fails {} disk_full finally", "{run} releases {}",
    ),
    "executed": ("ann undoes {} companions 2",),
    "skipped": ("ann restores {}",),
    "kept": ("ann restores {}",),
}  # fmt: skip

AFTER = {"skips": "skipped", "keeps": "kept", "restores": "untouched", "records": "pending", "withdraws": "untouched",
         "starts": "started", "executes": "executed", "undoes": "pending", "retries": "pending"}  # fmt: skip

SHOWN = {"pending": "recorded", "untouched": "open"}


class World:
    """A plain model of what the images are and what is owed, in order."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}
        self.run: dict[str, str] = {}
        self.queue: list[str] = []
        self.place: dict[str, int] = {}

    def line(self, number: int, choice: int) -> str:
        """One more legal line of the story, and what it does to the model."""
        name = f"{'ab'[number % 2]}/{number}.png"
        if choice % 11 == 10:
            self.status.setdefault(name, "imported")
            return f"log imports {name} box {BOXES[0]} size 8x8"
        before = self.status.get(name, "untouched")
        moves = MOVES["untouched" if before == "imported" else before]
        move = moves[choice % len(moves)]
        run = self.run[name] if before == "started" else f"r{choice % 2 + 1}"
        verb = move.split()[1]
        self.status[name] = AFTER.get(verb) or ("failed" if "finally" in move else "pending")
        self.run[name] = run
        if verb in {"records", "withdraws", "executes"} and name in self.queue:
            self.queue.remove(name)
        if verb == "records":
            self.place[name] = max(self.place.values(), default=0) + 1
        if verb in {"records", "undoes"}:
            self.queue.append(name)
            self.queue.sort(key=self.place.__getitem__)
        return move.format(name, box=BOXES[choice % 3], run=run)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 65)), min_size=1, max_size=40),
    pauses=st.sets(st.integers(0, 40), max_size=5),
    chunk=st.sampled_from([1, 3, 1000]),
)
def test_caught_up_at_any_moments_equals_a_fresh_fold_and_the_model(new_stage, moves, pauses, chunk):
    world = World()
    with tempfile.TemporaryDirectory() as directory:
        stage = new_stage(Path(directory))
        engine_chunk, engine.CHUNK = engine.CHUNK, chunk
        try:
            for number, (image, choice) in enumerate(moves):
                stage.tell(world.line(image, choice))
                if number in pauses:
                    with Store.open(stage.path) as store:
                        catch_up(stage.ledger, store)
            with stage.projections() as projections:
                assert [f"{crop.directory[-1]}/{crop.filename}" for crop in owed(projections)] == world.queue
                shown = {
                    f"{letter}/{each.filename}": each.status
                    for letter in "ab"
                    for each in images(projections, f"/photos/{letter}")
                }
            assert shown == {name: SHOWN.get(status, status) for name, status in world.status.items()}
            assert check(stage.ledger, stage.path) == []
        finally:
            engine.CHUNK = engine_chunk
            stage.ledger.close()
