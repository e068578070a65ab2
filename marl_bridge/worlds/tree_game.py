"""Game trees as PettingZoo environments: agents act one by one, shown their information sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame
from marl_bridge.worlds.lotteries import Lottery, draw, make_lottery
from marl_bridge.worlds.pettingzoo_parts import AECEnv, Discrete
from marl_bridge.worlds.world import World, enclose, illegal_action, legal_mask, masked

__all__ = ["TreeGameEnv"]


@dataclass(frozen=True, eq=False)
class _Rules:
    """A game's arrays as lists.

    Attributes
    ----------
    owner, first_child, n_children, shown : list of int
        For each node; shown is the number of its information set among those of its player.
    lotteries, payoffs : dict
        Of the chance nodes and the terminal ones.
    n_shown, n_actions : dict
        For each agent, its number of information sets and the most actions at one of them.
    """

    game: ExtensiveFormGame
    owner: list[int]
    first_child: list[int]
    n_children: list[int]
    shown: list[int]
    lotteries: dict[int, Lottery]
    payoffs: dict[int, dict[str, float]]
    n_shown: dict[str, int]
    n_actions: dict[str, int]


@lru_cache(maxsize=8)
def _rules(game: ExtensiveFormGame) -> _Rules:
    first_infoset = np.concatenate([[0], np.cumsum(game.n_infosets)])
    shown = np.where(
        game.node_infoset >= 0, game.node_infoset - first_infoset[game.node_player], -1
    )
    first, count = game.first_child.tolist(), game.n_children.tolist()
    lotteries, done = {}, 0  # chance_children lists the children of one node after the other
    exact = game.exact_chance.tolist()
    for node in np.flatnonzero(game.node_player == CHANCE).tolist():
        children = range(first[node], first[node] + count[node])
        lotteries[node] = make_lottery(children, exact[done : done + count[node]])
        done += count[node]
    rows = game.terminal_payoffs.T.tolist()
    payoffs = {
        node: dict(zip(game.players, row, strict=True))
        for node, row in zip(game.terminals.tolist(), rows, strict=True)
    }
    most = dict.fromkeys(game.players, 1)
    for player, n in zip(
        game.infoset_player.tolist(), game.infoset_n_actions.tolist(), strict=True
    ):
        most[game.players[player]] = max(most[game.players[player]], n)
    return _Rules(
        game,
        game.node_player.tolist(),
        first,
        count,
        shown.tolist(),
        lotteries,
        payoffs,
        dict(zip(game.players, game.n_infosets, strict=True)),
        most,
    )


class TreeGameEnv(World, AECEnv):  # type: ignore[misc]
    """A game tree, played from its root to an end.

    An agent on turn is shown the number of its information set and its legal actions, the first
    ones; any other agent is shown the number after the last one, and an empty mask. Chance is
    drawn, and nobody is shown more of it than the information sets say. All payoffs are earned at
    the end; those that are no floats are rounded.

    Players that act at the same time do so one after the other, as in the tree.

    Parameters
    ----------
    game : ExtensiveFormGame
        Agents are named after its players. A player without information sets only earns.
    render_mode : {"ansi"}, optional
        "ansi" for the labels of the actions so far.

    Notes
    -----
    Extracted, it is the same game, whose recall is perfect, with its nodes in the same order:
    see :func:`~marl_bridge.worlds.sameness.difference`. Chance nodes with a single possible
    outcome are left out.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> env = TreeGameEnv(load("kuhn_poker"), render_mode="ansi")
    >>> env.reset(seed=1)
    >>> env.agent_selection, env.observe(env.agent_selection)["action_mask"].tolist()
    ('first', [1, 1])
    >>> env.step(0)
    >>> env.agent_selection
    'second'
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "tree_game", "render_modes": ["ansi"]}
    _changing: ClassVar[tuple[str, ...]] = (
        "agents",
        "agent_selection",
        "rewards",
        "_cumulative_rewards",
        "terminations",
        "truncations",
        "infos",
        "_node",
        "_skip_agent_selection",
    )
    _rules: Callable[[], _Rules]

    def __init__(self, game: ExtensiveFormGame, render_mode: str | None = None) -> None:
        super().__init__()
        rules = _rules(game)
        self._rules = enclose(rules)
        self.render_mode = render_mode
        self.possible_agents = list(game.players)
        self.agents: list[str] = []
        self._node = 0
        self._action_spaces = {agent: Discrete(n) for agent, n in rules.n_actions.items()}
        self._observation_spaces = {
            agent: masked(Discrete(n + 1), rules.n_actions[agent])
            for agent, n in rules.n_shown.items()
        }

    @property
    def game(self) -> ExtensiveFormGame:
        """The game that is played."""
        return self._rules().game

    def observe(self, agent: str) -> dict[str, Any]:
        """Return the number of an agent's information set, and its mask."""
        rules, node = self._rules(), self._node
        owner = rules.owner[node]
        on_turn = owner >= 0 and self.possible_agents[owner] == agent
        number = rules.shown[node] if on_turn else rules.n_shown[agent]
        legal = rules.n_children[node] if on_turn else 0
        return {
            "observation": np.int64(number),
            "action_mask": legal_mask(rules.n_actions[agent], legal),
        }

    def state(self) -> NDArray[np.int64]:
        """Return the number of the node."""
        return np.array([self._node], dtype=np.int64)

    def render(self) -> str | None:
        """Return the labels of the actions so far, in one line."""
        if self.render_mode is None:
            return None
        return " ".join(self.game.history(self._node))

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Go to the root, and on to the first agent's turn."""
        self._seed(seed)
        agents = self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(agents, 0.0)
        self.terminations = dict.fromkeys(agents, False)
        self.truncations = dict.fromkeys(agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in agents}
        self.agent_selection = agents[0]
        self._skip_agent_selection = None
        self._go_to(0)

    def step(self, action: int | None) -> None:
        """Let the agent on turn act.

        Raises
        ------
        InvalidEnvironment
            If it has no such action there.
        """
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        rules, node = self._rules(), self._node
        if action is None or not 0 <= action < rules.n_children[node]:
            raise illegal_action(agent, action, rules.n_children[node])
        self._cumulative_rewards[agent] = 0.0
        self._go_to(rules.first_child[node] + int(action))

    def _go_to(self, node: int) -> None:
        rules = self._rules()
        while rules.owner[node] == CHANCE:
            node = draw(rules.lotteries[node], self.np_random)
        self._node = node
        if rules.owner[node] != TERMINAL:
            self.agent_selection = self.possible_agents[rules.owner[node]]
            return
        self.rewards = rules.payoffs[node].copy()
        self.terminations = dict.fromkeys(self.agents, True)
        self.agent_selection = self.agents[0]
        self._accumulate_rewards()
