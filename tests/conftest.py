"""For all tests: long runs are left out unless they are asked for, with `-m campaign`; none is against the clock."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.nursery import Nursery

# A busy machine is no fault of the code: what something costs is told by benchmarks/.
settings.register_profile("house", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("house"), max_examples=1000)
settings.load_profile("house")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for test in items:
        if "browser" in getattr(test, "fixturenames", ()):
            test.add_marker("browser")
    if config.option.markexpr:
        return
    long = [test for test in items if test.get_closest_marker("campaign")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [test for test in items if not test.get_closest_marker("campaign")]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Begins commands in processes of their own; one for all tests of a worker."""
    opened = Nursery.open()
    yield opened
    opened.close()
