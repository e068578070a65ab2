"""Learning in rounds, written down plainly: the oracle of the compiled kernels.

Payoffs are the game's own, nothing is scaled, and chains are solved by linear algebra.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gametheory import NormalFormGame


class Seen(NamedTuple):
    """What a player knows after a round: its strategy, its action if drawn, and all payoffs."""

    strategy: Any
    action: int | None
    payoffs: Any


class Played(NamedTuple):
    """One row a round: each player's strategies, what counts as played, and the joint average."""

    strategies: list[Any]
    played: list[Any]
    joint: Any


Rule = Callable[[list[Seen], int, float, int], Any]  # (history, actions, payoff range, rounds)


def pay(game: NormalFormGame, player: int, strategies: list[Any]) -> Any:
    """Return what each action of a player earns."""
    values = np.moveaxis(game.payoffs[player], player, 0)
    for other in reversed([s for i, s in enumerate(strategies) if i != player]):
        values = values @ other
    return values


def random_game(seed: int, sizes: tuple[int, ...]) -> NormalFormGame:
    """Draw payoffs that are normal, or 0 and 1 by chance and so with ties; none are constant."""
    rng = np.random.default_rng(seed)
    shape = (len(sizes), *sizes)
    payoffs = rng.integers(0, 2, size=shape) if seed % 2 else rng.normal(size=shape)
    flat = payoffs.reshape(len(sizes), -1)
    flat[:, 0], flat[:, -1] = 0, 1
    return NormalFormGame(payoffs)


def ranges(game: NormalFormGame) -> Any:
    return np.ptp(game.payoffs.reshape(game.n_players, -1), axis=1)


def play_plainly(
    game: NormalFormGame, rule: Rule, rounds: int, *, seed: int | None = None
) -> Played:
    """Let all players learn by one rule; actions are drawn where there is a seed."""
    n, sizes, widths = game.n_players, game.n_actions, ranges(game)
    histories: list[list[Seen]] = [[] for _ in range(n)]
    joint = np.zeros(sizes)
    uniform = None if seed is None else np.random.default_rng(seed).random((rounds, n))
    strategies, played = [], []
    for t in range(rounds):
        x = [rule(histories[i], sizes[i], widths[i], rounds) for i in range(n)]
        if uniform is None:
            actions: list[int | None] = [None] * n
            done = x
        else:
            drawn = [
                min(int(np.searchsorted(x[i].cumsum(), uniform[t, i], "right")), sizes[i] - 1)
                for i in range(n)
            ]
            actions = list(drawn)
            done = [np.eye(sizes[i])[drawn[i]] for i in range(n)]
        for i in range(n):
            histories[i].append(Seen(x[i], actions[i], pay(game, i, done)))
        product = np.ones(())
        for one in done:
            product = np.multiply.outer(product, one)
        joint += product / rounds
        strategies.append(x)
        played.append(done)
    return Played(
        [np.array(rows) for rows in zip(*strategies, strict=True)],
        [np.array(rows) for rows in zip(*played, strict=True)],
        joint,
    )


def _done(seen: Seen) -> Any:
    return seen.strategy if seen.action is None else np.eye(len(seen.strategy))[seen.action]


def regret_matching(history: list[Seen], m: int, width: float, rounds: int) -> Any:
    regrets = np.zeros(m)
    for seen in history:
        regrets += seen.payoffs - seen.payoffs @ _done(seen)
    positive = np.maximum(regrets, 0)
    return positive / positive.sum() if positive.sum() > 0 else np.full(m, 1 / m)


def regret_matching_plus(history: list[Seen], m: int, width: float, rounds: int) -> Any:
    regrets = np.zeros(m)
    for seen in history:
        regrets = np.maximum(regrets + seen.payoffs - seen.payoffs @ _done(seen), 0)
    return regrets / regrets.sum() if regrets.sum() > 0 else np.full(m, 1 / m)


def _softmax(values: Any) -> Any:
    odds = np.exp(values - values.max())
    return odds / odds.sum()


def _earned(history: list[Seen], m: int) -> Any:
    return sum((seen.payoffs for seen in history), np.zeros(m))


def hedge(history: list[Seen], m: int, width: float, rounds: int) -> Any:
    return _softmax(np.sqrt(8 * np.log(m) / rounds) / width * _earned(history, m))


def anytime_hedge(history: list[Seen], m: int, width: float, rounds: int) -> Any:
    rate = 2 * np.sqrt(np.log(m) / (len(history) + 1)) / width
    return _softmax(rate * _earned(history, m))


def optimistic_hedge(history: list[Seen], m: int, width: float, rounds: int) -> Any:
    """For two players: the rate is 1/4 of the range."""
    return _softmax(_earned(history + history[-1:], m) / (4 * width))


def internal_regrets(history: list[Seen], m: int) -> Any:
    """Return [played, instead]."""
    regrets = np.zeros((m, m))
    for seen in history:
        regrets += _done(seen)[:, None] * (seen.payoffs[None, :] - seen.payoffs[:, None])
    return regrets


def kept(chain: Any) -> Any:
    """Solve for the distribution that a chain of rates keeps, the diagonal left out.

    Of several, the one that begins at the last place from which no earlier one can be reached.
    """
    m = len(chain)
    reached = np.linalg.matrix_power(np.eye(m) + (chain > 0), m) > 0
    first = max(i for i in range(m) if not reached[i, :i].any())
    places = np.flatnonzero(reached[first])
    rates = chain[np.ix_(places, places)]
    flows = rates - np.diag(np.diag(rates))
    flows = flows.T - np.diag(flows.sum(axis=1))
    scale = np.abs(flows).max() or 1.0
    system = np.vstack([flows / scale, np.ones(len(places))])
    x = np.zeros(m)
    x[places] = np.linalg.lstsq(system, np.append(np.zeros(len(places)), 1.0), rcond=None)[0]
    return x


def internal_regret_matching(history: list[Seen], m: int, width: float, rounds: int) -> Any:
    positive = np.maximum(internal_regrets(history, m), 0)
    return kept(positive) if positive.any() else np.full(m, 1 / m)


def conditional_regret_matching(history: list[Seen], m: int, width: float, rounds: int) -> Any:
    if not history:
        return np.full(m, 1 / m)
    last = history[-1].action
    assert last is not None
    x = np.maximum(internal_regrets(history, m)[last], 0) / len(history) / (2 * (m - 1) * width)
    x[last] = 0
    x[last] = 1 - x.sum()
    return x


def blum_mansour(history: list[Seen], m: int, width: float, rounds: int) -> Any:
    rate = np.sqrt(8 * m * np.log(m) / rounds) / width
    earned = np.zeros((m, m))
    for seen in history:
        earned += np.outer(_done(seen), seen.payoffs)
    return kept(np.array([_softmax(rate * row) for row in earned]))
