"""What every event has: a type that is written beside it and the schema of its payload."""

from typing import ClassVar

from attrs import frozen


@frozen
class Event:
    """A fact, in the past tense. Subclasses are frozen attrs classes whose fields are the payload.

    `TYPE` is what stands in the ledger's `type` column and never changes. `SCHEMA` counts payload layouts: a change
    of fields raises it and adds one pure step to `ledger/upcast.py`.
    """

    TYPE: ClassVar[str]
    SCHEMA: ClassVar[int] = 1
