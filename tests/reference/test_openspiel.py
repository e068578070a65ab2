"""Games of another library, entered through GameState: same shape, same values, same regrets."""

from __future__ import annotations

import pyspiel
import pytest
from open_spiel.python.algorithms import exploitability
from open_spiel.python.policy import UniformRandomPolicy

import gametheory as gt
from gametheory import BehaviorProfile, ExtensiveFormGame


class OpenSpielState:
    """An OpenSpiel state as a GameState."""

    def __init__(self, state):
        self.state = state

    @property
    def current_player(self):
        return self.state.current_player()

    def legal_actions(self, player=None):
        return self.state.legal_actions()

    def apply(self, action):
        self.state.apply_action(action)

    def clone(self):
        return OpenSpielState(self.state.clone())

    def chance_outcomes(self):
        return self.state.chance_outcomes()

    def information_state(self, player):
        return self.state.information_state_string(player)

    def is_terminal(self):
        return self.state.is_terminal()

    def returns(self):
        return self.state.returns()


def load(name):
    game = pyspiel.load_game(name)
    if game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        game = pyspiel.convert_to_turn_based(game)
    return game, ExtensiveFormGame.from_state(OpenSpielState(game.new_initial_state()))


GAMES = {
    # name: histories, terminals, information sets, sequences, value to player 0
    "kuhn_poker": (58, 30, (6, 6), (13, 13), -1 / 18),
    "leduc_poker": (9457, 5520, (468, 468), (1093, 1093), -0.085606424078),
    "liars_dice(numdice=1,dice_sides=4)": (8181, 4080, (512, 512), (1021, 1021), 1 / 16),
    "goofspiel(imp_info=True,num_cards=4,points_order=descending)": (
        1077,
        576,
        (81, 81),
        (175, 175),
        0.0,
    ),
}


@pytest.mark.parametrize("name", GAMES)
def test_shape_and_value(name):
    n_nodes, n_terminals, n_infosets, n_sequences, value = GAMES[name]
    _, game = load(name)
    assert (game.n_nodes, game.n_terminals) == (n_nodes, n_terminals)
    assert (game.n_infosets, game.n_sequences) == (n_infosets, n_sequences)
    solution = gt.solve(game)
    assert solution.payoffs == pytest.approx([value, -value], abs=1e-9)
    assert solution.epsilon <= 1e-12


@pytest.mark.parametrize("name", ["kuhn_poker", "kuhn_poker(players=3)", "kuhn_poker(players=4)"])
def test_nash_conv_of_uniform_play(name):
    theirs, game = load(name)
    uniform = BehaviorProfile.uniform(game)
    expected = exploitability.nash_conv(theirs, UniformRandomPolicy(theirs))
    assert gt.nash_conv(game, uniform) == pytest.approx(expected, abs=1e-9)
    assert float(sum(gt.verify(game, uniform).regrets)) == pytest.approx(expected, abs=1e-9)
