"""Literals that are secrets, by what they look like and by what they are given to.

Neither is enough alone: most literals under a name like `token` are no secrets (addresses, header names, error codes,
examples), and most literals that look random are hashes and identifiers.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, TypeAlias

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.search import Sighting, around
from fapi_lint.source.place import Place

Kind: TypeAlias = Literal["address", "key", "secret"]

_LAST_WORDS = frozenset(
    ["secret", "password", "passwd", "pwd", "passphrase", "token", "apikey", "adminkey", "secretkey", "pepper"]
)
_KEYS = frozenset(
    [
        "api", "access", "private", "signing", "encryption", "jwt", "auth", "secret", "fernet", "session",
        "admin", "service",
    ]
)  # fmt: skip
"""What stands before `key` where it is a secret."""
_SIGNS = frozenset(["secret_key", "secret", "jwt_secret", "jwt_key", "signing_key", "encryption_key", "secretkey"])
"""How the names end whose values are secrets even if they are made of words."""
_ACTIONS = frozenset(["forgot", "reset", "verify"])
_ERRORS = _ACTIONS | {"invalid", "bad", "wrong", "missing", "expired", "error", "incorrect", "weak", "no"}
"""Words that make a name the code of an error or an action."""
_PLACEHOLDER = re.compile(
    r"change|replace|example|placeholder|dummy|sample|insert|your|todo|fixme|fake|test|xxx|\*\*\*|\.\.\.|12345|[<>{}$%\s]",
    re.IGNORECASE,
)
_COMMON = frozenset(
    """admin administrator password passwd pass secret supersecret user username postgres mysql mariadb root guest
    minioadmin rabbitmq redis mongo dev development local localhost demo token mypassword mysecret qwerty letmein db
    database app api""".split()  # noqa: SIM905
)
"""What passwords are in every example and on every developer's machine, digits left out."""
_LOCAL = re.compile(
    r"localhost|127\.|0\.0\.0\.0|\[|::1|host\.docker\.internal|.*\bexample\b|.*\.(?:test|local)$", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]*://(?P<user>[^\s:/@]*):(?P<password>[^\s/@]+)@(?P<host>[^\s/:?#]+)", re.IGNORECASE
)
_KNOWN = re.compile(
    r"""AKIA[0-9A-Z]{16}$ | gh[pousr]_[A-Za-z0-9]{36,}$ | github_pat_\w{50,}$ | glpat-[\w-]{20,}$
        | xox[abpr]-\d[\w-]{20,}$ | [sr]k_live_[0-9A-Za-z]{16,}$ | sk-(?:proj-|ant-)?[\w-]{32,}$
        | AIza[\w-]{35}$ | SG\.[\w-]{20,}\.[\w-]{30,}$ | npm_[A-Za-z0-9]{36}$
        | eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}$ | -----BEGIN[ ](?:[A-Z]+[ ])*PRIVATE[ ]KEY-----""",
    re.VERBOSE,
)
"""The forms in which well-known services and standards issue keys."""
_BEGINNINGS = (
    *("AKIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox"),
    *("sk_live_", "rk_live_", "sk-", "AIza", "SG.", "npm_", "eyJ", "-----BEGIN", "://"),
)
_NAMES = ("secret", "passw", "pwd", "passphrase", "token", "_key", "-key", "apikey", "adminkey", "pepper")
_GIVEN = re.compile(r"""\w*["')\]]*\s*(?::\s*[\w\[\]| .]+)?(?:[=:,]|or\b)[^"'\n]{0,40}\n?[^"'\n]{0,40}(?=["'])""")
"""What stands between such a name and the literal that it is given."""
_SIGNED = re.compile(r"""\bjwt\.(?:en|de)code\([^"'()]{1,80},\s*(?:key\s*=\s*)?(?=["'])""")
"""What stands before a key that is written into a call."""
_JWT_CALLS = ("jwt.encode", "jwt.decode")
_JWT_KEY = "jwt_key"
"""What such a key is called, which is given to no name."""
_EXAMPLES = frozenset(["example", "examples", "description", "help", "json_schema_extra", "openapi_extra", "responses"])
_LEET = str.maketrans("013457@$", "oleastas")
_OUTSIDE = re.compile(r"[A-Za-z]+(?:[-_. ][A-Za-z]+)*")
"""A value that is made of words: a name, a header, a dotted path."""
_LEAST_LENGTH = 8
_RANDOM_LENGTH = 16
_RANDOM_ENTROPY = 3.0


class Secret(Struct, frozen=True, eq=False):
    """A literal that is one. `name` is what it is given to, empty where its form alone tells."""

    sighting: Sighting
    kind: Kind
    name: str

    @property
    def module(self) -> Module:
        return self.sighting.scope.module

    @property
    def place(self) -> Place:
        return self.module.place(self.sighting.node)

    @property
    def label(self) -> str:
        """What it is the value of."""
        call = self.sighting.parents[-2] if self.name == _JWT_KEY and len(self.sighting.parents) > 1 else None
        signs = isinstance(call, o.Call) and o.dotted(call.func).endswith(_JWT_CALLS)
        return f"The key of `{o.dotted(o.called(call))}()`" if signs else f"The value of `{self.name}`"


class Secrets(Part):
    """All secrets written into the code of an application."""

    @cached_property
    def all(self) -> list[Secret]:
        """In file and source order, in the files that are judged; tests, migrations and scripts left out."""
        return [
            secret
            for module in self.project.judged
            if self.project.purposes.is_application(module)
            for sighting in self._literals(module)
            if (secret := self._secret(sighting)) is not None
        ]

    def is_own_name(self, name: str) -> bool:
        """Whether the configuration says that something of this name is a secret."""
        spelled = f"_{'_'.join(_words(name))}"
        return any(spelled.endswith(f"_{own}") for own in self._own_names)

    @cached_property
    def _own_names(self) -> tuple[str, ...]:
        return tuple(name.lower() for name in self.project.settings.conventions.secret_names)

    def _literals(self, module: Module) -> list[Sighting]:
        """The string literals worth a look; docstrings are none."""
        text, lower = module.text, module.text.lower()
        offsets = {at for beginning in _BEGINNINGS for at in _occurrences(text, beginning)}
        if "jwt." in text:
            offsets.update(match.end() for match in _SIGNED.finditer(text))
        for name in (*_NAMES, *self._own_names):
            given = (_GIVEN.match(text, at + len(name)) for at in _occurrences(lower, name))
            offsets.update(match.end() for match in given if match is not None)
        found = list(around(module, offsets))
        choices = [parent for sighting in found for parent in sighting.parents if _is_choice(parent)]
        if others := {node.start for node in o.walk(*choices) if isinstance(node, o.String)} - offsets:
            found = list(around(module, offsets | others))
        return [
            sighting
            for sighting in found
            if isinstance(sighting.node, o.String) and not isinstance(sighting.parent, o.ExprStatement)
        ]

    def _secret(self, sighting: Sighting) -> Secret | None:
        literal = sighting.node
        value = _text(literal, sighting.scope.module) if isinstance(literal, o.String) else None
        if value is None:
            return None
        if any(map(_is_example, sighting.parents)):
            return None
        if _KNOWN.match(key := value.removeprefix("Bearer ")):
            return None if _PLACEHOLDER.search(key) and "BEGIN" not in key else Secret(sighting, "key", "")
        address = _ADDRESS.match(value)
        if address is not None:
            return Secret(sighting, "address", "") if _is_real(address) else None
        name, is_default = self._receiver(sighting)
        if (
            not (_is_secret_name(name) or self.is_own_name(name))
            or _is_placeholder(value)
            or len(value) < _LEAST_LENGTH
        ):
            return None
        if not _is_random(value) and (is_default or not _is_chosen(value, name)):
            return None
        return Secret(sighting, "secret", name)

    def _receiver(self, sighting: Sighting) -> tuple[str, bool]:
        """The name that a literal is given to, and whether it is only a default or an argument."""
        parents = list(sighting.parents)
        while parents and _is_choice(parents[-1]):
            parents.pop()
        is_choice = len(parents) < len(sighting.parents)
        argument = parents[-1] if parents else None
        if isinstance(argument, o.Arg):
            call = parents[-2]
            assert isinstance(call, (o.Call, o.ClassDef))
            if isinstance(call, o.Call) and o.dotted(call.func).endswith(_JWT_CALLS):
                return (_JWT_KEY if argument is call.argument("key", 1) else ""), False
            if argument.keyword and argument.keyword not in ("default", "value"):
                return argument.keyword, True
            return self._called(sighting, call, parents[:-2]), True
        if isinstance(argument, o.Dict):
            entries = zip(argument.keys, argument.values, strict=True)
            key = next((key for key, value in entries if value is sighting.node), None)
            return o.text(key) or "", True
        if isinstance(argument, o.Param):
            return argument.name, True
        return _target(argument), is_choice or self._is_setting(sighting)

    def _called(self, sighting: Sighting, call: o.Call | o.ClassDef, outer: list[o.Node]) -> str:
        """`os.getenv("NAME", "literal")`; `NAME: str = Field("literal")`; `NAME = SecretStr("literal")`."""
        if not isinstance(call, o.Call):
            return ""
        called = o.dotted(call.func).rpartition(".")[2]
        if called in ("getenv", "get", "config", "setdefault") and len(call.args) > 1:
            key = call.args[0].value
            return key.value or "" if isinstance(key, o.String) and key is not sighting.node else ""
        if called in ("Field", "SecretStr", "Secret"):
            return _target(outer[-1]) if outer else ""
        return ""

    def _is_setting(self, sighting: Sighting) -> bool:
        """Whether a literal is the default of a setting, which is what placeholders are for."""
        module = sighting.scope.module
        return sighting.scope.is_class or module.path in self.project.settings_classes.homes


def _text(literal: o.String, module: Module) -> str | None:
    """The text of a literal, of bytes too; None where it is not known."""
    written = module.slice(literal)
    if literal.value is None and written[:2] in ("b'", 'b"'):
        return written[2:-1]
    return literal.value


def _occurrences(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _is_example(parent: o.Node) -> bool:
    """Whether everything below is documentation."""
    if isinstance(parent, o.Arg):
        return parent.keyword in _EXAMPLES
    return isinstance(parent, o.Dict) and any(o.text(key) in _EXAMPLES for key in parent.keys)


def _is_choice(expr: o.Node) -> bool:
    """`… or "literal"`, `"literal" if … else …`"""
    return isinstance(expr, o.IfExp) or (isinstance(expr, o.Operation) and expr.operator == "or")


def _is_placeholder(value: str) -> bool:
    return any(_PLACEHOLDER.search(spelled) for spelled in (value, value.translate(_LEET)))


def _target(statement: o.Node | None) -> str:
    target: o.Node | None = None
    if isinstance(statement, o.Assign):
        target = statement.targets[0]
    elif isinstance(statement, o.AnnAssign):
        target = statement.target
    if isinstance(target, o.Subscript) and len(target.items) == 1 and isinstance(target.items[0], o.String):
        return target.items[0].value or ""
    return o.last_name(target)


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _is_secret_name(name: str) -> bool:
    words = _words(name)
    if not words or not (_ERRORS if words[-1] != "secret" else _ERRORS - _ACTIONS).isdisjoint(words):
        return False
    if words[-1] == "key":
        return len(words) > 1 and words[-2] in _KEYS
    return words[-1] in _LAST_WORDS


def _is_real(address: re.Match[str]) -> bool:
    """Whether the credentials of an address are meant: no placeholder, no developer's machine."""
    password = address["password"]
    if _is_placeholder(password) or _LOCAL.match(address["host"]):
        return False
    bare = "".join(_words(password))
    return bool(bare) and bare not in _COMMON and password.lower() != address["user"].lower()


def _is_random(value: str) -> bool:
    """Long, without white space, and of many different characters among which are digits."""
    if len(value) < _RANDOM_LENGTH or not any(map(str.isdigit, value)) or not re.fullmatch(r"[\w+/=.~!@#^&*-]+", value):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= _RANDOM_ENTROPY and "://" not in value and not value.startswith("/")


def _is_chosen(value: str, name: str) -> bool:
    """Something that a person chose as a secret, not a name for one: no path, no header, no echo of its own name."""
    words = _words(value)
    if re.search(r"[/\\]|::", value) or set(words) <= {*_words(name), "my", "the", "and"}:
        return False
    if _OUTSIDE.fullmatch(value):
        return bool(words) and any("_".join(_words(name)).endswith(end) for end in _SIGNS) and "secret" in value.lower()
    return any(map(str.isdigit, value)) and "".join(words) not in _COMMON
