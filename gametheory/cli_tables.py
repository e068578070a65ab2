"""How games, profiles and solutions look in the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from operator import getitem
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gametheory.algorithms.registry import Algorithm
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog import CatalogEntry, KnownFacts
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.elimination import IteratedElimination
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.solution import Certificate, Solution

__all__ = [
    "catalog_entry",
    "catalog_tables",
    "certificate_table",
    "method_list",
    "probability",
    "solution_tables",
]

_EQUILIBRIA = (
    "nash",
    "pure-nash",
    "logit-qre",
    "agent-logit-qre",
    "subgame-perfect",
    "correlated",
    "coarse-correlated",
)
FACTS = 4  # known equilibria of a game of the catalog that are shown
ROWS = 30  # information sets that are shown before they are only counted
SHOWN = 20  # equilibria that are shown before they are only counted


def probability(p: Any) -> str:
    """Write an exact number so that it can be read: 1/3, or 0.123457 where it is no short one.

    Examples
    --------
    >>> probability(Fraction(1, 3)), probability(Fraction(2)), probability(Fraction(0.1))
    ('1/3', '2', '0.1')
    """
    exact = Fraction(p)
    return str(exact) if exact.denominator < 10**6 else f"{float(exact):.6g}"


def solution_tables(game: Any, solution: Solution) -> Group:
    """Show every equilibrium with its payoffs and its certificate."""
    count = len(solution.equilibria)
    found = f"{count} found" + (", no others exist" if solution.complete and count else "")
    status = str(solution.status).replace("_", " ")
    parts: list[RenderableType] = [
        Text.assemble(
            (solution.concept, "bold"), f" by {solution.method}: ", (status, "bold"), f", {found}"
        )
    ]
    if solution.reason:
        parts.append(Text(solution.reason))
    if any(not component.is_point for component in solution.components):
        parts += [Text("components, each point of which is an equilibrium:")]
        parts += [Text(f"  {component}") for component in solution.components[:SHOWN]]
        hidden = len(solution.components) - SHOWN
        parts += [Text(f"  ... and {hidden:,} more components")] if hidden > 0 else []
    one = "equilibrium" if solution.concept in _EQUILIBRIA else "solution"
    pairs = zip(solution.equilibria, solution.certificates, strict=True)
    for number, (profile, certificate) in enumerate(pairs, 1):
        if number > SHOWN:
            parts.append(Text(f"... and {count - SHOWN:,} more; --json shows all of them"))
            break
        title = f"{one} {number} of {count}" if count > 1 else one
        if solution.indices and solution.indices[number - 1] is not None:
            title += f", index {solution.indices[number - 1]:+d}"
        parts += [Text(""), Text.assemble((title, "bold"), f"  {certificate}")]
        parts.append(_profile_table(game, profile, certificate))
    return Group(*parts)


def certificate_table(game: Any, certificate: Certificate) -> Table:
    """Show each player's expected payoff and regret."""
    if not certificate.payoffs:  # of what is left of a game there are none
        return Table(box=None)
    table = _table("player", "expected payoff", "player regret")
    for player, payoff, regret in zip(
        game.players, certificate.payoffs, certificate.regrets, strict=True
    ):
        _add(table, player, probability(payoff), probability(regret))
    return table


def method_list(methods: Iterable[Algorithm]) -> Group:
    """List the algorithms, each with what it promises, what it takes and who published it."""
    parts: list[RenderableType] = []
    for method in methods:
        how_many = "all" if method.finds == "all" else "one"
        solves = f"  finds {how_many} ({', '.join(method.concepts)}); takes {method.form.__name__}"
        parts.append(Text.assemble((method.name, "bold"), solves))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
        for name in ("guarantee", "cost", "source"):
            _add(table, f"  {name}", getattr(method, name))
        parts += [table, Text("")]
    return Group(*parts)


def catalog_tables(entries: Iterable[CatalogEntry]) -> Group:
    """List single games, and the families that parameters choose a game from."""
    games = _table("game", "form", "players", "what it shows")
    families = _table("family", "form", "players", "what it shows")
    for table in (games, families):
        table.columns[0].no_wrap = True  # a name is there to be copied
    for entry in entries:
        form = entry.form.removesuffix(" form")
        cells = entry.name, form, str(entry.n_players), entry.summary
        _add(families if entry.is_family else games, *cells)
    hint = "A family's parameters: gametheory catalog NAME --set n_players=3 --set seed=7"
    return Group(games, families, Text(hint))


def catalog_entry(
    entry: CatalogEntry, game: Any, parameters: Mapping[str, Any], facts: KnownFacts
) -> Group:
    """Show one game with its source, what is known of it and, in normal form, its payoffs."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    _add(table, "form", f"{entry.form}, {game.n_players} players")
    _add(table, "shows", entry.summary)
    _add(table, "source", entry.citation)
    if parameters:
        _add(table, "parameters", ", ".join(f"{name}={x}" for name, x in parameters.items()))
    for source in dict.fromkeys(facts.sources[name] for name in facts.stated):
        alike = (name for name in facts.stated if facts.sources[name] == source)
        known = "; ".join(_fact(game, facts, name) for name in alike)
        _add(table, "known", f"{known}\n({source})")
    return Group(Text(entry.name, style="bold"), table, Text(""), Text(str(game), no_wrap=True))


def _fact(game: Any, facts: KnownFacts, name: str) -> str:
    """Write one known fact in words."""
    known = getattr(facts, name)
    if name in ("value", "correlated_welfare"):
        what = "value" if name == "value" else "largest welfare of a correlated equilibrium"
        return f"{what} {probability(known)}"
    if name == "n_equilibria":
        return f"{known:,} equilibrium, no other" if known == 1 else f"{known:,} equilibria in all"
    if name == "potential":
        return f"exact potential, {probability(known.min())} to {probability(known.max())}"
    if name == "dominant_actions":
        return "dominant: " + _joint(game, known)
    if name == "pure_equilibria":
        return _some("pure equilibria", [_joint(game, joint) for joint in known])
    return _some("equilibria", known)


def _joint(game: Any, joint_action: Sequence[int | None]) -> str:
    """Write a joint action by its labels."""
    pairs = zip(game.actions, joint_action, strict=True)
    return "(" + ", ".join("none" if k is None else labels[k] for labels, k in pairs) + ")"


def _some(kind: str, known: Sequence[Any]) -> str:
    """Write the first few of what may be many."""
    if not known:
        return f"no {kind}"
    rest = [f"and {len(known) - FACTS:,} more"] if len(known) > FACTS else []
    return f"{kind} " + ", ".join([*map(str, known[:FACTS]), *rest])


def _profile_table(game: Any, profile: Any, certificate: Certificate) -> RenderableType:
    payoffs = [probability(payoff) for payoff in certificate.payoffs]
    if isinstance(profile, BehaviorProfile):
        return _behavior_table(game, profile, payoffs)
    if isinstance(profile, IteratedElimination):
        return _elimination_tables(game, profile)
    if isinstance(profile, CorrelatedDistribution):
        return _joint_table(game, profile, payoffs)
    table = _table("player", "strategy", "payoff")
    rows = zip(game.players, game.actions, profile.exact, payoffs, strict=True)
    for player, actions, strategy, payoff in rows:
        _add(table, player, _mixture(actions, strategy), payoff)
    return table


def _joint_table(game: Any, distribution: CorrelatedDistribution, payoffs: Sequence[str]) -> Group:
    """Show which joint actions are recommended how often."""
    table = _table(*game.players, "probability")
    for joint, p in list(distribution.exact.items())[:ROWS]:
        _add(table, *map(getitem, game.actions, joint), probability(p))
    pairs = zip(game.players, payoffs, strict=True)
    parts: list[RenderableType] = [
        Text("payoffs: " + ", ".join(f"{player} {payoff}" for player, payoff in pairs)),
        table,
    ]
    rest = len(distribution.support) - ROWS
    if rest > 0:
        parts.append(Text(f"... and {rest:,} more joint actions; --json shows all of them"))
    return Group(*parts)


def _elimination_tables(game: Any, claim: IteratedElimination) -> Group:
    """Show what is left, and round by round what went and what dominates it."""
    left = _table("player", "actions left")
    for player, actions in enumerate(claim.actions):
        _add(left, game.players[player], ", ".join(game.actions[player][a] for a in actions))
    if not claim.eliminations:
        return Group(left)
    gone = _table("round", "player", "action eliminated", "dominated by")
    for one in claim.eliminations[:ROWS]:
        own = game.actions[one.player]
        _add(
            gone,
            str(one.round),
            game.players[one.player],
            own[one.action],
            _mixture(own, one.witness),
        )
    parts: list[RenderableType] = [left, gone]
    rest = len(claim.eliminations) - ROWS
    if rest > 0:
        parts.append(Text(f"... and {rest:,} more eliminations; --json shows all of them"))
    return Group(*parts)


def _behavior_table(
    game: ExtensiveFormGame, profile: BehaviorProfile, payoffs: Sequence[str]
) -> Group:
    table = _table("player", "information set", "behavior")
    exact = profile.exact
    for infoset in game.information_sets[:ROWS]:
        low, high = game.action_offsets[infoset.index : infoset.index + 2]
        behavior = _mixture(infoset.actions, exact[low:high].tolist())
        _add(table, game.players[infoset.player], infoset.label, behavior)
    pairs = zip(game.players, payoffs, strict=True)
    parts: list[RenderableType] = [
        Text("payoffs: " + ", ".join(f"{player} {payoff}" for player, payoff in pairs)),
        table,
    ]
    if len(game.information_sets) > ROWS:
        rest = len(game.information_sets) - ROWS
        parts.append(Text(f"... and {rest:,} more information sets; --json shows all of them"))
    return Group(*parts)


def _mixture(actions: Sequence[str], strategy: Sequence[Any]) -> str:
    """Write a strategy by its support: "Rock 1/3, Paper 1/3, Scissors 1/3"; a sure action bare."""
    played = [(action, p) for action, p in zip(actions, strategy, strict=True) if p]
    if len(played) == 1:
        return played[0][0]
    return ", ".join(f"{action} {probability(p)}" for action, p in played)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))  # Text: a label is no markup
