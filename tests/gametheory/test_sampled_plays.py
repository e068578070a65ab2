"""Values at histories and sampled plays, against the sequence form and exact probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog import load
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.node_values import edge_probabilities, node_values
from gametheory.games.sampled_histories import sample_plays

GAMES = ("kuhn_poker", "leduc_poker", "outside_option", "matching_pennies_tree")


def random_profile(game: ExtensiveFormGame, seed: int, sparse: float = 0.0) -> BehaviorProfile:
    rng = np.random.default_rng(seed)
    rows = []
    for size in game.infoset_n_actions.tolist():
        row = rng.dirichlet(np.ones(size)) * (rng.random(size) >= sparse)
        rows.append(row / row.sum() if row.sum() else np.eye(size)[0])
    return BehaviorProfile(game, np.concatenate(rows))


@pytest.mark.parametrize("name", GAMES)
def test_values_at_the_root_are_the_expected_payoffs(name: str) -> None:
    game = load(name)
    profile = random_profile(game, 1)
    values = node_values(game, profile)
    assert values[:, 0] == pytest.approx(game.expected_payoffs(profile), abs=1e-12)
    assert np.array_equal(values[:, game.terminals], game.terminal_payoffs)


@pytest.mark.parametrize("name", GAMES)
def test_values_and_edges_agree_at_every_history(name: str) -> None:
    game = load(name)
    profile = random_profile(game, 2)
    probability, values = edge_probabilities(game, profile), node_values(game, profile)
    for node in np.flatnonzero(game.n_children)[:500].tolist():
        children = np.arange(game.first_child[node], game.first_child[node] + game.n_children[node])
        assert probability[children].sum() == pytest.approx(1.0)
        assert values[:, children] @ probability[children] == pytest.approx(values[:, node])


@pytest.mark.parametrize("name", GAMES)
def test_plays_follow_the_exact_distribution(name: str) -> None:
    game = load(name)
    profile = random_profile(game, 3, sparse=0.3)
    size = 40_000
    plays = sample_plays(game, profile, size, seed=5)
    reach = game.sequence_form.reach(profile.probabilities)
    counts = np.bincount(plays, minlength=game.n_terminals)
    assert not counts[reach == 0.0].any()
    expected = size * reach
    # Pearson's statistic has mean 1 a degree of freedom, and a variance of about 2.
    common = expected > 5.0
    chi = ((counts - expected)[common] ** 2 / expected[common]).sum()
    freedom = common.sum()
    assert chi < freedom + 5.0 * np.sqrt(2.0 * freedom) + 10.0


def test_common_numbers_make_equal_profiles_equal_plays() -> None:
    game = load("leduc_poker")
    one, other = random_profile(game, 4), BehaviorProfile.uniform(game)
    mixed = one.replace(other, 1, game)
    plays = sample_plays(game, [one, one, mixed], 4000, seed=1)
    assert np.array_equal(plays[0], plays[1])
    assert np.array_equal(plays[0], sample_plays(game, one, 4000, seed=1))
    paired = game.terminal_payoffs[0, plays[2]] - game.terminal_payoffs[0, plays[0]]
    alone = game.terminal_payoffs[0, sample_plays(game, mixed, 4000, seed=2)]
    assert paired.var() < alone.var() + game.terminal_payoffs[0, plays[0]].var()
    exact = game.expected_payoffs(mixed)[0] - game.expected_payoffs(one)[0]
    assert abs(paired.mean() - exact) < 5 * paired.std() / np.sqrt(4000)


def test_what_does_not_fit_is_refused() -> None:
    kuhn, leduc = load("kuhn_poker"), load("leduc_poker")
    uniform = BehaviorProfile.uniform(kuhn)
    with pytest.raises(InvalidProfile, match="another game"):
        sample_plays(leduc, uniform, 3)
    with pytest.raises(InvalidProfile, match="-1 plays"):
        sample_plays(kuhn, uniform, -1)
    assert sample_plays(kuhn, uniform, 0).shape == (0,)
