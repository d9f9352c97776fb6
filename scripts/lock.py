"""The only place that writes the lock files: pinned, with hashes, and free of host names, paths and options.

`python scripts/lock.py` keeps what is pinned and still fits; with `--upgrade` it takes the newest of everything.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SILENT = ["--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-emit-options", "--no-header"]
COMPILE = [
    sys.executable,
    "-m",
    "piptools",
    "compile",
    "--quiet",
    "--generate-hashes",
    "--strip-extras",
    "--allow-unsafe",
]


def compile_lock(lock: str, *options: str) -> None:
    command = [*COMPILE, *SILENT, *options, *sys.argv[1:], "--output-file", lock, "pyproject.toml"]
    subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)  # noqa: S603
    foreign = re.findall(r"^-.*|.*(?:://|file:/).*", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)
    if foreign:
        sys.exit(f"{lock} 中不应有地址或选项：\n" + "\n".join(foreign))
    print(f"{lock} 已写好。")


if __name__ == "__main__":
    compile_lock("requirements.lock", "--extra", "postgres")
    compile_lock("requirements-dev.lock", "--extra", "postgres", "--extra", "dev", "--constraint", "requirements.lock")
