"""Commitments: a leader's announced strategy, the response, and why no other pays more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from gametheory.errors import GameFormatError, InvalidProfile
from gametheory.games.profiles import MixedProfile
from gametheory.rationals import decode, encode

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["Commitment", "ResponseBound"]

Numbers = tuple[Fraction, ...]

_CONTENT = ("leader", "kind", "commitment", "toward", "bounds")


@dataclass(frozen=True, slots=True)
class ResponseBound:
    """Why the leader earns no more than some bound where the follower best-responds with an action.

    Where action j is a best response, the leader's payoff is at most the largest entry, over the
    leader's actions, of its payoff averaged by ``weights`` plus, for every other action k of the
    follower, ``prices[k]`` times what the follower loses by k instead of j.

    Attributes
    ----------
    weights : tuple of Fraction
        Over the follower's actions: one for j itself, or a distribution over all that always pay
        the follower the same as j, among which it chooses what the leader likes least.
    prices : tuple of Fraction
        Nonnegative, one for each action of the follower.
    dominating : tuple of Fraction
        Empty; or a distribution over the follower's actions that pays it nowhere less than j. Then
        j is a best response on the border of the leader's strategies only, and no bound is needed
        against a follower who breaks ties against the leader.
    """

    weights: Numbers
    prices: Numbers
    dominating: Numbers = ()

    def to_document(self) -> dict[str, Any]:
        """Describe the bound as JSON; all numbers stay exact."""
        named = (
            ("weights", self.weights),
            ("prices", self.prices),
            ("dominating", self.dominating),
        )
        return {key: [encode(number) for number in numbers] for key, numbers in named}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ResponseBound:
        """Read what ``to_document`` wrote; KeyError or TypeError if it is something else."""
        return cls(*(_numbers(document[key], key) for key in ("weights", "prices", "dominating")))


class Commitment(MixedProfile):
    """A leader's strategy and the follower's best response to it.

    Whether it is the best commitment is for
    :func:`gametheory.certificates.stackelberg.certify_stackelberg` to say.

    Parameters
    ----------
    strategies : sequence of sequences
        As for :class:`gametheory.games.profiles.MixedProfile`, for two players.
    leader : {0, 1}
    kind : {"strong", "weak"}
        Whether the follower breaks ties in the leader's favor, or against it.
    commitment : {"mixed", "pure"}
        What the leader may commit to.
    toward : sequence of numbers, optional
        Of a weak mixed commitment: the leader earns what is claimed only in the limit, by moving
        its strategy a little toward this one, which makes the follower respond as claimed.
    bounds : sequence of ResponseBound
        One for each action of the follower: together they prove that no commitment pays more. A
        pure commitment needs none.

    Attributes
    ----------
    leader, kind, commitment, bounds
        As above.
    toward : tuple of Fraction or None

    Raises
    ------
    InvalidProfile
        The strategies are no profile of two players, a word or index is none of these, or the
        commitment is called pure and is not.

    Examples
    --------
    >>> commitment = Commitment([["1/2", "1/2"], [0, 1]])
    >>> commitment.leader, commitment.kind, commitment.attained
    (0, 'strong', True)
    """

    leader: int
    kind: Literal["strong", "weak"]
    commitment: Literal["mixed", "pure"]
    toward: Numbers | None
    bounds: tuple[ResponseBound, ...]

    def __init__(
        self,
        strategies: Sequence[Any] | NDArray[Any],
        *,
        leader: int = 0,
        kind: str = "strong",
        commitment: str = "mixed",
        toward: Sequence[Any] | None = None,
        bounds: Sequence[ResponseBound] = (),
    ) -> None:
        super().__init__(strategies)
        _check_words(leader, kind, commitment)
        if len(self) != 2:
            raise InvalidProfile(
                f"{len(self)} players", where="strategies", valid="a leader and a follower"
            )
        taken = self.support()[leader]
        if commitment == "pure" and (len(taken) > 1 or toward is not None):
            raise InvalidProfile(
                "the leader mixes", where=f"strategies[{leader}]", valid="one action, surely"
            )
        self.__dict__.update(
            leader=leader,
            kind=kind,
            commitment=commitment,
            toward=None if toward is None else self._read_toward(toward, leader),
            bounds=tuple(bounds),
        )

    def _read_toward(self, toward: Sequence[Any], leader: int) -> Numbers:
        exact = MixedProfile([toward]).exact[0]
        if len(exact) != self.n_actions[leader]:
            raise InvalidProfile(
                f"{len(exact)} probabilities for {self.n_actions[leader]} actions of the leader",
                where="toward",
                valid="another strategy of the leader",
            )
        return exact

    @property
    def follower(self) -> int:
        """The other player's index."""
        return 1 - self.leader

    @property
    def attained(self) -> bool:
        """Whether the leader earns what is claimed, and not only as near to it as it likes."""
        return self.toward is None

    @classmethod
    def pure(cls, game: NormalFormGame, actions: Sequence[int | str]) -> MixedProfile:
        """Return a pure profile in which nobody leads."""
        return MixedProfile.pure(game, actions)

    @classmethod
    def uniform(cls, game: NormalFormGame) -> MixedProfile:
        """Return the uniform profile, in which nobody leads."""
        return MixedProfile.uniform(game)

    @classmethod
    def from_weights(cls, weights: Sequence[Sequence[int]]) -> MixedProfile:
        """Return a profile with probabilities proportional to integers, in which nobody leads."""
        return MixedProfile.from_weights(weights)

    def to_document(self) -> dict[str, Any]:
        """Describe the commitment and its proof as a JSON document; all numbers stay exact."""
        return {
            **super().to_document(),
            "format": "gametheory/commitment",
            "leader": self.leader,
            "kind": self.kind,
            "commitment": self.commitment,
            "toward": None if self.toward is None else [encode(p) for p in self.toward],
            "bounds": [bound.to_document() for bound in self.bounds],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Commitment:
        """Read what ``to_document`` wrote.

        Raises
        ------
        GameFormatError
            The document does not describe a commitment.
        InvalidProfile
            Its content is no commitment.
        """
        try:
            toward = document["toward"]
            return cls(
                [_numbers(row, f"strategies[{i}]") for i, row in enumerate(document["strategies"])],
                leader=document["leader"],
                kind=document["kind"],
                commitment=document["commitment"],
                toward=None if toward is None else _numbers(toward, "toward"),
                bounds=[ResponseBound.from_document(bound) for bound in document["bounds"]],
            )
        except (KeyError, TypeError) as error:
            raise GameFormatError(
                f"no commitment: {error!r}",
                where="strategies, leader, kind, commitment, toward, bounds",
                valid="what Commitment.to_document writes",
            ) from None

    def _content(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _CONTENT}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Commitment)
            and self.exact == other.exact
            and self._content() == other._content()
        )

    def __hash__(self) -> int:
        return hash((self.exact, *self._content().values()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self._fractions_as_given(), self._content())

    def __repr__(self) -> str:
        vectors = super().__repr__().removeprefix("MixedProfile(").removesuffix(")")
        what = f"leader={self.leader}, kind={self.kind!r}, commitment={self.commitment!r}"
        limit = "" if self.toward is None else ", toward=[" + ", ".join(map(str, self.toward)) + "]"
        return f"Commitment({vectors}, {what}{limit})"


def _rebuild(strategies: list[list[Any]], content: dict[str, Any]) -> Commitment:
    return Commitment(strategies, **content)


def _check_words(leader: Any, kind: Any, commitment: Any) -> None:
    if isinstance(leader, bool) or not isinstance(leader, int) or leader not in (0, 1):
        raise InvalidProfile(f"leader {leader!r}", where="leader", valid="0 or 1")
    if kind not in ("strong", "weak"):
        raise InvalidProfile(f"kind {kind!r}", where="kind", valid="'strong' or 'weak'")
    if commitment not in ("mixed", "pure"):
        raise InvalidProfile(
            f"commitment {commitment!r}", where="commitment", valid="'mixed' or 'pure'"
        )


def _numbers(row: Any, where: str) -> Numbers:
    return tuple(Fraction(decode(number, where)) for number in row)
