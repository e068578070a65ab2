"""Stochastic games: stage games, each joint action leading on to the next one by chance."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidGame, InvalidProfile
from gametheory.games.exact_array import exact_array, fractions_of
from gametheory.games.frozen import FrozenArrays, freeze
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.stationary_profile import StationaryProfile
from gametheory.rationals import to_fraction

__all__ = ["StochasticGame"]

_SUM_TOLERANCE = 1e-9


class StochasticGame(FrozenArrays):
    """A discounted stochastic game with finitely many states; immutable.

    In each state the players choose at once, earn that stage's payoffs, and go on to the next
    state by chance; what the probabilities miss to one is the chance that the play ends. A
    player's payoff is its expected sum of stage payoffs, the t-th one (from 0) times
    ``discount ** t``.

    Parameters
    ----------
    stages : sequence
        For each state a :class:`NormalFormGame`, or payoffs that make one, shape
        (n_players, m_1, ..., m_n). Numbers of actions may differ from state to state.
    transitions : sequence of array_like
        For each state the probabilities of the next one, shape (m_1, ..., m_n, n_states). Ints,
        Fractions and text such as "1/3" stay exact; rows with floats in them that miss one by
        rounding alone are divided by their exact sum.
    discount : number
        In (0, 1]. One is allowed where each joint action ends the play with some probability.
    states : sequence of str, optional
        Labels; "0", "1", ... if left out.
    start : int or str
        The state that figures for the whole game speak of.
    title : str
        For people.

    Raises
    ------
    InvalidGame
        If shapes or players differ, probabilities are none, or nothing bounds the sums.

    References
    ----------
    L. S. Shapley (1953), Stochastic games, PNAS 39. M. Takahashi (1964) and A. M. Fink (1964),
    Journal of Science of the Hiroshima University 28, for equilibria of general-sum ones.

    Examples
    --------
    >>> game = StochasticGame([[[[1, 0], [0, 1]], [[-1, 0], [0, -1]]]], [np.ones((2, 2, 1))], 0.9)
    >>> game.n_states, game.is_zero_sum()
    (1, True)
    >>> game.values(StationaryProfile.uniform(game)).round(6).tolist()
    [[5.0], [-5.0]]
    """

    stages: tuple[NormalFormGame, ...]
    states: tuple[str, ...]
    players: tuple[str, ...]
    discount: Fraction
    start: int
    title: str
    row_offsets: NDArray[np.int64]
    first: NDArray[np.int64]
    next_states: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    _exact: NDArray[Any]

    def __init__(
        self,
        stages: Sequence[Any],
        transitions: Sequence[Any],
        discount: Any,
        *,
        states: Sequence[str] | None = None,
        start: int | str = 0,
        title: str = "",
    ) -> None:
        for name, sequence in (("stages", stages), ("transitions", transitions)):
            if not isinstance(sequence, Sequence | np.ndarray):
                raise InvalidGame(
                    f"a {type(sequence).__name__} is no sequence",
                    where=name,
                    valid="one entry for every state",
                )
        games = tuple(s if isinstance(s, NormalFormGame) else NormalFormGame(s) for s in stages)
        if not games or len(transitions) != len(games):
            raise InvalidGame(
                f"{len(games)} stages and {len(transitions)} transition arrays",
                where="stages, transitions",
                valid="one of each for every state, and at least one state",
            )
        rows: list[list[tuple[int, Any]]] = []
        for state, (stage, given) in enumerate(zip(games, transitions, strict=True)):
            entries = exact_array(given, name=f"transitions[{state}]")
            if entries.shape != (*stage.n_actions, len(games)):
                raise InvalidGame(
                    f"transitions of shape {entries.shape}",
                    where=f"transitions[{state}]",
                    valid=f"{(*stage.n_actions, len(games))}: the state's joint actions, then "
                    "the next state",
                )
            flat = entries.reshape(-1, len(games))
            rows += [[(int(t), row[t]) for t in np.flatnonzero(row)] for row in flat]
        self._fill(games, rows, discount=discount, states=states, start=start, title=title)

    @classmethod
    def from_function(
        cls,
        step: Callable[[Any, tuple[int, ...]], tuple[Sequence[Any], Mapping[Any, Any]]],
        start: Hashable,
        n_actions: Callable[[Any], Sequence[int]],
        discount: Any,
        *,
        max_states: int = 100_000,
        **labels: Any,
    ) -> StochasticGame:
        """Build a game from its rules, state by state from the first one on.

        Parameters
        ----------
        step : callable
            ``step(state, joint_action)`` returns each player's payoff and a mapping from the
            next states to their probabilities; an empty mapping ends the play.
        start : hashable
            The first state; the others are found by stepping.
        n_actions : callable
            ``n_actions(state)``: each player's number of actions there.
        discount : number
        max_states : int
            More are refused.
        **labels
            ``players``, ``title``.

        Raises
        ------
        InvalidGame
            As for the constructor, or if there are more than ``max_states`` states.

        Examples
        --------
        >>> game = StochasticGame.from_function(
        ...     lambda s, a: ([s, -s], {} if a == (1, 1) else {(s + a[0]) % 3: 1}),
        ...     start=0, n_actions=lambda s: (2, 2), discount="9/10",
        ... )
        >>> game.states, int(game.first[-1])
        (('0', '1', '2'), 9)
        """
        if not isinstance(start, Hashable):
            raise InvalidGame(
                f"a {type(start).__name__} cannot be told from others by its hash",
                where="start",
                valid="a hashable state, such as a number, text or a tuple of these",
            )
        number = {start: 0}
        found: list[Any] = [start]
        games, rows = [], []
        for state in found:  # grows while it is gone through
            sizes = tuple(n_actions(state))
            payoffs = np.empty((len(sizes), *sizes), dtype=object)
            for joint in np.ndindex(*sizes):
                earned, following = _outcome(step(state, joint), state, joint, len(sizes))
                payoffs[(slice(None), *joint)] = earned
                for to in following:
                    if to not in number:
                        number[to] = len(found)
                        found.append(to)
                rows.append([(number[to], p) for to, p in following.items()])
            if len(found) > max_states:
                raise InvalidGame(
                    f"more than {max_states:,} states", where="step", hint="raise max_states"
                )
            games.append(NormalFormGame(payoffs.tolist(), players=labels.get("players")))
        game = cls.__new__(cls)
        title = labels.get("title", "")
        names = [str(state) for state in found]
        game._fill(tuple(games), rows, discount=discount, states=names, start=0, title=title)
        return game

    def _fill(
        self,
        stages: tuple[NormalFormGame, ...],
        rows: list[list[tuple[int, Any]]],
        *,
        discount: Any,
        states: Sequence[str] | None,
        start: int | str,
        title: str,
    ) -> None:
        names = tuple(map(str, range(len(stages)) if states is None else states))
        if len(names) != len(stages) or len(set(names)) != len(names):
            raise InvalidGame(
                f"{len(names)} labels, {len(set(names))} of them different",
                where="states",
                valid=f"a different one for each of the {len(stages)} states",
            )
        for state, stage in enumerate(stages):
            if stage.players != stages[0].players:
                raise InvalidGame(
                    f"the players are {stage.players}",
                    where=f"state {names[state]!r}",
                    valid=f"{stages[0].players}, as in state {names[0]!r}",
                )
        sizes = [int(np.prod(stage.n_actions)) for stage in stages]
        offsets = np.concatenate(([0], np.cumsum(sizes)))
        exact = _exact_rows(rows, offsets, names)
        attributes: dict[str, Any] = {
            "stages": stages,
            "states": names,
            "players": stages[0].players,
            "discount": _discount(discount),
            "start": _start(start, names),
            "title": str(title),
            "row_offsets": offsets.astype(np.int64),
            "first": np.concatenate(([0], np.cumsum([len(r) for r in rows]))).astype(np.int64),
            "next_states": np.array([t for row in rows for t, _ in row], dtype=np.int64),
            "probabilities": exact.astype(np.float64),
            "_exact": exact,
        }
        freeze(attributes)
        self.__dict__.update(attributes)
        if self.contraction >= 1:
            raise InvalidGame(
                "the discount is 1 and some joint action never ends the play",
                where="discount",
                valid="a discount below 1, or an end by chance after every joint action",
                hint="undiscounted play without end has no finite sums",
            )

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.stages)

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.players)

    @cached_property
    def exact_probabilities(self) -> NDArray[np.object_]:
        """The probabilities of ``next_states`` as Fractions."""
        return fractions_of(self._exact)

    @cached_property
    def contraction(self) -> Fraction:
        """Discount times the largest probability that the play goes on: below 1, proven."""
        first, p = self.first.tolist(), self.exact_probabilities
        goes_on = max(sum(p[a:b], Fraction(0)) for a, b in pairwise(first))
        return self.discount * goes_on

    @cached_property
    def payoff_range(self) -> float:
        """Bound on how far two payoffs of one player in the whole game can lie apart."""
        lowest = np.min([s.payoffs.reshape(self.n_players, -1).min(axis=1) for s in self.stages], 0)
        highest = np.max(
            [s.payoffs.reshape(self.n_players, -1).max(axis=1) for s in self.stages], axis=0
        )
        # Plays may end, so zero is among what later stages pay.
        width = np.maximum(highest, 0.0) - np.minimum(lowest, 0.0)
        return float(width.max() / float(1 - self.contraction))

    @cached_property
    def continuation(self) -> Any:
        """Discounted transition matrix in floats, sparse: (joint actions of all states, states)."""
        from scipy.sparse import csr_array

        data = self.probabilities * float(self.discount)
        shape = (int(self.row_offsets[-1]), self.n_states)
        return csr_array((data, self.next_states, self.first), shape=shape)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the content (not of the title)."""
        sha = hashlib.sha256(repr((self.states, self.discount, self.start)).encode())
        for stage in self.stages:
            sha.update(stage.digest.encode())
        for array in (self.first, self.next_states):
            sha.update(array.astype("<i8").tobytes())
        for p in self.exact_probabilities.tolist():
            sha.update(b"%x/%x," % (p.numerator, p.denominator))
        return sha.hexdigest()

    def is_zero_sum(self) -> bool:
        """Whether the players' payoffs sum to zero in every cell of every stage, exactly."""
        return all(stage.is_zero_sum() for stage in self.stages)

    def is_constant_sum(self) -> bool:
        """Whether it is zero-sum: the sums over plays of chance length are constant only then."""
        return self.is_zero_sum()

    def stage_tensors(self, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Return each state's payoffs with what follows, for given values of the states.

        Parameters
        ----------
        values : ndarray, shape (n_players, n_states)

        Returns
        -------
        list of ndarray, each of shape (n_players, m_1, ..., m_n)
        """
        following = (self.continuation @ values.T).T
        offsets = self.row_offsets.tolist()
        return [
            stage.payoffs + following[:, a:b].reshape(stage.payoffs.shape)
            for stage, (a, b) in zip(self.stages, pairwise(offsets), strict=True)
        ]

    def check_profile(self, profile: Any) -> None:
        """Raise InvalidProfile unless this is a stationary profile of this game."""
        if not isinstance(profile, StationaryProfile):
            raise InvalidProfile(
                f"a {type(profile).__name__} is no profile of a stochastic game",
                where="profile",
                valid="a StationaryProfile made for this game",
            )
        profile.check_fits(self)

    def joint_probabilities(self, profile: StationaryProfile) -> NDArray[np.float64]:
        """Return the probability of each joint action in its state, all states in a row.

        Raises
        ------
        InvalidProfile
            If the profile is not one of this game.
        """
        self.check_profile(profile)
        parts = []
        for strategies in profile:
            joint: NDArray[np.float64] = np.ones(1)
            for strategy in strategies:
                joint = np.multiply.outer(joint, strategy).ravel()
            parts.append(joint)
        return np.concatenate(parts)

    def values(self, profile: StationaryProfile) -> NDArray[np.float64]:
        """Return what each player expects from each state on, shape (n_players, n_states).

        Raises
        ------
        InvalidProfile
            If the profile is not one of this game.
        """
        from scipy.sparse import csr_array, eye_array
        from scipy.sparse.linalg import spsolve

        joint = self.joint_probabilities(profile)
        cells = np.arange(joint.size)
        choose = csr_array((joint, cells, self.row_offsets), shape=(self.n_states, joint.size))
        payoffs = np.concatenate([s.payoffs.reshape(self.n_players, -1) for s in self.stages], 1)
        matrix = eye_array(self.n_states, format="csc") - (choose @ self.continuation).tocsc()
        earned = (choose @ payoffs.T).reshape(self.n_states, self.n_players)
        return np.asarray(spsolve(matrix, earned)).reshape(self.n_states, -1).T.copy()

    def expected_payoffs(self, profile: StationaryProfile) -> NDArray[np.float64]:
        """Return each player's expected payoff from the start on, shape (n_players,)."""
        return np.asarray(self.values(profile)[:, self.start])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StochasticGame) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a StochasticGame cannot be changed: {name}")

    def __repr__(self) -> str:
        title = f" {self.title!r}" if self.title else ""
        return (
            f"<StochasticGame{title}: {self.n_players} players, {self.n_states} states, "
            f"discount {float(self.discount):g}>"
        )


def _exact_rows(
    rows: Iterable[list[tuple[int, Any]]], offsets: NDArray[np.int64], states: tuple[str, ...]
) -> NDArray[Any]:
    """Read all probabilities exactly, each row summing to one at most."""
    flat: list[Fraction] = []
    for number, row in enumerate(rows):
        try:
            exact = [to_fraction(p) for _, p in row]
        except ValueError as error:
            raise InvalidGame(str(error), where=_row(number, offsets, states)) from None
        total = sum(exact, Fraction(0))
        rounded = any(isinstance(p, float) for _, p in row)
        if min(exact, default=Fraction(0)) < 0 or total > 1 + (_SUM_TOLERANCE if rounded else 0):
            raise InvalidGame(
                f"the probabilities of the next states sum to {float(total)!r}"
                if total > 1
                else f"a probability of {float(min(exact))!r}",
                where=_row(number, offsets, states),
                valid="nonnegative numbers that sum to one, or to less where the play may end",
            )
        almost_one = rounded and total != 1 and abs(total - 1) <= _SUM_TOLERANCE
        flat += [p / total for p in exact] if almost_one else exact
    array = np.empty(len(flat), dtype=object)
    array[:] = flat
    return exact_array(array, name="transitions")


def _outcome(
    given: Any, state: Any, joint: tuple[int, ...], n_players: int
) -> tuple[tuple[Any, ...], Mapping[Any, Any]]:
    """Read what a step returned."""
    fine = isinstance(given, Sequence) and len(given) == 2 and isinstance(given[1], Mapping)
    fine = fine and isinstance(given[0], Sequence | np.ndarray) and len(given[0]) == n_players
    if not fine:
        raise InvalidGame(
            f"step({state!r}, {joint}) returned {given!r}",
            where="step",
            valid=f"{n_players} payoffs, and a mapping from next states to their probabilities",
        )
    return tuple(given[0]), given[1]


def _row(number: int, offsets: NDArray[np.int64], states: tuple[str, ...]) -> str:
    state = int(np.searchsorted(offsets, number, side="right")) - 1
    return f"state {states[state]!r}, joint action number {number - int(offsets[state])}"


def _discount(discount: Any) -> Fraction:
    try:
        exact = to_fraction(discount)
    except ValueError as error:
        raise InvalidGame(str(error), where="discount", valid="a number in (0, 1]") from None
    if not 0 < exact <= 1:
        raise InvalidGame(
            f"the discount is {float(exact):g}", where="discount", valid="a number in (0, 1]"
        )
    return exact


def _start(start: int | str, states: tuple[str, ...]) -> int:
    if isinstance(start, str) and start in states:
        return states.index(start)
    number = isinstance(start, (int, np.integer)) and not isinstance(start, bool)
    if number and 0 <= int(start) < len(states):
        return int(start)
    raise InvalidGame(
        f"there is no state {start!r}", where="start", valid="the number or label of a state"
    )
