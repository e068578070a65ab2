"""Proofs, in rational arithmetic, that a stationary profile solves a stochastic game.

Against the others' stationary strategies a player faces a Markov decision process with a
contraction factor c < 1. For any numbers w, one for each state, and T its Bellman operator, the
best response is worth at most ``w + max(T w - w, 0) / (1 - c)`` in every state; and for T_s of
the player's own strategy, that one is worth at least ``v + min(T_s v - v, 0) / (1 - c)``
(Puterman 1994, Markov Decision Processes, chapter 6: monotone contractions). So w and v may come
from anywhere: floats give bounds, and where they are solved for exactly the residuals vanish and
the bounds are the regrets themselves.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.stationary_profile import StationaryProfile
from gametheory.games.stochastic_game import StochasticGame
from gametheory.solution import Certificate

__all__ = ["certify_minimax", "certify_nash"]

_EXACT_STATES = 40
"""With more states the values are floats with proven errors: exact ones have too many digits."""
_ROUNDS = 1000


def certify_nash(game: StochasticGame, profile: StationaryProfile) -> Certificate:
    """Prove by how much, if at all, a profile misses being a stationary equilibrium.

    ``epsilon`` is the largest regret of any player from any state on (Markov perfection), and
    ``payoffs`` are those from the start on.

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game.

    Notes
    -----
    Exact with up to 40 states; an upper bound on the regrets beyond. Cost: two linear systems of
    the number of states for each player, and every joint action once in rational arithmetic.

    Examples
    --------
    >>> pennies = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]
    >>> game = StochasticGame([pennies], [np.ones((2, 2, 1))], "9/10")
    >>> print(certify_nash(game, StationaryProfile.uniform(game)))
    nash: exact (rational arithmetic)
    """
    bounds = _bounds(game, profile)
    gains = [
        max(best - own for best, own in zip(b.best, b.own_from_below, strict=True)) for b in bounds
    ]
    return _certificate(game, profile, "nash", bounds, gains)


def certify_minimax(game: StochasticGame, profile: StationaryProfile) -> Certificate:
    """Prove how close each strategy comes to guaranteeing the value of a zero-sum game.

    What the best responses to both strategies are worth brackets the value in every state; the
    widest bracket is ``epsilon``.

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game.
    UnsupportedGame
        If the game is not two-player and zero-sum.

    Examples
    --------
    >>> pennies = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]
    >>> game = StochasticGame([pennies], [np.ones((2, 2, 1))], "9/10")
    >>> certify_minimax(game, StationaryProfile([[[1, 0], [0.5, 0.5]]])).epsilon
    Fraction(10, 1)
    """
    if game.n_players != 2 or not game.is_zero_sum():
        raise UnsupportedGame(
            "minimax strategies are those of two-player zero-sum games",
            hint="certify the concept 'nash' instead",
        )
    bounds = _bounds(game, profile)
    width = max(
        Fraction(0),
        *(one + other for one, other in zip(bounds[0].best, bounds[1].best, strict=True)),
    )
    return _certificate(game, profile, "minimax", bounds, [width, width])


class _Bounds(NamedTuple):
    """One player's values in every state: proven bounds, and whether they are the values."""

    best: list[Fraction]  # at least what a best response is worth
    own_from_below: list[Fraction]
    exact: bool


class _Process(NamedTuple):
    """What a player faces: for each state and action, what it earns and where it leads."""

    earns: list[list[Fraction]]
    leads: list[list[dict[int, Fraction]]]  # discounted probabilities of the next states


def _bounds(game: StochasticGame, profile: StationaryProfile) -> list[_Bounds]:
    if not isinstance(profile, StationaryProfile):
        raise InvalidProfile(
            f"a {type(profile).__name__} is not a profile of a stochastic game",
            where="profile",
            valid="a StationaryProfile",
        )
    profile.check_fits(game)
    found = []
    for player in range(game.n_players):
        process = _process(game, profile, player)
        own = [strategies.exact[player] for strategies in profile]
        v, lowest, _ = _solve(game, process, own)
        w, _, highest = _solve(game, process, _best_policy(process))
        slack = 1 - game.contraction
        found.append(
            _Bounds(
                best=[x + max(highest, Fraction(0)) / slack for x in w],
                own_from_below=[x + min(lowest, Fraction(0)) / slack for x in v],
                exact=lowest == 0 and highest == 0,
            )
        )
    return found


def _process(game: StochasticGame, profile: StationaryProfile, player: int) -> _Process:
    """Average over the others' choices, exactly."""
    earns, leads = [], []
    first, to = game.first.tolist(), game.next_states.tolist()
    probability = game.exact_probabilities.tolist()
    for state, (stage, strategies) in enumerate(zip(game.stages, profile, strict=True)):
        size = stage.n_actions[player]
        earned = [Fraction(0)] * size
        led: list[dict[int, Fraction]] = [{} for _ in range(size)]
        payoffs = stage.exact_payoffs[player]
        row = int(game.row_offsets[state]) - 1
        for joint in np.ndindex(*stage.n_actions):
            row += 1
            weight = Fraction(1)
            for other, action in enumerate(joint):
                if other != player:
                    weight *= strategies.exact[other][action]
            if not weight:
                continue
            own = joint[player]
            earned[own] += weight * payoffs[joint]
            for k in range(first[row], first[row + 1]):
                share = weight * probability[k] * game.discount
                led[own][to[k]] = led[own].get(to[k], Fraction(0)) + share
        earns.append(earned)
        leads.append(led)
    return _Process(earns, leads)


def _worth(process: _Process, values: Any, state: int, action: int) -> Any:
    following = process.leads[state][action].items()
    return process.earns[state][action] + sum(p * values[t] for t, p in following)


def _best_policy(process: _Process) -> list[tuple[Fraction, ...]]:
    """Find a good policy in floats; nothing is claimed of it."""
    floats = _Process(
        [[float(x) for x in row] for row in process.earns],  # type: ignore[misc]
        [[{t: float(p) for t, p in led.items()} for led in row] for row in process.leads],  # type: ignore[misc]
    )
    n_states = len(process.earns)
    policy = [0] * n_states
    for _ in range(_ROUNDS):
        values = _float_values(
            floats, [_pure(len(floats.earns[s]), policy[s]) for s in range(n_states)]
        )
        scale = 1e-13 * (1.0 + float(np.abs(values).max()))
        better = list(policy)
        for state in range(n_states):
            worths = [_worth(floats, values, state, a) for a in range(len(floats.earns[state]))]
            best = int(np.argmax(worths))
            if worths[best] > worths[policy[state]] + scale:
                better[state] = best
        if better == policy:
            break
        policy = better
    return [_pure(len(process.earns[s]), policy[s]) for s in range(n_states)]


def _pure(size: int, action: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(k == action)) for k in range(size))


def _float_values(process: _Process, strategy: list[tuple[Fraction, ...]]) -> Any:
    """Solve for the values of a strategy in floats."""
    from scipy.sparse import eye_array, lil_array
    from scipy.sparse.linalg import spsolve

    n_states = len(process.earns)
    matrix, earned = lil_array((n_states, n_states)), np.zeros(n_states)
    for state, weights in enumerate(strategy):
        for action, weight in enumerate(map(float, weights)):
            if weight:
                earned[state] += weight * float(process.earns[state][action])
                for to, p in process.leads[state][action].items():
                    matrix[state, to] += weight * float(p)
    solved = spsolve((eye_array(n_states, format="csc") - matrix.tocsc()), earned)
    return np.asarray(solved).reshape(n_states)


def _solve(
    game: StochasticGame, process: _Process, strategy: list[tuple[Fraction, ...]]
) -> tuple[list[Fraction], Fraction, Fraction]:
    """Return values of a strategy, and the residuals that tell how far they can be off.

    The least residual of the strategy itself, and the largest of any action.
    """
    n_states = game.n_states
    values = (
        _exact_values(process, strategy)
        if n_states <= _EXACT_STATES
        else [Fraction(float(x)) for x in _float_values(process, strategy)]
    )
    worths = [
        [_worth(process, values, state, action) for action in range(len(process.earns[state]))]
        for state in range(n_states)
    ]
    own = [
        sum(p * x for p, x in zip(*pair, strict=True))
        for pair in zip(strategy, worths, strict=True)
    ]
    lowest = min(x - v for x, v in zip(own, values, strict=True))
    highest = max(max(row) - v for row, v in zip(worths, values, strict=True))
    return values, Fraction(lowest), Fraction(highest)


def _exact_values(process: _Process, strategy: list[tuple[Fraction, ...]]) -> list[Fraction]:
    """Solve for the values of a strategy in rational numbers."""
    from flint import fmpq, fmpq_mat

    n_states = len(process.earns)
    matrix = [[Fraction(int(s == t)) for t in range(n_states)] for s in range(n_states)]
    earned = [Fraction(0)] * n_states
    for state, weights in enumerate(strategy):
        for action, weight in enumerate(weights):
            if weight:
                earned[state] += weight * process.earns[state][action]
                for to, p in process.leads[state][action].items():
                    matrix[state][to] -= weight * p
    left = fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row] for row in matrix])
    right = fmpq_mat([[fmpq(x.numerator, x.denominator)] for x in earned])
    solved = left.solve(right)
    return [Fraction(int(x.p), int(x.q)) for x in solved.entries()]


def _certificate(
    game: StochasticGame,
    profile: StationaryProfile,
    concept: str,
    bounds: list[_Bounds],
    regrets: list[Fraction],
) -> Certificate:
    exact = all(b.exact for b in bounds)
    return Certificate(
        concept=concept,
        epsilon=max(regrets),
        payoffs=tuple(b.own_from_below[game.start] for b in bounds),
        regrets=tuple(regrets),
        arithmetic="rational" if exact else "float with error bound",
        game_digest=game.digest,
        profile=profile,
    )
