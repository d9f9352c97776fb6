"""A process killed at any moment of an import, an undo or a form leaves nothing by halves, loses nothing confirmed."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.benchmark.ground import own_database

ROOT = Path(__file__).parents[1]
TIMES = 50


@pytest.fixture
def around(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a process with a database of its own, filled."""
    with own_database() as passed:
        passed |= {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PYTHONPATH": str(ROOT),
            "KILL_STATES": str(tmp_path / "states.json"),
        }
        subprocess.run([sys.executable, "-m", "tests.kill_story", "set-up"], cwd=ROOT, env=passed, check=True)
        yield passed


class Story:
    """A process that says what it is doing, until it is killed."""

    def __init__(self, kind: str, around: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.kill_story", kind]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        told = self.process.stdout.readline().strip()
        if not told:
            assert self.process.stderr is not None
            pytest.fail(f"the process ended by itself: {self.process.stderr.read()[-2000:]}")
        return told

    def until(self, wanted: str) -> str:
        while not (told := self.line()).startswith(wanted):
            pass
        return told

    def kill(self) -> list[str]:
        """What it had said meanwhile."""
        self.process.send_signal(signal.SIGKILL)
        return self.process.communicate()[0].splitlines()


def killed_in(story: Story, kind: str, longest: float, rng: random.Random) -> list[str]:
    """Kill it at a random moment after it has begun an act of this kind; what it said from there on."""
    begun = story.until(f"begin {kind}")
    time.sleep(rng.uniform(0, longest))
    return [begun, *(line for line in story.kill() if line.startswith(("begin", "done")))]


def length_of(kind: str, around: dict[str, str]) -> float:
    """How long one act takes, in seconds."""
    story = Story("save" if kind == "save" else "import", around)
    story.until(f"begin {kind}")
    began = time.monotonic()
    story.until(f"done {kind}")
    taken = time.monotonic() - began
    story.kill()
    return taken


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["import", "undo"])
def test_killed_in_an_import_or_its_undo(around: dict[str, str], kind: str) -> None:
    rng, longest = random.Random(kind), 1.1 * length_of(kind, around)
    reached = {"import": "after", "undo": "before"}
    held = {"kept": 0, "taken back": 0}
    for _ in range(TIMES):
        word, act = killed_in(Story("import", around), kind, longest, rng)[-1].split()
        story = Story("import", around)
        state = story.until("state").removeprefix("state ")
        story.kill()
        # What it said is done is there; what it had only begun is there wholly or not at all
        assert state in ({reached[act]} if word == "done" else {"before", "after"}), (word, act, state)
        held["kept" if state == reached[act] else "taken back"] += 1
    print(f"\nkilled {TIMES} times in the {kind}: {held}")


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_killed_while_a_form_is_saved(around: dict[str, str]) -> None:
    rng, longest = random.Random("save"), 3 * length_of("save", around)
    confirmed = 0
    for _ in range(TIMES):
        story = Story("save", around)
        there = int(story.until("state").removeprefix("state "))
        assert confirmed <= there <= confirmed + 1, "more or less than what was confirmed"
        told = killed_in(story, "save", longest, rng)
        confirmed = there + sum(line.startswith("done") for line in told)
    print(f"\nkilled {TIMES} times while saving: {confirmed} confirmed")
