"""Steps on a grid, the same in all worlds that have one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marl_bridge.errors import InvalidEnvironment

__all__ = ["ACTIONS", "Cell", "draw_grid", "read_cell", "require_size", "target"]

Cell = tuple[int, int]
"""Column from the west and row from the north, both from 0."""

ACTIONS = ("stand", "north", "south", "east", "west")
"""What the first five actions are called."""

_LARGEST = 10  # so that labels name columns and rows by one digit
_STEPS = ((0, 0), (0, -1), (0, 1), (1, 0), (-1, 0))


def target(cell: Cell, action: int) -> Cell:
    """Return the cell that an action leads to, whether or not it is on the grid.

    Examples
    --------
    >>> target((2, 2), ACTIONS.index("north"))
    (2, 1)
    """
    return cell[0] + _STEPS[action][0], cell[1] + _STEPS[action][1]


def require_size(width: int, height: int) -> None:
    """Raise InvalidEnvironment unless a grid may have this size."""
    if not (1 <= width <= _LARGEST and 1 <= height <= _LARGEST):
        raise InvalidEnvironment(
            f"a grid of {width} columns and {height} rows",
            where="width, height",
            valid=f"1 to {_LARGEST} of each",
        )


def read_cell(given: Iterable[int], width: int, height: int, where: str) -> Cell:
    """Read a cell on the grid.

    Raises
    ------
    InvalidEnvironment
        If it is none.
    """
    numbers = tuple(given)
    if len(numbers) != 2 or not (0 <= numbers[0] < width and 0 <= numbers[1] < height):
        raise InvalidEnvironment(
            f"{numbers} is no cell",
            where=where,
            valid=f"(column, row): from 0 to {width - 1} and from 0 to {height - 1}",
        )
    return int(numbers[0]), int(numbers[1])


def draw_grid(width: int, height: int, things: Mapping[Cell, str]) -> str:
    """Draw a grid as text, a dot for an empty cell.

    Examples
    --------
    >>> print(draw_grid(3, 2, {(1, 0): "A"}))
    . A .
    . . .
    """
    rows = [[things.get((x, y), ".") for x in range(width)] for y in range(height)]
    wide = max(len(text) for row in rows for text in row)
    return "\n".join(" ".join(text.ljust(wide) for text in row).rstrip() for row in rows)
