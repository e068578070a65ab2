"""Level-based foraging: food that may take several to carry.

After S. V. Albrecht and S. Ramamoorthy (2013), A game-theoretic model and best-response learning
method for ad hoc coordination in multiagent systems, AAMAS. The rules as they are taken here:

Agents and pieces of food have levels and stand on a grid. All choose at once: stand, north,
south, east, west, and, next to food that is still there, load.

1. A step succeeds onto a free cell of the grid that no other agent wants at the same time; cells
   that agents leave in this step are not free. Otherwise the agent stays.
2. A piece of food is collected if the levels of the agents beside it that load add up to its level
   at least. Each of them earns the food's share of all food, by level, times its own share of the
   levels that were loaded, so that the rewards of a whole play sum to one. An agent beside several
   pieces loads the one that is listed first.
3. The play ends when all food is collected.

Steps are judged by where the food was at the beginning of the step. Nothing is random.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from gametheory.games.stochastic_game import StochasticGame
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds.grids import (
    ACTIONS,
    Cell,
    draw_grid,
    read_cell,
    require_size,
    target,
)
from marl_bridge.worlds.stochastic_game import StochasticGameEnv

__all__ = ["ForagingEnv", "ForagingState", "foraging_game"]

_AGENTS = ((0, 0, 1), (3, 3, 1))
_FOODS = ((1, 2, 2), (3, 0, 1))
_MOST_AGENTS = 4

Thing = tuple[int, int, int]


class ForagingState(NamedTuple):
    """Where the agents stand and which food is left.

    Examples
    --------
    >>> str(ForagingState(((0, 0), (3, 3)), (True, False)))
    '00 33 food 0'
    """

    agents: tuple[Cell, ...]
    left: tuple[bool, ...]

    def __str__(self) -> str:
        food = [str(number) for number, is_left in enumerate(self.left) if is_left]
        return " ".join([*(f"{x}{y}" for x, y in self.agents), "food", *food])


class _Grove:
    """The grid, the levels and the food."""

    def __init__(
        self, width: int, height: int, agents: Sequence[Thing], foods: Sequence[Thing], shared: bool
    ) -> None:
        require_size(width, height)
        self.width, self.height, self.shared = width, height, shared
        self.cells, self.levels = _things(agents, width, height, "agents")
        self.food, self.food_levels = _things(foods, width, height, "foods")
        everything = [*self.cells, *self.food]
        if len(set(everything)) < len(everything) or not 1 <= len(agents) <= _MOST_AGENTS:
            raise InvalidEnvironment(
                f"{len(agents)} agents and {len(foods)} pieces of food on {len(set(everything))} "
                "different cells",
                where="agents, foods",
                valid=f"1 to {_MOST_AGENTS} agents, and a cell of its own for each thing",
            )
        if not foods:
            raise InvalidEnvironment("there is no food", where="foods", valid="at least one")
        self.start = ForagingState(tuple(self.cells), (True,) * len(self.food))

    def beside(self, state: ForagingState, agent: int) -> int | None:
        """Return the number of the food that an agent would load."""
        x, y = state.agents[agent]
        for number, (cell, left) in enumerate(zip(self.food, state.left, strict=True)):
            if left and abs(cell[0] - x) + abs(cell[1] - y) == 1:
                return number
        return None

    def n_actions(self, state: ForagingState) -> tuple[int, ...]:
        agents = range(len(state.agents))
        return tuple(len(ACTIONS) + (self.beside(state, agent) is not None) for agent in agents)

    def step(
        self, state: ForagingState, joint: tuple[int, ...]
    ) -> tuple[list[Fraction], dict[ForagingState, int]]:
        food = [cell for cell, left in zip(self.food, state.left, strict=True) if left]
        taken = [*food, *state.agents]
        wanted = [
            target(cell, action) if 0 < action < len(ACTIONS) else cell
            for cell, action in zip(state.agents, joint, strict=True)
        ]
        after = tuple(
            aim
            if self._inside(aim) and aim not in taken and wanted.count(aim) == 1
            else state.agents[agent]
            for agent, aim in enumerate(wanted)
        )
        loads = [
            self.beside(state, agent) if action == len(ACTIONS) else None
            for agent, action in enumerate(joint)
        ]
        payoffs, left = [Fraction(0)] * len(joint), list(state.left)
        for number in range(len(left)):
            loaders = [agent for agent, at in enumerate(loads) if at == number]
            strength = sum(self.levels[agent] for agent in loaders)
            if loaders and strength >= self.food_levels[number]:
                left[number] = False
                worth = Fraction(self.food_levels[number], sum(self.food_levels))
                for agent in loaders:
                    payoffs[agent] += worth * self.levels[agent] / strength
        if self.shared:
            payoffs = [sum(payoffs, Fraction(0))] * len(payoffs)
        return payoffs, {ForagingState(after, tuple(left)): 1} if any(left) else {}

    def _inside(self, cell: Cell) -> bool:
        return 0 <= cell[0] < self.width and 0 <= cell[1] < self.height


def _things(
    given: Sequence[Thing], width: int, height: int, where: str
) -> tuple[list[Cell], list[int]]:
    cells, levels = [], []
    for number, thing in enumerate(given):
        if len(thing) != 3 or thing[2] < 1:
            raise InvalidEnvironment(
                f"{thing!r}",
                where=f"{where}[{number}]",
                valid="(column, row, level) with a level of at least 1",
            )
        cells.append(read_cell(thing[:2], width, height, f"{where}[{number}]"))
        levels.append(int(thing[2]))
    return cells, levels


def foraging_game(
    width: int = 4,
    height: int = 4,
    *,
    agents: Sequence[Thing] = _AGENTS,
    foods: Sequence[Thing] = _FOODS,
    discount: Any = "19/20",
    shared: bool = False,
) -> StochasticGame:
    """Build the game; its start is where agents and food are put.

    Parameters
    ----------
    width, height : int
        Columns and rows.
    agents, foods : sequence of (int, int, int)
        Column and row from 0, and level. One to four agents.
    discount : number
    shared : bool
        Whether everybody earns what all earn together.

    Returns
    -------
    StochasticGame
        States are labeled by the agents' cells and the food that is left: "00 33 food 0 1".

    Raises
    ------
    InvalidEnvironment
        If two things share a cell or one is off the grid.

    Examples
    --------
    >>> foraging_game(2, 2, agents=[(0, 0, 1), (1, 1, 1)], foods=[(1, 0, 2)]).n_states
    3
    """
    return _game((width, height), _frozen(agents), _frozen(foods), discount, bool(shared))


def _frozen(things: Sequence[Thing]) -> tuple[Thing, ...]:
    return tuple(tuple(thing) for thing in things)  # type: ignore[misc]


@lru_cache(maxsize=8)
def _game(
    size: tuple[int, int],
    agents: tuple[Thing, ...],
    foods: tuple[Thing, ...],
    discount: Any,
    shared: bool,
) -> StochasticGame:
    grove = _Grove(*size, agents, foods, shared)
    return StochasticGame.from_function(
        grove.step,
        grove.start,
        grove.n_actions,
        discount,
        players=[f"agent_{number}" for number in range(len(agents))],
        title=f"Foraging {size[0]}x{size[1]}",
    )


class ForagingEnv(StochasticGameEnv):
    """Level-based foraging; the rules are in the text of the module.

    Loading is masked except beside food; elsewhere it is to stand. A play that has not ended is
    truncated after ``max_steps``.

    Parameters
    ----------
    width, height, agents, foods, discount, shared
        As for :func:`foraging_game`.
    max_steps, stop_by_chance, render_mode
        As for :class:`~marl_bridge.worlds.stochastic_game.StochasticGameEnv`.

    Examples
    --------
    >>> env = ForagingEnv(render_mode="ansi")
    >>> observations, infos = env.reset(seed=0)
    >>> print(env.render())
    A1 .  .  f1
    .  .  .  .
    .  f2 .  .
    .  .  .  B1
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "worlds/foraging", "render_modes": ["ansi"]}

    def __init__(
        self,
        width: int = 4,
        height: int = 4,
        *,
        agents: Sequence[Thing] = _AGENTS,
        foods: Sequence[Thing] = _FOODS,
        discount: Any = "19/20",
        shared: bool = False,
        max_steps: int | None = 50,
        stop_by_chance: bool = False,
        render_mode: str | None = None,
    ) -> None:
        frozen = _frozen(agents), _frozen(foods)
        game = _game((width, height), *frozen, discount, bool(shared))
        self.width, self.height = width, height
        self._levels = tuple(int(agent[2]) for agent in agents)
        self._foods = frozen[1]
        super().__init__(game, max_steps, stop_by_chance, None, render_mode)

    def render(self) -> str | None:
        """Draw the grid: agents are capital letters, food is an f, with their levels."""
        label = super().render()
        if label is None or label == "over":
            return label
        cells, _, left = label.partition(" food")
        things = {
            (int(cell[0]), int(cell[1])): f"{chr(ord('A') + number)}{level}"
            for number, (cell, level) in enumerate(zip(cells.split(), self._levels, strict=True))
        }
        for number in map(int, left.split()):
            x, y, level = self._foods[number]
            things[x, y] = f"f{level}"
        return draw_grid(self.width, self.height, things)
