"""How values of events are laid out in columns: paths, and lists of codes."""

import msgspec

_json = msgspec.json.Encoder().encode
_texts = msgspec.json.Decoder(tuple[str, ...]).decode


def split(path: str) -> tuple[str, str]:
    """A path as its directory (empty for a bare name) and its last part."""
    head, slash, name = path.rpartition("/")
    return head or slash, name


def stem(name: str) -> str:
    """A file's name without its last extension: what an image shares with its companions."""
    head, dot, _ = name.rpartition(".")
    return head if dot and head else name


def codes(warnings: tuple[str, ...]) -> str:
    """A list of codes as JSON text."""
    return _json(warnings).decode() if warnings else "[]"


def uncoded(text: str) -> tuple[str, ...]:
    """The list that `codes` wrote."""
    return _texts(text)
