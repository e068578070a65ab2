"""What a solution is, by the definitions alone, in plain Python: what answers are judged by.

Nothing here uses the library's concepts, certificates or algorithms, so that an error in those
cannot hide itself. Numbers are Fractions wherever the answer is exact.
"""

from __future__ import annotations
