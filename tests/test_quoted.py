"""Logs within other text: quoted in a message, in a block of Markdown, below prose; their lines keep their numbers."""

import pytest

from ridelog.errors import UnrecognisedError
from ridelog.parsing import ReadOptions
from ridelog.quoted import unquoted
from ridelog.reading import read_source
from ridelog.sources import Source

from .parsers.samples import SAMPLES

PROSE = "My board cut out at speed, the battery was half full, and I fell.\n\n"


def fenced(text):
    return f"{PROSE}```csv\n{text.rstrip()}\n```\nWhat happened? Thanks, all, for any help.\n"


def answered(text):
    return "\n".join(f"> {line}" for line in text.splitlines()) + "\n\nLooks like the BMS to me.\n"


AROUND = {
    "fenced": fenced,
    "quoted": answered,
    "both": lambda text: answered(fenced(text)),
    "below prose": lambda text: PROSE + text,
    "indented": lambda text: "\n".join(f"    {line}" for line in text.splitlines()) + "\n",
    "from a web page": lambda text: PROSE.replace(" ", "\u00a0") + text,
}
NAMES = (
    "vesc-tool",
    "vesc-express",
    "vesc-faults",
    "vesc-config",
    "float-control",
    "floaty-json",
    "wheellog-24",
    "euc-world-2",
    "darknessbot-b",
    "metr-json",
    "freesk8",
    "m365-power",
    "smart-bms-utility",
    "daly-epdatalog",
    "jk-usb-csv",
    "home-assistant",
    "home-assistant-json",
    "esphome-log",
    "hex-dump-jbd",
)


def read(data):
    return read_source(Source("post.txt", data), ReadOptions())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("around", AROUND)
def test_a_log_within_other_text_is_the_same_log(name, around):
    parser, data = SAMPLES[name]
    text = data.decode().replace("\r\n", "\n")
    whole, logs = read(data), read(AROUND[around](text).encode())
    assert [(log.parser, log.rows, log.channels) for log in logs] == [(parser, log.rows, log.channels) for log in whole]


def test_lines_keep_their_numbers_and_the_hash_is_that_of_the_file():
    data = SAMPLES["wheellog-24"][1]
    post = Source("post.txt", fenced(data.decode()).encode())
    (log,), (whole,) = read_source(post), read(data)
    added = [a - b for a, b in zip(log.source_rows.tolist(), whole.source_rows.tolist(), strict=True)]
    assert set(added) == {3}
    assert log.origin.sha256 == Source("post.txt", fenced(data.decode()).encode()).sha256
    assert log.origin.size == len(fenced(data.decode()))
    assert any("within other text" in found.message for found in log.damage)


def test_a_plain_log_is_left_as_it_is():
    (log,) = read(SAMPLES["wheellog-24"][1])
    assert not any("within other text" in found.message for found in log.damage)


def test_prose_alone_is_no_log():
    assert unquoted(PROSE.encode()) is None
    with pytest.raises(UnrecognisedError):
        read(fenced("I have no log, sorry.\nNone, at all, not one.").encode())


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"```", b"> ", b">>>>\n" * 5, b"~~~\n~~~\n", b"\xff\xfe>\0"])
def test_nothing_within_is_nothing(data):
    assert not (unquoted(data) or b"").strip(b">~` \n")
