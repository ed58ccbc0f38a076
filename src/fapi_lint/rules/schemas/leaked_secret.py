from __future__ import annotations

import re
from collections.abc import Iterator

from fapi_lint.outline import nodes as o
from fapi_lint.project.column_types import python_type
from fapi_lint.project.project import Project
from fapi_lint.project.schemas import Schema, SchemaField
from fapi_lint.project.symbols import External
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place

_SECRET = re.compile(
    r"(?:\w+_)?(?:password|passwd|passphrase|pwd)(?:_hash|_digest|_salt)?"
    r"|(?:\w+_)?secret|(?:\w+_)?(?:secret|private)_key"
)
_TOKEN = re.compile(r"token|(?:\w+_)?(?:api|auth|confirmation|invitation|remember|reset|session|verification)_token")
_ISSUES_TOKENS = re.compile(r"Token|Login|Regist|Sign[Uu]p|Session|Auth|Credential|Invit|ApiKey|APIKey")
"""Names of schemas whose purpose is to hand a token out."""
_TEXTS = (External("builtins.str"), External("builtins.bytes"))


@rule("FAPI305", "leaked-secret", preference="Pydantic Schemas", default=False)
def leaked_secret(project: Project, _: Project) -> Iterator[Finding]:
    """A response schema has a field for a password or another secret.

    A hash of a password is a secret too. The field usually comes along from a base class that the
    schemas for requests share, or because the schema of the database is used as `response_model`. Reported are
    strings called `password`, `hashed_password`, `secret`, `private_key`, `reset_token` and the like, own and
    inherited ones, once per field. `SecretStr`, which hides itself, `Field(exclude=True)`, access and refresh tokens
    and schemas that are there to hand out a token are not.

    Bad:
        ```python app/schemas/user.py
        import uuid

        from pydantic import BaseModel, ConfigDict, Field


        class UserBase(BaseModel):
            email: str = Field(max_length=255)
            password: str = Field(min_length=8, max_length=128)


        class UserCreate(UserBase):
            pass


        class UserResponse(UserBase):
            id: uuid.UUID

            model_config = ConfigDict(from_attributes=True)
        ```

    Good:
        ```python app/schemas/user.py
        import uuid

        from pydantic import BaseModel, ConfigDict, Field


        class UserBase(BaseModel):
            email: str = Field(max_length=255)


        class UserCreate(UserBase):
            password: str = Field(min_length=8, max_length=128)


        class UserResponse(UserBase):
            id: uuid.UUID

            model_config = ConfigDict(from_attributes=True)
        ```

    Options:
        `conventions.secret-names`, `conventions.schema-suffixes`, `conventions.schema-synonyms`, `exempt`
    """
    reported: set[Place] = set()
    for schema in sorted(project.schemas.responses, key=lambda schema: (schema.module.path, schema.place.start)):
        for field in schema.fields.values():
            name = f"{schema.name}.{field.name}"
            if field.place in reported or not project.purposes.is_application(field.module):
                continue
            if _leaks(schema, field) and not project.settings.is_exempt("FAPI305", name):
                reported.add(field.place)
                origin = "" if field.owner is schema.class_ else f", which it inherits from `{field.owner.name}`"
                why = project.schemas.use_of(schema)
                yield Finding(field.place, f"`{schema.name}` ({why}) shows `{field.name}` to clients{origin}")


def _leaks(schema: Schema, field: SchemaField) -> bool:
    is_token = _TOKEN.fullmatch(field.name) is not None and _ISSUES_TOKENS.search(schema.name) is None
    is_secret = _SECRET.fullmatch(field.name) is not None or field.project.secrets.is_own_name(field.name)
    if not is_token and not is_secret:
        return False
    if python_type(field.project, field.scope, field.annotation) not in _TEXTS:
        return False
    excluded = field.argument("exclude")
    return excluded is None or not (isinstance(excluded.expr, o.Name) and excluded.expr.id == "True")
