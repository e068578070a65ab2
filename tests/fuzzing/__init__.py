"""Fuzzing of everything that reads what anybody may have written: files and command lines.

``targets.py`` lists what is read and what must hold of it, ``mutations.py`` changes valid input the
way it goes wrong in practice or would be attacked, ``bounds.py`` keeps time and memory in bounds
and ``run.py`` is ``make fuzz``. Input that once failed is kept in ``corpus/``
and is tried every time.
"""
