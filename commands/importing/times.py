"""Times as tools wrote them -> instants; a local time needs its zone, and an hour that was there once. Pure."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from commands.importing.quarantine import SetAside
from ledger.values import Instant, instant

STAMP = re.compile(
    r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\.[0-9]{1,6})?)?"
    r"(Z|[+-][01][0-9]:?[0-5][0-9])?\Z"
)
"""What looks like a time, with a zone or without."""


def read_time(stamp: str, tz: ZoneInfo | None) -> Instant:
    """The instant a stamp names; raises `SetAside` for a local time whose zone, or whose hour of two, is not known."""
    if STAMP.match(stamp) is None:
        raise SetAside("time", f"not a time: {stamp!r}")
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError as error:
        raise SetAside("time", f"not a time: {stamp!r}") from error
    if moment.tzinfo is None:
        moment = in_zone(moment, stamp, tz)
    return instant(moment)


def in_zone(moment: datetime, stamp: str, tz: ZoneInfo | None) -> datetime:
    """A local time in UTC; raises `SetAside` without a zone, and where the clocks were changed."""
    if tz is None:
        raise SetAside("zone", f"{stamp!r} is a local time; say in which zone (--tz)")
    local = moment.replace(tzinfo=tz)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise SetAside("zone", f"the clocks of {tz.key} changed at {stamp!r}: the hour was there twice, or never")
    return local.astimezone(UTC)


def is_local(stamp: str) -> bool:
    """Whether the stamp is a time that names no zone."""
    found = STAMP.match(stamp)
    return found is not None and found[3] is None
