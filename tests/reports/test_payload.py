import base64
import gzip
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ridelog.reports.payload import Payload


def unpack(text: str) -> tuple[dict, bytes]:
    data = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(data[:4], "little")
    return json.loads(data[4 : 4 + length]), data[4 + length :]


def decode(numbers: bytes, reference: list[float]) -> np.ndarray:
    """Read a series the way its description says, one number at a time."""
    offset, count, planes, step = reference
    total, values = 0, []
    for index in range(int(count)):
        coded = sum(numbers[int(offset) + plane * int(count) + index] << (8 * plane) for plane in range(int(planes)))
        total += -(coded + 1) // 2 if coded % 2 else coded // 2
        values.append(total * step)
    return np.array(values)


@given(st.lists(st.floats(-1e5, 1e5), max_size=60), st.sampled_from([0.001, 0.01, 0.05, 0.1, 1.0]))
def test_numbers_come_back_within_half_a_step(values, step):
    payload = Payload()
    reference = payload.add(np.array(values), step)
    described, numbers = unpack(payload.pack({"series": reference}))
    found = decode(numbers, described["series"])
    assert len(found) == len(values)
    assert np.allclose(found, values, rtol=0, atol=step / 2 + 1e-9 * max(map(abs, values), default=0))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_absurd_numbers_do_not_overflow(values):
    payload = Payload()
    reference = payload.add(np.array(values), 0.01)
    _, numbers = unpack(payload.pack({}))
    found = decode(numbers, reference)
    assert np.allclose(found, values, rtol=1e-6, atol=max(map(abs, values)) * 1e-8 + 0.01)


def test_several_series_lie_behind_each_other():
    payload = Payload()
    first, second = payload.add(np.array([1.0, 2.0]), 1.0), payload.add(np.array([700.0, -3.0, 5.0]), 1.0)
    _, numbers = unpack(payload.pack({}))
    assert list(decode(numbers, first)) == [1, 2]
    assert list(decode(numbers, second)) == [700, -3, 5]


def test_same_numbers_same_text():
    texts = set()
    for _ in range(2):
        payload = Payload()
        payload.add(np.sin(np.arange(1000)), 0.001)
        texts.add(payload.pack({"a": 1}))
    assert len(texts) == 1
