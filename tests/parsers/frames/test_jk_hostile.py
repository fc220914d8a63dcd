"""Any bytes, with and without correct sums, give JK logs or nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.parsers.frames.jk import JkFrames
from ridelog.parsers.frames.jk_balancer import JkBalancer
from ridelog.parsers.frames.jk_uart import JkUart
from ridelog.parsers.frames.protocol import Packet

from . import jk_bytes as jk
from .jk_reading import NO_CLOCK, UTC

FRAMES = [
    jk.cell_info(),
    jk.cell_info(slots=24),
    jk.floats_info(),
    jk.settings(),
    jk.device_info(),
    jk.logbook([(1, 2)]),
]
FRAMES += [*jk.detail_log(jk.ring(3)), jk.uart(jk.uart_fields())]


def resealed(data: bytes) -> bytes:
    """The bytes with a correct sum, so that they are believed."""
    return data[:-1] + bytes([sum(data[:-1]) & 0xFF])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=400) | st.sampled_from(FRAMES), max_size=8), st.sampled_from([NO_CLOCK, UTC]))
def test_any_bytes_give_logs_or_nothing(pieces, clock):
    stream = [Packet(data, row, float(row)) for row, data in enumerate(pieces)]
    for protocol in (JkFrames(), JkUart(), JkBalancer()):
        logs = protocol.logs(stream, clock, "test")
        assert bool(logs) <= (protocol.count(stream) > 0)
        assert all((np.diff(log.time) >= 0).all() for log in logs)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([1, 2, 3, 5, 6, 9]), st.binary(min_size=293, max_size=293))
def test_any_content_with_a_correct_sum_is_decoded(kind, body):
    data = resealed(b"\x55\xaa\xeb\x90" + bytes([kind, 0]) + body + b"\0")
    for log in JkFrames().logs([Packet(data, 0, 1.0), Packet(data, 1, 2.0)], UTC, "test"):
        assert log.parser == "test"


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(0, 255), st.binary(max_size=12), max_size=10))
def test_any_tags_with_a_correct_sum_are_decoded(fields):
    JkUart().logs([Packet(jk.uart(fields), 0, None)], NO_CLOCK, "test")
