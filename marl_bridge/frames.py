"""Rendered frames on disk: an animated GIF, or one PNG file a frame."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError, MissingExtra
from gametheory.files import write_atomically

__all__ = ["FrameWriter", "InvalidOutput", "frame_writer"]

_LONGEST_SIDE = 640
_MOST_GIF_FRAMES = 1000


class InvalidOutput(GameTheoryError, ValueError):
    """Nothing can be written to the place that was named."""


class FrameWriter(Protocol):
    """Takes frames one by one."""

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Take a frame, shape (height, width, 3)."""

    def close(self) -> Path:
        """Finish, and say where the frames are."""


def frame_writer(save: str | Path, fps: float) -> FrameWriter:
    """Choose the writer by the name: ``x.gif``, ``folder/*.png`` or a folder.

    Parameters
    ----------
    save : str or Path
        Where to. In a pattern the number of the frame stands in for ``*``.
    fps : float
        Frames per second of an animation.

    Raises
    ------
    InvalidOutput
        If the name is of another kind.
    MissingExtra
        If Pillow is not installed.
    """
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise MissingExtra.of("pettingzoo", "saving frames") from error
    path = Path(save)
    if path.suffix.lower() == ".gif":
        return _Gif(path, fps)
    if path.suffix.lower() == ".png" and path.name.count("*") == 1:
        return _Pngs(path.parent, path.name)
    if path.suffix == "" and not path.is_file():
        return _Pngs(path, "frame_*.png")
    raise InvalidOutput(
        f"frames cannot be saved as {str(save)!r}",
        where="save",
        valid="'play.gif', 'folder/frame_*.png', or a folder",
    )


def _image(frame: NDArray[np.uint8]) -> Any:
    """Make an image of at most 640 pixels on its longer side."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(frame, dtype=np.uint8))
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return image


class _Gif:
    """Keeps frames with 256 colors; past the limit every second one goes, for bounded memory."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._milliseconds = path, min(1000.0, max(20.0, 1000.0 / max(fps, 1.0)))
        self._images: list[Any] = []
        self._stride, self._seen = 1, 0

    def add(self, frame: NDArray[np.uint8]) -> None:
        if self._seen % self._stride == 0:
            self._images.append(_image(frame).quantize(256))
        self._seen += 1
        if len(self._images) > _MOST_GIF_FRAMES:
            del self._images[1::2]
            self._stride *= 2

    def close(self) -> Path:
        if not self._images:
            raise InvalidOutput("there are no frames to save", hint="play at least one step")
        content = io.BytesIO()
        self._images[0].save(
            content,
            format="GIF",
            save_all=True,
            append_images=self._images[1:],
            duration=round(self._milliseconds * self._stride),
            loop=0,
        )
        return write_atomically(self._path, content.getvalue())


class _Pngs:
    def __init__(self, folder: Path, pattern: str) -> None:
        self._folder, self._pattern, self._seen = folder, pattern, 0

    def add(self, frame: NDArray[np.uint8]) -> None:
        content = io.BytesIO()
        _image(frame).save(content, format="PNG")
        name = self._pattern.replace("*", f"{self._seen:05d}")
        write_atomically(self._folder / name, content.getvalue())
        self._seen += 1

    def close(self) -> Path:
        return self._folder
