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
    most_inner: int = 7,
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
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(trees(zero_sum=True))
    ... def test(game):
    ...     assert game.is_constant_sum()
    >>> test()
    """
    st = strategies()

    @st.composite  # type: ignore[untyped-decorator, unused-ignore]
    def drawn(draw: Any) -> ExtensiveFormGame:
        players = 2 if zero_sum else n_players or draw(st.sampled_from((2, 1, 3)))
        sizes = st.sampled_from((2, 2, 1, 3))
        left = draw(st.sampled_from([1, *range(most_inner, 1, -2)]))
        everybody = st.sampled_from([*range(players), *range(players), *[-1] * chance])
        # Mostly the same one acts after whatever was done, and another one than before: only then
        # can something be hidden.
        start, steps = draw(st.integers(0, players - 1)), st.sampled_from((1, 1, 1, 0, -1, -1))
        usual, now = [], start
        for _ in range(left):
            step = draw(steps)
            now = (now + max(step, 0)) % players
            usual.append(-1 if step < 0 and chance else now)
        infosets: dict[tuple[Any, ...], tuple[str, int]] = {}

        def grow(budget: int, known: tuple[tuple[Any, ...], ...], path: tuple[int, ...]) -> Tree:
            if budget <= 0:
                row = [draw(st.integers(-_WIDEST, _WIDEST)) for _ in range(players)]
                return End((row[0], -row[0]) if zero_sum else tuple(row))
            mover = usual[len(path)] if draw(st.integers(0, 4)) else draw(everybody)
            if mover < 0:
                size = draw(sizes)
                weights = draw(st.lists(st.integers(1, 3), min_size=size, max_size=size))
                odds = [Fraction(w, sum(weights)) for w in weights]
                shares = _shares(draw, st, budget - 1, size)
                return Chance(
                    tuple(
                        (f"c{i}", odds[i], grow(shares[i], known, (*path, i))) for i in range(size)
                    )
                )
            told = path if perfect_information else draw(st.sampled_from((0, 0, 0, 1)))
            key = (mover, known[mover], told)
            if key not in infosets:
                infosets[key] = f"h{len(infosets)}", draw(sizes)
            name, size = infosets[key]
            shares = _shares(draw, st, budget - 1, size)
            branches = []
            for i in range(size):
                after = list(known)
                after[mover] = (*known[mover], (name, i))
                branches.append((f"a{i}", grow(shares[i], tuple(after), (*path, i))))
            return Choice(mover, name, tuple(branches))

        return build(grow(left, ((),) * players, ()), players)

    return drawn()


def _shares(draw: Any, st: Any, budget: int, size: int) -> list[int]:
    """Spread the histories that are left over the branches, about evenly."""
    first = draw(st.integers(0, size - 1))
    shares = [budget // size] * size
    for place in range(budget % size):
        shares[(first + place) % size] += 1
    return shares
