"""The only place that lets a story run in a process of its own, with a database on SQLite that is its alone."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]


def told_by(story: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What the story printed; CalledProcessError when it ended badly. ``folder`` is where it keeps everything."""
    around = {**os.environ, "PORTAL_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    around.pop("DATABASE_URL", None)
    command = [sys.executable, "-c", textwrap.dedent(story)]
    return subprocess.run(command, cwd=ROOT, env=around, capture_output=True, text=True, check=True)
