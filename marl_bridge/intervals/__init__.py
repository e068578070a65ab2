"""Confidence intervals for the mean of samples, one method a file."""

from __future__ import annotations

from marl_bridge.intervals.bounds import Interval, InvalidSamples, betting, hoeffding, student_t

__all__ = ["Interval", "InvalidSamples", "betting", "hoeffding", "student_t"]
