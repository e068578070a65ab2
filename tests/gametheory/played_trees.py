"""A game that is held, played as if it were a simulator."""

from __future__ import annotations

from gametheory import CHANCE, ExtensiveFormGame


class PlayedTree:
    """A history of a game in arrays, as a GameState; actions are their labels."""

    def __init__(self, game: ExtensiveFormGame, node: int = 0) -> None:
        self.game, self.node = game, node
        self._odds = dict(zip(game.chance_children.tolist(), game.exact_chance, strict=True))
        self._ends = {node: i for i, node in enumerate(game.terminals.tolist())}

    @property
    def current_player(self):
        return int(self.game.node_player[self.node])

    def _children(self):
        first = int(self.game.first_child[self.node])
        return range(first, first + int(self.game.n_children[self.node]))

    def _label(self, node):
        return self.game.action_labels[self.game.node_label[node]]

    def legal_actions(self, player=None):
        return [self._label(child) for child in self._children()]

    def chance_outcomes(self):
        return [(self._label(child), self._odds[child]) for child in self._children()]

    def apply(self, action):
        (self.node,) = (child for child in self._children() if self._label(child) == action)

    def clone(self):
        copy = object.__new__(PlayedTree)
        copy.__dict__.update(self.__dict__)
        return copy

    def information_state(self, player):
        assert self.current_player == player != CHANCE
        return self.game.infoset_label(int(self.game.node_infoset[self.node]))

    def is_terminal(self):
        return self.node in self._ends

    def returns(self):
        return self.game.terminal_payoffs[:, self._ends[self.node]].tolist()


def counterfactual_regrets(game, behavior, player):
    """Compute them from their definition, history by history: flat, zero for the others.

    ``behavior`` is flat, too. Also return own reach probabilities of information sets.
    """
    chance = dict(zip(game.chance_children.tolist(), game.chance_probabilities, strict=True))
    values = [0.0] * int(game.action_offsets[-1])
    reach = {}
    for number, end in enumerate(game.terminals.tolist()):
        steps, node = [], end
        while node:
            above = int(game.parent[node])
            rank = node - int(game.first_child[above])
            steps.append((int(game.node_player[above]), above, rank, node))
            node = above
        steps.reverse()
        odds = [
            chance[node]
            if mover == CHANCE
            else behavior[game.action_offsets[game.node_infoset[above]] + rank]
            for mover, above, rank, node in steps
        ]
        others = 1.0
        for (mover, *_), p in zip(steps, odds, strict=True):
            others *= 1.0 if mover == player else p
        own = 1.0
        for i, (mover, above, rank, _) in enumerate(steps):
            if mover != player:
                continue
            infoset = int(game.node_infoset[above])
            reach[infoset] = own
            own *= odds[i]
            below = 1.0
            for (later, *_), p in zip(steps[i + 1 :], odds[i + 1 :], strict=True):
                below *= p if later == player else 1.0
            weight = others * below * float(game.terminal_payoffs[player, number])
            values[game.action_offsets[infoset] + rank] += weight
    regrets = [0.0] * len(values)
    for infoset in reach:
        there = range(game.action_offsets[infoset], game.action_offsets[infoset + 1])
        mean = sum(behavior[a] * values[a] for a in there)
        for a in there:
            regrets[a] = values[a] - mean
    return regrets, reach
