"""Random game trees of perfect recall, with chance, of any shape."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.testing.definitions.plain_tree import Chance, Choice, End, Tree, build
from gametheory.testing.extra import strategies

__all__ = ["trees"]

_WIDEST = 3


def trees(
    *,
    n_players: int | None = None,
    chance: bool = True,
    zero_sum: bool = False,
    perfect_information: bool = False,
    most_inner: int = 6,
) -> Any:
    """Draw trees in which what players are shown is drawn, but own choices they remember.

    Parameters
    ----------
    n_players : int, optional
        One to three if left out; two where ``zero_sum``.
    chance : bool
        Whether chance may act.
    zero_sum : bool
        Whether the payoffs sum to zero.
    perfect_information : bool
        Whether every player knows all that was done before.
    most_inner : int
        Largest number of histories at which somebody acts.

    Returns
    -------
    SearchStrategy of ExtensiveFormGame
        Payoffs are integers, chance probabilities Fractions.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(trees(zero_sum=True), lambda game: game.is_constant_sum()).n_players
    2
    """
    st = strategies()

    @st.composite  # type: ignore[untyped-decorator, unused-ignore]
    def drawn(draw: Any) -> ExtensiveFormGame:
        players = 2 if zero_sum else n_players or draw(st.sampled_from((2, 1, 3)))
        left = draw(st.integers(1, most_inner))
        sizes = st.sampled_from((2, 2, 1, 3))
        movers = st.integers(-1 if chance else 0, players - 1)
        infosets: dict[tuple[Any, ...], str] = {}

        def grow(budget: int, known: tuple[tuple[Any, ...], ...], path: tuple[int, ...]) -> Tree:
            if budget <= 0:
                row = [draw(st.integers(-_WIDEST, _WIDEST)) for _ in range(players)]
                return End((row[0], -row[0]) if zero_sum else tuple(row))
            mover, size = draw(movers), draw(sizes)
            shares = _shares(draw, st, budget - 1, size)
            if mover < 0:
                weights = draw(st.lists(st.integers(1, 3), min_size=size, max_size=size))
                odds = [Fraction(w, sum(weights)) for w in weights]
                return Chance(
                    tuple(
                        (f"c{i}", odds[i], grow(shares[i], known, (*path, i))) for i in range(size)
                    )
                )
            told = path if perfect_information else draw(st.integers(0, 1))
            key = (mover, known[mover], size, told)
            name = infosets.setdefault(key, f"h{len(infosets)}")
            branches = []
            for i in range(size):
                after = list(known)
                after[mover] = (*known[mover], (name, i))
                branches.append((f"a{i}", grow(shares[i], tuple(after), (*path, i))))
            return Choice(mover, name, tuple(branches))

        return build(grow(left, ((),) * players, ()), players)

    return drawn()


def _shares(draw: Any, st: Any, budget: int, size: int) -> list[int]:
    """Spread the histories that are left over the branches."""
    shares = [0] * size
    for place in draw(st.lists(st.integers(0, size - 1), min_size=budget, max_size=budget)):
        shares[place] += 1
    return shares
