from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import gametheory as gt
from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.plots.heat_map import plot_heat_map

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

GAME = gt.NormalFormGame.bimatrix(
    [[2, -1, 0], [-3, 1, 0.5]], [[1, 0, 0], [0, 4, 0]], actions=[["U", "D"], ["l", "_m", "r$"]]
)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    matplotlib.pyplot.close("all")


def test_the_picture_holds_the_payoffs_and_the_names() -> None:
    ax = plot_heat_map(GAME)
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array(), GAME.payoffs[0])
    low, high = image.get_clim()
    assert low == -3 and high == 3  # both signs: zero is the middle color
    assert [text.get_text() for text in ax.get_yticklabels()] == ["U", "D"]
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written[0, 1] == "-3.00" and written[2, 1] == "0.50"
    other = plot_heat_map(GAME, player=1)
    assert other.images[0].get_clim() == (0, 4)
    assert {text.get_text() for text in other.texts} == {"0", "1", "4"}


def test_intervals_are_written_below() -> None:
    ax = plot_heat_map(GAME, lower=GAME.payoffs[0] - 0.5, upper=GAME.payoffs[0] + 0.25)
    assert ax.texts[0].get_text() == "2.00\n[1.50, 2.25]"
    with pytest.raises(InvalidGame, match="lower has shape"):
        plot_heat_map(GAME, lower=[[1, 2]], upper=GAME.payoffs[0])


def test_large_and_constant_tables_are_drawn() -> None:
    assert not plot_heat_map(gt.NormalFormGame.zero_sum(np.eye(20))).texts
    assert plot_heat_map(gt.NormalFormGame.zero_sum([[0.5]])).texts[0].get_text() == "0.50"


def test_other_games_are_refused() -> None:
    with pytest.raises(UnsupportedGame, match="two players"):
        plot_heat_map(gt.NormalFormGame(np.zeros((3, 2, 2, 2))))
    with pytest.raises(UnsupportedGame, match="no player"):
        plot_heat_map(GAME, player=2)
