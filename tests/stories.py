"""The only place that lets a story run in a process of its own, with a database on SQLite that is its alone."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]


SET_UP = """
import django
django.setup()
"""
TABLES = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""


def around(folder: Path) -> dict[str, str]:
    """The environment of a process that keeps everything in ``folder``."""
    return {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "PORTAL_VAR": str(folder),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }


def command(story: str, *arguments: str, tables: bool = False) -> list[str]:
    """What runs a story with the portal set up, with empty ``tables`` if it needs any."""
    return [sys.executable, "-c", SET_UP + (TABLES if tables else "") + textwrap.dedent(story), *arguments]


def told_by(story: str, folder: Path, *, tables: bool = True) -> subprocess.CompletedProcess[str]:
    """What the story printed; CalledProcessError when it ended badly. ``folder`` is where it keeps everything."""
    return subprocess.run(
        command(story, tables=tables), cwd=ROOT, env=around(folder), capture_output=True, text=True, check=True
    )
