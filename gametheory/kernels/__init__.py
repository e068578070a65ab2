"""Inner loops on plain arrays, compiled by Numba; nothing else imports it.

A kernel checks nothing and allocates little: its caller in :mod:`gametheory.algorithms` hands it
arrays of the right shapes. A kernel that may run long does a bounded piece of work a call and
keeps its state in its arrays, so that clocks and Ctrl-C are heard between the pieces. Compiled
code is kept on disk: the first call ever takes seconds, later ones do not.
"""
