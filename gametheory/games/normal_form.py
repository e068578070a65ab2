"""Games in normal form: every player chooses once, at the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import InvalidGame, InvalidProfile, MissingExtra, UnsupportedGame
from gametheory.games import payoff_tensor
from gametheory.games.exact_array import exact_array, fractions_of, widest_range
from gametheory.games.integer_payoffs import IntegerPayoffs, integer_payoffs
from gametheory.games.labels import action_indices, action_labels, player_labels
from gametheory.games.payoff_table import html_table, text_table
from gametheory.games.profiles import MixedProfile

__all__ = ["NormalFormGame"]

Numbers = ArrayLike | Sequence[Any]  # Fractions are numbers too


class Labels(TypedDict, total=False):
    """What every constructor takes besides payoffs."""

    players: Sequence[str] | None
    actions: Sequence[Sequence[str]] | None
    title: str


@dataclass(frozen=True, init=False, eq=False, repr=False)
class NormalFormGame:
    """A finite game given by its payoff tensor; immutable.

    Parameters
    ----------
    payoffs : array_like, shape (n_players, m_1, ..., m_n)
        ``payoffs[i, a_1, ..., a_n]`` is player i's payoff when player j takes action a_j.
        Entries may be ints of any size, floats, Fractions, Decimals, or text such as "1/3".
    players : sequence of str, optional
        Labels; "player 0", "player 1", ... if left out.
    actions : sequence of sequences of str, optional
        Labels for each player; "0", "1", ... if left out.
    title : str, optional
        A name for people; it is no part of the game's identity.

    Attributes
    ----------
    payoffs : ndarray of float64, shape (n_players, m_1, ..., m_n)
        The payoffs, read-only, rounded to the nearest float where they are not floats.
    players, actions, title
        As above, filled in.

    Raises
    ------
    InvalidGame
        Ragged, empty, complex, non-finite or non-numeric payoffs, or labels that do not fit.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[-1, -3], [0, -2]], [[-1, 0], [-3, -2]])
    >>> game.n_players, game.n_actions
    (2, (2, 2))
    >>> game.expected_payoffs(MixedProfile([[0.5, 0.5], [1, 0]]))
    array([-0.5, -2. ])
    """

    payoffs: NDArray[np.float64]
    players: tuple[str, ...]
    actions: tuple[tuple[str, ...], ...]
    title: str
    _entries: NDArray[Any]  # exact: float64, or Fractions where some entry is no float

    def __init__(
        self,
        payoffs: Numbers,
        *,
        players: Sequence[str] | None = None,
        actions: Sequence[Sequence[str]] | None = None,
        title: str = "",
    ) -> None:
        entries = exact_array(payoffs)
        n_actions = payoff_tensor.action_counts(entries.shape)
        floats = entries if entries.dtype == np.float64 else entries.astype(np.float64)
        floats.setflags(write=False)
        self.__dict__.update(
            payoffs=floats,
            players=player_labels(players, len(n_actions)),
            title=str(title),
            _entries=entries,
        )
        self.__dict__["actions"] = action_labels(actions, n_actions, self.players)

    @classmethod
    def bimatrix(cls, A: Numbers, B: Numbers, **labels: Unpack[Labels]) -> NormalFormGame:
        """Build a two-player game from the row player's matrix A and the column player's B.

        Examples
        --------
        >>> NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]]).n_actions
        (2, 2)
        """
        pair = exact_array(A, name="A"), exact_array(B, name="B")
        payoff_tensor.check_matrix(pair[0], "A")
        if pair[0].shape != pair[1].shape:
            raise InvalidGame(
                f"A has shape {pair[0].shape} and B has shape {pair[1].shape}",
                where="B",
                valid="two matrices of one shape, rows for player 0 and columns for player 1",
            )
        return cls(np.stack(pair), **labels)

    @classmethod
    def zero_sum(cls, A: Numbers, **labels: Unpack[Labels]) -> NormalFormGame:
        """Build the two-player game in which the row player gets A and the column player -A.

        Examples
        --------
        >>> NormalFormGame.zero_sum([[1, -1], [-1, 1]]).is_zero_sum()
        True
        """
        matrix = exact_array(A, name="A")
        payoff_tensor.check_matrix(matrix, "A")
        return cls(np.stack([matrix, -matrix]), **labels)

    @classmethod
    def symmetric(cls, A: Numbers, **labels: Unpack[Labels]) -> NormalFormGame:
        """Build the two-player game in which both players' payoffs for (own, other) are A.

        Examples
        --------
        >>> NormalFormGame.symmetric([[4, 0], [3, 2]]).payoffs[1].tolist()
        [[4.0, 3.0], [0.0, 2.0]]
        """
        matrix = exact_array(A, name="A")
        payoff_tensor.check_matrix(matrix, "A")
        if matrix.shape[0] != matrix.shape[1]:
            raise InvalidGame(
                f"A has shape {matrix.shape}",
                where="A",
                valid="a square matrix: in a symmetric game both players have the same actions",
            )
        return cls(np.stack([matrix, matrix.T]), **labels)

    @classmethod
    def from_function(
        cls,
        f: Callable[[tuple[int, ...]], Sequence[Any]],
        n_actions: Sequence[int],
        **labels: Unpack[Labels],
    ) -> NormalFormGame:
        """Build a game from a function that maps a joint action to every player's payoff.

        Parameters
        ----------
        f : callable
            ``f((a_1, ..., a_n))`` is a sequence of n payoffs; called once for each joint action.
        n_actions : sequence of int
            Each player's number of actions.

        Examples
        --------
        >>> game = NormalFormGame.from_function(lambda a: [sum(a), -sum(a)], (2, 3))
        >>> game.payoffs[0].tolist()
        [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]
        """
        sizes = tuple(n_actions)
        for player, size in enumerate(sizes):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
                raise InvalidGame(
                    f"{size!r} actions", where=f"n_actions[{player}]", valid="a positive integer"
                )
        if not sizes:
            raise InvalidGame("the game has no player", where="n_actions", valid="(m_1, ..., m_n)")
        table = np.empty((len(sizes), *sizes), dtype=object)
        for joint_action in np.ndindex(*sizes):
            row = tuple(f(joint_action))
            if len(row) != len(sizes):
                raise InvalidGame(
                    f"{len(row)} payoffs for {len(sizes)} players",
                    where=f"f({joint_action})",
                    valid="one payoff for each player",
                )
            table[(slice(None), *joint_action)] = row
        return cls(table, **labels)

    @classmethod
    def from_nashpy(cls, game: Any) -> NormalFormGame:
        """Build a game from a ``nashpy.Game``."""
        try:
            A, B = game.payoff_matrices
        except (AttributeError, TypeError, ValueError):
            raise InvalidGame(
                f"{type(game).__name__} has no pair of payoff matrices", valid="a nashpy.Game"
            ) from None
        return cls.bimatrix(A, B)

    def to_nashpy(self) -> Any:
        """Return a ``nashpy.Game``; UnsupportedGame unless there are two players."""
        if self.n_players != 2:
            raise UnsupportedGame(f"nashpy holds no games of {self.n_players} players, only of two")
        try:
            import nashpy
        except ImportError:
            raise MissingExtra(
                "converting to nashpy needs nashpy, which is not installed",
                hint="pip install nashpy",
            ) from None
        return nashpy.Game(self.payoffs[0].copy(), self.payoffs[1].copy())

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.payoffs)

    @property
    def n_actions(self) -> tuple[int, ...]:
        """Each player's number of actions."""
        return self.payoffs.shape[1:]

    @property
    def payoffs_are_exact(self) -> bool:
        """Whether every payoff is exactly a float, so that ``payoffs`` holds no rounding."""
        return bool(self._entries.dtype == np.float64)

    @cached_property
    def exact_payoffs(self) -> NDArray[np.object_]:
        """The payoffs as Fractions, same shape as ``payoffs``, read-only."""
        return fractions_of(self._entries)

    @cached_property
    def integer_payoffs(self) -> tuple[IntegerPayoffs | None, ...]:
        """Each player's payoffs as ``integers / denominator``, exactly.

        None for a player whose common denominator has more than 20,000 bits; that takes payoffs
        that are Fractions.
        """
        return tuple(integer_payoffs(entries) for entries in self._entries)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the exact payoffs and the labels (not the title)."""
        content = hashlib.sha256(repr((self.players, self.actions)).encode())
        if self.payoffs_are_exact:
            content.update(self.payoffs.astype("<f8").tobytes())
        else:
            for x in self.exact_payoffs.ravel().tolist():
                content.update(b"%x/%x," % (x.numerator, x.denominator))
        return content.hexdigest()

    def action_indices(self, joint_action: Sequence[int | str]) -> tuple[int, ...]:
        """Translate one action for each player, index or label, into indices.

        Raises
        ------
        InvalidProfile
            A wrong number of actions, or one that its player does not have.
        """
        return action_indices(joint_action, self.actions, self.players)

    def expected_payoffs(self, profile: MixedProfile) -> NDArray[np.float64]:
        """Return each player's expected payoff, shape (n_players,).

        Raises
        ------
        InvalidProfile
            The profile is not one of this game.
        """
        self._check(profile)
        tensor: NDArray[np.float64] = self.payoffs
        for strategy in reversed(profile.strategies):
            tensor = tensor @ strategy
        return tensor

    def deviation_payoffs(self, profile: MixedProfile, player: int) -> NDArray[np.float64]:
        """Return the expected payoff of each of ``player``'s actions, shape (m_player,).

        The other players follow ``profile``; the player's own strategy is not used.

        Raises
        ------
        InvalidProfile
            The profile is not one of this game, or there is no such player.
        """
        self._check(profile)
        if not 0 <= player < self.n_players:
            valid = f"0 to {self.n_players - 1}"
            raise InvalidProfile(f"there is no player {player}", where="player", valid=valid)
        tensor: NDArray[np.float64] = np.moveaxis(self.payoffs[player], player, 0)
        others = [*profile.strategies[:player], *profile.strategies[player + 1 :]]
        for strategy in reversed(others):
            tensor = tensor @ strategy
        return tensor.copy() if self.n_players == 1 else tensor

    def is_constant_sum(self) -> bool:
        """Whether the players' payoffs sum to the same number everywhere, exactly."""
        return self.constant_sum is not None

    def is_zero_sum(self) -> bool:
        """Whether the players' payoffs sum to zero everywhere, exactly."""
        return self.constant_sum == 0

    @cached_property
    def constant_sum(self) -> Fraction | None:
        """What the players' payoffs sum to in every cell; None if that differs."""
        return payoff_tensor.constant_sum(self._entries)

    @cached_property
    def payoff_range(self) -> float:
        """Largest difference between two payoffs of one player, at most the largest float."""
        return widest_range(self.payoffs.reshape(self.n_players, -1))

    def is_symmetric(self) -> bool:
        """Whether renaming the players, with the actions as ordered, changes no payoff."""
        return payoff_tensor.is_symmetric(self._entries)

    def is_potential(self, kind: str = "exact") -> bool:
        """Whether one function on joint actions follows every player's deviations, exactly.

        Parameters
        ----------
        kind : {"exact", "weighted", "ordinal", "generalized-ordinal", "best-response"}
            What it follows; :func:`gametheory.games.potential.find_potential` explains the kinds
            and returns the potential, or the deviations that refute it.

        Raises
        ------
        UnsupportedGame
            There is no such kind.

        Examples
        --------
        >>> NormalFormGame.symmetric([[4, 0], [3, 2]]).is_potential()
        True
        >>> NormalFormGame.zero_sum([[1, -1], [-1, 1]]).is_potential("ordinal")
        False
        """
        from gametheory.games.potential import find_potential

        return find_potential(self, kind).holds

    def _check(self, profile: MixedProfile) -> None:
        if not isinstance(profile, MixedProfile):
            raise InvalidProfile(
                f"a {type(profile).__name__} is not a profile of a normal-form game",
                where="profile",
                valid="a MixedProfile",
                hint="wrap the vectors: MixedProfile([[...], [...]])",
            )
        profile.check_fits(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NormalFormGame) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self._entries, self.players, self.actions, self.title)

    def __repr__(self) -> str:
        title = f"{self.title!r}, " if self.title else ""
        return f"<NormalFormGame {title}n_actions={self.n_actions}>"

    def __str__(self) -> str:
        return text_table(self)

    def _repr_html_(self) -> str:
        return html_table(self)


def _rebuild(
    entries: NDArray[Any],
    players: tuple[str, ...],
    actions: tuple[tuple[str, ...], ...],
    title: str,
) -> NormalFormGame:
    """Unpickle through the constructor, so that the arrays are read-only again."""
    return NormalFormGame(entries, players=players, actions=actions, title=title)
