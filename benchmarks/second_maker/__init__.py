"""A second maker of rides with a known truth, written from field experience and data sheets alone.

It shares no code with `ridelog.simulate`, so that a verdict is also tried on rides that were made by other hands.
"""
