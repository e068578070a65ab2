"""What an extraction gives: the game, what the agents are shown in it, and how far it is exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import TERMINAL, ExtensiveFormGame
from gametheory.games.state_graph import StateGraph, unroll
from marl_bridge.environments.audit import Audit
from marl_bridge.environments.driver import View
from marl_bridge.environments.frontier import Frontier
from marl_bridge.environments.memoryless import Memoryless
from marl_bridge.environments.value_bounds import security_bounds
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.figures import Figure

__all__ = ["Extraction", "Recall"]

Recall = Literal["history", "observation"]


@dataclass(frozen=True, eq=False)
class Extraction:
    """An environment's game and what its agents are shown in it.

    Attributes
    ----------
    graph : StateGraph
        The game with equal states merged.
    views : tuple of View
        What the agent to act is shown, by the game's observation numbers: enough to tabulate
        any policy without stepping the environment again.
    audit : Audit
    max_histories : int
        The limit up to which :attr:`game` is unrolled.
    truncated : ndarray of bool, shape (n_states,)
        The states where a limit of the environment stopped an agent, so that the episode did not
        end by its rules: what a learner should not take for an end.
    discount : float
        An agent's k-th reward counts ``discount ** (k - 1)``, k counting its own actions.
    recall : {"history", "observation"}
        Whether it was asked for what policies see that know their last observation alone; see
        :attr:`memoryless`.
    frontier : Frontier or None
        The states where a depth limit ended episodes, and what is known of the returns there.
    n_deals : int or None
        Chance has so many sampled deals; None when it has all its outcomes.
    cached : str
        The file that it was read from; "" if it was extracted now, or why it could not be cached.
    """

    graph: StateGraph
    views: tuple[View, ...]
    audit: Audit
    max_histories: int
    truncated: NDArray[np.bool_]
    discount: float = 1.0
    recall: Recall = "history"
    frontier: Frontier | None = None
    n_deals: int | None = None
    cached: str = ""

    @cached_property
    def game(self) -> ExtensiveFormGame:
        """The tree of all histories, unrolled when first asked for.

        Information sets are the agents' own sequences of observations and actions.

        Raises
        ------
        UnsupportedGame
            If it has more than ``max_histories`` histories.
        """
        return unroll(self.graph, max_histories=self.max_histories)

    @property
    def approximations(self) -> tuple[str, ...]:
        """In what the game is not the environment's, in sentences; empty if it is exact.

        What is computed from an approximation, and certified for it, is no certified figure of
        the environment.
        """
        found = []
        if self.frontier is not None and self.frontier.states.size:
            found.append(f"depth limit: {self.frontier}")
        if self.n_deals is not None:
            found.append(
                f"chance was sampled: {self.n_deals:,} deals instead of all; optimal play is "
                "fitted to them"
            )
        return tuple(found)

    @property
    def is_exact(self) -> bool:
        """Whether the game is the environment's, without any approximation."""
        return not self.approximations

    @cached_property
    def memoryless(self) -> Memoryless:
        """Policies that know nothing but the last observation: their returns and their limits."""
        return Memoryless(self.game)

    @cached_property
    def return_ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest return of each agent over all legal episodes: proven bounds.

        Infinite where nothing is proven, because chance was sampled or a value function guessed.
        """
        over = np.flatnonzero(self.graph.player == TERMINAL).tolist()
        low = np.array([self.graph.payoffs[state] for state in over], dtype=np.float64)
        high = low
        cut = self.frontier
        if self.n_deals is not None or (cut is not None and cut.states.size and not cut.is_bound):
            return dict.fromkeys(self.graph.players, (-math.inf, math.inf))
        if cut is not None:
            low, high = np.vstack([low, cut.low]), np.vstack([high, cut.high])
        return {
            agent: (float(column_low.min()), float(column_high.max()))
            for agent, column_low, column_high in zip(
                self.graph.players, low.T, high.T, strict=True
            )
        }

    def value_bounds(self, agent: str | None = None) -> Figure:
        """Enclose what an agent can guarantee itself: the value, if the game is zero-sum.

        Parameters
        ----------
        agent : str, optional
            The first one if none.

        Returns
        -------
        Figure
            With a depth limit and intervals at the frontier, the values of the games with the
            lowest and the highest returns there are proven bounds. Where the game is an
            approximation nothing is proven: the bounds are infinite and the note says so.

        Raises
        ------
        UnsupportedGame
            Unless there are two agents; if the game is too large or is not solved.
        InvalidEnvironment
            If there is no such agent.

        Examples
        --------
        >>> from marl_bridge.environments.extraction import extract
        >>> cut = extract("classic/tictactoe-v3", depth_limit=3, frontier=(-1, 1))
        >>> figure = cut.value_bounds()
        >>> figure.lower, figure.upper
        (-1.0, 1.0)
        """
        players = self.graph.players
        if agent is not None and agent not in players:
            raise InvalidEnvironment(
                f"there is no agent {agent!r}", where="agent", valid=", ".join(players)
            )
        player = 0 if agent is None else players.index(agent)
        cut = self.frontier
        bounds = security_bounds(
            self.graph, player, cut if cut is None or cut.is_bound else None, self.max_histories
        )
        guessed = cut is not None and bool(cut.states.size) and not cut.is_bound
        if guessed or self.n_deals is not None:
            return Figure(
                value=bounds[0] + (bounds[1] - bounds[0]) / 2,
                lower=-math.inf,
                upper=math.inf,
                confidence=0.0,
                side="estimate",
                method="value of an approximate game",
                episodes=0,
                note="; ".join(self.approximations),
            )
        lower, upper = bounds
        exact = lower == upper or cut is None or not cut.states.size
        return Figure(
            value=lower + (upper - lower) / 2,
            lower=lower,
            upper=upper,
            confidence=1.0,
            side="exact" if exact else "estimate",
            method="games with the lowest and the highest returns at the depth limit",
            episodes=0,
            note="" if exact else "proven bounds; the middle of them means nothing more",
        )

    def view(self, infoset: int) -> View:
        """Show what the agent was shown at an information set of :attr:`game`."""
        return self.views[int(self.game.infoset_observation[infoset])]

    def to_dict(self) -> dict[str, Any]:
        """Return the audit, and the size of the game or why it is not unrolled."""
        facts: dict[str, Any] = self.audit.to_dict()
        if self.n_deals is not None:
            facts["checks"] |= {
                "episodes": "not compared: chance was sampled",
                "mean": f"{self.audit.episodes_checked} random episodes and {self.n_deals:,} "
                "sampled deals agree as far as samples can tell",
            }
        if self.discount != 1.0:
            facts["discount"] = self.discount
        if self.frontier is not None:
            facts["depth_limit"] = str(self.frontier)
        if self.approximations:
            facts["approximations"] = list(self.approximations)
        if self.cached:
            facts["cache"] = self.cached
        try:
            game = self.game
        except UnsupportedGame as refusal:
            return {**facts, "histories": refusal.what}
        facts |= {
            "n_histories": game.n_nodes,
            "n_information_sets": game.n_infosets,
            "perfect_information": game.has_perfect_information(),
            "constant_sum": game.is_constant_sum(),
        }
        if self.recall == "observation":
            facts["recall"] = self.memoryless.to_dict(self.views)
        if self.frontier is not None and self.frontier.is_bound and game.n_players == 2:
            try:
                bounds = self.value_bounds()
            except UnsupportedGame as refusal:
                facts["value_bounds"] = refusal.what
            else:
                facts["value_bounds"] = (bounds.lower, bounds.upper)
        return facts

    def __repr__(self) -> str:
        about = "" if self.is_exact else ", approximate"
        return (
            f"<Extraction of {self.audit.environment}: {self.audit.n_states:,} states, "
            f"{self.audit.n_edges:,} actions, by {self.audit.mechanism}{about}>"
        )
