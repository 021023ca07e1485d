"""What a person chose to look at: days by the clock of the zone, and whose crops."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from attrs import frozen

from ledger.errors import Invalid
from ledger.values import Instant, instant

LONGEST_DAYS = 3_700


@frozen
class Chosen:
    """Whole days, from `first` to `last`, both included; of one project, or of all."""

    first: date
    last: date
    project: str | None
    zone: ZoneInfo
    now: datetime

    @classmethod
    def read(cls, asked: Mapping[str, str], zone: ZoneInfo, now: datetime) -> Self:
        """From an address: `day`, or `from` and `to`, and `project`; today, if nothing is said. Raises `Invalid`."""
        today = now.astimezone(zone).date()
        day = asked.get("day")
        first = _date(day or asked.get("from") or asked.get("to"), today)
        last = _date(day or asked.get("to"), max(first, today))
        if first > last or (last - first).days > LONGEST_DAYS:
            raise Invalid(f"From {first} to {last} is no span of days.", mend="Choose the earlier day first.")
        return cls(first, last, asked.get("project") or None, zone, now)

    @property
    def one_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    @property
    def is_today(self) -> bool:
        """Whether it is today alone: then there is a now in it."""
        return self.one_day and self.first == self.now.astimezone(self.zone).date()

    @property
    def begins(self) -> datetime:
        """The first midnight."""
        return _midnight(self.first, self.zone)

    @property
    def ends(self) -> datetime:
        """The midnight after the last day."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def since(self) -> Instant:
        """The first midnight, as the ledger writes it."""
        return instant(self.begins)

    @property
    def until(self) -> Instant:
        """The midnight behind, as the ledger writes it."""
        return instant(self.ends)

    @property
    def in_words(self) -> str:
        """The days, for a heading."""
        if self.is_today:
            return f"today, {self.first:%A %-d %B}"
        if self.one_day:
            return f"{self.first:%A %-d %B %Y}"
        return f"{self.first:%-d %B %Y} to {self.last:%-d %B %Y}"

    @property
    def briefly(self) -> str:
        """The days, for the title of a drawing."""
        return "today" if self.is_today else self.in_words

    @property
    def query(self) -> str:
        """The same choice as the end of an address; empty for today and all projects, which need no saying."""
        named = {"project": self.project} if self.project else {}
        if self.is_today:
            return urlencode(named)
        days = {"day": str(self.first)} if self.one_day else {"from": str(self.first), "to": str(self.last)}
        return urlencode(days | named)

    def clock_of_day(self, text: str | None) -> str:
        """An instant by the zone's clock: the time, with the date before it if it is not today's."""
        if text is None:
            return ""
        local = datetime.fromisoformat(text).astimezone(self.zone)
        same = local.date() == self.now.astimezone(self.zone).date()
        return f"{local:%H:%M}" if same else f"{local:%Y-%m-%d %H:%M}"


def _date(text: str | None, otherwise: date) -> date:
    try:
        found = date.fromisoformat(text) if text else otherwise
    except ValueError as error:
        raise Invalid(f"{text!r} is not a day.", mend="Write it like 2025-10-27.") from error
    if not 1971 <= found.year <= 9000:
        raise Invalid(f"{text!r} is not a day anyone worked on.")
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)
