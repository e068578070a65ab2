"""The command ``simulate``: a dynamic is run until it ends or Ctrl-C, and told in tables."""

from __future__ import annotations

import inspect
import re
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gametheory.cli_tables import ROWS
from gametheory.dynamics import Dynamic, dynamics
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.plots import plot_simplex, plot_square, plot_trace
from gametheory.plots.figures import FIGURES, need_matplotlib, save_figure
from gametheory.solution import Trace

__all__ = [
    "Interrupts",
    "check_plot",
    "dynamic_document",
    "dynamic_list",
    "find_dynamic",
    "heard_interrupts",
    "read_options",
    "save_plot",
    "trace_document",
    "trace_tables",
]

_MOST_JOINT_ACTIONS = 10**6


def find_dynamic(name: str | None, game: Any) -> Dynamic:
    """Look a dynamic up by its name, and say why where it is not defined for a game.

    Raises
    ------
    UnsupportedGame
        There is no such dynamic, or it is none for this game.
    """
    known = {one.name: one for one in dynamics()}
    if name not in known:
        raise UnsupportedGame(
            "no dynamic was named" if name is None else f"unknown dynamic {name!r}",
            where="--dynamic",
            valid=f"one of {sorted(known)}",
            hint="gametheory simulate --list describes them",
        )
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(
            f"dynamics play games in normal form, and {game!r} is a tree",
            hint="solve it, or write its strategic form first",
        )
    reason = known[name].applies(game)
    if reason:
        raise UnsupportedGame(f"{name!r} is not defined for this game: {reason}", where=repr(game))
    return known[name]


def read_options(
    dynamic: Dynamic, game: NormalFormGame, given: Mapping[str, Any], seed: int | None
) -> dict[str, Any]:
    """Read the options of a dynamic as people write them.

    Profiles are written as ``0.9,0.1;0.5,0.5`` or name a .json file; ``none`` is the default.

    Raises
    ------
    UnsupportedGame
        The dynamic has no such option, or draws nothing at random although there is a seed.
    InvalidProfile, GameFormatError
        A profile is none of the game.
    """
    unknown = [name for name in given if name not in dynamic.options]
    if unknown:
        raise UnsupportedGame(
            f"{dynamic.name!r} has no option {unknown[0]!r}",
            where="--option",
            valid=f"one of {list(dynamic.options)}",
        )
    if seed is not None and "seed" not in dynamic.options:
        raise UnsupportedGame(f"{dynamic.name!r} draws nothing at random", where="--seed")
    kinds = inspect.signature(dynamic.run).parameters
    options = {
        name: _profile(text, game)
        if "MixedProfile" in str(kinds[name].annotation)
        else _plain(text)
        for name, text in given.items()
    }
    return options if seed is None else {**options, "seed": seed}


def _plain(value: Any) -> Any:
    """Read decimal numbers; what else it may be was read before."""
    if isinstance(value, tuple):
        return tuple(_plain(one) for one in value)
    if not isinstance(value, str):
        return value
    if value.lower() == "none":
        return None
    return float(value) if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", value) else value


def _profile(text: Any, game: NormalFormGame) -> MixedProfile | None:
    if isinstance(text, str) and text.lower() == "none":
        return None
    if isinstance(text, str) and text.lower().endswith(".json"):
        from gametheory.formats import load_profile

        profile: MixedProfile = load_profile(text, game)
        return profile
    vectors = ",".join(map(str, text)) if isinstance(text, tuple) else str(text)
    profile = MixedProfile([part.split(",") for part in vectors.split(";") if part.strip()])
    profile.check_fits(game)
    return profile


@dataclass(slots=True)
class Interrupts:
    """Whether Ctrl-C was heard."""

    happened: bool = False


@contextmanager
def heard_interrupts() -> Iterator[Interrupts]:
    """Notice Ctrl-C, which the dynamics answer by returning what they have reached."""
    heard = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return

    def hear(number: int, frame: Any) -> None:
        heard.happened = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)


def dynamic_list(known: Iterable[Dynamic]) -> Group:
    """List the dynamics with their options, what is proven of each, and who published it."""
    parts: list[RenderableType] = []
    for one in known:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
        options = ", ".join(f"{name}={value}" for name, value in one.options.items())
        for name, text in (
            ("options", options),
            ("proven", one.guarantee),
            ("source", one.source),
        ):
            table.add_row(Text(f"  {name}"), Text(text))
        parts += [Text(one.name, style="bold"), table, Text("")]
    return Group(*parts)


def dynamic_document(one: Dynamic) -> dict[str, Any]:
    """Describe a dynamic as a JSON document."""
    return {
        "name": one.name,
        "options": one.options,
        "guarantee": one.guarantee,
        "source": one.source,
    }


def trace_tables(
    game: NormalFormGame, dynamic: Dynamic, trace: Trace, *, interrupted: bool
) -> Group:
    """Show where a dynamic came to, how far that is from equilibrium, and what is proven."""
    name = game.title or "this game"
    head = Text.assemble(
        (dynamic.name, "bold"), f" on {name}: {trace.times.size} records up to {trace.times[-1]:g}"
    )
    parts: list[RenderableType] = [head]
    if interrupted:
        parts.append(Text("interrupted: this is what was reached"))
    parts += [Text(""), _strategies(game, trace), _gaps(game, trace), Text("")]
    proven = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    proven.add_row(Text("proven"), Text(dynamic.guarantee))
    proven.add_row(Text("source"), Text(dynamic.source))
    return Group(*parts, proven)


def _names(game: NormalFormGame, count: int) -> Sequence[str]:
    return ("population",) if count == 1 and game.n_players > 1 else game.players


def _strategies(game: NormalFormGame, trace: Trace) -> Group:
    """Tell what was played at last and on average, and each one's regret."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("player", "action"):
        table.add_column(column, overflow="fold")
    for column in ("last", "average", "external regret"):
        table.add_column(column, justify="right")
    names, rows = _names(game, len(trace.iterates)), 0
    regrets = trace.regrets[-1].tolist()
    for i, name in enumerate(names):
        for k, action in enumerate(game.actions[i]):
            rows += 1
            if rows > ROWS:
                continue
            cells = [name if k == 0 else "", action]
            cells += [f"{part[i][-1, k]:.6f}" for part in (trace.iterates, trace.averages)]
            cells.append(_number(regrets[i]) if k == 0 and i < len(regrets) else "")
            table.add_row(*map(Text, cells))
    hidden = rows - ROWS
    more = [Text(f"... and {hidden:,} more actions; --json shows all of them")]
    return Group(table, *(more if hidden > 0 else []))


def _gaps(game: NormalFormGame, trace: Trace) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rows = [
        ("NashConv of the last iterates", float(trace.iterate_gaps[-1])),
        ("NashConv of the averages", float(trace.gaps[-1])),
    ]
    if 0 < trace.joint_average.size <= _MOST_JOINT_ACTIONS:
        from gametheory.concepts.correlated import cce_gap, ce_gap

        rows.append(("coarse correlated gap of joint play", cce_gap(game, trace.joint_average)))
        rows.append(("correlated gap of joint play", ce_gap(game, trace.joint_average)))
    for name, value in rows:
        table.add_row(Text(name), Text(_number(value)))
    return table


def _number(value: float) -> str:
    return f"{value:.6g}"


def trace_document(
    game: NormalFormGame,
    dynamic: Dynamic,
    options: Mapping[str, Any],
    trace: Trace,
    *,
    interrupted: bool,
) -> dict[str, Any]:
    """Describe a dynamic's way as a JSON document, with all that was recorded."""
    told = {
        name: value.to_document() if isinstance(value, MixedProfile) else value
        for name, value in {**dynamic.options, **options}.items()
    }
    return {
        "format": "gametheory/trace",
        "version": 1,
        "dynamic": dynamic.name,
        "options": told,
        "game_digest": game.digest,
        "players": list(_names(game, len(trace.iterates))),
        "interrupted": interrupted,
        "guarantee": dynamic.guarantee,
        "source": dynamic.source,
        "times": trace.times.tolist(),
        "iterates": [part.tolist() for part in trace.iterates],
        "averages": [part.tolist() for part in trace.averages],
        "regrets": trace.regrets.tolist(),
        "gaps": trace.gaps.tolist(),
        "iterate_gaps": trace.iterate_gaps.tolist(),
        "joint_average": trace.joint_average.tolist(),
    }


def check_plot(path: Path, picture: str, game: NormalFormGame) -> None:
    """Refuse a picture that cannot be drawn, before the dynamic is run.

    Raises
    ------
    UnsupportedGame
        The suffix names no kind of picture, or the game's strategies find no place in a plane.
    MissingExtra
        matplotlib is not installed.
    """
    if path.suffix.lower() not in FIGURES:
        raise UnsupportedGame(
            f"cannot draw {str(path)!r}",
            where="--plot",
            valid=f"a file name ending in {list(FIGURES)}",
        )
    if picture == "strategies" and game.n_actions != (2, 2) and game.n_actions[0] != 3:
        raise UnsupportedGame(
            f"no picture of strategies over {game.n_actions} actions",
            where="--picture",
            valid="2x2 games, or three actions of the first player",
            hint="leave --picture out",
        )
    need_matplotlib()


def save_plot(path: Path, picture: str, game: NormalFormGame, trace: Trace) -> None:
    """Draw gaps and regrets over time, or the way that strategies took."""
    if picture == "strategies":
        draw = plot_square if game.n_actions == (2, 2) else plot_simplex
        save_figure(path, lambda ax: draw(trace, game=game, ax=ax))
        return
    players = _names(game, len(trace.iterates))
    fits = players if len(players) == trace.regrets.shape[1] else None
    save_figure(path, lambda ax: plot_trace(trace, players=fits, ax=ax))
