"""The settings: `default.toml`, replaced key by key by home/config.toml.

`default.toml` is also the reference: its comments are the documentation of each key.
"""

import difflib
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import fields_dict, frozen

from ledger.errors import Invalid


@frozen(kw_only=True)
class Settings:
    """Everything that can be set; the units are in the names. What each one means is in `default.toml`."""

    roots: tuple[str, ...]
    destination: str
    timezone: str
    attempts_max: int
    retry_base_s: float
    batch_size_default: int
    query_time_limit_s: float
    query_row_limit: int

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which a day is a working day."""
        return ZoneInfo(self.timezone)

    @property
    def allowed_roots(self) -> tuple[Path, ...]:
        """The roots as absolute paths."""
        return tuple(Path(root).expanduser().absolute() for root in self.roots)


def load(config: Path) -> Settings:
    """The defaults with what `config` says instead, if it is there; raises `Invalid` and names the key."""
    values = _read(files("configs").joinpath("default.toml").read_text("utf-8"), "default.toml")
    if config.is_file():
        own = _read(config.read_text("utf-8"), str(config))
        for key in own:
            if key not in values:
                raise Invalid(_unknown(key, values, config))
        values |= own
    return _checked(values, config)


def _read(text: str, name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{name} is not valid TOML: {error}.") from error


def _unknown(key: str, known: Mapping[str, object], config: Path) -> str:
    near = difflib.get_close_matches(key, known, 1)
    return f"{config}: unknown setting {key!r}" + (f"; did you mean {near[0]!r}?" if near else ".")


def _checked(values: Mapping[str, object], config: Path) -> Settings:
    from cattrs import Converter, transform_error
    from cattrs.errors import ClassValidationError

    for key, value in values.items():
        wanted = fields_dict(Settings)[key].type
        if (wanted is int and type(value) is not int) or (wanted is float and type(value) not in {int, float}):
            raise Invalid(f"{config}: {key} is a number, not {value!r}.")
        if (wanted is str) != isinstance(value, str):
            raise Invalid(f"{config}: {key} is {'a text' if wanted is str else 'not a text'}, not {value!r}.")
    try:
        settings = Converter(forbid_extra_keys=True).structure(values, Settings)
    except ClassValidationError as error:
        raise Invalid(f"{config}: " + "; ".join(transform_error(error)) + ".") from error
    _check_meaning(settings, config)
    return settings


def _check_meaning(settings: Settings, config: Path) -> None:
    for key in ("attempts_max", "batch_size_default", "query_row_limit", "query_time_limit_s"):
        if getattr(settings, key) <= 0:
            raise Invalid(f"{config}: {key} must be more than 0, not {getattr(settings, key)}.")
    if settings.retry_base_s < 0:
        raise Invalid(f"{config}: retry_base_s must not be negative.")
    try:
        _ = settings.zone
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(f"{config}: no such time zone: {settings.timezone!r}.") from error
    try:
        settings.destination.format(parent="/parent", directory="directory")
    except (KeyError, IndexError, ValueError) as error:
        raise Invalid(f"{config}: destination may use {{parent}} and {{directory}} only.") from error
