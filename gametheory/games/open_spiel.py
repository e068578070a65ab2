"""Games of OpenSpiel as games of this library, read from its own states without any wrapper.

OpenSpiel: Lanctot et al. (2019), OpenSpiel: a framework for reinforcement learning in games,
arXiv:1908.09453. It is imported only when a game is asked for; the extra ``openspiel`` installs it.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gametheory.errors import InvalidGame, MissingExtra, UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.game_state import SIMULTANEOUS

__all__ = ["OpenSpielState", "from_open_spiel", "start_of"]

_LARGEST_DENOMINATOR = 10**6
_ROUNDING = 4 * 2.0**-52  # of a probability that was computed in a few steps, relative


@dataclass(frozen=True, slots=True)
class _Action:
    """An action by its number in OpenSpiel, shown by its name."""

    number: int
    label: str

    def __str__(self) -> str:
        return self.label


class OpenSpielState:
    """A state of OpenSpiel, to be played on through the protocol of GameState.

    Parameters
    ----------
    state : pyspiel.State
        It is never changed; every copy is the caller's own.

    Raises
    ------
    MissingExtra
        OpenSpiel is not installed.
    UnsupportedGame
        The game has no information states, samples its chance, or is a mean-field game.
    """

    def __init__(self, state: Any) -> None:
        pyspiel = _pyspiel()
        game = state.get_game()
        _check(pyspiel, game)
        kind = game.get_type()
        self._state = state.clone()
        self._invalid_action = int(pyspiel.INVALID_ACTION)
        self._simultaneous = int(pyspiel.PlayerId.SIMULTANEOUS)
        self._by_string = bool(kind.provides_information_state_string)
        self._names: dict[tuple[Hashable, ...], Sequence[_Action]] = {}  # shared by all copies

    @property
    def open_spiel_state(self) -> Any:
        """OpenSpiel's own state here, a copy."""
        return self._state.clone()

    @property
    def current_player(self) -> int:
        """The player to act, CHANCE or SIMULTANEOUS."""
        player = int(self._state.current_player())
        return SIMULTANEOUS if player == self._simultaneous else player

    def legal_actions(self, player: int | None = None) -> Sequence[Any]:
        """Actions of the player to act, or of ``player`` at a simultaneous state."""
        who = self._state.current_player() if player is None else player
        numbers = self._state.legal_actions(who)
        return self._named(who, numbers) if numbers else ()

    def _named(self, player: int, numbers: Sequence[int]) -> Sequence[_Action]:
        """Name actions; all states of one information set share the names of the first one met."""
        key = (player, self.information_state(player), tuple(numbers))
        if key not in self._names:
            self._names[key] = self._label(player, numbers)
        return self._names[key]

    def _label(self, player: int, numbers: Sequence[int]) -> tuple[_Action, ...]:
        labels = [str(self._state.action_to_string(player, number)) for number in numbers]
        if len(set(labels)) < len(labels):
            labels = [f"{label} ({number})" for label, number in zip(labels, numbers, strict=True)]
        return tuple(_Action(*named) for named in zip(numbers, labels, strict=True))

    def apply(self, action: Any) -> None:
        """Play an action or a chance outcome; at a simultaneous state one for each player."""
        if isinstance(action, tuple):
            joint = [self._invalid_action if one is None else one.number for one in action]
            self._state.apply_actions(joint)
        else:
            self._state.apply_action(action.number)

    def clone(self) -> OpenSpielState:
        """Copy the state."""
        copy: OpenSpielState = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._state = self._state.clone()
        return copy

    def chance_outcomes(self) -> Sequence[tuple[Hashable, Fraction | float]]:
        """Outcomes with probabilities: Fractions wherever OpenSpiel's floats are rounded ones."""
        numbers, floats = zip(*self._state.chance_outcomes(), strict=True)
        player = self._state.current_player()
        return list(zip(self._label(player, numbers), _recognized(floats), strict=True))

    def information_state(self, player: int) -> str:
        """OpenSpiel's information state, its string unchanged.

        A game of perfect information that has none is shown whole: the history.
        """
        if self._by_string:
            return str(self._state.information_state_string(player))
        return str(self._state.history_str())

    def is_terminal(self) -> bool:
        """Whether the game is over."""
        return bool(self._state.is_terminal())

    def returns(self) -> Sequence[float]:
        """Payoffs, one for each player."""
        return [payoff + 0.0 for payoff in self._state.returns()]  # -0.0 becomes 0.0


@lru_cache(maxsize=4096)
def _recognized(floats: tuple[float, ...]) -> tuple[Fraction | float, ...]:
    """Return the fractions that were rounded to these probabilities, or the floats themselves.

    Fractions with small denominators that sum to exactly one are what a game meant.

    Examples
    --------
    >>> [str(p) for p in _recognized((1 / 6, 1 / 3, 1 / 2))]
    ['1/6', '1/3', '1/2']
    >>> _recognized((0.4142135623730951, 0.5857864376269049))
    (0.4142135623730951, 0.5857864376269049)
    """
    exact = [Fraction(p).limit_denominator(_LARGEST_DENOMINATOR) for p in floats]
    close = all(abs(float(f) - p) <= _ROUNDING * p for f, p in zip(exact, floats, strict=True))
    return tuple(exact) if close and sum(exact) == 1 else floats


def _pyspiel() -> Any:
    try:
        return importlib.import_module("pyspiel")
    except ImportError as error:
        raise MissingExtra.of("openspiel", "a game of OpenSpiel") from error


def _check(pyspiel: Any, game: Any) -> None:
    """Refuse what has no finite tree with information sets in it."""
    kind = game.get_type()
    name = f"OpenSpiel's {kind.short_name}"
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        raise UnsupportedGame(
            f"{name} is a mean-field game", valid="a game of finitely many players"
        )
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        raise UnsupportedGame(
            f"{name} samples its chance outcomes",
            valid="explicit chance outcomes with probabilities",
        )
    perfect = kind.information == pyspiel.GameType.Information.PERFECT_INFORMATION
    sequential = kind.dynamics == pyspiel.GameType.Dynamics.SEQUENTIAL
    if not kind.provides_information_state_string and not (perfect and sequential):
        raise UnsupportedGame(
            f"{name} has no information states",
            valid="information_state_string(player), all that the player knows",
            hint="observations would not do: a player would forget what it saw before",
        )


def _load(pyspiel: Any, name: str) -> Any:
    known = pyspiel.registered_names()
    short = name.partition("(")[0].strip()
    if short not in known:
        close = difflib.get_close_matches(short, known, n=3)
        raise InvalidGame(
            f"OpenSpiel has no game {short!r}",
            where="source",
            valid=f"perhaps {' or '.join(close)}" if close else "",
            hint="pyspiel.registered_names() lists the names",
        )
    try:
        return pyspiel.load_game(name)
    except (pyspiel.SpielError, RuntimeError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), "no reason given")
        raise InvalidGame(
            f"OpenSpiel does not load {name!r}: {reason}",
            where="source",
            hint="look at the game's parameters with pyspiel.load_game(...).get_parameters()",
        ) from error


def start_of(source: Any) -> OpenSpielState:
    """Return the state at which a named game, a game or a state begins."""
    pyspiel = _pyspiel()
    state = source
    if isinstance(source, str):
        state = _load(pyspiel, source)
    if isinstance(state, pyspiel.Game):
        state = state.new_initial_state()
    if not isinstance(state, pyspiel.State):
        raise InvalidGame(
            f"source is a {type(source).__name__}",
            where="source",
            valid="a name, a pyspiel.Game or a pyspiel.State",
        )
    return OpenSpielState(state)


def from_open_spiel(
    source: Any,
    *,
    players: Sequence[str] | None = None,
    title: str | None = None,
    max_histories: int = 5_000_000,
) -> ExtensiveFormGame:
    """Build the whole tree of a game of OpenSpiel.

    Simultaneous moves become moves one after the other, hidden from each other. An information
    set is OpenSpiel's information state and has its string as label.

    Parameters
    ----------
    source : str, pyspiel.Game or pyspiel.State
        A name with parameters, as in ``"leduc_poker(suit_isomorphism=True)"``; a game; or a state
        to begin at.
    players : sequence of str, optional
        Names; "player 0", "player 1", ... by default.
    title : str, optional
        OpenSpiel's description of the game by default.
    max_histories : int
        Refuse larger games.

    Returns
    -------
    ExtensiveFormGame

    Raises
    ------
    MissingExtra
        OpenSpiel is not installed.
    InvalidGame
        There is no such game, or its information states forget: the error names one that does.
    UnsupportedGame
        The game is too large, has no information states, or has no explicit chance.

    Examples
    --------
    >>> from_open_spiel("kuhn_poker")  # doctest: +SKIP
    <ExtensiveFormGame 'kuhn_poker()': 2 players, 58 histories, 12 information sets>
    >>> from_open_spiel("kuhn_poker").exact_chance[:3].tolist()  # doctest: +SKIP
    [Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)]
    """
    start = start_of(source)
    return ExtensiveFormGame.from_state(
        start,
        players=players,
        title=str(start.open_spiel_state.get_game()) if title is None else title,
        max_histories=max_histories,
    )
