"""Steps on the disk that survive a power cut and never replace a file; the vocabulary of commit, recovery and undo."""

import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imaging import ladder
from imaging.problems import Unusable, naming
from imaging.read import open_plain, sha256_of

_BLOCK = 1 << 20
_AT_FDCWD, _RENAME_NOREPLACE = -100, 1
_NO_SUCH_RENAME = frozenset((errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP))
_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
_NO_HARD_LINKS = frozenset((errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK))


def exists(path: Path) -> bool:
    """Whether anything has this name, a dangling symlink too."""
    return os.path.lexists(path)


def same_file(one: Path, other: Path) -> bool:
    """Whether both names are the same file on disk; False where one is missing."""
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except FileNotFoundError:
        return False


def is_empty(path: Path) -> bool:
    """Whether a regular file without content has this name."""
    try:
        state = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(state.st_mode) and state.st_size == 0


def same_content(one: Path, other: Path) -> bool:
    """Whether both are regular files with the same bytes."""
    return one.lstat().st_size == other.lstat().st_size and sha256_of(one) == sha256_of(other)


def sync(path: Path) -> None:
    """Make the content of a file, or the names in a directory, durable."""
    with naming(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_directory(directory: Path) -> None:
    """Make the names in this directory durable."""
    sync(directory)


def make_directory(directory: Path) -> None:
    """Create a directory and its parents, durably."""
    if directory.is_dir():
        return
    make_directory(directory.parent)
    with naming(directory):
        directory.mkdir(exist_ok=True)
    sync_directory(directory.parent)


def write_new(path: Path, pieces: Iterable[bytes], mode: int, *, durable: bool = True) -> int:
    """Write a file that did not exist, with these permission bits; CRC-32 of what was sent to the disk.

    A checksum against accidents: what the disk holds is read back and hashed, and hashing it twice would cost more than
    writing it.
    """
    crc32, checksum = ladder.crc32(), 0
    with naming(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            for piece in pieces:
                checksum = crc32(piece, checksum)
                _write_all(descriptor, piece)
            with suppress(PermissionError):  # a file system without permission bits
                os.fchmod(descriptor, stat.S_IMODE(mode))
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return checksum


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest[:_BLOCK]) :]


def copy_new(source: Path, target: Path) -> None:
    """Copy to a name that did not exist, with permissions and times, durably; a copy is verified by its reader."""
    with open_plain(source) as (stream, state), naming(target):
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while block := stream.read(_BLOCK):
                _write_all(descriptor, block)
            with suppress(PermissionError):
                os.fchmod(descriptor, stat.S_IMODE(state.st_mode))
            os.utime(descriptor, ns=(state.st_atime_ns, state.st_mtime_ns))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def set_state(path: Path, mode: int, modified_ns: int) -> None:
    """Give a file its permission bits and modification time back, durably."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with suppress(PermissionError):
            os.fchmod(descriptor, stat.S_IMODE(mode))
        os.utime(descriptor, ns=(modified_ns, modified_ns))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link_new(source: Path, target: Path) -> bool:
    """Give the file a second name that did not exist; False where this file system has no hard links."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_HARD_LINKS:
            return False
        raise
    return True


def rename_new(source: Path, target: Path) -> bool:
    """Rename without ever replacing anything; False where the kernel or this file system cannot.

    Raises `FileExistsError` where the name is taken. (renameat2 of Linux, which the standard library does not have.)
    """
    if _renameat2 is None:
        return False
    if _renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_SUCH_RENAME:
        return False
    raise OSError(code, os.strerror(code), str(target))


def is_other_file_system(error: OSError) -> bool:
    """Whether a link failed because its two names are on different file systems."""
    return error.errno == errno.EXDEV


def reserve(path: Path) -> None:
    """Take a name that did not exist with an empty file, to be replaced later."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def remove(path: Path) -> None:
    """Take a name away, if it is there."""
    with naming(path):
        path.unlink(missing_ok=True)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory against every other holder; the kernel lets go when the process dies."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def refuse_taken(path: Path) -> None:
    """Raise `Unusable` (`destination_exists`) if anything has this name."""
    if exists(path):
        raise Unusable(
            f"{path} is already there; nothing was moved.",
            reason="destination_exists",
            mend="Move it away, or choose another destination.",
        )
