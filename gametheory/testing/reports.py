"""What a check of a solver found, for people."""

from __future__ import annotations

from dataclasses import dataclass

from gametheory.testing.failures import RelationFailed

__all__ = ["CheckReport", "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """One relation on one solver.

    Attributes
    ----------
    relation : str
    asserts : str
        What holds, in one sentence.
    examples : int
        Games on which it was checked.
    skipped : int
        Games that the solver refused, or that lack what the relation needs.
    failure : RelationFailed or None
        The smallest counterexample found.
    """

    relation: str
    asserts: str
    examples: int
    skipped: int
    failure: RelationFailed | None = None

    @property
    def verdict(self) -> str:
        """Return "fails", "holds", or "unchecked" where every game was skipped."""
        if self.failure is not None:
            return "fails"
        return "holds" if self.examples else "unchecked"


@dataclass(frozen=True)
class CheckReport:
    """All relations on one solver.

    Attributes
    ----------
    subject : str
    concept : str
    outcomes : tuple of Outcome
    """

    subject: str
    concept: str
    outcomes: tuple[Outcome, ...]

    @property
    def holds(self) -> bool:
        """Whether no relation fails."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """The relations that fail."""
        return tuple(one.relation for one in self.outcomes if one.failure is not None)

    @property
    def failures(self) -> tuple[RelationFailed, ...]:
        """Their counterexamples."""
        return tuple(one.failure for one in self.outcomes if one.failure is not None)

    def __str__(self) -> str:
        about = f"{self.subject} ({self.concept})" if self.concept else self.subject
        count = sum(one.examples for one in self.outcomes)
        lines = [
            f"{about}: {len(self.outcomes)} relations on {count} games, {len(self.failed)} fail"
        ]
        width = max((len(one.relation) for one in self.outcomes), default=0)
        for one in self.outcomes:
            lines.append(f"  {one.relation:<{width}}  {one.verdict:<9}  {one.asserts}")
            if one.failure is not None:
                lines.append(f"    {one.failure}")
        return "\n".join(lines)
