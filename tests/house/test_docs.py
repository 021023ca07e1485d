"""The documentation says what the code says, and leads nowhere that is not there."""

import importlib.util
import re

import pytest

LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="session")
def generated(house):
    """The pages as they would be written now."""
    specification = importlib.util.spec_from_file_location("generate", house / "docs" / "generate.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return dict(module.pages())


@pytest.mark.parametrize("name", ["events.md", "errors.md", "commands.md", "settings.md", "schema.md"])
def test_a_generated_page_is_up_to_date(name, generated, house):
    written = (house / "docs" / name).read_text("utf-8")

    assert written == generated[name], "to write it: just docs, or ./run python docs/generate.py"


def test_no_generated_page_is_forgotten(generated, house):
    marked = {file.name for file in (house / "docs").glob("*.md") if "Written by docs/generate.py" in file.read_text()}

    assert marked == set(generated)


def test_every_link_leads_somewhere(house):
    pages = [house / "README.md", *sorted((house / "docs").rglob("*.md"))]

    dead = [
        f"{page.relative_to(house)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert dead == []


def test_every_page_can_be_reached_from_the_readme(house):
    waiting, seen = [house / "README.md"], set()
    while waiting:
        page = waiting.pop().resolve()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        waiting += [page.parent / target for target in LINK.findall(page.read_text("utf-8")) if "://" not in target]

    assert {page.name for page in (house / "docs").rglob("*.md")} - {page.name for page in seen} == set()


def test_every_command_in_the_documentation_exists(house):
    from typer.main import get_command

    from commands.cli.app import app

    known = set(get_command(app).commands)
    pages = [house / "README.md", *sorted((house / "docs").rglob("*.md"))]

    strangers = {
        f"{page.name}: {line.strip()}"
        for page in pages
        for line in page.read_text("utf-8").splitlines()
        for word in re.findall(r"^\s*(?:\$ |\./run )crop ([a-z-]+)", line)
        if word not in known
    }

    assert strangers == set()
