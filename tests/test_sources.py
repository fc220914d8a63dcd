import bz2
import gzip
import hashlib
import io
import lzma
import zipfile

import pytest
import zstandard

from ridelog.errors import SourceError
from ridelog.sources import Limits, open_sources

TEXT = b"a,b\n1,2\n" * 10


def _zip(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        bz2.compress,
        lzma.compress,
        zstandard.ZstdCompressor().compress,
        lambda data: _zip({"a.csv": data}),
    ],
)
def test_packed_files_are_unpacked(tmp_path, pack):
    file = tmp_path / "a.csv.packed"
    file.write_bytes(pack(TEXT))
    (source,) = open_sources(str(file))
    assert source.data == TEXT
    assert source.member


def test_zstandard_of_several_frames_is_read_to_the_end(tmp_path):
    pack = zstandard.ZstdCompressor().compress
    file = tmp_path / "a.csv.zst"
    parts = (TEXT, "\n".join(str(row) for row in range(50_000)).encode(), b"end")
    file.write_bytes(b"".join(pack(part) for part in parts))
    (source,) = open_sources(str(file))
    assert source.data == b"".join(parts)


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress],
    ids="gz bz2 xz zst".split(),
)
def test_a_packed_file_that_is_cut_off_is_damaged_and_not_short(tmp_path, pack):
    """Half a ride would look like a whole one that ends early."""
    file = tmp_path / "a.csv.packed"
    packed = pack(bytes(range(256)) * 4000 + TEXT)
    file.write_bytes(packed[: -len(packed) // 3])
    with pytest.raises(SourceError, match="damaged"):
        open_sources(str(file))


def test_a_zip_gives_its_logs_in_order_without_litter(tmp_path):
    file = tmp_path / "x.zip"
    file.write_bytes(_zip({"b.csv": b"b", "a.csv": b"a", "__MACOSX/._a.csv": b"litter", ".DS_Store": b"litter"}))
    assert [source.member for source in open_sources(str(file))] == ["a.csv", "b.csv"]


def test_a_folder_is_one_ride(tmp_path):
    (tmp_path / "b.csv").write_bytes(b"b")
    (tmp_path / "a.csv").write_bytes(b"a")
    assert [source.name for source in open_sources(str(tmp_path))] == ["a.csv", "b.csv"]


def test_a_file_of_a_folder_that_cannot_be_opened_does_not_keep_the_others_from_it(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a")
    (tmp_path / "b.txt").touch()
    (tmp_path / "c.zip").write_bytes(b"PK\x03\x04broken")
    one, empty, broken = open_sources(str(tmp_path))
    assert one.data == b"a"
    with pytest.raises(SourceError, match="empty"):
        len(empty.head)
    with pytest.raises(SourceError, match="damaged"):
        len(broken.data)
    assert (empty.size, broken.size) == (0, 10)
    assert broken.sha256 == hashlib.sha256(b"PK\x03\x04broken").hexdigest()
    (tmp_path / "a.csv").unlink()
    with pytest.raises(SourceError, match="empty"):
        open_sources(str(tmp_path))


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    (source,) = open_sources("-")
    assert source.data == TEXT


def test_a_bomb_is_stopped(tmp_path):
    file = tmp_path / "bomb.gz"
    file.write_bytes(gzip.compress(bytes(64 << 20)))
    with pytest.raises(SourceError, match="unpacks"):
        open_sources(str(file), Limits(size=1 << 20))
    nested = b"x" * 1000
    for _ in range(6):
        nested = _zip({"a.zip": nested})
    file.write_bytes(nested)
    with pytest.raises(SourceError, match="deep"):
        open_sources(str(file))


def test_too_many_entries(tmp_path):
    file = tmp_path / "many.zip"
    file.write_bytes(_zip({f"{number}.csv": b"x" for number in range(11)}))
    with pytest.raises(SourceError, match="more than 10"):
        open_sources(str(file), Limits(entries=10))


@pytest.mark.parametrize("data", [b"PK\x03\x04broken", b"\x1f\x8bbroken", b"\x28\xb5\x2f\xfdbroken", b"BZhbroken"])
def test_damaged_archives_are_a_clear_error(tmp_path, data):
    file = tmp_path / "broken"
    file.write_bytes(data)
    with pytest.raises(SourceError, match="damaged"):
        open_sources(str(file))


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        open_sources(str(tmp_path / "nothing.csv"))
    (tmp_path / "empty.csv").touch()
    with pytest.raises(SourceError, match="empty"):
        open_sources(str(tmp_path / "empty.csv"))


def test_hash_and_size_do_not_need_the_bytes_in_memory(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(TEXT)
    (source,) = open_sources(str(file))
    assert source.size == len(TEXT)
    assert len(source.sha256) == 64
    assert source._data is None
