"""For all tests: long runs are left out unless they are asked for, with `-m campaign`."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.markexpr:
        return
    long = [test for test in items if test.get_closest_marker("campaign")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [test for test in items if not test.get_closest_marker("campaign")]
