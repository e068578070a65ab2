"""marl-bridge extract: the exact game of an environment, or bounds on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from marl_bridge.cli_inputs import env_kwargs_of
from marl_bridge.cli_output import show_mapping
from marl_bridge.cli_progress import search_bar

__all__ = ["extract"]

_MIB = 2**20


def extract(  # noqa: PLR0917 - typer reads the options from the parameters
    make: Annotated[
        str,
        typer.Argument(
            metavar="MAKE",
            help="An id such as classic/tictactoe-v3, a module, module:attribute or file.py:Class.",
            show_default=False,
        ),
    ],
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal results.")] = 0,
    env_kwargs: Annotated[
        str,
        typer.Option("--env-kwargs", metavar="JSON", help="The environment's keyword arguments."),
    ] = "{}",
    discount: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of rewards, per own action of an agent.")
    ] = 1.0,
    recall: Annotated[
        Literal["history", "observation"],
        typer.Option(help="'observation' reports what policies without a memory forget."),
    ] = "history",
    chance: Annotated[
        str, typer.Option(metavar="exact|sample:N", help="All outcomes, or N sampled deals.")
    ] = "exact",
    depth_limit: Annotated[
        int | None, typer.Option(min=1, help="End episodes after so many steps; needs --frontier.")
    ] = None,
    frontier: Annotated[
        str | None,
        typer.Option(
            metavar="LOW:HIGH",
            help="What each agent still earns at the depth limit, or module:function.",
        ),
    ] = None,
    max_states: Annotated[int, typer.Option(min=1, help="Refuse larger games.")] = 100_000,
    max_histories: Annotated[
        int, typer.Option(min=1, help="Do not unroll larger games.")
    ] = 5_000_000,
    time_limit: Annotated[
        float, typer.Option(min=0.0, help="Seconds after which the extraction is given up.")
    ] = 120.0,
    max_memory: Annotated[
        int | None, typer.Option(min=1, metavar="MIB", help="The process may grow by so much.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Take every step down here, and go on from there.")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither look up nor keep the result on disk.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bars.")] = False,
) -> None:
    """Extract the exact game of an environment; print its size and the audit."""
    from marl_bridge.environments.extraction import extract as extract_game

    with search_bar(f"extracting {make}", hidden=quiet or as_json) as watch:
        extraction = extract_game(
            make,
            seed=seed,
            env_kwargs=env_kwargs_of(env_kwargs),
            discount=discount,
            recall=recall,
            chance=chance,
            depth_limit=depth_limit,
            frontier=_frontier(frontier),
            max_states=max_states,
            max_histories=max_histories,
            time_limit=time_limit,
            max_memory=None if max_memory is None else max_memory * _MIB,
            checkpoint=checkpoint,
            cache=not no_cache,
            watch=watch,
        )
        facts = extraction.to_dict()
    if not as_json and "recall" in facts:
        facts["recall"] = [str(report) for report in extraction.memoryless.reports]
    show_mapping(facts, as_json=as_json)


def _frontier(text: str | None) -> Any:
    """Read LOW:HIGH, or import module:function."""
    if text is None:
        return None
    low, _, high = text.rpartition(":")
    try:
        return float(low), float(high)
    except ValueError:
        pass
    from marl_bridge.environments.loading import load_module

    found = getattr(load_module(low, text), high, None) if low else None
    if not callable(found):
        raise typer.BadParameter(f"--frontier {text!r} is neither LOW:HIGH nor module:function")
    return found
