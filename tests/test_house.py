"""The house: settings, headers, public views, lock files, import contracts, the one writer, installation."""

import ast
import gzip
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.utils import ConnectionHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse

from orgs import journal
from orgs.models import Change, Grant, Park, User
from orgs.scoping import Reach, Role
from portal import middleware
from portal.settings import database, sqlite
from tests.factories import World, grant, make_user

pytestmark = pytest.mark.crawl

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("orgs", "activities", "metrics", "portal")


# Settings

ID_KEY = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
KEY = "k3y-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP"
PRODUCTION = {
    "PORTAL_PRODUCTION": "1",
    "PORTAL_SECRET_KEY": KEY,
    "PORTAL_ID_KEY": ID_KEY,
    "PORTAL_HOSTS": "dangjian.example, 10.1.2.3",
    "PORTAL_HTTPS": "1",
}


def load_settings(tmp_path: Path, ask: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PORTAL_", "DATABASE_"))}
    return subprocess.run(
        [sys.executable, "-c", f"from portal import settings as s; print({ask or 'None'})"],
        cwd=ROOT,
        env={**clean, "PORTAL_VAR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PORTAL_PRODUCTION": "yes"}, "PORTAL_PRODUCTION"),
        ({"PORTAL_DEBUG": "true"}, "PORTAL_DEBUG"),
        ({"PORTAL_SESSION_HOURS": "0"}, "PORTAL_SESSION_HOURS"),
        ({"PORTAL_SESSION_HOURS": "half a day"}, "PORTAL_SESSION_HOURS"),
        ({"PORTAL_SECRET_KEY": "short"}, "PORTAL_SECRET_KEY"),
        ({"PORTAL_SECRET_KEY": "a" * 60}, "PORTAL_SECRET_KEY"),
        ({"PORTAL_HOSTS": "*"}, "PORTAL_HOSTS"),
        ({"PORTAL_HOSTS": "https://dangjian.example"}, "PORTAL_HOSTS"),
        ({"PORTAL_HOSTS": "dangjian.example:8000"}, "PORTAL_HOSTS"),
        ({"DATABASE_URL": "mysql://u:p@h/n"}, "DATABASE_URL"),
        ({**PRODUCTION, "PORTAL_SECRET_KEY": ""}, "PORTAL_SECRET_KEY"),
        ({**PRODUCTION, "PORTAL_HOSTS": " "}, "PORTAL_HOSTS"),
        ({**PRODUCTION, "PORTAL_ID_KEY": ""}, "manage.py idnumbers key"),
        ({"PORTAL_ID_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}, "PORTAL_ID_KEY"),
        ({"PORTAL_ID_KEY": "1:AAEC"}, "PORTAL_ID_KEY"),
        ({"PORTAL_ID_KEY": f"{ID_KEY},{ID_KEY}"}, "PORTAL_ID_KEY"),
        ({"PORTAL_ID_KEY": "0:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}, "PORTAL_ID_KEY"),
        ({**PRODUCTION, "PORTAL_HTTPS": ""}, "PORTAL_HTTPS"),
        ({**PRODUCTION, "PORTAL_HTTPS": "on"}, "PORTAL_HTTPS"),
        ({**PRODUCTION, "PORTAL_DEBUG": "1"}, "PORTAL_DEBUG"),
    ],
)
def test_settings_refuse_nonsense_and_name_the_variable(
    environment: dict[str, str], named: str, tmp_path: Path
) -> None:
    run = load_settings(tmp_path, **environment)
    assert run.returncode != 0
    assert "ImproperlyConfigured" in run.stderr
    assert named in run.stderr.splitlines()[-1]


def test_production_with_everything_said_is_safe(tmp_path: Path) -> None:
    safe = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0"
    ask = f"s.DEBUG, s.ALLOWED_HOSTS, {safe}"
    run = load_settings(tmp_path, ask, **PRODUCTION)
    assert run.stdout.strip() == "False ['dangjian.example', '10.1.2.3'] True True True True", run.stderr
    assert not (tmp_path / "secret-key").exists()


IN_PRODUCTION = """
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("collectstatic", interactive=False, verbosity=0)
call_command("migrate", interactive=False, verbosity=0)
client = Client(headers={"host": "dangjian.example"})
plain, health, safe = client.get("/"), client.get("/healthz"), client.get("/", secure=True)
print(plain.status_code, plain["Location"], health.status_code, safe.status_code)
print(safe["Strict-Transport-Security"])
import re
style = re.search(r'href="(/static/portal/portal[.][0-9a-f]{12}[.]css)"', safe.content.decode())[1]
answer = client.get(style, secure=True, headers={"accept-encoding": "gzip"})
print(answer.status_code, answer["Cache-Control"], answer["Content-Encoding"])
"""


def test_production_collects_its_files_and_serves_over_https(tmp_path: Path) -> None:
    """Every file that a style sheet names exists, or collectstatic would stop."""
    environment = {**os.environ, **PRODUCTION, "PORTAL_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    environment.pop("DATABASE_URL", None)
    run = subprocess.run(
        [sys.executable, "-c", IN_PRODUCTION], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.stdout.splitlines() == [
        "301 https://dangjian.example/ 200 200",
        "max-age=31536000",
        "200 max-age=315360000, public, immutable gzip",
    ], run.stderr


def test_a_mistake_in_the_settings_is_one_line_on_the_command_line(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, "PORTAL_VAR": str(tmp_path), "PORTAL_PRODUCTION": "perhaps"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "PORTAL_PRODUCTION" in run.stderr


def test_the_development_secret_is_drawn_once_and_for_the_owner_only(tmp_path: Path) -> None:
    first, second = (load_settings(tmp_path, "s.SECRET_KEY").stdout for _ in range(2))
    kept = tmp_path / "secret-key"
    assert first == second
    assert first.strip() == kept.read_text()
    assert len(kept.read_text()) >= 50
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret-key"]


def test_database_url_of_postgresql_is_read_part_by_part() -> None:
    read = database("postgres://park%40a:p%2Fw@db.example:5433/portal?sslmode=require")
    asked = ("ENGINE", "USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")
    assert [read[key] for key in asked] == [
        "django.db.backends.postgresql",
        "park@a",
        "p/w",
        "db.example",
        "5433",
        "portal",
        {"sslmode": "require", "options": "-c jit=off -c parallel_setup_cost=100000 -c random_page_cost=1.1"},
    ]
    assert database("postgres://portal@/portal?host=/run/pg")["HOST"] == "/run/pg"


def test_database_url_of_sqlite_is_relative_to_the_project_or_absolute() -> None:
    assert database("sqlite:///var/other.sqlite3")["NAME"] == ROOT / "var/other.sqlite3"
    assert database("sqlite:////srv/portal.sqlite3")["NAME"] == Path("/srv/portal.sqlite3")


@pytest.mark.parametrize(
    "url",
    ["portal.sqlite3", "sqlite://portal.sqlite3", "sqlite:///", "postgres://h", "postgres://h/a/b", "postgres://h:99999/n",
     "postgres://h/n?sslmod=require", "http://h/n"],
)  # fmt: skip
def test_a_wrong_database_url_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        database(url)


@pytest.fixture
def two_connections(tmp_path: Path, django_db_blocker: Any) -> Iterator[tuple[Any, Any]]:
    handlers = [ConnectionHandler({"default": sqlite(tmp_path / "pragmas.sqlite3")}) for _ in range(2)]
    with django_db_blocker.unblock():
        yield handlers[0]["default"], handlers[1]["default"]
        for handler in handlers:
            handler.close_all()


def test_sqlite_is_opened_to_survive_a_power_cut(two_connections: tuple[Any, Any]) -> None:
    first, _ = two_connections
    with first.cursor() as cursor:
        asked = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 60_000}


def test_sqlite_takes_the_write_lock_when_a_transaction_begins(two_connections: tuple[Any, Any]) -> None:
    first, second = two_connections
    second.ensure_connection()
    second.connection.execute("PRAGMA busy_timeout = 1")
    first.ensure_connection()
    first.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with pytest.raises(OperationalError, match="locked"):
        second.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    first.rollback()


def test_the_version_is_the_newest_heading_of_the_changelog() -> None:
    headings = re.findall(r"^## (\S+) — \d{4}-\d{2}-\d{2}$", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert headings[0] == settings.VERSION


# Lock files


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_pin_with_hashes_and_name_no_host_or_path(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|file:/|^-|@ ", text, flags=re.MULTILINE)
    blocks = re.split(r"^(?=[a-z])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    pinned = [block for block in blocks if block.strip()]
    assert pinned
    for block in pinned:
        assert re.match(r"[a-z0-9.-]+==\S+ \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+", block), block


def test_every_dependency_is_locked_and_says_what_for() -> None:
    source = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(source)["project"]
    runtime = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    for lock, wanted in (
        ("requirements.lock", runtime),
        ("requirements-dev.lock", [*runtime, *project["optional-dependencies"]["dev"]]),
    ):
        locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / lock).read_text(), flags=re.MULTILINE))
        assert {re.split(r"[~=<>\[]", name)[0].lower() for name in wanted} <= locked
        for name in wanted:
            assert re.search(rf'^ +"{re.escape(name)}", +# \S', source, flags=re.MULTILINE), f"{name}: what for?"


# What every response says, and who may ask


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("planted")


urlpatterns = [*get_resolver("portal.urls").url_patterns, path("broken/", broken, name="broken")]
handler400, handler403 = "portal.views.account.bad_request", "portal.views.account.forbidden"
handler404, handler500 = "portal.views.account.not_found", "portal.views.account.server_error"


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create(username="person")


@pytest.mark.urls("tests.test_house")
@pytest.mark.parametrize(
    ("address", "status"),
    [("/login/", 200), ("/logout/", 405), ("/desk/", 302), ("/healthz", 200), ("/nowhere/", 404), ("/broken/", 500),
     ("/admin/login/", 302), ("/static/portal/portal.css", 200)],
)  # fmt: skip
def test_every_response_carries_the_policy(address: str, status: int, person: User, client: Client) -> None:
    client.raise_request_exception = False
    if address == "/broken/":
        client.force_login(person)
    response = client.get(address)
    assert response.status_code == status
    assert response.headers["Content-Security-Policy"] == middleware.POLICY
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    response.close()


def test_the_policy_allows_only_this_host_and_nothing_inline() -> None:
    for directive in middleware.POLICY.split("; "):
        allowed = set(directive.split()[1:])
        assert allowed <= {"'self'", "'none'", "data:"}
        assert "data:" not in allowed or directive.startswith("img-src ")
    assert middleware.POLICY.startswith("default-src 'none'")


@pytest.mark.urls("tests.test_house")
@pytest.mark.parametrize(
    ("address", "status", "heading"),
    [("/nowhere/", 404, "没有找到这个页面"), ("/broken/", 500, "系统出了问题")],
)
def test_errors_are_explained_in_chinese(address: str, status: int, heading: str, person: User, client: Client) -> None:
    client.raise_request_exception = False
    client.force_login(person)
    response = client.get(address)
    assert response.status_code == status
    assert f"<h1>{heading}</h1>" in response.content.decode()


def test_a_wrong_host_and_a_missing_token_are_explained(db: None) -> None:
    wrong_host = Client().get("/healthz/nowhere", headers={"host": "elsewhere.example"})
    assert (wrong_host.status_code, "这个请求无法处理" in wrong_host.content.decode()) == (400, True)
    no_token = Client(enforce_csrf_checks=True).post("/login/", {"username": "a", "password": "b"})
    assert (no_token.status_code, "这一步没有通过校验" in no_token.content.decode()) == (403, True)


def test_the_error_page_survives_its_own_template(client: Client, settings: Any, db: None) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [], "APP_DIRS": False}]
    response = client.get("/nowhere/")
    assert (response.status_code, "没有找到这个页面" in response.content.decode()) == (404, True)


def test_health_says_whether_the_database_answers(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").content == b"ok\n"

    def refuse() -> None:
        raise DatabaseError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "ensure_connection", refuse)
        assert client.get("/healthz").status_code == 503


# Every view that answers without a sign-in. A new one is added here on purpose or not at all.
PUBLIC = {
    "home",
    "cases",
    "case",
    "parks",
    "public-coverage",
    "definitions",
    "login",
    "logout",
    "healthz",
    "screen",
    "admin:login",
}


def routes(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        else:
            # The admin ends in redirects without a name: its catch-all, and the old form of a record's address
            if entry.name or not space:
                yield f"{space}{entry.name or entry.pattern}", entry


ROUTES = dict(routes(get_resolver("portal.urls")))


def test_the_public_views_are_exactly_these() -> None:
    public = {name for name, route in ROUTES.items() if not getattr(route.callback, "login_required", True)}
    assert public == PUBLIC


# A value for each variable part of an address
SAMPLES = {
    "slug": "enterprises",
    "kind": "state",
    "pk": 1,
    "fact_pk": 1,
    "number": 2,
    "park": "jia",
    "year": 2026,
    "month": 10,
    "object_id": "1",
    "app_label": "orgs",
    "content_type_id": 1,
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ROUTES.keys() - PUBLIC))
def test_every_other_route_sends_a_stranger_to_the_login(name: str, client: Client) -> None:
    samples = {part: SAMPLES[part] for part in ROUTES[name].pattern.regex.groupindex}
    response = client.get(reverse(name, kwargs=samples))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(("/login/?next=", "/admin/login/?next="))


@pytest.mark.parametrize(
    ("name", "args"), [("home", []), ("case", ["case-jia"]), ("ledger", ["enterprises"]), ("dashboard", [])]
)
def test_a_page_is_light_on_a_slow_line(name: str, args: list[str], world: World, client: Client) -> None:
    """Compressed, without what only the printer needs: 100 KB of page, 15 KB of style, 10 KB of script."""
    reader = make_user("reader")
    grant(reader, Role.LEADER, world.jia.park)
    client.force_login(reader)
    page = client.get(reverse(name, args=args)).content.decode()
    styles = re.findall(r'<link rel="stylesheet" href="/static/(\S+?)">', page)
    scripts = re.findall(r'<script src="/static/(\S+?)"', page)
    assert "portal/portal.css" in styles

    def weight(files: list[str]) -> int:
        return sum(len(gzip.compress((ROOT / "static" / file).read_bytes())) for file in files)

    assert len(gzip.compress(page.encode())) <= 100 * 1024
    assert weight(styles) <= 15 * 1024
    assert weight(scripts) <= 10 * 1024


# Walls


@pytest.fixture
def copy_of_the_packages(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.toml"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "wrong"),
    [("orgs", "activities"), ("activities", "metrics"), ("metrics", "portal.settings"), ("orgs", "portal.settings")],
)
def test_a_wrong_import_breaks_the_contract(copy_of_the_packages: Path, module: str, wrong: str) -> None:
    (copy_of_the_packages / module / "planted.py").write_text(f"import {wrong}\n")
    broken = lint_imports(copy_of_the_packages)
    assert broken.returncode == 1
    assert f"{module}.planted" in broken.stdout


def test_the_packages_as_they_are_keep_the_contract(copy_of_the_packages: Path) -> None:
    kept = lint_imports(copy_of_the_packages)
    assert kept.returncode == 0, kept.stdout


# Names that write, or that go round the querysets
WRITERS = {"bulk_create", "bulk_update", "update", "create", "get_or_create", "update_or_create"}
RAW = {"raw", "extra", "execute", "executemany", "executescript", "callproc", "_raw_delete"}


def forbidden_writes(source: str) -> list[str]:
    """Line and name of every call that writes rows or speaks SQL in a module that may do neither."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "RawSQL":
            found.append(f"{node.lineno} RawSQL")
        if isinstance(node.func, ast.Attribute):
            name = node.func.attr
            plain = name.removeprefix("a")  # the asynchronous twin: acreate, asave
            if plain == "update" and node.args:
                continue  # a dict or a set: a queryset's update takes words only
            if name == "execute" and [ast.unparse(given) for given in node.args] == ["'ANALYZE'"]:
                continue  # tells the database to count its rows; reads and writes none
            if {name, plain} & (WRITERS | RAW) or (plain in {"save", "delete"} and writes_a_row(node.func.value, node)):
                found.append(f"{node.lineno} {name}")
    return found


def writes_a_row(receiver: ast.expr, call: ast.Call) -> bool:
    """`x.save()` writes, unless x is the gate, a workbook, or a form told not to commit."""
    if isinstance(receiver, ast.Name) and receiver.id in {"journal", "workbook", "book"}:
        return False
    return not any(word.arg == "commit" and ast.unparse(word.value) == "False" for word in call.keywords)


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (file for file in sorted((ROOT / package).rglob("*.py")) if "migrations" not in file.parts)


# Each keeps one table that is worked out from the records, or is no record at all, and writes nothing else
DERIVED = {
    "portal/drafts.py",  # what was typed and not submitted: it counts nowhere, and a trail of it would keep it for ever
    "portal/submissions.py",  # that a form was sent, so that it is not carried out twice
    "orgs/grams.py",  # the index of enterprise names
    "orgs/ordering.py",  # what names are sorted by, and their initials
    "metrics/summaries/building.py",  # the month summary
    "metrics/summaries/keeping.py",
    "metrics/summaries/reading.py",
    "metrics/summaries/state.py",
}


# Each puts a question of the ORM into SQL once, and reads with it
READ_BY_SQL = {
    "orgs/prepared.py": "execute",
    "orgs/scoping.py": "RawSQL",
    "portal/takeout/moment.py": "execute",  # begins a transaction that reads, and ends it
}


def test_only_the_journal_writes() -> None:
    told = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in modules()
        if str(file.relative_to(ROOT)) not in {"orgs/journal.py", "orgs/models/change.py"} | DERIVED
        and ROOT / "portal/benchmark" not in file.parents  # writes only into databases of its own
        for line in forbidden_writes(file.read_text(encoding="utf-8"))
        if line.split()[1] != READ_BY_SQL.get(str(file.relative_to(ROOT)))
    ]
    assert not told, "\n".join(told)


@pytest.mark.parametrize(
    "planted",
    [
        "Park.objects.bulk_create(rows)",
        "Park.objects.filter(pk=1).update(name='x')",
        "Park.objects.create(name='x')",
        "Park.objects.get_or_create(slug='x')",
        "Park.objects.raw('select 1')",
        "cursor.execute('delete from orgs_park')",
        "RawSQL('select 1', [])",
        "park.save()",
        "form.save()",
        "park.delete()",
        "Park.objects.filter(pk=1).delete()",
        "await park.asave()",
    ],
)
def test_the_scan_for_writes_sees(planted: str) -> None:
    assert forbidden_writes(f"async def planted():\n    {planted}\n")


@pytest.mark.parametrize(
    "allowed",
    ["journal.save(row, user, via)", "form.save(commit=False)", "journal.delete(row, user, via)", "d.update({'a': 1})"],
)
def test_the_scan_for_writes_lets_the_gate_pass(allowed: str) -> None:
    assert not forbidden_writes(allowed)


# What may be imported only there: our own workbooks are written in one module, foreign ones opened in another
KEEPERS = {
    "openpyxl": {
        "metrics/excel.py",
        "metrics/longsheet.py",
        "portal/imports/template.py",
        "portal/imports/marking.py",
        "portal/benchmark/workbooks.py",
        "portal/benchmark/usual_export.py",
    },
    "zipfile": {
        "metrics/excel.py",
        "metrics/longsheet.py",
        "portal/attachments/kinds.py",  # the names of the parts of a package, nothing in them
        "portal/imports/container.py",
        "portal/imports/parts.py",
        "portal/imports/child.py",
    },
    "xml": {"metrics/excel.py", "portal/imports/parts.py"},
    "lxml": set(),
    "defusedxml": {"portal/imports/parts.py"},
}


def imported(source: str) -> set[str]:
    """The packages a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_workbooks_are_written_in_one_place_and_read_in_another() -> None:
    used: dict[str, set[str]] = {package: set() for package in KEEPERS}
    for file in modules():
        for package in imported(file.read_text(encoding="utf-8")) & KEEPERS.keys():
            used[package].add(str(file.relative_to(ROOT)))
    assert used == KEEPERS


def test_only_the_reader_starts_the_process_that_opens_a_foreign_workbook() -> None:
    """Nothing else parses one in the process that holds the secrets."""
    told = {
        str(file.relative_to(ROOT))
        for file in modules()
        if ROOT / "portal/imports" not in file.parents
        and re.search(r"portal\.imports(\.| import )(parts|child|formats)\b", file.read_text(encoding="utf-8"))
    }
    assert not told


def test_only_management_commands_speak_for_the_installer() -> None:
    told = [
        str(file.relative_to(ROOT))
        for file in modules()
        if file != ROOT / "orgs/journal.py" and "commands" not in file.parts and "INSTALLER" in file.read_text()
    ]
    assert not told


def test_only_the_import_of_everything_restores_past_the_gate() -> None:
    told = [str(file.relative_to(ROOT)) for file in modules() if "journal.restore" in file.read_text("utf-8")]
    assert told == ["portal/takeout/reading.py"]


# Installation


@pytest.fixture
def demo_park(db: None) -> Park:
    park = Park(
        slug="binjiang-demo",
        name="演示园区·滨江",
        short_name="滨江演示园",
        region_code="150622",
        region_name="演示",
        is_demo=True,
    )
    return journal.save(park, journal.INSTALLER, journal.Via.INSTALL)


@pytest.fixture
def no_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases have tests of their own; here they would only cost time."""
    monkeypatch.setattr("portal.management.commands.setup_portal.Command.load_cases", lambda self: None)


def setup(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    call_command("setup_portal", *options)
    return capsys.readouterr().out


def passwords(told: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\w+) +密码 (\S+) ", told, flags=re.MULTILINE))


@pytest.mark.usefixtures("no_cases")
def test_setup_makes_one_account_a_role_and_the_second_run_changes_nothing(
    demo_park: Park, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTAL_DEMO_PASSWORD", raising=False)
    monkeypatch.setenv("PORT", "8123")
    told = setup(capsys)
    drawn = passwords(told)
    assert "http://127.0.0.1:8123/" in told
    assert list(drawn) == ["officer", "leader", "superior", "administrator"]
    assert len(set(drawn.values())) == 4
    for username, password in drawn.items():
        assert User.objects.get(username=username).check_password(password)
    assert set(Grant.objects.values_list("user__username", "role", "reach", "park", "region_prefix")) == {
        ("officer", Role.OFFICER, Reach.PARK, demo_park.pk, ""),
        ("leader", Role.LEADER, Reach.PARK, demo_park.pk, ""),
        ("superior", Role.SUPERIOR, Reach.REGION, None, "1506"),
        ("administrator", Role.ADMINISTRATOR, Reach.NATION, None, ""),
    }

    before = Change.objects.count()
    again = setup(capsys)
    assert Change.objects.count() == before
    assert passwords(again) == {}
    assert "make passwords" in again
    assert User.objects.get(username="officer").check_password(drawn["officer"])


@pytest.mark.usefixtures("no_cases", "demo_park")
def test_setup_draws_again_when_told_and_takes_a_given_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTAL_DEMO_PASSWORD", raising=False)
    first = passwords(setup(capsys))
    second = passwords(setup(capsys, "--passwords"))
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())
    monkeypatch.setenv("PORTAL_DEMO_PASSWORD", "given-by-hand-1")
    assert set(passwords(setup(capsys)).values()) == {"given-by-hand-1"}
    assert User.objects.get(username="leader").check_password("given-by-hand-1")


@pytest.mark.usefixtures("no_cases", "db")
def test_setup_in_production_makes_no_demo_account_but_the_first_administrator(
    capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.PRODUCTION = True
    setup(capsys)
    assert not User.objects.exists()
    told = setup(capsys, "--administrator", "zhang")
    password = re.search(r"密码 (\S+)（", told)
    assert password is not None
    zhang = User.objects.get()
    assert zhang.check_password(password[1])
    assert [(grant.role, grant.reach) for grant in zhang.grants.all()] == [(Role.ADMINISTRATOR, Reach.NATION)]
    with pytest.raises(CommandError, match="已经存在"):
        setup(capsys, "--administrator", "zhang")


def test_the_doctor_reports_a_fresh_machine_as_ill(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("doctor")
    told = capsys.readouterr().out
    assert "正常  数据库表：最新" in told
    assert "缺少  有授权的账号：0 个" in told


@pytest.fixture
def with_postgres() -> ModuleType:
    spec = importlib.util.spec_from_file_location("with_postgres", ROOT / "scripts/with_postgres.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("no_skips", "code"), [("", 0), ("1", 1)])
def test_a_machine_without_postgresql_says_so(
    with_postgres: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    no_skips: str,
    code: int,
) -> None:
    monkeypatch.setattr(with_postgres, "binaries", lambda: None)
    monkeypatch.setenv("PORTAL_NO_SKIPS", no_skips)
    assert with_postgres.main(["false"]) == code
    assert "跳过" in capsys.readouterr().out
