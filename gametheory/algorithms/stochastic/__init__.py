"""Algorithms for stochastic games: one algorithm a file."""
