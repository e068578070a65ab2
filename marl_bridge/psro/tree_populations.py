"""Populations of strategies of a game tree: exact payoffs, mixtures and best responses.

A strategy is kept as its realization plan, in which payoffs are linear; so a mixture of
strategies is one strategy again (Kuhn 1953), and best responses cost one pass over the terminal
histories and one over the player's own information sets.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame

__all__ = ["TreePopulations"]

Floats = NDArray[np.float64]


_TREMBLE = 1e-10
"""Weight of uniform play in a response: too little to change a choice that matters."""


class TreePopulations:
    """Each player's strategies so far, and what they earn against each other.

    Parameters
    ----------
    game : ExtensiveFormGame
        Every population begins with the uniform strategy.
    """

    def __init__(self, game: ExtensiveFormGame) -> None:
        self.game = game
        self._form = game.sequence_form
        uniform = BehaviorProfile.uniform(game).probabilities
        self.plans: list[list[Floats]] = [
            [treeplex.realization_plan(uniform)] for treeplex in self._form.treeplexes
        ]
        self._uniform = uniform
        self._payoffs = self._form.expected_payoffs(uniform).reshape(-1, *[1] * game.n_players)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of strategies of each player."""
        return tuple(len(plans) for plans in self.plans)

    def payoffs(self) -> Floats:
        """Return what every joint choice of strategies earns, shape (n_players, k_1, ..., k_n)."""
        return self._payoffs

    def meta_game(self) -> NormalFormGame:
        """Return the restricted game: the strategies as actions."""
        return NormalFormGame(self._payoffs, players=self.game.players)

    def respond(self, player: int, others: Floats) -> tuple[float, Floats]:
        """Return the value of a best response, and its plan.

        Parameters
        ----------
        player : int
        others : ndarray, shape (n_terminals,)
            How far the others let each terminal history be reached, chance left out.
        """
        treeplex = self._form.treeplexes[player]
        gains = self._gains(player, others)
        value, _ = treeplex.best_response(gains)
        # Where the others never go they are taken to go anywhere: any choice there is a best
        # response, but a senseless one invites senseless answers, one at a time.
        rest = [(p, plans[0]) for p, plans in enumerate(self.plans) if p != player]
        _, behavior = treeplex.best_response(
            gains + _TREMBLE * self._gains(player, self.reach(rest))
        )
        full = self._uniform.copy()
        full[treeplex.flat] = behavior
        return value, treeplex.realization_plan(full)

    def _gains(self, player: int, others: Floats) -> Floats:
        """Sum up what each of a player's sequences earns."""
        form = self._form
        return np.bincount(
            form.terminal_sequences[player],
            weights=others * form.terminal_chance * form.terminal_payoffs[player],
            minlength=form.treeplexes[player].n_sequences,
        ).astype(np.float64)

    def mixed(self, player: int, weights: Floats) -> Floats:
        """Return the plan of a mixture of a player's strategies."""
        plan = np.zeros_like(self.plans[player][0])
        for weight, own in zip(weights.tolist(), self.plans[player], strict=True):
            if weight:
                plan += weight * own
        return plan

    def reach(self, plans: Iterable[tuple[int, Floats]]) -> Floats:
        """Multiply players' plans at the terminal histories, shape (n_terminals,)."""
        reached: Floats = np.ones(self._form.terminal_chance.size)
        for player, plan in plans:
            reached *= plan[self._form.terminal_sequences[player]]
        return reached

    def reach_of_others(self, player: int, joint: Floats) -> Floats:
        """Average over the others' strategies, drawn together.

        Parameters
        ----------
        player : int
        joint : ndarray, shape of the restricted game
            Weights of joint choices; the player's own part is summed out.
        """
        marginal = joint.sum(axis=player)
        others = [p for p in range(self.game.n_players) if p != player]
        reached: Floats = np.zeros(self._form.terminal_chance.size)
        for chosen in np.argwhere(marginal > 0.0).tolist():
            pairs = [(p, self.plans[p][k]) for p, k in zip(others, chosen, strict=True)]
            reached += marginal[tuple(chosen)] * self.reach(pairs)
        return reached

    def has(self, player: int, plan: Floats) -> bool:
        """Whether a player has a strategy already."""
        return any(np.array_equal(plan, own) for own in self.plans[player])

    def add(self, player: int, plan: Floats) -> None:
        """Add a strategy and its payoffs."""
        self.plans[player].append(plan)
        new = self._slice(player, plan)
        self._payoffs = np.concatenate([self._payoffs, new], axis=1 + player)

    def _slice(self, player: int, plan: Floats) -> Floats:
        """Compute what one strategy earns everybody against all joint choices of the others."""
        form = self._form
        base = form.terminal_chance * plan[form.terminal_sequences[player]]
        # The last axis is one matrix product; the others are gone through.
        others = [p for p in range(self.game.n_players) if p != player]
        shape = [1 if p == player else len(self.plans[p]) for p in range(self.game.n_players)]
        payoffs = np.empty((self.game.n_players, *shape))
        for chosen in np.ndindex(*[shape[p] for p in others[:-1]]):
            reached = base
            for p, k in zip(others[:-1], chosen, strict=True):
                reached = reached * self.plans[p][k][form.terminal_sequences[p]]
            where: list[int | slice] = [0] * self.game.n_players
            for p, k in zip(others[:-1], chosen, strict=True):
                where[p] = k
            if not others:
                payoffs[(slice(None), *where)] = form.terminal_payoffs @ reached
                continue
            last = others[-1]
            where[last] = slice(None)
            size = form.treeplexes[last].n_sequences
            for i, earned in enumerate(form.terminal_payoffs):
                by_sequence = np.bincount(
                    form.terminal_sequences[last], weights=reached * earned, minlength=size
                )
                payoffs[(i, *where)] = [own @ by_sequence for own in self.plans[last]]
        return payoffs

    def profile(self, plans: Iterable[Floats]) -> BehaviorProfile:
        """Return the behavior profile that realizes one plan for each player."""
        probabilities = self._uniform.copy()
        for treeplex, plan in zip(self._form.treeplexes, plans, strict=True):
            behavior = np.zeros(treeplex.n_sequences)
            for level in treeplex.levels:
                above = plan[level.parents][level.owner]
                own = plan[level.sequences]
                behavior[level.sequences] = np.divide(
                    own, above, out=np.zeros_like(own), where=above > 0.0
                )
                # Rounding may leave the sums a little off; what is never reached stays uniform.
                total = np.add.reduceat(behavior[level.sequences], level.starts)[level.owner]
                reached = total > 0.0
                sequences = level.sequences
                probabilities[treeplex.flat][sequences[reached] - 1] = (
                    behavior[sequences[reached]] / total[reached]
                )
        return BehaviorProfile(self.game, probabilities)
