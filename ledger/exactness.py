"""Whether an event surely reads back as it is, told from the types of its fields, without reading it back.

Reading back was half of what it cost to write an event. It is seldom needed: a `str` where the class says `str` comes
back as that `str`. For each class there is one boolean expression, made from its annotations; what it does not know
is a No, and a No only means that the event is read back after all.
"""

import typing
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any

import attrs

from ledger.values import Box, Dimensions


def surely_reads_back(event: Any) -> bool:  # noqa: ANN401  # also what is no event at all
    """Whether decoding what this event is encoded as gives an equal event; False means that it is not certain."""
    kind = type(event)
    check = _CHECKS.get(kind)
    if check is None:
        check = _CHECKS[kind] = check_of(kind)
    return check(event)


_CHECKS: dict[type, Callable[[Any], bool]] = {}


def check_of(kind: type) -> Callable[[Any], bool]:
    """The check for one attrs class: every field is exactly of its type, and no number is beyond JSON's."""
    hints, names = typing.get_type_hints(kind), dict[str, object]()
    tests = [_test(f"it.{field.name}", hints[field.name], names) for field in attrs.fields(kind)]
    # Compiled, as attrs compiles a class's `__init__`: a loop over the fields costs as much as reading back.
    check: Callable[[Any], bool] = eval(f"lambda it: {' and '.join(tests) or True}", names)  # noqa: S307  # of our own classes
    return check


def _test(value: str, hint: Any, names: dict[str, object]) -> str:  # noqa: ANN401  # an annotation is anything
    """The expression for one value; `names` collects what it refers to."""
    if hint in _PLAIN:
        return _PLAIN[hint].format(value)
    if hint in CHECK_THEMSELVES:
        names[hint.__name__] = hint
        return f"type({value}) is {hint.__name__}"
    kind, parts = typing.get_origin(hint), typing.get_args(hint)
    if kind in {typing.Union, UnionType}:
        # The cheap None first: it is the most frequent
        each = sorted(parts, key=lambda part: part is not NoneType)
        return f"({' or '.join(_test(value, part, names) for part in each)})"
    if kind is tuple and parts[1:] == (...,):
        return f"(type({value}) is tuple and (not {value} or all({_test('one', parts[0], names)} for one in {value})))"
    if attrs.has(hint):
        names |= {hint.__name__: hint, f"{hint.__name__}_": check_of(hint)}
        return f"(type({value}) is {hint.__name__} and {hint.__name__}_({value}))"
    return "False"


_PLAIN: dict[object, str] = {
    NoneType: "{0} is None",
    bool: "type({0}) is bool",
    str: "type({0}) is str",
    int: f"(type({{0}}) is int and {-(2**63)} <= {{0}} < {2**63})",
    float: "(type({0}) is float and -1e308 <= {0} <= 1e308)",
}

CHECK_THEMSELVES = (Box, Dimensions)
"""Classes that cannot be made of anything that would not read back: `ledger.values` looks at every number in them."""
