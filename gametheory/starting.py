"""The first moments of a command line, in which Ctrl-C ends it without a traceback."""

from __future__ import annotations

import os
import signal
from importlib import import_module

__all__ = ["start"]

_INTERRUPTED = 130  # as in gametheory.console, which is not imported yet


def start(command_line: str) -> None:
    """Import the module of a command line and run its ``main``.

    Loading libraries takes half a second, and an exception that is raised in the middle of an
    import may be swallowed by whoever imports. So until the command line is there Ctrl-C simply
    ends the process: nothing was begun that would have to be undone.

    Parameters
    ----------
    command_line : str
        The module, such as "gametheory.cli".
    """
    usual = signal.getsignal(signal.SIGINT)
    ours = usual is signal.default_int_handler  # who ignores Ctrl-C goes on ignoring it
    if ours:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(_INTERRUPTED))
    main = import_module(command_line).main
    if ours:
        signal.signal(signal.SIGINT, usual)
    try:
        main()
    except KeyboardInterrupt:  # before the command line itself listens, or after
        raise SystemExit(_INTERRUPTED) from None
