"""The only place for the pages of the big screen: making and revoking links to it, and the screen itself."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orgs import journal
from orgs.journal import Via
from orgs.scoping import Reach
from portal.asking import Asked, asked
from portal.models import ScreenLink
from portal.screens import link_for, may_open, opened, place_of, scopes, token_of
from portal.templatetags.show import SOMEBODY
from portal.views.account import not_found

PAGES: Final = ("screen/headline.html", "screen/trend_page.html", "screen/missing.html")
SECONDS: Final = 25
# As many links as the page lists, the newest ones
MOST_LINKS: Final = 100


# The screen


@login_not_required
@require_safe
def screen(request: HttpRequest, token: str) -> HttpResponse:
    """One page of the screen; it goes to the next by itself, or stays and only counts again with ``?still=1``."""
    found = opened(token)
    if found is None:
        response = not_found(request, Http404("没有这个大屏"))
    else:
        page = asked_page(request.GET.get("page", ""))
        still = request.GET.get("still") == "1"
        following = {"page": page, "still": 1} if still else {"page": page % len(PAGES) + 1}
        context = {
            "screen": found,
            "page": page,
            "pages": len(PAGES),
            "refresh": f"{SECONDS};url=?{urlencode(following)}",
        }
        response = render(request, PAGES[page - 1], context)
    # The address is the key: nobody keeps the answer, finds the page or learns the address from it
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def asked_page(text: str) -> int:
    """The page asked for; the first one for any nonsense, since nobody stands there to mend an address."""
    return int(text) if text in {str(number) for number in range(1, len(PAGES) + 1)} else 1


# The links


class LinkForm(forms.Form):
    """What a new link is for, what it shows, and for how long."""

    label = forms.CharField(
        label="用途",
        max_length=20,
        help_text="大屏在哪里用，如一楼大厅。只列在本页，不出现在大屏上。",
        error_messages={
            "required": "请填用途，例如一楼大厅。",
            "max_length": "用途最多20字，现在是%(show_value)d字，请写短一些。",
        },
    )
    scope = forms.ChoiceField(
        label="范围",
        error_messages={
            "required": "请选大屏显示的范围。",
            "invalid_choice": "所选范围不在您可以查看的范围内，请重新选择。",
        },
    )
    days = forms.IntegerField(
        label="有效天数",
        min_value=1,
        max_value=ScreenLink.MOST_DAYS,
        initial=7,
        error_messages={
            "required": "请填有效天数，1到90。",
            "invalid": "有效天数请填1到90的整数，例如7。",
            "min_value": "有效天数至少1天。",
            "max_value": f"有效天数最多{ScreenLink.MOST_DAYS}天，到期可以再做一个。",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, about: Asked, data: Any = None) -> None:
        super().__init__(data)
        choices = scopes(about.user, about.park)
        scope: Any = self.fields["scope"]
        scope.choices = choices if len(choices) == 1 else [("", "请选择"), *choices]
        # From the page of a region its screen is wanted
        scope.initial = f"{Reach.REGION}:{about.region}" if about.region else None


@dataclass(frozen=True)
class Listed:
    """A link on the page: its state in words, and its whole address for whoever made it."""

    link: ScreenLink
    place: str
    made_by: str
    state: tuple[str, str]
    address: str

    @property
    def is_live(self) -> bool:
        return self.state[0] == "ok"


@require_http_methods(["GET", "HEAD", "POST"])
def screens(request: HttpRequest) -> HttpResponse:
    """Make a link; see one's own and those of the parks one sees."""
    about = asked(request)
    form = LinkForm(about, request.POST if request.method == "POST" else None)
    may_make = bool(form.fields["scope"].choices[-1][0])  # type: ignore[attr-defined]
    if request.method == "POST" and not may_make:
        raise Http404("没有可以显示的园区")
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        link = journal.save(link_for(about.user, given["scope"], given["label"], given["days"]), about.user, Via.PAGE)
        messages.success(request, f"已生成大屏链接“{link.label}”。完整网址在下面第一行，请复制到大屏的浏览器里打开。")
        return redirect(own_address(about))
    rows = ScreenLink.objects.visible_to(about.user).in_park(about.park).select_related("park")
    context = {
        "asked": about,
        "form": form,
        "may_make": may_make,
        "links": [listed(request, about, link) for link in rows[:MOST_LINKS]],
        "count": rows.count(),
    }
    return render(request, "portal/screens.html", context, status=400 if form.errors or about.problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def screen_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then revoke; whoever reaches all that the link shows may."""
    about = asked(request)
    link = ScreenLink.objects.writable_by(about.user).select_related("park").filter(pk=pk).first()
    if link is None:
        raise Http404("没有这个大屏链接")
    back = own_address(about)
    if request.method == "POST":
        if link.revoked_at is None:
            link.revoked_at = timezone.now()
            journal.save(link, about.user, Via.PAGE)
        messages.success(request, f"已撤销大屏链接“{link.label}”，正在显示的大屏下一次换页时就打不开了。")
        return redirect(back)
    return render(request, "portal/screen_revoke.html", {"row": listed(request, about, link), "back": back})


def own_address(about: Asked) -> str:
    query = urlencode({"park": about.park.slug}) if about.park else ""
    return f"{reverse('screens')}?{query}" if query else reverse("screens")


def listed(request: HttpRequest, about: Asked, link: ScreenLink) -> Listed:
    own = link.account == about.user.pk
    state = state_of(link)
    return Listed(
        link,
        place_of(link, about.user),
        link.made_by if own or about.persons.at(link.park_id) else SOMEBODY,
        state,
        request.build_absolute_uri(reverse("screen", args=[token_of(link)])) if own and state[0] == "ok" else "",
    )


def state_of(link: ScreenLink) -> tuple[str, str]:
    """The kind of a state word, and the word."""
    if link.revoked_at is not None:
        return "off", "已撤销"
    if link.expires_at <= timezone.now():
        return "off", "已到期"
    # The account was stopped or the grant taken back
    return ("ok", "有效") if may_open(link) else ("off", "已失效")
