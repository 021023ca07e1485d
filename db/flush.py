"""Waits until the disk has it."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Return once a file's bytes, or the names in a directory, would outlive a power cut. Raises `OSError`.

    A name that outlives one must not outlive what it names: first the file, then its name, then its directory.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
