"""Files are written whole or not at all, and what killed processes had begun is cleared away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gametheory.files import remove_unfinished, write_atomically

pytestmark = pytest.mark.skipif(os.name == "nt", reason="locks and signals of POSIX")

# Stops when everything is written but the file does not have its name yet.
WRITER = """
import sys
from pathlib import Path
from gametheory.files import write_atomically
replace = Path.replace
def waits(self, target):
    print("ready", flush=True)
    sys.stdin.readline()
    return replace(self, target)
Path.replace = waits
write_atomically(Path(sys.argv[1]), b"of the other process")
"""


@pytest.fixture
def writer(tmp_path):
    """A process that is about to give a file its name, and the file."""
    path = tmp_path / "folder" / "file"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process, path
    process.kill()
    process.communicate()


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_what_a_killed_process_had_begun_is_removed_by_the_next_one(writer):
    process, path = writer
    (begun,) = names(path.parent)
    assert begun.startswith(".file.") and begun.endswith(".unfinished")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert names(path.parent) == [begun]  # nobody else has written there yet
    write_atomically(path, b"mine")
    assert names(path.parent) == ["file"]
    assert path.read_bytes() == b"mine"


def test_what_a_living_process_is_writing_is_left_alone(writer):
    process, path = writer
    write_atomically(path, b"mine")
    remove_unfinished(path.parent)
    assert len(names(path.parent)) == 2
    process.communicate("go on\n")
    assert process.returncode == 0
    assert names(path.parent) == ["file"]
    assert path.read_bytes() == b"of the other process"


def test_other_files_are_not_touched(tmp_path):
    others = [".file.part", "file.unfinished", ".other.0.unfinished", "file.old"]
    for name in others:
        (tmp_path / name).write_text("")
    write_atomically(tmp_path / "file", b"mine")
    assert names(tmp_path) == sorted([*others, "file"])


def test_many_at_once_leave_one_whole_file(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([65 + number]) * 100_000 for number in range(6)]

    def write(content: bytes) -> None:
        for _ in range(20):
            write_atomically(path, content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["file"]


def test_an_error_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_atomically(tmp_path / "file", b"old", durable=True)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new", durable=True)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_files_have_the_permissions_of_others(tmp_path):
    umask = os.umask(0o027)
    try:
        path = write_atomically(tmp_path / "file", b"")
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o640
