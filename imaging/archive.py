"""Keep originals whole, named by their content. Identical originals share one file.

An archive file made as a hard link is the same file as the source until the source's name goes. Nobody else may rely
on it before that: whoever finds it linked puts an independent copy in its place, and takes nothing away from the other.
"""

import os
from contextlib import suppress
from pathlib import Path

from imaging import disk
from imaging.problems import Unusable, naming
from imaging.read import sha256_of
from ledger.events.crops import CropStarted


def archive_path(root: Path, sha256: str, suffix: str) -> Path:
    """Where the original with this content is kept: `root/ab/cd...` and its suffix in lower case."""
    return root / sha256[:2] / (sha256[2:] + suffix.lower())


def keep(plan: CropStarted) -> None:
    """Put the source into the archive, verified; the source itself stays. Raises `Unusable`.

    The name in the archive's directory is for the caller to make durable.
    """
    source, kept, part = _places(plan)
    disk.make_directory(kept.parent)
    with naming(kept), disk.locked(kept.parent):
        if not disk.exists(kept):
            _add(source, kept, part)
        elif kept.lstat().st_nlink > 1:
            _copy(source, kept, part)
        if sha256_of(kept) != plan.sha256:
            raise _damaged(kept)


def _add(source: Path, kept: Path, part: Path) -> None:
    # A source with other names elsewhere could be edited through them: the archive needs a file of its own.
    if source.lstat().st_nlink == 1:
        try:
            if disk.link_new(source, kept):
                return
        except OSError as error:
            if not disk.is_other_file_system(error):
                raise
    _copy(source, kept, part)


def _copy(source: Path, kept: Path, part: Path) -> None:
    disk.remove(part)
    disk.copy_new(source, part)
    if not disk.same_content(source, part):
        raise Unusable(f"the copy {part} differs from {source}.", reason="verification", transient=True)
    os.replace(part, kept)  # noqa: PTH105  # same content by its name; under the lock


def release(plan: CropStarted) -> None:
    """Take back what `keep` did, as far as nobody else can rely on it: the link to a source that still stands."""
    source, kept, part = _places(plan)
    if not kept.parent.is_dir():
        return
    with naming(kept), disk.locked(kept.parent):
        disk.remove(part)
        if disk.same_file(source, kept):
            disk.remove(kept)
        disk.sync_directory(kept.parent)


def holds(plan: CropStarted) -> bool:
    """Whether the archive has the original; raises `Unusable` if what it has is damaged."""
    kept = Path(plan.archive)
    if not disk.exists(kept):
        return False
    if sha256_of(kept) != plan.sha256:
        raise _damaged(kept)
    return True


def protect(kept: Path) -> None:
    """Take away the permission to write, once the archive is the only name; undo takes the bits from the output."""
    with suppress(OSError):
        state = kept.lstat()
        if state.st_nlink == 1:
            kept.chmod(state.st_mode & 0o555)


def _places(plan: CropStarted) -> tuple[Path, Path, Path]:
    kept = Path(plan.archive)
    return Path(plan.source), kept, kept.parent / Path(plan.temporary).name


def _damaged(kept: Path) -> Unusable:
    return Unusable(
        f"the archived original {kept} does not hold what its name says; nothing was moved.",
        reason="verification",
        mend="Bring it back from a backup.",
    )
