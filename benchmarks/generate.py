"""A FastAPI application of any size: resources that refer to each other across files, as real ones do.

python benchmarks/generate.py FOLDER LINES
"""

from __future__ import annotations

import sys
from pathlib import Path

MODEL = '''\
import uuid
from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.session import Base


class {Name}(Base):
    """One {name} of the shop."""

    __tablename__ = "{name}"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String, index=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
    parent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("{other}.id"))
    parent = relationship("{Other}", backref="{name}_children", foreign_keys=[parent_id])
'''

SCHEMA = """\
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.{other} import {Other}Base


class {Name}Base(BaseModel):
    title: str = Field(max_length=255)
    slug: str
    body: str


class {Name}Create({Name}Base):
    parent_id: UUID


class {Name}Update({Name}Base):
    title: str | None = None


class {Name}Read({Name}Base):
    id: UUID
    created_at: datetime
    parent: {Other}Base | None = None

    model_config = ConfigDict(from_attributes=True)
"""

SERVICE = """\
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from app.models.{name} import {Name}
from app.schemas.{name} import {Name}Create, {Name}Update


async def get_{name}_service(db: AsyncSession, {name}_id: UUID) -> {Name} | None:
    result = await db.execute(select({Name}).where({Name}.id == {name}_id))
    return result.scalar_one_or_none()


async def get_{name}s_service(db: AsyncSession, skip: int = 0, limit: int = 100) -> list[{Name}]:
    result = await db.execute(select({Name}).order_by({Name}.created_at).offset(skip).limit(limit))
    return list(result.scalars().all())


async def create_{name}_service(db: AsyncSession, data: {Name}Create) -> {Name}:
    {name} = {Name}(**data.model_dump())
    db.add({name})
    await db.commit()
    await db.refresh({name})
    return {name}


def find_{name}(db: Session, title: str) -> {Name} | None:
    query = db.query({Name}).filter({Name}.title == title)
    if title.startswith("draft"):
        query = query.filter({Name}.slug.isnot(None))
    return query.first()


async def update_{name}_service(db: AsyncSession, {name}: {Name}, data: {Name}Update) -> {Name}:
    for key, value in data.model_dump(exclude_unset=True).items():
        setattr({name}, key, value)
    await db.commit()
    await db.refresh({name})
    return {name}
"""

ENDPOINT = """\
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, status
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import get_db
from app.schemas.{name} import {Name}Create, {Name}Read, {Name}Update
from app.services import {name} as service

router = APIRouter(prefix="/{name}s", tags=["{name}s"])


@router.get("/{{{name}_id}}", response_model={Name}Read)
async def get_{name}({name}_id: UUID, db: AsyncSession = Depends(get_db)):
    {name} = await service.get_{name}_service(db, {name}_id)
    if {name} is None:
        raise HTTPException(status_code=404, detail="{Name} not found")
    return {name}


@router.get("", response_model=list[{Name}Read])
async def get_{name}s(skip: int = 0, limit: int = 100, db: AsyncSession = Depends(get_db)):
    return await service.get_{name}s_service(db, skip, limit)


@router.post("", response_model={Name}Read, status_code=status.HTTP_201_CREATED)
async def create_{name}(data: {Name}Create, db: AsyncSession = Depends(get_db)):
    return await service.create_{name}_service(db, data)


@router.put("/{{{name}_id}}")
async def update_{name}({name}_id: UUID, data: {Name}Update, db: AsyncSession = Depends(get_db)) -> {Name}Read:
    {name} = await service.get_{name}_service(db, {name}_id)
    if {name} is None:
        raise HTTPException(status_code=404, detail="{Name} not found")
    return {Name}Read.model_validate(await service.update_{name}_service(db, {name}, data))
"""

TEST = """\
import pytest
from httpx import AsyncClient


@pytest.mark.asyncio
async def test_create_{name}(client: AsyncClient):
    response = await client.post("/{name}s", json={{"title": "one", "slug": "one", "body": "text"}})
    assert response.status_code == 201
    assert response.json()["title"] == "one"


@pytest.mark.asyncio
async def test_get_{name}s(client: AsyncClient):
    response = await client.get("/{name}s")
    assert response.status_code == 200
    assert response.json() == []
"""

SESSION = """\
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

engine = create_async_engine("postgresql+psycopg://localhost/shop")
async_session_maker = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


async def get_db() -> AsyncIterator[AsyncSession]:
    async with async_session_maker() as session:
        yield session
"""

FOLDERS = {
    "app/models": MODEL,
    "app/schemas": SCHEMA,
    "app/services": SERVICE,
    "app/api/v1/endpoints": ENDPOINT,
    "tests": TEST,
}
PER_RESOURCE = sum(template.count("\n") for template in FOLDERS.values())


def generate(folder: Path, lines: int) -> int:
    """Write an application of about `lines` lines into `folder`; returns the number of lines written."""
    count = max(1, lines // PER_RESOURCE)
    names = [f"item{number}" for number in range(count)]
    written = 0

    def put(path: str, text: str) -> None:
        nonlocal written
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written += text.count("\n")

    put("pyproject.toml", '[project]\nname = "shop"\nversion = "1"\ndependencies = ["fastapi>=0.115", "pydantic>=2"]\n')
    for package in ("app", "app/api", "app/api/v1", "app/db", *FOLDERS):
        put(f"{package}/__init__.py", "")
    put("app/db/session.py", SESSION)
    put("app/db/base.py", "".join(f"from app.models.{n} import {n.title()}  # noqa: F401\n" for n in names[::2]))
    put(
        "app/main.py",
        "from fastapi import FastAPI\n\n"
        + "".join(f"from app.api.v1.endpoints import {n}\n" for n in names)
        + "\napp = FastAPI()\n"
        + "".join(f"app.include_router({n}.router)\n" for n in names),
    )
    for index, name in enumerate(names):
        # A chain of references that never runs in a circle.
        other = names[max(0, index - 1 - index % 7)]
        words = {"name": name, "Name": name.title(), "other": other, "Other": other.title()}
        for target, template in FOLDERS.items():
            text = template.format(**words)
            if name == other and target == "app/schemas":
                text = text.replace(f"from app.schemas.{name} import {name.title()}Base\n\n\n", "\n")
            put(f"{target}/{'test_' if target == 'tests' else ''}{name}.py", text)
    return written


if __name__ == "__main__":
    print(generate(Path(sys.argv[1]), int(sys.argv[2])), "lines")
