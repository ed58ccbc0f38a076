"""Renaming a definition with everything that refers to it."""

from __future__ import annotations

import importlib
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.fix.edit import Fix, Refusal
from fapi_lint.fix.planner import apply
from fapi_lint.fix.rename import rename
from fapi_lint.testing.harness import ROOT, application

SERVICE = "app/services/user.py"
DEFINITION = "def create_user(x=0):\n    return x\n"
IMPORT = "from app.services.user import create_user\n"


def renamed(
    files: Mapping[str, str], new: str = "make_user", old: str = "create_user", path: str = SERVICE
) -> Fix | Refusal:
    project = application({SERVICE: DEFINITION, **files})
    definition = project.by_path[f"{ROOT}/{path}"].scope.bindings[old][0].definition
    assert definition is not None
    return rename(project, definition, new)


def after(
    files: Mapping[str, str], new: str = "make_user", old: str = "create_user", path: str = SERVICE
) -> dict[str, str]:
    found = renamed(files, new, old, path)
    assert isinstance(found, Fix), found
    texts = {SERVICE: DEFINITION} | {name: textwrap.dedent(text) for name, text in files.items()}
    for name in texts:
        texts[name] = apply(texts[name], [edit for edit in found.edits if edit.path == f"{ROOT}/{name}"])
    return {name: texts[name] for name in files}


def line_after(line: str, header: str = "from app.services.user import create_user") -> str:
    """What becomes of a line below an import of the definition."""
    return after({"app/main.py": f"{header}\n{line}\n"})["app/main.py"].split("\n", 1)[1].removesuffix("\n")


@pytest.mark.parametrize(
    "text",
    [
        "from app.services.user import →create_user",
        "from app.services.user import →create_user as c",
        "from app.services.user import →create_user as →create_user",
        "from app.services.user import (\n    a,\n    →create_user,  # create_user\n)",
        "from .services.user import →create_user",
        "import app.services.user\napp.services.user.→create_user()",
        "from app.services import user as u\nu.→create_user()",
        "from app.services.user import *\n→create_user()",
        "from app.other import create_user",
        "import app.services.user as create_user\ncreate_user.→create_user()",
        "from importlib import import_module\nu = import_module('app.services.user')\nu.→create_user()",
    ],
)
def test_imports(text: str) -> None:
    """What stands behind an arrow is renamed, and nothing else."""
    assert after({"app/main.py": text.replace("→", "")})["app/main.py"] == text.replace("→create_user", "make_user")


@pytest.mark.parametrize(
    "text",
    [
        "→create_user(create_user=→create_user)",
        "def f(create_user):\n    return create_user",
        "def f(g=→create_user):\n    return →create_user",
        "def f():\n    create_user = 1\n    return create_user",
        "def f():\n    if (create_user := 1):\n        return create_user",
        "def f():\n    try:\n        pass\n    except E as create_user:\n        return create_user",
        "def f(v):\n    match v:\n        case {'a': create_user}:\n            return create_user",
        "x = [create_user for create_user in y]",
        "x = [→create_user(v) for v in y]",
        "x = lambda create_user: create_user",
        "x = lambda v, w=→create_user: →create_user",
        "class A:\n    create_user = 1\n    def f(self):\n        return →create_user",
        "class A:\n    create_user: int",
        "def f():\n    global →create_user\n    →create_user = 1",
        "x.create_user(self.create_user)",
        "x = f'{→create_user!r} create_user'",
        "x: '→create_user'",
        "def f(a: 'dict[str, →create_user]') -> 'list[→create_user]': ...",
        "x: Annotated['→create_user', 'create_user']",
        "x: Literal['create_user']",
        "from typing import List\nx = List['→create_user']",
        "x = y['create_user']",
        "x = cast('→create_user', 1)",
        "x = ForwardRef('→create_user')",
        "Model.update_forward_refs(→create_user=→create_user)",
        "Model.model_rebuild(_types_namespace={'→create_user': →create_user, 'x': x})",
        "patch('app.services.user.→create_user')",
        "patch('app.main.→create_user.x')",
        "run('app.services.user:→create_user')",
        "patch('other.services.user.create_user')",
        "@→create_user\ndef f(): ...",
        "→create_user = wrap(→create_user)",
        "__all__ = ['→create_user', 'f']\n__all__ += ('→create_user',)\n__all__.append('→create_user')",
    ],
)
def test_uses(text: str) -> None:
    """The same, below an import of the definition."""
    assert line_after(text.replace("→", "")) == text.replace("→create_user", "make_user")


def test_names_of_attributes_in_strings_of_a_known_module() -> None:
    header = "import app.services.user as u"
    assert line_after("patch.object(u, 'create_user')", header) == "patch.object(u, 'make_user')"
    assert line_after("getattr(u, 'create_user')()", header) == "getattr(u, 'make_user')()"


def test_reexports() -> None:
    files = {
        "app/services/__init__.py": "from .user import create_user\n\n__all__ = ['create_user']\n",
        "app/star.py": "from app.services import *\n",
        "app/main.py": "from app.star import create_user\nimport app.services as s\ns.create_user(create_user)\n",
        "app/alias.py": "from app.services import create_user as made\n",
        "app/last.py": "from app.alias import made\nfrom app import alias\nalias.made()\nalias.create_user\n",
    }
    found = after(files)
    assert found["app/services/__init__.py"] == "from .user import make_user\n\n__all__ = ['make_user']\n"
    assert found["app/main.py"] == "from app.star import make_user\nimport app.services as s\ns.make_user(make_user)\n"
    assert found["app/alias.py"] == "from app.services import make_user as made\n"
    assert found["app/last.py"] == files["app/last.py"]


def test_a_name_that_a_module_binds_anew_is_its_own() -> None:
    files = {
        "app/main.py": "from app.services import user\ncreate_user = user.create_user\n",
        "app/last.py": "from app.main import create_user\ncreate_user()\n",
    }
    found = after(files)
    assert found["app/main.py"] == "from app.services import user\ncreate_user = user.make_user\n"
    assert found["app/last.py"] == files["app/last.py"]


def test_definitions_that_only_bear_the_same_name() -> None:
    files = {
        "app/services/admin.py": "def create_user():\n    return create_user\n",
        "app/main.py": "from app.services.admin import create_user\nimport app.services.admin as a\na.create_user\n",
        "app/methods.py": "class A:\n    def create_user(self):\n        return self.create_user()\n",
    }
    assert after(files) == files


def test_overloads_and_alternatives_are_one_definition() -> None:
    text = "@overload\ndef create_user(): ...\nif a:\n    def create_user(x): ...\nelse:\n    create_user = 1\n"
    assert after({SERVICE: text})[SERVICE] == text.replace("create_user", "make_user")


def test_type_checking_imports() -> None:
    text = "if TYPE_CHECKING:\n    from app.services.user import create_user\nx: 'create_user'\n"
    assert after({"app/main.py": text})["app/main.py"] == text.replace("create_user", "make_user")


def test_strings_that_spell_the_name_are_counted() -> None:
    found = renamed({"app/main.py": "events = ['create_user', 'audit.create_user', 'create_user first']\n"})
    assert isinstance(found, Fix)
    assert found.title == "Rename `create_user` to `make_user` in 1 file; 2 strings spelling it stay as they are"


def test_strings_that_a_caller_knows_to_mean_it() -> None:
    project = application({SERVICE: DEFINITION, "app/main.py": "app.url_path_for('create_user')\n"})
    (definition,) = project.functions
    strings = project.references.of(definition).strings
    found = rename(project, definition, "make_user", also=strings)
    assert isinstance(found, Fix)
    assert found.title == "Rename `create_user` to `make_user` in 2 files"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (IMPORT + "make_user = 1", "`make_user` means something else in app.main"),
        (IMPORT + "def f(make_user): return create_user", "means something else"),
        (IMPORT + "def f():\n    make_user = create_user()", "means something else"),
        (IMPORT + "[create_user(make_user) for make_user in x]", "means something"),
        (IMPORT + "try:\n    from x import create_user\nexcept E: ...", "different things"),
        ("try:\n    " + IMPORT + "except E:\n    def create_user(): ...", "different things"),
        (IMPORT + "class A:\n    create_user = staticmethod(create_user)", "class body"),
        ("class A:\n    from app.services.user import create_user", "into a class"),
        ("def f(module):\n    return getattr(module, 'create_user')", "run time (app/main.py:2)"),
        ("patch(f'{package}.create_user')", "run time"),
        ("patch(package + '.create_user')", "run time"),
        ("patch('app.services.user.' 'create_user')", "run time"),
        ("globals()['create_user']", "run time"),
        ("from app.services import user\ngetattr(user, f'create_{kind}')", "put together (app/main.py:2)"),
        ("from app.services import user\nvars(user)[verb + '_user']", "put together"),
        ("from app.services.user import create_user\nglobals()[f'{verb}_user']()", "put together"),
        ("def f(module):\n    return getattr(module, f'{verb}_user')", "put together"),
        ("def __getattr__(name):\n    if name == 'create_user': ...", "run time"),
        ("print 'x'\n" + IMPORT, "does not parse (app/main.py:2)"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    found = renamed({"app/main.py": text})
    assert isinstance(found, Refusal)
    assert reason in found.reason


def test_a_name_elsewhere_in_a_touched_file_is_no_collision() -> None:
    text = "from app.services.user import create_user\ndef f(make_user): ...\nx.make_user(make_user=create_user)\n"
    assert isinstance(renamed({"app/main.py": text}), Fix)


def test_the_new_name_may_not_meet_one_that_a_star_importer_binds() -> None:
    found = renamed({"app/main.py": "from app.services.user import *\ndef make_user(): ...\n"})
    assert found == Refusal("`make_user` means something else in app.main")


def test_only_names_of_modules_can_be_renamed() -> None:
    project = application({"app/a.py": "class A:\n    def f(self): ...\n\ndef g(): ...\n"})
    f, g = project.functions
    assert isinstance(rename(project, f if f.name == "f" else g, "h"), Refusal)
    assert isinstance(rename(project, g if g.name == "g" else f, "class"), Refusal)


# --- executed before and after ---------------------------------------------------------------------

IMPORTS = {
    "from pkg.m import target": "target",
    "from pkg.m import target as alias": "alias",
    "from pkg import target": "target",
    "from pkg import *": "target",
    "from pkg.m import *": "target",
    "from .m import target": "target",
    "import pkg.m": "pkg.m.target",
    "import pkg.m as mod": "mod.target",
    "from pkg import m": "m.target",
    "from . import m as mm": "mm.target",
    "import pkg as p": "p.target",
    "from importlib import import_module\nloaded = import_module('pkg.m')": "loaded.target",
    "from pkg import m\ntarget = m.target": "target",
    "from pkg import m\ntarget = len\nalso = m.target": "also",
}
"""Ways to import, and how the definition is called then."""
USES = [
    "out.append(E(1))",
    "out.append((lambda x: E(x))(3))",
    "out.append([E(x) for x in range(2)])",
    "out.append([target for target in range(2)])",
    "out.append((lambda target: target)(3))",
    "out.append(dict(target=E(1)))",
    "out.append({'target': E}['target'](1))",
    "out.append('target, the target')  # target",
    "out.append(f'{E(1)} target')",
    "def f(target):\n    return target\nout.append(f(target=2))",
    "def f(x=E):\n    return x(E(1))\nout.append(f())",
    "def f():\n    target = 5\n    return target\nout.append(f())",
    "def f():\n    from pkg.m import target\n    return target(1)\nout.append(f())",
    "def f():\n    import pkg.m as target\n    return target.target(1)\nout.append(f())",
    "def f():\n    for target in (1, 2):\n        pass\n    return target, E\nout.append(f()[0])",
    "def f():\n    if (target := 7):\n        return target\nout.append(f())",
    (
        "def f():\n    try:\n        raise ValueError('v')\n"
        "    except ValueError as target:\n        return str(target)\nout.append(f())"
    ),
    "def f():\n    match {'a': 1}:\n        case {'a': target}:\n            return target\nout.append(f())",
    "class C:\n    target = 3\n    def method(self):\n        return E(self.target)\nout.append(C().method())",
    "class C:\n    def target(self):\n        return E(4)\nout.append(C().target())",
    "def f(x: 'E') -> 'list[E]': ...\nout.append(len(typing.get_type_hints(f)))",
    "out.append(typing.cast('E', 1))",
    "out.append(pkgutil.resolve_name('pkg.m.target')(1))",
    "out.append(pkgutil.resolve_name('pkg.m:target')(1))",
    "def f():\n    def g():\n        return E(1)\n    return g()\nout.append(f())",
    (
        "def f():\n    target = 1\n    def g():\n        nonlocal target\n"
        "        target += 1\n        return target\n    return g()\nout.append(f())"
    ),
]  # fmt: skip
PACKAGES = [
    "from .m import target\n",
    "from .m import *\n",
    "from .m import target as target\n__all__ = ['target']\n",
    "from . import m\nfrom .m import (\n    target,\n)\n",
]
MODULES = [
    "def target(x=0):\n    return ('called', x)\n",
    "__all__ = ['target']\nclass target(tuple):\n    def __new__(cls, x=0):\n        return ('made', x)\n",
    "import functools\n@functools.lru_cache\ndef target(x=0):\n    return ('cached', x, target is not None)\n",
]


def execute(files: Mapping[str, str]) -> list[object]:
    """What `pkg.user` collects in `out`."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = Path(folder, path)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        sys.path.insert(0, folder)
        sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
        importlib.invalidate_caches()
        try:
            out: list[object] = importlib.import_module("pkg.user").out
            return out
        finally:
            sys.dont_write_bytecode = before
            sys.path.remove(folder)
            for name in [name for name in sys.modules if name.partition(".")[0] == "pkg"]:
                del sys.modules[name]


@settings(max_examples=150, deadline=None)
@given(
    package=st.sampled_from(PACKAGES),
    module=st.sampled_from(MODULES),
    imports=st.sampled_from(sorted(IMPORTS)),
    uses=st.lists(st.sampled_from(USES), max_size=6),
)
def test_a_renamed_application_does_the_same(package: str, module: str, imports: str, uses: list[str]) -> None:
    body = "\n".join(use.replace("E", IMPORTS[imports]) if "Error" not in use else use for use in uses)
    text = f"import pkgutil, sys, typing\n{imports}\nout = []\n{body}\n"
    files = {"pkg/__init__.py": package, "pkg/m.py": module, "pkg/user.py": text}
    project = application(files)
    definition = project.by_path[f"{ROOT}/pkg/m.py"].scope.bindings["target"][0].definition
    assert definition is not None
    found = rename(project, definition, "aim")
    assert isinstance(found, Fix), found
    changed = {
        path: apply(text, [edit for edit in found.edits if edit.path == f"{ROOT}/{path}"])
        for path, text in files.items()
    }
    assert "def aim" in changed["pkg/m.py"] or "class aim" in changed["pkg/m.py"]
    assert execute(changed) == execute(files)
