"""What policy-space response oracles found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Certificate
from marl_bridge.plain_data import plain

__all__ = ["PSROResult"]


@dataclass(frozen=True, eq=False)
class PSROResult:
    """Populations, how they are weighed, and how much a response still gains.

    Attributes
    ----------
    meta_game : NormalFormGame
        The strategies found, as actions, and what they earn against each other.
    joint : ndarray, shape (k_1, ..., k_n)
        Weights of joint choices of strategies, as the meta-solver left them.
    meta_solver : str
    profile : BehaviorProfile or None
        The mixture as one behavior strategy for each player; None where the meta-solver ties
        the players' choices together.
    gap : float
        What best responses gain over the mixture, all players together: NashConv, or the CCE or
        CE gap for the correlated meta-solvers.
    certificate : Certificate or None
        The independent proof about ``profile``, None where there is none.
    gaps : ndarray, shape (iterations,)
        The gap at each iteration.
    stopped : str
        "gap", "no new strategy", "iteration limit", "time limit" or "interrupted".
    seconds : float
    policies : mapping of str to Policy
        The mixture, for each agent of the environment; empty where a game tree was given, or the
        players' choices are tied together.
    sampled : bool
        Whether payoffs and gap are means of episodes: the gap is what learned responses gained,
        and best responses may gain more.
    """

    meta_game: NormalFormGame
    joint: NDArray[np.float64]
    meta_solver: str
    profile: Any
    gap: float
    certificate: Certificate | None
    gaps: NDArray[np.float64]
    stopped: str
    seconds: float
    policies: Mapping[str, Any] = field(default_factory=dict)
    sampled: bool = False

    @property
    def iterations(self) -> int:
        """Number of times the populations were weighed."""
        return int(self.gaps.size)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of strategies of each player."""
        return self.meta_game.n_actions

    @property
    def certified_gap(self) -> float:
        """The sum of the certificate's regrets: NashConv, proven; infinite without one."""
        if self.certificate is None:
            return float("inf")
        return float(sum(self.certificate.regrets))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the policies."""
        return {
            "schema": "marl_bridge.psro.result/1",
            "meta_solver": self.meta_solver,
            "sizes": list(self.sizes),
            "payoffs": plain(self.meta_game.payoffs),
            "joint": plain(self.joint),
            "gap": plain(self.gap),
            "certified_gap": plain(self.certified_gap),
            "gaps": plain(self.gaps),
            "stopped": self.stopped,
            "sampled": self.sampled,
            "seconds": self.seconds,
        }

    def __repr__(self) -> str:
        sizes = " x ".join(map(str, self.sizes))
        return (
            f"<PSROResult: {sizes} strategies, gap {self.gap:.3g} after {self.iterations} "
            f"iterations, stopped by {self.stopped}>"
        )
