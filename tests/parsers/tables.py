"""What the builders of small files have in common."""

import math


def wave(index, middle, swing):
    """A load that goes up and down."""
    return middle + swing * math.sin(index / 3)


def table(header, lines, separator=",", end="\n"):
    return (end.join([header, *(separator.join(str(cell) for cell in line) for line in lines)]) + end).encode()
