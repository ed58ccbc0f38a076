from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, HandlerVerbs, Settings
from fapi_lint.testing import findings, fixed

HEAD = """from fastapi import APIRouter

router = APIRouter()


"""
MODEL = {"app/models/user.py": "from app.db import Base\nclass User(Base):\n    __tablename__ = 'user'\n"} | {
    "app/db.py": "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...\n"
}
PATH = "app/api/users.py"


def named(*routes: str, settings: Settings | None = None) -> list[str | None]:
    """What the handlers of `GET /users list_users` are renamed to."""
    text = HEAD
    for route in routes:
        method, path, name = route.split()
        text += f'@router.{method.lower()}("{path}")\ndef {name}(): ...\n\n\n'
    found = findings({**MODEL, PATH: text}, "FAPI104", settings=settings)
    return [f.message.partition(" is not ")[2].partition("` (no fix")[0].strip("`") for f in found]


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("GET /users list_users", "get_users"),
        ("GET /users users", "get_users"),
        ("GET /users users_list", "get_users"),
        ("GET /users all_users", "get_users"),
        ("GET /users get_all", "get_users"),
        ("GET /users get_user_list", None),
        ("GET /users get_active_users", None),
        ("GET /users read_active_user", "get_active_users"),
        ("GET /users/{user_id} read_user", "get_user"),
        ("GET /users/{user_id} get_one", "get_user"),
        ("GET /users/{user_id} get_user_by_id", None),
        ("GET /users/{user_id:uuid} fetch_user_by_id", "get_user_by_id"),
        ("POST /users add_user", "create_user"),
        ("POST /users/ user_create", "create_user"),
        ("POST /users create", "create_user"),
        ("POST /users import_users", None),
        ("POST /users save_user", "create_user"),
        ("POST /user save_user", None),
        ("POST /users add_users", "create_users"),
        ("PUT /users/{user_id} edit_user", "update_user"),
        ("PATCH /users/{user_id} patch_user", "update_user"),
        ("DELETE /users/{user_id} erase_user", "delete_user"),
        ("DELETE /users/{user_id} deactivate_user", None),
        ("GET /teams/{team_id}/users list_team_users", "get_team_users"),
        ("POST /user add_user", "create_user"),
        ("GET /users/{user_id} user_detail", "get_user"),
        ("DELETE /users/{user_id} del_user", "delete_user"),
        ("PATCH /users/{user_id} partial_update_user", "update_user"),
        ("PATCH /users/{user_id} partially_update_user", "update_user"),
        ("GET /users getUsers", "get_users"),
        ("GET /users/{user_id} getUserById", "get_user_by_id"),
        ("POST /users addUser", "create_user"),
        ("POST /users importUsers", None),
        ("POST /teams/{team_id}/users add_users_to_team", None),
        ("DELETE /teams/{team_id}/users/{user_id} remove_user_from_team", None),
        ("GET /users/me read_me", None),
        ("GET /user read_user", None),
        ("GET /health read_health", None),
        ("POST /login login", None),
        ("POST /users/search list_users", None),
        ("DELETE /users remove_users", None),
        ("GET /users/{team_id}/{user_id} read_user", None),
    ],
)
def test_names(route: str, expected: str | None) -> None:
    assert named(route) == ([] if expected is None else [expected])


def test_what_saves_one_thing_or_another() -> None:
    assert named("POST /user write_user") == []
    assert named("POST /user write_user", "DELETE /user/{name} delete_user") == ["create_user"]


def test_put_and_patch_share_a_resource() -> None:
    both = ["PUT /users/{user_id} update_user", "PATCH /users/{user_id}"]
    assert named(both[0], f"{both[1]} patch_user") == []
    assert named(both[0], f"{both[1]} change_user") == ["patch_user"]


def test_a_collection_is_known_by_its_items() -> None:
    assert named("GET /totals list_totals") == []
    assert named("GET /totals list_totals", "GET /totals/{total_id} get_total") == ["get_totals"]


def test_a_plural_with_items_to_read_is_a_collection() -> None:
    assert named("POST /orders add_order") == []
    assert named("POST /orders add_order", "GET /orders/{order_id} get_order") == ["create_order"]
    assert named("POST /scan add_scan", "GET /scan/{code} get_scan") == []


def test_handlers_inside_of_functions() -> None:
    route = '@router.get("/users/{user_id}")\ndef read_user(user_id: int): ...\n'
    inner = "def serve(router: APIRouter):\n" + "".join(f"    {line}\n" for line in route.splitlines())
    outer, nested = findings({**MODEL, PATH: f"{HEAD}{route}\n\n{inner}"}, "FAPI104")
    assert outer.fix is not None
    assert nested.message.endswith("(no fix: it is not defined at module level)")


def test_the_path_and_the_classes_spell_the_noun() -> None:
    assert named("GET /heroes read_all", "GET /heroes/{hero_id} read_one") == ["get_heroes", "get_hero"]
    mango = MODEL["app/models/user.py"].replace("User", "Mango")
    text = f'{HEAD}@router.get("/mangoes")\ndef index(): ...\n\n\n@router.post("/mangoes")\ndef add(): ...\n'
    found = findings({**MODEL, "app/models/mango.py": mango, PATH: text}, "FAPI104")
    assert [each.message.rpartition("is not ")[2] for each in found] == ["`get_mangoes`", "`create_mango`"]


def test_verbs_are_configuration() -> None:
    settings = Settings(conventions=Conventions(handler_verbs=HandlerVerbs(one="read", many="list")))
    routes = ["GET /users list_users", "GET /users/{user_id} read_user", "GET /users/{user_id} get_user"]
    assert named(*routes, settings=settings) == ["read_user"]


def test_the_answer_says_how_many() -> None:
    files = {
        **MODEL,
        PATH: HEAD
        + '@router.get("/users", response_model=list[int])\ndef get_user(): ...\n\n\n'
        + '@router.get("/roles/{role}", response_model=list[int])\ndef get_roles(): ...\n',
    }
    (found,) = findings(files, "FAPI104")
    assert "is not `get_users`" in found.message


def test_references_and_looked_up_names_follow() -> None:
    files = {
        **MODEL,
        PATH: HEAD + '@router.get("/users/{user_id}")\ndef read_user(user_id): ...\n',
        "app/api/posts.py": """
            from app.api.users import read_user

            LABEL = "read_user"

            def location(request, user):
                return request.url_for("read_user", user_id=user), read_user
        """,
    }
    (found,) = findings(files, "FAPI104")
    assert found.fix is not None
    assert found.fix.title == (
        "Rename `read_user` to `get_user` in 2 files; its operation id changes; 1 string spelling it stays as it is"
    )
    text = fixed(files, "FAPI104", unsafe=True)["app/api/posts.py"]
    assert 'url_for("get_user", user_id=user), get_user' in text
    assert 'LABEL = "read_user"' in text


def test_a_route_with_a_name_is_not_looked_up_by_its_handler() -> None:
    files = {
        **MODEL,
        PATH: HEAD + '@router.get("/users/{user_id}", name="read_user")\ndef read_user(user_id): ...\n',
        "app/a.py": 'def a(app):\n    return app.url_path_for("read_user")\n',
    }
    assert 'url_path_for("read_user")' in fixed(files, "FAPI104", unsafe=True)["app/a.py"]


@pytest.mark.parametrize("own", ['name="users:one"', 'operation_id="one"'])
def test_an_operation_id_that_stays_is_not_said_to_change(own: str) -> None:
    files = {**MODEL, PATH: HEAD + f'@router.get("/users/{{user_id}}", {own})\ndef read_user(user_id): ...\n'}
    (found,) = findings(files, "FAPI104")
    assert found.fix is not None
    assert found.fix.title == "Rename `read_user` to `get_user` in 1 file"


@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        (
            'from app.services import get_user\n\n@router.get("/users/{user_id}")\ndef read_user(): ...\n',
            "means something else in app.api.users",
        ),
        (
            '@router.get("/users/{user_id}")\ndef read_user(): ...\n\n'
            '@router.get("/users/{name}")\ndef show_user(): ...\n',
            "`show_user` should be `get_user` too",
        ),
        ('class Users:\n    @router.get("/users")\n    def list_users(self): ...\n', "not defined at module level"),
    ],
)
def test_what_cannot_be_renamed(routes: str, reason: str) -> None:
    files = {**MODEL, "app/services.py": "def get_user(): ...\n", PATH: HEAD + routes}
    found = findings(files, "FAPI104")[0]
    assert found.fix is None
    assert reason in found.message


def test_handlers_made_by_a_factory() -> None:
    text = """\
        from fastapi import APIRouter


        def make_router(service) -> APIRouter:
            router = APIRouter(prefix="/users")

            @router.get("")
            def list_users():
                return service.all()

            @router.post("")
            @router.post("/")
            def create_user():
                return service.create()

            return router
        """
    (found,) = findings({**MODEL, PATH: text}, "FAPI104")
    assert found.row == 8
    assert found.message == (
        "Handler `list_users` of GET /users is not `get_users` (no fix: it is not defined at module level)"
    )


def test_a_service_that_is_in_the_way_is_renamed_first() -> None:
    files = {
        **MODEL,
        "app/services/user.py": "async def get_user(): ...\n",
        PATH: """
            from fastapi import APIRouter

            from app.services.user import get_user

            router = APIRouter()


            @router.get("/users/{user_id}")
            async def read_user(user_id):
                return await get_user()
        """,
    }
    text = fixed(files, ["FAPI104", "FAPI108"], unsafe=True)[PATH]
    assert "async def get_user(user_id):\n    return await get_user_service()" in text


def test_templates_do_not_follow_and_the_title_says_so() -> None:
    text = HEAD + '@router.get("/users")\ndef list_users(): ...\n'
    pages = "from fastapi.templating import Jinja2Templates\n\ntemplates = Jinja2Templates(directory='templates')\n"
    (found,) = findings({**MODEL, PATH: text, "app/pages.py": pages}, "FAPI104")
    assert found.fix is not None
    assert found.fix.title.endswith("; its operation id changes; templates that look it up do not follow")
    text = text.replace('"/users")', '"/users", name="users")')
    (found,) = findings({**MODEL, PATH: text, "app/pages.py": pages}, "FAPI104")
    assert found.fix is not None
    assert "templates" not in found.fix.title


def test_exempt_and_tests() -> None:
    text = HEAD + '@router.get("/users")\ndef list_users(): ...\n'
    assert findings({**MODEL, PATH: text}, "FAPI104", settings=Settings(exempt={"FAPI104": ("list_*",)})) == []
    assert findings({**MODEL, "tests/users.py": text}, "FAPI104") == []
