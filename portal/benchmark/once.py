"""The only place that makes one workbook and ends: ``python -m portal.benchmark.once``, whose memory can be weighed.

What one way needs is imported for it alone: nothing of the other lies in the same memory.
"""

import datetime as dt
import os
import sys
from typing import Final

import django


def portal(user: int, day: dt.date) -> int:
    """As the process of a long list makes it; how many rows it has."""
    from django.http import HttpRequest, QueryDict

    from orgs.models import User
    from portal.exports import workbook_of
    from portal.views.ledgers import listing_of

    request = HttpRequest()
    request.user, request.GET = User.objects.get(pk=user), QueryDict(f"day={day}")
    listing = listing_of(request, "enterprises")
    workbook_of(listing)
    return listing.count


def instances(user: int, day: dt.date) -> int:
    from orgs.models import User
    from portal.benchmark import usual_export

    return usual_export.alike(User.objects.get(pk=user), day)


def bare(user: int, day: dt.date) -> int:
    from orgs.models import User
    from portal.benchmark import usual_export

    return usual_export.plain(User.objects.get(pk=user), day)


WAYS: Final = {way.__name__: way for way in (portal, instances, bare)}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    print(WAYS[sys.argv[1]](int(sys.argv[2]), dt.date.fromisoformat(sys.argv[3])))
