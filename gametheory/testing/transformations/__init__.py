"""Games made from games, and the way back for what solves them."""

from __future__ import annotations
