"""Littman's soccer on a small grid.

M. L. Littman (1994), Markov games as a framework for multi-agent reinforcement learning, ICML,
pages 157-163. Its rules as they are taken here:

Player A and player B stand on different cells, and one of them has the ball. Both choose at once:
stand, north, south, east, west. The two moves are carried out in random order, each as likely:

1. A move off the pitch does nothing, but that of the player with the ball through the other's
   goal: the middle rows of the west edge for A, of the east edge for B. It scores: 1 for the
   scorer, -1 for the other, and the play goes on from the kickoff, the ball with either as likely.
   The other move is not carried out any more.
2. A move onto the other's cell does not take place; if the mover has the ball, the other gets it.

At the kickoff A stands in the east and B in the west, each the other's mirror image through the
center of the pitch.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from gametheory.games.stochastic_game import StochasticGame
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds.grids import ACTIONS, Cell, draw_grid, target
from marl_bridge.worlds.stochastic_game import (
    Outcome,
    Realized,
    StochasticGameEnv,
    combined,
    realize,
)

__all__ = ["SoccerEnv", "SoccerPosition", "soccer_game"]

_PLAYERS = ("A", "B")


class SoccerPosition(NamedTuple):
    """Where the players stand and who has the ball: 0 is A, 1 is B.

    Examples
    --------
    >>> str(SoccerPosition((3, 2), (1, 1), 0))
    'A32* B11'
    """

    a: Cell
    b: Cell
    ball: int

    def __str__(self) -> str:
        return " ".join(
            f"{name}{cell[0]}{cell[1]}{'*' if self.ball == i else ''}"
            for i, (name, cell) in enumerate(zip(_PLAYERS, self[:2], strict=True))
        )


class _Pitch:
    def __init__(self, width: int, height: int, end_at_goal: bool) -> None:
        if not (2 <= width <= 10 and 2 <= height <= 10 and height % 2 == 0):
            raise InvalidEnvironment(
                f"a pitch of {width} columns and {height} rows",
                where="width, height",
                valid="2 to 10 of each, an even number of rows: goals are the two in the middle",
            )
        self.width, self.height, self.end_at_goal = width, height, end_at_goal
        self.goal_rows = (height // 2 - 1, height // 2)
        b = (width // 2 - 1, height // 2 - 1)
        self.kickoff = ((width - 1 - b[0], height - 1 - b[1]), b)

    def starts(self) -> list[SoccerPosition]:
        return [SoccerPosition(*self.kickoff, ball) for ball in (0, 1)]

    def moved(self, position: SoccerPosition, player: int, action: int) -> SoccerPosition | None:
        """Carry one move out; None if it scores."""
        cells = [position.a, position.b]
        x, y = aim = target(cells[player], action)
        if not (0 <= x < self.width and 0 <= y < self.height):
            goal = -1 if player == 0 else self.width
            scores = x == goal and y in self.goal_rows and position.ball == player
            return None if scores else position
        if aim == cells[1 - player]:
            return position._replace(ball=1 - player) if position.ball == player else position
        cells[player] = aim
        return SoccerPosition(cells[0], cells[1], position.ball)

    def outcomes(self, position: SoccerPosition, joint: tuple[int, ...]) -> list[Outcome]:
        half, found = Fraction(1, 2), list[Outcome]()
        for order in ((0, 1), (1, 0)):
            now: SoccerPosition | None = position
            for player in order:
                if now is None:
                    break
                now, scorer = self.moved(now, player, joint[player]), player
            if now is not None:
                found.append((half, (Fraction(0), Fraction(0)), now))
                continue
            scored = Fraction(1 - 2 * scorer)
            ends = [None] if self.end_at_goal else self.starts()
            found += [(half / len(ends), (scored, -scored), end) for end in ends]
        return found

    def positions(self) -> dict[str, SoccerPosition]:
        cells = [(x, y) for x in range(self.width) for y in range(self.height)]
        every = (SoccerPosition(a, b, ball) for a in cells for b in cells for ball in (0, 1))
        return {str(position): position for position in every}


@lru_cache(maxsize=8)
def soccer_game(
    width: int = 5, height: int = 4, discount: Any = "9/10", end_at_goal: bool = False
) -> StochasticGame:
    """Build the game, zero-sum; its start is the kickoff with the ball at A.

    Parameters
    ----------
    width, height : int
        Columns and rows, the latter an even number.
    discount : number
    end_at_goal : bool
        End the play at the first goal. The values are the same: A and B are alike, so what
        follows a new kickoff is worth nothing.

    Returns
    -------
    StochasticGame
        States are labeled "A32* B11": columns and rows from 0, a star for the ball.

    Raises
    ------
    InvalidEnvironment
        If the pitch has an odd number of rows, or fewer than 2 or more than 10 columns or rows.

    Examples
    --------
    >>> soccer_game(width=3, height=2).states[0]
    'A21* B00'
    """
    pitch = _Pitch(width, height, end_at_goal)
    return StochasticGame.from_function(
        lambda position, joint: combined(pitch.outcomes(position, joint)),
        pitch.starts()[0],
        lambda position: (len(ACTIONS), len(ACTIONS)),
        discount,
        players=_PLAYERS,
        title=f"Soccer {width}x{height}",
    )


@lru_cache(maxsize=8)
def _rewards(width: int, height: int, discount: Any, end_at_goal: bool) -> Realized:
    """Say which goals were scored, by the next position."""
    pitch = _Pitch(width, height, end_at_goal)
    game = soccer_game(width, height, discount, end_at_goal)
    return realize(game, pitch.outcomes, pitch.positions())


class SoccerEnv(StochasticGameEnv):
    """Littman's soccer; the rules are in the text of the module.

    A play starts at the kickoff, the ball with either agent as likely, and ends after each step
    with probability one minus the discount. Rewards are the goals.

    Parameters
    ----------
    width, height, discount, end_at_goal
        As for :func:`soccer_game`.
    max_steps, stop_by_chance, render_mode
        As for :class:`~marl_bridge.worlds.stochastic_game.StochasticGameEnv`.

    Examples
    --------
    >>> env = SoccerEnv(render_mode="ansi")
    >>> observations, infos = env.reset(seed=3)
    >>> print(env.render())
    .  .  .  .  .
    .  B* .  .  .
    .  .  .  A  .
    .  .  .  .  .
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "worlds/soccer", "render_modes": ["ansi"]}

    def __init__(
        self,
        width: int = 5,
        height: int = 4,
        *,
        discount: Any = "9/10",
        end_at_goal: bool = False,
        max_steps: int | None = None,
        stop_by_chance: bool = True,
        render_mode: str | None = None,
    ) -> None:
        self.width, self.height = width, height
        starts = [str(position) for position in _Pitch(width, height, end_at_goal).starts()]
        super().__init__(
            soccer_game(width, height, discount, end_at_goal),
            max_steps,
            stop_by_chance,
            starts,
            render_mode,
            realized=_rewards(width, height, discount, end_at_goal),
        )

    def render(self) -> str | None:
        """Draw the pitch."""
        label = super().render()
        if label is None or label == "over":
            return label
        things = {(int(word[1]), int(word[2])): word[0] + word[3:] for word in label.split()}
        return draw_grid(self.width, self.height, things)
