"""The only place for what every test shares: the cast, cheap passwords, a database for browsers, forbidden skips."""

import base64
import gc
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

# The pages of a test leave no rings behind worth looking for every 700 objects: it cost an eighth of the whole run
gc.set_threshold(100_000, 50, 1000)

ID_KEY = "1:" + base64.b64encode(bytes(range(32))).decode()
NO_SKIPS = os.environ.get("PORTAL_NO_SKIPS") == "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent / "e2e"
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Generator[None, Any, Any]:
    """Where everything is installed (`.ci/run`), a test that skips itself has failed."""
    report = yield
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: 不允许跳过（PORTAL_NO_SKIPS=1）：{reason}"
    return report


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Any) -> None:
    """The real hasher takes a quarter of a second for each password."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest,
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Tests with threads, as of a browser's server, need a file on SQLite: each thread with a connection of its own."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    marked = {mark.name for item in request.session.items for mark in item.iter_markers()}
    if database["ENGINE"].endswith("sqlite3") and marked & {"e2e", "soak"}:
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def _own_key(settings: Any) -> None:
    """Tests neither use nor make the key of this machine."""
    settings.ID_KEY = ID_KEY


@pytest.fixture(scope="session")
def _files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for the whole run: rows that factories.again puts back find their files where the first run left them."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(autouse=True)
def _own_files(settings: Any, _files: Path) -> None:
    """Tests leave no attachments on this machine."""
    settings.FILES_DIR = _files


# The cast: always the same two parks and the same people. Factories load here, when Django is ready.


@pytest.fixture
def world(db: None) -> Any:
    """甲园 (``world.jia``) and 乙园 (``world.yi``), each with one of everything."""
    from tests.factories import again, make_world

    return again(make_world)


@pytest.fixture
def officer(world: Any) -> Any:
    """党务干事 of 甲园: enters records there."""
    return _person("officer", "甲河干事", world.jia.park, "officer", park=world.jia.park)


@pytest.fixture
def leader(world: Any) -> Any:
    """园区领导 of 甲园: reads."""
    return _person("leader", "甲河领导", world.jia.park, "leader", park=world.jia.park)


@pytest.fixture
def superior(world: Any) -> Any:
    """上级部门 over the city in which 甲园 lies: reads."""
    return _person("superior", "上级部门", None, "superior", region="1506")


@pytest.fixture
def administrator(world: Any) -> Any:
    """系统管理员 over the nation."""
    return _person("administrator", "全国管理员", None, "administrator")


@pytest.fixture
def park_administrator(world: Any) -> Any:
    """系统管理员 of 甲园 alone."""
    return _person("park-administrator", "甲河管理员", world.jia.park, "administrator", park=world.jia.park)


@pytest.fixture
def stranger(world: Any) -> Any:
    """党务干事 of 乙园."""
    return _person("stranger", "乙庄干事", world.yi.park, "officer", park=world.yi.park)


@pytest.fixture
def nobody(world: Any) -> Any:
    """An account without any grant."""
    from tests.factories import make_user

    return make_user("nobody", display_name="无授权", home_park=world.jia.park)


@pytest.fixture
def sign_in() -> Callable[[Any], Client]:
    """``sign_in(officer)``: a client of theirs; ``sign_in(None)``: an anonymous one."""

    def client_of(user: Any) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return client_of


def _person(username: str, name: str, home: Any, role: str, **reach: Any) -> Any:
    from orgs.models import Role
    from tests.factories import grant, make_user

    user = make_user(username, display_name=name, home_park=home)
    grant(user, Role(role), **reach)
    return user
