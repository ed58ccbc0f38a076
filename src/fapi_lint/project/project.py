"""The application: its modules linked, and everything that rules ask about, computed when asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

from fapi_lint.config.settings import Settings
from fapi_lint.config.tooling import Tooling
from fapi_lint.config.versions import Versions
from fapi_lint.project.asynchrony.closure import AsyncClosures
from fapi_lint.project.asynchrony.decorators import Decorators
from fapi_lint.project.asynchrony.needless_awaits import NeedlessAwait, needless_awaits
from fapi_lint.project.asynchrony.opened_sessions import OpenedSession, OpenedSessions
from fapi_lint.project.asynchrony.session_uses import DroppedCoroutine, QueryCall, SessionUse
from fapi_lint.project.asynchrony.sessions import Service, Sessions
from fapi_lint.project.config_class import ConfigClasses
from fapi_lint.project.constrained_types import ConstrainedType, constrained_types
from fapi_lint.project.cycles import Cycle, import_cycles
from fapi_lint.project.dependencies import Dependencies
from fapi_lint.project.descent import Descent
from fapi_lint.project.exceptions import ExceptionClass, Exceptions
from fapi_lint.project.factories import Factories
from fapi_lint.project.fixtures import Fixture, Fixtures
from fapi_lint.project.grouping import grouped
from fapi_lint.project.handlers import Handlers
from fapi_lint.project.hints import Hints
from fapi_lint.project.http import Http, HttpCall, StatusCode
from fapi_lint.project.identity.identifiers import Identifiers
from fapi_lint.project.identity.integer_keys import IntegerKey, integer_keys
from fapi_lint.project.identity.obstacles import Obstacles
from fapi_lint.project.imports import Imports
from fapi_lint.project.inference.types import Types
from fapi_lint.project.kept import kept
from fapi_lint.project.layout import Layout, Misplaced
from fapi_lint.project.loading import Loading
from fapi_lint.project.mapped import Column, Model, Relationship, Table
from fapi_lint.project.migrations import Migrations, Revision
from fapi_lint.project.model_attributes import ModelAttributes
from fapi_lint.project.models import Models
from fapi_lint.project.module import Module
from fapi_lint.project.module_names import ModuleNames
from fapi_lint.project.objects.lazy_loads import LazyLoads, Unloaded
from fapi_lint.project.objects.links import Links
from fapi_lint.project.objects.mapped_values import MappedValues
from fapi_lint.project.objects.orm_returns import OrmReturn, orm_returns
from fapi_lint.project.pairing import Pairings
from fapi_lint.project.purpose import Purposes
from fapi_lint.project.querying.queries import Queries
from fapi_lint.project.references import ReferenceIndex
from fapi_lint.project.registration import Registration
from fapi_lint.project.resolve import Resolver
from fapi_lint.project.resources import Resources
from fapi_lint.project.routers import Routers
from fapi_lint.project.routes import Route, Routes
from fapi_lint.project.schema_config import SchemaConfigs
from fapi_lint.project.schemas import Schema, SchemaField, Schemas
from fapi_lint.project.secrets import Secret, Secrets
from fapi_lint.project.settings_classes import EnvironmentRead, SettingsClass, SettingsClasses
from fapi_lint.project.string_fields import StringFields
from fapi_lint.project.symbols import Class, Function
from fapi_lint.project.test_files import TestFile, TestFiles
from fapi_lint.project.tests import AsyncTest, Tests
from fapi_lint.project.text_files import TextFile, TextFiles
from fapi_lint.project.timestamps import Timestamps


class Project:
    """All modules of an application. Everything derived is computed once, when first asked for."""

    def __init__(
        self,
        modules: Iterable[Module],
        *,
        root: str = "",
        settings: Settings | None = None,
        versions: Versions | None = None,
        tooling: Tooling | None = None,
        text_files: TextFiles | None = None,
        focus: Collection[str] | None = None,
        seen_from: str = "",
        timed: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`root` is the application's folder. `focus` are the paths of the files to judge, None for all of them.
        `seen_from` is the folder that messages show paths relative to, in place of the root.
        `timed` is given a name, and entered, for what takes long to know and several rules ask for.

        Where only some are judged, subjects in other files may be missing; everything else is known of all.
        """
        self.root = root
        self.focus = focus
        self.modules: list[Module] = sorted(modules, key=lambda module: module.path)
        self.settings = settings or Settings()
        self.versions = versions or Versions()
        self.tooling = tooling or Tooling()
        self.text_files = text_files or TextFiles()
        self.resolver = Resolver(self.modules, [root] if root else ())
        self.seen_from = seen_from or root
        self.timed = timed
        for module in self.modules:
            module.shown = module.path.removeprefix(os.path.join(self.seen_from, "")).replace(os.sep, "/")
        self.descent = Descent()

    def with_modules(self, modules: Iterable[Module], text_files: TextFiles | None = None) -> Project:
        """The same application with these modules in place of its own, and these text files if given."""
        return Project(
            modules,
            root=self.root,
            settings=self.settings,
            versions=self.versions,
            tooling=self.tooling,
            text_files=text_files or self.text_files,
            focus=self.focus,
            seen_from=self.seen_from,
            timed=self.timed,
        )

    def is_judged(self, module: Module) -> bool:
        """Whether findings in a file are asked for."""
        return self.focus is None or module.path in self.focus

    @cached_property
    def judged(self) -> list[Module]:
        """The files that findings are asked for."""
        return [module for module in self.modules if self.is_judged(module)]

    def forget(self) -> None:
        """Let go of everything derived; it is computed again when asked for."""
        for name in [name for name in vars(self) if isinstance(getattr(type(self), name, None), cached_property)]:
            del self.__dict__[name]
        for module in self.modules:
            module.__dict__.pop("scope", None)
        self.resolver = Resolver(self.modules, [self.root] if self.root else ())

    def file(self, path: str) -> Module | TextFile:
        """The module or text file at a path."""
        return self.by_path.get(path) or self.text_files.by_path[path]

    @kept
    def says(self, word: str) -> bool:
        """Whether any file has a text in it, as a part of something else too."""
        return any(word in module.text for module in self.modules)

    @cached_property
    def by_path(self) -> dict[str, Module]:
        return self.resolver.by_path

    @cached_property
    def classes(self) -> list[Class]:
        """Every class that is not inside a function."""
        return [class_ for module in self.modules for class_ in module.scope.all_classes()]

    @cached_property
    def functions(self) -> list[Function]:
        """Every function and method that is not inside a function."""
        return [function for module in self.modules for function in module.scope.all_functions()]

    @cached_property
    def methods(self) -> dict[str, list[Function]]:
        """The methods by their names."""
        return grouped((function.name, function) for function in self.functions if function.is_method)

    @cached_property
    def async_closures(self) -> AsyncClosures:
        """What becomes asynchronous together."""
        with self.timed("sessions"):
            return AsyncClosures(self)

    purposes = cached_property(Purposes)
    """Which files are the application, and which its tests, migrations and scripts."""
    layout = cached_property(Layout)
    """Where things are, and where they belong."""
    module_names = cached_property(ModuleNames)
    references = cached_property(ReferenceIndex)
    """Where classes and functions are referred to."""
    imports = cached_property(Imports)
    """Which modules importing a module loads."""
    registration = cached_property(Registration)
    """Who loads the models when migrations are generated."""
    models = cached_property(Models)
    model_attributes = cached_property(ModelAttributes)
    """Which mapped classes are meant by what is no name of a class: `self.model`."""
    pairings = cached_property(Pairings)
    """How models are joined, and which relationships are two sides of one thing."""
    timestamps = cached_property(Timestamps)
    """Which models say when their rows were made and changed."""
    loading = cached_property(Loading)
    """Which modules are loaded when."""
    identifiers = cached_property(Identifiers)
    """The keys of models, and what holds their values."""
    obstacles = cached_property(Obstacles)
    """Why identifiers cannot be UUIDs."""
    schemas = cached_property(Schemas)
    schema_configs = cached_property(SchemaConfigs)
    """What schemas are configured with."""
    config_classes = cached_property(ConfigClasses)
    """Who refers to the `class Config` of a schema."""
    string_fields = cached_property(StringFields)
    """Which fields take strings of any length."""
    routers = cached_property(Routers)
    routes = cached_property(Routes)
    handlers = cached_property(Handlers)
    """What the handlers of CRUD routes do."""
    http = cached_property(Http)
    types = cached_property(Types)
    """What the values of expressions are."""
    sessions = cached_property(Sessions)
    mapped_values = cached_property(MappedValues)
    """Which expressions are mapped objects."""
    links = cached_property(Links)
    """What mapped classes lead to, and when it is loaded."""
    lazy_loads = cached_property(LazyLoads)
    """Which relationships are read without having been loaded."""
    queries = cached_property(Queries)
    """What becomes of every `session.query(…)`."""
    decorators = cached_property(Decorators)
    """What decorators of the application put in place of functions."""
    opened_sessions = cached_property(OpenedSessions)
    """The sessions that route handlers open themselves."""
    hints = cached_property(Hints)
    """Which functions need type hints, and which are evident."""
    resources = cached_property(Resources)
    """What schemas are named after."""
    dependencies = cached_property(Dependencies)
    """What FastAPI calls to get a parameter's value."""
    exceptions = cached_property(Exceptions)
    settings_classes = cached_property(SettingsClasses)
    secrets = cached_property(Secrets)
    """The secrets that are written into the code."""
    tests = cached_property(Tests)
    fixtures = cached_property(Fixtures)
    factories = cached_property(Factories)
    """What makes objects for tests."""
    test_files = cached_property(TestFiles)
    migrations = cached_property(Migrations)

    @staticmethod
    def has_subject(kind: object) -> bool:
        """Whether `subjects` knows this kind of thing."""
        return isinstance(kind, type) and kind in _SUBJECTS

    @staticmethod
    def subject_kinds() -> list[type]:
        """Everything that rules may be about."""
        return list(_SUBJECTS)

    def subjects(self, kind: type) -> Sequence[Any]:
        """Everything of one kind, in file and source order: what the engine feeds a rule with."""
        return _SUBJECTS[kind](self)


_SUBJECTS: dict[type, Callable[[Project], Sequence[Any]]] = {
    Project: lambda project: [project],
    Module: lambda project: project.modules,
    Cycle: lambda project: [c for c in import_cycles(project) if any(map(project.is_judged, c.modules))],
    Class: lambda project: project.classes,
    Function: lambda project: project.functions,
    Model: lambda project: project.models.all,
    Column: lambda project: project.models.columns,
    IntegerKey: integer_keys,
    Relationship: lambda project: project.models.relationships,
    Table: lambda project: project.models.tables,
    Schema: lambda project: project.schemas.all,
    SchemaField: lambda project: project.schemas.fields,
    ConstrainedType: constrained_types,
    Route: lambda project: project.routes.all,
    HttpCall: lambda project: project.http.calls,
    StatusCode: lambda project: project.http.status_codes,
    SessionUse: lambda project: project.sessions.uses,
    QueryCall: lambda project: project.sessions.judged_queries,
    OpenedSession: lambda project: project.opened_sessions.all,
    DroppedCoroutine: lambda project: project.sessions.dropped,
    Service: lambda project: project.sessions.services,
    NeedlessAwait: needless_awaits,
    OrmReturn: orm_returns,
    Unloaded: lambda project: project.lazy_loads.unloaded,
    ExceptionClass: lambda project: project.exceptions.all,
    SettingsClass: lambda project: project.settings_classes.all,
    EnvironmentRead: lambda project: project.settings_classes.environment_reads,
    Secret: lambda project: project.secrets.all,
    AsyncTest: lambda project: project.tests.async_tests,
    Fixture: lambda project: project.fixtures.all,
    Misplaced: lambda project: project.layout.misplaced,
    TestFile: lambda project: project.test_files.astray,
    Revision: lambda project: project.migrations.revisions,
}
