"""Holds trained policies against the theoretical optimum of a PettingZoo environment.

>>> import marl_bridge
>>> report = marl_bridge.check("classic/rps-v2", "random", env_kwargs={"max_cycles": 1})
>>> report.exact, report.nash_conv
(True, 0.0)
>>> print(report)  # doctest: +ELLIPSIS
classic/rps-v2 ...
"""

from __future__ import annotations

from gametheory.lazy import make_lazy

TYPE_CHECKING = False  # importing typing would take longer than all the rest
if TYPE_CHECKING:
    from marl_bridge.check import check
    from marl_bridge.empirical_game.payoff_tensor import payoff_tensor
    from marl_bridge.empirical_game.record import EmpiricalGame
    from marl_bridge.environments.extraction import Extraction, extract
    from marl_bridge.environments.frontier import CutPosition
    from marl_bridge.environments.inspection import Inspection, inspect
    from marl_bridge.environments.limits import SearchProgress
    from marl_bridge.environments.memoryless import Memoryless
    from marl_bridge.environments.opening import open_environment
    from marl_bridge.environments.position_reading import InvalidPosition
    from marl_bridge.environments.position_solution import PositionSolution
    from marl_bridge.environments.positions import solve_position
    from marl_bridge.errors import (
        AuditFailed,
        ExtractionRefused,
        InvalidCheckpoint,
        InvalidEnvironment,
        InvalidPolicy,
    )
    from marl_bridge.estimation.aivat import aivat
    from marl_bridge.estimation.deviations import pure_deviations
    from marl_bridge.estimation.logged_regret import logged_regrets
    from marl_bridge.estimation.paired import compare
    from marl_bridge.estimation.returns import estimate, more_episodes
    from marl_bridge.estimation.sampled_equilibrium import certify_equilibrium
    from marl_bridge.estimation.sampled_regret import certify_regret
    from marl_bridge.exploitation.bounds import BestResponseBounds, ExploitationReport
    from marl_bridge.exploitation.exploit import exploit
    from marl_bridge.figures import Figure
    from marl_bridge.learners import train
    from marl_bridge.playing import play
    from marl_bridge.policies.memory import MemoryPolicy
    from marl_bridge.policies.mixture import MixturePolicy
    from marl_bridge.policies.policy import (
        CallablePolicy,
        Policy,
        UniformRandomPolicy,
        content_hash,
    )
    from marl_bridge.policies.rllib import RLlibPolicy
    from marl_bridge.policies.stable_baselines import StableBaselinesPolicy
    from marl_bridge.policies.tabular import TabularPolicy
    from marl_bridge.policies.tabulation import tabulate
    from marl_bridge.policies.torch_module import TorchMemoryPolicy, TorchPolicy
    from marl_bridge.position_check import PositionReport, check_positions, late_positions
    from marl_bridge.psro import psro
    from marl_bridge.psro.result import PSROResult
    from marl_bridge.records import leaderboard, write_leaderboard
    from marl_bridge.reports.html import write_html
    from marl_bridge.reports.report import AgainstRandom, AgentReport, Report
    from marl_bridge.rollouts import rollouts

__all__ = [
    "AgainstRandom",
    "AgentReport",
    "AuditFailed",
    "BestResponseBounds",
    "CallablePolicy",
    "CutPosition",
    "EmpiricalGame",
    "ExploitationReport",
    "Extraction",
    "ExtractionRefused",
    "Figure",
    "Inspection",
    "InvalidCheckpoint",
    "InvalidEnvironment",
    "InvalidPolicy",
    "InvalidPosition",
    "MemoryPolicy",
    "Memoryless",
    "MixturePolicy",
    "PSROResult",
    "Policy",
    "PositionReport",
    "PositionSolution",
    "RLlibPolicy",
    "Report",
    "SearchProgress",
    "StableBaselinesPolicy",
    "TabularPolicy",
    "TorchMemoryPolicy",
    "TorchPolicy",
    "UniformRandomPolicy",
    "aivat",
    "certify_equilibrium",
    "certify_regret",
    "check",
    "check_positions",
    "compare",
    "content_hash",
    "estimate",
    "exploit",
    "extract",
    "inspect",
    "late_positions",
    "leaderboard",
    "logged_regrets",
    "more_episodes",
    "open_environment",
    "payoff_tensor",
    "play",
    "psro",
    "pure_deviations",
    "rollouts",
    "solve_position",
    "tabulate",
    "train",
    "write_html",
    "write_leaderboard",
]

make_lazy(
    __name__,
    {
        "AgainstRandom": "marl_bridge.reports.report",
        "AgentReport": "marl_bridge.reports.report",
        "AuditFailed": "marl_bridge.errors",
        "BestResponseBounds": "marl_bridge.exploitation.bounds",
        "CallablePolicy": "marl_bridge.policies.policy",
        "CutPosition": "marl_bridge.environments.frontier",
        "EmpiricalGame": "marl_bridge.empirical_game.record",
        "ExploitationReport": "marl_bridge.exploitation.bounds",
        "Extraction": "marl_bridge.environments.extraction",
        "ExtractionRefused": "marl_bridge.errors",
        "Figure": "marl_bridge.figures",
        "Inspection": "marl_bridge.environments.inspection",
        "InvalidCheckpoint": "marl_bridge.errors",
        "InvalidEnvironment": "marl_bridge.errors",
        "InvalidPolicy": "marl_bridge.errors",
        "InvalidPosition": "marl_bridge.environments.position_reading",
        "MemoryPolicy": "marl_bridge.policies.memory",
        "Memoryless": "marl_bridge.environments.memoryless",
        "MixturePolicy": "marl_bridge.policies.mixture",
        "PSROResult": "marl_bridge.psro.result",
        "Policy": "marl_bridge.policies.policy",
        "PositionReport": "marl_bridge.position_check",
        "PositionSolution": "marl_bridge.environments.position_solution",
        "RLlibPolicy": "marl_bridge.policies.rllib",
        "Report": "marl_bridge.reports.report",
        "SearchProgress": "marl_bridge.environments.limits",
        "StableBaselinesPolicy": "marl_bridge.policies.stable_baselines",
        "TabularPolicy": "marl_bridge.policies.tabular",
        "TorchMemoryPolicy": "marl_bridge.policies.torch_module",
        "TorchPolicy": "marl_bridge.policies.torch_module",
        "UniformRandomPolicy": "marl_bridge.policies.policy",
        "aivat": "marl_bridge.estimation.aivat",
        "certify_equilibrium": "marl_bridge.estimation.sampled_equilibrium",
        "certify_regret": "marl_bridge.estimation.sampled_regret",
        "check": "marl_bridge.check",
        "check_positions": "marl_bridge.position_check",
        "compare": "marl_bridge.estimation.paired",
        "content_hash": "marl_bridge.policies.policy",
        "estimate": "marl_bridge.estimation.returns",
        "exploit": "marl_bridge.exploitation.exploit",
        "extract": "marl_bridge.environments.extraction",
        "inspect": "marl_bridge.environments.inspection",
        "late_positions": "marl_bridge.position_check",
        "leaderboard": "marl_bridge.records",
        "logged_regrets": "marl_bridge.estimation.logged_regret",
        "more_episodes": "marl_bridge.estimation.returns",
        "open_environment": "marl_bridge.environments.opening",
        "payoff_tensor": "marl_bridge.empirical_game.payoff_tensor",
        "play": "marl_bridge.playing",
        "psro": "marl_bridge.psro",
        "pure_deviations": "marl_bridge.estimation.deviations",
        "rollouts": "marl_bridge.rollouts",
        "solve_position": "marl_bridge.environments.positions",
        "tabulate": "marl_bridge.policies.tabulation",
        "train": "marl_bridge.learners",
        "write_html": "marl_bridge.reports.html",
        "write_leaderboard": "marl_bridge.records",
    },
)
