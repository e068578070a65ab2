"""Work that keeps something on disk, each piece with a digest of what came of it.

A long job takes a second or so and writes as often as it can, to be killed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import gametheory as gt
import marl_bridge
from marl_bridge.environments import extraction_cache
from tests.marl_bridge.chance_environments import Kuhn

__all__ = ["JOBS", "RESUMED", "digest_of", "hurry"]


def digest_of(*values: Any) -> str:
    """Digest arrays and text, bit by bit."""
    found = hashlib.sha256()
    for value in values:
        found.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return found.hexdigest()[:16]


def cfr(path: Path, long: bool = False) -> str:
    """Counterfactual regret minimization with a checkpoint."""
    game = gt.catalog.load("leduc_poker" if long else "kuhn_poker")
    options: dict[str, Any] = {"target": 0.0, "max_iterations": 6000 if long else 200}
    found = gt.solve(game, method="cfr+", checkpoint=path, **options)
    return digest_of(found.iterations, found.profile.probabilities)


def training(path: Path, long: bool = False) -> str:
    """Learning from episodes with a checkpoint."""
    done = marl_bridge.train(
        gt.catalog.load("shapley"),
        "wolf-phc",
        episodes=20_000 if long else 30,
        seed=3,
        compiled=False,
        checkpoint=path,
    )
    return digest_of(
        done.episodes, _tables(done.policies), done.trace.returns, done.trace.joint_counts
    )


def _tables(policies: Any) -> list[Any]:
    return [sorted((k, v.tolist()) for k, v in p.table.items()) for p in policies.values()]


def tree_training(path: Path, long: bool = False) -> str:
    """Learning on the extracted game with a checkpoint."""
    done = marl_bridge.train(Kuhn, "mccfr", episodes=1000 if long else 20, seed=3, checkpoint=path)
    return digest_of(done.episodes, _tables(done.policies))


def extraction(path: Path, long: bool = False) -> str:
    """An extraction with a journal."""
    if not long:
        return _game(marl_bridge.extract(Kuhn, checkpoint=path))
    return _game(
        marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 4}, checkpoint=path)
    )


def cache(path: Path, long: bool = False) -> str:
    """An extraction that is kept in a folder."""
    options: dict[str, Any] = {"env_kwargs": {"max_cycles": 3 if long else 1}, "cache": path}
    found = marl_bridge.extract("classic/rps-v2", **options)
    spaces = {view.agent: view.action_space for view in found.views}
    for _ in range(200 if long else 0):
        for file in path.glob("*.npz"):
            extraction_cache.save(path, file.stem, found, spaces)
    return _game(marl_bridge.extract("classic/rps-v2", **options))


def _game(extraction: Any) -> str:
    graph = extraction.graph
    return digest_of(graph.player, graph.edge_target, graph.edge_label, graph.payoffs)


def payoffs(path: Path, long: bool = False) -> str:
    """A payoff tensor with a checkpoint."""
    table = marl_bridge.payoff_tensor(
        "classic/rps-v2",
        {"player_0": ["random"], "player_1": ["random"]},
        env_kwargs={"max_cycles": 2},
        episodes=8000 if long else 60,
        ranges=(-2, 2),
        checkpoint=path,
    )
    return digest_of(table.digest)


def policy(path: Path, long: bool = False) -> str:
    """A table that is saved and read."""
    rows = {bytes([number]): [0.25, 0.75] for number in range(2 if not long else 250)}
    file = path.with_suffix(".npz")
    if not file.exists():
        marl_bridge.TabularPolicy(rows).save(file)
    return digest_of(marl_bridge.TabularPolicy.load(file).content_hash())


def record(path: Path, long: bool = False) -> str:
    """A check that is recorded."""
    report = marl_bridge.check(
        "classic/rps-v2", "random", env_kwargs={"max_cycles": 1}, episodes=20, record=path
    )
    return digest_of(report.nash_conv)


JOBS: dict[str, Callable[..., str]] = {
    job.__name__: job
    for job in (cfr, training, tree_training, extraction, cache, payoffs, policy, record)
}
RESUMED = ("cfr", "training", "tree_training", "extraction", "payoffs")  # go on from a file


def hurry(patch: Callable[[Any, str, Any], object] = setattr) -> None:
    """Let jobs write at every opportunity, and start no other processes."""
    values = {
        "gametheory.algorithms.extensive_form.checkpoints._SECONDS": -1.0,
        "marl_bridge.learners.training._SAVE_EVERY": -1.0,
        "marl_bridge.environments.journal._FACTS_A_FRAME": 8,
        "marl_bridge.environments.extraction.check_hash_order": lambda *_, **__: "not asked",
        "marl_bridge.empirical_game.payoff_tensor.chunk_size": lambda *_: 20,
    }
    for place, value in values.items():
        module, _, name = place.rpartition(".")
        patch(import_module(module), name, value)
