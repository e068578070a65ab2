"""Learners held against equilibria: the parts of ``benchmarks/learners_vs_equilibria.py``."""
