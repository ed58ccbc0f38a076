"""FAPI103: models, schemas, routers and services are where they belong."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings

MODEL = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Mixin: ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
SCHEMA = """
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Internal(BaseModel):
    x: int


class Body(BaseModel):
    x: int


class Answer(BaseModel):
    x: int


@app.post("/x", response_model=Answer)
async def x(body: Body): ...
"""
ROUTER = "from fastapi import APIRouter\n\nrouter = APIRouter()\n"
SERVICE = """
from sqlalchemy.ext.asyncio import AsyncSession


async def create_user_service(db: AsyncSession): ...


async def create_user(db: AsyncSession): ...


def mail_service(): ...
"""


def found(files: dict[str, str], settings: Settings | None = None) -> list[str]:
    return [f.message for f in findings(files, "FAPI103", settings=settings)]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (MODEL, ["Model `User` is defined outside of `models/`"]),
        (
            SCHEMA,
            [
                "Schema `Body` is defined outside of `schemas/`",
                "Schema `Answer` is defined outside of `schemas/`",
            ],
        ),
        (ROUTER, ["Router `router` is defined outside of `api/`"]),
        (SERVICE, ["Service `create_user_service` is defined outside of `services/`"]),
        (
            SERVICE.replace("(db: AsyncSession)", "(db: AsyncSession | None = None)"),
            ["Service `create_user_service` is defined outside of `services/`"],
        ),
    ],
)
def test_what_is_elsewhere_is_reported(text: str, messages: list[str]) -> None:
    assert found({"app/core/things.py": text}) == messages
    assert found({"tests/things.py": text, "alembic/things.py": text}) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/models/user.py", MODEL),
        ("app/models/shop/user.py", MODEL),
        ("app/user/models.py", MODEL),
        ("app/user/model.py", MODEL),
        ("app/schemas/user.py", SCHEMA),
        ("app/schema/user.py", SCHEMA),
        ("app/user/schemas.py", SCHEMA),
        ("app/api/v1/endpoints/users.py", ROUTER),
        ("app/api/router.py", ROUTER),
        ("app/apis/v1/handlers/users.py", ROUTER),
        ("app/routers/users.py", ROUTER),
        ("app/user/router.py", ROUTER),
        ("app/services/user_service.py", SERVICE),
        ("app/user/service.py", SERVICE),
        ("app/main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n"),
        ("app/core/config.py", "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings): ...\n"),
        ("app/core/exceptions.py", "class NotFoundException(Exception): ...\n"),
    ],
)
def test_what_is_at_home_is_silent(path: str, text: str) -> None:
    assert found({path: text}) == []


def test_who_hands_out_a_service_is_none() -> None:
    text = """
    from fastapi import Depends
    from sqlalchemy.orm import Session

    def get_user_service(db: Session): ...

    def handler(service=Depends(get_user_service)): ...
    """
    assert found({"app/core/deps.py": text}) == []


def test_a_service_may_be_a_thing_of_the_domain() -> None:
    model = MODEL.replace("class User(Base):", "class Service(Base):")
    text = "from sqlalchemy.orm import Session\n\ndef get_owner_of_service(db: Session): ...\n"
    assert found({"app/models/service.py": model, "app/plugins/pager.py": text}) == []
    assert len(found({"app/models/user.py": MODEL, "app/plugins/pager.py": text})) == 1


def test_what_does_things_is_no_schema() -> None:
    text = """
    from fastapi import FastAPI
    from pydantic import BaseModel

    app = FastAPI()

    class Action(BaseModel):
        async def act(self) -> None: ...

    class Pause(Action):
        name: str

    class PlanResponse(BaseModel):
        actions: list[Pause]
    """
    assert found({"app/core/plan.py": text}) == ["Schema `PlanResponse` is defined outside of `schemas/`"]


def test_what_a_dependency_gives_is_no_body() -> None:
    text = """
    from fastapi import Depends, FastAPI
    from pydantic import BaseModel

    app = FastAPI()

    class Page(BaseModel):
        size: int

    class Query(BaseModel):
        text: str

    def get_page() -> Page: ...

    @app.get("/posts", response_model=list[str])
    async def get_posts(page: Page = Depends(get_page), query: Query = Depends()): ...
    """
    assert found({"app/core/page.py": text}) == ["Schema `Query` is defined outside of `schemas/`"]


def test_a_router_of_a_class_of_its_own() -> None:
    text = "from fastapi import APIRouter\n\nclass Own(APIRouter): ...\n\nrouter = Own()\nother = make()\n"
    assert found({"app/core/x.py": text}) == ["Router `router` is defined outside of `api/`"]
    elsewhere = {"app/api/own.py": text, "app/core/x.py": "from app.api.own import Own\n\nrouter = Own()\n"}
    assert found(elsewhere) == ["Router `router` is defined outside of `api/`"]


def test_settings() -> None:
    settings = Settings(conventions=Conventions(model_folders=("tables",)))
    assert found({"app/tables/user.py": MODEL}, settings) == []
    assert found({"app/models/user.py": MODEL}, settings) == ["Model `User` is defined outside of `tables/`"]
    assert found({"app/user.py": MODEL}, Settings(exempt={"FAPI103": ("User",)})) == []


def test_no_folders_are_no_convention() -> None:
    settings = Settings(conventions=Conventions(model_folders=()))
    assert found({"app/tables.py": MODEL}, settings) == []


@pytest.mark.parametrize(
    "annotation",
    [
        "Annotated[Body, fastapi.Body()]",
        "Optional[Body]",
        "list[Body] | None",
        "Annotated[list[Body], fastapi.Body(embed=True)]",
        '"Annotated[Body, fastapi.Body()]"',
        "Given",
    ],
)
def test_bodies_however_they_are_annotated(annotation: str) -> None:
    text = f"""
        from typing import Annotated, Optional
        import fastapi
        from pydantic import BaseModel

        app = fastapi.FastAPI()


        class Body(BaseModel):
            x: int


        Given = Annotated[Body, fastapi.Body()]


        @app.post("/x", response_model=None)
        async def x(body: {annotation}): ...
        """
    (found,) = findings({"app/main.py": text}, "FAPI103")
    assert found.message == "Schema `Body` is defined outside of `schemas/`"


def test_a_schema_inside_of_another_moves_with_it() -> None:
    text = SCHEMA.replace(
        "class Answer(BaseModel):\n    x: int",
        "class Answer(BaseModel):\n    class Item(BaseModel):\n        x: int\n\n    items: list[Item]",
    )
    found = findings({"app/main.py": text}, "FAPI103")
    assert [each.message.split("`")[1] for each in found] == ["Body", "Answer"]
