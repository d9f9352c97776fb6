"""The only place that reads from an address which park and which day a page is asked about."""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils import timezone

from orgs.models import Park, User
from portal.forms.fields import parse_day

INSTEAD = "；本页先按今天显示。"


@dataclass(frozen=True)
class Asked:
    """What a page is about. ``problem`` is a sentence for the reader when the address asked for a day that is none."""

    user: User
    park: Park | None
    day: dt.date
    problem: str = ""


def asked(request: HttpRequest) -> Asked:
    """The park (``?park=``, none for all) and the day (``?day=``, none for today) of a signed-in page.

    A park the user can not see does not exist: Http404.
    """
    user = request.user
    if not isinstance(user, User):
        raise Http404("没有登录")
    day, problem = asked_day(request.GET.get("day", ""), timezone.localdate())
    return Asked(user, asked_park(user, request.GET.get("park", "")), day, problem)


def asked_park(user: User, slug: str) -> Park | None:
    if not slug:
        return None
    park: Park | None = Park.objects.visible_to(user).filter(slug=slug).first()
    if park is None:
        raise Http404("没有这个园区")
    return park


def asked_day(text: str, today: dt.date) -> tuple[dt.date, str]:
    """The day asked for and what is wrong with it; a wrong one, or one still to come, shows today.

    Read as leniently as in the entry forms: 2026年10月31日 is a day too.
    """
    if not text.strip():
        return today, ""
    try:
        day = parse_day(text, "日期")
    except ValidationError as error:
        return today, error.messages[0] + INSTEAD
    if day > today:
        return today, f"日期{day}还没有到，请填今天或更早的日子{INSTEAD}"
    return day, ""
