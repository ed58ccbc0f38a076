"""FAPI306: which fields hold identifiers, and what changes with them."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

MODEL = """\
import uuid

from sqlalchemy import UUID, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Device(Base):
    __tablename__ = "devices"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    number: Mapped[int]


class Reading(Base):
    __tablename__ = "readings"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    source: Mapped[uuid.UUID] = mapped_column(ForeignKey("devices.id"))
"""


def application(schemas: str, service: str = "") -> dict[str, str]:
    head = "from pydantic import BaseModel\n\n\n"
    imports = "from app import schemas\nfrom app.models import Device, Reading\n\n\n"
    return {"app/models.py": MODEL, "app/schemas.py": head + schemas, "app/service.py": imports + service}


@pytest.mark.parametrize(
    ("schema", "field", "model"),
    [
        ("class DeviceResponse(BaseModel):\n    id: int\n", "id", "Device.id"),
        ("class DeviceInDBBase(BaseModel):\n    id: int\n", "id", "Device.id"),
        ("class Device(BaseModel):\n    id: int | None = None\n", "id", "Device.id"),
        ("class ReadingCreate(BaseModel):\n    source: int\n    device_id: int\n", "device_id", "Device.id"),
        ("class Order(BaseModel):\n    device_ids: list[int]\n", "device_ids", "Device.id"),
    ],
)
def test_fields_by_name(schema: str, field: str, model: str) -> None:
    (found,) = findings(application(schema), "FAPI306")
    what = "holds integers" if "list[" in schema else "is an integer"
    assert found.message == f"`{field}` {what}, but `{model}` is a UUID"
    assert found.fix is not None


def test_a_schema_that_routes_of_the_model_answer_with() -> None:
    text = "class DeviceDetail(BaseModel):\n    id: int\n"
    route = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/devices/{device_id}', response_model={model})\n"
    for model, count in (("schemas.DeviceDetail", 1), ("str", 0)):
        files = application(text, route.replace("{model}", model) + "def device(device_id: str): ...\n")
        assert len(findings(files, "FAPI306")) == count


def test_fields_by_what_fills_them() -> None:
    schema = "class Line(BaseModel):\n    about: int\n    number: int\n"
    service = "def line(device: Device):\n    return schemas.Line(about=device.id, number=device.number)\n"
    (found,) = findings(application(schema, service), "FAPI306")
    assert found.message == "`about` is an integer, but `Device.id` is a UUID"
    after = fixed(application(schema, service), "FAPI306", unsafe=True)
    assert after["app/schemas.py"].endswith("    about: UUID\n    number: int\n")


def test_what_else_holds_them_changes_too() -> None:
    schema = "class DeviceUpdate(BaseModel):\n    device_id: int\n"
    service = (
        "def find(db, number: int):\n    return db.get(Device, number)\n\n\n"
        "def update(db, data: schemas.DeviceUpdate):\n    return find(db, data.device_id)\n"
    )
    after = fixed(application(schema, service), "FAPI306", unsafe=True)
    assert "def find(db, number: UUID):" in after["app/service.py"]


@pytest.mark.parametrize(
    "schema",
    [
        "class DeviceResponse(BaseModel):\n    number: int\n",
        "class Account(BaseModel):\n    id: int\n",
        "class DeviceResponse(BaseModel):\n    external_id: int\n",
        "import uuid\n\n\nclass DeviceResponse(BaseModel):\n    id: uuid.UUID\n",
    ],
)
def test_look_alikes_are_silent(schema: str) -> None:
    assert findings(application(schema), "FAPI306") == []


def test_what_counts_on_a_number_stays() -> None:
    schema = "class DeviceUpdate(BaseModel):\n    device_id: int\n"
    service = "def following(data: schemas.DeviceUpdate):\n    return data.device_id + 1\n"
    (found,) = findings(application(schema, service), "FAPI306")
    assert found.fix is None
    assert found.message.endswith("(no fix: its values go where a UUID may not fit: a calculation at app/service.py:6)")


def test_what_holds_other_things_too_is_silent() -> None:
    schema = "class Line(BaseModel):\n    about: int\n"
    service = (
        "def lines(device: Device):\n    return [schemas.Line(about=device.id), schemas.Line(about=device.number)]\n"
    )
    assert findings(application(schema, service), "FAPI306") == []
