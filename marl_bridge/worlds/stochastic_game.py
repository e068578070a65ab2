"""Stochastic games as PettingZoo environments: everybody sees the state, and all act at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gametheory.games.stochastic_game import StochasticGame
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds.lotteries import Lottery, draw, make_lottery
from marl_bridge.worlds.pettingzoo_parts import Discrete, ParallelEnv, Space
from marl_bridge.worlds.world import World, enclose, illegal_action, legal_mask, masked

__all__ = ["Outcome", "Realized", "StochasticGameEnv", "combined", "realize"]

Outcome = tuple[Fraction, Sequence[Fraction], Any]
"""What a joint action may lead to: its probability, the payoffs then, the next state or None."""

Realized = Mapping[tuple[int, int], dict[str, float]]
"""Rewards by the row of a joint action and the number of the next state, -1 for the end."""

_OVER = -1


@dataclass(frozen=True, eq=False)
class _Rules:
    """A game's arrays as lists.

    Attributes
    ----------
    plays : list of list of (str, int, int)
        For each state each agent, its number of actions, and how far apart two of them are.
    offsets : list of int
        The row of each state's first joint action.
    rewards : list of dict
        For each row.
    lotteries : list
        For each row, the next state.
    goes_on : Lottery or None
        Drawn before the next state where the discount ends plays.
    masks : list of dict, or None
        For each state and agent; None where all actions are legal everywhere.
    can_end : bool
        Whether a play can come to its end without a limit of steps.
    """

    game: StochasticGame
    plays: list[list[tuple[str, int, int]]]
    offsets: list[int]
    rewards: list[dict[str, float]]
    lotteries: list[Lottery]
    goes_on: Lottery | None
    masks: list[dict[str, NDArray[np.int8]]] | None
    n_actions: dict[str, int]
    can_end: bool


@lru_cache(maxsize=32)
def _rules(game: StochasticGame, stop_by_chance: bool) -> _Rules:
    plays, rewards = [], []
    for stage in game.stages:
        strides = [int(np.prod(stage.n_actions[i + 1 :])) for i in range(game.n_players)]
        plays.append(list(zip(game.players, stage.n_actions, strides, strict=True)))
        rows = np.moveaxis(stage.payoffs, 0, -1).reshape(-1, game.n_players).tolist()
        rewards += [dict(zip(game.players, row, strict=True)) for row in rows]
    first, following = game.first.tolist(), game.next_states.tolist()
    exact = game.exact_probabilities.tolist()
    lotteries = []
    for a, b in pairwise(first):
        ends = 1 - sum(exact[a:b], Fraction(0))
        lotteries.append(make_lottery([*following[a:b], _OVER], [*exact[a:b], ends]))
    most = {
        agent: max(stage.n_actions[i] for stage in game.stages)
        for i, agent in enumerate(game.players)
    }
    differ = any(m != most[agent] for play in plays for agent, m, _ in play)
    masks = [{agent: legal_mask(most[agent], m) for agent, m, _ in play} for play in plays]
    stops = stop_by_chance and game.discount < 1
    return _Rules(
        game,
        plays,
        game.row_offsets.tolist(),
        rewards,
        lotteries,
        make_lottery([_OVER, 0], [1 - game.discount, game.discount]) if stops else None,
        masks if differ else None,
        most,
        stops or any(_OVER in outcomes for outcomes, _, _ in lotteries),
    )


class StochasticGameEnv(World, ParallelEnv):  # type: ignore[misc]
    """A stochastic game, played from state to state.

    Every agent is shown the number of the state, with a mask where its actions differ from state
    to state; the number after the last one says that the play is over. Rewards are the stage
    payoffs.

    The discount comes in one of two ways. With ``stop_by_chance`` the play ends after each step
    with probability one minus the discount, so that undiscounted returns have the game's payoffs
    as their expectation, under any policies. Without, rewards are not discounted: whoever learns
    or evaluates applies ``game.discount``, as ``extract(..., discount=)`` does.

    An action that the mask forbids is played as the first one, as PettingZoo's own tests of
    Parallel environments do not look at masks.

    Parameters
    ----------
    game : StochasticGame
        Agents are named after its players.
    max_steps : int, optional
        Truncate plays after so many steps.
    stop_by_chance : bool, optional
        Whether the discount is realized as the chance that the play ends. By default where no
        ``max_steps`` is given.
    start : str, int or sequence of these, optional
        The first state, or several of which one is drawn, each as likely; by default the game's.
    render_mode : {"ansi"}, optional
        "ansi" for the label of the state.
    realized : mapping, optional
        Rewards that depend on the next state, for the rows where they do: see :func:`realize`.
        Stage payoffs are their expectations.

    Raises
    ------
    InvalidEnvironment
        If ``max_steps`` is below 1, there is no such state, or no episode would ever end.

    Examples
    --------
    >>> stage = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]  # a prisoner's dilemma, for ever
    >>> game = StochasticGame([stage], [np.ones((2, 2, 1))], "1/2", states=["dilemma"])
    >>> env = StochasticGameEnv(game, max_steps=10, render_mode="ansi")
    >>> observations, infos = env.reset(seed=0)
    >>> observations, rewards, *_ = env.step({"player 0": 0, "player 1": 1})
    >>> rewards, env.render()
    ({'player 0': 0.0, 'player 1': 5.0}, 'dilemma')
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "stochastic_game", "render_modes": ["ansi"]}
    _changing: ClassVar[tuple[str, ...]] = ("agents", "_state", "_steps")
    _rules: Callable[[], _Rules]
    _realized: Callable[[], Realized]
    _starts: Lottery

    def __init__(
        self,
        game: StochasticGame,
        max_steps: int | None = None,
        stop_by_chance: bool | None = None,
        start: Any = None,
        render_mode: str | None = None,
        *,
        realized: Realized | None = None,
    ) -> None:
        if max_steps is not None and max_steps < 1:
            raise InvalidEnvironment(
                f"max_steps is {max_steps}", where="max_steps", valid="at least 1, or None"
            )
        stops = max_steps is None if stop_by_chance is None else bool(stop_by_chance)
        rules = _rules(game, stops)
        if max_steps is None and not rules.can_end:
            raise InvalidEnvironment(
                "no episode would ever end",
                where="max_steps, stop_by_chance",
                valid="a limit of steps, or an end by chance",
            )
        self._rules = enclose(rules)
        self._realized = enclose(realized or {})
        self.max_steps, self.stop_by_chance = max_steps, stops
        self.render_mode = render_mode
        self.possible_agents = list(game.players)
        self.agents: list[str] = []
        starts = _starts(game, start)
        self._starts = make_lottery(starts, [Fraction(1, len(starts))] * len(starts))
        self._state, self._steps = starts[0], 0
        self._action_spaces = {agent: Discrete(n) for agent, n in rules.n_actions.items()}
        shown = Discrete(game.n_states + rules.can_end)
        spaces: dict[str, Space[Any]] = dict.fromkeys(game.players, shown)
        if rules.masks is not None:
            spaces = {agent: masked(shown, n) for agent, n in rules.n_actions.items()}
        self._observation_spaces = spaces

    @property
    def game(self) -> StochasticGame:
        """The game that is played."""
        return self._rules().game

    def state(self) -> NDArray[np.int64]:
        """Return the number of the state, and of the steps so far."""
        return np.array([self._shown(), self._steps], dtype=np.int64)

    def render(self) -> str | None:
        """Return the label of the state, or "over"."""
        if self.render_mode is None:
            return None
        return "over" if self._state == _OVER else self.game.states[self._state]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Go to the first state."""
        self._seed(seed)
        self.agents = list(self.possible_agents)
        self._state, self._steps = draw(self._starts, self.np_random), 0
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: Mapping[str, int]) -> tuple[dict[str, Any], ...]:
        """Earn a stage's payoffs and go on to the next state.

        Raises
        ------
        InvalidEnvironment
            If an action is none of the agent's.
        """
        live = self.agents
        if not live:
            return {}, {}, {}, {}, {}
        rules, state = self._rules(), self._state
        row = rules.offsets[state]
        for agent, size, stride in rules.plays[state]:
            action = actions[agent]
            if not 0 <= action < size:
                if not 0 <= action < rules.n_actions[agent]:
                    raise illegal_action(agent, action, rules.n_actions[agent])
                action = 0
            row += int(action) * stride
        self._steps += 1
        realized = self._realized()
        rewards = rules.rewards[row]
        stops = not realized and self._stops(rules)
        following = _OVER if stops else draw(rules.lotteries[row], self.np_random)
        if realized:  # what is earned has to be known before the play may stop
            rewards = realized.get((row, following), rewards)
            following = _OVER if self._stops(rules) else following
        self._state = following
        over = self._state == _OVER
        cut = not over and self._steps == self.max_steps
        result: tuple[dict[str, Any], ...] = (
            self._observations(),
            rewards.copy(),
            dict.fromkeys(live, over),
            dict.fromkeys(live, cut),
            {agent: {} for agent in live},
        )
        if over or cut:
            self.agents = []
        return result

    def _stops(self, rules: _Rules) -> bool:
        return rules.goes_on is not None and draw(rules.goes_on, self.np_random) == _OVER

    def _shown(self) -> int:
        return self.game.n_states if self._state == _OVER else self._state

    def _observations(self) -> dict[str, Any]:
        rules, number = self._rules(), np.int64(self._shown())
        if rules.masks is None:
            return dict.fromkeys(self.agents, number)
        if self._state == _OVER:
            masks = {agent: legal_mask(n, 0) for agent, n in rules.n_actions.items()}
        else:
            masks = {agent: mask.copy() for agent, mask in rules.masks[self._state].items()}
        return {
            agent: {"observation": number, "action_mask": masks[agent]} for agent in self.agents
        }


def realize(
    game: StochasticGame,
    outcomes: Callable[[Any, tuple[int, ...]], Sequence[Outcome]],
    states: Mapping[str, Any],
) -> dict[tuple[int, int], dict[str, float]]:
    """Find what is earned with each next state, where that is not the stage payoff.

    Parameters
    ----------
    game : StochasticGame
    outcomes : callable
        ``outcomes(state, joint_action)`` lists what may happen, with what is earned then.
    states : mapping
        From labels to states, as ``outcomes`` wants them.

    Returns
    -------
    dict
        Rewards by row and next state: their mean, where a next state comes with several.

    Examples
    --------
    >>> def outcomes(state, joint):
    ...     return [(Fraction(1, 2), [Fraction(2)], "a"), (Fraction(1, 2), [Fraction(0)], None)]
    >>> game = StochasticGame([[[1]]], [[["1/2"]]], "1/2", states=["a"])
    >>> realize(game, outcomes, {"a": "a"})
    {(0, 0): {'player 0': 2.0}, (0, -1): {'player 0': 0.0}}
    """
    number = {label: i for i, label in enumerate(game.states)}
    found = {}
    for i, (label, stage) in enumerate(zip(game.states, game.stages, strict=True)):
        for place, joint in enumerate(np.ndindex(*stage.n_actions)):
            chances: dict[int, Fraction] = {}
            sums: dict[int, list[Fraction]] = {}
            listed = outcomes(states[label], joint)
            if all(tuple(earned) == tuple(listed[0][1]) for _, earned, _ in listed):
                continue  # the stage payoff
            for p, earned, to in listed:
                key = _OVER if to is None else number[str(to)]
                chances[key] = chances.get(key, Fraction(0)) + p
                before = sums.get(key, [Fraction(0)] * game.n_players)
                sums[key] = [s + p * x for s, x in zip(before, earned, strict=True)]
            means = {key: [s / chances[key] for s in row] for key, row in sums.items()}
            if len({tuple(row) for row in means.values()}) > 1:
                cell = int(game.row_offsets[i]) + place
                for key, row in means.items():
                    found[cell, key] = dict(zip(game.players, map(float, row), strict=True))
    return found


def combined(outcomes: Sequence[Outcome]) -> tuple[list[Fraction], dict[Any, Fraction]]:
    """Add outcomes up to expected payoffs and probabilities of the next states.

    As :meth:`StochasticGame.from_function` wants them.

    Examples
    --------
    >>> combined([(Fraction(1, 2), [Fraction(2)], "a"), (Fraction(1, 2), [Fraction(0)], None)])
    ([Fraction(1, 1)], {'a': Fraction(1, 2)})
    """
    payoffs = list(outcomes[0][1])
    if any(tuple(earned) != tuple(payoffs) for _, earned, _ in outcomes):
        columns = zip(*(earned for _, earned, _ in outcomes), strict=True)
        odds = [p for p, _, _ in outcomes]
        payoffs = [
            sum((p * x for p, x in zip(odds, xs, strict=True)), Fraction(0)) for xs in columns
        ]
    following: dict[Any, Fraction] = {}
    for p, _, to in outcomes:
        if to is not None:
            following[to] = following.get(to, Fraction(0)) + p
    return payoffs, following


def _starts(game: StochasticGame, start: Any) -> list[int]:
    if start is None:
        return [game.start]
    named: Sequence[Any] = [start] if isinstance(start, str | int | np.integer) else list(start)
    found = []
    for state in named:
        if isinstance(state, str) and state in game.states:
            found.append(game.states.index(state))
        elif isinstance(state, int | np.integer) and 0 <= state < game.n_states:
            found.append(int(state))
    if not named or len(found) < len(named):
        raise InvalidEnvironment(
            f"there is no state {next((s for s in named if s not in game.states), start)!r}"
            if named
            else "there is no first state",
            where="start",
            valid=f"labels of states, such as {game.states[0]!r}, or numbers below {game.n_states}",
        )
    return found
