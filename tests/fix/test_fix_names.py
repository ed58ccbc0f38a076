"""Where a module-level name occurs."""

from __future__ import annotations

import re

import pytest

from fapi_lint.fix.names import locals_at
from fapi_lint.fix.occurrences import occurrences
from fapi_lint.fix.splice import Draft


def parse(text: str) -> Draft:
    file = Draft.parse("a.py", text)
    assert file.outline.failure is None, (text, file.outline.failure)
    return file


def marked(source: str) -> tuple[str, list[tuple[int, str]]]:
    """Take `«kind:name»` marks out of a text; the answer is the text and where they stood."""
    text = ""
    found = []
    position = 0
    for mark in re.finditer("«(?:([a-z-]+):)?(.*?)»", source):
        text += source[position : mark.start()]
        found.append((len(text), mark[1] or "code"))
        text += mark[2]
        position = mark.end()
    return text + source[position:], found


CASES = [
    "class «User»: ...\nx = «User»()\n«User».y = User_ + z.User\n",
    "from m import «User»\n",
    "from m import User as U\n",
    "from m import U as «User»\n",
    "import «User»\nimport «User».x\n",
    "class «User»: ...\ndef f(User): return User\n",
    "class «User»: ...\ndef f(a=«User»):\n    User = 1\n    return User\n",
    "class «User»: ...\ndef f():\n    global «User»\n    «User» = 1\n",
    "class «User»: ...\ndef f():\n    User = 1\n    def g():\n        nonlocal User\n        return User\n",
    "class «User»: ...\ndef f():\n    return User\n    for User in x: ...\n",
    "class «User»: ...\nclass A:\n    User = 1\n    x = User\n    def f(self): return «User»\n",
    "class «User»: ...\nclass A:\n    User: int\n    x = «User»\n".replace("    User: int", "    «User»: int"),
    "class «User»: ...\nx = [User for User in «User»]\ny = [«User» for z in «User»]\n",
    "class «User»: ...\nx = [a for User in b for a in User]\n",
    "class «User»: ...\nf = lambda User=«User»: User\ng = lambda: «User»\n",
    "class «User»: ...\nf(User=«User»)\n",
    "class «User»: ...\n@d(«User»)\ndef f(a: «User» = «User») -> «User»: ...\n",
    "class «User»: ...\n"
    "def f(a: '«annotation:User»', b: 'list[«annotation:User»]') -> '«annotation:User» | None': ...\n",
    "x: 'a.User | «annotation:User»'\n",
    "x: Mapped[list['«annotation:User»']] = relationship('«other-string:User»')\n",
    "x = cast('«annotation:User»', '«other-string:User»')\n",
    "x = t.cast('list[«annotation:User»]', y)\n",
    "x = ForwardRef('«annotation:User»')\nT = TypeVar('T', bound='«annotation:User»')\n",
    "x: Annotated['«annotation:User»', '«other-string:User»']\n",
    "x: Literal['«other-string:User»']\n",
    "class A(Base['User']): ...\n".replace("'User'", "'«other-string:User»'"),
    "x = list['«annotation:User»']\n",
    "x: TypeAlias = '«annotation:User»'\n",
    "__all__ = ['«all:User»', 'Users']\n__all__ += ('«all:User»',)\n__all__.append('«all:User»')\n",
    "x = relationship('app.m.«other-string:User»')\ny = 'User.id'\nz = 'a User'\n",
    "try: ...\nexcept E as «User»: «User»\n",
    "with a as «User», b as (c, «User»): ...\n",
    "for «User» in x: ...\nwhile («User» := f()): ...\ndel «User»\n",
    "x = f'{«User»!r:>{«User»}} User'\n",
    "type «User» = int\n",
    "class «User»: ...\ndef f(a: '«annotation:User»'):\n    User = 1\n    x: 'User'\n",
    "def f():\n    x = [(User := 1) for a in b]\n    return User\n",
    "async def f():\n    async with «User» as b: await «User»\n",
    "match x:\n    case «User»(a=1): ...\n",
]


@pytest.mark.parametrize("source", CASES)
def test_occurrences(source: str) -> None:
    text, expected = marked(source)
    found = occurrences(parse(text), "User")
    assert [(start, kind) for start, _, kind in found] == expected
    assert all(text[start:end] == "User" for start, end, _ in found)


def test_locals_at() -> None:
    text = "def f(a, *, b):\n    c = 1\n    class D:\n        e = 1\n        def g(h): HERE\n"
    assert locals_at(parse(text).outline, text.index("HERE")) == {"a", "b", "c", "D", "h"}
    assert locals_at(parse(text).outline, text.index("e =")) == {"a", "b", "c", "D", "e", "g"}
    assert locals_at(parse(text).outline, 0) == set()
