"""Files that are no logs: the refusal says what they are and what to hand in instead."""

import pytest

from ridelog.errors import UnrecognisedError
from ridelog.reading import recognise
from ridelog.sources import Source

FILES = {
    "a photo": b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(200),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "a PDF document": b"%PDF-1.4\n%\xe2\xe3\n1 0 obj",
    "a RAR archive": b"Rar!\x1a\x07\x01\0" + bytes(100),
    "a database of an app": b"SQLite format 3\0" + bytes(100),
    "a network capture": b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(100),
    "a track of a sports watch (FIT)": bytes([14, 16, 0x54, 8, 0, 0, 0, 0]) + b".FIT" + bytes(100),
    "a video": b"\0\0\0\x18ftypmp42" + bytes(100),
    "a web page": b"<!DOCTYPE html><html><title>Sign in</title></html>",
    "a track of places": b'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"></kml>',
    "XML of another kind": b'<?xml version="1.0"?><a><b>1</b></a>',
    "a table without a line of captions": b"".join(b"%d.5,52.1,%d\n" % (row, row % 9) for row in range(40)),
}


@pytest.mark.parametrize("kind", FILES)
def test_what_a_file_is_instead(kind):
    with pytest.raises(UnrecognisedError) as caught:
        recognise(Source("handed_in", FILES[kind]))
    assert str(caught.value).startswith(f"handed_in: {kind}, not a log that ridelog knows.")
    assert caught.value.reasons
    assert len(caught.value.advice) > len("'ridelog formats' lists what can be read.")


@pytest.mark.parametrize("data", [b"My board died at 30 km/h.\n" * 5, bytes(range(256)) * 4])
def test_else_the_parsers_say_why_not(data):
    with pytest.raises(UnrecognisedError, match="shows why each refused it"):
        recognise(Source("handed_in", data))
