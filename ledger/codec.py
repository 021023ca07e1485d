"""Event <-> JSON: the only place that knows the wire format.

cattrs is the schema: it refuses unknown and missing fields by name, and whatever comes from outside goes through it.
On the replay path msgspec decodes straight into the same attrs classes, several times faster; a test proves the two
equal for every event type.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec

from ledger.errors import CropledgerError, Damaged, Invalid
from ledger.events.catalogue import BY_TYPE
from ledger.events.event import Event
from ledger.exactness import surely_reads_back
from ledger.upcast import upcast

if TYPE_CHECKING:
    from cattrs import Converter

READERS: Mapping[tuple[str, int], Callable[[str], Event]] = MappingProxyType(
    {(type_, event.SCHEMA): msgspec.json.Decoder(event).decode for type_, event in BY_TYPE.items()}
)
"""(type, schema) -> a quick decoder, for today's schemas; `decode` reads every schema and explains what it cannot."""

_encode = msgspec.json.Encoder(order="sorted").encode
_KINDS = frozenset(BY_TYPE.values())


def encode(event: Event) -> str:
    """The payload as canonical JSON text: sorted keys, no blanks. The same event gives the same text.

    Raises `Invalid` as `encoded` does.
    """
    return encoded(event).decode()


def encoded(event: Event) -> bytes:
    """The same in UTF-8, as it goes into the hash.

    Raises `Invalid` for an event that would not read back as it is: what is appended stands for ever, and JSON has
    no infinity, no NaN and no lone surrogates.
    """
    try:
        payload = _encode(event)
        if type(event) not in _KINDS or not surely_reads_back(event):
            _check_it_reads_back(event, payload.decode())
    except UnicodeEncodeError as error:
        raise Invalid(f"{event.TYPE}: a text in it is not valid Unicode: {error.object!r}") from error
    except (msgspec.MsgspecError, TypeError, OverflowError, KeyError) as error:
        raise Invalid(f"{event.TYPE} cannot be written: {error}") from error
    return payload


def _check_it_reads_back(event: Event, text: str) -> None:
    if READERS[event.TYPE, event.SCHEMA](text) != event:
        raise Invalid(f"{event.TYPE} would not read back as it is: {event}")


def decode(type_: str, schema: int, data: str) -> Event:
    """The event that `encode` was given, today's class whatever its age; raises `Damaged` where it cannot be read."""
    read = READERS.get((type_, schema))
    if read is None:
        return _decode_old(type_, schema, data)
    try:
        return read(data)
    except (msgspec.MsgspecError, CropledgerError, ValueError) as error:
        raise Damaged(f"{type_} schema {schema} cannot be read: {error}") from error


def _decode_old(type_: str, schema: int, data: str) -> Event:
    event = BY_TYPE.get(type_)
    if event is None:
        raise Damaged(f"unknown event type {type_!r}: this ledger was written by a newer version")
    if schema > event.SCHEMA:
        raise Damaged(f"{type_} schema {schema} is newer than {event.SCHEMA}, the newest known here")
    try:
        return structure(type_, upcast(type_, schema, event.SCHEMA, msgspec.json.decode(data)))
    except (msgspec.MsgspecError, Invalid, LookupError, TypeError, ValueError, AttributeError) as error:
        # The last four are what a step says of a payload that is not what it was written for.
        raise Damaged(f"{type_} schema {schema} cannot be read: {error!r}") from error


def structure(type_: str, payload: object) -> Event:
    """An event from decoded JSON that comes from outside; raises `Invalid` and names the field that is wrong."""
    event = BY_TYPE.get(type_)
    if event is None:
        raise Invalid(f"unknown event type {type_!r}; known: {', '.join(BY_TYPE)}")
    from cattrs import transform_error
    from cattrs.errors import BaseValidationError

    try:
        structured: Event = _converter().structure(payload, event)
    except BaseValidationError as error:
        raise Invalid(f"{type_}: " + "; ".join(transform_error(error))) from error
    except (TypeError, ValueError, AttributeError, Invalid) as error:
        raise Invalid(f"{type_}: {error}") from error
    return structured


@cache
def _converter() -> "Converter":
    # Imported here: a command that only decodes (most of them) does not pay for cattrs' start.
    from cattrs.preconf.msgspec import make_converter

    converter = make_converter(forbid_extra_keys=True)
    # cattrs would make "None" of null, 1 of true and "5" of 5: silence is how training data goes wrong.
    for kind, accepted in _EXACTLY.items():
        converter.register_structure_hook(kind, _exactly(kind, accepted))
    converter.register_structure_hook_func(_is_tuple, lambda value, kind: _each(converter, value, kind))
    return converter


_EXACTLY: Mapping[type, tuple[type, ...]] = MappingProxyType(
    {str: (str,), int: (int,), float: (float, int), bool: (bool,)}
)


def _exactly(kind: type, accepted: tuple[type, ...]) -> Callable[[object, object], object]:
    def check(value: object, _: object) -> object:
        if type(value) not in accepted:
            raise TypeError(f"expected {kind.__name__}, not {value!r}")
        return kind(value)

    return check


def _is_tuple(kind: object) -> bool:
    return get_origin(kind) is tuple


def _each(converter: "Converter", value: object, kind: type[Any]) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"expected a list, not {value!r}")
    element = get_args(kind)[0]
    return tuple(converter.structure(member, element) for member in value)
