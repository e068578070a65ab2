"""The command line: gametheory solve | verify | convert | methods | catalog | draw | simulate."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from gametheory.console import INTERRUPTED, NO, ErrorsInWords, at_work, error, out, run
from gametheory.errors import InvalidGame
from gametheory.rationals import to_fraction
from gametheory.solution import Solution

if TYPE_CHECKING:
    from gametheory.games.catalog import CatalogEntry

__all__ = ["app", "main"]

app = typer.Typer(
    cls=ErrorsInWords,
    help="Find the solutions of finite games, each with an independent certificate.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Game = Annotated[
    str, typer.Argument(help="A catalog name, or a .json, .nfg or .efg file.", show_default=False)
]
Concept = Annotated[str, typer.Option(help="The solution concept, as listed by 'methods'.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of a family of the catalog: seed=7, rho=-1/2, n_actions=3,4.",
        show_default=False,
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="An option of the method: objective=egalitarian, rationality=2.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]


@app.command()
def solve(
    game: Game,
    parameters: Parameters = None,
    concept: Concept = "nash",
    method: Annotated[str, typer.Option(help="An algorithm's name, or auto.")] = "auto",
    options: Options = None,
    find: Annotated[Literal["one", "all"], typer.Option(help="How many solutions.")] = "one",
    time_limit: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds; what was found by then is shown.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Write the first profile here, for 'verify'.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Write the first certificate here, for 'verify'.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Solve a game.

    Exit code 0: solved, or proven to have no such solution; 1: nothing found; 2: bad input.
    """
    from gametheory.solve import solve as solve_game

    opened = _open(game, parameters)
    own = _method_options(options)
    for name in own:
        if name in ("game", "concept", "method", "find", "time_limit", "callback"):
            raise InvalidGame(
                f"{name!r} is no option of a method",
                where="--option",
                hint=f"use --{name.replace('_', '-')}" if name in ("find", "time_limit") else "",
            )
    with at_work(
        "solving (the first use of a method compiles it, which can take a minute)"
    ) as tell:
        solution = solve_game(
            opened,
            concept,
            method,
            find=find,
            time_limit=time_limit,
            callback=tell,
            **own,
        )
    # Shown before it is saved: a disk that is full shall not cost what was found.
    if as_json:
        typer.echo(json.dumps(_solution_document(solution), indent=2, ensure_ascii=False))
    else:
        from gametheory.cli_tables import solution_tables

        out().print(solution_tables(opened, solution))
    if save is not None and solution.equilibria:
        from gametheory.formats import save_profile

        save_profile(solution.profile, save)
    if certificate is not None and solution.certificate is not None:
        from gametheory.formats import save_certificate

        save_certificate(solution.certificate, certificate)
    if solution.reason == "interrupted":
        raise typer.Exit(INTERRUPTED)
    if not solution.equilibria and solution.status != "infeasible":
        raise typer.Exit(NO)


@app.command()
def verify(
    game: Game,
    profile: Annotated[Path, typer.Argument(help="A profile or a certificate, as a .json file.")],
    parameters: Parameters = None,
    concept: Concept = "nash",
    epsilon: Annotated[float, typer.Option(min=0.0, help="Largest regret that passes.")] = 1e-9,
    as_json: AsJson = False,
) -> None:
    """Check a profile, or a certificate again, and say how far it is from a solution.

    A certificate is held to its own concept and epsilon, a profile to those given here.
    Exit code 0: it holds; 1: it does not; 2: bad input.
    """
    from gametheory.certificates import verify as verify_claim
    from gametheory.formats import load_claim

    opened = _open(game, parameters)
    claim = load_claim(profile, opened)
    certificate = verify_claim(opened, claim.profile, claim.concept or concept)
    holds = claim.supported_by(certificate, default_epsilon=Fraction(epsilon))
    if as_json:
        document = {"holds": holds, **certificate.to_document()}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        from gametheory.cli_tables import certificate_table

        verdict = "holds" if holds else "does not hold"
        out().print(Text.assemble((verdict, "bold"), f"  {certificate}"))
        out().print(certificate_table(opened, certificate))
    if not holds:
        raise typer.Exit(NO)


@app.command()
def methods(
    concept: Annotated[
        str | None, typer.Option(help="Only those that find this concept.", show_default=False)
    ] = None,
) -> None:
    """List the algorithms: what each finds, promises and costs."""
    from gametheory.algorithms.registry import algorithms
    from gametheory.cli_tables import method_list
    from gametheory.errors import UnsupportedGame

    found = algorithms(concept=concept)
    if not found:
        known = sorted({c for algorithm in algorithms() for c in algorithm.concepts})
        raise UnsupportedGame(f"unknown concept {concept!r}", valid=f"one of {known}")
    out().print(method_list(found))


@app.command()
def catalog(
    name: Annotated[
        str | None, typer.Argument(help="Show this game alone.", show_default=False)
    ] = None,
    parameters: Parameters = None,
    as_json: AsJson = False,
) -> None:
    """List the named games and the families of games, or show one with what is known of it."""
    from gametheory.cli_tables import catalog_entry, catalog_tables
    from gametheory.games.catalog import catalog as entries
    from gametheory.games.catalog import facts, find, load

    if name is None and parameters:
        raise InvalidGame("parameters without a game", where="--set", hint="name the game first")
    if name is None:
        described = [_entry_document(entry) for entry in entries()]
        shown = catalog_tables(entries())
    else:
        entry, values = find(name), _values(parameters)
        game, known = load(name, **values), facts(name, **values)
        chosen = {**entry.parameters, **values}
        described = [{**_entry_document(entry), "parameters": chosen, "facts": known.to_document()}]
        shown = catalog_entry(entry, game, chosen, known)
    if as_json:
        typer.echo(json.dumps(described))
    else:
        out().print(shown)


@app.command()
def convert(
    game: Game,
    target: Annotated[Path, typer.Argument(help="The .json, .nfg or .efg file to write.")],
    parameters: Parameters = None,
) -> None:
    """Write a game to a file, in the format that its suffix names.

    .nfg files hold games in normal form, .efg files trees, .json files both; all of them exactly.
    """
    from gametheory.formats import save_game

    save_game(_open(game, parameters), target)
    out().print(Text(f"wrote {target}"), soft_wrap=True)


@app.command()
def draw(
    game: Game,
    target: Annotated[Path, typer.Argument(help="The .svg, .html, .png or .pdf file to write.")],
    parameters: Parameters = None,
    concept: Annotated[
        str | None,
        typer.Option(help="Solve for this concept and draw the solution too.", show_default=False),
    ] = None,
    time_limit: Annotated[float | None, typer.Option(min=0.0, help="Seconds to solve.")] = None,
    max_nodes: Annotated[int, typer.Option(min=1, help="Histories of the largest tree.")] = 500,
) -> None:
    """Draw a game: its tree, its payoff table, or what two players can expect together.

    Exit code 0: drawn; 1: drawn, but no solution was found; 2: bad input.

    Trees are drawn as .svg or .html, games in normal form as tables (.html) or, for two players,
    as a picture of payoffs (.png, .svg, .pdf).
    """
    from gametheory.cli_pictures import check_target, draw_game

    opened = _open(game, parameters)
    check_target(opened, target)
    solution = None
    if concept is not None:
        from gametheory.solve import solve as solve_game

        with at_work("solving") as tell:
            solution = solve_game(opened, concept, time_limit=time_limit, callback=tell)
    draw_game(opened, target, solution, max_nodes)
    out().print(Text(f"wrote {target}"), soft_wrap=True)
    if solution is not None and not solution.equilibria:
        error(f"no solution is drawn: {solution.reason or solution.status}", kind="warning")
        if solution.reason == "interrupted":
            raise typer.Exit(INTERRUPTED)
        if solution.status != "infeasible":
            raise typer.Exit(NO)


@app.command()
def simulate(
    game: Annotated[
        str | None,
        typer.Argument(help="A catalog name, or a .json or .nfg file.", show_default=False),
    ] = None,
    dynamic: Annotated[
        str | None, typer.Option(help="Its name, as --list shows it.", show_default=False)
    ] = None,
    parameters: Parameters = None,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="NAME=VALUE",
            help="An option of the dynamic: rounds=1000, start=0.9,0.1;0.5,0.5.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the random numbers.", show_default=False)
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw it: a .png, .svg or .pdf file.", show_default=False)
    ] = None,
    picture: Annotated[
        Literal["gaps", "strategies"],
        typer.Option(help="Gaps and regrets over time, or the way strategies took."),
    ] = "gaps",
    list_all: Annotated[bool, typer.Option("--list", help="List the dynamics instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Follow players who learn, or a population that evolves.

    Ctrl-C ends it and shows what was reached, with exit code 130.
    """
    from gametheory import cli_simulation as simulation

    if list_all:
        from gametheory.dynamics import dynamics

        if as_json:
            typer.echo(json.dumps([simulation.dynamic_document(one) for one in dynamics()]))
        else:
            out().print(simulation.dynamic_list(dynamics()))
        return
    if game is None:
        raise InvalidGame("no game was named", where="GAME", hint="or list dynamics with --list")
    opened = _open(game, parameters)
    chosen = simulation.find_dynamic(dynamic, opened)
    own = simulation.read_options(chosen, opened, _values(options, where="--option"), seed)
    if plot is not None:
        simulation.check_plot(plot, picture, opened)
    try:
        with simulation.heard_interrupts() as heard, at_work("simulating"):
            trace = chosen.run(opened, **own)
    except KeyboardInterrupt:
        error("interrupted before anything was recorded")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        document = simulation.trace_document(opened, chosen, own, trace, interrupted=heard.happened)
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        out().print(simulation.trace_tables(opened, chosen, trace, interrupted=heard.happened))
    if plot is not None:
        simulation.save_plot(plot, picture, opened, trace)
    if heard.happened:
        raise typer.Exit(INTERRUPTED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; leaves with its exit code."""
    run(app, arguments)


def _open(name: str, parameters: Sequence[str] | None) -> Any:
    """Read a game from a file, or find it in the catalog."""
    path = Path(name)
    if path.suffix or path.exists():
        from gametheory.formats import load_game

        if parameters:
            raise InvalidGame(f"the file {name} has no parameters", where="--set")
        return load_game(path)
    from gametheory.games.catalog import load

    return load(name, **_values(parameters))


def _values(parameters: Sequence[str] | None, *, where: str = "--set") -> dict[str, Any]:
    """Read NAME=VALUE pairs, as the catalog's games and the methods take them."""
    values = {}
    for text in parameters or ():
        name, sign, value = text.partition("=")
        if not (sign and name.strip()):
            raise InvalidGame(f"{text!r} is no parameter", where=where, valid="NAME=VALUE")
        values[name.strip().replace("-", "_")] = _value(value.strip())
    return values


def _method_options(options: Sequence[str] | None) -> dict[str, Any]:
    """Read NAME=VALUE pairs of a method, to which decimals and fractions are numbers, exactly."""
    return {name: _number(value) for name, value in _values(options, where="--option").items()}


def _number(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_number, value))
    try:
        return to_fraction(value) if isinstance(value, str) else value
    except ValueError:
        return value  # a word


def _value(text: str) -> Any:
    """Read whole numbers, True and False, and lists with commas; other text is left to the game."""
    if "," in text:
        return tuple(_value(part.strip()) for part in text.split(",") if part.strip())
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if re.fullmatch(r"[-+]?[0-9]{1,30}", text) else text


def _entry_document(entry: CatalogEntry) -> dict[str, Any]:
    """Describe an entry of the catalog, with its default parameters."""
    fields = ("name", "form", "n_players", "citation", "summary", "parameters", "is_random")
    return {field: getattr(entry, field) for field in fields}


def _solution_document(solution: Solution) -> dict[str, Any]:
    """Describe a solution; its certificates hold the profiles and can be verified again."""
    return {
        "format": "gametheory/solution",
        "version": 1,
        "concept": solution.concept,
        "method": solution.method,
        "status": str(solution.status),
        "complete": solution.complete,
        "guarantee": solution.guarantee,
        "reason": solution.reason,
        "iterations": solution.iterations,
        "seconds": solution.seconds,
        "certificates": [one.to_document() for one in solution.certificates],
    }
