"""Epsilon-equilibria certified from samples: Nash, correlated and coarse correlated.

A device draws a joint recommendation in each episode, and every player's actions are tried
against what the others were told, on the same random numbers. What a player gains by the best
fixed action bounds epsilon of a coarse correlated equilibrium, and of a Nash equilibrium where the
device draws independently; what it gains by the best reaction to what it is told bounds epsilon of
a correlated equilibrium.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.profiles import MixedProfile
from marl_bridge.arguments import is_confidence, require_counts, require_ranges_of, require_seed
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.environments.streams import episode_streams
from marl_bridge.errors import InvalidPolicy
from marl_bridge.estimation.common_numbers import OwnStream, seat_stream
from marl_bridge.estimation.logged_regret import checked_actions
from marl_bridge.figures import Figure
from marl_bridge.intervals import InvalidSamples, betting
from marl_bridge.policies.policy import Policy, as_policy
from marl_bridge.rollouts import Progress, rollouts

__all__ = [
    "EpsilonEquilibrium",
    "TriedActions",
    "certify_equilibrium",
    "epsilon_equilibrium",
]

Floats = NDArray[np.float64]
Concept = Literal["nash", "ce", "cce"]

_METHOD = "betting, best deviation chosen on other episodes"
_DEVIATIONS = {
    "nash": "all {} actions of {}",
    "cce": "all {} actions of {}, chosen before it is told",
    "ce": "all maps from the action told to the {} actions of {}",
}


@dataclass(frozen=True, eq=False)
class TriedActions:
    """What one player was told in each episode, and what each of its actions earned.

    Attributes
    ----------
    told : ndarray of int, shape (n_episodes,)
    payoffs : ndarray, shape (n_episodes, n_actions)
        Of each action while the others do what they are told.
    payoff_range : (float, float)
        Proven bounds on every payoff.
    """

    told: NDArray[np.int64]
    payoffs: Floats
    payoff_range: tuple[float, float]

    @classmethod
    def of(
        cls, told: ArrayLike, payoffs: ArrayLike, payoff_range: tuple[float, float]
    ) -> TriedActions:
        """Check what was told and earned.

        Raises
        ------
        InvalidSamples
            If payoffs are no matrix with two episodes.
        InvalidProfile
            If an action does not exist.
        """
        earned = np.asarray(payoffs, dtype=np.float64)
        if earned.ndim != 2 or len(earned) < 2 or not earned.shape[1]:
            raise InvalidSamples(
                f"payoffs have shape {earned.shape}",
                where="payoffs",
                valid="(n_episodes, n_actions), at least two episodes",
            )
        actions = checked_actions(told, earned.shape[1], len(earned), "told")
        low, high = map(float, payoff_range)
        return cls(actions, earned, (low, high))

    @property
    def gains(self) -> Floats:
        """Payoff of each action less that of the action told, shape (n_episodes, n_actions)."""
        return np.asarray(
            self.payoffs - self.payoffs[np.arange(len(self.told)), self.told][:, None]
        )


@dataclass(frozen=True, eq=False)
class EpsilonEquilibrium:
    """How far a device is from an equilibrium, from both sides.

    All figures hold together with probability ``confidence``.

    Attributes
    ----------
    concept : {"nash", "ce", "cce"}
    epsilon : Figure
        The largest regret of a player: the device is an epsilon-equilibrium for the upper end.
    regrets : dict of str to Figure
        Each player's: external regret, or swap regret for "ce".
    confidence : float
    note : str
        What the actions are.
    """

    concept: Concept
    epsilon: Figure
    regrets: dict[str, Figure]
    confidence: float
    note: str = ""

    @property
    def certificate(self) -> str:
        """What is proven, in a sentence."""
        name = {"nash": "Nash", "ce": "correlated", "cce": "coarse correlated"}[self.concept]
        return (
            f"an epsilon-{name} equilibrium with epsilon = {self.epsilon.upper:.4g}, with "
            f"confidence {self.confidence:g}{f' ({self.note})' if self.note else ''}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "concept": self.concept,
            "epsilon": self.epsilon.to_dict(),
            "regrets": {player: figure.to_dict() for player, figure in self.regrets.items()},
            "confidence": self.confidence,
            "certificate": self.certificate,
        }


def epsilon_equilibrium(
    tried: Mapping[str, TriedActions],
    concept: Concept = "cce",
    *,
    confidence: float = 0.95,
    choosing: float = 0.25,
    note: str = "",
) -> EpsilonEquilibrium:
    """Bound epsilon of a device by episodes in which all actions were tried.

    Parameters
    ----------
    tried : mapping of player to TriedActions
        Of every player, in independent episodes that had no part in making the device. For
        "nash" the recommendations must have been drawn independently of one another.
    concept : {"nash", "ce", "cce"}
    confidence : float
        Of all figures together.
    choosing : float
        Share of the episodes on which each player's best deviation is chosen, for lower ends.
    note : str
        What the actions are, where they are not all that the players can do.

    Raises
    ------
    InvalidSamples
        If a payoff is outside its range, or an option is not valid.

    Notes
    -----
    With n players, delta = 1 - confidence and m actions: lower ends as in
    :func:`marl_bridge.estimation.sampled_regret.certified_regret`. Upper ends of external regret
    are the largest of m bounds at delta / (2 n m). Swap regret adds, over the actions a that are
    told, the largest bound on what it gains to play b instead of a, each at
    delta / (2 n m (m - 1)).

    References
    ----------
    R. Aumann (1974), Subjectivity and correlation in randomized strategies, Journal of
    Mathematical Economics 1.

    Examples
    --------
    The lights of a crossing in the game of chicken, a correlated equilibrium:

    >>> import gametheory
    >>> from marl_bridge.estimation.logged_regret import counterfactual_payoffs
    >>> chicken = gametheory.NormalFormGame.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])
    >>> lights = gametheory.CorrelatedDistribution([["1/2", "1/4"], ["1/4", 0]])
    >>> told = lights.sample(4000, seed=1)
    >>> tried = {name: TriedActions.of(told[:, i], counterfactual_payoffs(chicken, told, i), (0, 7))
    ...          for i, name in enumerate(chicken.players)}
    >>> found = epsilon_equilibrium(tried, "ce")
    >>> found.epsilon.lower, bool(found.epsilon.upper < 0.4)
    (0.0, True)
    """
    if concept not in _DEVIATIONS:
        raise InvalidSamples(
            f"unknown concept {concept!r}", where="concept", valid="'nash', 'ce' or 'cce'"
        )
    if not (is_confidence(confidence) and is_confidence(choosing)):
        raise InvalidSamples(
            f"confidence is {confidence!r}, choosing {choosing!r}",
            where="confidence, choosing",
            valid="numbers between 0 and 1",
        )
    if not tried:
        raise InvalidSamples("no player is given", where="tried", valid="every player")
    share = (1.0 - confidence) / (2.0 * len(tried))
    regrets = {}
    for player, part in tried.items():
        bound = _swap if concept == "ce" else _external
        value, low, high = bound(part, share, choosing)
        regrets[player] = Figure(
            value=max(value, 0.0),
            lower=max(low, 0.0),
            upper=max(high, 0.0),
            confidence=confidence,
            side="estimate",
            method=_METHOD,
            episodes=len(part.told),
            note=note,
            deviations=_DEVIATIONS[concept].format(part.payoffs.shape[1], player),
        )
    figures = regrets.values()
    epsilon = Figure(
        value=max(figure.value for figure in figures),
        lower=max(figure.lower for figure in figures),
        upper=max(figure.upper for figure in figures),
        confidence=confidence,
        side="estimate",
        method=_METHOD,
        episodes=max(figure.episodes for figure in figures),
        note=note,
        deviations="; ".join(figure.deviations for figure in figures),
    )
    return EpsilonEquilibrium(concept, epsilon, regrets, confidence, note)


def _external(part: TriedActions, share: float, choosing: float) -> tuple[float, float, float]:
    gains = np.ascontiguousarray(part.gains.T)
    first = _first(len(part.told), choosing)
    fresh = gains[int(gains[:, :first].mean(axis=1).argmax()), first:]
    ends = betting(gains, confidence=1.0 - share / len(gains), side="upper", **_bounds(part)).upper
    return float(fresh.mean()), _lower(fresh, part, share), float(np.max(ends))


def _swap(part: TriedActions, share: float, choosing: float) -> tuple[float, float, float]:
    gains, told = part.gains, part.told
    rounds, size = gains.shape
    first = _first(rounds, choosing)
    total = np.zeros((size, size))
    np.add.at(total, told[:first], gains[:first])
    reaction = total.argmax(axis=1)
    fresh = gains[np.arange(first, rounds), reaction[told[first:]]]
    high = 0.0
    for action in range(size):
        others = np.arange(size) != action
        if not others.any():
            continue
        when_told = np.where(told == action, gains[:, others].T, 0.0)
        at = 1.0 - share / (size * (size - 1))
        ends = betting(when_told, confidence=at, side="upper", **_bounds(part)).upper
        high += max(float(np.max(ends)), 0.0)
    return float(fresh.mean()), _lower(fresh, part, share), high


def _lower(fresh: Floats, part: TriedActions, share: float) -> float:
    return float(betting(fresh, confidence=1.0 - share, side="lower", **_bounds(part)).lower)


def _bounds(part: TriedActions) -> dict[str, Any]:
    low, high = part.payoff_range
    return {"lower": low - high, "upper": high - low}


def _first(episodes: int, choosing: float) -> int:
    return min(max(1, round(choosing * episodes)), episodes - 1)


def certify_equilibrium(
    make: Make,
    populations: Mapping[str, Sequence[Any]],
    device: MixedProfile | CorrelatedDistribution,
    concept: Concept = "cce",
    *,
    ranges: Mapping[str, tuple[float, float]],
    episodes: int = 1000,
    confidence: float = 0.95,
    choosing: float = 0.25,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> EpsilonEquilibrium:
    """Certify a device over populations of policies as an epsilon-equilibrium between them.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    populations : mapping of agent to sequence of policies
        What each agent may be told to play, and may play instead. Other policies are not tested.
    device : MixedProfile or CorrelatedDistribution
        Over the populations, agents in the environment's order; a MixedProfile for "nash".
    concept : {"nash", "ce", "cce"}
    ranges : mapping of agent to (low, high)
        Proven bounds on each agent's return.
    episodes : int
        Played as recommended, and again by each policy of each agent on the same random numbers.
    confidence, choosing
        See :func:`epsilon_equilibrium`.
    seed : int
        Equal seeds give equal figures.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    max_steps : int, optional
        Longer episodes are cut.
    progress : callable, optional
        ``progress(done, total)`` after every episode.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, or ranges and agents differ.
    InvalidPolicy
        If populations and agents differ, or a policy is none.
    InvalidProfile
        If the device does not fit the populations.
    InvalidSamples
        If a return lies outside its range.

    Examples
    --------
    >>> from gametheory import MixedProfile
    >>> always = [lambda observation, mask, choice=choice: choice for choice in range(3)]
    >>> found = certify_equilibrium("classic/rps-v2", {"player_0": always, "player_1": always},
    ...     MixedProfile([["1/3"] * 3] * 2), "nash", env_kwargs={"max_cycles": 1}, episodes=200,
    ...     ranges={"player_0": (-1, 1), "player_1": (-1, 1)})
    >>> found.epsilon.lower, bool(found.epsilon.upper < 0.5)
    (0.0, True)
    """
    source = open_environment(make, env_kwargs=env_kwargs)
    agents = tuple(source.driver(checked=False).agents)
    require_ranges_of(ranges, agents)
    require_seed(seed)
    require_counts(episodes=episodes)
    groups = _populations(populations, agents)
    joint = _device(device, [len(groups[agent]) for agent in agents], concept)
    drawn = _Device(joint, len(agents))
    seats = {agent: _Recommended(groups[agent], seat, drawn) for seat, agent in enumerate(agents)}
    total = episodes * sum(len(group) for group in groups.values())
    done = 0
    tried = {}
    told = np.array([drawn.joint(episode_streams(seed, k)[1]) for k in range(episodes)])
    for seat, agent in enumerate(agents):
        columns = []
        for number in range(len(groups[agent])):
            before = done
            played = rollouts(
                source,
                {**seats, agent: _Recommended(groups[agent], seat, drawn, number)},
                episodes=episodes,
                seed=seed,
                max_steps=max_steps,
                progress=None
                if progress is None
                else lambda now, _, before=before: progress(before + now, total),  # type: ignore[misc]
            )
            if played.interrupted:  # part of the deviations say nothing about the rest
                raise KeyboardInterrupt
            done += episodes
            columns.append(played.returns[seat])
        tried[agent] = TriedActions.of(told[:, seat], np.stack(columns, axis=1), ranges[agent])
    note = "between the policies of the populations; others were not tested"
    return epsilon_equilibrium(tried, concept, confidence=confidence, choosing=choosing, note=note)


class _Device:
    """Draws an episode's joint recommendation from its seed, the same for all seats."""

    def __init__(self, joint: CorrelatedDistribution, seats: int) -> None:
        self._actions = list(joint.weights)
        weights = np.array([joint.weights[a] / joint.scale for a in self._actions])
        self._cumulative = weights.cumsum()
        self._stream = seats  # behind those of the seats

    def joint(self, rng: np.random.Generator) -> tuple[int, ...]:
        number = seat_stream(rng, self._stream).random() * self._cumulative[-1]
        return self._actions[int(self._cumulative.searchsorted(number, side="right"))]


class _Recommended(OwnStream):
    """Plays the policy the device recommends to its seat, or always the same one."""

    def __init__(
        self, group: Sequence[Policy], seat: int, device: _Device, always: int | None = None
    ) -> None:
        super().__init__(group[0], seat)
        self.group, self.device, self.always = tuple(group), device, always

    def begin_episode(self) -> None:
        """Pass on that an episode starts, to policies with a memory."""
        for policy in self.group:
            start = getattr(policy, "begin_episode", None)
            if callable(start):
                start()

    def choose(self, rng: np.random.Generator) -> Policy:
        """Return the policy of the episode."""
        told = self.device.joint(rng)[self.seat] if self.always is None else self.always
        return self.group[told]


def _populations(
    populations: Mapping[str, Sequence[Any]], agents: Sequence[str]
) -> dict[str, tuple[Policy, ...]]:
    if set(populations) != set(agents) or not all(len(populations[a]) for a in agents):
        raise InvalidPolicy(
            f"populations are given for {sorted(populations)}",
            where="populations",
            valid=f"at least one policy for each of {list(agents)}",
        )
    return {agent: tuple(as_policy(policy) for policy in populations[agent]) for agent in agents}


def _device(device: Any, sizes: list[int], concept: str) -> CorrelatedDistribution:
    if concept == "nash" and not isinstance(device, MixedProfile):
        raise InvalidProfile(
            f"the device is a {type(device).__name__}",
            where="device",
            valid="a MixedProfile: players of a Nash equilibrium draw independently",
        )
    if isinstance(device, MixedProfile):
        device = CorrelatedDistribution.from_profile(device)
    if not isinstance(device, CorrelatedDistribution) or list(device.n_actions) != sizes:
        raise InvalidProfile(
            f"the device is {device!r}",
            where="device",
            valid=f"a MixedProfile or CorrelatedDistribution over populations of sizes {sizes}",
        )
    return device
