"""Algorithms on game trees; every module here registers itself."""
