"""One equilibrium of a two-player game tree, by Lemke's algorithm on the sequence form.

1. Equilibria are the solutions of a linear complementarity problem with a row for each sequence
   (Koller, Megiddo and von Stengel 1996).
2. A prior, what players expect of each other at first, makes a path of it: it begins with the best
   replies to the prior, traces how players become certain of each other's plans, and ends at an
   equilibrium (von Stengel, van den Elzen and Talman 2002). It cannot end in a ray: while anything
   is played, no direction with ``E'p >= 0`` is complementary to the plans.
3. Small problems are solved in integers throughout. In larger ones floats find the way; the basis
   at its end is a square system of integer equations, solved and checked exactly.
4. Should rounding have misled the path, ties are broken otherwise, and then integers take over.
"""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.tracing_in_floats import FloatPath
from gametheory.algorithms.extensive_form.tracing_program import TracingProgram, program_of
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.concepts.extensive_form import player_regrets
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.solution import Status

__all__ = ["sequence_form_lemke"]

_INTEGERS_AT_ONCE = 60  # sequences of both players: about 20 milliseconds
_INTEGERS_AT_LAST = 500  # minutes at most
_ATTEMPTS = 3
_PIVOTS_A_SEQUENCE = 100
_EXACT_TABLE = 5e6  # pairs of sequences: what exact solving keeps in memory
_EXACT_UNKNOWNS = 600  # about ten seconds with short payoffs
_FLOAT_REGRET = 1e-9  # of the payoff range


def _applies(game: ExtensiveFormGame) -> str:
    return "" if game.n_players == 2 else f"it needs two players and the game has {game.n_players}"


@register(
    "sequence-form-lemke",
    concepts=("nash",),
    form=ExtensiveFormGame,
    applies=_applies,
    rank=10,
    guarantee="one equilibrium, in exact rational probabilities up to about two thousand sequences "
    "a player; above that, or where some six hundred actions are mixed, in floats",
    cost="a pivot solves a sparse system with a row for each sequence and information set; usually "
    "about as many pivots as sequences, exponentially many at worst",
    source="Koller, Megiddo and von Stengel (1996), Games and Economic Behavior 14; von Stengel, "
    "van den Elzen and Talman (2002), Econometrica 70",
)
def sequence_form_lemke(
    game: ExtensiveFormGame,
    *,
    prior: BehaviorProfile | None = None,
    seed: int | None = None,
    exact: bool | None = None,
    max_pivots: int | None = None,
) -> Search:
    """Yield one equilibrium, the one that a prior leads to.

    Parameters
    ----------
    game : ExtensiveFormGame
        Two players.
    prior : BehaviorProfile, optional
        What the players expect of each other at first; every action equally likely if left out.
        Other priors may lead to other equilibria.
    seed : int, optional
        Draws a prior at random in which every action has positive probability.
    exact : bool, optional
        Whether probabilities are rational numbers that were checked exactly, or floats; if left
        out, exact where that takes seconds at most.
    max_pivots : int, optional
        Where to give up a path that floats follow; a hundred for each sequence, and a thousand, if
        left out: minutes for a thousand sequences a player.

    Yields
    ------
    BehaviorProfile or None
        None now and then, then the equilibrium. At information sets that a player's own plan does
        not reach, it shares evenly between actions that would be best replies there.

    Returns
    -------
    Outcome
        ``iterations`` counts the pivots of all paths. ITERATION_LIMIT where the path had to be
        given up, NUMERICAL_FAILURE, and why, where rounding misled every one, and the game is too
        large for integers.

    Raises
    ------
    InvalidProfile
        The prior is not a profile of this game.
    UnsupportedGame
        The game has not two players, or both a prior and a seed are given.

    Notes
    -----
    Degenerate games cannot cycle: ties are broken lexicographically. Some equilibria may not be
    reached from any prior.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("outside_option")
    >>> next(profile for profile in sequence_form_lemke(game) if profile is not None)
    <BehaviorProfile: pure, 3 information sets>
    """
    if game.n_players != 2:
        raise UnsupportedGame(_applies(game), where=repr(game))
    program = program_of(game, _prior(game, prior, seed))
    steps, reason, status = 0, "", Status.NUMERICAL_FAILURE
    limit = _PIVOTS_A_SEQUENCE * sum(program.sizes) + 1000 if max_pivots is None else max_pivots
    if exact is False or sum(program.sizes) > _INTEGERS_AT_ONCE:
        for attempt in range(_ATTEMPTS):
            path = FloatPath(program, seed=attempt)
            found = yield from _by_floats(game, program, path, limit, exact=exact)
            steps += found.steps
            if found.profile is not None:
                yield found.profile
                return Outcome(iterations=steps)
            reason = found.reason
            if found.steps >= limit:
                status = Status.ITERATION_LIMIT
                break
    if sum(program.sizes) <= _INTEGERS_AT_LAST:
        found = yield from _by_integers(game, program)
        steps += found.steps
        if found.profile is not None:
            yield found.profile
            return Outcome(iterations=steps)
        reason = found.reason
    return Outcome(iterations=steps, status=status, reason=reason)


def _prior(
    game: ExtensiveFormGame, prior: BehaviorProfile | None, seed: int | None
) -> BehaviorProfile:
    """Read the prior, or draw one, or take the even one; with short denominators."""
    if prior is not None:
        if seed is not None:
            raise UnsupportedGame("both a prior and a seed", valid="one of them, or neither")
        if not isinstance(prior, BehaviorProfile):
            raise InvalidProfile(f"prior={prior!r}", valid="a BehaviorProfile made for this game")
        prior.check_fits(game)
        return prior
    rng = None if seed is None else np.random.default_rng(np.random.SeedSequence(seed))
    odds: list[Fraction] = []
    for count in game.infoset_n_actions.tolist():
        weights = np.ones(count, np.int64)
        if rng is not None:
            weights += rng.multinomial(63 * count, rng.dirichlet(np.ones(count)))
        total = int(weights.sum())
        odds += [Fraction(weight, total) for weight in weights.tolist()]
    exact = np.empty(len(odds), dtype=object)
    exact[:] = odds
    return BehaviorProfile(game, exact)


class _Found(NamedTuple):
    """What a path led to: a profile, or why there is none."""

    profile: BehaviorProfile | None
    steps: int
    reason: str = ""


def _by_floats(
    game: ExtensiveFormGame,
    program: TracingProgram,
    path: FloatPath,
    limit: int,
    *,
    exact: bool | None,
) -> Generator[None, None, _Found]:
    """Follow the path in floats, and solve anew where it ends."""
    used = yield from path.follow(limit)
    if isinstance(used, str):
        return _Found(None, path.steps, used)
    mixed = max(int(u.sum()) - p.n_infosets for u, p in zip(used, program.plans, strict=True))
    affordable = program.sizes[0] * program.sizes[1] <= _EXACT_TABLE and mixed <= _EXACT_UNKNOWNS
    if exact or (exact is None and affordable):
        profile = yield from _exact_profile(game, program, used)
        reason = "" if profile else f"rounding led to no equilibrium after {path.steps} pivots"
        return _Found(profile, path.steps, reason)
    profile = _profile(game, program, path.weights(), used)
    regret = float(max(player_regrets(game, profile)))
    if not regret <= _FLOAT_REGRET * (game.payoff_range or 1.0):
        reason = f"rounding led to a profile with a regret of {regret:.3g}"
        return _Found(None, path.steps, reason)
    return _Found(profile, path.steps)


def _by_integers(game: ExtensiveFormGame, program: TracingProgram) -> Generator[None, None, _Found]:
    from gametheory.algorithms.extensive_form.tracing_in_integers import IntegerPath

    path = IntegerPath(program)
    used = yield from path.follow()
    if isinstance(used, str):
        return _Found(None, path.steps, used)
    profile = yield from _exact_profile(game, program, used)
    return _Found(profile, path.steps, "" if profile else "the path's end is no equilibrium")


def _exact_profile(
    game: ExtensiveFormGame,
    program: TracingProgram,
    used: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Generator[None, None, BehaviorProfile | None]:
    from gametheory.algorithms.extensive_form.tracing_solution import exact_plans

    plans = yield from exact_plans(program, used)
    return None if plans is None else _profile(game, program, plans, used)


def _profile(
    game: ExtensiveFormGame,
    program: TracingProgram,
    weights: tuple[NDArray[Any], NDArray[Any]],
    used: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> BehaviorProfile:
    from gametheory.algorithms.extensive_form.tracing_solution import behavior_of

    parts = [
        behavior_of(plans, plan, mask)
        for plans, plan, mask in zip(program.plans, weights, used, strict=True)
    ]
    return BehaviorProfile(game, np.concatenate(parts))
