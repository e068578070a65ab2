"""Proof: every answer is checked here, by code that shares nothing with its solver."""

from __future__ import annotations

from typing import Any

from gametheory.certificates import extensive_form, normal_form
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Certificate, Solution

__all__ = ["verify"]

_CERTIFIERS: dict[type, dict[str, Any]] = {
    NormalFormGame: {
        "nash": normal_form.certify_nash,
        "pure-nash": normal_form.certify_pure_nash,
        "minimax": normal_form.certify_minimax,
    },
    ExtensiveFormGame: {
        "nash": extensive_form.certify_nash,
        "minimax": extensive_form.certify_minimax,
        "subgame-perfect": extensive_form.certify_subgame_perfect,
    },
}
_PROFILES = {NormalFormGame: MixedProfile, ExtensiveFormGame: BehaviorProfile}


def verify(game: Any, claim: Any, concept: str = "nash") -> Certificate:
    """Check a claimed solution independently and say how far it is from holding.

    Parameters
    ----------
    game : NormalFormGame or ExtensiveFormGame
    claim : MixedProfile, BehaviorProfile, Solution or Certificate
        Whose first (or only) profile is checked, never the figures that come with it.
    concept : {"nash", "pure-nash", "minimax", "subgame-perfect"}
        A Solution's or Certificate's own concept takes precedence.

    Returns
    -------
    Certificate
        ``epsilon`` is the largest violation in payoff units, a rational number; 0 is exact.

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game.
    UnsupportedGame
        If the concept is not defined for this game.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("matching_pennies")
    >>> print(verify(game, MixedProfile.uniform(game)))
    nash: exact (rational arithmetic)
    """
    profile = claim
    if isinstance(claim, Solution | Certificate):
        profile, concept = claim.profile, claim.concept
    form = type(game)
    if form not in _CERTIFIERS:
        raise UnsupportedGame(
            f"{form.__name__!r} is not a game form",
            valid="a NormalFormGame or an ExtensiveFormGame",
        )
    if concept not in _CERTIFIERS[form]:
        raise UnsupportedGame(
            f"the concept {concept!r} cannot be certified for a {form.__name__}",
            valid=f"one of {sorted(_CERTIFIERS[form])}",
        )
    if not isinstance(profile, _PROFILES[form]):
        raise InvalidProfile(
            f"a {type(profile).__name__} is not a profile of a {form.__name__}",
            valid=f"a {_PROFILES[form].__name__} made for this game",
        )
    certificate: Certificate = _CERTIFIERS[form][concept](game, profile)
    return certificate
