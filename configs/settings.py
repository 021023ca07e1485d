"""The settings: `default.toml`, replaced key by key by home/config.toml, or config.json with the same keys.

`default.toml` is also the reference: its comments are the documentation of each key.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import fields_dict, frozen

from configs.keys import CHOOSING, MARKING, check_keys, check_shapes
from ledger.errors import Invalid, NotFound


@frozen(kw_only=True)
class Settings:
    """Everything that can be set; the units are in the names. What each one means is in `default.toml`."""

    roots: tuple[str, ...]
    destination: str
    timezone: str
    jpeg: str
    attempts_max: int
    retry_base_s: float
    retry_jitter_percent: float
    retry_max_s: float
    stop_after_failures: int
    missed: str
    late_max_s: float
    batch_size_default: int
    micro_break_min_s: float
    micro_break_max_s: float
    burst_min_s: float
    burst_max_s: float
    coffee_every_min: float
    coffee_break_min_s: float
    coffee_break_max_s: float
    lunch_window_local: tuple[str, str]
    lunch_break_min_s: float
    lunch_break_max_s: float
    end_of_day_window_local: tuple[str, str]
    breaks: str
    queue_margin_percent: float
    idle_threshold_s: float
    group_look_ahead: int
    group_images_min: int
    group_gap_max_s: float
    staging: str
    query_time_limit_s: float
    query_row_limit: int
    images_side_by_side: int
    shapes: tuple[str, ...]
    previews_mb: int
    key_submit: str
    key_back: str
    key_forward: str
    key_undo: str
    key_redo: str
    key_skip: str
    key_reset: str
    key_accept: str
    key_suggestion: str
    key_shape: str
    key_next_directory: str
    key_previous_directory: str
    key_overlay: str
    key_end: str
    key_help: str
    choose_key_suggested: str
    choose_key_whole: str
    choose_key_crop: str
    choose_key_next: str
    choose_key_back: str
    choose_key_reject: str
    choose_key_reopen: str
    choose_key_help: str

    @property
    def keys(self) -> dict[str, str]:
        """The marking page's keys: action -> keys."""
        return self._keys(MARKING)

    @property
    def choosing_keys(self) -> dict[str, str]:
        """The choosing page's keys: action -> keys."""
        return self._keys(CHOOSING)

    def _keys(self, page: str) -> dict[str, str]:
        names = [name for name in fields_dict(Settings) if name.startswith(page)]
        return {name.removeprefix(page): getattr(self, name) for name in names}

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which a day is a working day."""
        return ZoneInfo(self.timezone)

    @property
    def allowed_roots(self) -> tuple[Path, ...]:
        """The roots as absolute paths."""
        return tuple(Path(root).expanduser().absolute() for root in self.roots)


def load(config: Path, *more: Path) -> Settings:
    """The defaults with what `config` (or the same file as JSON, then `more`) says instead.

    Raises `Invalid` and names the key; `NotFound` for a file in `more` that is not there.
    """
    values = _read(files("configs").joinpath("default.toml").read_text("utf-8"), Path("default.toml"))
    read = config
    for file in (config, config.with_suffix(".json"), *more):
        if file.is_file():
            values |= _own(file, values)
            read = file
        elif file in more:
            raise NotFound(f"There is no file {file}.")
    return _checked(values, read)


def _own(file: Path, known: Mapping[str, object]) -> dict[str, object]:
    own = _read(file.read_text("utf-8"), file)
    for key in own:
        if key not in known:
            raise Invalid(_unknown(key, known, file))
    return own


def _read(text: str, file: Path) -> dict[str, object]:
    kind = "JSON" if file.suffix == ".json" else "TOML"
    try:
        values = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise Invalid(f"{file} is not valid {kind}: {error}.") from error
    if not isinstance(values, dict):
        raise Invalid(f"{file} is not settings: a JSON object with the names of the settings is wanted.")
    return values


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


_CHOICES = {"missed": ("skip", "spread"), "jpeg": ("exact", "lossless")}


def _check_choices(settings: Settings, config: Path) -> None:
    for key, (one, other) in _CHOICES.items():
        if getattr(settings, key) not in {one, other}:
            raise Invalid(f'{config}: {key} is "{one}" or "{other}", not {getattr(settings, key)!r}.')


def _check_meaning(settings: Settings, config: Path) -> None:
    counts = ("attempts_max", "batch_size_default", "query_row_limit", "query_time_limit_s", "previews_mb")
    for key in (*counts, "idle_threshold_s"):
        if getattr(settings, key) <= 0:
            raise Invalid(f"{config}: {key} must be more than 0, not {getattr(settings, key)}.")
    _check_policy(settings, config)
    _check_groups(settings, config)
    _check_page(settings, config)
    _check_runs(settings, config)
    _check_choices(settings, config)
    try:
        _ = settings.zone
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(f"{config}: no such time zone: {settings.timezone!r}.") from error
    for key in ("destination", "staging"):
        try:
            getattr(settings, key).format(parent="/parent", directory="directory")
        except (KeyError, IndexError, ValueError) as error:
            raise Invalid(f"{config}: {key} may use {{parent}} and {{directory}} only.") from error


def _check_runs(settings: Settings, config: Path) -> None:
    """How a run tries again, and follows a plan."""
    if not 1 <= settings.late_max_s < float("inf"):
        raise Invalid(f"{config}: late_max_s must be at least 1, and not endless: nothing begins at the very instant.")
    for key in ("retry_base_s", "retry_max_s", "stop_after_failures"):
        if not 0 <= getattr(settings, key) < float("inf"):
            raise Invalid(f"{config}: {key} must not be negative, and not endless.")
    if not 0 <= settings.retry_jitter_percent <= 100:
        raise Invalid(f"{config}: retry_jitter_percent is from 0 to 100, not {settings.retry_jitter_percent}.")


def _check_groups(settings: Settings, config: Path) -> None:
    for key, least in (("group_look_ahead", 1), ("group_images_min", 2), ("group_gap_max_s", 0)):
        if not least <= getattr(settings, key) < float("inf"):
            raise Invalid(f"{config}: {key} must be at least {least}, not {getattr(settings, key)}.")


def _check_page(settings: Settings, config: Path) -> None:
    """What the pages show, and how they are used."""
    check_keys(settings.keys, MARKING, config)
    check_keys(settings.choosing_keys, CHOOSING, config)
    check_shapes(settings.shapes, config)
    if not 1 <= settings.images_side_by_side <= 6:
        raise Invalid(f"{config}: images_side_by_side is from 1 to 6, not {settings.images_side_by_side}.")


_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _check_policy(settings: Settings, config: Path) -> None:
    """What a schedule is planned by: lengths are positive and in order, windows are times of one day."""
    for kind in ("micro_break", "burst", "coffee_break", "lunch_break"):
        least, most = getattr(settings, f"{kind}_min_s"), getattr(settings, f"{kind}_max_s")
        if not 0 < least <= most < float("inf"):
            raise Invalid(f"{config}: it must be 0 < {kind}_min_s <= {kind}_max_s, not {least} and {most}.")
    if not 0 < settings.coffee_every_min < float("inf"):
        raise Invalid(f"{config}: coffee_every_min must be more than 0, not {settings.coffee_every_min}.")
    if not 0 <= settings.queue_margin_percent < 100:
        raise Invalid(
            f"{config}: queue_margin_percent is from 0 to less than 100, not {settings.queue_margin_percent}."
        )
    if settings.breaks not in {"policy", "history"}:
        raise Invalid(f'{config}: breaks is "policy" or "history", not {settings.breaks!r}.')
    for key in ("lunch_window_local", "end_of_day_window_local"):
        first, last = getattr(settings, key)
        if not (_CLOCK.fullmatch(first) and _CLOCK.fullmatch(last) and first <= last):
            raise Invalid(f'{config}: {key} is two times of one day in order, like ["12:00", "13:30"].')
