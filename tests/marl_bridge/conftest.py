"""Extractions of one test are not found by another."""

from __future__ import annotations

import os

os.environ["MARL_BRIDGE_CACHE"] = "0"
