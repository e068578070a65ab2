"""Proofs, in rational arithmetic, that a distribution over joint actions is an equilibrium.

A correlated equilibrium has an inequality for each player, each action that it may be told and
each that it may take instead; a coarse one has only the sums over what it is told. Where the
distribution claims to be the best equilibrium by some objective, the claim carries multipliers,
and weak duality makes them a bound: see :mod:`gametheory.games.optimality_proof`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.optimality_proof import OptimalityProof
from gametheory.solution import Certificate

__all__ = ["certify_coarse_correlated", "certify_correlated"]

Table = tuple[NDArray[Any], int]
Gains = list[dict[int | None, list[Fraction]]]


def certify_correlated(game: NormalFormGame, distribution: CorrelatedDistribution) -> Certificate:
    """Prove by how much, if at all, a distribution misses being a correlated equilibrium.

    ``epsilon`` is the largest swap regret, exactly: what a player gains by the best reactions to
    what it is told.

    Raises
    ------
    InvalidProfile
        The distribution is not one over this game's joint actions.

    Notes
    -----
    Aumann (1974), "Subjectivity and correlation in randomized strategies", Journal of
    Mathematical Economics 1; in the form of Shoham and Leyton-Brown (2009), Multiagent Systems,
    definition 3.4.12, for recommendations of actions.

    Cost: support times the sum of all numbers of actions; with a proof of optimality as many
    products as the game has joint actions for each price that is not zero.

    Examples
    --------
    >>> chicken = NormalFormGame.symmetric([[6, 2], [7, 0]])
    >>> lights = CorrelatedDistribution([["1/2", "1/4"], ["1/4", 0]])
    >>> certify_correlated(chicken, lights).payoffs
    (Fraction(21, 4), Fraction(21, 4))
    """
    return _certify(game, distribution, "correlated")


def certify_coarse_correlated(
    game: NormalFormGame, distribution: CorrelatedDistribution
) -> Certificate:
    """Prove by how much a distribution misses being a coarse correlated equilibrium.

    ``epsilon`` is the largest external regret, exactly: what a player gains by a fixed action
    chosen before it is told anything. Parameters, errors and cost as for
    :func:`certify_correlated`.

    Notes
    -----
    Moulin and Vial (1978), "Strategically zero-sum games", International Journal of Game Theory 7.

    Examples
    --------
    >>> rps = NormalFormGame.zero_sum([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    >>> sixth = "1/6"
    >>> cells = [[0, sixth, sixth], [sixth, 0, sixth], [sixth, sixth, 0]]
    >>> certify_coarse_correlated(rps, CorrelatedDistribution(cells)).exact
    True
    """
    return _certify(game, distribution, "coarse-correlated")


def _certify(
    game: NormalFormGame, distribution: CorrelatedDistribution, concept: str
) -> Certificate:
    if not isinstance(distribution, CorrelatedDistribution):
        raise InvalidProfile(
            f"a {type(distribution).__name__} is no distribution over joint actions",
            where="distribution",
            valid="a CorrelatedDistribution",
        )
    distribution.check_fits(game)
    gains, payoffs = _gains(game, distribution, coarse=concept == "coarse-correlated")
    regrets = tuple(
        sum((max(row) for row in player.values()), start=Fraction(0)) for player in gains
    )
    proof = distribution.proof
    value, gap = (None, None) if proof is None else _optimality(game, payoffs, distribution, proof)
    if concept == "coarse-correlated" and proof is not None and not _is_coarse(proof):
        gap = None
    return Certificate(
        concept=concept,
        epsilon=max(regrets),
        payoffs=payoffs,
        regrets=regrets,
        arithmetic="rational",
        game_digest=game.digest,
        profile=distribution,
        violation=_worst(game, gains),
        objective_value=value,
        objective_gap=gap,
    )


def _gains(
    game: NormalFormGame, distribution: CorrelatedDistribution, *, coarse: bool
) -> tuple[Gains, tuple[Fraction, ...]]:
    """For each player, and what it is told, its gain from taking each action; and the payoffs."""
    gains: Gains = []
    payoffs = []
    for player, size in enumerate(game.n_actions):
        table, denominator = _table(game, player)
        own = np.moveaxis(table, player, 0)
        earned: dict[int | None, list[Any]] = {}
        obeying: dict[int | None, Any] = {}
        for joint, weight in distribution.weights.items():
            told = None if coarse else joint[player]
            others: Any = (slice(None), *joint[:player], *joint[player + 1 :])
            column = own[others].tolist()
            row = earned.setdefault(told, [0] * size)
            for taken, payoff in enumerate(column):
                row[taken] += weight * payoff
            obeying[told] = obeying.get(told, 0) + weight * column[joint[player]]
        scale = denominator * distribution.scale
        # Doing as told gains nothing, and is always possible.
        gains.append(
            {
                told: [max(Fraction(0), Fraction(e - obeying[told]) / scale) for e in row]
                for told, row in earned.items()
            }
        )
        payoffs.append(Fraction(sum(obeying.values())) / scale)
    return gains, tuple(payoffs)


def _table(game: NormalFormGame, player: int) -> Table:
    """Payoffs as integers over a denominator, or as Fractions."""
    read = game.integer_payoffs[player]
    return (game.exact_payoffs[player], 1) if read is None else (read.integers, read.denominator)


def _worst(game: NormalFormGame, gains: Gains) -> str:
    """Name the inequality that is violated most."""
    violated = [
        (gain, -player, -1 if told is None else -told, -taken)
        for player, rows in enumerate(gains)
        for told, row in rows.items()
        for taken, gain in enumerate(row)
        if gain > 0
    ]
    if not violated:
        return ""
    gain, player, told, taken = max(violated)
    actions, name = game.actions[-player], game.players[-player]
    when = f"told {actions[-told]}" if any(None not in rows for rows in gains) else "not yet told"
    return f"{name}, {when}, gains {gain} by {actions[-taken]}"


def _optimality(
    game: NormalFormGame,
    payoffs: tuple[Fraction, ...],
    distribution: CorrelatedDistribution,
    proof: OptimalityProof,
) -> tuple[Fraction | None, Fraction | None]:
    """Return the objective's value, and how far at most it is from the optimum."""
    if proof.objective == "entropy":
        return _entropy(game, distribution, proof) if _nonnegative(proof) else (None, None)
    tables = _objectives(game, proof)
    if tables is None:
        return None, None
    values = [_expected(table, distribution) for table in tables]
    value = min(values)
    valid = (
        len(proof.weights) == len(tables)
        and min(proof.weights, default=Fraction(-1)) >= 0
        and sum(proof.weights) == 1
        and _nonnegative(proof)
    )
    if not valid:
        return value, None
    bound = _bound(game, tables, proof)
    return value, max(bound - value, Fraction(0))


def _is_coarse(proof: OptimalityProof) -> bool:
    """Whether it prices only deviations before anything is told: coarse equilibria may fail others.

    Correlated equilibria withstand both kinds, so that a proof about them may use either.
    """
    return all(told is None for (_, told, _), price in proof.prices.items() if price)


def _nonnegative(proof: OptimalityProof) -> bool:
    return all(price >= 0 for price in proof.prices.values())


def _objectives(game: NormalFormGame, proof: OptimalityProof) -> list[Table] | None:
    """Return what is to be large: a table, or one for each player; None if that is unknown."""
    tables = [_table(game, player) for player in range(game.n_players)]
    if proof.objective == "welfare":
        common = math.lcm(*(denominator for _, denominator in tables))
        raised = [_integers(table) * (common // denominator) for table, denominator in tables]
        return [(sum(raised[1:], start=raised[0]), common)]
    if proof.objective == "egalitarian":
        return tables
    if proof.objective == "custom" and len(proof.values) == tables[0][0].size:
        return [(np.array(proof.values, dtype=object).reshape(game.n_actions), 1)]
    names = [f"player {player}" for player in range(game.n_players)]
    return [tables[names.index(proof.objective)]] if proof.objective in names else None


def _integers(table: NDArray[Any]) -> NDArray[Any]:
    """Python's integers, which never overflow."""
    return table.astype(object)


def _exact(entry: Any) -> Any:
    return int(entry) if isinstance(entry, np.integer) else entry


def _expected(table: Table, distribution: CorrelatedDistribution) -> Fraction:
    entries, denominator = table
    total = sum(weight * _exact(entries[joint]) for joint, weight in distribution.weights.items())
    return Fraction(total) / (distribution.scale * denominator)


def _bound(game: NormalFormGame, tables: list[Table], proof: OptimalityProof) -> Fraction:
    """Largest entry of the weighted objective less the price of what deviations gain."""
    factors = [weight / table[1] for weight, table in zip(proof.weights, tables, strict=True)]
    total, scale = _less_prices(game, tables, factors, proof)
    return Fraction(max(total.ravel().tolist())) / scale


def _less_prices(
    game: NormalFormGame, tables: list[Table], factors: list[Fraction], proof: OptimalityProof
) -> Table:
    """Add up tables times factors, and subtract the prices of all deviations' gains."""
    prices = {
        incentive: price / _table(game, incentive[0])[1]
        for incentive, price in proof.prices.items()
    }
    scale = math.lcm(*(f.denominator for f in factors), *(p.denominator for p in prices.values()))
    total = np.zeros(game.n_actions, dtype=object)
    for factor, (table, _) in zip(factors, tables, strict=True):
        if factor:
            total += _integers(table) * int(factor * scale)
    for player in range(game.n_players):
        own = np.moveaxis(_integers(_table(game, player)[0]), player, 0)
        priced = np.moveaxis(total, player, 0)  # a view: what is subtracted here is in ``total``
        for (who, told, taken), price in prices.items():
            if who == player and price:
                cells = slice(None) if told is None else told
                priced[cells] -= int(price * scale) * (own[taken] - own[cells])
    return total, scale


def _entropy(
    game: NormalFormGame, distribution: CorrelatedDistribution, proof: OptimalityProof
) -> tuple[Fraction, Fraction]:
    """Return the entropy, in nats and rounded down, and how far at most it is from the largest.

    For nonnegative prices log(sum(exp(-price of the gains))) bounds the entropy of every
    equilibrium (Ortiz, Schapire and Kakade 2007). Logarithms are computed in balls that contain
    them.
    """
    from flint import arb, fmpq

    total = arb(distribution.scale)
    logarithms = sum((w * arb(w).log() for w in distribution.weights.values()), start=arb(0))
    entropy = total.log() - logarithms / total
    exponents, scale = _less_prices(game, [], [], proof)
    entries = exponents.ravel().tolist()
    largest = max(entries)
    sums = sum((arb(fmpq(e - largest, scale)).exp() for e in entries), start=arb(0))
    bound = sums.log() + arb(fmpq(largest, scale))
    value = _rational(entropy.lower())
    return value, max(_rational(bound.upper()) - value, Fraction(0))


def _rational(exact: Any) -> Fraction:
    """Read a ball of radius zero."""
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
