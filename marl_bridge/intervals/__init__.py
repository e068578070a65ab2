"""Confidence intervals for the mean of samples, one method a file.

``hoeffding``, ``empirical_bernstein`` and ``betting`` hold at a number of samples that was fixed
before; their ``_sequence`` forms and ``ConfidenceSequence`` hold at all numbers at once, so that
one may look and stop. ``student_t`` and ``bootstrap`` are heuristics.
"""

from __future__ import annotations

from marl_bridge.intervals.betting import betting
from marl_bridge.intervals.empirical_bernstein import empirical_bernstein
from marl_bridge.intervals.heuristics import bootstrap, student_t
from marl_bridge.intervals.hoeffding import hoeffding
from marl_bridge.intervals.interval import Interval, Side
from marl_bridge.intervals.planning import episodes_for_width, expected_width
from marl_bridge.intervals.samples import InvalidSamples
from marl_bridge.intervals.sequences import (
    ConfidenceSequence,
    SequenceMethod,
    betting_sequence,
    empirical_bernstein_sequence,
    hoeffding_sequence,
)

__all__ = [
    "ConfidenceSequence",
    "Interval",
    "InvalidSamples",
    "SequenceMethod",
    "Side",
    "betting",
    "betting_sequence",
    "bootstrap",
    "empirical_bernstein",
    "empirical_bernstein_sequence",
    "episodes_for_width",
    "expected_width",
    "hoeffding",
    "hoeffding_sequence",
    "student_t",
]
