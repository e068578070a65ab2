"""marl-bridge solve-position | check-positions: exact values where the whole game is too large."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from gametheory.console import INTERRUPTED, NO, error, out
from marl_bridge.cli_inputs import env_kwargs_of, policies_of
from marl_bridge.cli_output import show_mapping
from marl_bridge.cli_progress import progress_bar

__all__ = ["check_positions", "solve_position"]

Make = Annotated[
    str,
    typer.Argument(
        metavar="MAKE",
        help="An id such as classic/connect-four-v3, a module, module:attribute or file.py:Class.",
        show_default=False,
    ),
]
Kwargs = Annotated[
    str,
    typer.Option("--env-kwargs", metavar="JSON", help="The environment's keyword arguments."),
]
Seed = Annotated[int, typer.Option(min=0, help="Equal seeds give equal results.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
Returns = Annotated[
    str | None,
    typer.Option(
        "--returns",
        metavar="LOW:HIGH",
        help="Returns of the first agent that no episode leaves, if known: the search is shorter.",
        show_default=False,
    ),
]
TimeLimit = Annotated[float, typer.Option(min=0.0, help="Seconds for a position.")]


def solve_position(  # noqa: PLR0917 - typer reads the options from the parameters
    make: Make,
    position: Annotated[
        str,
        typer.Option(metavar="ACTIONS", help="Actions from the start, such as 3,3,2."),
    ] = "",
    seed: Seed = 0,
    env_kwargs: Kwargs = "{}",
    time_limit: TimeLimit = 60.0,
    returns: Returns = None,
    attempt: Annotated[
        bool, typer.Option("--attempt", help="Search even where that is hopeless.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find the exact value of a late position; exit with 1 if it is not found in time."""
    from marl_bridge.environments.positions import solve_position as solve

    with progress_bar(f"solving a position of {make}", hidden=quiet or as_json):
        solution = solve(
            make,
            position,
            env_kwargs=env_kwargs_of(env_kwargs),
            seed=seed,
            time_limit=time_limit,
            return_range=_returns(returns),
            refuse_hopeless=not attempt,
        )
    if as_json:
        typer.echo(json.dumps(solution.to_dict(), indent=2))
    else:
        show_mapping(solution.facts(), as_json=False)
    if solution.stopped:
        raise typer.Exit(INTERRUPTED if solution.stopped == "interrupted" else NO)


def check_positions(  # noqa: PLR0917 - typer reads the options from the parameters
    make: Make,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="SPEC",
            help="random, a saved table, a folder of them, module:attribute, or AGENT=SPEC; "
            "repeatable.  [default: random]",
            show_default=False,
        ),
    ] = None,
    position: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACTIONS", help="Actions from the start; repeatable.", show_default=False
        ),
    ] = None,
    ply: Annotated[
        int | None,
        typer.Option(
            min=0, help="Instead: positions of the policies' own play, after so many actions."
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many of these.")] = 20,
    explore: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Share of random actions on the way to them."),
    ] = 0.0,
    seed: Seed = 0,
    env_kwargs: Kwargs = "{}",
    time_limit: TimeLimit = 60.0,
    returns: Returns = None,
    max_lost: Annotated[
        float | None,
        typer.Option(min=0.0, help="Exit with 1 if the mean value lost is above, or unknown."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Hold policies against the exact optimum at late positions."""
    from marl_bridge.position_check import check_positions as check
    from marl_bridge.position_check import late_positions, render

    if (ply is None) == (not position):
        raise typer.BadParameter("give either --ply or --position")
    kwargs, hidden = env_kwargs_of(env_kwargs), quiet or as_json
    policies = policies_of(make, policy or ["random"], kwargs)
    chosen: Sequence[Any] = position or ()
    if ply is not None:
        chosen = late_positions(
            make, policies, ply=ply, count=count, explore=explore, env_kwargs=kwargs, seed=seed
        )
    with progress_bar(f"checking positions of {make}", hidden=hidden) as progress:
        report = check(
            make,
            policies,
            chosen,
            env_kwargs=kwargs,
            seed=seed,
            time_limit=time_limit,
            return_range=_returns(returns),
            progress=progress,
        )
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=2))
    else:
        out().print(render(report))
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    if max_lost is not None:
        unsolved = len(report.checks) - len(report.solved)
        if unsolved or report.mean_lost is None or report.mean_lost > max_lost:
            error(
                f"the mean value lost is {report.mean_lost}, {unsolved} positions not solved: not "
                f"known to be at most {max_lost}"
            )
            raise typer.Exit(NO)


def _returns(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        pair = float(low), float(high)
    except ValueError:
        pair = 1.0, 0.0
    if not pair[0] <= pair[1]:
        raise typer.BadParameter(f"--returns {text!r} is not LOW:HIGH")
    return pair
