"""Profiles and certificates as JSON, so that anybody can check them again elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gametheory.certificates import verify
from gametheory.errors import GameFormatError, InvalidProfile
from gametheory.formats.numbers import decode, encode
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Certificate

__all__ = [
    "certificate_to_document",
    "profile_from_document",
    "profile_to_document",
    "recheck_certificate",
]

_MIXED = "gametheory/mixed-profile"
_BEHAVIOR = "gametheory/behavior-profile"
_CERTIFICATE = "gametheory/certificate"


def profile_to_document(profile: MixedProfile | BehaviorProfile) -> dict[str, Any]:
    """Describe a profile; exact probabilities stay exact."""
    if isinstance(profile, MixedProfile):
        strategies = [[encode(p) for p in strategy] for strategy in profile.exact]
        return {"format": _MIXED, "version": 1, "strategies": strategies}
    exact = profile.exact.tolist()
    bounds = zip(profile.offsets[:-1].tolist(), profile.offsets[1:].tolist(), strict=True)
    behavior = [[encode(p) for p in exact[low:high]] for low, high in bounds]
    return {"format": _BEHAVIOR, "version": 1, "behavior": behavior}


def profile_from_document(document: Any, game: Any) -> MixedProfile | BehaviorProfile:
    """Build the profile of a game that a document describes.

    Besides what :func:`profile_to_document` writes, a plain list of strategies is read for a
    normal-form game, and ``{information set: {action: probability}}`` for a tree.

    Raises
    ------
    GameFormatError
        If the document is neither.
    InvalidProfile
        If its numbers are no profile of this game.
    """
    if isinstance(game, NormalFormGame):
        rows = document.get("strategies") if isinstance(document, Mapping) else document
        profile = MixedProfile(_rows(rows, "strategies"))
        profile.check_fits(game)
        return profile
    if not isinstance(game, ExtensiveFormGame):
        raise InvalidProfile(f"{game!r} is not a game")
    if isinstance(document, Mapping) and "format" not in document:
        return BehaviorProfile.from_mapping(game, _choices(document))
    rows = document.get("behavior") if isinstance(document, Mapping) else document
    return BehaviorProfile(game, [p for row in _rows(rows, "behavior") for p in row])


def _rows(rows: Any, key: str) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise GameFormatError(
            f"{rows!r} is no list of distributions", where=key, valid='[["1/2", "1/2"], [1, 0]]'
        )
    return [
        [decode(p, f"{key}[{i}][{j}]") for j, p in enumerate(row)] for i, row in enumerate(rows)
    ]


def _choices(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    choices = {}
    for label, row in document.items():
        if not isinstance(row, Mapping):
            raise GameFormatError(
                f"{row!r}", where=f"information set {label!r}", valid="{action: probability}"
            )
        choices[label] = {a: decode(p, f"{label!r}, action {a!r}") for a, p in row.items()}
    return choices


def certificate_to_document(certificate: Certificate) -> dict[str, Any]:
    """Describe a certificate with the profile it is about."""
    return {
        "format": _CERTIFICATE,
        "version": 1,
        "concept": certificate.concept,
        "exact": certificate.exact,
        "epsilon": encode(certificate.epsilon),
        "payoffs": [encode(payoff) for payoff in certificate.payoffs],
        "regrets": [encode(regret) for regret in certificate.regrets],
        "arithmetic": certificate.arithmetic,
        "game_digest": certificate.game_digest,
        "profile": profile_to_document(certificate.profile),
    }


def recheck_certificate(document: Mapping[str, Any], game: Any) -> Certificate:
    """Verify a certificate's profile again and compare with what the document claims.

    Raises
    ------
    GameFormatError
        If it is about another game, or claims a smaller epsilon than it has.
    """
    if document.get("game_digest") != game.digest:
        raise GameFormatError(
            "the certificate is about another game",
            where=f"game_digest {document.get('game_digest')!r}",
            valid=repr(game.digest),
        )
    profile = profile_from_document(document.get("profile"), game)
    found = verify(game, profile, str(document.get("concept")))
    claimed = Fraction(decode(document.get("epsilon"), "epsilon"))
    if found.epsilon > claimed:
        raise GameFormatError(
            f"the certificate claims epsilon {float(claimed):.3g}, but it is "
            f"{float(found.epsilon):.3g}",
            where="epsilon",
            hint="do not trust this certificate",
        )
    return found
