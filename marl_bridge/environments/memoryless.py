"""Policies that know their last observation alone: what they earn, and what they cannot do.

A policy network without a memory takes the same action probabilities wherever its agent is shown
the same, however different the episodes were. As a game this has imperfect recall, which the
solvers refuse: an equilibrium in such policies need not exist (Wichardt, 2008, Games and Economic
Behavior 63), and to find a best one is NP-hard (Koller and Megiddo, 1992, Games and Economic
Behavior 4). Their expected returns are those of behavior profiles of the game with perfect recall,
and what a memory would add is bounded here from both sides.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from marl_bridge.environments.driver import View

__all__ = ["Confusion", "Memoryless", "RecallReport", "ResponseBounds"]

_MOST_SWEEPS = 50
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two own histories of an agent that end in the same observation.

    Attributes
    ----------
    observation : int
        Its number in the game.
    one, other : tuple of (int, str)
        The observations and own actions before it, as (observation, action).
    """

    observation: int
    one: tuple[tuple[int, str], ...]
    other: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class RecallReport:
    """What an agent forgets that knows its last observation alone.

    Attributes
    ----------
    agent : str
    n_observations : int
        What it can be shown.
    n_information_sets : int
        What it can know with a perfect memory.
    n_confused : int
        Observations that end several of its own histories.
    example : Confusion or None
        The shortest such pair of histories.
    """

    agent: str
    n_observations: int
    n_information_sets: int
    n_confused: int
    example: Confusion | None

    @property
    def is_perfect(self) -> bool:
        """Whether the last observation tells all that a perfect memory would."""
        return not self.n_confused

    def __str__(self) -> str:
        if self.is_perfect:
            return f"{self.agent} forgets nothing: {self.n_observations:,} observations"
        return (
            f"{self.agent} has {self.n_observations:,} observations for "
            f"{self.n_information_sets:,} information sets; {self.n_confused:,} of them end "
            "several histories"
        )


@dataclass(frozen=True, slots=True)
class ResponseBounds:
    """What an agent can earn against fixed others.

    Attributes
    ----------
    now : float
        With the policy that it has.
    memoryless : float
        With a memoryless policy that no change at one observation improves: the best memoryless
        return is at least this.
    with_memory : float
        With a best response that remembers everything: no policy earns more.
    """

    now: float
    memoryless: float
    with_memory: float


class Memoryless:
    """A game seen by policies whose agents know their last observation alone.

    Parameters
    ----------
    game : ExtensiveFormGame
        With perfect recall, of :attr:`~marl_bridge.Extraction.game`.

    Examples
    --------
    >>> from marl_bridge.environments.extraction import extract
    >>> e = extract("classic/rps-v2", env_kwargs={"max_cycles": 2}, recall="observation")
    >>> print(e.memoryless.reports[0])
    player_0 has 4 observations for 10 information sets; 3 of them end several histories
    """

    def __init__(self, game: ExtensiveFormGame) -> None:
        self.game = game

    @cached_property
    def reports(self) -> tuple[RecallReport, ...]:
        """What each agent forgets."""
        return tuple(self._report(player) for player in range(self.game.n_players))

    @property
    def is_perfect(self) -> bool:
        """Whether no agent forgets anything."""
        return all(report.is_perfect for report in self.reports)

    def _report(self, player: int) -> RecallReport:
        game = self.game
        own = np.flatnonzero(game.infoset_player == player)
        shown = game.infoset_observation[own]
        observations, first, counts = np.unique(shown, return_index=True, return_counts=True)
        confused = np.flatnonzero(counts > 1)
        example = None
        if confused.size:
            which = confused[np.argmin(first[confused])]
            pair = own[shown == observations[which]][:2].tolist()
            one, other = (self._own_history(infoset, player) for infoset in pair)
            example = Confusion(int(observations[which]), one, other)
        return RecallReport(
            game.players[player], observations.size, own.size, confused.size, example
        )

    def _own_history(self, infoset: int, player: int) -> tuple[tuple[int, str], ...]:
        """List a player's observations and actions before an information set."""
        game = self.game
        path = []
        node = int(game.infoset_first_node[infoset])
        while node:
            above = int(game.parent[node])
            if game.node_player[above] == player:
                seen = int(game.infoset_observation[game.node_infoset[above]])
                path.append((seen, game.action_labels[game.node_label[node]]))
            node = above
        return tuple(reversed(path))

    @cached_property
    def _slots(self) -> tuple[NDArray[np.int64], int]:
        """Number (observation, action), for each action of each information set."""
        game = self.game
        owner = np.repeat(np.arange(game.infoset_n_actions.size), game.infoset_n_actions)
        rank = np.arange(owner.size) - game.action_offsets[owner]
        shown = game.infoset_observation
        n_actions = np.zeros(int(shown.max(initial=-1)) + 1, np.int64)
        n_actions[shown] = game.infoset_n_actions
        start = np.concatenate([[0], np.cumsum(n_actions)])
        return start[shown[owner]] + rank, int(start[-1])

    def is_memoryless(self, profile: BehaviorProfile) -> bool:
        """Tell whether a profile does the same wherever an agent is shown the same."""
        slots, size = self._slots
        table = np.zeros(size)
        table[slots] = profile.probabilities
        return bool(np.abs(table[slots] - profile.probabilities).max(initial=0.0) <= _TOLERANCE)

    def project(self, profile: BehaviorProfile) -> BehaviorProfile:
        """Forget: where an agent is shown the same it does what it does there on average.

        The average is by how often it acts; observations that are never reached get the plain
        mean. Somebody who watches the agent would learn this profile. What it costs is the
        difference of ``expected_payoffs`` and of the best responses.
        """
        slots, size = self._slots
        weight = np.repeat(self._reach(profile), self.game.infoset_n_actions)
        total = np.bincount(slots, weights=weight, minlength=size)
        weight = np.where(total[slots] > 0, weight, 1.0)
        total = np.bincount(slots, weights=weight, minlength=size)
        summed = np.bincount(slots, weights=weight * profile.probabilities, minlength=size)
        return BehaviorProfile(self.game, (summed / np.maximum(total, 1e-300))[slots])

    def _reach(self, profile: BehaviorProfile) -> NDArray[np.float64]:
        """Return the probability with which each information set is reached."""
        game = self.game
        share = np.ones(game.n_nodes)
        share[game.chance_children] = game.chance_probabilities
        deciding = np.flatnonzero(np.append(False, game.node_player[game.parent[1:]] >= 0))
        above = game.parent[deciding]
        rank = deciding - game.first_child[above]
        share[deciding] = profile.probabilities[
            game.action_offsets[game.node_infoset[above]] + rank
        ]
        reach = share
        for begin, end in zip(game.level_offsets[1:-1], game.level_offsets[2:], strict=True):
            reach[begin:end] *= reach[game.parent[begin:end]]
        acting = np.flatnonzero(game.node_infoset >= 0)
        n_sets = game.infoset_n_actions.size
        sums = np.bincount(game.node_infoset[acting], weights=reach[acting], minlength=n_sets)
        return sums.astype(np.float64)

    def response_bounds(
        self, profile: BehaviorProfile, agent: str | int, *, time_limit: float = 60.0
    ) -> ResponseBounds:
        """Enclose the best memoryless response to the others in a profile.

        Parameters
        ----------
        profile : BehaviorProfile
            Of the game; the agent's own part must be memoryless, as it is where the search begins.
        agent : str or int
        time_limit : float
            Seconds for the lower bound, which holds whenever the search for it ends.

        Notes
        -----
        The lower bound changes the agent's action at one observation after the other as long as
        this helps: an improvement each time, and a local optimum in the end. The upper bound is
        the best response with perfect recall.

        Raises
        ------
        InvalidProfile
            If the profile remembers more than the last observation, or there is no such agent.
        """
        from gametheory import best_response_value

        game = self.game
        names = [*game.players, *range(game.n_players)]
        if agent not in names:
            raise InvalidProfile(
                f"there is no agent {agent!r}", where="agent", valid=", ".join(game.players)
            )
        player = agent if isinstance(agent, int) else game.players.index(agent)
        if not self.is_memoryless(profile):
            raise InvalidProfile(
                "the profile does different things where an agent is shown the same",
                where="profile",
                valid="a memoryless profile, such as tabulate() returns",
                hint="project() makes one",
            )
        now = float(game.expected_payoffs(profile)[player])
        found = self._climb(profile, player, now, time.monotonic() + time_limit)
        return ResponseBounds(now, found, best_response_value(game, profile, player))

    def _climb(self, profile: BehaviorProfile, player: int, value: float, end: float) -> float:
        """Improve a player's memoryless strategy, one observation at a time."""
        slots, _ = self._slots
        game = self.game
        owner = np.repeat(game.infoset_player, game.infoset_n_actions)
        observation = np.repeat(game.infoset_observation, game.infoset_n_actions)
        mine = np.unique(observation[owner == player])
        current = profile.probabilities.copy()
        scale = max(1.0, game.payoff_range)
        for _ in range(_MOST_SWEEPS):
            before = value
            for shown in mine.tolist():
                there = np.flatnonzero(observation == shown)
                for slot in np.unique(slots[there]).tolist():
                    if time.monotonic() > end:
                        return value
                    trial = current.copy()
                    trial[there] = slots[there] == slot
                    earned = float(game.expected_payoffs(BehaviorProfile(game, trial))[player])
                    if earned > value + _TOLERANCE * scale:
                        value, current = earned, trial
            if value <= before:
                break
        return value

    def to_dict(self, views: Sequence[View] | None = None) -> dict[str, Any]:
        """Return the reports as plain data, in words and in numbers.

        Parameters
        ----------
        views : sequence of View, optional
            To show what the agents of the examples saw, not only its number.
        """
        agents = {}
        for report in self.reports:
            facts = {**asdict(report), "in_words": str(report)}
            if report.example is not None and views is not None:
                facts["example_shows"] = str(views[report.example.observation].observation)
            agents[report.agent] = facts
        word = "perfect" if self.is_perfect else "imperfect"
        return {"by_last_observation": word, "agents": agents}
