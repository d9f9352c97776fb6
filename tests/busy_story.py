"""What tests/test_busy.py has in its database before it begins: two parks with records, and who is signed in there."""

import json

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from metrics import summaries  # noqa: E402
from orgs import grams  # noqa: E402
from orgs.models import Park, Role, User  # noqa: E402
from portal.benchmark.workbooks import workbook  # noqa: E402
from tests.factories import cover, grant, make_enterprise, make_organization, make_park, make_user  # noqa: E402

FIRMS = 300


def signed_in(user: User) -> str:
    """The cookie of a new session."""
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def furnish(park: Park) -> None:
    branches = [make_organization(park, f"第{number}党支部") for number in range(30)]
    for number in range(FIRMS):
        firm = make_enterprise(park, f"{park.slug}{number}号机械有限公司")
        if number % 3:
            cover(branches[number % 30], firm)


def main(rows: int, file: str) -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    cookies = {}
    for slug in ("busy", "aside"):
        park = make_park(slug)
        furnish(park)
        for role in (Role.OFFICER, Role.LEADER):
            user = make_user(f"{slug}-{role}")
            grant(user, role, park)
            cookies[f"{slug} {role}"] = signed_in(user)
    summaries.rebuild()
    grams.rebuild()
    with open(file, "wb") as out:
        out.write(workbook(rows))
    print(json.dumps(cookies))


if __name__ == "__main__":
    import sys

    main(int(sys.argv[1]), sys.argv[2])
