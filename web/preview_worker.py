"""The process in which images are decoded for previews: what a hostile file can bring down is this, and it is replaced.

Run as `python -m web.preview_worker`. Each line on standard input is the path of an image as a JSON text; the answer on
standard output is a line of JSON, `{"sha256", "length"}`, and behind it the JPEG of that length, or `{"problem",
"reason"}`. It ends with its input.
"""

import hashlib
import os
import resource
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from imaging.preview import preview_of
from imaging.problems import Unusable
from imaging.read import read_whole
from ledger.errors import CropledgerError

MEMORY_BYTES = 2 << 30
"""Address space: enough for 200 million pixels."""

NICENESS = 5
"""Making previews gives way to the server, the runner and the browser."""


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    for line in asked:
        head, body = answer(Path(msgspec.json.decode(line, type=str)))
        answers.write(msgspec.json.encode(head) + b"\n" + body)
        answers.flush()


def answer(path: Path) -> tuple[dict[str, str | int], bytes]:
    """The head of the answer for one image, and its JPEG."""
    try:
        raw, _ = read_whole(path)
        jpeg = preview_of(raw, path.name)
    except CropledgerError as why:
        return {"problem": why.message, "reason": why.reason if isinstance(why, Unusable) else "unreadable"}, b""
    except MemoryError:
        return {"problem": f"{path.name} needs more memory than a preview may take.", "reason": "too_large"}, b""
    return {"sha256": hashlib.sha256(raw).hexdigest(), "length": len(jpeg)}, jpeg


def confine() -> None:
    """Give up what decoding needs not: memory without end, core dumps, and the first place in the queue."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)


if __name__ == "__main__":
    confine()
    serve(sys.stdin.buffer, sys.stdout.buffer)
