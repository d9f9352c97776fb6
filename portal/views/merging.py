"""The only place for the pages about doubles of a ledger: found, told apart, compared, merged, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from orgs import journal
from orgs.journal import Via
from orgs.models import Action, Change, Member, Park, User
from orgs.scoping import parks_in_reach
from portal.asking import Asked, asked
from portal.conflicts import entry_number
from portal.merging.comparing import in_words
from portal.merging.doing import merge, pair_of
from portal.merging.finding import KINDS, Group, Kind, groups_of, is_told_apart, registered_elsewhere, tell_apart
from portal.merging.planning import plan
from portal.merging.relations import relations_to
from portal.merging.undoing import NotUndone, outlook, undo as take_back, why_not
from portal.models import Merge, NotDuplicate
from portal.records import RECORDS
from portal.views.records import shell_of

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
A_PAGE: Final = 20
MOST_IN_GROUP: Final = 20  # records of a group that are shown
MOST_LISTED: Final = 30  # merges and decisions on the page of doubles
MOST_LINES: Final = 50  # facts of one kind on a preview
MOST_PARKS: Final = 200
LONGEST: Final = 120
CHANGED = "预览以后，这两条或它们名下的记录有人改过，还没有合并。下面是现在的情况，请再看一遍再确认。"


@dataclass(frozen=True)
class Double:
    """One record of a group: its columns in words, how many facts hang on it, and whether it is proposed to stay."""

    row: Any
    url: str
    cells: Sequence[tuple[str, str]]
    facts: int
    stays: bool = False
    goes: bool = False


@dataclass(frozen=True)
class Shown:
    """A group as the page draws it."""

    number: int
    why: str
    doubles: Sequence[Double]
    group: Group

    @property
    def keys(self) -> str:
        """Of all its records, those too that are not shown: they are told apart together."""
        return ",".join(map(str, self.group.keys))

    @property
    def more(self) -> int:
        return len(self.group.keys) - len(self.doubles)


# Found, and told apart


@get_or_post
def duplicates(request: HttpRequest, slug: str) -> HttpResponse:
    """The groups of a park that somebody has to look at; a POST says of one group that they are different ones."""
    kind, about = kind_of(slug), asked(request)
    park, parks = park_to_look_in(about)
    if park is None:
        context = {"kind": kind, "parks": parks, "title": title_of(kind), **shell(about, kind, None)}
        return render(request, "portal/duplicates.html", context)
    typed, problem = "", ""
    if request.method == "POST":
        typed = request.POST.get("reason", "").strip()
        problem = told_apart(request, kind, park, about.user, typed)
        if not problem:
            return redirect(address_of(kind, park))
    pages = Paginator(groups_of(kind, park, about.user), A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    first = page.start_index() if pages.count else 1
    context = {
        "kind": kind,
        "park": park,
        "title": title_of(kind),
        "page_obj": page,
        "groups": shown(kind, list(page.object_list), first, about.user),
        "elsewhere": registered_elsewhere(park, about.user) if kind.model is Member else [],
        "decided": decided(kind, park, about.user),
        "merges": merges_of(kind, park, about.user),
        "problem": problem,
        "typed": typed,
        "asked_keys": request.POST.get("keys", ""),
        "longest": LONGEST,
        **shell(about, kind, park),
    }
    return render(request, "portal/duplicates.html", context, status=400 if problem else 200)


@get_or_post
def look_again(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take “不是重复” back: the records are proposed again."""
    kind, about = kind_of(slug), asked(request)
    rows = NotDuplicate.objects.visible_to(about.user).writable_by(about.user).select_related("park")
    row = rows.filter(pk=pk, ledger=slug).first()
    if row is None:
        raise Http404("没有这一条判断")
    if request.method == "POST":
        journal.delete(row, about.user, Via.PAGE)
        messages.success(request, "已收回“不是重复”，这几条重新列在下面。")
    return redirect(address_of(kind, row.park))


def told_apart(request: HttpRequest, kind: Kind, park: Park, user: User, reason: str) -> str:
    """Remember that the posted records are different ones; gives what is wrong instead, "" when it is done."""
    keys = [key for key in map(entry_number, request.POST.get("keys", "").split(",")) if key]
    rows = kind.model.objects.visible_to(user).writable_by(user).in_park(park).filter(pk__in=keys)
    if rows.count() < 2:
        return "这几条记录有变动，请在下面重新看。"
    if not reason:
        return "请写明为什么不是重复，例如“同名，分公司”，以后别人看得懂。"
    if len(reason) > LONGEST:
        return f"理由最多{LONGEST}字，现在是{len(reason)}字，请写短一些。"
    there = list(rows.values_list("pk", flat=True))
    if not is_told_apart(kind, park, there, user):  # sent twice, it is remembered once
        tell_apart(kind, park, there, reason, user)
    messages.success(request, "已记下不是重复，以后不再提示；可以在本页下面收回。")
    return ""


def shown(kind: Kind, groups: Sequence[Group], first: int, user: User) -> list[Shown]:
    """The groups of one page with their records, in a number of queries that does not depend on how many there are."""
    keys = {key for group in groups for key in group.keys[:MOST_IN_GROUP]}
    rows = kind.model.objects.visible_to(user).in_bulk(keys)
    facts: dict[int, int] = dict.fromkeys(keys, 0)
    for relation in relations_to(kind.model) if keys else ():
        counted = relation.model.objects.visible_to(user).filter(**{f"{relation.name}__in": keys})
        for key, number in counted.order_by().values_list(relation.name).annotate(number=Count("pk")):
            facts[key] += number
    columns: dict[str, Any] = {one.name: one for one in kind.model._meta.concrete_fields}
    found = []
    for number, group in enumerate(groups, start=first):
        there = [rows[key] for key in group.keys[:MOST_IN_GROUP] if key in rows]
        # What can not be moved stays; then what more hangs on; then what is known more of; then the older record
        best = sorted(there, key=lambda row: (not row_has_secret(row), -facts[row.pk], -filled(row), row.pk))
        pair = len(there) == 2
        doubles = [
            Double(
                row,
                reverse("record", args=[kind.slug, row.pk]),
                [(str(columns[name].verbose_name), in_words(row, columns[name])) for name in kind.shown],
                facts[row.pk],
                stays=row is best[0],
                goes=pair and row is best[1],
            )
            for row in there
        ]
        found.append(Shown(number, group.why, doubles, group))
    return found


def row_has_secret(row: Any) -> bool:
    return any(getattr(row, name, "") for name in journal.SECRETS if name in row.untraced)


def filled(row: Any) -> int:
    return sum(getattr(row, one.attname) not in (None, "") for one in row._meta.concrete_fields)


def decided(kind: Kind, park: Park, user: User) -> list[tuple[NotDuplicate, list[tuple[str, str]]]]:
    """The newest decisions, each with (name, address) of its records that are still there."""
    rows = list(NotDuplicate.objects.visible_to(user).in_park(park).filter(ledger=kind.slug)[:MOST_LISTED])
    names = kind.model.objects.visible_to(user).in_bulk({key for row in rows for key in row.records})
    return [
        (row, [(str(names[key]), reverse("record", args=[kind.slug, key])) for key in row.records if key in names])
        for row in rows
    ]


def merges_of(kind: Kind, park: Park, user: User) -> list[tuple[Merge, str]]:
    """The newest merges in words."""
    rows = list(Merge.objects.visible_to(user).in_park(park).filter(ledger=kind.slug)[:MOST_LISTED])
    told = labels_of(kind, rows, user)
    return [(row, told.get(row.pk, str(row))) for row in rows]


def labels_of(kind: Kind, rows: Sequence[Merge], user: User) -> dict[int, str]:
    """What the trail says of the record that went: “甲，并入“乙””."""
    written = {pk: row.pk for row in rows for pk in row.written}
    entries = Change.objects.visible_to(user).filter(
        pk__in=written, model=kind.model._meta.label_lower, action=Action.DELETE
    )
    return {written[pk]: label for pk, label in entries.values_list("pk", "label")}


# Compared and merged


@get_or_post
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Compare two records (``?stays=&gone=``), preview what merging them does (POST), and merge (``confirm``)."""
    kind, about = kind_of(slug), asked(request)
    keys = keys_of(request)
    if keys is None:
        raise Http404("没有说是哪两条")
    if keys[0] == keys[1]:
        messages.error(request, "保留的和并入的选了同一条，请选两条不同的。")
        stays = RECORDS[slug].model.objects.visible_to(about.user).writable_by(about.user).filter(pk=keys[0]).first()
        if stays is None:
            raise Http404("没有这条记录，或不能修改")
        return redirect(address_of(kind, stays.park))
    notice = ""
    if request.method == "POST" and "confirm" in request.POST:
        try:
            found = merge(slug, kind.model, keys, request.POST, request.POST.get("seen", ""), about.user)
        except ValidationError as error:
            notice = f"没有合并：{error.messages[0]}"
            found = plan(*pair_of(kind.model, keys, about.user), request.POST, about.user)
        except Http404:
            earlier = Merge.objects.visible_to(about.user).writable_by(about.user)
            before = earlier.filter(ledger=slug, stays=keys[0], gone=keys[1], undone_at__isnull=True).first()
            if before is None:
                raise
            messages.info(request, "这两条刚才已经合并，没有再做一遍。")
            return redirect("merge", slug, before.pk)
        if isinstance(found, Merge):
            messages.success(request, f"已合并。{Merge.DAYS_TO_UNDO}天以内可以在本页撤销。")
            return redirect("merge", slug, found.pk)
        notice = notice or ("" if found.problems else CHANGED)
    else:
        found = plan(*pair_of(kind.model, keys, about.user), request.POST, about.user)
    is_preview = request.method == "POST" and "back" not in request.POST and not found.problems
    template = "portal/merge_preview.html" if is_preview else "portal/merge_compare.html"
    owed = found.problems if request.method == "POST" and "back" not in request.POST else []
    context = {
        "kind": kind,
        "plan": found,
        "notice": notice,
        "owed": owed,
        "swap_url": f"{reverse('merge-new', args=[slug])}?{urlencode({'stays': keys[1], 'gone': keys[0]})}",
        "stays_url": reverse("record", args=[slug, keys[0]]),
        "gone_url": reverse("record", args=[slug, keys[1]]),
        "most": f":{MOST_LINES}",
        "days": Merge.DAYS_TO_UNDO,
        **shell(about, kind, found.stays.park, found.stays),
    }
    return render(request, template, context)


def keys_of(request: HttpRequest) -> tuple[int, int] | None:
    stays, gone = (entry_number(request.GET.get(name)) for name in ("stays", "gone"))
    return (stays, gone) if stays and gone else None


# Done, and taken back


@get_or_post
def done(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One merge: what it did, whether it was taken back and what was kept then."""
    kind, about = kind_of(slug), asked(request)
    row = merge_of(slug, about.user, pk)
    context = {
        "kind": kind,
        "row": row,
        "told": told_of(kind, row, about.user),
        "may_undo": row.may_undo(timezone.now()),
        "days": Merge.DAYS_TO_UNDO,
        "undo_url": reverse("merge-undo", args=[slug, pk]),
        **what_it_did(kind, row, about.user),
        **shell(about, kind, row.park),
    }
    return render(request, "portal/merge.html", context)


@get_or_post
def undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask once, naming what goes back and what is kept, and take the merge back."""
    kind, about = kind_of(slug), asked(request)
    row = merge_of(slug, about.user, pk)
    back = redirect("merge", slug, pk)
    if not row.may_undo(timezone.now()):
        messages.error(request, f"{why_not(row)}。")
        return back
    problem = ""
    try:
        found = outlook(row, kind.model, about.user)
        if request.method == "POST":
            changed = take_back(row, kind.model, request.POST.get("seen", ""), about.user)
            if changed is None:
                messages.success(request, f"已撤销合并，“{found.label}”恢复了。")
                return back
            found, problem = changed, "打开这一页以后又有变动，还没有撤销。下面是现在的情况，请再看一遍。"
    except NotUndone as error:
        messages.error(request, f"没有撤销：{error}。")
        return back
    context = {
        "kind": kind,
        "row": row,
        "found": found,
        "problem": problem,
        "back": reverse("merge", args=[slug, pk]),
        **shell(about, kind, row.park),
    }
    return render(request, "portal/merge_undo.html", context)


def merge_of(slug: str, user: User, pk: int) -> Merge:
    rows = Merge.objects.visible_to(user).writable_by(user).select_related("park")
    row: Merge | None = rows.filter(pk=pk, ledger=slug).first()
    if row is None:
        raise Http404("没有这次合并，或不能查看")
    return row


def told_of(kind: Kind, row: Merge, user: User) -> str:
    return labels_of(kind, [row], user).get(row.pk, str(row))


def what_it_did(kind: Kind, row: Merge, user: User) -> dict[str, Any]:
    """The record that stayed, if it is there, and how many facts moved and were dropped."""
    entries = Change.objects.visible_to(user).filter(pk__in=row.written)
    own = entries.filter(model=kind.model._meta.label_lower, object_id__in=(row.stays, row.gone))
    facts = entries.exclude(pk__in=own.values("pk"))
    stays = kind.model.objects.visible_to(user).filter(pk=row.stays).first()
    return {
        "stays": stays,
        "stays_url": reverse("record", args=[kind.slug, row.stays]),
        "moved": facts.filter(action=Action.UPDATE).count(),
        "dropped": facts.filter(action=Action.DELETE).count(),
    }


# Who may, and where


def kind_of(slug: str) -> Kind:
    if slug not in KINDS:
        raise Http404("这个台账不查重复")
    return KINDS[slug]


def park_to_look_in(about: Asked) -> tuple[Park | None, list[Park]]:
    """The park asked about or the only one, else those to choose from. Raises Http404 for who enters no records."""
    parks = parks_in_reach(about.user, Merge.write_roles)
    if about.park is not None:
        if not parks.filter(pk=about.park.pk).exists():
            raise Http404("不能在这个园区登记")
        return about.park, []
    some = list(parks.order_by("name")[:MOST_PARKS])
    if not some:
        raise Http404("没有登记的权限")
    return (some[0], []) if len(some) == 1 else (None, some)


def address_of(kind: Kind, park: Park) -> str:
    return f"{reverse('duplicates', args=[kind.slug])}?{urlencode({'park': park.slug})}"


def title_of(kind: Kind) -> str:
    return f"疑似重复的{kind.noun}"


def shell(about: Asked, kind: Kind, park: Park | None, row: Any = None) -> dict[str, Any]:
    found = shell_of(about, RECORDS[kind.slug], row, park)
    if park is not None:
        found["doubles_url"] = address_of(kind, park)
    return found
