from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings

RANDOM = "9f2c7be1d04a4e6f8b1c35d7a0e94f62"


def rows(text: str, path: str = "app/core/security.py") -> list[int]:
    return [f.row for f in findings({path: text}, "FAPI702")]


@pytest.mark.parametrize(
    "text",
    [
        f'SECRET_KEY = "{RANDOM}"\n',
        f'jwt_secret: str = "{RANDOM}"\n',
        f'settings.api_key = "{RANDOM}"\n',
        f'config["session_key"] = "{RANDOM}"\n',
        f'CONFIG = {{"password": "{RANDOM}"}}\n',
        f'connect(password="{RANDOM}")\n',
        f'SECRET_KEY = os.getenv("SECRET_KEY", "{RANDOM}")\n',
        f'SECRET_KEY: str = Field(default="{RANDOM}")\n',
        f'SECRET_KEY = os.environ.get("SECRET_KEY") or "{RANDOM}"\n',
        f'SECRET_KEY = "{RANDOM}" if DEBUG else settings.SECRET_KEY\n',
        f'def sign(secret="{RANDOM}"): ...\n',
        f'reset_password_token_secret = "{RANDOM}"\n',
        f'jwt.encode(payload, "{RANDOM}", algorithm="HS256")\n',
        f'jwt.decode(token, key="{RANDOM}")\n',
        f'ENCRYPTION_KEY = b"{RANDOM}"\n',
        f'headers = {{"X-API-Key": "{RANDOM}"}}\n',
        'headers = {"Authorization": "Bearer eyJhbGciOiJIUzI1Ni.eyJzdWIiOiIxMjM0.dozjgNryP4J3jVmN"}\n',
        'DB_PASSWORD = "Winter2024!"\n',
        'SECRET_KEY = "my-own-super-secret-thing"\n',
        'engine = create_engine("postgresql://app:Qm4tXv9rLz2w@db:5432/app")\n',
        'BROKER = "amqp://worker:x9Kp2mQ@mq.internal"\n',
        'X = "AKIAIOSFODNN7QWERTYU"\n',
        'X = "-----BEGIN RSA PRIVATE KEY-----\\nMIIE"\n',
        f'class Settings(BaseSettings):\n    SECRET_KEY: str = "{RANDOM}"\n',
    ],
)
def test_secrets(text: str) -> None:
    assert len(rows(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        'oauth2 = OAuth2PasswordBearer(tokenUrl="/api/v1/login/access-token")\n',
        'TOKEN_URL = "https://example.com/oauth/token2"\n',
        'RESET_PASSWORD_TOKEN_AUDIENCE = "fastapi-users:reset2"\n',
        'INVALID_PASSWORD = "invalid_password_1"\n',
        f'INVALID_SECRET = "{RANDOM}"\n',
        f'jwt.decode("{RANDOM}", settings.SECRET_KEY, audience="{RANDOM}")\n',
        f'ETAG = b"{RANDOM}"\n',
        'LOGIN_BAD_TOKEN = "LOGIN_BAD_TOKEN"\n',
        'ACCESS_TOKEN_COOKIE_NAME = "app.access_token.v1"\n',
        'API_KEY_HEADER = "X-Api-Key-V2"\n',
        'HEADER_KEY = "Authorization"\n',
        'username_and_password = "username-password"\n',
        'response.set_cookie(key="refresh_token")\n',
        'AMPLITUDE_API_KEY = "YOUR_AMPLITUDE_API_KEY_HERE_1"\n',
        'SECRET_KEY = "change-me-1234567890abcdef"\n',
        'ADMIN_PASSWORD = "!Ch4ng3Th1sP4ssW0rd!"\n',
        'SECRET = "SECRET"\n',
        'DB_PASSWORD = os.environ.get("DB_PASSWORD") or "Winter2024!"\n',
        'password = "password1"\n',
        'password_pattern = "^(?=.*[0-9])[a-z0-9]{8,}$"\n',
        f'CACHE_KEY = "{RANDOM}"\n',
        f'COMMIT = "{RANDOM}"\n',
        f'hashed_password = f"{{salt}}{RANDOM}"\n',
        'URL = "postgresql://postgres:postgres@db/app"\n',
        'URL = "postgresql://user:password@prod.db/app"\n',
        'URL = "postgresql://app:Qm4tXv9rLz2w@localhost/app"\n',
        'URL = f"postgresql://{user}:{password}@{host}/app"\n',
        'URL = "postgresql://%s:%s@%s/app"\n',
        'if url.startswith("postgresql+asyncpg://"): ...\n',
        '"""postgresql://app:Qm4tXv9rLz2w@db/app"""\n',
        f'x = Field(examples=["postgresql://app:Qm4tXv9rLz2w@db/app"], description="{RANDOM}")\n',
        'R = {200: {"examples": {"a": {"access_token": "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeK"}}}}\n',
        'class Settings(BaseSettings):\n    SECRET_KEY: str = "my-own-super-secret-thing"\n',
        'class Settings(BaseSettings):\n    DB_PASSWORD: str = "Winter2024!"\n',
        'DB_PASSWORD = os.getenv("DB_PASSWORD", "winter2024")\n',
        f'assert verify(token, "{RANDOM}")\n',
    ],
)
def test_look_alikes(text: str) -> None:
    assert rows(text) == []


@pytest.mark.parametrize("path", ["tests/test_a.py", "alembic/env.py", "scripts/seed.py"])
def test_only_in_the_application(path: str) -> None:
    assert rows(f'SECRET_KEY = "{RANDOM}"\n', path) == []


def test_the_row_of_the_literal() -> None:
    assert rows('URL = os.getenv(\n    "DATABASE_URL",\n    "postgresql://app:Qm4tXv9rLz2w@db/app",\n)\n') == [3]
    assert rows(f'SECRET_KEY = (\n    "{RANDOM}"\n)\n') == [2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'API_KEY = (\n    "{RANDOM}"\n    if DEBUG\n    else "{RANDOM[::-1]}"\n)\n', [2, 4]),
        (f'API_KEY = (\n    settings.API_KEY\n    or ("{RANDOM}" if A else\n    "{RANDOM[::-1]}")\n)\n', [3, 4]),
        (f'API_KEY = (\n    "{RANDOM}"\n    if DIGEST == "{RANDOM}{RANDOM}"\n    else settings.API_KEY\n)\n', [2]),
    ],
)
def test_each_branch_of_a_choice(text: str, expected: list[int]) -> None:
    assert rows(text) == expected


def test_inside_of_functions() -> None:
    assert rows(f'def f():\n    def g():\n        token = "{RANDOM}"\n        return token\n') == [3]


def test_names_of_a_team() -> None:
    settings = Settings(conventions=Conventions(secret_names=("license",)))
    files = {"app/core/security.py": f'VENDOR_LICENSE = "{RANDOM}"\nlicensed = "{RANDOM}"\n'}
    assert findings(files, "FAPI702") == []
    assert [found.row for found in findings(files, "FAPI702", settings=settings)] == [1]


def test_a_key_that_is_given_to_no_name() -> None:
    (found,) = findings({"app/core/security.py": f'import jwt\njwt.encode({{}}, "{RANDOM}")\n'}, "FAPI702")
    assert found.message == "The key of `jwt.encode()` is written into the code"
