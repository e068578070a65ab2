"""What each player last did on the way to each history: perfect recall, and sequences, read off it.

The node right below a player's last decision tells its information set and action, so it stands
for the player's sequence. It is found for all histories at once: whoever does not know it asks its
parent, then the ancestor that the parent asked, and so on, twice as far each time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["chain_depths", "last_choices", "last_sequences", "ranges"]

Ints = NDArray[Any]


def last_choices(parent: Ints, mover: Ints, player: int) -> Ints:
    """Find the node below a player's last decision on the way to each node.

    Parameters
    ----------
    parent : ndarray of int, shape (n_nodes,)
        Parents come before their children; the root's is not read.
    mover : ndarray of int, shape (n_nodes,)
        Who decided at the parent; the root's is not read.
    player : int
        A player, or chance.

    Returns
    -------
    ndarray of int, shape (n_nodes,)
        The node itself where its parent is the player's; 0, the root, where the player has not
        decided yet.

    Notes
    -----
    Cost: the logarithm of the longest way between two decisions of the player, times n_nodes.

    Examples
    --------
    >>> parent, mover = np.array([-1, 0, 0, 1, 3]), np.array([-2, 0, 0, 1, 1])
    >>> last_choices(parent, mover, 0), last_choices(parent, mover, 1)
    (array([0, 1, 2, 1, 1]), array([0, 0, 0, 3, 4]))
    """
    others = mover != player
    others[0] = False
    found = np.where(others, parent, np.arange(parent.size, dtype=parent.dtype))
    asking = np.flatnonzero(others[found])
    while asking.size:
        found[asking] = found[found[asking]]
        asking = asking[others[found[asking]]]
    return found


def last_sequences(
    choices: Ints, parent: Ints, first_child: Ints, node_infoset: Ints, first_sequence: Ints
) -> Ints:
    """Find a player's sequences: the empty one is 0, then each information set's actions.

    Parameters
    ----------
    choices : ndarray of int, shape (k,)
        Nodes below the player's decisions, as from :func:`last_choices`; 0 for none.
    parent, first_child, node_infoset : ndarray of int, shape (n_nodes,)
    first_sequence : ndarray of int
        The sequence of each information set's first action.

    Returns
    -------
    ndarray of int64, shape (k,)
    """
    sequences = np.zeros(choices.size, np.int64)
    made = np.flatnonzero(choices)
    chosen = choices[made]
    above = parent[chosen]
    sequences[made] = first_sequence[node_infoset[above]] + (chosen - first_child[above])
    return sequences


def chain_depths(previous: Ints) -> Ints:
    """Count how many steps lead from each element back to one without a previous one (-1).

    Examples
    --------
    >>> chain_depths(np.array([-1, 0, 1, -1, 2]))
    array([0, 1, 2, 0, 3])
    """
    depth = (previous >= 0).astype(np.int64)
    behind = previous.copy()
    going = np.flatnonzero(behind >= 0)
    while going.size:
        depth[going] += depth[behind[going]]
        behind[going] = behind[behind[going]]
        going = going[behind[going] >= 0]
    return depth


def ranges(first: Ints, counts: Ints) -> Ints:
    """List ranges one behind the other: ``first[i]`` and the ``counts[i] - 1`` numbers after it.

    Examples
    --------
    >>> ranges(np.array([5, 0, 9]), np.array([2, 0, 3]))
    array([ 5,  6,  9, 10, 11])
    """
    ends = np.cumsum(counts)
    within = np.arange(ends[-1] if ends.size else 0)
    numbers: Ints = within + np.repeat(first - ends + counts, counts)
    return numbers
