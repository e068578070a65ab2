"""What can be known of games of OpenSpiel, read by the library's own adapter.

Small games are built and solved; of the others the size is estimated by random playouts, and a late
position is solved where nothing is hidden or random. :mod:`inspect_all` writes the rows.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
import warnings
from typing import Any

import numpy as np

import gametheory as gt
from gametheory.algorithms.extensive_form.alpha_beta import alpha_beta
from gametheory.errors import GameTheoryError
from gametheory.games.extensive_form import CHANCE
from gametheory.games.game_state import SIMULTANEOUS
from gametheory.games.open_spiel import OpenSpielState, from_open_spiel, start_of
from marl_bridge.environments.outlook import in_words

__all__ = ["HEADER", "open_spiel_rows"]

GAMES = (
    "kuhn_poker", "kuhn_poker(players=3)", "leduc_poker", "leduc_poker(suit_isomorphism=True)",
    "liars_dice", "goofspiel", "goofspiel(imp_info=True,num_cards=4,points_order=descending)",
    "blotto", "matching_pennies_3p", "tiny_hanabi", "tiny_bridge_2p",
    "first_sealed_auction", "sheriff", "bargaining", "negotiation", "nim", "pig", "catch",
    "tic_tac_toe", "phantom_ttt", "dark_hex(board_size=2)", "dark_hex", "ultimate_tic_tac_toe",
    "connect_four", "hex", "y", "havannah", "othello", "breakthrough", "clobber",
    "dots_and_boxes", "pentago", "amazons", "mancala", "checkers", "chess", "go", "backgammon",
    "battleship", "kriegspiel", "dark_chess", "hanabi", "gin_rummy", "bridge", "euchre", "skat",
    "hearts", "oh_hell", "universal_poker", "laser_tag", "markov_soccer",
)  # fmt: skip
HEADER = ("game", "what can be known", "why", "histories", "information sets", "value", "s")

_MOST_HISTORIES = 6e5
_SEED, _PLAYOUTS, _SECONDS, _LONGEST = 0, 400, 2.0, 2000
_LATE_SECONDS = 3.0


def open_spiel_rows(only: str = "") -> list[tuple[str, ...]]:
    """Look at all games whose name contains ``only``."""
    rows = []
    for name in GAMES:
        if only not in name:
            continue
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            entries = _row(name)
        seconds = time.perf_counter() - started
        print(f"{seconds:5.1f} s  {name}: {entries[0]}", file=sys.stderr)
        rows.append((f"`{name}`", *entries, f"{seconds:.1f}"))
    return rows


def _row(name: str) -> tuple[str, ...]:
    """Return verdict, reason, histories, information sets and value."""
    try:
        start = start_of(name)
    except GameTheoryError as refused:
        return "bounds only", refused.what, "-", "-", "-"
    logarithm = _log10_histories(start)
    about = in_words(logarithm)
    if logarithm <= math.log10(_MOST_HISTORIES):
        try:
            return _solved(name)
        except GameTheoryError as refused:
            return "bounds only", refused.what, f"about {about}", "-", "-"
    return (*_late(start, about), f"about {about}", "-", "-")


def _solved(name: str) -> tuple[str, ...]:
    game = from_open_spiel(name, max_histories=int(2 * _MOST_HISTORIES))
    sets = " + ".join(f"{count:,}" for count in game.n_infosets)
    size = (f"{game.n_nodes:,}", sets)
    if game.n_players != 2:
        return "exact", "the whole tree; only games of two have a value", *size, "-"
    if not game.is_constant_sum():
        return "exact", "the whole tree; payoffs that do not cancel have no value", *size, "-"
    concept = "subgame-perfect" if game.has_perfect_information() else "nash"
    solution = gt.solve(game, concept)
    value = f"{float(solution.payoffs[0]) + 0.0:.6f}"
    return "exact", f"the whole tree, solved: {solution.status}", *size, value


def _late(start: OpenSpielState, about: str) -> tuple[str, str]:
    """Say why the whole game is too large, and whether late positions are solved instead."""
    whole = f"about {about} histories"
    rng = np.random.default_rng(_SEED)
    path = [state for state, _ in _playout(start, rng)]
    if any(state.current_player in {CHANCE, SIMULTANEOUS} for state in path):
        return "bounds only", f"{whole}, with chance or actions at the same time"
    kind = start.open_spiel_state.get_game().get_type()
    if str(kind.information).rpartition(".")[2] != "PERFECT_INFORMATION":
        return "bounds only", f"{whole}, with hidden information"
    solved = ""
    for left in (2, 4, 6, 8, 10, 12, 16, 20):
        if left > len(path):
            break
        try:
            found = alpha_beta(path[-left], time_limit=_LATE_SECONDS)
        except GameTheoryError as refused:
            return "bounds only", f"{whole}; {refused.what}"
        if not found.exact:
            break
        solved = (
            f"{whole}; in a random episode of {len(path)} actions the position {left} actions "
            f"before its end is solved by searching {found.states:,} states"
        )
    seldom = (
        f"{whole}; only where the rest is short: 2 actions before the end of a random episode of "
        f"{len(path)} the search takes more than {_LATE_SECONDS:.0f} s"
    )
    return "exact from positions", solved or seldom


def _playout(start: OpenSpielState, rng: np.random.Generator) -> list[tuple[OpenSpielState, int]]:
    """Play at random; return the states with something to choose, and how many ways there are."""
    path: list[tuple[OpenSpielState, int]] = []
    state = start.clone()
    while not state.is_terminal() and len(path) < _LONGEST:
        actions, ways = _choose(state, rng)
        path.append((state.clone(), ways))
        state.apply(actions)
    return path


def _choose(state: OpenSpielState, rng: np.random.Generator) -> tuple[Any, int]:
    if state.current_player == SIMULTANEOUS:
        options = [state.legal_actions(player) for player in range(len(state.returns()))]
        chosen = tuple(one[int(rng.integers(len(one)))] if one else None for one in options)
        return chosen, math.prod(len(one) or 1 for one in options)
    if state.current_player == CHANCE:
        listed: Any = [outcome for outcome, _ in state.chance_outcomes()]
    else:
        listed = state.legal_actions()
    return listed[int(rng.integers(len(listed)))], len(listed)


def _log10_histories(start: OpenSpielState) -> float:
    """Estimate the histories by random playouts (Knuth 1975, Mathematics of Computation 29)."""
    rng = np.random.default_rng(_SEED)
    logs, started = [], time.perf_counter()
    while len(logs) < _PLAYOUTS and (len(logs) < 3 or time.perf_counter() - started < _SECONDS):
        product, total = 0.0, 0.0
        for _, ways in _playout(start, rng):
            product += math.log10(ways)
            total = np.logaddexp(total * math.log(10), product * math.log(10)) / math.log(10)
        logs.append(float(total))
    largest = max(logs)
    return largest + math.log10(statistics.fmean(10.0 ** (one - largest) for one in logs))
