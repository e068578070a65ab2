"""Solving a game twice, and what that leaves of the game."""

from __future__ import annotations

from typing import Any

import numpy as np

from gametheory.testing.case import Case
from gametheory.testing.registry import relation
from gametheory.testing.relations.equilibria import EVERY

__all__: list[str] = []


@relation(
    "same-answer-twice",
    asserts="The same game, and the same seed if there is one, give the same "
    "answers in the same order.",
    needs="any game the solver takes",
    concepts=EVERY,
)
def _same_answer_twice(case: Case) -> None:
    options = {"seed": 7} if "seed" in case.subject.options else {}
    first = case.answers(case.game, **options)
    second = case.answers(_copy(case.game), **options)
    case.require(
        [one.plain for one in first] == [one.plain for one in second],
        f"first {[one.plain for one in first]}, then {[one.plain for one in second]}",
    )


@relation(
    "input-untouched",
    asserts="Solving a game does not change it.",
    needs="any game the solver takes",
    concepts=EVERY,
)
def _input_untouched(case: Case) -> None:
    game = _copy(case.game)
    before = _content(game)
    try:
        case.answers(game)
    finally:
        case.require(_content(game) == before, "the game's arrays are not what they were")


def _copy(game: Any) -> Any:
    """Make an equal game that shares no derived data with the first."""
    import pickle

    return pickle.loads(pickle.dumps(game))


def _content(game: Any) -> list[Any]:
    """Read the arrays themselves; hashes may have been kept from before."""
    found: list[Any] = []
    for part in (game, *getattr(game, "stages", ())):
        for name, value in sorted(vars(part).items()):
            if isinstance(value, np.ndarray) and not name.startswith("exact"):
                found.append((name, value.shape, value.tolist()))
    kept = {"payoffs", "_entries", "terminal_payoffs", "probabilities", "next_states"}
    kept |= {"node_player", "node_infoset", "n_children", "node_label", "parent"}
    return [one for one in found if one[0] in kept]
