"""External, internal and swap regret of logged play: what fixed deviations would have earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import InvalidGame, InvalidProfile
from gametheory.games.normal_form import NormalFormGame
from marl_bridge.figures import Figure

__all__ = ["LoggedRegret", "counterfactual_payoffs", "logged_regret", "logged_regrets"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LoggedRegret:
    """What one player would have earned more, a round, by fixed deviations from what it played.

    The figures are averages over the rounds of the log, exact for this log; they say nothing
    about rounds that were not played.

    Attributes
    ----------
    gains : ndarray, shape (n_actions, n_actions)
        Entry (a, b): the gain a round from playing b wherever a was played.
    rounds : int
    """

    gains: Floats
    rounds: int

    @property
    def external(self) -> Figure:
        """By the best fixed action; negative where play adapted better than any.

        Zero or less for all players: the log is a coarse correlated equilibrium (CCE).
        """
        return self._figure(self.gains.sum(axis=0).max(), "every fixed action")

    @property
    def internal(self) -> Figure:
        """By playing one action wherever one other was played."""
        return self._figure(self.gains.max(), "every swap of one action for another")

    @property
    def swap(self) -> Figure:
        """By the best map of played actions to others; zero for all players: the log is a CE."""
        return self._figure(self.gains.max(axis=1).sum(), "every map of actions to actions")

    @property
    def best_action(self) -> int:
        """The fixed action that would have earned most."""
        return int(self.gains.sum(axis=0).argmax())

    @property
    def best_map(self) -> tuple[int, ...]:
        """What should have been played wherever each action was."""
        # Where nothing is gained the action stays, which argmax alone would not say.
        stays = np.diag(self.gains) >= self.gains.max(axis=1)
        best = np.where(stays, np.arange(len(self.gains)), self.gains.argmax(axis=1))
        return tuple(best.tolist())

    def against(self, deviation: Sequence[int]) -> Figure:
        """Return the gain by one fixed map: ``deviation[a]`` is played wherever a was.

        Raises
        ------
        InvalidProfile
            If the map is not one of this player's actions to its actions.
        """
        size = len(self.gains)
        target = np.asarray(deviation)
        if target.shape != (size,) or target.dtype.kind not in "iu":
            raise InvalidProfile(
                f"the deviation {deviation!r}", valid=f"{size} actions, one for each action"
            )
        if ((target < 0) | (target >= size)).any():
            raise InvalidProfile(
                f"the deviation {deviation!r}", valid=f"actions from 0 to {size - 1}"
            )
        gain = self.gains[np.arange(size), target].sum()
        return self._figure(gain, f"the map {tuple(target.tolist())}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "external": self.external.to_dict(),
            "internal": self.internal.to_dict(),
            "swap": self.swap.to_dict(),
            "rounds": self.rounds,
        }

    def _figure(self, value: float, deviations: str) -> Figure:
        gain = float(value)
        return Figure(gain, gain, gain, 1.0, "exact", "of the log", self.rounds, "", deviations)


def logged_regret(actions: ArrayLike, payoffs: ArrayLike) -> LoggedRegret:
    """Compute one player's regrets from what each of its actions would have earned.

    Parameters
    ----------
    actions : array_like of int, shape (n_rounds,)
        What the player did.
    payoffs : array_like, shape (n_rounds, n_actions)
        What each of its actions earned, or would have, in each round: the others' play as it
        was.

    Raises
    ------
    InvalidProfile
        If the shapes differ, an action does not exist or a payoff is not finite.

    References
    ----------
    A. Blum and Y. Mansour (2007), From external to internal regret, Journal of Machine Learning
    Research 8.

    Examples
    --------
    Always one step behind: another action each time is much better, a fixed one no better.

    >>> regret = logged_regret([0, 1, 0, 1], [[0, 1], [1, 0], [0, 1], [1, 0]])
    >>> print(regret.external, regret.internal, regret.swap, regret.best_map)
    0.5000 0.5000 1.0000 (1, 0)
    >>> regret.swap.deviations
    'every map of actions to actions'
    """
    earned = np.asarray(payoffs, dtype=np.float64)
    if earned.ndim != 2 or not earned.size or not np.isfinite(earned).all():
        raise InvalidProfile(
            f"payoffs have shape {earned.shape}, or are not finite",
            where="payoffs",
            valid="finite numbers of shape (n_rounds, n_actions)",
        )
    chosen = checked_actions(actions, earned.shape[1], len(earned), "actions")
    own = earned[np.arange(len(earned)), chosen]
    gains = np.zeros((earned.shape[1], earned.shape[1]))
    np.add.at(gains, chosen, earned - own[:, None])
    gains /= len(earned)
    gains.setflags(write=False)
    return LoggedRegret(gains, len(earned))


def logged_regrets(game: NormalFormGame, log: ArrayLike) -> dict[str, LoggedRegret]:
    """Compute every player's regrets of joint actions that were played in a known game.

    Parameters
    ----------
    game : NormalFormGame
    log : array_like of int, shape (n_rounds, n_players)
        The joint action of each round.

    Returns
    -------
    dict of str to LoggedRegret

    Raises
    ------
    InvalidProfile
        If the log is no list of joint actions of the game.

    Notes
    -----
    External and swap regret are :func:`gametheory.external_regrets` (but for its clipping at
    zero) and :func:`gametheory.swap_regrets` of the log's empirical distribution.

    Examples
    --------
    >>> import gametheory
    >>> pennies = gametheory.NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> found = logged_regrets(pennies, [[0, 0], [0, 1], [0, 1], [1, 1]])
    >>> print(*(regret.external for regret in found.values()))
    0.5000 0.5000
    """
    played = _checked_log(game, log)
    return {
        name: logged_regret(played[:, player], counterfactual_payoffs(game, played, player))
        for player, name in enumerate(game.players)
    }


def counterfactual_payoffs(game: NormalFormGame, log: ArrayLike, player: int) -> Floats:
    """Return what each action of a player earns against the others' logged actions.

    Parameters
    ----------
    game : NormalFormGame
    log : array_like of int, shape (n_rounds, n_players)
    player : int

    Returns
    -------
    ndarray, shape (n_rounds, n_actions)

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    >>> counterfactual_payoffs(pennies, [[0, 0], [0, 1]], 0)
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    played = _checked_log(game, log)
    if not 0 <= player < game.n_players:
        raise InvalidProfile(
            f"there is no player {player}", where="player", valid=f"0 to {game.n_players - 1}"
        )
    own_last = np.moveaxis(np.asarray(game.payoffs[player], dtype=np.float64), player, -1)
    others = tuple(played[:, other] for other in range(game.n_players) if other != player)
    payoffs = (
        own_last[others] if others else np.broadcast_to(own_last, (len(played), *own_last.shape))
    )
    return np.asarray(payoffs)


def checked_actions(actions: ArrayLike, size: int, rounds: int, where: str) -> Ints:
    """Return actions as integers below ``size``, one a round, or raise InvalidProfile."""
    chosen = np.asarray(actions)
    if chosen.shape != (rounds,) or chosen.dtype.kind not in "iu":
        raise InvalidProfile(
            f"actions of shape {chosen.shape} and type {chosen.dtype}",
            where=where,
            valid=f"{rounds} integers, one a round",
        )
    wrong = np.flatnonzero((chosen < 0) | (chosen >= size))
    if wrong.size:
        raise InvalidProfile(
            f"action {chosen[wrong[0]]}",
            where=f"{where}, round {wrong[0]}",
            valid=f"0 to {size - 1}",
        )
    return chosen.astype(np.int64)


def _checked_log(game: NormalFormGame, log: ArrayLike) -> Ints:
    if not isinstance(game, NormalFormGame):
        raise InvalidGame(
            f"a {type(game).__name__} is no game with known payoffs",
            where="game",
            valid="a NormalFormGame",
        )
    played = np.asarray(log)
    if played.ndim != 2 or played.shape[1] != game.n_players or not len(played):
        raise InvalidProfile(
            f"the log has shape {played.shape}",
            where="log",
            valid=f"(n_rounds, {game.n_players}), at least one round",
        )
    return np.stack(
        [
            checked_actions(played[:, player], size, len(played), f"log, player {name!r}")
            for player, (name, size) in enumerate(zip(game.players, game.n_actions, strict=True))
        ],
        axis=1,
    )
