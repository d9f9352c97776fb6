"""The only place that keeps a form from being carried out twice: a double click, a page sent again, a slow line.

Two POSTs are the same when they come from the same drawing of a form, told by its mark, with the same text in it. The
first claims that in the transaction of its write; the second, even at the same moment, waits for it at the unique
constraint and then finds the record. What differs by a letter is another form, and so is the same text typed anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Final

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from orgs.models import User
from portal import drafts
from portal.models import Submission

DAYS: Final = 1


def digest(user: User, request: HttpRequest) -> str:
    """What tells this form from all others; "" without a true mark of this account."""
    if not request.POST.get("mark") or drafts.owner(request) != user:
        return ""
    said = [request.POST["mark"], sorted(drafts.typed(request.POST)), drafts.secret_mark(request.POST)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def find(user: User, key: str) -> int | None:
    """The number of the record that this form has made; ``None`` when it has made none."""
    sent = Submission.objects.filter(user=user, digest=key).first() if key else None
    return sent.record if sent is not None else None


def claim(user: User, key: str) -> bool:
    """Inside the transaction of the write: whether this is the first time. Waits for one that is under way."""
    if not key:
        return True
    now = timezone.now()
    Submission.objects.filter(at__lt=now - dt.timedelta(days=DAYS)).delete()
    try:
        with transaction.atomic():
            Submission.objects.create(user=user, digest=key, at=now)
    except IntegrityError:
        return False
    return True


def settle(user: User, key: str, record: int) -> None:
    """Say what the claimed form has made."""
    Submission.objects.filter(user=user, digest=key).update(record=record)
