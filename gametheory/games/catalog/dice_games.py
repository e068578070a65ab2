"""Games of bluffing with dice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.parameters import require, whole
from gametheory.games.catalog.registry import game
from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame
from gametheory.games.state_graph import StateGraph, unroll

__all__ = ["liars_dice"]

_PLAYERS = ("first", "second")
_MOST_HISTORIES = 5_000_000
_LIAR = "liar"


@game(
    source="Lisy, Lanctot and Bowling (2015), Online Monte Carlo counterfactual regret "
    "minimization for search in imperfect information games, AAMAS-15; rules of OpenSpiel",
    summary="bluffing about hidden dice: bid higher, or call the last bid a lie",
)
def liars_dice(sides: int = 6, dice: int = 1) -> ExtensiveFormGame:
    """Bid in turn on how many of all dice show a face; the highest face counts as every face.

    A bid "2-5" says that at least two dice show a five. Each bid names more dice than the last
    one, or as many with a higher face; instead of bidding a player may call the last bid a lie.
    Then all dice are shown, and who is right wins 1.

    Parameters
    ----------
    sides : int
        Faces of a die.
    dice : int
        Dice of each player. The order in which a player's own dice fall is not told apart.
    """
    whole("sides", sides, 1, 30)
    whole("dice", dice, 1, 30)
    n_bids = 2 * dice * sides
    n_rolls = math.comb(dice + sides - 1, dice)
    size = 1 + n_rolls + n_rolls**2 * (2 ** (n_bids + 1) - 1)
    require(
        size <= _MOST_HISTORIES,
        f"{dice} dice of {sides} sides make {size} histories",
        "sides, dice",
        f"at most {_MOST_HISTORIES} histories",
    )
    return unroll(_graph(sides, dice))


def _graph(sides: int, dice: int) -> StateGraph:
    """Build the states: two rolls, and the set of bids made, which a bit mask numbers.

    Bids rise, so their set tells their order. State 0 is the root; then comes one state a roll of
    the first player, those of each pair of rolls with each mask, and the two ends.
    """
    rolls = list(combinations_with_replacement(range(1, sides + 1), dice))
    bids = [(count, face) for count in range(1, 2 * dice + 1) for face in range(1, sides + 1)]
    n_rolls, n_masks = len(rolls), 2 ** len(bids)
    n_deals = n_rolls**2
    start = 1 + n_rolls  # the first state at which somebody acts
    n_states = start + n_deals * n_masks + 2

    masks = np.arange(n_masks)
    last = np.array([mask.bit_length() - 1 for mask in range(n_masks)])
    mover = np.array([mask.bit_count() % 2 for mask in range(n_masks)])
    degree = len(bids) - 1 - last + (masks > 0)
    parent = np.repeat(masks, degree)
    rank = np.arange(parent.size) - (np.cumsum(degree) - degree)[parent]
    action = last[parent] + 1 + rank  # the bid, or len(bids) for calling the last one a lie

    deal = np.arange(n_deals)
    bid = np.where(action < len(bids), action, 0)
    target = start + n_masks * deal[:, None] + parent + (1 << bid)
    calls = np.flatnonzero(action == len(bids))
    caller, called = mover[parent[calls]], last[parent[calls]]
    caller_wins = ~_is_true(rolls, bids, sides)[:, called]
    target[:, calls] = n_states - 2 + (caller_wins == (caller == 1))

    held = np.where(mover == 0, deal[:, None] // n_rolls, deal[:, None] % n_rolls)
    n_edges = start * n_rolls + target.size
    degrees = [0, *[n_rolls] * start, *np.tile(degree, n_deals).tolist(), 0, 0]
    return StateGraph(
        players=_PLAYERS,
        title=f"Liar's dice, {dice} x {sides} sides",
        player=np.concatenate([[CHANCE] * start, np.tile(mover, n_deals), [TERMINAL] * 2]),
        observation=np.concatenate([[-1] * start, (held * n_masks + masks).ravel(), [-1] * 2]),
        first_edge=np.cumsum(degrees),
        edge_target=np.concatenate([np.arange(1, start), start + n_masks * deal, target.ravel()]),
        edge_label=np.concatenate(
            [np.tile(np.arange(n_rolls), start), np.tile(n_rolls + action, n_deals)]
        ),
        edge_probability=[*_odds(rolls, sides) * start, *[None] * (n_edges - start * n_rolls)],
        payoffs=[*[None] * (n_states - 2), (1, -1), (-1, 1)],
        action_labels=(
            *(f"roll {_shown(roll)}" for roll in rolls),
            *(f"{count}-{face}" for count, face in bids),
            _LIAR,
        ),
        observation_labels=_labels(rolls, bids),
        recall="check",
    )


def _is_true(
    rolls: Sequence[tuple[int, ...]], bids: Sequence[tuple[int, int]], sides: int
) -> NDArray[np.bool_]:
    """Tell for each deal and each bid whether enough dice show the face, or the highest one."""
    shown = np.array(
        [[sum(d in (face, sides) for d in roll) for _, face in bids] for roll in rolls]
    )
    wanted = np.array([count for count, _ in bids])
    true: NDArray[np.bool_] = shown[:, None, :] + shown[None, :, :] >= wanted
    return true.reshape(-1, len(bids))


def _odds(rolls: Sequence[tuple[int, ...]], sides: int) -> list[Fraction]:
    """Return the probability of each roll, its dice in ascending order."""
    ways = [
        math.factorial(len(roll)) // math.prod(math.factorial(roll.count(d)) for d in set(roll))
        for roll in rolls
    ]
    return [Fraction(count, sides ** len(rolls[0])) for count in ways]


def _shown(roll: Sequence[int]) -> str:
    return " ".join(map(str, roll))


def _labels(rolls: Sequence[tuple[int, ...]], bids: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Name what each player may see: its roll and all bids."""
    names = [f"{count}-{face}" for count, face in bids]
    made = [""]
    for name in names:  # masks with a higher bit follow those without
        made += [f"{before} {name}" for before in made]
    return tuple(
        f"{_PLAYERS[mask.bit_count() % 2]} rolled {_shown(roll)}{':' if mask else ''}{before}"
        for roll in rolls
        for mask, before in enumerate(made)
    )
