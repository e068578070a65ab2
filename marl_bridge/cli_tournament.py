"""marl-bridge tournament: play policies against each other and say what the table proves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table
from rich.text import Text

from gametheory.console import INTERRUPTED, error, out
from marl_bridge.cli_inputs import env_kwargs_of
from marl_bridge.cli_progress import progress_bar
from marl_bridge.plain_data import plain

__all__ = ["tournament"]


def tournament(  # noqa: PLR0917 - typer reads the options from the parameters
    make: Annotated[
        str,
        typer.Argument(
            metavar="MAKE",
            help="An id such as classic/tictactoe-v3, a module, module:attribute or file.py:Class.",
            show_default=False,
        ),
    ],
    policy: Annotated[
        list[str],
        typer.Option(
            "--policy",
            metavar="NAME=SPEC",
            help="A policy for every agent, or AGENT/NAME=SPEC for one; SPEC is random, a saved "
            "table or module:attribute; repeatable.",
            show_default=False,
        ),
    ],
    episodes: Annotated[int, typer.Option(min=1, help="Episodes of each joint policy.")] = 200,
    target_width: Annotated[
        float | None, typer.Option(help="Play on until no interval is wider.")
    ] = None,
    max_episodes: Annotated[
        int | None, typer.Option(min=1, help="Of all joint policies together.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of all intervals together.")
    ] = 0.95,
    ranges: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="LOW:HIGH",
            help="Proven bounds on every agent's return, or AGENT=LOW:HIGH for one; without, "
            "intervals are a heuristic; repeatable.",
            show_default=False,
        ),
    ] = None,
    symmetric: Annotated[
        bool, typer.Option("--symmetric", help="Let agents draw lots for their seats.")
    ] = False,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Cut longer episodes.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal results.")] = 0,
    env_kwargs: Annotated[
        str, typer.Option("--env-kwargs", metavar="JSON", help="The environment's arguments.")
    ] = "{}",
    workers: Annotated[int, typer.Option(min=1, help="Processes that play.")] = 1,
    backend: Annotated[
        Literal["loky", "threading", "ray"], typer.Option(help="Of more than one worker.")
    ] = "loky",
    checkpoint: Annotated[
        Path | None, typer.Option(help="Keep finished episodes here, and go on from there.")
    ] = None,
    replicates: Annotated[
        int, typer.Option(min=0, help="Tables to draw again for the rankings.")
    ] = 50,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the payoffs too: .png, .svg or .pdf.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bars.")] = False,
) -> None:
    """Play all policies against each other: payoffs with intervals, equilibrium, rankings."""
    from marl_bridge.empirical_game import payoff_tensor
    from marl_bridge.environments.opening import open_environment

    kwargs = env_kwargs_of(env_kwargs)
    env = open_environment(make, env_kwargs=kwargs).new()
    agents = tuple(map(str, env.possible_agents))
    env.close()
    if figure is not None:
        _require_figure(figure, len(agents))
    with progress_bar(f"tournament on {make}", hidden=quiet or as_json) as progress:
        table = payoff_tensor(
            make,
            _populations(policy, agents),
            episodes=episodes,
            target_width=target_width,
            max_episodes=max_episodes,
            confidence=confidence,
            ranges=_ranges(ranges or [], agents),
            symmetric=symmetric,
            max_steps=max_steps,
            seed=seed,
            env_kwargs=kwargs,
            workers=workers,
            backend=backend,
            checkpoint=checkpoint,
            progress=progress,
        )
    found = _findings(table, replicates, seed)
    if as_json:
        typer.echo(json.dumps(plain({**table.to_dict(), **found}), indent=2))
    else:
        _show(table, found)
    if figure is not None and table.complete:
        _draw(table, figure, quiet=as_json)
    if table.interrupted:
        raise typer.Exit(INTERRUPTED)


def _findings(table: Any, replicates: int, seed: int) -> dict[str, Any]:
    """Solve and rank the table, or say why not."""
    from gametheory.errors import GameTheoryError

    found: dict[str, Any] = {}
    try:
        solved = table.solve()
        bounds = solved.guarantee
        found["equilibrium"] = {
            player: {name: float(p) for name, p in zip(names, strategy, strict=True) if p > 0}
            for player, names, strategy in zip(
                table.players, table.names, solved.profile.strategies, strict=True
            )
        }
        found["payoffs"] = dict(zip(table.players, solved.solution.payoffs.tolist(), strict=True))
        found["equilibrium_up_to"] = bounds.epsilon
        found["certified_in_the_true_game"] = bounds.certified
    except (GameTheoryError, LookupError) as refusal:
        found["no_equilibrium"] = str(refusal)
    try:
        ranked = table.rankings(replicates=replicates, seed=seed)
        found["rankings"] = list(ranked.rankings)
        found["value"] = ranked.value
        found["no_ranking"] = ranked.refused
    except GameTheoryError as refusal:
        found["no_rankings"] = str(refusal)
    return found


def _show(table: Any, found: dict[str, Any]) -> None:
    from marl_bridge.empirical_game.text import closing_words, payoff_rows

    console = out()
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for player in table.players:
        shown.add_column(Text(player))
    for player in table.players:
        shown.add_column(Text(f"payoff of {player}"))
    shown.add_column(Text("episodes"), justify="right")
    for row in payoff_rows(table):
        shown.add_row(*map(Text, row))
    console.print(shown)
    for line in closing_words(table):
        console.print(Text(line))
    console.print()
    if "equilibrium" in found:
        console.print(Text("Nash equilibrium of the means", style="bold"))
        for player, strategy in found["equilibrium"].items():
            mix = ", ".join(f"{name} {p:.3f}" for name, p in strategy.items())
            console.print(Text(f"{player}: {mix}; payoff {found['payoffs'][player]:.4g}"))
        kind = "" if found["certified_in_the_true_game"] else " (heuristic)"
        epsilon = found["equilibrium_up_to"]
        console.print(
            Text(
                f"In the true game nobody gains more than {epsilon.value:.3g} by another policy of "
                f"its population, at {epsilon.confidence:.0%}{kind}."
            )
        )
    else:
        error(found["no_equilibrium"], kind="note")
    if "no_rankings" in found:
        error(found["no_rankings"], kind="note")
    if found.get("value") is not None:
        console.print(Text(f"Value of the game: {found['value']}"))
    for ranking in found.get("rankings", ()):
        _show_ranking(ranking)
    for method, reason in found.get("no_ranking", {}).items():
        console.print(Text(f"\nNo {method}: {reason}"))


def _show_ranking(ranking: Any) -> None:
    console = out()
    who = "" if ranking.player == "all" else f" of {ranking.player}"
    console.print(Text(f"\nRanking{who} by {ranking.method}", style="bold"))
    shown = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    figures = dict(zip(ranking.names, ranking.scores, strict=True))
    first = dict(zip(ranking.names, ranking.first, strict=True))
    for place, names in enumerate(ranking.order, 1):
        for name in names:
            share = "" if first[name] != first[name] else f"first in {first[name]:.0%} of redraws"
            shown.add_row(Text(f"{place}"), Text(name), Text(str(figures[name])), Text(share))
    console.print(shown)
    if ranking.certain:
        console.print(Text("The whole order is proven at the table's confidence."))
    elif ranking.proven:
        pairs = ", ".join(f"{a} over {b}" for a, b in ranking.proven)
        console.print(Text(f"Proven: {pairs}."))
    if ranking.note:
        console.print(Text(f"{ranking.note[0].upper()}{ranking.note[1:]}."))


def _draw(table: Any, path: Path, *, quiet: bool) -> None:
    from gametheory.plots.figures import save_figure
    from gametheory.plots.heat_map import plot_heat_map

    rows, columns = table.means.shape[1:]
    save_figure(
        path,
        lambda ax: plot_heat_map(table.game, lower=table.lower[0], upper=table.upper[0], ax=ax),
        (3.0 + 1.1 * columns, 2.2 + 0.6 * rows),
    )
    if not quiet:
        out().print(Text(f"wrote {path}"), soft_wrap=True)


def _require_figure(path: Path, n_agents: int) -> None:
    from gametheory.plots.figures import FIGURES, need_matplotlib

    need_matplotlib()
    if path.suffix.lower() not in FIGURES:
        raise typer.BadParameter(f"--figure {str(path)!r} ends with none of {', '.join(FIGURES)}")
    if n_agents != 2:
        raise typer.BadParameter(f"--figure draws games of two agents, not of {n_agents}")


def _populations(specs: Sequence[str], agents: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read "NAME=SPEC" for all agents and "AGENT/NAME=SPEC" for one."""
    from marl_bridge.policies.specs import policy_from

    found: dict[str, dict[str, Any]] = {agent: {} for agent in agents}
    for spec in specs:
        name, equals, rest = spec.partition("=")
        if not (name and equals and rest):
            raise typer.BadParameter(f"--policy {spec!r} is not NAME=SPEC")
        agent, slash, own = name.partition("/")
        targets, label = ([agent], own) if slash and agent in agents else (agents, name)
        chosen = policy_from(rest)
        for target in targets:
            if label in found[target]:
                raise typer.BadParameter(f"--policy {label!r} is given twice for {target!r}")
            found[target][label] = chosen
    return found


def _ranges(given: Sequence[str], agents: Sequence[str]) -> dict[str, tuple[float, float]] | None:
    found: dict[str, tuple[float, float]] = {}
    for text in given:
        agent, equals, rest = text.rpartition("=")
        low, colon, high = rest.partition(":")
        try:
            pair = float(low), float(high if colon else "none")
        except ValueError:
            raise typer.BadParameter(f"--range {text!r} is not LOW:HIGH") from None
        found.update({agent: pair} if equals else dict.fromkeys(agents, pair))
    return found or None
