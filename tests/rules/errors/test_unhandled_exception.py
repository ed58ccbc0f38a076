from __future__ import annotations

import textwrap

import pytest

from fapi_lint.testing import findings

MAIN = "from fastapi import FastAPI\napp = FastAPI()\n"
EXCEPTIONS = """
    class AppException(Exception): ...
    class NotFoundException(AppException): ...
"""
SERVICE = """
    from app.core.exceptions import NotFoundException

    def get():
        raise NotFoundException("x")
"""


def found(main: str = MAIN, *, service: str = SERVICE, exceptions: str = EXCEPTIONS, **more: str) -> list[int]:
    files = {
        "app/core/exceptions.py": exceptions,
        "app/services/a.py": service,
        "app/main.py": textwrap.dedent(main),
        **{f"app/{name}.py": text for name, text in more.items()},
    }
    return [f.row for f in findings(files, "FAPI602")]


def test_raised_and_nothing_else() -> None:
    assert found() == [3]


@pytest.mark.parametrize(
    "raising",
    [
        "raise NotFoundException",
        "raise exceptions.NotFoundException() from None",
        "error = NotFoundException()\n    raise error",
        "raise NotFoundException() if known else KeyError()",
        "raise MISSING\n\nMISSING = NotFoundException()",
    ],
)
def test_ways_to_raise(raising: str) -> None:
    head = "from app.core import exceptions\nfrom app.core.exceptions import NotFoundException\n"
    service = f"{head}\ndef get():\n    {raising}\n"
    assert found(service=service) == [3]


@pytest.mark.parametrize(
    "main",
    [
        "@app.exception_handler(NotFoundException)\nasync def handle(request, exc): ...\n",
        "@app.exception_handler(AppException)\nasync def handle(request, exc): ...\n",
        "app.add_exception_handler(NotFoundException, handle)\n",
        "app.exception_handlers[NotFoundException] = handle\n",
        "for e in (NotFoundException, ValueError):\n    app.add_exception_handler(e, handle)\n",
        "app = FastAPI(exception_handlers={NotFoundException: handle})\n",
        "handlers = {AppException: handle}\napp = FastAPI(exception_handlers=handlers)\n",
        "register(app, NotFoundException, 404)\n",
        "@app.exception_handler(Exception)\nasync def handle(request, exc): ...\n",
        "@app.exception_handler(500)\nasync def handle(request, exc): ...\n",
        "app.add_exception_handler(status.HTTP_500_INTERNAL_SERVER_ERROR, handle)\n",
        "for each in AppException.__subclasses__():\n    app.add_exception_handler(each, handle)\n",
        "app.add_exception_handler(exc_class_or_status_code=Exception, handler=handle)\n",
        'kwargs = {"exception_handlers": {Exception: handle}}\napp = FastAPI(**kwargs)\n',
        "try:\n    get()\nexcept NotFoundException:\n    pass\n",
        "try:\n    get()\nexcept (KeyError, AppException) as e:\n    pass\n",
        "with suppress(NotFoundException):\n    get()\n",
        "from app.core.exceptions import NotFoundException as Missing\ntry:\n    get()\nexcept Missing:\n    pass\n",
        "Missing = NotFoundException\ntry:\n    get()\nexcept Missing:\n    pass\n",
        "async def middle(request, call_next):\n    try:\n        return await call_next(request)\n"
        "    except Exception:\n        return JSONResponse({}, 500)\n",
    ],
)
def test_handlers_and_catchers(main: str) -> None:
    head = "from app.core.exceptions import AppException, NotFoundException\n"
    assert found(MAIN + head + main) == []


def test_another_exception_of_the_name_is_caught() -> None:
    # Its `as e` is no other name of the class.
    main = "from app.other import NotFoundException\ntry:\n    get()\nexcept NotFoundException as e:\n    log(e)\n"
    assert found(MAIN + main, other="class NotFoundException(Exception): ...\n") == [3]


def test_a_middleware_that_raises_again_catches_nothing() -> None:
    main = """
        async def middle(request, call_next):
            try:
                return await call_next(request)
            except Exception:
                log()
                raise
    """
    assert found(MAIN + textwrap.dedent(main)) == [3]


def test_the_package_of_a_foreign_base_may_bring_a_handler() -> None:
    exceptions = "from company.errors import ServiceError\nclass NotFoundException(ServiceError): ...\n"
    assert found(exceptions=exceptions) == [2]
    assert found(f"from company.errors import install\n{MAIN}install(app)\n", exceptions=exceptions) == []


@pytest.mark.parametrize(
    "exceptions",
    [
        "from fastapi import HTTPException\nclass NotFoundException(HTTPException): ...\n",
        "import click\nclass NotFoundException(click.ClickException): ...\n",
        "from fastapi import HTTPException\nclass NotFoundException(Exception):\n"
        "    def __init__(self, what):\n        raise HTTPException(404, what)\n",
        "class NotFoundException(Exception): ...\n\ndef use():\n    try: ...\n    except NotFoundException: ...\n",
    ],
)
def test_exceptions_that_need_no_handler(exceptions: str) -> None:
    assert found(exceptions=exceptions) == []


def test_caught_where_it_is_raised() -> None:
    service = """
        from app.core.exceptions import NotFoundException

        def get():
            try:
                raise NotFoundException("x")
            except Exception:
                return None
    """
    assert found(service=service) == []


def test_caught_by_a_foreign_base() -> None:
    exceptions = "class NotFoundException(LookupError): ...\n"
    assert found(exceptions=exceptions) == [1]
    assert found(exceptions=exceptions, other="try:\n    get()\nexcept (LookupError, OSError):\n    pass\n") == []


def test_never_raised_and_only_a_base_of_what_is() -> None:
    assert found(service="from app.core.exceptions import NotFoundException\n") == []


def test_a_library_without_an_application() -> None:
    assert found("x = 1\n") == []


def test_what_tests_catch_is_not_caught() -> None:
    files = {
        "app/core/exceptions.py": EXCEPTIONS,
        "app/services/a.py": SERVICE,
        "app/main.py": MAIN,
        "tests/test_a.py": """
            import pytest
            from app.core.exceptions import NotFoundException

            def test_a():
                with pytest.raises(NotFoundException):
                    get()
        """,
    }
    assert [f.at for f in findings(files, "FAPI602")] == [("app/core/exceptions.py", 3)]


STARTING = """
    from app.core.exceptions import NotFoundException

    class Task:
        def schedule(self):
            if not self.enabled:
                raise NotFoundException("x")

        def init(self):
            return self.schedule()

    async def start():
        task.init()
"""


@pytest.mark.parametrize(
    ("use", "rows"),
    [
        ("asyncio.run(start())", []),
        ("if __name__ == '__main__':\n    asyncio.run(start())", []),
        ("def again():\n    again()\n    start()\n\nagain()", []),
        ("class Tasks:\n    def __init__(self, task):\n        self.init = task.init\n\nasyncio.run(start())", []),
        ("def get_router():\n    start()\n    return APIRouter()", []),
        ("@app.on_event('startup')\nasync def up():\n    await start()", []),
        ("@celery.task(bind=True)\ndef work(self):\n    start()\n\ndef later():\n    work.delay()", []),
        ("@celery.task\ndef work():\n    start()\n\ndef later():\n    work()", [3]),
        ("async def lifespan(app):\n    await start()\n    yield\n\nother = FastAPI(lifespan=lifespan)", []),
        ("other = FastAPI(on_startup=[start])", []),
        ("@app.get('/')\nasync def handle(tasks: BackgroundTasks):\n    tasks.add_task(start, 1)", []),
        ("def later():\n    return Thread(target=start)", []),
        ("async def later():\n    asyncio.create_task(start())", []),
        ("async def later():\n    await asyncio.create_task(start())", [3]),
        (
            "class Pool:\n    async def __aenter__(self):\n        start()\n\n"
            "async def go(app):\n    async with Pool():\n        yield\n\nother = FastAPI(lifespan=go)",
            [],
        ),
        (
            "class Pool:\n    async def __aenter__(self):\n        start()\n\nasync def go():\n    async with Pool():\n"
            "        pass",
            [3],
        ),
        ("class Pool:\n    def __enter__(self):\n        start()\n\npool = Pool()", [3]),
        ("", [3]),
        ("class Other:\n    def init(self):\n        self.inner.init()", [3]),
        ("def later():\n    start()", [3]),
        ("@app.get('/')\nasync def handle():\n    await start()\n\nhandle()", [3]),
        ("@app.get('/')\nasync def handle():\n    task.schedule()\n\nasyncio.run(start())", [3]),
        ("def get_task():\n    start()\n\nx = Depends(get_task)\nget_task()", [3]),
        ("register(start)\nstart()", [3]),
        ("@app.middleware('http')\nasync def go(request, call_next):\n    start()\n\ngo()", [3]),
    ],
)
def test_what_is_raised_at_the_start_reaches_no_client(use: str, rows: list[int]) -> None:
    head = f"import asyncio\nfrom fastapi import Depends\nfrom app.services.a import start, task\n{MAIN}"
    assert found(f"{head}\n{use}\n", service=STARTING) == rows


def test_pydantic_answers_what_validators_raise() -> None:
    schema = """
        from pydantic import BaseModel, field_validator
        from app.core.exceptions import NotFoundException

        class User(BaseModel):
            name: str

            @field_validator("name")
            @classmethod
            def check(cls, name: str) -> str:
                raise NotFoundException(name)
    """
    invalid = EXCEPTIONS.replace("AppException(Exception)", "AppException(ValueError)")
    assert found(service=schema, exceptions=invalid) == []
    assert found(service=schema) == [3]


def test_handlers_registered_in_a_module_called_setup() -> None:
    setup = (
        "from app.core.exceptions import NotFoundException\ndef up(app): app.exception_handler(NotFoundException)(h)\n"
    )
    assert found("from app.setup import up\n" + MAIN, setup=setup) == []
