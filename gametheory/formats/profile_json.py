"""Profiles and certificates read from JSON, so that anybody can check them again elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from gametheory.certificates import verify
from gametheory.errors import GameFormatError, InvalidProfile
from gametheory.games.agent_quantal_response import AgentLogitEquilibrium
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.commitment import Commitment
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.elimination import IteratedElimination
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.pareto_profile import ParetoProfile
from gametheory.games.profiles import MixedProfile
from gametheory.games.quantal_response import LogitEquilibrium
from gametheory.games.security import SecurityProfile
from gametheory.rationals import decode
from gametheory.solution import Certificate

__all__ = ["Claim", "claim_from_document", "profile_from_document", "recheck_certificate"]


_CLAIMS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "gametheory/correlated-distribution": CorrelatedDistribution.from_document,
    "gametheory/security-profile": SecurityProfile.from_document,
    "gametheory/commitment": Commitment.from_document,
    "gametheory/iterated-elimination": IteratedElimination.from_document,
    "gametheory/pareto-profile": ParetoProfile.from_document,
}


def profile_from_document(document: Any, game: Any) -> Any:
    """Build the profile, or whatever else solves a game, that a document describes.

    Besides what a profile's ``to_document`` writes, a plain list of strategies is read for a
    normal-form game, and ``{information set: {action: probability}}`` for a tree.

    Raises
    ------
    GameFormatError
        If the document is neither.
    InvalidProfile
        If its numbers are no profile of this game.
    """
    if isinstance(game, NormalFormGame):
        kind = document.get("format") if isinstance(document, Mapping) else None
        if isinstance(kind, str) and kind in _CLAIMS:
            claim = _CLAIMS[kind](document)
            claim.check_fits(game)
            return claim
        rows = document.get("strategies") if isinstance(document, Mapping) else document
        strategies = _rows(rows, "strategies")
        if isinstance(document, Mapping) and "rationality" in document:
            rationality = float(decode(document["rationality"], "rationality"))
            profile: MixedProfile = LogitEquilibrium(strategies, rationality)
        else:
            profile = MixedProfile(strategies)
        profile.check_fits(game)
        return profile
    if not isinstance(game, ExtensiveFormGame):
        raise InvalidProfile(f"{game!r} is not a game")
    if isinstance(document, Mapping) and "format" not in document:
        return BehaviorProfile.from_mapping(game, _choices(document))
    rows = document.get("behavior") if isinstance(document, Mapping) else document
    flat = [p for row in _rows(rows, "behavior") for p in row]
    if isinstance(document, Mapping) and "rationality" in document:
        rationality = float(decode(document["rationality"], "rationality"))
        return AgentLogitEquilibrium(game, flat, rationality, document.get("log_probabilities"))
    return BehaviorProfile(game, flat)


def _rows(rows: Any, key: str) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise GameFormatError(
            f"{rows!r:.80} is no list of distributions", where=key, valid='[["1/2", "1/2"], [1, 0]]'
        )
    return [
        [decode(p, f"{key}[{i}][{j}]") for j, p in enumerate(row)] for i, row in enumerate(rows)
    ]


def _choices(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    choices = {}
    for label, row in document.items():
        if not isinstance(row, Mapping):
            raise GameFormatError(
                f"{row!r:.80}", where=f"information set {label!r}", valid="{action: probability}"
            )
        choices[label] = {a: decode(p, f"{label!r}, action {a!r}") for a, p in row.items()}
    return choices


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file says of a game: a profile, and for a certificate what is claimed of it.

    Attributes
    ----------
    profile : MixedProfile, BehaviorProfile, CorrelatedDistribution, ...
    concept : str
        Empty if the file is a bare profile.
    epsilon : Fraction or None
        The violation claimed at most.
    nearby_radius : Fraction or None
        How close an exact equilibrium is claimed to lie.
    objective_gap : Fraction or None
        How close to optimal it is claimed to be.
    """

    profile: Any
    concept: str = ""
    epsilon: Fraction | None = None
    nearby_radius: Fraction | None = None
    objective_gap: Fraction | None = None

    def supported_by(
        self, certificate: Certificate, *, default_epsilon: Fraction = Fraction(0)
    ) -> bool:
        """Whether a fresh certificate proves all that is claimed."""
        epsilon = default_epsilon if self.epsilon is None else self.epsilon
        if certificate.epsilon > epsilon:
            return False
        gap = certificate.objective_gap
        if self.objective_gap is not None and (gap is None or gap > self.objective_gap):
            return False
        if self.nearby_radius is None:
            return True
        near = certificate.nearby
        return near is not None and near.radius <= self.nearby_radius


def claim_from_document(document: Any, game: Any) -> Claim:
    """Read a profile or a certificate; nothing in it is believed yet.

    Raises
    ------
    GameFormatError
        If it is neither, or a certificate about another game.
    """
    if not isinstance(document, Mapping) or document.get("format") != "gametheory/certificate":
        return Claim(profile_from_document(document, game))
    if document.get("game_digest") != game.digest:
        raise GameFormatError(
            "the certificate is about another game",
            where=f"game_digest {document.get('game_digest')!r}",
            valid=repr(game.digest),
        )
    near, gap = document.get("nearby_radius"), document.get("objective_gap")
    return Claim(
        profile_from_document(document.get("profile"), game),
        str(document.get("concept")),
        Fraction(decode(document.get("epsilon"), "epsilon")),
        None if near is None else Fraction(decode(near, "nearby_radius")),
        None if gap is None else Fraction(decode(gap, "objective_gap")),
    )


def recheck_certificate(document: Any, game: Any) -> Certificate:
    """Verify a certificate's profile again and compare with what the document claims.

    Raises
    ------
    GameFormatError
        If it is about another game, or claims more than can be proven.
    """
    claim = claim_from_document(document, game)
    if claim.epsilon is None:
        raise GameFormatError("no certificate but a profile", hint="read it with load_profile")
    found = verify(game, claim.profile, claim.concept)
    if claim.supported_by(found):
        return found
    if found.epsilon > claim.epsilon:
        why, where = f"claims epsilon {float(claim.epsilon):.3g}, but it is ", "epsilon"
        why += f"{float(found.epsilon):.3g}"
    elif replace(claim, objective_gap=None).supported_by(found):
        why, where = "claims to be closer to optimal than can be proven", "objective_gap"
    else:
        why, where = "claims an equilibrium nearer than can be proven", "nearby_radius"
    raise GameFormatError(
        f"the certificate {why}", where=where, hint="do not trust this certificate"
    )
