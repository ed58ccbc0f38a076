from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.project.project import Project
from fapi_lint.project.secrets import Secret
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI702", "hardcoded-config", preference="Configuration")
def hardcoded_config(secret: Secret, project: Project) -> Iterator[Finding]:
    """A secret, or an address with credentials, is written into the code.

    It is then in every clone and every backup of the repository, the same in all environments, and cannot be changed
    without a release. Declare a field of the settings without a default. Meant are keys in the form of a known
    service, addresses with a password, and literals that are given to a name like `SECRET_KEY` and look like a secret.
    Placeholders, `localhost` and what is only about secrets (`TOKEN_URL`, error codes, header names) are not.

    Bad:
        ```python app/core/security.py
        SECRET_KEY = "8f0a1c2b7d3e4f5a6b7c8d9e0f1a2b3c"
        ```

    Good:
        ```python app/core/security.py
        from app.core.config import settings

        SECRET_KEY = settings.SECRET_KEY
        ```
        ```python app/core/config.py
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            SECRET_KEY: str

            model_config = SettingsConfigDict(env_file=".env", case_sensitive=True)


        settings = Settings()
        ```

    Options:
        `conventions.secret-names`; `exempt`, with the name that the literal is given to.
    """
    messages = {
        "address": "An address with credentials is written into the code",
        "key": "A key is written into the code",
        "secret": f"{secret.label} is written into the code",
    }
    yield Finding(secret.place, messages[secret.kind], name=secret.name)
