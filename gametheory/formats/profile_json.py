"""Profiles and certificates read from JSON, so that anybody can check them again elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


_ROUNDING = Fraction(1, 10**9)
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
            rationality = _rationality(document)
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
        rationality = _rationality(document)
        return AgentLogitEquilibrium(game, flat, rationality, document.get("log_probabilities"))
    return BehaviorProfile(game, flat)


def _rationality(document: Mapping[str, Any]) -> float:
    try:
        return float(decode(document["rationality"], "rationality"))
    except OverflowError as error:
        raise GameFormatError(
            "the rationality is too large", where="rationality", valid="up to 1.8e308"
        ) from error


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
    exact : bool
        Whether there is claimed to be no violation at all.
    payoffs, regrets : tuple of Fraction or None
        What each player is claimed to earn, and to be able to gain at most.
    """

    profile: Any
    concept: str = ""
    epsilon: Fraction | None = None
    nearby_radius: Fraction | None = None
    objective_gap: Fraction | None = None
    exact: bool = False
    payoffs: tuple[Fraction, ...] | None = None
    regrets: tuple[Fraction, ...] | None = None

    def supported_by(
        self, certificate: Certificate, *, default_epsilon: Fraction = Fraction(0)
    ) -> bool:
        """Whether a fresh certificate proves all that is claimed."""
        return not self.doubt(certificate, default_epsilon=default_epsilon)[0]

    def doubt(
        self, certificate: Certificate, *, default_epsilon: Fraction = Fraction(0)
    ) -> tuple[str, str]:
        """Say what a fresh certificate does not prove, and where; "" if it proves all."""
        epsilon = default_epsilon if self.epsilon is None else self.epsilon
        if certificate.epsilon > epsilon:
            found = f"{float(certificate.epsilon):.3g}"
            return f"claims epsilon {float(epsilon):.3g}, but it is {found}", "epsilon"
        if self.exact and not certificate.exact:
            return "claims to be exact, but is not", "exact"
        gap, near = certificate.objective_gap, certificate.nearby
        if self.objective_gap is not None and (gap is None or gap > self.objective_gap):
            return "claims to be closer to optimal than can be proven", "objective_gap"
        if self.nearby_radius is not None and (near is None or near.radius > self.nearby_radius):
            return "claims an equilibrium nearer than can be proven", "nearby_radius"
        wrong = self._wrong_figures(certificate)
        return (f"claims other {wrong} than the profile has", wrong) if wrong else ("", "")

    def _wrong_figures(self, certificate: Certificate) -> str:
        """Name the figures that are not those of a fresh certificate; empty if all of them are.

        Regrets may be claimed larger than they are, and what was computed in floats may differ by
        rounding: by another machine's, at most.
        """
        rounding = _ROUNDING if certificate.arithmetic != "rational" else 0
        if self.payoffs is not None and (
            len(self.payoffs) != len(certificate.payoffs)
            or any(
                abs(said - found) > rounding * max(abs(said), abs(found))
                for said, found in zip(self.payoffs, certificate.payoffs, strict=True)
            )
        ):
            return "payoffs"
        if self.regrets is not None and (
            len(self.regrets) != len(certificate.regrets)
            or any(
                found > said + rounding * abs(found)
                for said, found in zip(self.regrets, certificate.regrets, strict=True)
            )
        ):
            return "regrets"
        return ""


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
    concept, exact = document.get("concept"), document.get("exact", False)
    if not isinstance(concept, str) or not isinstance(exact, bool):
        raise GameFormatError(
            f"the concept is {concept!r:.80}, and exact is {exact!r:.80}",
            where="concept, exact",
            valid="a concept's name, and true or false",
        )
    return Claim(
        profile_from_document(document.get("profile"), game),
        concept,
        Fraction(decode(document.get("epsilon"), "epsilon")),
        _fraction(document, "nearby_radius"),
        _fraction(document, "objective_gap"),
        exact,
        _fractions(document, "payoffs"),
        _fractions(document, "regrets"),
    )


def _fraction(document: Mapping[str, Any], key: str) -> Fraction | None:
    value = document.get(key)
    return None if value is None else Fraction(decode(value, key))


def _fractions(document: Mapping[str, Any], key: str) -> tuple[Fraction, ...] | None:
    values = document.get(key)
    if values is None:
        return None
    if not isinstance(values, list):
        raise GameFormatError(f"{key} are {values!r:.80}", where=key, valid="a list of numbers")
    return tuple(Fraction(decode(one, f"{key}[{i}]")) for i, one in enumerate(values))


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
    why, where = claim.doubt(found)
    if not why:
        return found
    raise GameFormatError(
        f"the certificate {why}", where=where, hint="do not trust this certificate"
    )
