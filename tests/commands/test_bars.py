"""The bar on a terminal: what it counts, and what an import lets it count."""

import pytest
from rich.progress import Progress

from commands.cli.importing import _watch
from commands.cli.output import Bar, _TerminalBar


class Noted(Bar):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def advance(self, count: int) -> None:
        self.told.append(("advance", count))

    def reach(self, done: int, total: int) -> None:
        self.told.append(("reach", done, total))

    def turn_to(self, what: str) -> None:
        self.told.append(("turn_to", what))


def test_a_bar_counts_what_it_is_told_of() -> None:
    drawn = Progress(disable=True)
    bar = _TerminalBar(drawn, drawn.add_task("Importing", total=2))
    bar.advance(1)
    [task] = drawn.tasks
    assert (task.description, task.completed, task.total) == ("Importing", 1, 2)
    bar.turn_to("Queue")
    bar.reach(3, 9)
    assert (task.description, task.completed, task.total) == ("Queue", 3, 9)


@pytest.mark.parametrize(
    ("alone", "counted"), [(True, [("reach", 5, 9)]), (False, [("advance", 1)])], ids=["one file", "several"]
)
def test_of_one_file_records_count_and_of_several_the_files_and_then_the_queue(alone, counted) -> None:
    bar = Noted()
    watch = _watch(bar, alone=alone)
    watch.records(5, 9)
    watch.file()
    watch.aligning(0, 4)
    assert bar.told == [*counted, ("turn_to", "Queue"), ("reach", 0, 4)]
