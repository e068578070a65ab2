"""Go through all supports of one size, in bounded pieces of work.

Players choose their supports in turn, and a choice is dropped as soon as one of its actions is
conditionally dominated: Porter, Nudelman and Shoham (2008), "Simple search methods for finding
a Nash equilibrium", Games and Economic Behavior 63. What is left goes to
:mod:`gametheory.kernels.support_cells`.
"""

from __future__ import annotations

from typing import Final

from gametheory.kernels.compiling import compiled, inner
from gametheory.kernels.multilinear_roots import next_joint
from gametheory.kernels.support_cells import FOUND, UNDECIDED, explore
from gametheory.kernels.support_state import CELLS, DEPTH, FAITHFUL, HERE, LEVEL, ROOTS, Search

__all__ = ["ENDED", "RUNNING", "start", "sweep"]

RUNNING: Final = 0
ENDED: Final = 1


def start(search: Search, size: tuple[int, ...]) -> None:
    """Make ready to sweep the supports of this size."""
    search.restriction.size[:] = size
    search.masks[:] = 0
    search.state[LEVEL : HERE + 1] = 0


@compiled
def sweep(search: Search, budget: int, max_cells: int) -> int:
    """Go on searching the supports of size ``search.restriction.size``.

    Parameters
    ----------
    search : Search
    budget : int
        Multiplications after which to return, roughly.
    max_cells : int
        Cells after which a support is given up as undecided.

    Returns
    -------
    int
        ENDED: all supports of this size were searched. RUNNING: the budget is spent. FOUND:
        ``search.roots.point`` is within ``search.tight[0]`` of a root that is an equilibrium,
        or too close to one for floats to tell. UNDECIDED: the support at hand is given up, at
        the cell ``search.corners``. Call again to go on after any but ENDED.
    """
    state = search.state
    limit = search.spent[0] + budget
    while search.spent[0] < limit:
        if state[DEPTH] == 0:
            if not _next_support(search, limit):
                return ENDED if state[LEVEL] < 0 else RUNNING
            _enter_support(search)
        state[DEPTH] -= 1
        state[CELLS] += 1
        state[HERE] += 1
        answer = explore(search)
        too_many = state[HERE] >= max_cells and state[DEPTH] > 0
        if answer == UNDECIDED or (too_many and answer != FOUND):
            state[DEPTH] = 0
            return UNDECIDED
        if answer == FOUND:
            return FOUND
    return RUNNING


@inner
def _next_support(search: Search, limit: int) -> bool:
    """Move ``masks`` to the next supports that survive conditional dominance; False if none.

    Players choose in turn. As soon as a chosen action is beaten, whatever the players who have
    not chosen do, the last choice is changed. state[LEVEL] is the player to choose next, n to
    change the last choice, and -1 when all is done.
    """
    state, masks = search.state, search.masks
    n_actions, size = search.restriction.n_actions, search.restriction.size
    n = len(size)
    level = state[LEVEL]
    while level >= 0 and search.spent[0] < limit:
        if level == n:
            level -= 1
        if masks[level] == 0:
            masks[level] = (1 << size[level]) - 1
        else:  # the next larger number with as many bits
            low = masks[level] & -masks[level]
            high = masks[level] + low
            masks[level] = high | (((masks[level] ^ high) >> 2) // low)
        if masks[level] >> n_actions[level]:
            masks[level] = 0
            level -= 1
            continue
        if not _dominated(search, level):
            level += 1
            if level == n:
                state[LEVEL] = n
                return True
    state[LEVEL] = level
    return False


@inner
def _dominated(search: Search, last: int) -> bool:
    """Whether an action in the supports of players up to ``last`` is conditionally dominated.

    Strictly; once all have chosen, weakly is enough: what the others do, all have a positive
    probability. Payoffs are only compared, so that their rounding does no harm if it keeps
    unlike payoffs apart.
    """
    game, masks = search.restriction, search.masks
    weakly = last == len(game.size) - 1 and search.state[FAITHFUL] == 1
    for player in range(last + 1):
        for action in range(game.n_actions[player]):
            if not masks[player] >> action & 1:
                continue
            for better in range(game.n_actions[player]):
                if better != action and _beats(search, player, better, action, last, weakly):
                    return True
    return False


@inner
def _beats(search: Search, player: int, better: int, worse: int, last: int, weakly: bool) -> bool:
    """Whether ``better`` pays more than ``worse`` against all that the others may do."""
    game, masks = search.restriction, search.masks
    n, digits, n_actions = len(game.size), game.digits, game.n_actions
    digits[:] = 0
    somewhere = False
    while True:
        cell, stride, step, allowed = 0, 1, 0, True
        for other in range(n - 1, -1, -1):
            if other == player:
                step = stride
            else:
                cell += digits[other] * stride
                if other <= last and not masks[other] >> digits[other] & 1:
                    allowed = False
            stride *= n_actions[other]
        search.spent[0] += n
        if allowed:
            more = search.payoffs[player, cell + better * step]
            less = search.payoffs[player, cell + worse * step]
            if more < less or (more == less and not weakly):
                return False
            somewhere = somewhere or more > less
        if not next_joint(digits, n_actions, player):
            return somewhere


@inner
def _enter_support(search: Search) -> None:
    """Restrict the payoffs to the support, and put its one cell on the stack."""
    game, masks = search.restriction, search.masks
    n, size, digits = len(game.size), game.size, game.digits
    n_joint = 1
    for player in range(n):
        game.offsets[player + 1] = game.offsets[player] + size[player]
        n_joint *= size[player]
        inside, outside = 0, size[player]
        for action in range(game.n_actions[player]):
            if masks[player] >> action & 1:
                game.order[player, inside] = action
                inside += 1
            else:
                game.order[player, outside] = action
                outside += 1
    for player in range(n):
        digits[:] = 0
        for others in range(n_joint // size[player]):
            for action in range(game.n_actions[player]):
                cell, column = 0, 0
                for other in range(n):
                    digit = action if other == player else digits[other]
                    cell = cell * game.n_actions[other] + game.order[other, digit]
                    column = column * size[other] + digit
                game.payoffs[player, action, others] = search.payoffs[player, cell]
                game.columns[player, action, others] = column
            next_joint(digits, size, player)
        for corner in range(size[player]):
            for action in range(size[player]):
                search.stack[0, player, corner, action] = 1.0 if corner == action else 0.0
    search.state[DEPTH] = 1
    search.state[ROOTS] = 0
    search.state[HERE] = 0
    search.spent[0] += n_joint * n
