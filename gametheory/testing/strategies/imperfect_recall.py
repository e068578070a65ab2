"""Trees in which a player forgets, for tests that a library refuses them."""

from __future__ import annotations

from typing import Any

from gametheory.testing.extra import strategies

__all__ = ["imperfect_recall_trees"]


def imperfect_recall_trees() -> Any:
    """Draw arguments for ``ExtensiveFormGame.from_arrays`` that describe a forgetful player.

    The player either does not remember what it did, or not even that it acted: the same
    information set then occurs twice on a path, as for the absent-minded driver of Piccione and
    Rubinstein (1997), "On the interpretation of decision problems with imperfect recall", Games
    and Economic Behavior 20.

    Returns
    -------
    SearchStrategy of dict
        With the keys "parent", "player", "infoset" and "payoffs".

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(imperfect_recall_trees())
    ... def test(tree):
    ...     assert tree["infoset"].count(max(tree["infoset"])) > 1
    >>> test()
    """
    st = strategies()

    def built(drawn: tuple[bool, int, int, list[int]]) -> dict[str, Any]:
        absent_minded, size, others, numbers = drawn
        # The root acts; each child is a decision of the same player, in one information set.
        parent = [-1, *[0] * size]
        player = [0] * (1 + size)
        infoset = [0, *[0 if absent_minded else 1] * size]
        for child in range(1, 1 + size):
            parent += [child] * size
            player += [-2] * size
            infoset += [-1] * size
        n_ends = size * size
        rows = [
            [numbers[(row * n_ends + end) % len(numbers)] for end in range(n_ends)]
            for row in range(1 + others)
        ]
        return {"parent": parent, "player": player, "infoset": infoset, "payoffs": rows}

    return st.tuples(
        st.booleans(),
        st.integers(2, 3),
        st.integers(0, 2),
        st.lists(st.integers(-3, 3), min_size=1, max_size=9),
    ).map(built)
