"""Linear programs with integer data, solved in floats and then exactly, with a proof.

Nothing here knows of games. Certificates do not import it: they check what it returns.
"""

from __future__ import annotations

from gametheory.linear_programs.exact import finish, optimize
from gametheory.linear_programs.optimum import Optimum
from gametheory.linear_programs.program import LinearProgram

__all__ = ["LinearProgram", "Optimum", "finish", "optimize"]
