"""Proofs that a behavior profile is an agent logit equilibrium, to within an error bound.

Everything is computed in python-flint's balls, whose radii enclose every rounding and whose
exponents have no limit: beliefs are known at information sets that are hardly ever reached.
The way from the root to each terminal history is walked anew; no sequence form, no solver's code.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.agent_quantal_response import AgentLogitEquilibrium
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.solution import Certificate

__all__ = ["certify_agent_logit"]

_PRECISION = 192  # bits: exponents of millions still leave more than a hundred
_TINIEST = -2000  # binary exponent; bounds need not be any smaller


def certify_agent_logit(game: ExtensiveFormGame, profile: BehaviorProfile) -> Certificate:
    """Prove by how much, if at all, probabilities miss those of logit responses.

    The certificate's ``epsilon`` bounds the largest difference, at any information set, between a
    probability and ``exp(rationality * v_a) / sum over b of exp(rationality * v_b)``, v being the
    player's expected payoffs given that the information set is reached; ``regrets`` bounds it for
    each player. These are differences of probabilities, not of payoffs.

    Parameters
    ----------
    game : ExtensiveFormGame
    profile : AgentLogitEquilibrium
        If it has logarithms, these are what is read, and probabilities are compared with them as
        well as with the responses.

    Returns
    -------
    Certificate
        Of "float with error bound" arithmetic; its payoffs are correct to about 100 bits. At
        rationality 0 responses are even, and the figures are exact.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game, it has no rationality, or it has no logarithms and
        reaches some information set with probability zero, so that nothing can be expected there.

    Notes
    -----
    McKelvey and Palfrey (1998), "Quantal response equilibria for extensive form games",
    Experimental Economics 1. At information sets that chance never lets happen every payoff counts
    as zero.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("selten_horse")
    >>> print(certify_agent_logit(game, AgentLogitEquilibrium.uniform(game)))
    agent-logit-qre: exact (rational arithmetic)
    """
    if not isinstance(profile, AgentLogitEquilibrium):
        raise InvalidProfile(
            f"a {type(profile).__name__} has no rationality",
            where="profile",
            valid="an AgentLogitEquilibrium",
            hint="wrap it: AgentLogitEquilibrium(game, probabilities, rationality)",
        )
    profile.check_fits(game)
    from flint import ctx

    with ctx.workprec(_PRECISION):
        odds = _odds(game, profile)
        reach = _reach(game, odds)
        values, payoffs = _values(game, odds)
        violations = [Fraction(0)] * game.n_players
        for infoset in range(game.infoset_player.size):
            player = int(game.infoset_player[infoset])
            expected = _expected(game, infoset, reach, values[player])
            low, high = game.action_offsets[infoset : infoset + 2].tolist()
            numbers = list(zip(profile.exact[low:high].tolist(), odds[low:high], strict=True))
            found = _violation(numbers, profile.rationality, expected)
            violations[player] = max(violations[player], found)
    return Certificate(
        concept="agent-logit-qre",
        epsilon=max(violations, default=Fraction(0)),
        payoffs=payoffs,
        regrets=tuple(violations),
        arithmetic="rational" if profile.rationality == 0 else "float with error bound",
        game_digest=game.digest,
        profile=profile,
    )


def _odds(game: ExtensiveFormGame, profile: AgentLogitEquilibrium) -> list[Any]:
    """Probability of each action, as a ball."""
    from flint import arb

    logs = profile.log_probabilities
    if logs is None:
        return [_ball(p) for p in profile.exact.tolist()]
    odds = []
    bounds = game.action_offsets.tolist()
    for low, high in pairwise(bounds):
        top = float(logs[low:high].max())
        weights = [(arb(y) - arb(top)).exp() for y in logs[low:high].tolist()]
        total = sum(weights, arb(0))
        odds += [weight / total for weight in weights]
    return odds


def _edges(game: ExtensiveFormGame, odds: list[Any]) -> list[Any]:
    """Probability of the edge into each node; 1 for the root."""
    from flint import arb

    edges = [arb(1)] * game.n_nodes
    for node, chance in zip(game.chance_children.tolist(), game.exact_chance.tolist(), strict=True):
        edges[node] = _ball(chance)
    above = game.parent[1:]
    made = 1 + np.flatnonzero(game.node_player[above] >= 0)
    flat = _actions_into(game, made)
    for node, action in zip(made.tolist(), flat.tolist(), strict=True):
        edges[node] = odds[action]
    return edges


def _actions_into(game: ExtensiveFormGame, nodes: NDArray[Any]) -> NDArray[np.int64]:
    parents = game.parent[nodes]
    rank = nodes - game.first_child[parents]
    flat: NDArray[np.int64] = game.action_offsets[game.node_infoset[parents]] + rank
    return flat


def _reach(game: ExtensiveFormGame, odds: list[Any]) -> list[Any]:
    """Probability of each node."""
    edges, parents = _edges(game, odds), game.parent.tolist()
    reach = edges[:1]
    for node in range(1, game.n_nodes):
        reach.append(reach[parents[node]] * edges[node])
    return reach


def _values(
    game: ExtensiveFormGame, odds: list[Any]
) -> tuple[list[list[Any]], tuple[Fraction, ...]]:
    """Each player's expected payoff at each node, and at the root as rational numbers."""
    from flint import arb

    edges, parents = _edges(game, odds), game.parent.tolist()
    every = []
    for player in range(game.n_players):
        values = [arb(0)] * game.n_nodes
        for node, payoff in zip(
            game.terminals.tolist(), game.exact_payoffs[player].tolist(), strict=True
        ):
            values[node] = _ball(payoff)
        for node in range(game.n_nodes - 1, 0, -1):
            values[parents[node]] = values[parents[node]] + edges[node] * values[node]
        every.append(values)
    return every, tuple(_middle(values[0]) for values in every)


def _expected(
    game: ExtensiveFormGame, infoset: int, reach: list[Any], values: list[Any]
) -> list[Any]:
    """Expect payoffs from the actions at an information set, given that it is reached."""
    from flint import arb

    nodes = game.infoset_nodes(infoset).tolist()
    total = sum((reach[node] for node in nodes), arb(0))
    expected = [arb(0)] * int(game.infoset_n_actions[infoset])
    if total > 0:
        for node in nodes:
            first, belief = int(game.first_child[node]), reach[node] / total
            expected = [v + belief * values[first + k] for k, v in enumerate(expected)]
    elif _may_happen(game, nodes):
        raise InvalidProfile(
            f"information set {game.infoset_label(infoset)!r} is reached with probability zero, "
            "so nothing can be expected there",
            valid="positive probabilities, or log_probabilities besides",
        )
    return expected


def _violation(
    numbers: list[tuple[Fraction, Any]], rationality: float, expected: list[Any]
) -> Fraction:
    """Bound the largest difference of the numbers, two for each action, to a logit response."""
    from flint import arb

    if rationality == 0:
        even = Fraction(1, len(numbers))
        return max(abs(given - even) for given, _ in numbers)
    factor = _ball(rationality)
    top = max(expected, key=lambda value: float(value.mid()))
    weights = [(factor * (value - top)).exp() for value in expected]
    total = sum(weights, arb(0))
    return max(
        _upper_bound(abs(number - weight / total))
        for (given, odds), weight in zip(numbers, weights, strict=True)
        for number in (_ball(given), odds)
    )


def _may_happen(game: ExtensiveFormGame, nodes: list[int]) -> bool:
    """Whether chance lets any of some nodes happen."""
    never = set(game.chance_children[game.exact_chance == 0].tolist())
    for node in nodes:
        above = node
        while above > 0 and above not in never:
            above = int(game.parent[above])
        if above <= 0:
            return True
    return False


def _ball(number: Any) -> Any:
    from flint import arb, fmpq

    exact = Fraction(number)
    return arb(fmpq(exact.numerator, exact.denominator))


def _middle(ball: Any) -> Fraction:
    mantissa, exponent = map(int, ball.mid().man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def _upper_bound(ball: Any) -> Fraction:
    """Return a rational number that is no smaller than anything in the ball."""
    if not math.isfinite(float(ball.abs_upper())):
        return Fraction(1)  # no two probabilities differ by more
    mantissa, exponent = map(int, ball.abs_upper().man_exp())
    if mantissa and mantissa.bit_length() + exponent < _TINIEST:  # it might not fit in memory
        mantissa, exponent = 1, _TINIEST
    return Fraction(mantissa) * Fraction(2) ** exponent
