"""The empirical game: what joint policies earned, how sure that is, and what follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from marl_bridge.empirical_game.cell_intervals import interval_of
from marl_bridge.empirical_game.layout import Layout
from marl_bridge.figures import Figure
from marl_bridge.plain_data import plain

if TYPE_CHECKING:
    from marl_bridge.empirical_game.guarantees import EmpiricalSolution, RegretBounds
    from marl_bridge.empirical_game.rankings import Rankings

__all__ = ["EmpiricalGame", "Samples"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The episodes behind the table; what bootstraps draw from.

    Attributes
    ----------
    returns : tuple of ndarray, each of shape (n_groups, n_episodes)
        By cell, see :mod:`marl_bridge.empirical_game.layout`.
    """

    returns: tuple[Floats, ...]


@dataclass(frozen=True, eq=False)
class EmpiricalGame:
    """A game whose actions are policies and whose payoffs were sampled.

    Attributes
    ----------
    environment : str
        Where the policies played.
    players : tuple of str
        The agents, or the players of a reduced game.
    names : tuple of tuple of str
        The names of each player's policies.
    means : ndarray, shape (n_players, m_1, ..., m_n)
        Average returns; nan where nothing was played.
    lower, upper : ndarray, same shape
        All expected returns lie between them at once, with probability ``confidence``. Where
        nothing was played they are the declared range, or infinite.
    counts : ndarray of int, same shape
        Episodes behind each mean.
    confidence : float
        Of all intervals together.
    method : str
        How the intervals were found.
    certified : bool
        True when ranges of the returns were declared: then the intervals are guaranteed at any
        number of episodes. Without, they are a heuristic.
    roles : mapping of str to tuple of str
        Agents that draw lots for their seats.
    reduced : bool
        Whether players stand for several agents each; what is said then holds for the reduced
        game, which is a model of the full one.
    seed : int
        The seed the table can be made again with.
    rounds : int
        Number of rounds of sampling.
    episodes : int
        Played altogether, symmetric cells once.
    truncated : int
        Episodes that were cut by a limit.
    interrupted : bool
        True when Ctrl-C ended the work.
    notes : tuple of str
        What a reader must know besides.
    """

    environment: str
    players: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    means: Floats
    lower: Floats
    upper: Floats
    counts: NDArray[np.int64]
    confidence: float
    method: str
    certified: bool
    roles: Mapping[str, tuple[str, ...]]
    reduced: bool
    seed: int
    rounds: int
    episodes: int
    truncated: int
    interrupted: bool
    notes: tuple[str, ...]
    layout: Layout = field(repr=False)
    samples: Samples = field(repr=False)
    ranges: tuple[tuple[float, float] | None, ...] = field(repr=False)
    adaptive: bool = field(repr=False, default=False)

    @property
    def missing(self) -> tuple[tuple[str, ...], ...]:
        """The joint policies, by name, of which some payoff was never sampled."""
        absent = (self.counts == 0).any(axis=0)
        return tuple(self.profile_names(cell) for cell in np.argwhere(absent).tolist())

    @property
    def complete(self) -> bool:
        """Whether every payoff was sampled."""
        return bool((self.counts > 0).all())

    @property
    def epsilon(self) -> float:
        """The largest distance of a mean from an end of its interval; infinite if unbounded.

        With probability ``confidence`` every mean is this close to the truth, so an equilibrium
        of ``game`` is a ``2 epsilon``-equilibrium of the true one (Viqueira, Cousins and
        Greenwald 2019, arXiv:1905.13379). :meth:`regret_bounds` is never worse.
        """
        centers = self._centers()
        radius = np.fmax(self.upper - centers, centers - self.lower)
        return float(np.where(np.isnan(radius), np.inf, radius).max())

    @cached_property
    def game(self) -> NormalFormGame:
        """The game of the means.

        Raises
        ------
        UnsupportedGame
            If payoffs are missing; :meth:`completed` fills them.
        """
        if not self.complete:
            shown = ", ".join(map(str, self.missing[:3]))
            more = f" and {len(self.missing) - 3} more" if len(self.missing) > 3 else ""
            raise UnsupportedGame(
                f"{len(self.missing)} of {self.counts[0].size} joint policies were never played",
                where=shown + more,
                hint="play more episodes, or fill them: completed()",
            )
        return self._game(self.means)

    def completed(self) -> NormalFormGame:
        """Return the game of the means, with missing payoffs in the middle of their range.

        Raises
        ------
        UnsupportedGame
            If payoffs are missing and no ranges were declared.
        """
        if self.complete:
            return self.game
        centers = self._centers()
        if not np.isfinite(centers).all():
            raise UnsupportedGame(
                f"{len(self.missing)} joint policies were never played, and nothing bounds what "
                "they earn",
                where="ranges",
                hint="declare ranges=, or play them",
            )
        return self._game(centers)

    def figure(
        self, profile: Sequence[str | int], player: str | int, *, alone: bool = False
    ) -> Figure:
        """Return one payoff with its interval.

        Parameters
        ----------
        profile : sequence of str or int
            One policy for each player.
        player : str or int
        alone : bool
            Whether the confidence is to hold for this interval alone, which makes it narrower, or
            for all of the table at once.

        Raises
        ------
        InvalidEnvironment
            If there is no such joint policy or player.
        """
        joint = self.layout.indices(profile)
        at = (self.player_index(player), *joint)
        note = "" if self.certified else "heuristic interval: no bounds on the return are known"
        cell, group = int(self.layout.cell_of[at]), int(self.layout.group_of[at])
        lower, upper = float(self.lower[at]), float(self.upper[at])
        if alone and self.counts[at]:
            lower, upper = interval_of(
                self.samples.returns[cell][group],
                self.ranges[self.layout.role_of[at[0]]],
                confidence=self.confidence,
                adaptive=self.adaptive,
            )
        return Figure(
            value=float(self.means[at]),
            lower=lower,
            upper=upper,
            confidence=self.confidence,
            side="estimate",
            method=self.method,
            episodes=int(self.counts[at]),
            note=note if self.counts[at] else "never played",
        )

    def player_index(self, player: str | int) -> int:
        """Translate a player's name into its number."""
        from marl_bridge.errors import InvalidEnvironment

        if isinstance(player, str) and player in self.players:
            return self.players.index(player)
        if not isinstance(player, str) and 0 <= player < len(self.players):
            return int(player)
        raise InvalidEnvironment(
            f"there is no player {player!r}", where="player", valid=f"one of {list(self.players)}"
        )

    def regret_bounds(self, profile: Any, concept: str = "nash") -> RegretBounds:
        """Bound what each player can gain, in the true game, from the intervals alone.

        See :func:`marl_bridge.empirical_game.guarantees.regret_bounds`.
        """
        from marl_bridge.empirical_game.guarantees import regret_bounds

        return regret_bounds(self, profile, concept)

    def solve(
        self, concept: str = "nash", method: str = "auto", **options: Any
    ) -> EmpiricalSolution:
        """Solve the game of the means, and say what the solutions are worth in the true one.

        Parameters
        ----------
        concept : {"nash", "correlated", "coarse-correlated"}
        method : str
        **options
            As for :func:`gametheory.solve`.

        Returns
        -------
        EmpiricalSolution

        Raises
        ------
        UnsupportedGame
            If payoffs are missing and nothing bounds them, or intervals say nothing of the
            concept.
        """
        from marl_bridge.empirical_game.guarantees import solve_empirical

        return solve_empirical(self, concept, method, **options)

    def equilibria(self, **options: Any) -> EmpiricalSolution:
        """Find all Nash equilibria of the means, each with its guarantee in the true game."""
        from marl_bridge.empirical_game.guarantees import solve_empirical

        return solve_empirical(self, "nash", "auto", **{"find": "all", **options})

    def rankings(self, **options: Any) -> Rankings:
        """Rank the policies; see :func:`marl_bridge.empirical_game.rankings.rank`."""
        from marl_bridge.empirical_game.rankings import rank

        return rank(self, **options)

    @property
    def digest(self) -> str:
        """A digest of every number of the table: equal for equal tables, to the last bit."""
        content = hashlib.blake2b(repr((self.players, self.names)).encode(), digest_size=16)
        for array in (self.means, self.lower, self.upper):
            content.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        content.update(self.counts.astype("<i8").tobytes())
        return content.hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; what is unknown or infinite becomes None."""
        return {
            "environment": self.environment,
            "players": list(self.players),
            "policies": [list(names) for names in self.names],
            "means": plain(self.means),
            "lower": plain(self.lower),
            "upper": plain(self.upper),
            "episodes_of_each_payoff": self.counts.tolist(),
            "confidence_of_all_intervals": self.confidence,
            "method": self.method,
            "certified": self.certified,
            "epsilon": self.epsilon if np.isfinite(self.epsilon) else None,
            "roles": {role: list(agents) for role, agents in self.roles.items()},
            "reduced": self.reduced,
            "missing": [list(profile) for profile in self.missing],
            "seed": self.seed,
            "rounds": self.rounds,
            "episodes": self.episodes,
            "truncated_episodes": self.truncated,
            "interrupted": self.interrupted,
            "notes": list(self.notes),
        }

    def profile_names(self, joint: Sequence[int]) -> tuple[str, ...]:
        """Translate one number of a policy for each player into names."""
        return tuple(names[k] for names, k in zip(self.names, joint, strict=True))

    def _centers(self) -> Floats:
        with np.errstate(invalid="ignore"):
            middle = self.lower + (self.upper - self.lower) / 2
        return np.where(self.counts > 0, self.means, middle)

    def _game(self, payoffs: Floats) -> NormalFormGame:
        return NormalFormGame(
            payoffs, players=self.players, actions=self.names, title=self.environment
        )

    def __str__(self) -> str:
        from marl_bridge.empirical_game.text import table_text

        return table_text(self)
