"""What both command lines share: where text goes, how errors are told, the exit codes.

Exit codes: 0 done, 1 the answer is "no" or missing, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import errno
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from gametheory.errors import GameTheoryError

__all__ = ["INTERRUPTED", "NO", "WRONG_INPUT", "ErrorsInWords", "at_work", "error", "out", "run"]

NO, WRONG_INPUT, INTERRUPTED = 1, 2, 130


def out() -> Console:
    """Make the console for results: standard output, as it is now."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=False)


def error(message: str, *, kind: str = "error") -> None:
    """Write one message to standard error; its text is no markup."""
    console = Console(file=sys.stderr, highlight=False)
    color = "red" if kind == "error" else "yellow"
    console.print(Text.assemble((f"{kind}: ", f"bold {color}"), message), soft_wrap=True)


@contextmanager
def at_work(what: str) -> Iterator[Callable[[int, float], None]]:
    """Show on a terminal that work goes on, with what was found and the time it has taken.

    Gives a function to call with the number of solutions found and the seconds so far. It writes
    to standard error, and nothing at all where that is no terminal.
    """
    console = Console(file=sys.stderr, highlight=False)
    if not console.is_terminal:
        yield lambda found, seconds: None
        return
    with console.status(Text(what)) as status:
        yield lambda found, seconds: status.update(Text(f"{found} found, {seconds:.0f} s"))


class ErrorsInWords(TyperGroup):
    """A group of commands that tells what went wrong in one message, without a traceback.

    Errors the toolkit raises on purpose and files that cannot be read or written end with exit
    code 2, Ctrl-C with 130. Anything else is a bug and keeps its traceback.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        with _warnings_in_words():
            try:
                return super().invoke(ctx)
            except GameTheoryError as wrong:
                error(str(wrong))
            except PermissionError as wrong:
                error(f"no permission: {wrong.filename or wrong}")
            except OSError as wrong:  # no such file, a full disk, a drive that is gone
                if wrong.errno is None or wrong.errno == errno.EPIPE:
                    raise  # a reader that has seen enough, such as head, is no error
                error(f"{wrong.strerror}: {wrong.filename}" if wrong.filename else str(wrong))
            except KeyboardInterrupt:
                error("interrupted")
                raise typer.Exit(INTERRUPTED) from None
        raise typer.Exit(WRONG_INPUT)


@contextmanager
def _warnings_in_words() -> Iterator[None]:
    """Tell warnings as one line, without the source line they come from."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: error(str(message), kind="warning")
        yield


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> None:
    """Run a command line and leave the interpreter with its exit code."""
    app(args=None if arguments is None else list(arguments))
