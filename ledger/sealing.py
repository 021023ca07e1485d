"""Drafts become rows: numbered, encoded and sealed into the chain."""

import os
from collections.abc import Sequence
from typing import Any

from ledger import chain
from ledger.codec import encode
from ledger.entry import Draft, Head
from ledger.errors import Invalid
from ledger.values import Instant, is_actor, is_instant


def sealed(
    drafts: Sequence[Draft], head: tuple[int, bytes], versions: dict[str, int], recorded_at: Instant
) -> tuple[Head, list[tuple[Any, ...]]]:
    """The rows of these drafts behind `head`, in the table's order of columns, and the head they lead to.

    `versions` says how far each subject's history has come, and is moved on. Raises `Invalid` for a draft that could
    not be read back, or whose actor or time is none.
    """
    position, previous = head
    salts = os.urandom(16 * len(drafts))
    rows = []
    actor = at = ""  # the last ones checked: a batch is one actor's work, and often of one moment
    for number, draft in enumerate(drafts):
        if draft.actor != actor or draft.occurred_at != at:
            actor, at = draft.actor, draft.occurred_at
            if not is_actor(actor) or not is_instant(at):
                raise Invalid(f"Not an actor and a time: {actor!r}, {at!r}.")
        position += 1
        versions[draft.subject] = version = versions[draft.subject] + 1
        data, salt = encode(draft.event), salts[16 * number : 16 * number + 16]
        payload_digest = chain.digest(salt, data)
        header = _header(position, version, draft, recorded_at)
        previous = chain.seal(previous, header, payload_digest)
        rows.append((*header, data, salt, payload_digest, previous))
    return Head(position, previous.hex()), rows


def _header(position: int, version: int, draft: Draft, recorded_at: Instant) -> chain.Header:
    event = draft.event
    return (
        position, draft.id, draft.subject, version, event.TYPE, event.SCHEMA,
        draft.occurred_at, recorded_at, draft.actor, draft.correlation, draft.causation,
    )  # fmt: skip
