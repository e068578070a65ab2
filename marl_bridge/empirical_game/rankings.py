"""Rankings of policies from an empirical game, each with how sure it is.

Scores come from the means. Their intervals are percentiles over tables that are drawn again from
the episodes (a bootstrap): a heuristic, which shows how far a score depends on luck. What the
payoffs' own intervals prove is told apart:

- average: the order of average payoffs, wherever the intervals of the averages are apart;
- alpha-rank: without a limit of selection it depends only on which of two payoffs is larger, so
  that it is certain once these are all decided: Rowland et al. (2019), "Multiagent evaluation
  under incomplete information", NeurIPS;
- Nash averaging: the value of the game, between the values of the tables of all lower and of all
  upper ends;
- Elo: with as many games between each two policies its order is that of average scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from marl_bridge.arguments import require_counts, require_seed
from marl_bridge.figures import Figure

if TYPE_CHECKING:
    from marl_bridge.empirical_game.record import EmpiricalGame

__all__ = ["Ranking", "Rankings", "rank"]

Floats = NDArray[np.float64]
METHODS = ("average", "alpha-rank", "nash-averaging", "elo")
_MOST_OUTCOMES = 1000  # of a cell that a bootstrap draws from
_TIE = 1e-9
_TWO = 2


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Policies in order.

    Attributes
    ----------
    method : {"average", "alpha-rank", "nash-averaging", "elo"}
    player : str
        Whose policies; "all" where the players share them.
    names : tuple of str
        Of the policies.
    scores : tuple of Figure
        Of each; how its interval was found is its ``method``.
    order : tuple of tuple of str
        From the best to the worst; what ties is together.
    first : tuple of float
        How often each was the best, or one of them, in the tables that were drawn again.
    proven : tuple of (str, str)
        The first of each pair is ahead of the second with the table's confidence.
    certain : bool
        Whether the whole order is proven.
    note : str
    """

    method: str
    player: str
    names: tuple[str, ...]
    scores: tuple[Figure, ...]
    order: tuple[tuple[str, ...], ...]
    first: tuple[float, ...]
    proven: tuple[tuple[str, str], ...]
    certain: bool
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Rankings:
    """All rankings of a table.

    Attributes
    ----------
    rankings : tuple of Ranking
    refused : mapping of str to str
        Why a method does not apply.
    value : Figure or None
        Of a two-player zero-sum game, what the first player can be sure of in the true game.
    replicates : int
        Number of tables that were drawn again.
    """

    rankings: tuple[Ranking, ...]
    refused: dict[str, str]
    value: Figure | None
    replicates: int

    def of(self, method: str, player: str | None = None) -> Ranking:
        """Return one ranking, the first of the method if no player is named.

        Raises
        ------
        UnsupportedGame
            If there is none; it says why.
        """
        for ranking in self.rankings:
            if ranking.method == method and player in (None, ranking.player):
                return ranking
        raise UnsupportedGame(
            self.refused.get(method, f"no ranking {method!r} of {player!r}"),
            where="rankings",
            valid=f"one of {sorted({(one.method, one.player) for one in self.rankings})}",
        )


@dataclass(frozen=True, slots=True)
class _Scored:
    """The scores of some policies, by one method, on one table of payoffs."""

    player: str
    names: tuple[str, ...]
    scores: Floats


_Scorer = Callable[["EmpiricalGame", NormalFormGame], list[_Scored]]


def rank(
    table: EmpiricalGame,
    *,
    methods: Sequence[str] = METHODS,
    replicates: int = 100,
    seed: int = 0,
) -> Rankings:
    """Rank the policies of a table.

    Parameters
    ----------
    table : EmpiricalGame
        Complete.
    methods : sequence of {"average", "alpha-rank", "nash-averaging", "elo"}
        "average" is the payoff against opponents that choose every policy equally often.
    replicates : int
        Number of tables to draw again; 0 for none.
    seed : int
        Of the drawing.

    Returns
    -------
    Rankings

    Raises
    ------
    UnsupportedGame
        If payoffs are missing or there is no such method.

    Examples
    --------
    >>> from marl_bridge.empirical_game import payoff_tensor
    >>> rock, paper = (lambda seen, mask, k=k: k for k in (0, 1))
    >>> table = payoff_tensor("classic/rps-v2", {"rock": rock, "paper": paper}, symmetric=True,
    ...     env_kwargs={"max_cycles": 1}, ranges=(-1, 1), episodes=50)
    >>> result = rank(table, methods=["average", "alpha-rank"], replicates=20)
    >>> result.of("average").order, result.of("alpha-rank").certain
    ((('paper',), ('rock',)), True)
    """
    unknown = [method for method in methods if method not in _SCORERS]
    if unknown:
        raise UnsupportedGame(
            f"unknown ranking {unknown[0]!r}", where="methods", valid=f"some of {METHODS}"
        )
    require_seed(seed)
    require_counts(0, replicates=replicates)
    game = table.game
    refused: dict[str, str] = {}
    scored: dict[str, list[_Scored]] = {}
    for method in methods:
        try:
            scored[method] = _SCORERS[method](table, game)
        except GameTheoryError as error:
            refused[method] = error.what
    drawn = _replicates(table, scored, replicates, seed)
    rankings = tuple(
        _ranking(table, method, place, one, drawn[method])
        for method, found in scored.items()
        for place, one in enumerate(found)
    )
    return Rankings(rankings, refused, _value(table), replicates)


def _is_symmetric(table: EmpiricalGame) -> bool:
    """Whether all players have one role, so that policies are ranked once for all."""
    return len(set(table.layout.role_of)) == 1 and len(table.players) > 1


def _average(table: EmpiricalGame, game: NormalFormGame) -> list[_Scored]:
    return [
        _Scored(who, table.names[player], _mean_of_rows(game.payoffs[player], player))
        for player, who in _ranked_players(table)
    ]


def _mean_of_rows(payoffs: Floats, player: int) -> Floats:
    rows = np.moveaxis(payoffs, player, 0)
    return np.asarray(rows.reshape(len(rows), -1).mean(axis=1))


def _ranked_players(table: EmpiricalGame) -> list[tuple[int, str]]:
    return [(0, "all")] if _is_symmetric(table) else list(enumerate(table.players))


def _alpha_rank(table: EmpiricalGame, game: NormalFormGame) -> list[_Scored]:
    from gametheory.evaluation import alpha_rank

    if _is_symmetric(table) and len(table.players) == _TWO:
        found = alpha_rank(game, populations="one")
    else:
        found = alpha_rank(game)
    return [
        _Scored(who, table.names[player], found.action_masses[player])
        for player, who in _ranked_players(table)
    ]


def _nash_averaging(table: EmpiricalGame, game: NormalFormGame) -> list[_Scored]:
    from gametheory.evaluation import nash_averaging

    if len(table.players) == _TWO and _is_symmetric(table):
        return [_Scored("all", table.names[0], nash_averaging(game).ratings)]
    found = nash_averaging(game, against="tasks")
    return [
        _Scored(table.players[0], table.names[0], found.ratings),
        _Scored(table.players[1], table.names[1], found.task_ratings),
    ]


def _elo(table: EmpiricalGame, game: NormalFormGame) -> list[_Scored]:
    from gametheory.evaluation.elo import elo_ratings

    if len(table.players) != _TWO:
        raise UnsupportedGame("Elo rates games of two players")
    low, high = (table.ranges[table.layout.role_of[0]] or (0.0, 0.0)) if table.ranges else (0, 0)
    if not high > low:
        raise UnsupportedGame("Elo needs declared ranges, to tell a win from a loss")
    # The score of a game: 0 at the low end of the range and 1 at the high one.
    scores = np.clip((game.payoffs[0] - low) / (high - low), 0.0, 1.0)
    counts = table.counts[0]
    if _is_symmetric(table):
        wins = counts * scores
        np.fill_diagonal(wins, 0.0)
        return [_Scored("all", table.names[0], elo_ratings(wins, prior=1.0).ratings)]
    first = len(scores)
    wins = np.zeros((sum(scores.shape),) * 2)
    wins[:first, first:] = counts * scores
    wins[first:, :first] = (counts * (1.0 - scores)).T
    prior = wins + wins.T > 0  # drawn games only where there are games
    ratings = elo_ratings(wins + prior / 2.0).ratings
    return [
        _Scored(table.players[0], table.names[0], ratings[:first]),
        _Scored(table.players[1], table.names[1], ratings[first:]),
    ]


_SCORERS: dict[str, _Scorer] = {
    "average": _average,
    "alpha-rank": _alpha_rank,
    "nash-averaging": _nash_averaging,
    "elo": _elo,
}


def _replicates(
    table: EmpiricalGame, scored: dict[str, list[_Scored]], number: int, seed: int
) -> dict[str, list[list[Floats]]]:
    """Score tables that are drawn again: by method, ranking and table."""
    drawn: dict[str, list[list[Floats]]] = {
        method: [[] for _ in found] for method, found in scored.items()
    }
    outcomes = [_outcomes(returns) for returns in table.samples.returns]
    for stream in np.random.SeedSequence(seed).spawn(number):
        game = _drawn_again(table, outcomes, np.random.default_rng(stream))
        for method, lists in drawn.items():
            try:
                found = _SCORERS[method](table, game)
            except GameTheoryError:
                continue  # such as an average over a game that came out no longer symmetric
            for place, one in enumerate(found):
                lists[place].append(one.scores)
    return drawn


def _outcomes(returns: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return the different outcomes of a cell and how often each came; blocks if too many."""
    values, counts = np.unique(returns, axis=1, return_counts=True)
    if values.shape[1] <= _MOST_OUTCOMES:
        return values, counts
    blocks = np.array_split(returns, _MOST_OUTCOMES, axis=1)
    means = np.stack([block.mean(axis=1) for block in blocks], axis=1)
    return means, np.array([block.shape[1] for block in blocks])


def _drawn_again(
    table: EmpiricalGame,
    outcomes: Sequence[tuple[Floats, NDArray[np.int64]]],
    rng: np.random.Generator,
) -> NormalFormGame:
    means = np.zeros((len(outcomes), 1 + int(table.layout.group_of.max())))
    for cell, (values, counts) in enumerate(outcomes):
        total = int(counts.sum())
        if values.shape[1] == total or values.shape[1] < _MOST_OUTCOMES:
            weights = rng.multinomial(total, counts / total)
        else:
            weights = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)))
        for group, row in enumerate(values):
            # One row at a time: the sum of the negative returns is the negative sum, exactly, and
            # a zero-sum game stays one.
            means[cell, group] = (row * weights).sum() / weights.sum()
    payoffs = means[table.layout.cell_of, table.layout.group_of]
    return NormalFormGame(payoffs, players=table.players, actions=table.names)


def _ranking(
    table: EmpiricalGame, method: str, place: int, scored: _Scored, drawn: list[list[Floats]]
) -> Ranking:
    names, scores = scored.names, scored.scores
    tables = np.array(drawn[place]).reshape(-1, len(names))
    player, _ = _ranked_players(table)[place]
    if method == "average":
        lower = _mean_of_rows(table.lower[player], player)
        upper = _mean_of_rows(table.upper[player], player)
        how, note = table.method, ""
    else:
        how, note = "bootstrap", "heuristic interval"
        tail = 50.0 * (1.0 - table.confidence)
        if len(tables):
            lower, upper = np.percentile(tables, [tail, 100.0 - tail], axis=0)
            lower, upper = np.minimum(lower, scores), np.maximum(upper, scores)
        else:
            lower, upper = np.full(len(names), -np.inf), np.full(len(names), np.inf)
    order = _order(scores)
    proven, certain, words = _proof(table, method, player, order)
    return Ranking(
        method=method,
        player=scored.player,
        names=names,
        scores=tuple(
            Figure(
                float(score),
                float(low),
                float(high),
                table.confidence,
                "estimate",
                how,
                table.episodes,
                note,
            )
            for score, low, high in zip(scores, lower, upper, strict=True)
        ),
        order=tuple(tuple(names[k] for k in part) for part in order),
        first=_first(tables),
        proven=tuple((names[a], names[b]) for a, b in proven),
        certain=certain,
        note=words,
    )


def _order(scores: Floats) -> list[list[int]]:
    order = np.argsort(-scores, kind="stable")
    scale = max(float(np.ptp(scores)), float(np.abs(scores).max()), 1e-300)
    cuts = np.flatnonzero(-np.diff(scores[order]) > _TIE * scale) + 1
    return [sorted(part.tolist()) for part in np.split(order, cuts)]


def _first(tables: Floats) -> tuple[float, ...]:
    if not len(tables):
        return (math.nan,) * int(tables.shape[1])
    best = tables.max(axis=1, keepdims=True)
    scale = np.maximum(np.abs(best), np.ptp(tables, axis=1, keepdims=True))
    shares = (tables >= best - _TIE * scale).mean(axis=0)
    return tuple(map(float, shares))


def _proof(
    table: EmpiricalGame, method: str, player: int, order: list[list[int]]
) -> tuple[list[tuple[int, int]], bool, str]:
    """List the pairs whose order is proven, say if all of it is, and what to know besides."""
    if not table.certified:
        return [], False, "nothing is proven: no bounds on the returns are known"
    balanced = method == "elo" and _is_symmetric(table) and np.ptp(table.counts) == 0
    if method == "average" or balanced:
        proven = _ahead(table, player, without_itself=balanced)
        certain = len(order) == len(table.names[player]) and all(
            (one[0], other[0]) in proven for one, other in pairwise(order)
        )
        return proven, certain, ""
    if method == "alpha-rank":
        undecided = _undecided(table)
        words = f"{undecided} comparisons of payoffs are not decided" if undecided else ""
        if undecided:
            return [], False, words
        pairs = [
            (a, b)
            for k, part in enumerate(order)
            for later in order[k + 1 :]
            for a in part
            for b in later
        ]
        return pairs, True, "all comparisons of payoffs are decided, and the scores with them"
    return [], False, "its order is not proven by intervals of payoffs"


def _ahead(table: EmpiricalGame, player: int, *, without_itself: bool) -> list[tuple[int, int]]:
    """List pairs whose averages are apart, whatever the payoffs are within their intervals."""
    size = len(table.names[player])
    lower = np.moveaxis(table.lower[player], player, 0).reshape(size, -1)
    upper = np.moveaxis(table.upper[player], player, 0).reshape(size, -1)
    if without_itself:
        # Scores of games against itself do not count; its average with all others is compared.
        keep = ~np.eye(size, dtype=bool)
        lower, upper = (np.where(keep, ends, 0.0) for ends in (lower, upper))
    low, high = lower.sum(axis=1), upper.sum(axis=1)
    slack = 1e-12 * (1.0 + np.abs(lower).sum() + np.abs(upper).sum())
    return [(a, b) for a in range(size) for b in range(size) if a != b and low[a] > high[b] + slack]


def _undecided(table: EmpiricalGame) -> int:
    """Count the comparisons alpha-rank makes whose sign the intervals leave open.

    Two payoffs that are one cell's and one group's are equal for certain.
    """
    total = 0
    one_population = _is_symmetric(table) and len(table.players) == _TWO
    for player in range(1 if one_population else len(table.players)):
        low, high, cell, group = (
            np.moveaxis(array[player], player, 0)
            for array in (table.lower, table.upper, table.layout.cell_of, table.layout.group_of)
        )
        for a in range(len(low)):
            for b in range(a + 1, len(low)):
                if one_population:  # whom it meets is whom it is compared with
                    open_ = low[a, b] <= high[b, a] and low[b, a] <= high[a, b]
                    total += int(open_)
                    continue
                overlap = (low[a] <= high[b]) & (low[b] <= high[a])
                same = (cell[a] == cell[b]) & (group[a] == group[b])
                total += int((overlap & ~same).sum())
    return total


def _value(table: EmpiricalGame) -> Figure | None:
    """Bound the value of a zero-sum game: it rises with every payoff of the first player."""
    from gametheory.solve import solve

    if len(table.players) != _TWO or not table.game.is_zero_sum():
        return None
    # What the second player earns bounds what the first one does, too.
    lower = np.maximum(table.lower[0], -table.upper[1])
    upper = np.minimum(table.upper[0], -table.lower[1])
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        return None
    ends: list[Any] = [
        solve(NormalFormGame.zero_sum(matrix), "maxmin") for matrix in (lower, upper)
    ]
    middle = solve(table.game, "maxmin")
    slack = [float(end.epsilon) for end in ends]
    return Figure(
        float(middle.payoffs[0]),
        float(ends[0].payoffs[0]) - slack[0],
        float(ends[1].payoffs[0]) + slack[1],
        table.confidence,
        "estimate",
        table.method,
        table.episodes,
        "" if table.certified else "heuristic interval",
    )
