"""Games without ties: payoffs from so wide a range that accidents are rare."""

from __future__ import annotations

from typing import Any

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.extra import strategies
from gametheory.testing.strategies.normal_form import tensors

__all__ = ["generic_games"]

_SHAPES = ((2, 2), (2, 3), (3, 3), (3, 4))
_WIDEST = 10**6


def generic_games() -> Any:
    """Draw two-player games with payoffs that all differ.

    Almost all of them have finitely many equilibria, all of them regular; a test that needs that
    has to check it.

    Returns
    -------
    SearchStrategy of NormalFormGame

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(generic_games())
    ... def test(game):
    ...     assert len(set(game.payoffs.ravel())) == game.payoffs.size
    >>> test()
    """
    st = strategies()

    def all_differ(payoffs: Any) -> Any:
        """Break ties by the position: the numbers are spread out, and no two are the same."""
        flat = payoffs.ravel()
        flat[:] = [entry * flat.size + place for place, entry in enumerate(flat)]
        return payoffs

    numbers = st.integers(-_WIDEST, _WIDEST)
    drawn = st.sampled_from(_SHAPES).flatmap(lambda shape: tensors((2, *shape), numbers))
    return drawn.map(all_differ).map(NormalFormGame)
