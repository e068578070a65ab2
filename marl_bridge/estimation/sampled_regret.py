"""Certified regret of a frozen profile: what deviations gain, bounded from both sides by samples.

The largest of many sample means is too large: of 50 deviations that gain nothing one looks
profitable. So the best deviation is chosen on one part of the episodes, and bounded on another
that had no say in the choice; from above all deviations are bounded at once, each with its share
of the probability of error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marl_bridge.arguments import is_confidence, require_counts, require_ranges_of, require_seed
from marl_bridge.environments.extraction import Extraction
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.estimation.common_numbers import episodes_on_common_numbers, require_within
from marl_bridge.estimation.deviations import Deviations, deviations_of
from marl_bridge.figures import Figure
from marl_bridge.intervals import InvalidSamples, betting
from marl_bridge.policies.policy import assign
from marl_bridge.rollouts import Progress

__all__ = ["CertifiedRegret", "DeviationGains", "certified_regret", "certify_regret"]

Floats = NDArray[np.float64]

_METHOD = "betting, best deviation chosen on other episodes"
_WITHIN = "the upper end speaks of these deviations only; others may gain more"


@dataclass(frozen=True, eq=False)
class DeviationGains:
    """What one player's deviations gained in episodes on common random numbers.

    Attributes
    ----------
    gains : ndarray, shape (n_deviations, n_episodes)
        The player's payoff with the deviation less its payoff without, episode by episode.
    lower, upper : float
        Proven bounds on every gain: for payoffs within [low, high] these are low - high and
        high - low.
    deviations : str
        What the class of deviations is, in words.
    complete : bool
        Whether no deviation gains more than the best of these.
    """

    gains: Floats
    lower: float
    upper: float
    deviations: str
    complete: bool = False

    @classmethod
    def of(
        cls,
        gains: ArrayLike,
        payoff_range: tuple[float, float],
        deviations: str = "",
        *,
        complete: bool = False,
    ) -> DeviationGains:
        """Check gains and name their class.

        Raises
        ------
        InvalidSamples
            If the gains are no matrix with a deviation and two episodes.
        """
        array = np.asarray(gains, dtype=np.float64)
        if array.ndim != 2 or array.shape[0] < 1 or array.shape[1] < 2:
            raise InvalidSamples(
                f"gains have shape {array.shape}",
                where="gains",
                valid="(n_deviations, n_episodes) with at least one deviation and two episodes",
            )
        low, high = map(float, payoff_range)
        name = deviations or f"the {len(array)} deviations given"
        return cls(array, low - high, high - low, name, complete)


@dataclass(frozen=True, eq=False)
class CertifiedRegret:
    """What players gain by deviating from a frozen profile.

    All figures hold together with probability ``confidence``.

    Attributes
    ----------
    regrets : dict of str to Figure
        Each player's gain by the best deviation of its class, at least zero. The value is the
        mean gain of the deviation that was chosen, on the episodes that did not choose it.
    nash_conv : Figure
        Their sum: from the sum of the lower ends to the sum of the upper ends. The lower end is
        one of the profile's NashConv, whatever the classes; the upper end is one only if they
        are complete.
    chosen : dict of str to int
        The deviation that looked best on the first part of the episodes.
    complete : bool
        Whether every player may deviate, and every class of deviations is complete.
    confidence : float
    """

    regrets: dict[str, Figure]
    nash_conv: Figure
    chosen: dict[str, int]
    complete: bool
    confidence: float

    @property
    def exploitable(self) -> bool:
        """Whether somebody certainly gains: false with an equilibrium, but for 1 - confidence."""
        return self.nash_conv.lower > 0.0

    @property
    def epsilon(self) -> float:
        """No deviation of the classes gains more than this."""
        return max(figure.upper for figure in self.regrets.values())

    @property
    def certificate(self) -> str:
        """What is proven, in a sentence."""
        sure = f"with confidence {self.confidence:g}"
        if self.complete:
            return f"an epsilon-Nash equilibrium with epsilon = {self.epsilon:.4g}, {sure}"
        against = "; ".join(f"{who}: {fig.deviations}" for who, fig in self.regrets.items())
        return f"no deviation tested gains more than {self.epsilon:.4g}, {sure} ({against})"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "regrets": {player: figure.to_dict() for player, figure in self.regrets.items()},
            "nash_conv": self.nash_conv.to_dict(),
            "chosen": dict(self.chosen),
            "complete": self.complete,
            "confidence": self.confidence,
            "certificate": self.certificate,
        }


def certified_regret(
    gains: Mapping[str, DeviationGains],
    *,
    confidence: float = 0.95,
    choosing: float = 0.25,
    players: int | None = None,
) -> CertifiedRegret:
    """Bound regrets by sampled gains of deviations.

    Parameters
    ----------
    gains : mapping of player to DeviationGains
        Independent episodes that had no part in making the profile or its deviations.
    confidence : float
        Of all figures together.
    choosing : float
        The share of the episodes on which the best deviation is chosen. The lower end rests on
        the rest of them, the upper end on all.
    players : int, optional
        Number of players of the game, if others do not deviate at all.

    Returns
    -------
    CertifiedRegret

    Raises
    ------
    InvalidSamples
        If a gain lies outside its bounds, or there are too few episodes.

    Notes
    -----
    With n players and delta = 1 - confidence, each lower end has error probability
    delta / 2n, and each of a player's M upper ends delta / (2 n M). Each is a betting interval,
    valid at any number of episodes. The players' episodes may be the same ones.

    Examples
    --------
    Fifty deviations that gain nothing: the largest mean is above zero, the lower end is not.

    >>> rng = np.random.default_rng(0)
    >>> nothing = DeviationGains.of(rng.choice([-1.0, 1.0], (50, 400)), (0, 1))
    >>> found = certified_regret({"row": nothing})
    >>> found.exploitable, bool(nothing.gains.mean(axis=1).max() > 0.09)
    (False, True)
    >>> found.regrets["row"].deviations
    'the 50 deviations given'
    """
    if not is_confidence(choosing):
        raise InvalidSamples(
            f"choosing is {choosing!r}", where="choosing", valid="a share between 0 and 1"
        )
    if not gains:
        raise InvalidSamples("no gains are given", where="gains", valid="those of a player")
    if not is_confidence(confidence):
        raise InvalidSamples(
            f"confidence is {confidence!r}", where="confidence", valid="a number between 0 and 1"
        )
    share = (1.0 - confidence) / (2.0 * len(gains))
    regrets, chosen = {}, {}
    for player, sampled in gains.items():
        regrets[player], chosen[player] = _regret(sampled, share, choosing, confidence)
    complete = all(part.complete for part in gains.values()) and players in (None, len(gains))
    classes = "; ".join(f"{who}: {figure.deviations}" for who, figure in regrets.items())
    total = Figure(
        value=sum(figure.value for figure in regrets.values()),
        lower=sum(figure.lower for figure in regrets.values()),
        upper=sum(figure.upper for figure in regrets.values()),
        confidence=confidence,
        side="estimate",
        method=_METHOD,
        episodes=max(figure.episodes for figure in regrets.values()),
        note="" if complete else _WITHIN,
        deviations=classes,
    )
    return CertifiedRegret(regrets, total, chosen, complete, confidence)


def _regret(
    sampled: DeviationGains, share: float, choosing: float, confidence: float
) -> tuple[Figure, int]:
    """Choose on the first part, bound on the second; bound all of them from above."""
    n_deviations, episodes = sampled.gains.shape
    first = min(max(1, round(choosing * episodes)), episodes - 1)
    best = int(sampled.gains[:, :first].mean(axis=1).argmax())
    fresh = sampled.gains[best, first:]
    bounds: dict[str, Any] = {"lower": sampled.lower, "upper": sampled.upper}
    low = betting(fresh, confidence=1.0 - share, side="lower", **bounds).lower
    ends = betting(
        sampled.gains, confidence=1.0 - share / n_deviations, side="upper", **bounds
    ).upper
    figure = Figure(
        value=max(float(fresh.mean()), 0.0),
        lower=max(float(low), 0.0),
        upper=max(float(np.max(ends)), 0.0),
        confidence=confidence,
        side="estimate",
        method=_METHOD,
        episodes=episodes,
        note="" if sampled.complete else _WITHIN,
        deviations=sampled.deviations,
    )
    return figure, best


def certify_regret(
    make: Make,
    policies: Any,
    deviations: Mapping[str, Deviations | Sequence[Any]],
    *,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    extraction: Extraction | None = None,
    episodes: int = 2000,
    confidence: float = 0.95,
    choosing: float = 0.25,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> CertifiedRegret:
    """Bound what agents gain by deviating from frozen policies, from episodes alone.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    policies : policy-like or mapping
        The profile: one for all agents or one for each. Neither it nor the deviations may have
        been made with these episodes: choose another seed than that of their training.
    deviations : mapping of agent to Deviations, or to a sequence of policies
        What each agent may do instead, e.g. learned best responses, or
        :func:`~marl_bridge.estimation.deviations.pure_deviations`.
    ranges : mapping of agent to (low, high), optional
        Proven bounds on each agent's return in an episode.
    extraction : Extraction, optional
        Of the environment: proves the ranges.
    episodes : int
        Played by the profile, and again by each deviation on the same random numbers.
    confidence : float
        Of all figures together.
    choosing : float
        Share of the episodes on which the best deviation is chosen.
    seed : int
        Equal seeds give equal figures.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    max_steps : int, optional
        Longer episodes are cut; the regrets are those of the cut game then.
    progress : callable, optional
        ``progress(done, total)`` after every episode.

    Returns
    -------
    CertifiedRegret

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, or nothing bounds the returns.
    InvalidPolicy
        If a policy returns something that is no legal action, or a class is empty.
    InvalidSamples
        If a return lies outside its range, or there are too few episodes.

    Examples
    --------
    >>> always = [lambda observation, mask, choice=choice: choice for choice in range(3)]
    >>> found = certify_regret("classic/rps-v2", {"player_0": always[0], "player_1": "random"},
    ...     {"player_0": always, "player_1": always}, env_kwargs={"max_cycles": 1},
    ...     ranges={"player_0": (-1, 1), "player_1": (-1, 1)}, episodes=200)
    >>> found.exploitable, found.chosen["player_1"], found.complete
    (True, 1, False)
    """
    source = open_environment(make, env_kwargs=env_kwargs)
    agents = source.driver(checked=False).agents
    classes = deviations_of(deviations, agents)
    bounds = _ranges(ranges, extraction, agents)
    require_seed(seed)
    require_counts(episodes=episodes)
    if episodes < 2:
        raise InvalidSamples(
            f"{episodes} episodes", where="episodes", valid="at least 2: one to choose by"
        )
    profile = assign(policies, agents)
    total = episodes * (1 + sum(len(part) for part in classes.values()))
    play = _Player(source, bounds, episodes, seed, max_steps, progress, total)
    base = play(profile)
    gains = {}
    for agent, part in classes.items():
        row = agents.index(agent)
        changed = [play({**profile, agent: policy})[row] for policy in part.policies]
        gains[agent] = DeviationGains.of(
            np.array(changed) - base[row], bounds[agent], part.name, complete=part.complete
        )
    return certified_regret(gains, confidence=confidence, choosing=choosing, players=len(agents))


@dataclass(eq=False)
class _Player:
    """Plays the same episodes with one joint policy after the other."""

    source: EnvironmentSource
    ranges: Mapping[str, tuple[float, float]]
    episodes: int
    seed: int
    max_steps: int | None
    progress: Progress | None
    total: int
    before: int = 0

    def __call__(self, policies: Mapping[str, Any]) -> Floats:
        """Return the returns, shape (n_agents, n_episodes)."""
        played = episodes_on_common_numbers(
            self.source,
            policies,
            episodes=self.episodes,
            seed=self.seed,
            max_steps=self.max_steps,
            progress=None if self.progress is None else self._tell,
        )
        if played.interrupted:  # part of the deviations say nothing about the rest
            raise KeyboardInterrupt
        require_within(played, self.ranges)
        self.before += self.episodes
        return played.returns

    def _tell(self, done: int, _: int) -> None:
        if self.progress is not None:
            self.progress(self.before + done, self.total)


def _ranges(
    ranges: Mapping[str, tuple[float, float]] | None,
    extraction: Extraction | None,
    agents: Sequence[str],
) -> Mapping[str, tuple[float, float]]:
    found = extraction.return_ranges if ranges is None and extraction is not None else ranges
    if found is None:
        raise InvalidEnvironment(
            "nothing bounds the returns, so that no number of episodes proves anything",
            where="ranges",
            valid="bounds on each agent's return in an episode, or an extraction",
            hint="pass ranges={agent: (low, high)} that the rules of the game prove",
        )
    require_ranges_of(found, tuple(agents))
    return found
