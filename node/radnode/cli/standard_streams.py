"""Standard output and its like, where nobody has opened them or nobody listens any more."""

import os
import sys


def open_missing() -> None:
    """Let nothing else get the numbers 0 to 2: what is printed would end in a socket, or in the index."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def give_up_output() -> None:
    """Let what is still to be printed vanish, for printing it failed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
