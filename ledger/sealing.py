"""Drafts become rows: numbered, encoded and sealed into the chain."""

import os
from collections.abc import Sequence
from typing import Any

from ledger import chain
from ledger.codec import encoded
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
    # In one stretch, as every append passes here: after a sync to disk each call more costs a microsecond or two.
    (position, previous), salts, rows = head, os.urandom(16 * len(drafts)), []
    actor = at = ""  # the last ones checked: a batch is one actor's work, and often of one moment
    for number, draft in enumerate(drafts):
        event, subject = draft.event, draft.subject
        if draft.actor != actor or draft.occurred_at != at:
            actor, at = draft.actor, draft.occurred_at
            if not is_actor(actor) or not is_instant(at):
                raise Invalid(f"Not an actor and a time: {actor!r}, {at!r}.")
        position += 1
        versions[subject] = version = versions[subject] + 1
        header = (
            position, draft.id, subject, version, event.TYPE, event.SCHEMA, at, recorded_at, actor, draft.correlation,
            draft.causation,
        )  # fmt: skip
        payload, salt = encoded(event), salts[16 * number : 16 * number + 16]
        digest, previous = chain.link(previous, header, salt, payload)
        rows.append(header + (payload.decode(), salt, digest, previous))  # noqa: RUF005  # unpacking takes twice the time
    return Head(position, previous.hex()), rows
