"""Trees with simultaneous actions: all choose without seeing each other, then all see it."""

from __future__ import annotations

from typing import Any

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.testing.definitions.plain_tree import Choice, End, Tree, build
from gametheory.testing.extra import strategies

__all__ = ["simultaneous_trees"]


def simultaneous_trees(*, zero_sum: bool = False) -> Any:
    """Draw games of two players and one or two rounds of simultaneous actions.

    After a round its joint action is public, so that every second round is a subgame.

    Parameters
    ----------
    zero_sum : bool
        Whether the payoffs sum to zero.

    Returns
    -------
    SearchStrategy of ExtensiveFormGame

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(simultaneous_trees())
    ... def test(game):
    ...     assert not game.has_perfect_information()
    >>> test()
    """
    st = strategies()

    @st.composite  # type: ignore[untyped-decorator, unused-ignore]
    def drawn(draw: Any) -> ExtensiveFormGame:
        going_on = draw(st.frozensets(st.integers(0, 3), max_size=2))
        pays = st.integers(-3, 3)

        def end() -> Tree:
            own = draw(pays)
            return End((own, -own if zero_sum else draw(pays)))

        def stage(seen: str, rounds: int) -> Tree:
            def reply(first: int) -> Tree:
                return Choice(
                    1,
                    f"1 after {seen}" if seen else "1",
                    tuple((f"a{second}", outcome(first, second)) for second in range(2)),
                )

            def outcome(first: int, second: int) -> Tree:
                if rounds == 1 and 2 * first + second in going_on:
                    return stage(f"{first}{second}", 2)
                return end()

            return Choice(
                0,
                f"0 after {seen}" if seen else "0",
                tuple((f"a{first}", reply(first)) for first in range(2)),
            )

        return build(stage("", 1), 2)

    return drawn()
