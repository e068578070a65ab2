"""Mutation testing: bugs are planted one at a time, and the tests have to notice."""
