"""The command line: marl-bridge check | inspect | extract | exploit | play | train | learners | ...

Commands with many options have files of their own, ``cli_*.py``; they are registered here.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from gametheory.console import INTERRUPTED, NO, ErrorsInWords, error, out, run
from marl_bridge.cli_exploit import exploit
from marl_bridge.cli_extract import extract
from marl_bridge.cli_inputs import (
    AllowCode,
    Kwargs,
    Make,
    NoRecord,
    Policies,
    RecordPath,
    Seed,
    env_kwargs_of,
    learner_options_of,
    policies_of,
)
from marl_bridge.cli_leaderboard import leaderboard
from marl_bridge.cli_output import (
    show_inspection,
    show_mapping,
    show_play,
    show_report,
    show_reports,
    with_command,
    write_html_file,
)
from marl_bridge.cli_positions import check_positions, solve_position
from marl_bridge.cli_progress import progress_bar
from marl_bridge.cli_tournament import tournament
from marl_bridge.plain_data import plain

__all__ = ["app", "main"]

app = typer.Typer(
    cls=ErrorsInWords,
    help="Hold trained policies against the theoretical optimum of a PettingZoo environment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress bars.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Neither look up nor keep the extracted game on disk.")
]


TimeLimit = Annotated[
    float, typer.Option(min=0.0, help="Seconds after which the extraction is given up.")
]


@app.command()
def check(
    make: Make,
    policy: Policies = None,
    learner: Annotated[
        str | None, typer.Option(help="Train this learner first and check what it learned.")
    ] = None,
    train_episodes: Annotated[
        int | None, typer.Option(min=1, help="Training episodes; the learner's own number if none.")
    ] = None,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes to play.")] = 2000,
    confidence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Confidence of each interval.")
    ] = 0.95,
    seed: Seed = 0,
    env_kwargs: Kwargs = "{}",
    time_limit: TimeLimit = 60.0,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write the report to this file too.")] = None,
    max_nash_conv: Annotated[
        float | None,
        typer.Option(
            "--max-nash-conv",
            "--max-nashconv",
            min=0.0,
            help="Exit with 1 unless NashConv is certified to be at most this.",
        ),
    ] = None,
    learn: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Seconds that a best response learns, for each agent.  [default: 10 where the "
            "exact one is not known, else 0]",
            show_default=False,
        ),
    ] = None,
    no_cache: NoCache = False,
    allow_code: AllowCode = False,
    record: RecordPath = None,
    no_record: NoRecord = False,
    quiet: Quiet = False,
) -> None:
    """Hold policies against the theoretical optimum."""
    from marl_bridge.check import check as check_policies
    from marl_bridge.policies.specs import policy_names
    from marl_bridge.records import record_check, require_usable

    if learner and policy:
        raise typer.BadParameter("give --policy or --learner, not both")
    if train_episodes and not learner:
        raise typer.BadParameter("--train-episodes needs --learner")
    kwargs, hidden, interrupted = env_kwargs_of(env_kwargs), quiet or as_json, False
    kept_in = None if no_record else require_usable(record)
    if learner:
        training = _train(make, learner, train_episodes, seed, kwargs, hidden=hidden)
        chosen, interrupted = training.policies, training.interrupted
        names = dict.fromkeys(chosen, learner)
    else:
        specs = policy or ["random"]
        chosen = policies_of(make, specs, kwargs, allow_code=allow_code)
        names = policy_names(specs, tuple(chosen))
    with progress_bar(f"checking {make}", hidden=hidden) as progress:
        report = check_policies(
            make,
            chosen,
            episodes=episodes,
            confidence=confidence,
            seed=seed,
            env_kwargs=kwargs,
            time_limit=time_limit,
            learn=learn,
            cache=not no_cache,
            progress=progress,
        )
    report = with_command(report)
    if kept_in is not None:
        record_check(report, kept_in, policies=chosen, names=names, bounds=report.bounds)
    show_reports([report], as_json=as_json, html=html)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if max_nash_conv is not None and not _within(report.certified_nash_conv, max_nash_conv):
        known = report.certified_nash_conv
        told = "no bound on NashConv is certified" if known is None else f"NashConv is {known}"
        error(f"{told}, so it is not known to be at most {max_nash_conv}")
        raise typer.Exit(NO)


def _within(nash_conv: float | None, limit: float) -> bool:
    return nash_conv is not None and nash_conv <= limit


@app.command()
def inspect(
    make: Make,
    episodes: Annotated[int, typer.Option(min=1, help="Random episodes to play.")] = 20,
    seed: Seed = 0,
    env_kwargs: Kwargs = "{}",
    time_limit: Annotated[float, typer.Option(min=0.1, help="Seconds to spend, roughly.")] = 12.0,
    as_json: AsJson = False,
) -> None:
    """Say what an environment promises, how large its tree is, and what can be known of it."""
    from marl_bridge.environments.inspection import inspect as look

    show_inspection(
        look(
            make,
            episodes=episodes,
            seed=seed,
            env_kwargs=env_kwargs_of(env_kwargs),
            time_limit=time_limit,
        ),
        as_json=as_json,
    )


app.command()(extract)
app.command()(exploit)


@app.command()
def play(
    make: Make,
    policy: Policies = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many steps altogether.")
    ] = None,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes to play.")] = 1,
    seed: Seed = 0,
    env_kwargs: Kwargs = "{}",
    render: Annotated[
        Literal["human", "rgb_array", "none"], typer.Option(help="How to draw.")
    ] = "none",
    save: Annotated[
        str | None, typer.Option(metavar="PATH", help="x.gif, 'folder/*.png' or a folder.")
    ] = None,
    allow_code: AllowCode = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Play episodes, draw them, and say what happened."""
    from marl_bridge.playing import play as play_episodes

    kwargs = env_kwargs_of(env_kwargs)
    chosen = policies_of(make, policy or ["random"], kwargs, allow_code=allow_code)
    with progress_bar(f"playing {make}", hidden=quiet or as_json) as progress:
        played = play_episodes(
            make,
            chosen,
            steps=steps,
            episodes=episodes,
            seed=seed,
            env_kwargs=kwargs,
            render=render,
            save=save,
            progress=progress,
        )
    if as_json:
        typer.echo(json.dumps(plain(played), indent=2))
    else:
        show_play(played)
    if played.interrupted:
        raise typer.Exit(INTERRUPTED)


@app.command()
def train(
    make: Make,
    save: Annotated[
        Path, typer.Option(help="The folder for one table per agent.", show_default=False)
    ],
    learner: Annotated[str, typer.Option(help="As listed by 'learners'.")] = "independent-q",
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Training episodes; the learner's own number if none.")
    ] = None,
    seed: Seed = 0,
    env_kwargs: Kwargs = "{}",
    options: Annotated[
        str, typer.Option(metavar="JSON", help="The learner's own parameters.")
    ] = "{}",
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="A file that a killed training goes on from.", show_default=False),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="End after about so long.", show_default=False)
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train every agent by self-play and save the policies."""
    from marl_bridge.policies.specs import save_policies

    kwargs, own = env_kwargs_of(env_kwargs), learner_options_of(options)
    _require_folder(save)
    training = _train(
        make,
        learner,
        episodes,
        seed,
        kwargs,
        hidden=quiet,
        checkpoint=checkpoint,
        seconds=seconds,
        **own,
    )
    for path in save_policies(training.policies, save):
        out().print(Text(f"wrote {path}"), soft_wrap=True)
    out().print(Text(f"{training.episodes:,} episodes by {training.learner}"))
    if training.interrupted:
        raise typer.Exit(INTERRUPTED)


@app.command()
def learners(as_json: AsJson = False) -> None:
    """List the learners, with what theory promises about each."""
    from marl_bridge.learners.registry import learners as registered

    names = ("name", "also", "default_episodes", "promise", "source", "extra")
    known = [{name: getattr(learner, name) for name in names} for learner in registered()]
    if as_json:
        typer.echo(json.dumps(known, indent=2))
        return
    for learner in known:
        out().print(Text(str(learner.pop("name")), style="bold"))
        learner["also"] = ", ".join(learner["also"])
        for empty in [name for name, value in learner.items() if value == ""]:
            del learner[empty]
        show_mapping(learner, as_json=False)


@app.command()
def demo(
    html: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("report.html"),
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Training episodes; the learner's own number if none.")
    ] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Train on two environments and hold the policies against the optimum."""
    from marl_bridge.demo import demonstrate

    reports = []
    shown = demonstrate(
        lambda label: progress_bar(label, hidden=quiet), seed=seed, episodes=episodes
    )
    try:
        for report in shown:
            reports.append(with_command(report))
            show_report(report)
            out().print()
    except KeyboardInterrupt:
        error("interrupted", kind="note")
        write_html_file(reports, html)
        raise typer.Exit(INTERRUPTED) from None
    write_html_file(reports, html)


app.command("solve-position")(solve_position)
app.command("check-positions")(check_positions)
app.command()(tournament)
app.command()(leaderboard)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; leaves with its exit code."""
    run(app, arguments)


def _require_folder(path: Path) -> None:
    """Make sure, before the training and not after it, that a folder can be made."""
    there = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    if not os.access(there, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))


def _train(
    make: str,
    learner: str,
    episodes: int | None,
    seed: int,
    kwargs: Mapping[str, Any],
    *,
    hidden: bool,
    **options: Any,
) -> Any:
    from marl_bridge.learners import train as train_agents

    with progress_bar(f"training on {make}", hidden=hidden) as progress:
        training = train_agents(
            make,
            learner,
            episodes=episodes,
            seed=seed,
            env_kwargs=kwargs,
            progress=progress,
            **options,
        )
    if training.interrupted:
        error(f"training ended after {training.episodes:,} episodes", kind="note")
    return training
