"""What the guided experiments share: options, seeds, tables, and the style of their pictures.

An experiment is a script with ``main(arguments)``. It makes one :class:`Experiment`, gives it
tables and pictures, and :meth:`Experiment.close` puts them where the options say: into a folder, or
into the page of the same name in docs/experiments.
"""

from __future__ import annotations

import argparse
import io
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.plots.figures import COLORS, DASHES, GRAY, INK, MARKERS, need_matplotlib
from gametheory.plots.figures import write_picture as write
from marl_bridge import train
from marl_bridge.learners.registry import find_learner

__all__ = [
    "COLORS",
    "DASHES",
    "GRAY",
    "INK",
    "Experiment",
    "Floats",
    "Style",
    "band",
    "greedy_joint_action",
]

DOCS = Path(__file__).resolve().parents[2] / "docs" / "experiments"
PIXELS_PER_INCH = 110

Floats = NDArray[np.float64]


class Style:
    """Lines and markers in a fixed order: a color, a dash and a marker for each number."""

    def __init__(self, number: int) -> None:
        self.color = (*COLORS, INK)[number % (len(COLORS) + 1)]
        dashes = (*DASHES, (0, (9, 1.5, 1, 1.5, 1, 1.5)), (0, (9, 3)))
        self.line = {"color": self.color, "linestyle": dashes[number % len(dashes)]}
        self.points = {**self.line, "marker": MARKERS[number % len(MARKERS)], "markersize": 5}


class Experiment:
    """One run of a script.

    Parameters
    ----------
    name : str
        Of the script, its page and its pictures.
    description : str
        For ``--help``; the script's own text.
    arguments : sequence of str or None
        The command line; None for the one that the script was called with.
    seeds : int
        How many a full run has.

    Attributes
    ----------
    seeds : list of int
        For ``train``; a run with fewer seeds has the first ones of a longer run.
    quick : bool
        Whether to take smaller sizes.
    """

    def __init__(
        self, name: str, description: str, arguments: Sequence[str] | None, *, seeds: int
    ) -> None:
        parser = argparse.ArgumentParser(
            prog=f"{name}.py", description=description.partition("\n")[0]
        )
        parser.add_argument("--seeds", type=int, help=f"number of runs of each learner ({seeds})")
        parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
        parser.add_argument("--write", action="store_true", help="renew docs/experiments")
        parser.add_argument("--to", type=Path, metavar="FOLDER", help="pictures and tables go here")
        chosen = parser.parse_args(arguments)
        count = chosen.seeds or (min(seeds, 5) if chosen.quick else seeds)
        if count < 2:
            parser.error("--seeds: at least 2")
        if chosen.write and (chosen.quick or chosen.seeds):
            parser.error("--write: the pages show full runs; look at others with --to FOLDER")
        self.name, self.quick, self._write, self._to = name, chosen.quick, chosen.write, chosen.to
        self.seeds: list[int] = np.random.SeedSequence(0).generate_state(count).tolist()
        self._tables: dict[str, str] = {}
        self._pictures: dict[str, bytes] = {}
        self._started = time.perf_counter()

    def size(self, full: int, quick: int) -> int:
        """Return the first number in a full run, the second in a quick one."""
        return quick if self.quick else full

    def table(self, key: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table, and keep it for the page."""
        cells = [[*map(str, header)], *([*map(str, row)] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        print(f"\n{self.name}: {key}")
        for row in cells:
            print("  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())
        lines = ["| " + " | ".join(row) + " |" for row in cells]
        lines.insert(1, "|" + "---|" * len(header))
        self._tables[key] = "\n".join(lines)

    def picture(
        self,
        key: str,
        draw: Callable[..., None],
        *,
        panels: tuple[int, int] = (1, 1),
        size: tuple[float, float] = (7.0, 4.0),
    ) -> None:
        """Draw a picture: ``draw`` is given the axes, row by row."""
        need_matplotlib()
        from matplotlib.figure import Figure

        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(*panels, squeeze=False).ravel()
        for ax in axes:
            ax.spines[["top", "right"]].set_visible(False)
            ax.grid(visible=True, color=GRAY, alpha=0.25, linewidth=0.6)
            ax.set_axisbelow(True)
        draw(*axes)
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=PIXELS_PER_INCH)
        self._pictures[f"{self.name}_{key}.png"] = with_few_colors(content.getvalue())

    def close(self) -> None:
        """Write pictures and tables where they were asked for, and say how long it took."""
        if self._write:
            page = DOCS / f"{self.name}.md"
            text = page.read_text("utf-8")
            for key, table in self._tables.items():
                text = _replaced(text, key, table)
            write(page, text.encode())
        folder = DOCS if self._write else self._to
        if folder is not None:
            for file, content in self._pictures.items():
                write(folder / file, content)
        if self._to is not None:
            shown = "\n\n".join(f"## {key}\n\n{table}" for key, table in self._tables.items())
            write(self._to / f"{self.name}.md", f"{shown}\n".encode())
        print(f"\n{self.name}: {time.perf_counter() - self._started:.0f} s")


def with_few_colors(picture: bytes) -> bytes:
    """Keep 128 colors of a PNG: a third of its size, and no difference to see."""
    from PIL import Image  # matplotlib needs it too

    content = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(128).save(content, "PNG", optimize=True)
    return content.getvalue()


def _replaced(page: str, key: str, table: str) -> str:
    """Put a table between the marks that name it."""
    found = re.compile(rf"(<!-- table: {re.escape(key)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if len(found.findall(page)) != 1:
        raise SystemExit(f"the page has no one place for the table {key!r}")
    return found.sub(lambda marks: f"{marks[1]}{table}\n{marks[2]}", page)


def greedy_joint_action(
    game: Any, learner: str, *, episodes: int, seed: int, **options: Any
) -> tuple[int, ...]:
    """Train on a matrix game; return everybody's most likely action, the first one at ties."""
    # Compiled code plays the same rounds; left to itself, train takes it for longer runs only.
    compiled = "matrix_rule" in vars(find_learner(learner).start)
    training = train(
        game, learner, episodes=episodes, seed=seed, compiled=compiled or None, **options
    )
    rows = [next(iter(policy.table.values())) for policy in training.policies.values()]
    return tuple(int(row.argmax()) for row in rows)


def band(ax: Any, x: Any, runs: Any, number: int, label: str) -> None:
    """Draw the median of runs, shape (n_runs, len(x)), and the range of the middle 80 percent."""
    low, middle, high = np.quantile(np.asarray(runs), (0.1, 0.5, 0.9), axis=0)
    style = Style(number)
    ax.fill_between(x, low, high, color=style.color, alpha=0.15, linewidth=0)
    ax.plot(x, middle, label=label, linewidth=1.8, **style.line)
