"""Progress bars for whoever watches; nothing for a pipe."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marl_bridge.environments.limits import SearchProgress

__all__ = ["progress_bar", "search_bar"]


@contextmanager
def progress_bar(label: str, *, hidden: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error while the block runs, and remove it afterwards.

    Where standard error is no terminal, one line says what is under way.

    Parameters
    ----------
    label : str
        What is under way.
    hidden : bool
        Show nothing.

    Yields
    ------
    callable
        ``progress(done, total)``.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(compact=True),
    )
    if hidden or not console.is_terminal:
        if not hidden:
            console.print(Text(f"{label} ..."), soft_wrap=True)
        yield lambda done, total: None
        return
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(label, total=None, count="")  # pulsates until something is counted

        def progress(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total, count=f"{done:,} of {total:,}")

        yield progress


@contextmanager
def search_bar(label: str, *, hidden: bool = False) -> Iterator[Callable[[SearchProgress], None]]:
    """Show how far the search through an environment's states is, like :func:`progress_bar`.

    The bar pulsates while the number of states still grows; then it has an end, which is where
    the search ends if it goes on as lately.

    Yields
    ------
    callable
        ``watch(SearchProgress)``.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.text import Text

    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[said]}", markup=False),
    )
    if hidden or not console.is_terminal:
        if not hidden:
            console.print(Text(f"{label} ..."), soft_wrap=True)
        yield lambda seen: None
        return
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(label, total=None, said="")

        def watch(seen: SearchProgress) -> None:
            said = f"{seen}, {seen.states_per_second:,.0f}/s"
            if math.isfinite(seen.seconds_left):
                said += f", {seen.seconds_left:,.0f} s left"
            finite = math.isfinite(seen.expected_states)
            bars.update(
                task,
                completed=seen.n_states - seen.n_waiting,
                total=seen.expected_states if finite else None,
                said=said,
            )

        yield watch
