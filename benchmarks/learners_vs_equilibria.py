"""Learners held against equilibria: what each learns in each game, and what theory says of it.

Run with ``python benchmarks/learners_vs_equilibria.py [--quick] [--seed S] [--workers N]
[--learners A,B] [--games A,B] [--out FOLDER]``. Every registered learner plays every game of
``benchmarks/learner_study/games.py`` from 20 seeds (3 with ``--quick``). Results go to
``benchmarks/results/``: a table on the terminal, CSV, JSON, pictures, and ``index.html``, which
needs nothing else. docs/learner_study.md tells how to read them.

Runs are kept one by one: kill it at any moment and run it again, and what is done is not done
again. Ctrl-C writes what there is. Files do not depend on the number of workers.

The exit status is 1 if a bound that is proven does not hold, or a learner fails; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Collection
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from marl_bridge.learners.registry import RegisteredLearner, learners

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent))
from learner_study.budgets import SIZES
from learner_study.cells import Task
from learner_study.games import GAMES
from learner_study.page import write_page
from learner_study.pictures import draw_all
from learner_study.store import Store, fingerprint
from learner_study.summary import Study, gather
from learner_study.tables import legend, to_table, write_csv, write_json, write_markdown
from learner_study.work import Outcome, do


def main(arguments: list[str] | None = None) -> int:
    """Do what is left to do, and write everything."""
    chosen = _parser().parse_args(arguments)
    size = SIZES[chosen.size]
    games = chosen.games.split(",") if chosen.games else list(GAMES)
    wanted, skipped = _wanted(chosen.learners.split(",") if chosen.learners else None)
    _require(games, GAMES, "game")
    started = time.perf_counter()
    console = Console(stderr=True)
    folder = chosen.out / size.name
    store = Store(folder / f"runs-{chosen.seed}-{fingerprint()}.sqlite")
    done = store.done()
    # Seed by seed, so that what is cut short has all cells with fewer seeds.
    tasks = [
        Task(size.name, learner.name, game, chosen.seed, index)
        for index in range(size.seeds)
        for game in games
        for learner in wanted
        if (learner.name, game, index) not in done
    ]
    outcome = _work(tasks, store, chosen.workers, console)
    study = gather(store, size, chosen.seed, learners=wanted, games=games, skipped=skipped)
    store.close()
    worked = time.perf_counter() - started
    write_csv(study, folder)
    write_json(study, folder / "results.json")
    write_markdown(study, folder / "table.md")
    places = folder / "pictures"
    pictures = {} if chosen.no_pictures else draw_all(study, places, workers=chosen.workers)
    page = write_page(study, pictures, folder / "index.html")
    Console().print(to_table(study))
    print(legend(study))
    _say(study, outcome)
    seconds = time.perf_counter() - started
    print(f"{len(tasks)} runs in {worked:.0f} s, everything in {seconds:.0f} s; see {page}")
    if outcome.interrupted:
        return 130
    return 1 if outcome.failures or any(study.broken()) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", choices=list(SIZES), default="standard")
    parser.add_argument("--quick", action="store_const", dest="size", const="quick")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="processes, 2")
    parser.add_argument("--learners", help="names, with commas between; all without it")
    parser.add_argument("--games", help="names, with commas between; all without it")
    parser.add_argument("--no-pictures", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    return parser


def _wanted(names: list[str] | None) -> tuple[list[RegisteredLearner], dict[str, str]]:
    """Choose learners; leave out those whose extra is not installed, and say so."""
    known = {learner.name: learner for learner in learners()}
    if names is not None:
        _require(names, known, "learner")
    chosen = [learner for name, learner in known.items() if names is None or name in names]
    missing = {
        learner.name: f"needs the extra {learner.extra!r}, which is not installed"
        for learner in chosen
        if learner.extra and importlib.util.find_spec(learner.extra) is None
    }
    return [learner for learner in chosen if learner.name not in missing], missing


def _require(names: list[str], known: Collection[str], what: str) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such {what}: {', '.join(unknown)}")


def _work(tasks: list[Task], store: Store, workers: int, console: Console) -> Outcome:
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("runs", total=len(tasks), now="")
        return do(
            tasks,
            store,
            workers=workers,
            report=lambda t: progress.update(bar, advance=1, now=f"{t.learner} in {t.game}"),
        )


def _say(study: Study, outcome: Outcome) -> None:
    for name, why in study.skipped.items():
        print(f"{name} is left out: it {why}")
    for failure in outcome.failures:
        print(f"FAILED: {failure}")
    for cell in study.broken():
        assert cell.check is not None
        print(
            f"BROKEN: {cell.learner} in {cell.game}: {cell.check.what} {cell.check.measured:.6g}, "
            f"proven at most {cell.check.bound:.6g}"
        )
    proven, limit = study.marked("proven"), study.marked("proven in the limit")
    print(
        f"{len(study.learners)} learners, {len(study.games)} games; {len(proven)} cells proven "
        f"with a bound, {sum(not c.broken for c in proven)} hold; {len(limit)} proven in the limit"
    )


if __name__ == "__main__":
    sys.exit(main())
