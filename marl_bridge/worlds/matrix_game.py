"""Normal-form games as PettingZoo environments: one round, or many with what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds.pettingzoo_parts import Discrete, MultiDiscrete, ParallelEnv
from marl_bridge.worlds.world import World, enclose, illegal_action

__all__ = ["MatrixGameEnv"]


@dataclass(frozen=True, eq=False)
class _Rules:
    """A game as lists.

    Attributes
    ----------
    rewards : list of dict
        For each joint action; looked up instead of computed.
    plays : list of (str, int, int)
        Each agent, its number of actions, and how far apart the cells of two of them are.
    """

    game: NormalFormGame
    rewards: list[dict[str, float]]
    plays: list[tuple[str, int, int]]


@lru_cache(maxsize=32)
def _rules(game: NormalFormGame) -> _Rules:
    table = np.moveaxis(game.payoffs, 0, -1).reshape(-1, game.n_players).tolist()
    rewards = [dict(zip(game.players, row, strict=True)) for row in table]
    strides = [int(np.prod(game.n_actions[i + 1 :])) for i in range(game.n_players)]
    return _Rules(game, rewards, list(zip(game.players, game.n_actions, strides, strict=True)))


class MatrixGameEnv(World, ParallelEnv):  # type: ignore[misc]
    """A normal-form game, played for a number of rounds.

    All agents act at once. With ``memory`` rounds remembered, each agent is shown the joint
    actions of the last ones, newest last, as indices; entries of rounds before the first one
    hold the agent's number of actions, which is no action. Without memory every agent is shown
    the same zero.

    Parameters
    ----------
    game : NormalFormGame
        Agents are named after its players.
    rounds : int
        After so many the episode is over: terminated, as the game has this length.
    memory : int
        Joint actions shown.
    render_mode : None
        There is nothing to render.

    Raises
    ------
    InvalidEnvironment
        If ``rounds`` is below 1 or ``memory`` below 0.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> env = MatrixGameEnv(load("prisoners_dilemma"), rounds=2, memory=1)
    >>> observations, infos = env.reset(seed=0)
    >>> observations["player 0"].tolist()
    [2, 2]
    >>> observations, rewards, *_ = env.step({"player 0": 0, "player 1": 1})
    >>> observations["player 1"].tolist(), rewards
    ([0, 1], {'player 0': -3.0, 'player 1': 0.0})
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "matrix_game", "render_modes": []}
    _changing: ClassVar[tuple[str, ...]] = ("agents", "_round", "_history")
    _rules: Callable[[], _Rules]
    _tally: Callable[[], list[int]]

    def __init__(
        self,
        game: NormalFormGame,
        rounds: int = 1,
        memory: int = 0,
        render_mode: str | None = None,
    ) -> None:
        if rounds < 1 or memory < 0:
            raise InvalidEnvironment(
                f"{rounds} rounds and a memory of {memory}",
                where="rounds, memory",
                valid="at least one round, no negative memory",
            )
        rules = _rules(game)
        self.rounds, self.memory, self.render_mode = rounds, memory, render_mode
        self.possible_agents = list(game.players)
        self.agents: list[str] = []
        self._action_spaces = {
            agent: Discrete(size) for agent, size in zip(game.players, game.n_actions, strict=True)
        }
        shown = MultiDiscrete([m + 1 for m in game.n_actions] * memory) if memory else Discrete(1)
        self._observation_spaces = dict.fromkeys(game.players, shown)
        self._rules = enclose(rules)
        # Enclosed, for what was played is no part of an episode's state.
        self._tally = enclose([0] * len(rules.rewards))
        self._round = 0
        self._history = self._empty = np.array(list(game.n_actions) * memory, dtype=np.int64)
        self._zero = np.int64(0)

    @property
    def game(self) -> NormalFormGame:
        """The game that is played."""
        return self._rules().game

    @property
    def joint_counts(self) -> NDArray[np.int64]:
        """How often each joint action was played since this object was made, all episodes."""
        return np.array(self._tally(), dtype=np.int64).reshape(self.game.n_actions)

    def state(self) -> NDArray[np.int64]:
        """Return the number of rounds played, and what is remembered."""
        return np.append(np.int64(self._round), self._history)

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Begin the first round; nothing is random."""
        self.agents = list(self.possible_agents)
        self._round, self._history = 0, self._empty
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: Mapping[str, int]) -> tuple[dict[str, Any], ...]:
        """Play a round.

        Raises
        ------
        InvalidEnvironment
            If an action is none of the agent's.
        """
        live = self.agents
        if not live:
            return {}, {}, {}, {}, {}
        rules = self._rules()
        cell = 0
        for agent, size, stride in rules.plays:
            action = actions[agent]
            if not 0 <= action < size:
                raise illegal_action(agent, action, size)
            cell += int(action) * stride
        self._tally()[cell] += 1
        self._round += 1
        over = self._round == self.rounds
        if self.memory:
            played = [actions[agent] for agent in live]
            self._history = np.concatenate([self._history[len(live) :], played])
        result: tuple[dict[str, Any], ...] = (
            self._observations(),
            rules.rewards[cell].copy(),
            dict.fromkeys(live, over),
            dict.fromkeys(live, False),
            {agent: {} for agent in live},
        )
        if over:
            self.agents = []
        return result

    def _observations(self) -> dict[str, Any]:
        if not self.memory:
            return dict.fromkeys(self.agents, self._zero)
        return {agent: self._history.copy() for agent in self.agents}
