from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gametheory.errors import MissingExtra
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.frames import InvalidOutput, frame_writer
from marl_bridge.playing import play
from tests.marl_bridge.environments import Coordination, HigherCard, MatchingPennies, Pointing


@pytest.mark.parametrize("make", ["tictactoe", "leduc_holdem", Coordination, HigherCard, Pointing])
def test_equal_seeds_give_equal_plays(make: Any) -> None:
    first, second, other = (play(make, seed=seed, episodes=3) for seed in (0, 0, 1))
    assert first.digest == second.digest != other.digest
    assert first.returns == second.returns
    assert len(first.returns) == 3
    assert first.finished


def test_random_legal_moves_in_tictactoe() -> None:
    game = play("tictactoe", episodes=5)
    for episode, returns in enumerate(game.returns):
        moves = [step for step in game.steps if step.episode == episode]
        squares = [square for step in moves for square in step.actions.values()]
        assert len(set(squares)) == len(squares)
        assert sorted(returns.values()) in ([-1.0, 1.0], [0.0, 0.0])
        assert sum(moves[-1].rewards.values()) == 0.0


def test_knights_archers_zombies_for_a_hundred_steps() -> None:
    first, second = (play("knights_archers_zombies", steps=100) for _ in range(2))
    assert len(first.steps) == 100
    assert first.digest == second.digest
    assert not first.finished
    assert first.frames == 0


def test_a_gif_of_tictactoe(tmp_path: Path) -> None:
    played = play("tictactoe", save=tmp_path / "game.gif")
    assert played.saved == tmp_path / "game.gif"
    assert played.frames == len(played.steps) + 1
    with Image.open(played.saved) as image:
        assert image.size == (640, 640)
        assert getattr(image, "n_frames", 1) > 3
    assert played.digest == play("tictactoe").digest
    assert [file.name for file in tmp_path.iterdir()] == ["game.gif"]


def test_frames_of_knights_archers_zombies(tmp_path: Path) -> None:
    played = play("knights_archers_zombies", steps=3, save=tmp_path / "frames")
    names = sorted(file.name for file in (tmp_path / "frames").iterdir())
    assert names == [f"frame_{number:05d}.png" for number in range(4)]
    with Image.open(tmp_path / "frames" / names[0]) as image:
        assert image.size == (640, 360)
    assert played.frames == 4


def test_custom_environments_are_drawn_smaller(tmp_path: Path) -> None:
    play(Coordination, save=str(tmp_path / "round_*.png"))
    with Image.open(tmp_path / "round_00000.png") as image:
        assert image.size == (640, 320)


def test_long_animations_lose_every_second_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marl_bridge.frames._MOST_GIF_FRAMES", 8)
    writer = frame_writer(tmp_path / "long.gif", fps=10)
    for shade in range(40):
        writer.add(np.full((4, 4, 3), 6 * shade, dtype=np.uint8))
    with Image.open(writer.close()) as image:
        assert getattr(image, "n_frames", 1) <= 8
        assert image.info["duration"] == 800


def test_a_window_without_a_display() -> None:
    played = play("rps", env_kwargs={"max_cycles": 1}, steps=1, render="human")
    assert len(played.steps) == 1


def test_ctrl_c_keeps_what_was_played(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    played = play("tictactoe", steps=9, save=tmp_path / "cut.gif", progress=stop)
    assert played.interrupted
    assert len(played.steps) == 2
    assert (tmp_path / "cut.gif").is_file()


def test_what_cannot_be_drawn_or_saved(tmp_path: Path) -> None:
    with pytest.raises(InvalidOutput, match=r"'x.mp4'.*play.gif"):
        play("tictactoe", save="x.mp4")
    with pytest.raises(InvalidOutput, match="cannot be saved as well"):
        play("tictactoe", render="human", save=tmp_path / "x.gif")
    with pytest.raises(InvalidEnvironment, match=r"unknown render 'ansi'.*'rgb_array'"):
        play("tictactoe", render="ansi")  # type: ignore[arg-type]
    with pytest.raises(InvalidEnvironment, match=r"cannot draw with 'human'.*'rgb_array'"):
        play(Coordination, render="human")
    with pytest.raises(InvalidEnvironment, match="does not take the argument 'render_mode'"):
        play(Pointing, render="rgb_array")
    with pytest.raises(InvalidEnvironment, match="steps is 0"):
        play("tictactoe", steps=0)
    with pytest.raises(InvalidPolicy, match="illegal action"):
        play("tictactoe", lambda observation, mask: 0)
    assert play(MatchingPennies, render="none").frames == 0


def test_saving_without_pillow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_pillow(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "PIL":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pillow)
    with pytest.raises(MissingExtra, match=r"saving frames.*gametheory-toolkit\[pettingzoo\]"):
        play("tictactoe", save=tmp_path / "x.gif")
