"""Regret matching: play each action in proportion to how much one regrets not having played it.

Hart and Mas-Colell (2000), "A simple adaptive procedure leading to correlated equilibrium",
Econometrica 68. Regrets that are never let below zero: Tammelin (2014), "Solving
large imperfect information games using CFR+", arXiv:1407.5042.
"""

from __future__ import annotations

from gametheory.dynamics.no_regret import averaging_power, learning_trace
from gametheory.dynamics.recording import choice
from gametheory.dynamics.registry import register
from gametheory.dynamics.rounds import Rounds
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

__all__ = ["regret_matching", "regret_matching_plus"]


@register(
    "regret-matching",
    guarantee="external regret of at most range * sqrt((m - 1) * T) after T rounds with m actions, "
    "in expectation where play is sampled: joint play comes to coarse correlated equilibria, and "
    "in two-player zero-sum games averages to Nash equilibria",
    source="Hart and Mas-Colell (2000), Econometrica 68; Blackwell (1956), Pacific Journal of "
    "Mathematics 6",
)
def regret_matching(
    game: NormalFormGame,
    *,
    rounds: int = 10_000,
    play: str = "expected",
    updates: str = "simultaneous",
    averaging: str = "uniform",
    start: MixedProfile | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow regret matching.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rounds : int
        How many are played.
    play : {"expected", "sampled"}
        Whether players learn against the others' strategies, or against actions drawn from them.
    updates : {"simultaneous", "alternating"}
        Alternating, for two players and expected play, the first one learns against the second
        one's strategy before it plays, and the second one afterwards.
    averaging : {"uniform", "linear"}
        Whether all rounds count the same in ``averages``, or round t counts t times.
    start : MixedProfile, optional
        What is played while nothing is regretted; uniform play if left out.
    record, spacing
        How many records there are, and how they are spaced.
    seed : int
        For the actions drawn.

    Returns
    -------
    Trace
        ``averages`` and ``joint_average`` are of the actions drawn where play is sampled.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Notes
    -----
    The sum of squares of positive regrets grows by at most (m - 1) * range^2 a round: Blackwell's
    condition. Alternating, an update never lowers what a player earns against a strategy that is
    kept, so the bound holds of the profiles that are played: Burch, Moravcik and Schmid (2019),
    "Revisiting CFR+ and alternating updates", Journal of Artificial Intelligence Research 64.

    Cost: a round reads all payoffs once.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = regret_matching(pennies, rounds=100_000)
    >>> trace.averages[0][-1].round(2), bool(trace.gaps[-1] < 0.01)
    (array([0.4, 0.6]), True)
    """
    played = Rounds(game, start, play=play, seed=seed)
    return _match(played, "REGRETS", updates, averaging, (rounds, record, spacing))


@register(
    "regret-matching-plus",
    guarantee="external regret of at most range * sqrt((m - 1) * T) after T rounds with m actions, "
    "in expectation where play is sampled: joint play comes to coarse correlated equilibria. In "
    "two-player zero-sum games averages come to Nash equilibria, the gap being at most twice the "
    "sum of these bounds, over T + 1, with linear averaging",
    source="Tammelin (2014), arXiv:1407.5042; Tammelin, Burch, Johanson and Bowling (2015), IJCAI",
)
def regret_matching_plus(
    game: NormalFormGame,
    *,
    rounds: int = 10_000,
    play: str = "expected",
    updates: str | None = None,
    averaging: str = "linear",
    start: MixedProfile | None = None,
    record: int = 200,
    spacing: str = "log",
    seed: int = 0,
) -> Trace:
    """Follow regret matching+, which forgets negative regrets at once.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    rounds, play, start, record, spacing, seed
        As for :func:`regret_matching`.
    updates : {"simultaneous", "alternating"}, optional
        If left out alternating, as is Tammelin's, where :func:`regret_matching` can alternate.
    averaging : {"linear", "uniform"}
        Whether round t counts t times in ``averages``, or all rounds the same.

    Returns
    -------
    Trace
        ``regrets`` and ``joint_average`` count all rounds the same, whatever ``averaging``.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option, or the start, is not valid for this game.

    Notes
    -----
    Regrets kept above zero bound what is regretted since any round, so that rounds may count ever
    more: with linear weights all regrets sum to at most T times the bound, over T * (T + 1) / 2.

    Examples
    --------
    >>> pennies = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    >>> trace = regret_matching_plus(pennies)
    >>> trace.averages[0][-1].round(3), bool(trace.gaps[-1] < 0.001)
    (array([0.4, 0.6]), True)
    """
    played = Rounds(game, start, play=play, seed=seed)
    if updates is None:
        can_alternate = game.n_players == 2 and not played.sampled
        updates = "alternating" if can_alternate else "simultaneous"
    return _match(played, "REGRETS_PLUS", updates, averaging, (rounds, record, spacing))


def _match(
    played: Rounds, kind: str, updates: str, averaging: str, recorded: tuple[int, int, str]
) -> Trace:
    alternating = choice("updates", updates, ("simultaneous", "alternating")) == "alternating"
    n = played.game.n_players
    if alternating and (n != 2 or played.sampled):
        raise UnsupportedGame(
            f"alternating updates of {n} players" + ", with sampled play" * played.sampled,
            where="updates",
            valid="two players and play='expected', or updates='simultaneous'",
        )
    return learning_trace(
        played,
        kind,
        recorded=recorded,
        alternating=alternating,
        power=averaging_power(averaging),
    )
