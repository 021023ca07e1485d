"""Old JSON -> today's JSON, one pure function per step.

A step takes the payload of schema n and returns that of schema n + 1. Entries are never rewritten; they are read as
if they had been written today. A retired type can be renamed by a step of its own in the same table.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ledger.errors import Damaged

Payload = dict[str, Any]


def _skipped_with_content(payload: Payload) -> Payload:
    # Before, nothing was said of the file's content: it is unknown.
    return {**payload, "sha256": None}


def _started_with_blocks(payload: Payload) -> Payload:
    # Before, every JPEG was encoded once more.
    return {**payload, "whole_blocks": False}


def _relocated_unstaged(payload: Payload) -> Payload:
    # Before, an image in the staging folder stayed known where it was.
    return {**payload, "staged": False}


STEPS: Mapping[tuple[str, int], Callable[[Payload], Payload]] = MappingProxyType(
    {
        ("image.skipped", 1): _skipped_with_content,
        ("crop.started", 1): _started_with_blocks,
        ("image.relocated", 1): _relocated_unstaged,
    }
)
"""(type, schema it reads) -> the step to the next schema."""


def upcast(
    type_: str,
    schema: int,
    wanted: int,
    payload: Payload,
    steps: Mapping[tuple[str, int], Callable[[Payload], Payload]] = STEPS,
) -> Payload:
    """The payload as schema `wanted` has it; raises `Damaged` where a step is missing."""
    for reached in range(schema, wanted):
        step = steps.get((type_, reached))
        if step is None:
            raise Damaged(f"no step reads {type_} schema {reached} as {reached + 1}")
        payload = step(payload)
    return payload
