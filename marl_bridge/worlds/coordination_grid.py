"""Two agents on a grid who have to meet at one of several goals: a coordination game in steps.

Both choose at once: stand, north, south, east, west; steps off the grid do nothing, and both may
stand on one cell. If they meet at a goal both earn its worth and the play ends. If one alone is
at a goal after a step, both pay the penalty and the play goes on. With a slip, each agent's step
fails with that probability, and it stays where it is.

To meet at the worst goal can be an equilibrium as well as at the best one: whoever goes elsewhere
alone pays. Of one shot, this is the game that J. C. Harsanyi and R. Selten (1988), A General
Theory of Equilibrium Selection in Games, ask about: large payoffs or small risks.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from gametheory.games.stochastic_game import StochasticGame
from gametheory.rationals import to_fraction
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds.grids import (
    ACTIONS,
    Cell,
    draw_grid,
    read_cell,
    require_size,
    target,
)
from marl_bridge.worlds.stochastic_game import (
    Outcome,
    Realized,
    StochasticGameEnv,
    combined,
    realize,
)

__all__ = ["CoordinationGridEnv", "CoordinationState", "coordination_game"]

_STARTS = ((0, 1), (2, 1))
_GOALS = ((1, 0, 2), (1, 2, 1))

Goal = tuple[int, int, Any]


class CoordinationState(NamedTuple):
    """Where the agents stand.

    Examples
    --------
    >>> str(CoordinationState((0, 1), (2, 1)))
    '01 21'
    """

    one: Cell
    other: Cell

    def __str__(self) -> str:
        return " ".join(f"{x}{y}" for x, y in self)


class _Grid:
    def __init__(
        self,
        width: int,
        height: int,
        *,
        starts: Sequence[Cell],
        goals: Sequence[Goal],
        penalty: Any,
        slip: Any,
    ) -> None:
        require_size(width, height)
        self.width, self.height = width, height
        if len(starts) != 2 or not goals:
            raise InvalidEnvironment(
                f"{len(starts)} agents and {len(goals)} goals",
                where="starts, goals",
                valid="two agents and at least one goal",
            )
        cells = [read_cell(cell, width, height, f"starts[{i}]") for i, cell in enumerate(starts)]
        self.start = CoordinationState(*cells)
        self.worth = {
            read_cell(goal[:2], width, height, f"goals[{i}]"): _number(goal[2], f"goals[{i}]")
            for i, goal in enumerate(goals)
        }
        self.penalty, self.slip = _number(penalty, "penalty"), _number(slip, "slip")
        if not 0 <= self.slip < 1:
            raise InvalidEnvironment(f"slip is {slip!r}", where="slip", valid="a number in [0, 1)")

    def ends(self, cell: Cell, action: int) -> list[tuple[Cell, Fraction]]:
        """List where an agent may be after its step."""
        x, y = aim = target(cell, action)
        if aim == cell or not (0 <= x < self.width and 0 <= y < self.height):
            return [(cell, Fraction(1))]
        return [(aim, 1 - self.slip), (cell, self.slip)] if self.slip else [(aim, Fraction(1))]

    def outcomes(self, state: CoordinationState, joint: tuple[int, ...]) -> list[Outcome]:
        found = list[Outcome]()
        for one, p in self.ends(state.one, joint[0]):
            for other, q in self.ends(state.other, joint[1]):
                after: CoordinationState | None = CoordinationState(one, other)
                payoff = Fraction(0)
                if one == other and one in self.worth:
                    payoff, after = self.worth[one], None
                elif one in self.worth or other in self.worth:
                    payoff = -self.penalty
                found.append((p * q, (payoff, payoff), after))
        return found

    def states(self) -> dict[str, CoordinationState]:
        cells = [(x, y) for x in range(self.width) for y in range(self.height)]
        every = (CoordinationState(one, other) for one in cells for other in cells)
        return {str(state): state for state in every}


def _number(given: Any, where: str) -> Fraction:
    try:
        return to_fraction(given)
    except ValueError as error:
        raise InvalidEnvironment(str(error), where=where, valid="a number") from None


def coordination_game(
    width: int = 3,
    height: int = 3,
    *,
    starts: Sequence[Cell] = _STARTS,
    goals: Sequence[Goal] = _GOALS,
    penalty: Any = 1,
    slip: Any = 0,
    discount: Any = "9/10",
) -> StochasticGame:
    """Build the game; both agents have the same payoffs.

    Parameters
    ----------
    width, height : int
        Columns and rows.
    starts : sequence of (int, int)
        Column and row, from 0, of each agent.
    goals : sequence of (int, int, number)
        Column, row and worth.
    penalty : number
        What both pay for each step after which one alone is at a goal, or each at another.
    slip : number
        Probability, below 1, that an agent's step fails. Payoffs are expected ones then.
    discount : number

    Returns
    -------
    StochasticGame
        States are labeled by the agents' cells: "01 21".

    Raises
    ------
    InvalidEnvironment
        If something is off the grid or out of range.

    Examples
    --------
    >>> coordination_game().n_states
    79
    """
    kept = tuple(map(tuple, starts)), tuple(map(tuple, goals))
    return _built((width, height), *kept, (penalty, slip), discount)[0]


@lru_cache(maxsize=8)
def _built(
    size: tuple[int, int], starts: Any, goals: Any, numbers: tuple[Any, Any], discount: Any
) -> tuple[StochasticGame, Realized]:
    """Build the game, and what is earned by how a step went."""
    penalty, slip = numbers
    grid = _Grid(*size, starts=starts, goals=goals, penalty=penalty, slip=slip)
    game = StochasticGame.from_function(
        lambda state, joint: combined(grid.outcomes(state, joint)),
        grid.start,
        lambda state: (len(ACTIONS), len(ACTIONS)),
        discount,
        players=("agent_0", "agent_1"),
        title=f"Coordination grid {size[0]}x{size[1]}",
    )
    return game, realize(game, grid.outcomes, grid.states())


class CoordinationGridEnv(StochasticGameEnv):
    """Two agents who have to meet at a goal; the rules are in the text of the module.

    Parameters
    ----------
    width, height, starts, goals, penalty, slip, discount
        As for :func:`coordination_game`.
    max_steps, stop_by_chance, render_mode
        As for :class:`~marl_bridge.worlds.stochastic_game.StochasticGameEnv`.

    Examples
    --------
    >>> env = CoordinationGridEnv(render_mode="ansi")
    >>> observations, infos = env.reset(seed=0)
    >>> print(env.render())
    . 2 .
    A . B
    . 1 .
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "worlds/coordination-grid",
        "render_modes": ["ansi"],
    }

    def __init__(
        self,
        width: int = 3,
        height: int = 3,
        *,
        starts: Sequence[Cell] = _STARTS,
        goals: Sequence[Goal] = _GOALS,
        penalty: Any = 1,
        slip: Any = 0,
        discount: Any = "9/10",
        max_steps: int | None = 20,
        stop_by_chance: bool = False,
        render_mode: str | None = None,
    ) -> None:
        kept = tuple(map(tuple, starts)), tuple(map(tuple, goals))
        game, realized = _built((width, height), *kept, (penalty, slip), discount)
        self.width, self.height, self._goals = width, height, kept[1]
        super().__init__(game, max_steps, stop_by_chance, None, render_mode, realized=realized)

    def render(self) -> str | None:
        """Draw the grid: the agents A and B, an asterisk where they met, and the goals' worth."""
        label = super().render()
        if label is None or label == "over":
            return label
        things = {(x, y): f"{worth}" for x, y, worth in self._goals}
        cells = [(int(text[0]), int(text[1])) for text in label.split()]
        things |= dict(zip(cells, "AB", strict=True))
        if cells[0] == cells[1]:
            things[cells[0]] = "*"
        return draw_grid(self.width, self.height, things)
