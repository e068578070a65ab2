"""Typed errors: each says what is wrong, where, what would be valid and what to do next."""

from __future__ import annotations

__all__ = [
    "GameFormatError",
    "GameTheoryError",
    "InvalidGame",
    "InvalidProfile",
    "MissingExtra",
    "UnsupportedGame",
]


class GameTheoryError(Exception):
    """Base of every error this toolkit raises on purpose.

    Parameters
    ----------
    what : str
        What is wrong, with the offending value in it.
    where : str, optional
        The place: an argument, a payoff's index, a file's line, an information set.
    valid : str, optional
        What would have been accepted.
    hint : str, optional
        What to do next.

    Examples
    --------
    >>> print(GameTheoryError("payoff is nan", where="payoffs[0, 1, 1]", hint="replace it"))
    payoff is nan; where: payoffs[0, 1, 1]; what to do: replace it
    """

    def __init__(self, what: str, *, where: str = "", valid: str = "", hint: str = "") -> None:
        self.what, self.where, self.valid, self.hint = what, where, valid, hint
        parts = [what]
        parts += [f"where: {where}"] if where else []
        parts += [f"valid: {valid}"] if valid else []
        parts += [f"what to do: {hint}"] if hint else []
        super().__init__("; ".join(parts))


class InvalidGame(GameTheoryError, ValueError):
    """The data do not describe a finite game."""


class InvalidProfile(GameTheoryError, ValueError):
    """The data are not a strategy profile, or not one of this game."""


class UnsupportedGame(GameTheoryError):
    """The game is fine, but what was asked of it is undefined or not available for it."""


class GameFormatError(GameTheoryError, ValueError):
    """A file or a JSON document does not follow its format."""


class MissingExtra(GameTheoryError, ImportError):
    """An optional dependency is not installed.

    Examples
    --------
    >>> print(MissingExtra.of("pettingzoo", "opening an environment"))
    opening an environment needs the extra 'pettingzoo', which is not installed; \
what to do: pip install 'gametheory-toolkit[pettingzoo]'
    """

    @classmethod
    def of(cls, extra: str, purpose: str) -> MissingExtra:
        """Build the error for one of the project's extras."""
        return cls(
            f"{purpose} needs the extra '{extra}', which is not installed",
            hint=f"pip install 'gametheory-toolkit[{extra}]'",
        )
