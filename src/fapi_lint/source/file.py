"""A source file as text: decoding, encoding, lines."""

from __future__ import annotations

import codecs
import os
import re
import stat
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

SIZE_LIMIT = 32 * 1024 * 1024
"""Larger files are refused: nobody wrote them, and parsing one takes minutes."""

_LINE_END = re.compile(r"\r\n?|\n")
_DECLARATION = re.compile(rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")
_LATIN_1 = ("latin-1-", "iso-8859-1-", "iso-latin-1-")
_EMPTY_LINE = re.compile(rb"[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n)")


class SourceError(Exception):
    """A file that cannot be read or written as Python source, with a message for people.

    `path` is absolute; `row` and `column` count from 1 and are None where no place in the file is to blame. `raw` is
    what was read, as far as anything was.
    """

    raw = b""

    def __init__(self, path: str, message: str, row: int | None = None, column: int | None = None) -> None:
        super().__init__(path, message, row, column)
        self.path = path
        self.message = message
        self.row = row
        self.column = column

    def __str__(self) -> str:
        place = "".join(f":{number}" for number in (self.row, self.column) if number is not None)
        return f"{self.path}{place}: {self.message}"


class LineIndex:
    """Offsets of a text to rows and columns and back.

    Offsets count characters from 0; rows and columns count from 1, columns in characters. A line ends with
    \\n, \\r\\n or \\r and with nothing else, as Python's own tokenizer has it (`str.splitlines` splits at
    form feeds too). The text after the last line end is a line as well, though it may be empty.
    """

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    @property
    def count(self) -> int:
        """The number of lines, 1 for an empty text."""
        return len(self._starts)

    def position(self, offset: int) -> tuple[int, int]:
        """The (row, column) of an offset from 0 to the length of the text; ValueError outside of it."""
        if not 0 <= offset <= len(self._text):
            raise ValueError(f"offset {offset} is outside a text of {len(self._text)} characters")
        row = bisect_right(self._starts, offset)
        return row, offset - self._starts[row - 1] + 1

    def offset(self, row: int, column: int) -> int:
        """The offset of a place: the inverse of `position`. ValueError for a place outside of the text."""
        start, end = self._bounds(row)
        offset = start + column - 1
        # The next line's start belongs to the next line, but the end of the text belongs to the last one.
        if not start <= offset <= end or (offset == end and row < self.count):
            raise ValueError(f"line {row} has no column {column}")
        return offset

    def line(self, row: int) -> str:
        """The text of a line without its line end; ValueError for a row that the text does not have."""
        start, end = self._bounds(row)
        return self._text[start:end].rstrip("\r\n")

    def _bounds(self, row: int) -> tuple[int, int]:
        if not 1 <= row <= self.count:
            raise ValueError(f"there is no line {row} in a text of {self.count}")
        return self._starts[row - 1], self._starts[row] if row < self.count else len(self._text)


@dataclass(frozen=True)
class SourceFile:
    """A Python file: its bytes and the text they stand for.

    `text` has no byte order mark and its line ends as they are in the file. `encoding` is the one of PEP 263:
    declared in a comment on one of the first two lines, else UTF-8. Not slotted, for `cached_property` needs
    a `__dict__`.
    """

    path: str
    raw: bytes = field(repr=False)
    text: str = field(repr=False, compare=False)
    encoding: str
    bom: bool

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> SourceFile:
        """Read a file. SourceError if it cannot be read, is no regular file, is too large or is not text."""
        absolute = os.path.abspath(path)
        try:
            status = os.stat(absolute)
            # Asked before opening: opening a pipe would wait for a writer.
            if stat.S_ISDIR(status.st_mode):
                raise SourceError(absolute, "is a directory")
            if not stat.S_ISREG(status.st_mode):
                raise SourceError(absolute, "is not a regular file")
            if status.st_size > SIZE_LIMIT:
                raise SourceError(absolute, f"is larger than {SIZE_LIMIT // 1024**2} MiB")
            with open(absolute, "rb") as stream:
                raw = stream.read()
        except FileNotFoundError:
            raise SourceError(absolute, "does not exist") from None
        except OSError as error:
            raise SourceError(absolute, f"cannot be read: {error.strerror or error}") from error
        return cls.from_bytes(absolute, raw)

    @classmethod
    def from_bytes(cls, path: str | os.PathLike[str], raw: bytes) -> SourceFile:
        """Decode the bytes of a file as Python would. SourceError if that is impossible."""
        try:
            return cls._decoded(os.path.abspath(path), raw)
        except SourceError as error:
            error.raw = raw
            raise

    @classmethod
    def of_unreadable(cls, error: SourceError) -> SourceFile:
        """What can be shown of a file that cannot be read: its text with a mark in place of what is none."""
        return cls(error.path, error.raw, error.raw.decode("utf-8-sig", "replace"), "utf-8", bom=False)

    @classmethod
    def _decoded(cls, absolute: str, raw: bytes) -> SourceFile:
        bom = raw.startswith(codecs.BOM_UTF8)
        body = raw[len(codecs.BOM_UTF8) :] if bom else raw
        encoding = _declared_encoding(absolute, body, bom)
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError as error:
            row, column = _raw_position(body, error.start, encoding)
            raise SourceError(
                absolute, f"is not {encoding}: cannot decode byte 0x{body[error.start]:02x}", row, column
            ) from error
        except (LookupError, ValueError) as error:
            # Codecs that are no text encodings (rot13, zlib), and those that fail in a way of their own.
            raise SourceError(absolute, f"declares {encoding}, which does not decode it: {error}", 1) from error
        if (null := text.find("\0")) >= 0:
            raise SourceError(absolute, "contains a null byte", *LineIndex(text).position(null))
        return cls(absolute, raw, text, encoding, bom)

    @classmethod
    def from_text(cls, path: str | os.PathLike[str], text: str) -> SourceFile:
        """A file that is only in memory, as an editor or a test has it, in the encoding that `text` declares.

        SourceError if the text declares an encoding that is unknown or lacks one of its characters.
        """
        absolute = os.path.abspath(path)
        bom = text.startswith("\ufeff")
        text = text.removeprefix("\ufeff")
        # A declaration is ASCII, so nothing of it is lost here.
        draft = cls(absolute, b"", text, _declared_encoding(absolute, text.encode("ascii", "replace"), bom), bom)
        return cls.from_bytes(absolute, draft._encoded(text))

    @cached_property
    def lines(self) -> LineIndex:
        """The rows and columns of `text`."""
        return LineIndex(self.text)

    @cached_property
    def digest(self) -> str:
        """BLAKE2b of the bytes, in hexadecimal: the same for the same content wherever it lies."""
        return blake2b(self.raw, digest_size=16).hexdigest()

    @cached_property
    def is_rewritable(self) -> bool:
        """Whether the encoding gives back the bytes of what stays as it is: some spell one text in several ways."""
        if self.encoding == "utf-8":
            return True
        try:
            return self._encoded(self.text) == self.raw
        except SourceError:
            return False

    def encode(self, text: str) -> bytes:
        """The bytes to write for a new text of this file: same encoding, byte order mark kept.

        SourceError if the encoding lacks a character, or if it cannot give back the bytes of the rest.
        """
        if not self.is_rewritable:
            raise SourceError(self.path, f"cannot be rewritten in {self.encoding} without changing other bytes")
        return self._encoded(text)

    def _encoded(self, text: str) -> bytes:
        try:
            return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise SourceError(
                self.path,
                f"{self.encoding} has no character {text[error.start]!a}",
                *LineIndex(text).position(error.start),
            ) from error
        except (LookupError, ValueError) as error:
            raise SourceError(self.path, f"cannot be encoded in {self.encoding}: {error}") from error


def _declared_encoding(path: str, raw: bytes, bom: bool) -> str:
    """The encoding of PEP 263 for bytes without their mark. SourceError if unknown or at odds with the mark.

    Like `tokenize.detect_encoding`, but lines may end with \\r, and a declaration may stand beside text that
    is not UTF-8.
    """
    row = 1
    declaration = _DECLARATION.match(raw)
    if declaration is None and (first := _EMPTY_LINE.match(raw)):
        row = 2
        declaration = _DECLARATION.match(raw, first.end())
    if declaration is None:
        return "utf-8"
    name = declaration[1].decode()
    normal = name.lower().replace("_", "-") + "-"  # Emacs writes utf-8-unix.
    if normal.startswith("utf-8-"):
        return "utf-8"
    try:
        encoding = codecs.lookup("latin-1" if normal.startswith(_LATIN_1) else name).name
    except LookupError:
        raise SourceError(path, f"declares the unknown encoding {name}", row) from None
    if bom and encoding != "utf-8":
        raise SourceError(path, f"declares {name} but begins with the byte order mark of UTF-8", row)
    return encoding


def _raw_position(body: bytes, offset: int, encoding: str) -> tuple[int, int]:
    """The row and column of a byte, for bytes that cannot be decoded."""
    before = body[:offset].decode(encoding, "replace")
    return LineIndex(before).position(len(before))
