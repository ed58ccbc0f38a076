from __future__ import annotations

import codecs
import io
import os
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.source.file import SIZE_LIMIT, LineIndex, SourceError, SourceFile

texts = st.text(st.sampled_from("ab \t\f\v\x1c\x85\u2028é€\U0001f40d\r\n#'"), max_size=40)


@given(texts)
def test_every_offset_has_one_place(text: str) -> None:
    index = LineIndex(text)
    places = [index.position(offset) for offset in range(len(text) + 1)]
    assert [index.offset(*place) for place in places] == list(range(len(text) + 1))
    assert places == sorted(set(places))


@given(texts)
def test_lines_are_those_of_universal_newlines(text: str) -> None:
    index = LineIndex(text)
    expected = io.StringIO(text, newline=None).read().split("\n")
    assert [index.line(row) for row in range(1, index.count + 1)] == expected


def test_places_outside_of_the_text() -> None:
    index = LineIndex("ab\ncd")
    for row, column in [(0, 1), (1, 0), (1, 4), (2, 4), (3, 1)]:
        with pytest.raises(ValueError, match=r"line"):
            index.offset(row, column)
    for offset in (-1, 6):
        with pytest.raises(ValueError, match="outside"):
            index.position(offset)
    with pytest.raises(ValueError, match="no line 3"):
        index.line(3)


@given(
    texts,
    st.sampled_from(
        ["", "# coding: utf-8\n", "#!/x\n# -*- coding: utf8 -*-\r\n", "# vim: set fileencoding=utf-8-unix\r"]
    ),
    st.booleans(),
)
def test_utf8_round_trip(text: str, head: str, bom: bool) -> None:
    raw = (codecs.BOM_UTF8 if bom else b"") + (head + text).encode()
    file = SourceFile.from_bytes("/x.py", raw)
    assert (file.text, file.bom, file.encoding) == (head + text, bom, "utf-8")
    assert file.encode(file.text) == raw
    assert SourceFile.from_text("/x.py", ("\ufeff" if bom else "") + head + text) == file


@given(st.binary(max_size=30))
def test_declared_single_byte_encoding_round_trip(body: bytes) -> None:
    raw = b"# coding: latin-1\n" + body.replace(b"\0", b"")
    file = SourceFile.from_bytes("/x.py", raw)
    assert file.text == raw.decode("latin-1")
    assert file.encode(file.text) == raw


@given(
    st.lists(
        st.sampled_from(
            [
                b"# coding: latin-1",
                b"#coding=cp1252",
                b"x = 'coding: cp1252'",
                b"x = 1 # coding: cp1252",
                b"  # -*- encoding: UTF_8 -*-",
                b"# coding: nonsense",
                b"# no declaration",
                b"\f",
                b"",
            ]
        ),
        max_size=4,
    ),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
)
def test_the_encoding_is_the_one_python_detects(lines: list[bytes], newline: bytes, bom: bool) -> None:
    raw = (codecs.BOM_UTF8 if bom else b"") + newline.join(lines)
    try:
        expected = tokenize.detect_encoding(io.BytesIO(raw).readline)[0]
    except SyntaxError:
        with pytest.raises(SourceError, match="declares"):
            SourceFile.from_bytes("/x.py", raw)
    else:
        found = SourceFile.from_bytes("/x.py", raw)
        assert codecs.lookup(found.encoding) == codecs.lookup(expected.removesuffix("-sig"))


def test_a_declaration_in_a_file_with_old_mac_line_ends() -> None:
    assert SourceFile.from_bytes("/x.py", b"#!/x\r# coding: cp1252\rx = '\x80'").text.endswith("'€'")
    assert SourceFile.from_bytes("/x.py", b"# x\ry = 1\r# coding: cp1252\r").encoding == "utf-8"


def test_a_declaration_beside_text_that_is_not_utf8() -> None:
    assert SourceFile.from_bytes("/x.py", b"# \xe9 coding: latin-1\n").text == "# é coding: latin-1\n"


@pytest.mark.parametrize(
    ("raw", "message", "place"),
    [
        (b"a = 1\nb = '\xe9'\n", "is not utf-8: cannot decode byte 0xe9", (2, 6)),
        ("é = '".encode() + b"\xff'", "cannot decode byte 0xff", (1, 6)),
        (codecs.BOM_UTF8 + b"\xff", "cannot decode byte 0xff", (1, 1)),
        (b"# coding: cp1252\nx = '\x81'", "is not cp1252: cannot decode byte 0x81", (2, 6)),
        (b"#!/x\n# coding: klingon\n", "unknown encoding klingon", (2, None)),
        (b"# coding: rot13\n", "declares rot-13", (1, None)),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", "byte order mark", (1, None)),
        (b"a = 1\n\n  \0", "null byte", (3, 3)),
    ],
)
def test_undecodable(raw: bytes, message: str, place: tuple[int, int | None]) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        SourceFile.from_bytes("/x.py", raw)
    assert (caught.value.row, caught.value.column) == place
    assert str(caught.value).startswith("/x.py:" + ":".join(str(part) for part in place if part))


def test_what_cannot_be_encoded() -> None:
    file = SourceFile.from_bytes("/x.py", b"# coding: latin-1\n")
    with pytest.raises(SourceError, match="has no character") as caught:
        file.encode("# coding: latin-1\nx = '€'\n")
    assert (caught.value.row, caught.value.column) == (2, 6)
    with pytest.raises(SourceError, match="has no character"):
        SourceFile.from_text("/x.py", "x = '\ud800'")


def test_an_encoding_that_does_not_give_the_bytes_back() -> None:
    file = SourceFile.from_bytes("/x.py", b"# coding: utf-7\nx = '+AGE-'\n")  # An "a" that needed no escape.
    with pytest.raises(SourceError, match="without changing other bytes"):
        file.encode(file.text)


def test_digest_depends_on_the_content_alone() -> None:
    one, two = SourceFile.from_text("/one.py", "x"), SourceFile.from_text("/two.py", "x")
    assert one.digest == two.digest != SourceFile.from_text("/one.py", "\ufeffx").digest


def test_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.py").write_bytes(b"a\r\n")
    monkeypatch.chdir(tmp_path)
    file = SourceFile.read("x.py")
    assert (file.path, file.text) == (str(tmp_path / "x.py"), "a\r\n")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    with (tmp_path / "large.py").open("wb") as stream:
        stream.truncate(SIZE_LIMIT + 1)
    for name, message in [
        ("", "is a directory"),
        ("none.py", "does not exist"),
        ("pipe.py", "not a regular file"),
        ("loop.py", "cannot be read"),
        ("large.py", "larger than 32 MiB"),
    ]:
        with pytest.raises(SourceError, match=message):
            SourceFile.read(tmp_path / name)
