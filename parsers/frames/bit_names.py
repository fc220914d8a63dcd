"""Words of bits to canonical names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def named_bits(word: int, names: Mapping[int, str], ignored: Iterable[int] = ()) -> list[str]:
    """Canonical names of the bits that are set, each once, lowest bit first; a bit without a name is "other"."""
    skip = frozenset(ignored)
    set_bits = [bit for bit in range(word.bit_length()) if word >> bit & 1 and bit not in skip]
    return list(dict.fromkeys(names.get(bit, "other") for bit in set_bits))
