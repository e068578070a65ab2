"""Training: gives a learner its episodes, keeps its trace, and survives Ctrl-C and kills."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.concepts.correlated import external_regrets
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from marl_bridge.environments.opening import Api, Make, open_environment
from marl_bridge.errors import InvalidCheckpoint, InvalidEnvironment
from marl_bridge.learners.matrix_rounds import MatrixRounds, has_matrix_rule
from marl_bridge.learners.plain_state import is_there, load_state, save_state
from marl_bridge.learners.registry import Learner, find_learner
from marl_bridge.learners.trace import Trace
from marl_bridge.worlds.opening import environment_of, named_game

__all__ = ["Training", "train"]

_BLOCKS = 100
_WORTH_COMPILING = 2_000  # episodes: fewer are over before compiled code is loaded
_SAVE_EVERY = 30.0  # seconds


@dataclass(frozen=True, eq=False)
class Training:
    """What was learned.

    Attributes
    ----------
    policies : dict of str to Policy
        One for each agent.
    learner : str
        The learner's name.
    episodes : int
        Number of episodes played.
    seconds : float
        Time they took, of all runs if it was resumed.
    trace : Trace
        Returns on the way, and what else was asked for.
    interrupted : bool
        True when Ctrl-C ended the training early.
    """

    policies: dict[str, Any]
    learner: str
    episodes: int
    seconds: float
    trace: Trace
    interrupted: bool = False


def train(
    make: Make | NormalFormGame,
    learner: str = "independent-q",
    *,
    episodes: int | None = None,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    api: Api | None = None,
    compiled: bool | None = None,
    keep_policies: bool = False,
    checkpoint: str | Path | None = None,
    seconds: float | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> Training:
    """Train every agent of an environment by self-play.

    Parameters
    ----------
    make : str, module, callable or game
        The environment or game, see :func:`marl_bridge.environments.opening.open_environment`.
    learner : str
        A registered learner, see :func:`marl_bridge.learners.registry.learners`, by its own name
        or another one that the field uses, such as "iql".
    episodes : int, optional
        Number of episodes; the learner's own default without it.
    seed : int
        Equal seeds give equal policies.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    api : {"aec", "parallel"}, optional
        Where an environment has both: learners of joint actions see all that happens at once
        only in Parallel ones.
    compiled : bool, optional
        Whether rounds of a matrix game are played by compiled code, ten to a hundred times as fast.
        Without it they are wherever the learner has a compiled rule, the game is played one round
        an episode, and there are more than a few of them. The random numbers, and so the results
        but for the rounding of exponentials, are the same either way.
    keep_policies : bool
        Whether the trace keeps what had been learned after each of its blocks.
    checkpoint : str or Path, optional
        A file that is written twice a minute and at the end. If it exists the training goes on
        from there, and ends with the policies of one that was never interrupted; what the trace
        keeps of policies begins anew. A disk that fails in the middle is a warning.
    seconds : float, optional
        Training ends after the block of episodes in which so many have passed, all runs of a
        resumed one together. How far it comes depends on the machine, and so does the result.
    progress : callable, optional
        ``progress(done, total)`` a hundred times.
    **options
        The learner's parameters.

    Raises
    ------
    UnsupportedGame
        If there is no such learner, or ``compiled`` is True where it cannot be.
    InvalidEnvironment
        If there is no such environment, or the learner cannot take it.
    InvalidCheckpoint
        If the file is no checkpoint of this training, or cannot be written.

    Examples
    --------
    >>> training = train("classic/rps-v2", episodes=100, env_kwargs={"max_cycles": 1})
    >>> sorted(training.policies), training.episodes
    (['player_0', 'player_1'], 100)
    """
    known = find_learner(learner)
    learner = known.name
    total = known.default_episodes if episodes is None else episodes
    if total < 1:
        raise InvalidEnvironment(f"episodes is {total}", where="episodes", valid="at least 1")
    if seconds is not None and not seconds > 0.0:
        raise InvalidEnvironment(f"seconds is {seconds}", where="seconds", valid="above 0")
    if isinstance(make, str):
        make = named_game(make) or make
    matrix = _MatrixGame(make, env_kwargs) if isinstance(make, NormalFormGame) else None
    builds: Any = matrix or make
    source = open_environment(builds, env_kwargs=None if matrix else env_kwargs, api=api)
    try:
        learning = known.start(source, episodes=total, seed=seed, **options)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise InvalidEnvironment(
            f"learner {learner!r} does not take {sorted(options)}: {error}", where="options"
        ) from error
    asked = {
        "environment": source.name,
        "episodes": total,
        "learner": learner,
        "options": repr(sorted(options.items())),
        "seed": seed,
    }
    if matrix is not None:
        matrix.choose_path(learning, learner, total, compiled)
    elif compiled:
        raise UnsupportedGame(
            f"{source.name!r} is no matrix game",
            where="compiled",
            valid="a NormalFormGame for make",
            hint="leave compiled out: the environment is stepped",
        )
    run = _Run(learning, total, matrix, None if checkpoint is None else Path(checkpoint), asked)
    run.play(keep_policies, progress, math.inf if seconds is None else seconds)
    return Training(
        policies=learning.policies(),
        learner=learner,
        episodes=run.done,
        seconds=run.seconds,
        trace=run.trace(),
        interrupted=run.interrupted,
    )


class _MatrixGame:
    """Builds a matrix game's environments, and sums up what was played in them."""

    def __init__(self, game: Any, env_kwargs: Mapping[str, Any] | None) -> None:
        self.game: NormalFormGame = game
        self._build, self._kwargs = environment_of(game), dict(env_kwargs or {})
        self._built: list[Any] = []
        self.before = np.zeros(game.n_actions, dtype=np.int64)  # by compiled code or before
        self._rounds: MatrixRounds | None = None

    def __call__(self) -> Any:
        env = self._build(**self._kwargs)
        self._built.append(env)
        return env

    def choose_path(
        self, learning: Any, learner: str, episodes: int, compiled: bool | None
    ) -> None:
        """Take the compiled path where it is wanted and there is one."""
        one_round = self._kwargs.get("rounds", 1) == 1 and not self._kwargs.get("memory", 0)
        possible = one_round and has_matrix_rule(learning)
        if compiled and not possible:
            raise UnsupportedGame(
                f"learner {learner!r} has no compiled rule"
                if one_round
                else f"the game is played with {self._kwargs}",
                where="compiled",
                valid="an independent tabular learner, one round an episode and no memory",
                hint="leave compiled out: the environment is stepped",
            )
        if possible and (episodes >= _WORTH_COMPILING if compiled is None else compiled):
            self._rounds = MatrixRounds(self.game, learning)

    @property
    def is_compiled(self) -> bool:
        return self._rounds is not None

    def play(self, episodes: int) -> NDArray[np.float64]:
        """Play so many episodes by compiled code; return the sum of returns."""
        assert self._rounds is not None
        earned, counts = self._rounds.play(episodes)
        self.before += counts
        return earned

    def counts(self) -> NDArray[np.int64]:
        played = sum((env.joint_counts for env in self._built), np.zeros_like(self.before))
        return np.asarray(self.before + played)


class _Run:
    """The episodes of one training, over all the times that it is resumed."""

    def __init__(
        self,
        learning: Learner,
        total: int,
        matrix: _MatrixGame | None,
        path: Path | None,
        asked: dict[str, Any],
    ) -> None:
        self.learning, self.total, self.matrix = learning, total, matrix
        self.path, self.asked = path, asked
        self.done, self.seconds, self.interrupted = 0, 0.0, False
        self._block = max(1, total // _BLOCKS)
        self._sum = np.zeros(len(learning.agents))
        self._ends: list[int] = []
        self._means: list[list[float]] = []
        self._counts: list[NDArray[np.int64]] = []
        self._policies: list[Mapping[str, Any]] = []
        if path is not None and is_there(path):
            self._resume(load_state(path))

    def play(
        self,
        keep_policies: bool,
        progress: Callable[[int, int], object] | None,
        seconds: float,
    ) -> None:
        """Play the episodes that are left."""
        started = saved = time.perf_counter()
        before = self.seconds
        try:
            while self.done < self.total:
                self._play_block()
                self._close_block(keep_policies)
                now = time.perf_counter()
                self.seconds = before + now - started
                if self.path is not None and now - saved > _SAVE_EVERY:
                    self._save()
                    saved = now
                if progress is not None:
                    progress(self.done, self.total)
                if self.seconds >= seconds:
                    break
        except KeyboardInterrupt:
            self.interrupted = True
            # An episode may have been cut in the middle: what the file holds is whole.
            self.seconds = before + time.perf_counter() - started
            self._close_block(keep_policies)
            return
        if self.path is not None:
            self._save()

    def _play_block(self) -> None:
        """Play until the block's end, or the last episode."""
        left = min(self._block - self.done % self._block, self.total - self.done)
        if self.matrix is not None and self.matrix.is_compiled:
            self._sum += self.matrix.play(left)
            self.done += left
            return
        for _ in range(left):
            self._sum += self.learning.run_episode()
            self.done += 1

    def _close_block(self, keep_policies: bool) -> None:
        played = self.done - (self._ends[-1] if self._ends else 0)
        if not played:
            return
        self._ends.append(self.done)
        self._means.append((self._sum / played).tolist())
        self._sum[:] = 0.0
        if self.matrix is not None:
            self._counts.append(self.matrix.counts())
        if keep_policies:
            self._policies.append(self.learning.policies())

    def _save(self) -> None:
        assert self.path is not None
        state = {
            "asked": self.asked,
            "counts": self._counts,
            "done": self.done,
            "ends": self._ends,
            "learner": self.learning.state(),
            "means": self._means,
            "seconds": self.seconds,
        }
        try:
            save_state(self.path, state)
        except InvalidCheckpoint as error:  # a disk that fails is no reason to lose the training
            warnings.warn(
                f"{error}; the training goes on, and the file is what it was before", stacklevel=2
            )

    def _resume(self, state: dict[str, Any]) -> None:
        if state.get("asked") != self.asked:
            other = {k: v for k, v in state.get("asked", {}).items() if v != self.asked.get(k)}
            raise InvalidCheckpoint(
                f"{str(self.path)!r} belongs to another training: {other}",
                where="checkpoint",
                valid=f"{ ({k: self.asked[k] for k in other if k in self.asked}) }",
                hint="name another file, or delete this one to begin anew",
            )
        self.done, self.seconds = state["done"], state["seconds"]
        self._ends, self._means, self._counts = state["ends"], state["means"], state["counts"]
        if self.matrix is not None and self._counts:
            self.matrix.before = self._counts[-1]
        self.learning.restore(state["learner"])

    def trace(self) -> Trace:
        """Return what was recorded."""
        trace = Trace(
            episodes=np.array(self._ends, dtype=np.int64),
            returns=np.array(self._means).reshape(len(self._ends), len(self.learning.agents)),
            policies=tuple(self._policies),
        )
        if self.matrix is None or not self._counts:
            return trace
        game, counts = self.matrix.game, np.array(self._counts)
        regrets = np.array([external_regrets(game, c / c.sum()) for c in counts])
        return Trace(trace.episodes, trace.returns, trace.policies, counts, regrets)
