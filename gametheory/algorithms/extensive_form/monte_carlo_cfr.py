"""Monte-Carlo counterfactual regret minimization on game trees.

Lanctot, Waugh, Zinkevich and Bowling (2009), "Monte Carlo sampling for regret minimization in
extensive games": an iteration visits a random part of the tree and corrects for the probability
of having drawn it, so that counterfactual regrets are right on average. External sampling tries
all actions of one player and draws everyone else's and chance's; outcome sampling draws a single
history; chance sampling, of Zinkevich, Johanson, Bowling and Piccione (2007), draws chance only.

Baselines: Schmid, Burch, Lanctot, Moravcik, Kadlec and Bowling (2019), "Variance reduction in
Monte Carlo counterfactual regret minimization (VR-MCCFR) for extensive form games using
baselines". Outcome sampling then draws only the error of what it expected.

Averages: of two players, each one's is kept in the other's traversals, where it is met in
proportion to its own reach probability (outcome sampling corrects for how the other explores).
With more players that proportion would change with what the others do, so each player's average
is kept on a walk of its own on which the others play uniformly. Chance sampling knows the
player's own reach probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from math import inf
from numbers import Real
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.approach import (
    approach,
    check_limits,
    plan_of,
    uniform_strategy,
)
from gametheory.algorithms.extensive_form.checkpoints import Checkpoint
from gametheory.algorithms.registry import Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import CHANCE, ExtensiveFormGame
from gametheory.games.sequence_layout import SequenceLayout, lay_out

__all__ = ["SAMPLINGS", "MonteCarlo", "check_exploration", "check_rate", "check_seed", "stream_of"]

Floats = NDArray[np.float64]
Run = Callable[..., Search]

_MODERATE = 100  # payoffs up to 2 to this power need no other unit

SAMPLINGS = ("external", "outcome", "chance")
"""In the order of the kernel's numbers."""


class MonteCarlo:
    """Sampled traversals of one game.

    Parameters
    ----------
    game : ExtensiveFormGame
    sampling : {"external", "outcome", "chance"}
    exploration : float
        Outcome sampling: the probability with which a player's actions are drawn uniformly.
    baselines : float
        Outcome sampling: how far expected payoffs move to each new one; 0 for none.
    plus : bool
        Whether sums of regrets are kept from falling below zero.
    seed : int
    """

    def __init__(
        self,
        game: ExtensiveFormGame,
        sampling: str,
        *,
        exploration: float = 0.6,
        baselines: float = 0.2,
        plus: bool = False,
        seed: int = 0,
    ) -> None:
        from gametheory.kernels.monte_carlo_cfr import Sampling

        self.layout: SequenceLayout = lay_out(game.sequence_form)
        self.tree = _tree_of(game)
        self.offsets = game.action_offsets
        self.sampling = SAMPLINGS.index(sampling)
        self.baselines = baselines
        self.exploration, self.floor = exploration, 0.0 if plus else -inf
        n, n_levels = int(self.offsets[-1]), len(game.level_offsets)
        starts = self.layout.sequence_start
        self._place = np.concatenate(
            [self.layout.position[low + 1 : high] for low, high in pairwise(starts.tolist())]
        )
        self.x = Sampling(
            strategy=np.repeat(1.0 / game.infoset_n_actions, game.infoset_n_actions),
            regrets=np.zeros(n),
            averages=np.zeros(n),
            random=stream_of(seed),
            values=np.zeros(game.n_nodes),
            changes=np.zeros(n),
            marked=np.zeros(n, np.bool_),
            touched=np.zeros(game.infoset_player.size, np.int64),
            own=np.zeros(n_levels),
            others=np.zeros(n_levels),
            baselines=np.zeros((game.n_players, n if sampling == "outcome" else 0)),
        )

    def advance(self, first: int, last: int) -> None:
        """Do iterations first to last - 1, counted from 1."""
        from gametheory.kernels.monte_carlo_cfr import run_iterations

        run_iterations(
            self.tree,
            self.x,
            self.sampling,
            self.exploration,
            self.baselines,
            self.floor,
            last - first,
        )

    def average(self) -> Floats:
        """Divide the sums of strategies, shape (n_actions,); uniform where there are none."""
        sums, counts = self.x.averages, np.diff(self.offsets)
        if not sums.size:
            return sums
        totals = np.repeat(np.add.reduceat(sums, self.offsets[:-1]), counts)
        share = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
        return np.where(totals > 0, share, 1.0 / np.repeat(counts, counts))

    def plans(self) -> Iterable[Floats]:
        """Give the average."""
        strategy = uniform_strategy(self.layout)
        strategy[self._place] = self.average()
        yield plan_of(self.layout, strategy)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Give everything that the next iterations depend on."""
        x = self.x
        return {
            "strategy": x.strategy,
            "regrets": x.regrets,
            "averages": x.averages,
            "random": x.random,
            "baselines": x.baselines,
        }

    def checked(self, best: Floats, regret: float, done: int) -> int:
        """Go on, whatever the best plans are."""
        return done


def stream_of(seed: int) -> NDArray[np.uint64]:
    """Start a stream of random numbers: the four words of its state."""
    return np.random.SeedSequence(seed).generate_state(4, np.uint64).astype(np.uint64)


def _tree_of(game: ExtensiveFormGame) -> Any:
    from gametheory.kernels.monte_carlo_cfr import SamplingTree

    mover = game.node_player
    entry = np.zeros(game.n_nodes, np.int64)
    decisions = np.flatnonzero(mover >= 0)
    entry[decisions] = game.action_offsets[game.node_infoset[decisions]]
    entry[game.terminals] = np.arange(game.n_terminals)
    chances = np.flatnonzero(mover == CHANCE)
    sizes = game.n_children[chances].astype(np.int64)
    entry[chances] = np.cumsum(sizes) - sizes
    return SamplingTree(
        player=mover,
        first_child=game.first_child,
        n_children=game.n_children,
        parent=game.parent,
        entry=entry.astype(game.parent.dtype),
        chance=_sums(game.chance_probabilities, entry[chances], sizes),
        payoffs=_within_bounds(game.terminal_payoffs),
    )


def _within_bounds(payoffs: Floats) -> Floats:
    """Multiply a player's payoffs with a power of two where sums of them might be no numbers.

    Regret matching does the same in any unit.
    """
    _, exponents = np.frexp(np.abs(payoffs).max(axis=1, initial=0.0))
    if np.abs(exponents).max(initial=0) <= _MODERATE:
        return payoffs
    scaled: Floats = np.ldexp(payoffs, -exponents[:, None])
    return scaled


def _sums(odds: Floats, starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> Floats:
    """Sum up each chance node's probabilities, one after the other, up to the last possible one."""
    sums = np.empty_like(odds)
    for size in np.unique(sizes).tolist():
        at = starts[sizes == size][:, None] + np.arange(size)
        table = odds[at]
        possible = table > 0
        after = np.cumsum(possible[:, ::-1], axis=1)[:, ::-1] - possible == 0
        sums[at] = np.where(after, inf, np.cumsum(table, axis=1))
    return sums


def check_seed(seed: Any) -> None:
    """Refuse what seeds nothing."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UnsupportedGame(f"seed={seed!r}", valid="a whole number from 0")


def check_exploration(exploration: Any) -> float:
    """Refuse what does not try every action now and then."""
    is_number = isinstance(exploration, Real) and not isinstance(exploration, bool)
    if not is_number or not 0 < float(exploration) <= 1:
        raise UnsupportedGame(
            f"exploration={exploration!r}",
            valid="a probability larger than 0",
            hint="0.6 is the paper's choice",
        )
    return float(exploration)


def check_rate(baselines: Any) -> float:
    """Refuse what moves no baseline to where it should be."""
    is_number = isinstance(baselines, Real) and not isinstance(baselines, bool)
    if not is_number or not 0 <= float(baselines) <= 1:
        raise UnsupportedGame(f"baselines={baselines!r}", valid="a rate from 0, for none, to 1")
    return float(baselines)


_GUARANTEE = (
    "two-player constant-sum games: the max regret of the averages goes to zero as 1/sqrt(T) with "
    "high probability; others: regrets of each player's own play do, and the profile is as good "
    "as its certificate says"
)
_COSTS = {
    "external": "an iteration visits, for each player, what its own actions lead to against one "
    "draw of all else",
    "outcome": "an iteration visits one history for each player; many more are needed",
    "chance": "an iteration visits, for each player, all that follows one draw of chance",
}
_LANCTOT = "Lanctot, Waugh, Zinkevich and Bowling (2009)"
_SOURCES = {
    "external": _LANCTOT,
    "outcome": _LANCTOT + "; baselines: Schmid et al. (2019)",
    "chance": "Zinkevich, Johanson, Bowling and Piccione (2007)",
}


def _run(
    game: ExtensiveFormGame,
    sampling: str,
    *,
    target: float | None,
    max_iterations: int,
    plus: bool,
    seed: int,
    check_every: int | None,
    checkpoint: str | PathLike[str] | None,
    exploration: float = 1.0,
    baselines: float = 0.0,
) -> Search:
    check_limits(target, max_iterations, check_every)
    check_seed(seed)
    exploration, baselines = check_exploration(exploration), check_rate(baselines)
    file = None
    if checkpoint is not None:
        file = Checkpoint(
            checkpoint,
            {
                "game": game.digest,
                "method": f"mccfr-{sampling}",
                "exploration": exploration,
                "baselines": baselines,
                "plus": plus,
                "seed": seed,
                "check_every": check_every,
            },
        )
    iteration = MonteCarlo(
        game, sampling, exploration=exploration, baselines=baselines, plus=plus, seed=seed
    )
    return (
        yield from approach(
            game,
            iteration,
            target=target,
            max_iterations=max_iterations,
            check_every=check_every,
            checkpoint=file,
        )
    )


def _register(sampling: str, rank: int) -> Callable[[Run], Run]:
    return register(
        f"mccfr-{sampling}",
        concepts=("nash", "minimax"),
        form=ExtensiveFormGame,
        rank=rank,
        automatic=False,
        guarantee=_GUARANTEE,
        cost=_COSTS[sampling],
        source=_SOURCES[sampling],
    )


def _register_without_exploration(sampling: str, rank: int) -> None:
    @_register(sampling, rank)
    def run(
        game: ExtensiveFormGame,
        *,
        target: float | None = None,
        max_iterations: int = 100_000,
        plus: bool = False,
        seed: int = 0,
        check_every: int | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Search:
        return _run(
            game,
            sampling,
            target=target,
            max_iterations=max_iterations,
            plus=plus,
            seed=seed,
            check_every=check_every,
            checkpoint=checkpoint,
        )


_register_without_exploration("external", 80)
_register_without_exploration("chance", 81)


@_register("outcome", 82)
def _outcome(
    game: ExtensiveFormGame,
    *,
    target: float | None = None,
    max_iterations: int = 100_000,
    exploration: float = 0.6,
    baselines: float = 0.2,
    plus: bool = False,
    seed: int = 0,
    check_every: int | None = None,
    checkpoint: str | PathLike[str] | None = None,
) -> Search:
    return _run(
        game,
        "outcome",
        target=target,
        max_iterations=max_iterations,
        exploration=exploration,
        baselines=baselines,
        plus=plus,
        seed=seed,
        check_every=check_every,
        checkpoint=checkpoint,
    )
