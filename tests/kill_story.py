"""What the process does that tests/test_kill.py kills: import and undo, or save forms, over and over, saying each step.

Started with a database of its own. Before anything else it looks at what the last process left behind, which must be
one of two states, and says which.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from metrics import summaries  # noqa: E402
from orgs import grams  # noqa: E402
from orgs.models import Change, Enterprise, Park, Role, User  # noqa: E402
from portal.imports import batches, undo  # noqa: E402
from portal.imports.plans import PLANS  # noqa: E402
from portal.models import ImportBatch  # noqa: E402
from tests.browserless import Fields  # noqa: E402
from tests.factories import grant, make_enterprise, make_park, make_user  # noqa: E402
from tests.test_imports import book, dump  # noqa: E402

OLD, NEW = 20, 60
STATES = Path(os.environ["KILL_STATES"])


def say(*words: object) -> None:
    print(*words, flush=True)


def state_of(park: Park) -> str:
    return json.dumps(dump(park), default=str, ensure_ascii=False, sort_keys=True)


def sound(park: Park) -> None:
    today = django.utils.timezone.localdate()
    wrong = [*summaries.verify([today], [park.pk]), *grams.verify()]
    if wrong:
        raise SystemExit(f"not sound: {wrong[:3]}")


def set_up() -> None:
    """A park with enterprises, a batch that changes each of them and adds others, and both states written down."""
    call_command("migrate", verbosity=0)
    park, user = make_park("kill"), make_user("kill")
    grant(user, Role.OFFICER, park)
    for number in range(OLD):
        make_enterprise(park, name=f"旧{number}号机械有限公司", phone="1")
    summaries.rebuild()
    grams.rebuild()
    rows: list[Any] = [(f"旧{number}号机械有限公司", "", "", "", "", "", "2") for number in range(OLD)]
    rows += [(f"新{number}号科技有限公司", "", "私营企业", "2025-03-01", "正常经营", 9, "") for number in range(NEW)]
    batch = batches.open_batch(PLANS["enterprises"], user, park, "x.xlsx", book(rows))
    before = state_of(park)
    confirm(batch, user)
    STATES.write_text(json.dumps({"before": before, "after": state_of(park)}), encoding="utf-8")
    undo.undo(batch, user)
    assert state_of(park) == before


def confirm(batch: ImportBatch, user: User) -> None:
    assert batches.confirm(batch, PLANS["enterprises"], user, batch.digest, good_only=False).written


def import_and_undo(park: Park, user: User) -> None:
    known = json.loads(STATES.read_text(encoding="utf-8"))
    while True:
        now = state_of(park)
        name = next((name for name, state in known.items() if state == now), "partial")
        batch = ImportBatch.objects.order_by("-pk")[0]
        # What the batch says of itself is the same story
        told = {"done": "after", "undone": "before", "open": "before"}[batch.state]
        say("state", name if told == name else f"{name}, but the batch is {batch.state}")
        sound(park)
        if name == "before":
            if batch.state == "undone":
                batch.pk, batch._state.adding, batch.state = None, True, ImportBatch.State.OPEN
                batches.recheck(batch, PLANS["enterprises"], user)
            say("begin import")
            confirm(batch, user)
            say("done import")
        else:
            say("begin undo")
            undo.undo(batch, user)
            say("done undo")


def save_forms(park: Park, user: User) -> None:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    url = f"{reverse('ledger-new', args=['enterprises'])}?park={park.slug}"
    names = list(Enterprise.objects.filter(park=park, name__startswith="表单").values_list("name", flat=True))
    for row in Enterprise.objects.filter(name__in=names):
        entries = Change.objects.filter(model="orgs.enterprise", object_id=row.pk).count()
        if row.states.count() != 1 or entries != 1:
            raise SystemExit(f"partial: {row}")
    sound(park)
    say("state", len(names))
    number = max((int(name[2:-4]) for name in names), default=0)
    while True:
        number += 1
        data = Fields.on(client.get(url))
        data |= {"name": f"表单{number}有限公司", "kind": "private", "settled_on": "2025-01-01", "state": "operating"}
        say("begin save", number)
        answer = client.post(url, data)
        if answer.status_code != 302:
            raise SystemExit(f"refused: {answer.status_code}")
        say("done save", number)


if __name__ == "__main__":
    if sys.argv[1] == "set-up":
        set_up()
    else:
        park, user = Park.objects.get(slug="kill"), User.objects.get(username="kill")
        {"import": import_and_undo, "save": save_forms}[sys.argv[1]](park, user)
    connection.close()
