"""The only place for the pages of one record: read it, enter it, change it, end it, delete it, and its dated facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from activities.models import Activity, Attendance
from orgs import journal
from orgs.journal import Via
from orgs.models import BusinessState, Change, Park, User
from orgs.scoping import ScopedModel, parks_in_reach
from portal import drafts, entering, succession, timeline
from portal.asking import Asked, asked
from portal.attachments.beside import beside
from portal.comparing.errands import errand_of
from portal.entering import Entered
from portal.forms import EntryForm, end_form
from portal.forms.base import today
from portal.ledgers import LEDGERS
from portal.listing import subnav
from portal.merging.whereabouts import leads_to
from portal.models import ATTACHED_TO, Attachment
from portal.records import RECORDS
from portal.records.parts import FactKind, Look, RecordPage, key_data, trail
from portal.signin import keeps_typed
from portal.type_ahead import said

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
PANEL = "X-Panel"
RECENT_CHANGES = 30
ALL_CHANGES = 500
# Parks offered by name where a new record has to be given one
MOST_PARKS = 200
TWICE = f"{entering.SENT}，没有再登记一遍。"
MERGED = "您打开的那一条已并入这一条，名下的记录都在这里；经过见下面的修改记录。"
DRAFTED = "这是已登记的那一条。刚才填的没有登记，存成了草稿，只有您自己看得到；用不着了，在登记页上点“不要了”。"


# Reading


@require_safe
def record(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    page, about = page_of(slug), asked(request)
    try:
        row = readable(page, about.user, pk)
    except Http404:
        return led_on(request, page, about.user, pk, readable)
    look = Look(about.user, row, about.day, may_change(page, about.user, pk), about.persons)
    if request.headers.get(PANEL):
        return panel(request, about, page, look)
    most = ALL_CHANGES if request.GET.get("trail") == "all" else RECENT_CHANGES
    entries, changes = trail(look, page, most)
    tables = page.tables(look)
    context = {
        "page": page,
        "about": about,
        "row": row,
        "may_write": look.may_write,
        "heading": page.heading(look),
        "sub": page.sub(look),
        "strip": page.strip(look),
        "keys": key_data(look, page.keys, list(page.form.base_fields)),
        "beside": beside(look, slug),
        "keys_whole": all(one.wide for one in tables),
        "tables": tables,
        "drawing": timeline.draw(page.lanes(look), about.day, today()),
        "entries": entries,
        "changes": changes,
        "is_today": about.day == today(),
        "edit_url": reverse("record-edit", args=[slug, pk]),
        "delete_url": reverse("record-delete", args=[slug, pk]),
        "end_url": reverse("record-end", args=[slug, pk]) if page.ends and row.until is None else "",
        **shell_of(about, page, row),
    }
    response = render(request, "portal/record.html", context, status=400 if about.problem else 200)
    patch_vary_headers(response, [PANEL])
    return response


def panel(request: HttpRequest, about: Asked, page: RecordPage, look: Look) -> HttpResponse:
    """What of the record stands beside a list: its strip and its fields. A script asks for it at the record's own
    address, by a header, so that no address leads anybody to half a page."""
    context = {
        "page": page,
        "about": about,
        "heading": page.heading(look),
        "sub": page.sub(look),
        "strip": page.strip(look),
        "keys": key_data(look, page.keys, list(page.form.base_fields)),
        "is_today": about.day == today(),
        "url": request.get_full_path(),
        "edit_url": reverse("record-edit", args=[page.slug, look.row.pk]) if look.may_write else "",
    }
    response = render(request, "portal/record_panel.html", context)
    response[PANEL] = "1"
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, [PANEL])
    return response


# Entering and changing


@keeps_typed
@get_or_post
def new(request: HttpRequest, slug: str) -> HttpResponse:
    page, about = page_of(slug), asked(request)
    given, park = prefilled(page, about, request)
    errand = errand_of(request, about.user, slug)
    if errand is not None:
        given, park = {**given, **errand.initial()}, errand.park
    if not LEDGERS[slug].may_add(about.user, park):
        raise Http404("没有登记的权限")
    if request.method != "POST":
        choice = choice_to_make(page, about.user, park, given, request)
        if choice is not None:
            choice |= draft_context(drafts.find(about.user, request.path))
            return render(request, "portal/entry_choice.html", choice | shell_of(about, page))

    def make(data: Any = None, initial: Mapping[str, Any] | None = None) -> EntryForm:
        return page.form(data, user=about.user, park=park, initial={**given, **(initial or {})})

    entered = entering.add(request, about.user, make)
    form = entered.form
    if entered.written:
        tell(request, form, f"已登记{page.noun}“{form.instance}”。")
        if "again" in request.POST:
            return redirect(f"{reverse('ledger-new', args=[slug])}?{urlencode(taken_over(form, park))}")
        return redirect(errand.back() if errand else reverse("record", args=[slug, form.instance.pk]))
    if entered.earlier is not None:
        messages.info(request, TWICE)
        return redirect(errand.back() if errand else reverse("record", args=[slug, entered.earlier]))
    if entered.used is not None:
        messages.info(request, DRAFTED)
        return redirect("record", slug, entered.used)
    cancel = reverse("ledger", args=[slug]) + (f"?{urlencode({'park': park.slug})}" if park else "")
    context = entry_context(form, form.add_title, errand.back() if errand else cancel, again=errand is None)
    return shown(request, entered, context | shell_of(about, page, park=form.park))


@keeps_typed
@get_or_post
def edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    page, about = page_of(slug), asked(request)
    errand = errand_of(request, about.user, slug)
    try:
        entered = entering.change(request, about.user, page.form, pk, lambda: writable(page, about.user, pk))
    except Http404:
        if request.method == "POST":
            raise  # a redirect would lose what was typed: portal/given_back.py shows it beside the way on
        return led_on(request, page, about.user, pk, writable)
    form, back = entered.form, errand.back() if errand else reverse("record", args=[slug, pk])
    if entered.written:
        tell(request, form, f"已保存{page.noun}“{form.instance}”。" if form.has_changed() else "没有改动，记录照旧。")
        return redirect(back)
    stored = writable(page, about.user, pk)
    context = entry_context(form, form.edit_title, back, version=entered.version, subject=str(stored))
    context["delete_url"] = reverse("record-delete", args=[slug, pk])
    return shown(request, entered, context | shell_of(about, page, stored))


@keeps_typed
@get_or_post
def end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """终止 of a record that has a ledger of its own: coverage, work coverage, office."""
    page, about = page_of(slug), asked(request)
    if not page.ends:
        raise Http404("这类记录没有终止日期")
    made = end_form(page.model)
    entered = entering.change(request, about.user, made, pk, lambda: writable(page, about.user, pk))
    form, back = entered.form, reverse("record", args=[slug, pk])
    if entered.written:
        tell(request, form, f"已终止{page.noun}“{form.instance}”。")
        return redirect(back)
    stored = writable(page, about.user, pk)
    context = entry_context(form, f"终止{page.noun}", back, version=entered.version, subject=str(stored))
    return shown(request, entered, context | shell_of(about, page, stored))


@get_or_post
def delete(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask once, naming the record and what hangs on it; what belongs to it alone goes with it."""
    page, about = page_of(slug), asked(request)
    row = writable(page, about.user, pk)
    own = own_facts(page, row, about.user)
    problem = ""
    if request.method == "POST":
        try:
            with transaction.atomic():
                for _model, _owner, facts in own:
                    for fact in facts:
                        journal.delete(fact, about.user, Via.PAGE)
                journal.delete(row, about.user, Via.PAGE)
        except ValidationError as error:
            problem = error.messages[0]
        else:
            messages.success(request, f"已删除{page.noun}“{row}”。删除前的内容留在修改记录里。")
            return redirect("ledger", slug)
    context = {
        "title": f"删除{page.noun}",
        "subject": str(row),
        "noun": page.noun,
        "own": [(str(model._meta.verbose_name), len(facts)) for model, _owner, facts in own if facts],
        "hanging": hanging(row, about.user, own),
        "problem": problem,
        "back": reverse("record", args=[slug, pk]),
        "ends": page.ends,
    }
    return render(request, "portal/confirm_delete.html", context | shell_of(about, page, row))


# Dated facts without a ledger of their own, from their owner's page


@keeps_typed
@get_or_post
def fact_new(request: HttpRequest, slug: str, pk: int, kind: str) -> HttpResponse:
    page, about = page_of(slug), asked(request)
    owner, fact = writable(page, about.user, pk), fact_of(page, kind)
    errand = errand_of(request, about.user, slug)
    given = errand.state() if errand is not None and fact.model is BusinessState else {}
    newest = succession.version(fact.form, owner)

    def make(data: Any = None, initial: Mapping[str, Any] | None = None) -> EntryForm:
        instance, known = fact.model(**{fact.owner: owner}), {**given, **(initial or {})}
        return fact.form(data, instance=instance, user=about.user, park=park_of(owner), initial=known)

    entered = entering.add(request, about.user, make, newest)
    form, back = entered.form, errand.back() if errand else reverse("record", args=[slug, pk])
    if entered.written:
        tell(request, form, f"已登记{fact.model._meta.verbose_name}“{form.instance}”。")
        return redirect(back)
    if entered.earlier is not None:
        messages.info(request, TWICE)
        return redirect(back)
    context = entry_context(form, form.add_title, back, version=entered.version, subject=str(owner))
    return shown(request, entered, context | shell_of(about, page, owner))


@keeps_typed
@get_or_post
def fact_edit(request: HttpRequest, slug: str, pk: int, kind: str, fact_pk: int) -> HttpResponse:
    page, about = page_of(slug), asked(request)
    owner, fact = writable(page, about.user, pk), fact_of(page, kind)
    fetch = partial(fact_row, fact, owner, about.user, fact_pk)
    entered = entering.change(request, about.user, fact.form, fact_pk, fetch)
    return changed_fact(request, about, page, owner, entered, fact.form.edit_title, kind)


@keeps_typed
@get_or_post
def fact_end(request: HttpRequest, slug: str, pk: int, kind: str, fact_pk: int) -> HttpResponse:
    page, about = page_of(slug), asked(request)
    owner, fact = writable(page, about.user, pk), fact_of(page, kind)
    if not hasattr(fact.model, "until"):
        raise Http404("这类记录没有终止日期")
    fetch = partial(fact_row, fact, owner, about.user, fact_pk)
    entered = entering.change(request, about.user, end_form(fact.model), fact_pk, fetch)
    return changed_fact(request, about, page, owner, entered, f"终止{fact.model._meta.verbose_name}", kind)


@get_or_post
def fact_delete(request: HttpRequest, slug: str, pk: int, kind: str, fact_pk: int) -> HttpResponse:
    page, about = page_of(slug), asked(request)
    owner, fact = writable(page, about.user, pk), fact_of(page, kind)
    row = fact_row(fact, owner, about.user, fact_pk)
    noun, back, problem = str(fact.model._meta.verbose_name), reverse("record", args=[slug, pk]), ""
    goes_on = request.method != "POST" or "goes_on" in request.POST
    if request.method == "POST":
        try:
            done = succession.take_out(fact.form, row, about.user, goes_on=goes_on)
        except ValidationError as error:
            problem = error.messages[0]
        else:
            messages.success(request, f"已删除{noun}“{row}”。删除前的内容留在修改记录里。{done}")
            return redirect(back)
    before = succession.earlier(fact.form, row, about.user).first()
    context = {
        "title": f"删除{noun}",
        "subject": str(row),
        "noun": noun,
        "own": [],
        "hanging": hanging(row, about.user, []),
        "gap": succession.gap(fact.form, row, before) if before is not None else None,
        "goes_on": goes_on,
        "problem": problem,
        "back": back,
        "ends": hasattr(fact.model, "until"),
    }
    return render(request, "portal/confirm_delete.html", context | shell_of(about, page, owner))


def changed_fact(
    request: HttpRequest, about: Asked, page: RecordPage, owner: ScopedModel, entered: Entered, title: str, kind: str
) -> HttpResponse:
    at, form = [page.slug, owner.pk], entered.form
    if entered.written:
        tell(request, form, f"已保存{form.model()._meta.verbose_name}“{form.instance}”。")
        return redirect("record", *at)
    context = entry_context(form, title, reverse("record", args=at), version=entered.version, subject=str(owner))
    context["delete_url"] = reverse("record-fact-delete", args=[*at, kind, form.instance.pk])
    return shown(request, entered, context | shell_of(about, page, owner))


# Fetching, through the gates: what is not there for this user is a 404


def page_of(slug: str) -> RecordPage:
    if slug not in RECORDS:
        raise Http404("没有这个台账")
    return RECORDS[slug]


def readable(page: RecordPage, user: User, pk: int) -> Any:
    rows = page.model.objects.visible_to(user)
    row = (rows.select_related(*page.related) if page.related else rows).filter(pk=pk).first()
    if row is None:
        raise Http404("没有这条记录")
    return row


def writable(page: RecordPage, user: User, pk: int) -> Any:
    """The row for somebody who may change it; for those who may only read, the address does not exist."""
    row = page.model.objects.visible_to(user).writable_by(user).filter(pk=pk).first()
    if row is None:
        raise Http404("没有这条记录，或不能修改")
    return row


def led_on(
    request: HttpRequest, page: RecordPage, user: User, pk: int, fetch: Callable[[RecordPage, User, int], Any]
) -> HttpResponse:
    """The way from a record that is gone to the one that it became part of; Http404 if it did not, or out of sight."""
    stays = leads_to(page.slug, pk, user)
    if stays is None:
        raise Http404("没有这条记录")
    fetch(page, user, stays)
    messages.info(request, MERGED)
    return redirect("record", page.slug, stays)


def may_change(page: RecordPage, user: User, pk: int) -> bool:
    return bool(page.model.objects.writable_by(user).filter(pk=pk).exists())


def fact_of(page: RecordPage, kind: str) -> FactKind:
    found = page.fact(kind)
    if found is None:
        raise Http404("没有这种记录")
    return found


def fact_row(fact: FactKind, owner: ScopedModel, user: User, pk: int) -> Any:
    rows = fact.model.objects.visible_to(user).writable_by(user)
    row = rows.filter(pk=pk, **{fact.owner: owner}).first()
    if row is None:
        raise Http404("没有这条记录，或不能修改")
    return row


def park_of(row: ScopedModel) -> Park | None:
    return row if isinstance(row, Park) else Park.objects.filter(pk=row.park_id_of() or 0).first()


# What a new record starts from


def prefilled(page: RecordPage, about: Asked, request: HttpRequest) -> tuple[dict[str, Any], Park | None]:
    """What the address fills in, and the park that follows from it. A record out of sight is a 404."""
    initial: dict[str, Any] = {}
    park = about.park
    for parameter, name in page.form.prefill.items():
        given = request.GET.get(parameter, "").strip()[:200]
        if not given:
            continue
        field = page.form.base_fields.get(name)
        if isinstance(field, forms.ModelChoiceField):
            target: Any = field.queryset.model if field.queryset is not None else None
            row = (
                target.objects.visible_to(about.user).filter(pk=int(given)).first()
                if given.isdecimal() and len(given) < 18
                else None
            )
            if row is None:
                raise Http404("没有这条记录")
            initial[name] = row.pk
            park = park_of(row) or park
        else:
            initial[name] = given
    return initial, park


def choice_to_make(
    page: RecordPage, user: User, park: Park | None, initial: Mapping[str, Any], request: HttpRequest
) -> dict[str, Any] | None:
    """The step before the form, where it needs one: in which park, and for a meeting, of which organization."""
    title = page.form.add_title
    kept = [(name, value) for name, value in request.GET.items() if name in page.form.prefill or name == "park"]
    if page.model is Park:
        return None
    if park is None:
        parks = list(parks_in_reach(user, page.model.write_roles).order_by("order_key", "pk")[:MOST_PARKS])
        if len(parks) > 1:
            options = [(one.slug, f"{one.name}{'（演示）' if one.is_demo else ''}", one.initials) for one in parks]
            return {"title": title, "label": "登记在哪个园区", "name": "park", "options": options, "kept": kept}
        park = parks[0] if parks else None
    if page.model is Activity and "organization" not in initial:
        form = page.form(user=user, park=park)
        choices: Any = form.fields["organization"]
        options = [(str(one.pk), str(one), said(one)) for one in choices.queryset]
        if not options:
            return {"title": title, "label": "", "name": "", "options": [], "kept": [], "park": park}
        return {"title": title, "label": "哪个党组织", "name": "organization", "options": options, "kept": kept}
    return None


def taken_over(form: EntryForm, park: Park | None) -> dict[str, str]:
    """What “提交并再登记一条” starts from."""
    kept = {"park": park.slug} if park is not None else {}
    for name, parameter in form.keep.items():
        value = form.cleaned_data.get(name)
        if value not in (None, ""):
            kept[parameter] = str(getattr(value, "pk", value))
    return kept


# Deleting, and what is said after writing


Owned = list[tuple[type[ScopedModel], str, list[Any]]]


def own_facts(page: RecordPage, row: ScopedModel, user: User) -> Owned:
    """(model, its foreign key, rows) of the records that belong to this one alone and are deleted with it."""
    kinds: list[tuple[type[ScopedModel], str]] = [(one.model, one.owner) for one in page.facts]
    if page.model is Activity:
        kinds.append((Attendance, "activity"))
    kinds.append((Attachment, ATTACHED_TO[page.slug]))
    return [(model, owner, list(model.objects.visible_to(user).filter(**{owner: row}))) for model, owner in kinds]


def hanging(row: ScopedModel, user: User, own: Owned) -> list[tuple[str, int]]:
    """(name, count) of what else points at the record and keeps it from being deleted."""
    going = {(model, owner) for model, owner, _rows in own}
    found = []
    for relation in row._meta.related_objects:
        model: Any = relation.related_model
        if not issubclass(model, ScopedModel) or model is Change or (model, relation.field.name) in going:
            continue
        number = model.objects.visible_to(user).filter(**{relation.field.name: row}).count()
        if number:
            found.append((str(model._meta.verbose_name), number))
    return found


def tell(request: HttpRequest, form: EntryForm, said: str) -> None:
    """The message after saving, and what the margin notes would like to be looked at again."""
    messages.success(request, said)
    for note in form.reminders():
        words = "：".join(filter(None, (note.head, note.text)))
        messages.warning(request, f"提醒：{words}{f'（{note.cite}）' if note.cite else ''}")


# Pages


def shown(request: HttpRequest, entered: Entered, context: dict[str, Any]) -> HttpResponse:
    """The form, or in its place the comparison with what others wrote since it was opened."""
    if entered.answer is not None:
        return entered.answer
    context |= {"mark": drafts.mark(entered.form.user, request.path), "taken": entered.taken}
    context |= {"undecided": entered.draft is not None and not entered.taken, "alike": entered.alike}
    context |= {"alike_keys": ",".join(str(one.row.pk) for one in entered.alike)}
    context |= draft_context(entered.draft)
    if entered.comparison is None:
        return render(request, "portal/entry.html", context)
    compared = {"comparison": entered.comparison, "slips": entered.comparison.slips}
    carried = [(name, [value]) for name, value in entered.form.carried().items()]
    return render(request, "portal/conflict.html", context | compared | {"kept": drafts.typed(request.POST) + carried})


def entry_context(
    form: EntryForm, title: str, back: str, *, version: int | None = None, subject: str = "", again: bool = False
) -> dict[str, Any]:
    return {
        "form": form,
        "title": title,
        "subject": subject,
        "where": subject or str(getattr(form, "organization", None) or (form.park.name if form.park else "")),
        "sections": form.shown_sections(),
        "hidden": [one for one in form if one.is_hidden],
        "slips": form.slips(),
        "version": version,
        "again": again,
        "back": back,
    }


def draft_context(draft: Any) -> dict[str, Any]:
    """What the page says of a draft: when it was kept, and where it opens."""
    if draft is None:
        return {}
    return {"draft_at": drafts.clock(draft), "draft_url": drafts.address(draft)}


def shell_of(
    about: Asked, page: RecordPage, row: ScopedModel | None = None, park: Park | None = None
) -> dict[str, Any]:
    """The ledger bar and the park at the head of the page."""
    shown = park or about.park
    if row is not None:
        shown = park_of(row)
    kept = {"park": about.park.slug} if about.park else {}
    if about.day != today():
        kept["day"] = about.day.isoformat()
    ledger = LEDGERS[page.slug]
    return {
        "ledger": ledger,
        "ledger_url": reverse("ledger", args=[page.slug]) + (f"?{urlencode(kept)}" if kept else ""),
        "current_park": shown,
        "subnav": subnav(page.slug, kept, about),
    }
