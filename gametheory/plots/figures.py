"""What all figures share: where matplotlib comes from, colors, and labels as they are.

matplotlib is imported when the first figure is drawn, and not needed before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gametheory.errors import GameFormatError, MissingExtra
from gametheory.files import write_atomically

__all__ = [
    "COLORS",
    "DASHES",
    "FIGURES",
    "GRAY",
    "INK",
    "MARKERS",
    "axes_for",
    "need_matplotlib",
    "plain",
    "save_figure",
    "write_picture",
]

# Okabe and Ito's, without the yellow, which is hard to see on white; a line style or marker tells
# things apart wherever a color does.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (6, 2, 1, 2)), (0, (2, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FIGURES = (".png", ".svg", ".pdf")  # kinds of files
INK, GRAY = "#1c2330", "#8a93a0"


def need_matplotlib() -> None:
    """Raise MissingExtra, with what to install, unless matplotlib is there."""
    try:
        import matplotlib.pyplot  # noqa: F401
    except ImportError:
        raise MissingExtra.of("plot", "drawing a figure") from None


def axes_for(ax: Any, size: tuple[float, float] = (6.4, 4.4)) -> Any:
    """Return the axes to draw on: those that were given, or those of a new figure.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
    size : tuple of float
        Of a new figure, in inches.

    Raises
    ------
    MissingExtra
        matplotlib is not installed.
    """
    need_matplotlib()
    from matplotlib import pyplot

    if ax is None:
        _, ax = pyplot.subplots(figsize=size, layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def save_figure(path: Path, draw: Any, size: tuple[float, float] = (6.4, 4.8)) -> None:
    """Draw on a figure that no window ever shows, and write it to a file by its suffix.

    Parameters
    ----------
    path : Path
        Ends with .png, .svg or .pdf; what was there is replaced at once or not at all.
    draw : callable
        ``draw(ax)`` draws on the axes it is given.
    size : tuple of float
        In inches.

    Raises
    ------
    MissingExtra
        matplotlib is not installed.
    GameFormatError
        The file cannot be written.
    """
    import io

    need_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    draw(figure.add_subplot())
    kind = path.suffix.lower().removeprefix(".")
    stamp = {"CreationDate": None} if kind == "pdf" else {"Date": None} if kind == "svg" else {}
    content = io.BytesIO()
    with rc_context({"svg.hashsalt": "gametheory"}):  # equal figures are equal files
        figure.savefig(content, format=kind, dpi=150, metadata=stamp)
    write_picture(path, content.getvalue())


def write_picture(path: Path, content: bytes) -> None:
    """Write a file, all of it or nothing; GameFormatError says why where that fails."""
    try:
        write_atomically(path, content)
    except OSError as error:
        raise GameFormatError(
            f"cannot write {str(path)!r}: {error.strerror}", hint="check the folder"
        ) from error


def plain(label: str) -> str:
    r"""Return a label that matplotlib shows letter by letter: no formula, never left out.

    Examples
    --------
    >>> print(plain("$5"), plain("_hidden"), plain("a\nb"))
    \$5  _hidden a b
    """
    shown = "".join(c if c.isprintable() else " " for c in label).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown
