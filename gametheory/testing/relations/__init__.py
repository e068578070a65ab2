"""The relations, grouped by what they are about: one small function each."""

from __future__ import annotations
