"""What must be complete: events, their folds and deciders, errors and their codes, commands and their examples."""

import re
import sys

import apsw
import pytest
from typer.main import get_command

from commands.cli.app import app
from ledger import errors
from ledger.events import catalogue as events
from projections import catalogue as projections


def test_every_event_is_folded_somewhere_or_listed_as_audit_only():
    folded = {event for projection in projections.ALL for event in projection.folds}

    assert set(events.ALL) - folded == set(projections.AUDIT_ONLY)


def test_no_fold_waits_for_an_event_that_does_not_exist():
    folded = {event for projection in projections.ALL for event in projection.folds}

    assert folded <= set(events.ALL)


def test_every_event_class_is_in_the_catalogue():
    from ledger.events.event import Event

    # attrs replaces a class by one with slots; the first one lingers until it is collected, and is in no module.
    classes = {
        each for each in Event.__subclasses__() if getattr(sys.modules[each.__module__], each.__name__, 0) is each
    }

    assert classes == set(events.ALL)


def test_event_types_are_unique_and_in_the_past_tense():
    types = [event.TYPE for event in events.ALL]

    assert len(set(types)) == len(types)
    assert [type_ for type_ in types if not re.fullmatch(r"[a-z]+\.([a-z_]+(ed|n|ne)|kept)", type_)] == []


@pytest.mark.parametrize("event", events.ALL, ids=lambda event: event.TYPE)
def test_every_event_has_its_sentence(event):
    assert event.__doc__
    assert event.__doc__.split("\n")[0].endswith(".")


@pytest.mark.parametrize("event", events.ALL, ids=lambda event: event.TYPE)
def test_every_event_has_a_frozen_sample(event, house):
    assert (house / "tests" / "ledger" / "golden" / f"{event.TYPE}.v{event.SCHEMA}.json").is_file()


def test_every_column_has_its_sentence():
    # SQLite says which columns there are: a line whose comment is missing would not be seen as a column otherwise.
    database = apsw.Connection(":memory:")
    for projection in projections.ALL:
        for part in (*projection.tables, *projection.views):
            database.execute(part.sql)
            real = [name for _, name, *_ in database.execute(f"PRAGMA table_info({part.name})")]

            assert list(part.columns) == real, part.name
            assert all(sentence.strip() for sentence in part.columns.values()), part.name
            assert part.sentence.endswith("."), part.name


def test_exit_and_http_codes_are_those_that_were_promised():
    # Scripts and people rely on these numbers: they are part of the command line, like the names of its commands.
    assert {error.__name__: (error.exit_code, error.http_status) for error in errors.ALL} == {
        "Invalid": (2, 400),
        "Refused": (3, 422),
        "NotFound": (4, 404),
        "Conflict": (5, 409),
        "Busy": (6, 503),
        "Unsafe": (7, 403),
        "Damaged": (8, 500),
        "Diverged": (8, 500),
    }
    assert (errors.CropledgerError.exit_code, errors.CropledgerError.http_status) == (70, 500)


def test_an_exit_code_means_one_thing():
    by_code = {}
    for error in errors.ALL:
        by_code.setdefault(error.exit_code, []).append(error)

    for kinds in by_code.values():
        assert all(issubclass(kind, kinds[0]) for kind in kinds)


def test_every_error_that_people_can_meet_has_a_code_of_its_own_or_its_family_s():
    def below(kind):
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    stray = [kind for kind in below(errors.CropledgerError)[1:] if not issubclass(kind, errors.ALL)]

    assert stray == []


def _leaves(group, path):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(_leaves(get_command(app), "crop"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_sentence_and_an_example_that_is_itself(name):
    text = COMMANDS[name].help or ""

    assert text.split("\n")[0].endswith("."), "the first line is a sentence"
    assert re.search(rf"Examples?:\n(  .*\n)*  {name}\b", text + "\n"), "an example, as it would be typed"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_its_words(name):
    silent = [parameter.name for parameter in COMMANDS[name].params if not getattr(parameter, "help", None)]

    assert silent == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_in_an_example_exists(name):
    text = (COMMANDS[name].help or "").partition("Example")[2]
    known = {option for parameter in COMMANDS[name].params for option in (*parameter.opts, *parameter.secondary_opts)}

    used = {
        option
        for line in text.splitlines()
        if line.strip().startswith(f"{name} ")
        for option in re.findall(r"(?<=\s)--[a-z-]+", line)
    }

    assert used <= known
