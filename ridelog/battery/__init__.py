"""What a pack is, and what a healthy one would have done: open-circuit tables, series count, resistance, residual.

`estimate_pack` in `estimate` runs it all for a ride; `pack` holds the types of the result; docs/physics.md explains it.
"""
