"""Families in which players gain by acting alike, and votes."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.draws import Draws
from gametheory.games.catalog.known_facts import KnownFacts, pure_profile
from gametheory.games.catalog.parameters import bounds, require, square_sizes, whole
from gametheory.games.catalog.registry import game
from gametheory.games.catalog.sources import GAMUT
from gametheory.games.normal_form import NormalFormGame

__all__ = ["collaboration", "compound_2x2", "majority_voting", "minimum_effort"]


def _collaboration_facts(n_players: int = 3, n_actions: int = 2, seed: int = 0) -> KnownFacts:
    sizes = (n_actions,) * n_players
    agreements = tuple(pure_profile(sizes, (k,) * n_players) for k in range(n_actions))
    return KnownFacts.of("by definition: nothing pays more than 100", equilibria=agreements)


@game(
    source=f"{GAMUT} (CollaborationGame)",
    summary="100 for everybody where all do the same, random payoffs below 100 elsewhere",
    n_players=3,
    facts=_collaboration_facts,
)
def collaboration(n_players: int = 3, n_actions: int = 2, seed: int = 0) -> NormalFormGame:
    """Pay 100 where all players take the same action, and integers from -100 to 99 elsewhere."""
    sizes = square_sizes(n_players, n_actions, least=2)
    payoffs = Draws(seed).integers(-100, 99, (len(sizes), *sizes))
    agreed: tuple[Any, ...] = (slice(None), *[np.arange(sizes[0])] * len(sizes))
    payoffs[agreed] = 100
    return NormalFormGame(payoffs, title=f"Collaboration game {seed}")


def _effort_facts(
    n_players: int = 3, n_actions: int = 3, benefit: int = 2, cost: int = 1
) -> KnownFacts:
    efforts = np.indices((n_actions,) * n_players)
    return KnownFacts.of(
        "van Huyck, Battalio and Beil (1990)",
        pure_equilibria=tuple((level,) * n_players for level in range(n_actions)),
        correlated_welfare=Fraction(n_players * (n_actions - 1) * (benefit - cost)),
    ) | KnownFacts.of(
        "Monderer and Shapley (1996), Games and Economic Behavior 14, pages 124-143",
        potential=benefit * efforts.min(axis=0) - cost * efforts.sum(axis=0),
    )


@game(
    source="van Huyck, Battalio and Beil (1990), American Economic Review 80, pages 234-248",
    summary="the weakest link decides: every common effort is an equilibrium, the highest is best",
    n_players=3,
    facts=_effort_facts,
)
def minimum_effort(
    n_players: int = 3, n_actions: int = 3, benefit: int = 2, cost: int = 1
) -> NormalFormGame:
    """Pay ``benefit`` times the least effort, minus ``cost`` times the own; efforts 0, 1, ..."""
    sizes = square_sizes(n_players, n_actions, least=2)
    a, b = whole("benefit", benefit, 2, 10**6), whole("cost", cost, 1, 10**6)
    require(a > b, f"benefit {a} and cost {b}", "benefit, cost", "benefit > cost")
    efforts = np.indices(sizes)
    return NormalFormGame(a * efforts.min(axis=0) - b * efforts, title="Minimum effort")


def _voting_facts(
    n_players: int = 3, n_actions: int = 3, low: int = -100, high: int = 100, seed: int = 0
) -> KnownFacts:
    sizes = (n_actions,) * n_players
    if n_players < 3:
        return KnownFacts()
    unanimous = tuple(pure_profile(sizes, (k,) * n_players) for k in range(n_actions))
    return KnownFacts.of("one vote changes no unanimous outcome", equilibria=unanimous)


@game(
    source=f"Farquharson (1969), Theory of Voting, on voting as a game; {GAMUT} (MajorityVoting)",
    summary="plurality votes between candidates that players like differently",
    n_players=3,
    facts=_voting_facts,
)
def majority_voting(
    n_players: int = 3, n_actions: int = 3, low: int = -100, high: int = 100, seed: int = 0
) -> NormalFormGame:
    """Elect who has most votes, of those who tie the first; actions are the candidates.

    What the election of each candidate is worth to each player is drawn from ``low`` to ``high``.
    """
    sizes = square_sizes(n_players, n_actions)
    worth = Draws(seed).integers(*bounds(low, high), (len(sizes), sizes[0]))
    return NormalFormGame(worth[:, _elected(sizes)], title=f"Majority voting {seed}")


def _elected(sizes: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the winner at every joint vote: one of those voted for, the first where they tie."""
    votes = np.indices(sizes, dtype=np.int32)
    most, winner = np.zeros(sizes, dtype=np.int32), np.zeros(sizes, dtype=np.int32)
    for vote in votes:
        received = (votes == vote).sum(axis=0, dtype=np.int32)
        better = (received > most) | ((received == most) & (vote < winner))
        most[better], winner[better] = received[better], vote[better]
    return winner


def _compound_facts(
    n_players: int = 3, a: int = 2, b: int = 0, c: int = 1, d: int = 1
) -> KnownFacts:
    actions = np.indices((2,) * n_players)
    pair = np.array([[a - c, 0], [0, d - b]])
    potential = sum(
        (pair[one, other] for one, other in combinations(actions, 2)), start=np.int64(0)
    )
    return KnownFacts.of(
        "Monderer and Shapley (1996): a symmetric 2 x 2 game has the potential "
        "[[a - c, 0], [0, d - b]]; those of the pairs add up",
        potential=potential,
    )


@game(
    source=f"{GAMUT} (compound games)",
    summary="every pair of players plays one symmetric 2 x 2 game, with the same action in each",
    n_players=3,
    facts=_compound_facts,
)
def compound_2x2(
    n_players: int = 3, a: int = 2, b: int = 0, c: int = 1, d: int = 1
) -> NormalFormGame:
    """Play [[a, b], [c, d]], payoffs for (own, other), with every other player at once.

    The default makes a stag hunt of many; c > a > d > b makes a prisoner's dilemma.
    """
    sizes = square_sizes(n_players, 2, least=2)
    table = np.array(
        [
            [whole(name, value, -(10**6), 10**6) for name, value in row.items()]
            for row in ({"a": a, "b": b}, {"c": c, "d": d})
        ]
    )
    actions = np.indices(sizes)
    payoffs = [
        sum(
            (table[mine, theirs] for j, theirs in enumerate(actions) if j != own), start=np.int64(0)
        )
        for own, mine in enumerate(actions)
    ]
    return NormalFormGame(np.stack(payoffs), title="Compound 2 x 2 game")
