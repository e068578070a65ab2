"""AIVAT on a real environment: its episodes, valued by the extracted game."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.behavior_profile import BehaviorProfile
from marl_bridge.environments.driver import View
from marl_bridge.environments.extraction import Extraction
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.environments.views import view_key
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.estimation.aivat_values import AivatValues, aivat_values
from marl_bridge.estimation.common_numbers import OwnStream
from marl_bridge.estimation.returns import figure_of_mean
from marl_bridge.figures import Figure
from marl_bridge.intervals import betting
from marl_bridge.policies.checks import checked_action
from marl_bridge.policies.policy import Policy, assign
from marl_bridge.policies.tabulation import tabulate
from marl_bridge.rollouts import Episodes, Progress, rollouts

__all__ = ["AivatEstimate", "aivat"]


@dataclass(frozen=True, eq=False)
class AivatEstimate:
    """Expected returns of one joint policy, corrected for luck.

    Attributes
    ----------
    returns : dict of str to Figure
        Each agent's expected return, from corrected returns.
    plain : dict of str to Figure
        The same from the returns themselves, of the same episodes.
    corrected : ndarray, shape (n_agents, n_episodes)
    values : AivatValues
    episodes : Episodes
    """

    returns: dict[str, Figure]
    plain: dict[str, Figure]
    corrected: NDArray[np.float64]
    values: AivatValues
    episodes: Episodes

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the episodes."""
        return {
            "returns": {agent: figure.to_dict() for agent, figure in self.returns.items()},
            "plain": {agent: figure.to_dict() for agent, figure in self.plain.items()},
            "episodes": len(self.episodes),
            "seed": self.episodes.seed,
            "interrupted": self.episodes.interrupted,
        }


def aivat(
    make: Make,
    policies: Any,
    extraction: Extraction,
    *,
    known: Sequence[str],
    believed: Any = "random",
    episodes: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> AivatEstimate:
    """Estimate expected returns against agents whose policies cannot be read, with little luck.

    For policies that can all be read no episode is needed: see
    :func:`marl_bridge.policies.tabulation.tabulate`.

    Parameters
    ----------
    make : str, module or callable
        The environment.
    policies : policy-like or mapping
        One for all agents or one for each. Those of the agents that are not ``known`` need only
        act.
    extraction : Extraction
        Of the same environment.
    known : sequence of str
        Agents whose policies state their probabilities.
    believed : policy-like, mapping of agent to policy-like, or BehaviorProfile
        A guess at the policies of the others, made before these episodes: it only decides how
        much luck is left.
    episodes : int
    confidence : float
        For each interval alone.
    seed : int
        Equal seeds give equal estimates.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    progress : callable, optional
        ``progress(done, total)`` after every episode.

    Raises
    ------
    InvalidEnvironment
        If the environment is not the one that was extracted, or Ctrl-C came before the first
        episode ended.
    InvalidPolicy
        If a known policy cannot state its probabilities, or a policy does something illegal.

    Notes
    -----
    The intervals use the exact range of the corrected returns, found from the tree. See
    :func:`marl_bridge.estimation.aivat_values.aivat_values`.

    Examples
    --------
    >>> from marl_bridge.environments.extraction import extract
    >>> rps = {"max_cycles": 1}
    >>> found = aivat("classic/rps-v2", "random", extract("classic/rps-v2", env_kwargs=rps),
    ...     known=["player_0"], episodes=20, env_kwargs=rps)
    >>> abs(round(found.returns["player_1"].value, 9)), found.plain["player_1"].width > 0.5
    (0.0, True)
    """
    agents = extraction.graph.players
    assigned = assign(policies, agents)
    unknown = [agent for agent in known if agent not in agents]
    if unknown:
        raise InvalidPolicy(
            f"there is no agent {unknown[0]!r}", where="known", valid=f"some of {list(agents)}"
        )
    guess = _profile(believed, extraction, agents)
    readable = {agent: assigned[agent] if agent in known else "random" for agent in agents}
    profile = tabulate(readable, extraction)
    seats = tuple(agents.index(agent) for agent in known)
    values = aivat_values(extraction.game, profile, known=seats, values=guess)
    source = open_environment(make, env_kwargs=env_kwargs)
    if source.driver(checked=False).agents != agents:
        raise InvalidEnvironment(
            f"{source.name} has other agents than the extracted game",
            where="make",
            valid=f"the environment with agents {list(agents)}",
        )
    notes = _Notes(values, extraction)
    played = rollouts(
        source,
        {
            agent: OwnStream(assigned[agent], seat)
            if agent in known
            else _Noting(assigned[agent], seat, notes)
            for seat, agent in enumerate(agents)
        },
        episodes=episodes,
        seed=seed,
        progress=lambda done, total: notes.end(done, total, progress),
    )
    if len(played) == 0:
        raise InvalidEnvironment(
            "interrupted before the first episode ended", hint="allow more time"
        )
    corrected = values.of_record[:, np.array(notes.records[: len(played)], dtype=np.int64)]
    returns, plain = {}, {}
    for row, agent in enumerate(agents):
        low, high = values.ranges[row].tolist()
        slack = 1e-9 * max(1.0, abs(low), abs(high))  # sums over the tree round
        ends = betting(corrected[row], lower=low - slack, upper=high + slack, confidence=confidence)
        bounds = extraction.return_ranges[agent]
        returns[agent] = Figure(
            value=float(corrected[row].mean()),
            lower=float(max(ends.lower, bounds[0])),
            upper=float(min(ends.upper, bounds[1])),
            confidence=confidence,
            side="estimate",
            method="betting, AIVAT",
            episodes=len(played),
        )
        plain[agent] = figure_of_mean(played.of(agent), bounds, confidence=confidence)
    return AivatEstimate(returns, plain, corrected, values, played)


def _profile(believed: Any, extraction: Extraction, agents: Sequence[str]) -> BehaviorProfile:
    if isinstance(believed, BehaviorProfile):
        return believed
    if isinstance(believed, Mapping):  # the known agents' part is not read
        believed = {agent: believed.get(agent, "random") for agent in agents}
    return tabulate(believed, extraction)


class _Notes:
    """Follows what the unknown agents are shown and do, episode by episode."""

    def __init__(self, values: AivatValues, extraction: Extraction) -> None:
        self.records: list[int] = []
        self._record = 0
        game = extraction.game
        shown = [(view.agent, view_key(view)) for view in extraction.views]
        observation = game.infoset_observation.tolist()
        self._next = {
            (record, *shown[observation[infoset]]): first
            for (record, infoset), first in values.next_record.items()
        }

    def note(self, view: View, action: Any) -> None:
        """Extend the record by what an agent saw and did."""
        first = self._next.get((self._record, view.agent, view_key(view)))
        if first is None:
            raise InvalidEnvironment(
                f"agent {view.agent!r} is shown what it is not in the extracted game, after the "
                "same choices",
                where=f"episode {len(self.records)}",
                valid="an extraction of this environment with the same env_kwargs",
            )
        rank = int(np.searchsorted(view.legal_indices(), action - view.start))
        self._record = first + rank

    def end(self, done: int, total: int, progress: Progress | None) -> None:
        """Close the record of an episode."""
        self.records.append(self._record)
        self._record = 0
        if progress is not None:
            progress(done, total)


class _Noting(OwnStream):
    """A policy whose views and actions are noted."""

    def __init__(self, policy: Policy, seat: int, notes: _Notes) -> None:
        super().__init__(policy, seat)
        self._notes = notes

    def act(self, view: View, rng: np.random.Generator) -> Any:
        """Let the policy act, and note what it did."""
        action = checked_action(view, super().act(view, rng))
        self._notes.note(view, action)
        return action
