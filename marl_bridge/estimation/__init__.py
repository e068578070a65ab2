"""Figures from episodes: returns, and what a deviation would have changed."""
