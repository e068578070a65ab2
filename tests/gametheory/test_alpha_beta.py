"""Alpha-beta search against plain minimax, its bounds when stopped, and what it refuses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory.algorithms.extensive_form.alpha_beta import alpha_beta
from gametheory.certificates.guaranteed_payoff import KeyedState, refute_guarantee
from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import CHANCE
from gametheory.games.game_state import SIMULTANEOUS


class Layered:
    """A random game of so many layers: who acts, where actions lead and payoffs are drawn.

    Both players may act several times in a row, and many histories lead to one state.
    """

    merges = False

    def __init__(self, seed: int, layers: int = 5, width: int = 5, *, total: int = 3) -> None:
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        self.total = total
        self.actor = rng.integers(2, size=(layers, width)).tolist()
        self.n_actions = rng.integers(1, 5, size=(layers, width)).tolist()
        self.leads_to = rng.integers(width, size=(layers, width, 4)).tolist()
        self.payoffs = [Fraction(int(n), 7) for n in rng.integers(-3, 4, size=width)]
        self.ends = (rng.random((layers, width)) < 0.1).tolist()
        self.at = (0, int(rng.integers(width)))
        if layers:
            self.ends[0][self.at[1]] = False
        self.history: tuple[int, ...] = ()

    @property
    def current_player(self) -> int:
        layer, place = self.at
        return int(self.actor[layer][place])

    def legal_actions(self, player: int | None = None) -> Sequence[int]:
        layer, place = self.at
        return range(self.n_actions[layer][place])

    def apply(self, action: int) -> None:
        layer, place = self.at
        self.at = (layer + 1, int(self.leads_to[layer][place][action]))
        self.history = (*self.history, action)

    def clone(self) -> Layered:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def chance_outcomes(self) -> Sequence[Any]:
        return ()

    def information_state(self, player: int) -> Any:
        return self.history

    def is_terminal(self) -> bool:
        layer, place = self.at
        return layer == len(self.actor) or bool(self.ends[layer][place])

    def returns(self) -> Sequence[Fraction]:
        payoff = self.payoffs[self.at[1]]
        return (payoff, self.total - payoff)


class Merging(Layered):
    def information_state(self, player: int) -> Any:
        return self.at

    def state_key(self) -> Any:
        return self.at


def minimax(state: Any) -> Any:
    """By definition: every history."""
    if state.is_terminal():
        return state.returns()[0]
    best = max if state.current_player == 0 else min
    return best(value for _, value in action_values(state))


def action_values(state: Any) -> list[tuple[Any, Any]]:
    found = []
    for action in state.legal_actions():
        child = state.clone()
        child.apply(action)
        found.append((action, minimax(child)))
    return found


@given(seed=st.integers(0, 10**6), merging=st.booleans(), ranged=st.booleans())
def test_equals_minimax(seed: int, merging: bool, ranged: bool) -> None:
    state = (Merging if merging else Layered)(seed)
    payoff_range = (Fraction(-3, 7), Fraction(3, 7)) if ranged else None
    found = alpha_beta(state, all_actions=True, payoff_range=payoff_range, verify=True)
    expected = action_values(state)
    assert [(a.action, a.lower, a.upper) for a in found.actions] == [
        (action, value, value) for action, value in expected
    ]
    assert found.value == minimax(state)
    assert found.verified
    assert not found.stopped
    assert found.best_actions == tuple(a for a, value in expected if value == found.value)
    assert found.payoff_sum in (3, None)
    line = state.clone()
    for action in found.principal_variation:
        line.apply(action)
    assert line.is_terminal()
    assert line.returns()[0] == found.value


@given(seed=st.integers(0, 10**6), limit=st.integers(1, 150))
def test_bounds_hold_when_stopped(seed: int, limit: int) -> None:
    state = Merging(seed, layers=6, width=8)
    found = alpha_beta(state, max_states=limit)
    value = minimax(state)
    assert found.lower <= value <= found.upper
    assert found.states <= limit
    assert found.stopped in {"", "state limit"}
    assert found.stopped or found.value == value
    for (_, exact), action in zip(action_values(state), found.actions, strict=True):
        assert action.lower <= exact <= action.upper


def test_searches_fewer_states_than_minimax() -> None:
    state = Layered(3, layers=8, width=6)
    n_histories = 0

    def count(at: Layered) -> None:
        nonlocal n_histories
        n_histories += 1
        if not at.is_terminal():
            for action in at.legal_actions():
                child = at.clone()
                child.apply(action)
                count(child)

    count(state)
    plain, merged = alpha_beta(state), alpha_beta(Merging(3, layers=8, width=6))
    assert plain.value == merged.value
    assert merged.states < plain.states < n_histories / 4
    assert merged.table_hits


def test_a_deep_game_needs_no_recursion() -> None:
    class Long(Merging):
        def __init__(self) -> None:
            super().__init__(0, layers=1500, width=2)
            self.ends = [[False] * 2 for _ in range(1500)]

    found = alpha_beta(Long(), verify=True)
    assert len(found.principal_variation) == 1500


def test_a_position_where_the_game_is_over() -> None:
    state = Layered(0, layers=0)
    found = alpha_beta(state)
    assert (found.value, found.actions, found.states) == (state.returns()[0], (), 0)


def test_ctrl_c_and_time_limit_give_bounds() -> None:
    state = Merging(1, layers=8, width=8)

    def interrupt(states: int) -> None:
        if states == 20:
            raise KeyboardInterrupt

    found = alpha_beta(state, progress=interrupt)
    assert found.stopped == "interrupted"
    assert found.lower <= minimax(state) <= found.upper
    late = alpha_beta(state, time_limit=0.0)
    assert (late.stopped, late.value, late.states) == ("time limit", None, 0)
    assert late.lower <= minimax(state) <= late.upper == math.inf
    ranged = alpha_beta(state, time_limit=0.0, payoff_range=(-1, 1))
    assert (ranged.lower, ranged.upper) == (late.lower, 1)


def test_floats_may_miss_the_sum_by_rounding() -> None:
    class Rounded(Merging):
        def returns(self) -> Any:
            payoff = float(self.payoffs[self.at[1]]) / 3
            return (payoff, 0.3 - payoff)

    state = Rounded(5)
    assert alpha_beta(state, all_actions=True).value == minimax(state)


class _Other(Merging):
    """To be changed in one way."""


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("current_player", CHANCE, UnsupportedGame, "chance"),
        ("current_player", SIMULTANEOUS, UnsupportedGame, "at the same time"),
        ("current_player", 2, UnsupportedGame, "player 2 acts"),
        ("current_player", -7, InvalidGame, "player -7 has to act"),
        ("legal_actions", lambda self, player=None: (), InvalidGame, "legal actions"),
        ("returns", lambda self: (1, 2, 3), UnsupportedGame, "3 players"),
        ("returns", lambda self: (math.nan, 0), InvalidGame, "nan"),
        ("returns", lambda self: (self.at[1], 0), UnsupportedGame, "add up to"),
        ("state_key", lambda self: self.at[1], InvalidGame, "comes back"),
        ("information_state", lambda self, player: 0, UnsupportedGame, "something is hidden"),
    ],
)
def test_refusals_say_why(name: str, value: Any, error: type[Exception], words: str) -> None:
    changed = type("Changed", (_Other,), {name: value})
    state = changed(11, layers=6, width=6)
    with pytest.raises(error, match=words):
        alpha_beta(state, all_actions=True)


def test_ranges_are_held_to() -> None:
    with pytest.raises(InvalidGame, match="player 0 gets"):
        alpha_beta(Merging(2, layers=6), payoff_range=(100, 101))
    with pytest.raises(InvalidGame, match="payoff_range"):
        alpha_beta(Merging(2), payoff_range=(1, 0))


def test_states_that_do_not_repeat_fail_their_certificate() -> None:
    class Drifting(Merging):
        drift: int = 0

        def returns(self) -> Any:
            Drifting.drift += 1
            return (-Drifting.drift, Drifting.drift)

    with pytest.raises(InvalidGame, match="do not guarantee"):
        alpha_beta(Drifting(4, layers=6, width=6), verify=True)


class TestGuarantee:
    """The certificate by itself."""

    @staticmethod
    def start() -> KeyedState:
        return KeyedState.start(Merging(8, layers=6, width=6))

    @pytest.mark.parametrize("player", [0, 1])
    def test_accepts_the_best_and_refutes_more(self, player: int) -> None:
        at = self.start()
        value = minimax(at.state)
        layered = at.state

        def best(key: Any) -> Any:
            state = layered.clone()
            state.at = key  # type: ignore[attr-defined]
            choose = max if state.current_player == 0 else min
            return choose(action_values(state), key=lambda pair: pair[1])[0]

        better = value + (Fraction(1, 7) if player == 0 else Fraction(-1, 7))
        assert refute_guarantee(at, player, best, value) == ""
        assert "player 0 gets" in refute_guarantee(at, player, best, better)

    def test_refutes_strategies_with_holes_or_forbidden_knowledge(self) -> None:
        class Hidden(Merging):
            def information_state(self, player: int) -> Any:
                return 0

        at = self.start()
        assert "no legal action" in refute_guarantee(at, 0, lambda key: None, -9)
        hidden = KeyedState.start(Hidden(8, layers=6, width=6))
        turns = {key: n for n, key in enumerate((a, b) for a in range(6) for b in range(6))}
        told = refute_guarantee(
            hidden,
            0,
            lambda key: turns[key] % hidden.state.n_actions[key[0]][key[1]],
            -9,  # type: ignore[attr-defined]
        )
        assert "look alike" in told


def test_tic_tac_toe_of_open_spiel_is_a_draw() -> None:
    pytest.importorskip("pyspiel")
    from gametheory.games.open_spiel import start_of

    state = start_of("tic_tac_toe")
    for action in (4, 0, 8):
        state.apply(next(a for a in state.legal_actions() if a.number == action))  # type: ignore[attr-defined]
    found = alpha_beta(state, all_actions=True, verify=True)
    assert found.value == 0
    assert found.verified
    assert found.value == minimax(state)
