"""Algorithms on payoff matrices; every module here registers itself."""
