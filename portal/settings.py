"""The only place for settings: what differs between machines is read from the environment and checked here.

A value that makes no sense stops the start with a sentence that names the variable: a mistake never becomes a default.
"""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from orgs import keyring

BASE_DIR = Path(__file__).resolve().parent.parent


# Reading the environment


def env_text(name: str, default: str = "") -> str:
    """The variable without surrounding blanks; set but blank counts as not set."""
    return os.environ.get(name, "").strip() or default


def env_switch(name: str, default: bool | None) -> bool:
    """1 or 0; `default=None` means that the variable has to be set."""
    value = env_text(name)
    if value in {"1", "0"}:
        return value == "1"
    if value:
        raise ImproperlyConfigured(f"环境变量 {name} 只能是 1 或 0，现在是“{value}”。")
    if default is None:
        raise ImproperlyConfigured(f"请设置环境变量 {name}：1（是）或 0（否）。")
    return default


def env_number(name: str, default: int, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    value = env_text(name, str(default))
    if not re.fullmatch(r"[0-9]{1,12}", value) or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"环境变量 {name} 应为 {low} 到 {high} 的整数，现在是“{value}”。")
    return int(value)


def env_hosts(name: str) -> list[str]:
    """Comma-separated host names; no scheme, port, path or `*`, which would switch the host check off."""
    hosts = [part.strip() for part in env_text(name).split(",") if part.strip()]
    for host in hosts:
        if not re.fullmatch(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:]+\]", host):
            raise ImproperlyConfigured(
                f"环境变量 {name} 中的“{host}”不是主机名：多个主机名用英文逗号分开，不写 http://、端口、路径，不用 *。"
            )
    return hosts


# How PostgreSQL is told to plan. Our questions have many parts and few rows: compiling them, or starting processes to
# share the work, takes longer than answering them; and the few rows are read off indexes, which on today's disks cost
# little more than reading on. By its own defaults it read the nation to describe a park of 5,000 (3.8 s for 0.2 s).
PLANNING = {"jit": "off", "parallel_setup_cost": "100000", "random_page_cost": "1.1"}


def database(url: str) -> dict[str, Any]:
    """One entry of DATABASES from `sqlite:///path` or `postgres://user:password@host:port/name?sslmode=…`."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL 中的端口不是有效的数字。") from None
    if parts.scheme == "sqlite":
        path = unquote(parts.path.removeprefix("/"))
        if parts.netloc or not path or parts.query:
            raise ImproperlyConfigured("DATABASE_URL 的 SQLite 写法是 sqlite:///相对路径 或 sqlite:////绝对路径。")
        return sqlite(BASE_DIR / path)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL 应以 sqlite:/// 或 postgres:// 开头。")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise ImproperlyConfigured("DATABASE_URL 没有写明一个数据库名：postgres://用户:口令@主机:端口/数据库名。")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - {"host", "sslmode", "sslrootcert", "connect_timeout"})
    if unknown:
        raise ImproperlyConfigured(f"DATABASE_URL 中有不认识的参数：{'、'.join(unknown)}。")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A socket directory does not fit between // and /, so it may stand in ?host=
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "options": " ".join(f"-c {name}={value}" for name, value in PLANNING.items())},
    }


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite that survives a power cut (FULL) and several writers (WAL, immediate transactions, waiting a minute)."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 60,  # whoever waits is not served in turn: among fifty, twenty seconds were not enough for all
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }


def secret_key(production: bool, var: Path) -> str:
    """From the environment in production; otherwise drawn once and kept, so that sign-ins survive a restart."""
    key = env_text("PORTAL_SECRET_KEY")
    if key:
        if len(key) < 50 or len(set(key)) < 10:
            raise ImproperlyConfigured("PORTAL_SECRET_KEY 太短或太简单：至少 50 个字符，请随机生成。")
        return key
    if production:
        raise ImproperlyConfigured("正式运行（PORTAL_PRODUCTION=1）必须设置 PORTAL_SECRET_KEY：至少 50 个随机字符。")
    kept = var / "secret-key"
    if not kept.exists():
        # Written aside and linked, so that of two processes starting at once both read the same whole key
        aside = var / f"secret-key.{os.getpid()}"
        aside.touch(mode=0o600)
        aside.write_text(get_random_secret_key(), encoding="ascii")
        try:
            os.link(aside, kept)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return kept.read_text(encoding="ascii").strip()


def id_key(production: bool, var: Path) -> str:
    """The keys of ID numbers (see ``orgs.keyring``) from the environment; "" where a file keeps them.

    In production they are never drawn by themselves: who has not put them somewhere safe would lose the numbers.
    """
    told = env_text("PORTAL_ID_KEY")
    if told:
        try:
            keyring.parse(told)
        except ValueError as error:
            raise ImproperlyConfigured(f"环境变量 PORTAL_ID_KEY {error}。") from None
    elif production and not (var / keyring.FILE).exists():
        raise ImproperlyConfigured(
            "正式运行（PORTAL_PRODUCTION=1）必须设置 PORTAL_ID_KEY（身份证号的密钥），写作“1:”加32个随机字节的base64；"
            f"或者在 {var} 里放好密钥文件 {keyring.FILE}。"
            "还没有密钥的，用 env -u PORTAL_PRODUCTION .venv/bin/python manage.py idnumbers key 生成一把，并另行备份。"
        )
    return told


def version(changelog: Path) -> str:
    """The newest heading of the changelog, so that the two can not disagree."""
    newest = re.search(r"^## (\d+\.\d+\.\d+)\b", changelog.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if newest is None:
        raise ImproperlyConfigured("CHANGELOG.md 中没有“## 1.2.3”样式的版本标题。")
    return newest[1]


# The machine

PRODUCTION = env_switch("PORTAL_PRODUCTION", default=False)
DEBUG = env_switch("PORTAL_DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("正式运行（PORTAL_PRODUCTION=1）时不能打开 PORTAL_DEBUG。")

VAR_DIR = BASE_DIR / env_text("PORTAL_VAR", "var")
VAR_DIR.mkdir(parents=True, exist_ok=True)

# The bytes of attachments, by their digest. No address leads into it: a view reads them for who may read the record
FILES_DIR = VAR_DIR / "files"

VERSION = version(BASE_DIR / "CHANGELOG.md")
SECRET_KEY = secret_key(PRODUCTION, VAR_DIR)
ID_KEY = id_key(PRODUCTION, VAR_DIR)

ALLOWED_HOSTS = env_hosts("PORTAL_HOSTS")
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("正式运行（PORTAL_PRODUCTION=1）必须设置 PORTAL_HOSTS，例如 dangjian.example.cn。")
ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]"]

# In production whoever starts it says in words whether the address is https
HTTPS = env_switch("PORTAL_HTTPS", default=None if PRODUCTION else False)

DATABASES = {
    "default": database(env_text("DATABASE_URL")) if env_text("DATABASE_URL") else sqlite(VAR_DIR / "portal.sqlite3")
}


# The application

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "metrics",
    "activities",
    "orgs",
    "django_filters",
    "portal.apps.PortalAdminConfig",  # django.contrib.admin, on a site of ours
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "portal.middleware.ContentSecurityPolicy",  # outermost: no response leaves without it
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.signin.SignInRequired",  # public views say @login_not_required
    "portal.trying_again.TryAgain",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Functions that the writing gate calls after each write, in the same transaction
AFTER_WRITE = ["orgs.grams.after_write", "metrics.summaries.after_write"]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

FORM_RENDERER = "portal.forms.drawing.Renderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.shell",
            ],
        },
    },
]

LANGUAGE_CODE = "zh-hans"
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Outside production the files are served from where they are written: no collectstatic
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION


# People

AUTH_USER_MODEL = "orgs.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "home"


# Safety

SESSION_COOKIE_AGE = env_number("PORTAL_SESSION_HOURS", 12, 1, 24 * 14) * 3600
SESSION_COOKIE_NAME = "portal_session"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "portal_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "portal.views.account.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Other hosts of the park are not ours to promise https for, so neither subdomains nor the preload list
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

DEFAULT_EXCEPTION_REPORTER = "portal.reporting.WithoutNumbers"

# One workbook or form at a time; a ledger form with inlines stays far below 5,000 fields
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Its own handlers would print each error a second time
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
