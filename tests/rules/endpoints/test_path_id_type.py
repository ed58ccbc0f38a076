"""FAPI405: which path parameters are identifiers, and what changes with them."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

MODEL = """\
import uuid

from sqlalchemy import UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Device(Base):
    __tablename__ = "devices"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    code: Mapped[str]
"""
HEAD = """\
import uuid
from typing import Annotated, Union

from fastapi import APIRouter, Depends, Path

from app.models import Device

router = APIRouter(prefix="/devices")


"""


def application(routes: str) -> dict[str, str]:
    return {"app/models.py": MODEL, "app/api.py": HEAD + routes}


@pytest.mark.parametrize(
    ("routes", "message", "line"),
    [
        (
            '@router.get("/{device_id}")\ndef get_device(device_id: int, db):\n    return db.get(Device, device_id)\n',
            "Path parameter `device_id` is an `int`, but `Device.id` is a UUID",
            "def get_device(device_id: uuid.UUID, db):",
        ),
        (
            '@router.get("/{key}")\ndef get_device(key: str, db):\n    return db.get(Device, uuid.UUID(key))\n',
            "Path parameter `key` is a `str`, but `Device.id` is a UUID",
            "def get_device(key: uuid.UUID, db):\n    return db.get(Device, key)",
        ),
        (
            '@router.get("/{key}")\ndef get_device(key: str, db):\n'
            "    return db.query(Device).filter(Device.id == uuid.UUID(key or key)).first()\n",
            "Path parameter `key` is a `str`, but `Device.id` is a UUID",
            "def get_device(key: uuid.UUID, db):\n"
            "    return db.query(Device).filter(Device.id == (key or key)).first()",
        ),
        (
            '@router.get("/{device_id}")\ndef get_device(device_id: Annotated[int, Path(ge=1)]):\n    return {}\n',
            "Path parameter `device_id` is an `int`, but `Device.id` is a UUID",
            "def get_device(device_id: Annotated[uuid.UUID, Path()]):",
        ),
        (
            "def find(key: str | uuid.UUID, db):\n    return db.get(Device, uuid.UUID(str(key)))\n\n\n"
            '@router.get("/{device_id}")\ndef get_device(device_id: str, db):\n    return find(device_id, db)\n',
            "Path parameter `device_id` is a `str`, but `Device.id` is a UUID",
            "def find(key: uuid.UUID, db):",
        ),
        (
            "def find(key: Union[uuid.UUID, int, str, None], db):\n    return db.get(Device, key)\n\n\n"
            '@router.get("/{key}")\ndef get_device(key: str, db):\n    return find(key, db)\n',
            "Path parameter `key` is a `str`, but `Device.id` is a UUID",
            "def find(key: Union[uuid.UUID, None], db):",
        ),
        (
            '@router.get("/{id}")\ndef get_device(device_id: int = Path(alias="id")):\n    return {}\n',
            "Path parameter `device_id` is an `int`, but `Device.id` is a UUID",
            'def get_device(device_id: uuid.UUID = Path(alias="id")):',
        ),
        (
            "DeviceId = Annotated[int, Path(ge=1)]\n\n\n"
            '@router.get("/{device_id}")\ndef get_device(device_id: DeviceId):\n    return {}\n',
            "Path parameter `device_id` is an `int`, but `Device.id` is a UUID",
            "DeviceId = Annotated[uuid.UUID, Path()]",
        ),
        (
            "class Asked:\n    def __init__(self, device_id: int):\n        self.device_id = device_id\n\n\n"
            '@router.get("/{device_id}")\ndef get_device(asked: Annotated[Asked, Depends()]):\n    return {}\n',
            "Path parameter `device_id` is an `int`, but `Device.id` is a UUID",
            "def __init__(self, device_id: uuid.UUID):",
        ),
        (
            "def find(device_id: str, db):\n    return db.get(Device, device_id)\n\n\n"
            '@router.get("/{device_id}")\ndef get_device(device: Device = Depends(find)):\n    return device\n',
            "Path parameter `device_id` is a `str`, but `Device.id` is a UUID",
            "def find(device_id: uuid.UUID, db):",
        ),
    ],
)
def test_parameters(routes: str, message: str, line: str) -> None:
    (found,) = findings(application(routes), "FAPI405")
    assert found.message == message
    assert line in fixed(application(routes), "FAPI405", unsafe=True)["app/api.py"]


@pytest.mark.parametrize(
    "routes",
    [
        '@router.get("/{device_id}")\ndef get_device(device_id: uuid.UUID):\n    return {"id": device_id}\n',
        '@router.get("/{code}")\ndef get_device(code: str, db):\n    return db.query(Device).filter_by(code=code)\n',
        '@router.get("/{page}")\ndef get_devices(page: int, db):\n    return db.query(Device).offset(page).all()\n',
        '@router.get("/")\ndef get_device(device_id: str):\n    return {}\n',
    ],
)
def test_look_alikes_are_silent(routes: str) -> None:
    assert findings(application(routes), "FAPI405") == []


def test_a_converter_in_the_path_stays() -> None:
    routes = '@router.get("/{id:int}")\ndef get_device(device_id: int = Path(alias="id")):\n    return {}\n'
    (found,) = findings(application(routes), "FAPI405")
    assert found.fix is None


def test_what_is_done_to_text_stays() -> None:
    routes = (
        '@router.get("/{device_id}")\ndef get_device(device_id: str, db):\n'
        "    return db.get(Device, uuid.UUID(device_id.strip()))\n"
    )
    (found,) = findings(application(routes), "FAPI405")
    assert found.fix is None
    assert found.message.endswith(
        "(no fix: its values go where a UUID may not fit: `.strip`, which a UUID does not have, at app/api.py:13)"
    )


def test_an_import_in_the_function_goes_with_its_last_use() -> None:
    routes = (
        '@router.get("/{device_id}")\ndef get_device(device_id: str, db):\n'
        "    from uuid import UUID\n\n    return db.get(Device, UUID(device_id))\n"
    )
    files = application(routes)
    files["app/api.py"] = files["app/api.py"].replace("import uuid\n", "")
    text = fixed(files, "FAPI405", unsafe=True)["app/api.py"]
    assert text.count("from uuid import UUID\n") == 1
    assert text.endswith("def get_device(device_id: UUID, db):\n    return db.get(Device, device_id)\n")
