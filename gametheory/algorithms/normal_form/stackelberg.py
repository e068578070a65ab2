"""The best strategy to commit to, for a leader whose follower sees it and responds best.

Strong: the follower breaks ties in the leader's favor. For each action of the follower one linear
program finds the leader's best strategy among those that make it a best response; the best of all
is optimal (Conitzer and Sandholm 2006).

Weak: the follower breaks ties against the leader. Only those actions count that are strictly best,
but for their equivalents, against some strategy; the leader then earns the smallest payoff of an
action and its equivalents, if need be in the limit (von Stengel and Zamir 2010).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from gametheory.algorithms.normal_form.stackelberg_programs import (
    Leadership,
    Response,
    attained_at,
    best_inducing,
    interior_of,
)
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.commitment import Commitment, ResponseBound
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Status

__all__ = ["stackelberg_lp"]

Numbers = tuple[Fraction, ...]


class _Plan(NamedTuple):
    """The leader's strategy, the follower's action, and why no other commitment is better."""

    strategy: Numbers
    response: int
    toward: Numbers | None
    bounds: tuple[ResponseBound, ...]
    iterations: int


def _refusal(game: NormalFormGame) -> str:
    if game.n_players != 2:
        return f"it is for a leader and one follower, and the game has {game.n_players} players"
    if None in game.integer_payoffs:
        return "the payoffs have no common denominator of reasonable size"
    return ""


@register(
    "stackelberg-lp",
    concepts=("stackelberg",),
    form=NormalFormGame,
    applies=_refusal,
    guarantee="the best commitment, exactly, with the proof; where the follower breaks ties "
    "against the leader, the supremum, attained if it can be, and otherwise with the strategy to "
    "move toward",
    cost="for each action of the follower one linear program with a variable for each action of "
    "the leader; up to n more each for the weak kind; a pass over the payoffs for pure commitments",
    source="Conitzer and Sandholm (2006), Computing the optimal strategy to commit to, ACM "
    "Conference on Electronic Commerce; von Stengel and Zamir (2010), Games and Economic "
    "Behavior 69",
    rank=10,
)
def stackelberg_lp(
    game: NormalFormGame, *, leader: int = 0, kind: str = "strong", commitment: str = "mixed"
) -> Search:
    """Yield the best commitment.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    leader : {0, 1}
    kind : {"strong", "weak"}
        Whether the follower breaks ties in the leader's favor, or against it.
    commitment : {"mixed", "pure"}

    Yields
    ------
    Commitment or None
        None while at work. Of a weak mixed commitment ``attained`` tells whether the leader earns
        its value; if not, no strategy does, and moving the leader's strategy by any small part
        toward ``toward`` earns it almost.

    Returns
    -------
    Outcome
        ``iterations`` counts simplex steps. NUMERICAL_FAILURE, with the reason, if a linear
        program could not be solved exactly.

    Raises
    ------
    UnsupportedGame
        An option is none of these words.

    Examples
    --------
    The game of Conitzer and Sandholm's introduction: the pure commitment earns 3, the mixed one
    3 1/2, and the only equilibrium 2:

    >>> game = NormalFormGame.bimatrix([[2, 4], [1, 3]], [[1, 0], [0, 1]])
    >>> print(next(found for found in stackelberg_lp(game) if found is not None))
    ((1/2, 1/2), (0, 1))
    """
    _check_options(leader, kind, commitment)
    read = Leadership.of(game, leader)
    yield None
    if commitment == "pure":
        plan: _Plan | str = _best_pure(read, kind)
    elif kind == "strong":
        plan = yield from _best_strong(read)
    else:
        plan = yield from _best_weak(read)
    if isinstance(plan, str):
        return Outcome(status=Status.NUMERICAL_FAILURE, reason=f"a linear program: {plan}")
    n_responses = read.follower.shape[1]
    strategies = [plan.strategy, [int(k == plan.response) for k in range(n_responses)]]
    yield Commitment(
        strategies if leader == 0 else strategies[::-1],
        leader=leader,
        kind=kind,
        commitment=commitment,
        toward=plan.toward,
        bounds=plan.bounds,
    )
    return Outcome(plan.iterations)


def _check_options(leader: Any, kind: Any, commitment: Any) -> None:
    options = (("leader", leader, (0, 1)), ("kind", kind, ("strong", "weak")))
    for name, given, valid in (*options, ("commitment", commitment, ("mixed", "pure"))):
        if type(given) is not type(valid[0]) or given not in valid:
            raise UnsupportedGame(f"{name}={given!r}", valid=f"one of {list(valid)}")


def _best_pure(game: Leadership, kind: str) -> _Plan:
    """Try every action of the leader, the follower breaking ties as its kind says."""
    favor = 1 if kind == "strong" else -1
    plans = []
    for action, (earned, paid) in enumerate(
        zip(game.leader.tolist(), game.follower.tolist(), strict=True)
    ):
        best = [k for k, payoff in enumerate(paid) if payoff == max(paid)]
        response = max(best, key=lambda k: (favor * earned[k], -k))
        plans.append((earned[response], -action, response))
    _, action, response = max(plans)
    strategy = tuple(Fraction(int(i == -action)) for i in range(len(plans)))
    return _Plan(strategy, response, None, (), len(plans))


def _best_strong(game: Leadership) -> Generator[None, None, _Plan | str]:
    """Solve one program for each response, those that promise most first."""
    n = game.leader.shape[1]
    promise = [int(most) for most in game.leader.max(axis=0)]
    bounds = [_without_prices(n, j) for j in range(n)]
    value, best, iterations = Fraction(0), None, 0
    for j in sorted(range(n), key=lambda j: -promise[j]):
        if promise[j] <= value:
            break  # for this one and all that follow no prices are needed
        yield None
        found = yield from best_inducing(game, j, [j])
        if isinstance(found, str):
            return found
        bounds[j] = found.bound
        iterations += found.iterations
        if found.strategy is not None and found.value > value:
            value, best = found.value, (found.strategy, j)
    if best is None:
        return "no action of the follower can be a best response"
    return _Plan(*best, None, tuple(bounds), iterations)


def _best_weak(game: Leadership) -> Generator[None, None, _Plan | str]:
    """Solve one program for each class of equivalent responses that is best on its own."""
    n = game.leader.shape[1]
    most = [int(largest) for largest in game.leader.max(axis=0)]
    class_of = [game.equivalent(j) for j in range(n)]
    classes = {min(same): same for same in class_of}
    promise = {j: min(most[k] for k in same) for j, same in classes.items()}
    bounds = [_without_prices(n, min(same, key=most.__getitem__)) for same in class_of]
    value, iterations = Fraction(0), 0
    reached: list[tuple[Response, int, Numbers, Numbers]] = []
    for j in sorted(classes, key=lambda j: (-promise[j], j)):
        if promise[j] < value:
            break  # for this class and all that follow no prices are needed
        yield None
        found = yield from best_inducing(game, j, classes[j])
        if isinstance(found, str):
            return found
        iterations += found.iterations
        bound = found.bound
        if found.strategy is not None and found.value >= value:
            inside = yield from interior_of(game, j)
            if isinstance(inside, str):
                return inside
            if inside.strategy is None:
                bound = replace(bound, dominating=inside.dominating)
            else:
                reached.append((found, j, found.strategy, inside.strategy))
                value = found.value
        for k in classes[j]:
            bounds[k] = bound
    best = [entry for entry in reached if entry[0].value == value]
    if not best:
        return "no action of the follower is a best response on its own"
    for found, j, _, _ in best:
        exact = yield from attained_at(game, j, found)
        if isinstance(exact, str):
            return exact
        if exact is not None:
            response = _worst_best(game, exact)
            return _Plan(exact, response, None, tuple(bounds), iterations)
    _, j, strategy, toward = best[0]
    earned = [sum(p * a for p, a in zip(strategy, column, strict=True)) for column in game.leader.T]
    response = min(classes[j], key=lambda k: (earned[k], k))
    return _Plan(strategy, response, toward, tuple(bounds), iterations)


def _worst_best(game: Leadership, strategy: Numbers) -> int:
    """Return the best response that the leader likes least."""
    tables = zip(game.leader.T, game.follower.T, strict=True)
    worth = [
        (
            -sum(p * b for p, b in zip(strategy, paid, strict=True)),
            sum(p * a for p, a in zip(strategy, earned, strict=True)),
            k,
        )
        for k, (earned, paid) in enumerate(tables)
    ]
    return min(worth)[2]


def _without_prices(n: int, j: int) -> ResponseBound:
    """Bound by the leader's largest payoff for response j."""
    return ResponseBound(tuple(Fraction(int(k == j)) for k in range(n)), (Fraction(0),) * n)
