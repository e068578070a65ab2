"""Proof, in rational arithmetic, that every player's action is best whatever the others do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.errors import InvalidProfile
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Certificate

__all__ = ["certify_dominant_strategy"]


def certify_dominant_strategy(game: NormalFormGame, profile: MixedProfile) -> Certificate:
    """Prove by how much, if at all, a pure profile misses being one of dominant strategies.

    ``regrets`` are the most that each player can lose by its action against any joint action of
    the others; 0 for all players exactly when every action is at least as good as any other in
    every case (very weakly dominant).

    Raises
    ------
    InvalidProfile
        The profile is not pure, or not one of this game.

    Notes
    -----
    Shoham and Leyton-Brown (2009), Multiagent Systems, section 3.4.3.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> certify_dominant_strategy(dilemma, MixedProfile.pure(dilemma, (1, 1))).exact
    True
    >>> certify_dominant_strategy(dilemma, MixedProfile.pure(dilemma, (0, 1))).violation
    'player 0 gains 1 by 1 instead of 0 where the others play 0'
    """
    profile.check_fits(game)
    if not profile.is_pure():
        raise InvalidProfile(
            "the profile is not pure",
            where="profile",
            valid="one action of probability one for each player",
        )
    chosen = tuple(actions[0] for actions in profile.support())
    losses = [_largest_loss(game, player, chosen[player]) for player in range(game.n_players)]
    worst = max(losses, key=lambda loss: loss[0])
    cell: Any = (slice(None), *chosen)
    payoffs: Any = game.exact_payoffs[cell]
    return Certificate(
        concept="dominant-strategy",
        epsilon=worst[0],
        payoffs=tuple(payoffs.tolist()),
        regrets=tuple(loss for loss, _ in losses),
        arithmetic="rational",
        game_digest=game.digest,
        profile=profile,
        violation=worst[1],
    )


def _largest_loss(game: NormalFormGame, player: int, action: int) -> tuple[Fraction, str]:
    """Return how much the action may lose, and where."""
    read = game.integer_payoffs[player]
    table = game.exact_payoffs[player] if read is None else read.integers.astype(object)
    denominator = 1 if read is None else read.denominator
    own = np.moveaxis(table, player, 0)
    losses = own - own[action]
    place = np.unravel_index(int(np.argmax(losses)), losses.shape)
    loss = Fraction(losses[place]) / denominator
    if not loss:
        return loss, ""
    labels = [actions for i, actions in enumerate(game.actions) if i != player]
    others = ", ".join(names[k] for names, k in zip(labels, place[1:], strict=True))
    names = game.actions[player]
    return loss, (
        f"{game.players[player]} gains {loss} by {names[place[0]]} instead of {names[action]}"
        + (f" where the others play {others}" if others else "")
    )
