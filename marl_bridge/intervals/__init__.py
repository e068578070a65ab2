"""Confidence intervals for the mean of samples, one method a file."""
