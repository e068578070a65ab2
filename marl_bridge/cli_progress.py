"""Progress bars for whoever watches; nothing for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]


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
