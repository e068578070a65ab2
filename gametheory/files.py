"""Files: written whole or not at all, and archives of arrays read without trusting them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_arrays", "remove_unfinished", "write_atomically"]

_UNFINISHED = ".unfinished"
_KINDS = "biufcSU"  # of arrays that hold numbers and text, never objects


def write_atomically(path: Path, content: bytes, *, durable: bool = False) -> Path:
    """Write a file so that nobody ever sees half of it; missing folders are made.

    What a killed process had begun to write there is removed, what a living one is writing is not.

    Parameters
    ----------
    path : Path
    content : bytes
    durable : bool
        Return only when the content would survive a power cut.

    Raises
    ------
    OSError
        If it cannot be written; the file is what it was before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, content, durable)
    except OSError as error:  # told of the file that is meant
        raise OSError(error.errno, error.strerror, str(path)) from error
    remove_unfinished(path.parent, path.name)
    return path


def _write(path: Path, content: bytes, durable: bool) -> None:
    file, temporary = _begin(path)
    try:
        with file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
            if os.name != "nt":  # the lock is held until the file has its name
                umask = os.umask(0)
                os.umask(umask)
                temporary.chmod(0o666 & ~umask)  # mkstemp's files are private
                temporary.replace(path)
        if os.name == "nt":
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _begin(path: Path) -> tuple[IO[bytes], Path]:
    """Make and lock a file beside the one that is meant."""
    while True:
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED
        )
        file = os.fdopen(handle, "wb")
        if _lock(file) is not False and os.fstat(handle).st_nlink:
            return file, Path(name)
        file.close()  # somebody took it for abandoned, in the moment before it was locked


def remove_unfinished(folder: Path, name: str = "") -> None:
    """Remove what processes that are gone had begun to write, for a file or for all of a folder."""
    for path in folder.glob(f".*{_UNFINISHED}"):
        if not path.name.startswith(f".{name}"):
            continue
        try:
            with path.open("rb") as file:
                if _lock(file):
                    path.unlink(missing_ok=True)
        except OSError:  # removed by another process, or somebody else's
            continue


def _lock(file: IO[bytes]) -> bool | None:
    """Lock a file until it is closed; False if another process has, None where nobody can."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read an archive that ``numpy.savez`` or ``savez_compressed`` wrote, and anybody changed.

    Nothing in it is executed, and no memory is taken for an array before the archive was seen to
    hold that much: a header that promises more is refused.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If it is no such archive; the text says why.
    """
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return {
                one.filename.removesuffix(".npy"): _read_array(archive, one)
                for one in archive.infolist()
            }
    except (OSError, ValueError):
        raise
    except Exception as error:  # of zipfile, zlib and NumPy, which name none of theirs
        raise ValueError(f"no archive of arrays: {error}") from error


def _read_array(archive: Any, entry: Any) -> NDArray[Any]:
    """Read one array, without NumPy's own reader: that takes memory as the header says."""
    import math
    import zipfile

    import numpy as np
    from numpy.lib import format as npy

    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{entry.filename!r} is compressed in an unusual way")
    with archive.open(entry) as part:
        version = npy.read_magic(part)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{entry.filename!r} has version {version}")
        shape, fortran, dtype = read_header(part)
        size = math.prod(shape) * dtype.itemsize
        held = entry.file_size - part.tell()
        if dtype.kind not in _KINDS or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError(f"{entry.filename!r} holds {dtype} of shape {shape}")
        if size != held or not dtype.itemsize:
            raise ValueError(f"{entry.filename!r} promises {size:,} bytes and holds {held:,}")
        content = part.read(size)
    flat = np.frombuffer(content, dtype=dtype)
    return flat.reshape(shape, order="F" if fortran else "C").copy()
