"""Holds trained policies against the theoretical optimum of a PettingZoo environment.

>>> import marl_bridge
>>> report = marl_bridge.check("classic/rps-v2", "random", env_kwargs={"max_cycles": 1})
>>> report.exact, report.nash_conv
(True, 0.0)
>>> print(report)  # doctest: +ELLIPSIS
classic/rps-v2 ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
    from marl_bridge.check import check
    from marl_bridge.environments.extraction import Extraction, extract
    from marl_bridge.environments.inspection import Inspection, inspect
    from marl_bridge.environments.opening import open_environment
    from marl_bridge.errors import (
        AuditFailed,
        ExtractionRefused,
        InvalidEnvironment,
        InvalidPolicy,
    )
    from marl_bridge.estimation.returns import estimate
    from marl_bridge.figures import Figure
    from marl_bridge.learners import train
    from marl_bridge.playing import play
    from marl_bridge.policies.policy import CallablePolicy, Policy, UniformRandomPolicy
    from marl_bridge.policies.tabular import TabularPolicy
    from marl_bridge.policies.tabulation import tabulate
    from marl_bridge.reports.html import write_html
    from marl_bridge.reports.report import AgainstRandom, AgentReport, Report
    from marl_bridge.rollouts import rollouts

__all__ = [
    "AgainstRandom",
    "AgentReport",
    "AuditFailed",
    "CallablePolicy",
    "Extraction",
    "ExtractionRefused",
    "Figure",
    "Inspection",
    "InvalidEnvironment",
    "InvalidPolicy",
    "Policy",
    "Report",
    "TabularPolicy",
    "UniformRandomPolicy",
    "check",
    "estimate",
    "extract",
    "inspect",
    "open_environment",
    "play",
    "rollouts",
    "tabulate",
    "train",
    "write_html",
]

make_lazy(
    __name__,
    {
        "AgainstRandom": "marl_bridge.reports.report",
        "AgentReport": "marl_bridge.reports.report",
        "AuditFailed": "marl_bridge.errors",
        "CallablePolicy": "marl_bridge.policies.policy",
        "Extraction": "marl_bridge.environments.extraction",
        "ExtractionRefused": "marl_bridge.errors",
        "Figure": "marl_bridge.figures",
        "Inspection": "marl_bridge.environments.inspection",
        "InvalidEnvironment": "marl_bridge.errors",
        "InvalidPolicy": "marl_bridge.errors",
        "Policy": "marl_bridge.policies.policy",
        "Report": "marl_bridge.reports.report",
        "TabularPolicy": "marl_bridge.policies.tabular",
        "UniformRandomPolicy": "marl_bridge.policies.policy",
        "check": "marl_bridge.check",
        "estimate": "marl_bridge.estimation.returns",
        "extract": "marl_bridge.environments.extraction",
        "inspect": "marl_bridge.environments.inspection",
        "open_environment": "marl_bridge.environments.opening",
        "play": "marl_bridge.playing",
        "rollouts": "marl_bridge.rollouts",
        "tabulate": "marl_bridge.policies.tabulation",
        "train": "marl_bridge.learners",
        "write_html": "marl_bridge.reports.html",
    },
)
