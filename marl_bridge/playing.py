"""Playing: watch policies at work, on a screen, in a file, or as a record that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from marl_bridge.environments.driver import Driver
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.environments.streams import episode_streams
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.frames import FrameWriter, InvalidOutput, frame_writer
from marl_bridge.policies.checks import checked_action
from marl_bridge.policies.memory import begin_episode
from marl_bridge.policies.policy import Policy, assign

__all__ = ["Playthrough", "Render", "Step", "play"]

Render = Literal["none", "human", "rgb_array"]
_MODES = ("none", "human", "rgb_array")


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of an AEC environment, or one round of a Parallel one.

    Attributes
    ----------
    episode : int
        Number of the episode.
    actions : dict of str to object
        What the acting agents did.
    rewards : dict of str to float
        What agents were told they earned, where it is not zero.
    """

    episode: int
    actions: dict[str, Any]
    rewards: dict[str, float]


@dataclass(frozen=True)
class Playthrough:
    """What happened.

    Attributes
    ----------
    name : str
        The environment.
    agents : tuple of str
        Its agents.
    steps : tuple of Step
        All steps, in order.
    returns : tuple of dict
        Each agent's return, by episode; the last episode may be cut.
    frames : int
        Number of frames drawn.
    saved : Path or None
        Where they are.
    digest : str
        Over all observations, masks, actions and rewards: equal runs have equal digests.
    finished : bool
        True when the last episode came to its end.
    interrupted : bool
        True when Ctrl-C ended the play.
    """

    name: str
    agents: tuple[str, ...]
    steps: tuple[Step, ...]
    returns: tuple[dict[str, float], ...]
    frames: int
    saved: Path | None
    digest: str
    finished: bool
    interrupted: bool = False


def play(
    make: Make,
    policies: Any = "random",
    *,
    steps: int | None = None,
    episodes: int = 1,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    render: Render = "none",
    save: str | Path | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Playthrough:
    """Play episodes and record them.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    policies : policy-like or mapping
        One for all agents or one for each.
    steps : int, optional
        Stop after this many steps altogether.
    episodes : int
        Number of episodes.
    seed : int
        Equal seeds give equal plays, sampled action spaces included.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    render : {"none", "human", "rgb_array"}
        "human" opens a window, or draws into memory where there is no display.
    save : str or Path, optional
        ``x.gif``, ``folder/*.png`` or a folder; draws with "rgb_array".
    progress : callable, optional
        ``progress(done, total)`` after every step, with ``steps`` given, else every episode.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, or it cannot draw so.
    InvalidPolicy
        If a policy returns something that is no legal action.
    InvalidOutput
        If nothing can be saved there.

    Examples
    --------
    >>> play("classic/tictactoe-v3").digest == play("classic/tictactoe-v3").digest
    True
    """
    _require_valid(steps, episodes, render, save)
    mode = "rgb_array" if save is not None else render
    source = open_environment(make, env_kwargs=env_kwargs)
    driver = source.driver(None if mode == "none" else mode)
    _require_mode(driver.env, mode, source.name)
    fps = float((getattr(driver.env, "metadata", None) or {}).get("render_fps", 10))
    recorder = _Recorder(
        driver,
        assign(policies, driver.agents),
        frame_writer(save, fps) if save is not None else None,
        draws=mode == "rgb_array",
    )
    interrupted = False
    try:
        for episode in range(episodes):
            recorder.play_episode(seed, episode, steps, progress if steps is not None else None)
            if progress is not None and steps is None:
                progress(episode + 1, episodes)
            if steps is not None and len(recorder.steps) >= steps:
                break
    except KeyboardInterrupt:
        interrupted = True
    finally:
        driver.env.close()
    writer = recorder.writer
    return Playthrough(
        name=source.name,
        agents=driver.agents,
        steps=tuple(recorder.steps),
        returns=tuple(recorder.returns),
        frames=recorder.frames,
        saved=None if writer is None else writer.close(),
        digest=recorder.digest.hexdigest(),
        finished=recorder.finished,
        interrupted=interrupted,
    )


class _Recorder:
    """Plays one episode after the other and keeps what happens."""

    def __init__(
        self,
        driver: Driver,
        policies: Mapping[str, Policy],
        writer: FrameWriter | None,
        *,
        draws: bool,
    ) -> None:
        self.driver, self.policies, self.writer, self.draws = driver, policies, writer, draws
        self.steps: list[Step] = []
        self.returns: list[dict[str, float]] = []
        self.frames = 0
        self.finished = False
        self.digest = hashlib.blake2b(digest_size=16)

    def play_episode(
        self,
        seed: int,
        episode: int,
        limit: int | None,
        progress: Callable[[int, int], object] | None,
    ) -> None:
        driver = self.driver
        reset_seed, rng = episode_streams(seed, episode)
        begin_episode(self.policies.values())
        driver.reset(seed=reset_seed)
        self.finished = False
        self.returns.append(dict(driver.returns))
        self._draw()
        while (acting := driver.acting) and (limit is None or len(self.steps) < limit):
            actions = {agent: self._act(agent, rng) for agent in acting}
            driver.step(actions)
            before, now = self.returns[-1], dict(driver.returns)
            rewards = {a: now[a] - before[a] for a in driver.agents if now[a] != before[a]}
            self.steps.append(Step(episode, actions, rewards))
            self.returns[-1] = now
            self.digest.update(observation_key(sorted(rewards.items())))
            self._draw()
            if progress is not None and limit is not None:
                progress(len(self.steps), limit)
        self.finished = not driver.acting

    def _act(self, agent: str, rng: np.random.Generator) -> Any:
        view = self.driver.view(agent)
        action = checked_action(view, self.policies[agent].act(view, rng))
        self.digest.update(observation_key((agent, view.observation, view.mask, action)))
        return action

    def _draw(self) -> None:
        if not self.draws:
            return
        frame = self.driver.env.render()
        if not isinstance(frame, np.ndarray):
            raise InvalidEnvironment(
                f"render() returned a {type(frame).__name__}",
                where="render='rgb_array'",
                valid="an array of shape (height, width, 3)",
            )
        self.frames += 1
        if self.writer is not None:
            self.writer.add(frame)


def _require_valid(steps: int | None, episodes: int, render: str, save: object) -> None:
    for name, number in (("steps", steps), ("episodes", episodes)):
        if number is not None and number < 1:
            raise InvalidEnvironment(f"{name} is {number}", where=name, valid="at least 1")
    if render not in _MODES:
        raise InvalidEnvironment(
            f"unknown render {render!r}", where="render", valid=", ".join(map(repr, _MODES))
        )
    if save is not None and render == "human":
        raise InvalidOutput(
            "a play on the screen cannot be saved as well",
            where="render='human', save",
            hint="leave render out when saving",
        )


def _require_mode(env: Any, mode: str, name: str) -> None:
    offered = (getattr(env, "metadata", None) or {}).get("render_modes", ())
    if mode != "none" and offered and mode not in offered:
        raise InvalidEnvironment(
            f"{name} cannot draw with {mode!r}",
            where="render",
            valid=", ".join(map(repr, ["none", *offered])),
        )
