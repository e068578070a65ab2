"""The study as one HTML file that asks nothing of the network."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from gametheory.files import write_atomically
from marl_bridge.reports.page_head import page_head
from marl_bridge.reports.words import number

from .budgets import FAMILIES
from .games import studied
from .measures import CONVERGENCE, TOLERANCE
from .summary import Cell, Study
from .tables import LETTERS, MARKS

__all__ = ["to_document", "write_page"]

_ROUNDING = 1e-12  # what is not told from zero
TITLE = "Learners against equilibria"

LEAD = "What every learner learns in every game, and how far that is from what theory\nsays."

STYLE = """
.mb main { max-width: 76rem; }
.mb .scroll { overflow-x: auto; }
.mb .grid-table { font-size: .85rem; }
.mb .grid-table th, .mb .grid-table td { padding: .3rem .35rem; text-align: center; }
.mb .grid-table thead th { vertical-align: bottom; }
.mb .grid-table thead th span { writing-mode: vertical-rl; transform: rotate(180deg); }
.mb .grid-table tbody th { text-align: left; white-space: nowrap; font-weight: 500; }
.mb .grid-table tr.family th { color: var(--soft); font-size: .8rem; padding-top: .8rem; }
.mb .grid-table td { border: 2px solid var(--card); border-radius: 6px; min-width: 2.6rem; }
.mb .grid-table td small { color: var(--ink); }
.mb .nash { background: color-mix(in srgb, var(--blue) 42%, var(--card)); }
.mb .average { background: color-mix(in srgb, var(--blue) 24%, var(--card)); }
.mb .payoffs { background: color-mix(in srgb, var(--blue) 11%, var(--card)); }
.mb .no-regret { background: color-mix(in srgb, var(--orange) 14%, var(--card)); }
.mb .none { background: color-mix(in srgb, var(--orange) 34%, var(--card)); }
.mb .refused { color: var(--soft); }
.mb .broken { outline: 3px solid var(--red); font-weight: 700; }
.mb .keys { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; margin: .8rem 0 0; }
.mb .keys li { list-style: none; font-size: .88rem; color: var(--soft); }
.mb .keys b { display: inline-block; min-width: 1.6rem; text-align: center; border-radius: 5px;
  color: var(--ink); }
.mb .numbers { font-size: .84rem; }
.mb .numbers th, .mb .numbers td { padding: .28rem .2rem .28rem .7rem; }
.mb .numbers tbody th { white-space: nowrap; font-weight: 500; }
.mb .proofs td:nth-child(2), .mb .proofs th:nth-child(2) { text-align: left; }
.mb .proofs td small { white-space: normal; }
.mb figure img { max-width: 100%; height: auto; background: #fff; border-radius: 8px; }
.mb figcaption { color: var(--soft); font-size: .88rem; margin: .3rem 0 1rem; }
.mb dd.list { font-size: .9rem; }
"""

PICTURES = {
    "curves": "NashConv of the learned policies on the way, the median over the seeds. The line at "
    "zero is an equilibrium, the gray band is what counts as one; dotted lines are proven bounds. "
    "Below the band's upper edge the axis is linear, above it logarithmic.",
    "paths": "The way of the learned policies from the first record to the last, three seeds. "
    "Stars are Nash equilibria.",
    "payoffs": "What distributions over joint actions can pay, the Pareto frontier, Nash and "
    "correlated equilibria, and where learning ended, a mark a seed; equal ends are spread a "
    "little.",
}

WORDS = (
    (
        "Convergence",
        "The strongest of: policies that are nearly a Nash equilibrium in the last quarter of "
        "training; an average over all records that is one; mean payoffs, over the second half, "
        "like those of an equilibrium; no external regret in the last quarter of play. Learners "
        "that return averages (fictitious play, counterfactual regret minimization) reach the "
        f"second kind at best. Zero is up to {TOLERANCE:g} of the game's payoff range.",
    ),
    (
        "Proven, proven in the limit, observed",
        "Proven cells have a theorem with a bound for this many episodes, and the bound was "
        "checked; a broken one would be an error. In the limit: a theorem without one. Everything "
        "else is what these seeds did, and no more.",
    ),
    (
        "NashConv, CE gap, CCE gap",
        "What players gain by the best deviation, added up. NashConv is of the learned policies, "
        "the other two of all joint play while learning, exploration included: by deviations that "
        "may depend on the action that was drawn (CE), or not (CCE). Where play is not recorded "
        "they are those of the policies, which is NashConv.",
    ),
    (
        "Pareto distance and welfare",
        "How much more every player could have at once; and where the sum of payoffs lies between "
        "the worst joint action (0) and the best one (1).",
    ),
    (
        "Returns and payoffs",
        "Returns are what was earned in the last tenth of training, exploration included; payoffs "
        "are what the learned policies earn, exactly.",
    ),
)


def write_page(study: Study, pictures: Mapping[str, Mapping[str, Path]], path: Path) -> Path:
    """Write the page, with the pictures inside."""
    return write_atomically(path, to_document(study, pictures).encode("utf-8"))


def to_document(study: Study, pictures: Mapping[str, Mapping[str, Path]]) -> str:
    """Build the page."""
    style = (files("marl_bridge.reports") / "report.css").read_text(encoding="utf-8") + STYLE
    parts = [page_head(title=TITLE, lead=LEAD, style=style), _overview(study), _proofs(study)]
    parts += [_game(study, game, pictures.get(game, {})) for game in study.games]
    words = "".join(f"<dt>{name}</dt><dd>{text}</dd>\n" for name, text in WORDS)
    parts.append(
        f'<section class="card words">\n<h2>How to read this</h2>\n<dl>\n{words}</dl></section>\n'
    )
    parts.append("</main>\n</body>\n</html>\n")
    return "".join(parts)


def _number(x: float | None) -> str:
    if x is None:
        return "\u2013"
    return number(x if abs(x) > _ROUNDING else 0.0).replace("-", "\u2212")


def _title(game: str) -> str:
    return escape(studied(game).game.title or game.replace("_", " ").capitalize())


def _overview(study: Study) -> str:
    proven = study.marked("proven")
    broken = sum(cell.broken for cell in proven)
    state = "" if study.complete else f" <small>of {study.planned:,}: not complete</small>"
    tiles = [
        ("learners", str(len(study.learners))),
        ("games", str(len(study.games))),
        ("seeds", str(study.size.seeds)),
        ("runs", f"{sum(len(c.runs) for c in study.cells.values()):,}{state}"),
        ("proven bounds that hold", f"{len(proven) - broken} of {len(proven)}"),
    ]
    shown = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>\n" for name, text in tiles)
    skipped = "".join(
        f'<p class="note">{escape(name)} is left out: it {escape(why)}.</p>\n'
        for name, why in study.skipped.items()
    )
    return (
        f'<section class="card">\n<h2>Convergence reached</h2>\n'
        f'<p class="note">Size {study.size.name}, seed {study.root}.</p>\n'
        f'<dl class="tiles">\n{shown}</dl>\n{_keys()}<div class="scroll">{_grid(study)}</div>\n'
        f"{skipped}</section>\n"
    )


def _keys() -> str:
    kinds = "".join(
        f'<li><b class="{kind}">{LETTERS[kind]}</b> {text}</li>'
        for kind, text in CONVERGENCE.items()
    )
    marks = "".join(f"<li><b>{MARKS[m]}</b> {m}</li>" for m in MARKS if MARKS[m])
    rest = '<li><b class="refused">.</b> not applicable</li><li>number: of how many seeds</li>'
    return f'<ul class="keys">{kinds}{marks}{rest}</ul>\n'


def _grid(study: Study) -> str:
    heads = "".join(
        f'<th scope="col"><span><a href="#{game}">{_title(game)}</a></span></th>'
        for game in study.games
    )
    rows, family = [], ""
    for learner in study.learners:
        cells = [study.cells[learner, game] for game in study.games]
        if cells[0].family != family:
            family = cells[0].family
            rows.append(
                f'<tr class="family"><th colspan="{len(cells) + 1}">{FAMILIES[family]}</th></tr>\n'
            )
        shown = "".join(map(_grid_cell, cells))
        rows.append(f'<tr><th scope="row">{escape(learner)}</th>{shown}</tr>\n')
    return (
        f'<table class="grid-table"><thead><tr><th></th>{heads}</tr></thead>\n'
        f"<tbody>\n{''.join(rows)}</tbody></table>"
    )


def _grid_cell(cell: Cell) -> str:
    if not cell.runs:
        return f'<td class="refused" title="{escape(cell.refused)}">.</td>'
    kind = cell.convergence
    counts = ", ".join(f"{CONVERGENCE[k]}: {n}" for k, n in cell.counts().items())
    mark = f" {MARKS[cell.mark]}" if MARKS[cell.mark] else ""
    broken = " broken" if cell.broken else ""
    return (
        f'<td class="{kind}{broken}" title="{escape(counts)}; {cell.mark}">{LETTERS[kind]}'
        f"<small> {cell.counts()[kind]}{mark}</small></td>"
    )


def _proofs(study: Study) -> str:
    """List what was held to a bound, by learner, at the cell that comes closest to it."""
    rows = []
    for learner in study.learners:
        cells = [c for (name, _), c in study.cells.items() if name == learner and c.check]
        groups: dict[str, list[Cell]] = {}
        for cell in cells:
            groups.setdefault(cell.says, []).append(cell)
        for says, group in groups.items():
            closest = max(group, key=_closeness)
            check = closest.check
            assert check is not None
            held = sum(not cell.broken for cell in group)
            rows.append(
                [
                    escape(learner),
                    f"{escape(says)} <small>({escape(group[0].source)})</small>",
                    f"{held} of {len(group)}",
                    _title(closest.game),
                    _number(check.measured),
                    _number(check.bound),
                ]
            )
    if not rows:
        return ""
    heads = ["learner", "what is proven", "games held", "closest in", "measured", "bound"]
    return (
        '<section class="card">\n<h2>Proven bounds</h2>\n<div class="scroll">'
        f"{_table(heads, rows, 'numbers proofs')}</div></section>\n"
    )


def _closeness(cell: Cell) -> float:
    assert cell.check is not None
    return (cell.check.measured - cell.check.bound) / studied(cell.game).scale


def _game(study: Study, name: str, pictures: Mapping[str, Path]) -> str:
    game = studied(name)
    cells = [study.cells[learner, name] for learner in study.learners]
    kinds = "".join(f'<span class="chip">{kind}</span>' for kind in sorted(game.kinds))
    paid = "; ".join(
        "(" + ", ".join(map(_number, payoffs)) + ")" for payoffs in game.equilibrium_payoffs[:6]
    )
    more = len(game.equilibrium_payoffs) - 6
    paid += f"; {more} more" if more > 0 else ""
    shown = "".join(
        f'<figure><img alt="{escape(PICTURES[kind])}" src="{_embedded(path)}">'
        f"<figcaption>{escape(PICTURES[kind])}</figcaption></figure>\n"
        for kind, path in pictures.items()
    )
    reasons: dict[str, list[str]] = {}
    for cell in cells:
        if cell.refused:
            reasons.setdefault(cell.refused, []).append(cell.learner)
    refused = "".join(
        f'<p class="note">Not applicable: {escape(", ".join(names))} ({escape(why)}).</p>\n'
        for why, names in reasons.items()
    )
    return (
        f'<section class="card environment" id="{name}">\n<h2>{_title(name)}</h2>\n{kinds}\n'
        f'<p class="lead">{escape(game.shows[0].upper() + game.shows[1:])}.</p>\n'
        f'<p class="note">Equilibria pay {paid}. Payoff range {_number(game.scale)}.</p>\n'
        f'<div class="scroll">{_numbers([c for c in cells if c.runs])}</div>\n{refused}{shown}'
        "</section>\n"
    )


def _numbers(cells: Sequence[Cell]) -> str:
    heads = [
        "learner", "returns", "payoffs", "NashConv", "of averages", "CE gap", "CCE gap",
        "Pareto distance", "welfare", "convergence", "seeds", "mark",
    ]  # fmt: skip
    measures = (
        "nash_conv",
        "average_nash_conv",
        "ce_gap",
        "cce_gap",
        "pareto_distance",
        "welfare_ratio",
    )
    rows = []
    for cell in cells:
        kind = cell.convergence
        rows.append(
            [
                escape(cell.learner),
                " / ".join(map(_number, cell.means("returns"))),
                " / ".join(map(_number, cell.means("payoffs"))),
                *[_number(cell.median(measure)) for measure in measures],
                f'<span class="{kind}">{kind}</span>',
                f"{cell.counts()[kind]}/{len(cell.runs)}",
                cell.mark + (" (BROKEN)" if cell.broken else ""),
            ]
        )
    return _table(heads, rows, "numbers")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    """Build a table whose cells are HTML already."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>\n'
        for first, *rest in rows
    )
    return (
        f'<table class="{kind}"><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n'
    )


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
