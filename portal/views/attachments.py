"""The only place for the pages of attachments: add one to a record, save it to disk, remove it, put it back."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from orgs.models import User
from orgs.scoping import ScopedModel
from portal.asking import asked
from portal.attachments import keeping, store
from portal.attachments.beside import adding
from portal.attachments.incoming import bounded
from portal.attachments.kinds import TYPES, NotTaken
from portal.middleware import SANDBOX
from portal.models import Attachment
from portal.views.records import page_of, readable, shell_of, writable

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
NO_FILE = "没有选文件，请点“选择文件”选一个再添加。"


class AttachmentForm(forms.Form):
    """A file and, if one likes, a phrase on what it is. That stands first, so that it is kept whatever follows."""

    note = forms.CharField(
        label="说明（可不填）",
        required=False,
        max_length=Attachment._meta.get_field("note").max_length,
        error_messages={"max_length": "说明最多60个字，请写短些。"},
    )
    file = forms.FileField(
        label="选择文件",
        max_length=1000,
        error_messages={
            "required": NO_FILE,
            "empty": "文件是空的，请核对是否选对了文件、是否已经保存。",
            "max_length": "文件名太长，请改短后再上传。",
            "invalid": "没有收到文件，请重新选择。",
            "missing": NO_FILE,
        },
    )


# Before the form is read its size must be bounded, and Django's own check of the token reads it before any view
@csrf_exempt
def new(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Add a file to a record. The token is asked for inside, after the bound is set."""
    limit = bounded(request)

    @csrf_protect
    @get_or_post
    def shown(request: HttpRequest) -> HttpResponseBase:
        page, about = page_of(slug), asked(request)
        row = writable(page, about.user, pk)
        back = f"{reverse('record', args=[slug, pk])}#attachments"
        posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form = AttachmentForm(*posted)
        if request.method == "POST":
            made = taken(form, slug, row, about.user, is_over=limit.is_over)
            if made is not None:
                messages.success(request, f"已添加附件“{made.name}”。")
                return redirect(back)
        context = {"form": form, "row": row, "back": back, "adding": adding(slug, row), **shell_of(about, page, row)}
        return render(request, "portal/attachment_new.html", context, status=400 if form.errors else 200)

    return shown(request)


def taken(form: AttachmentForm, slug: str, row: ScopedModel, user: User, *, is_over: bool) -> Attachment | None:
    """What was added; else the form says why not."""
    is_valid = form.is_valid()
    if is_over:
        form.errors.pop("file", None)
        form.add_error("file", keeping.TOO_LARGE)
    elif is_valid:
        upload = form.cleaned_data["file"]
        try:
            return keeping.take(slug, row, user, upload.name, form.cleaned_data["note"], upload.chunks())
        except NotTaken as problem:
            form.add_error("file", str(problem))
        except ValidationError as error:
            form.add_error("note", error.messages[0])
    return None


@require_safe
def file(request: HttpRequest, slug: str, pk: int, fact_pk: int) -> HttpResponseBase:
    """The file itself, to be saved: never drawn by a browser under our address."""
    page, about = page_of(slug), asked(request)
    one = attachment_of(slug, readable(page, about.user, pk), about.user, fact_pk)
    if one.removed_at is not None:
        raise Http404("附件已删除")
    if not store.path_of(one.sha256).is_file():
        raise Http404("附件的文件不在了，请告诉管理员")
    response = StreamingHttpResponse(store.pieces(one.sha256), content_type=TYPES[one.kind])
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=one.name) or ""
    response["Content-Length"] = one.size
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@get_or_post
def delete(request: HttpRequest, slug: str, pk: int, fact_pk: int) -> HttpResponse:
    """Ask once; what is removed can be put back for a month."""
    page, about = page_of(slug), asked(request)
    row = writable(page, about.user, pk)
    one = attachment_of(slug, row, about.user, fact_pk)
    back = f"{reverse('record', args=[slug, pk])}#attachments"
    if one.removed_at is not None:
        return redirect(back)
    if request.method == "POST":
        keeping.remove(one, about.user)
        messages.success(request, f"已删除附件“{one.name}”，{one.DAYS_TO_RESTORE}天内可以恢复。")
        return redirect(back)
    context = {"attachment": one, "row": row, "back": back, "days": one.DAYS_TO_RESTORE}
    return render(request, "portal/attachment_delete.html", context | shell_of(about, page, row))


@get_or_post
def restore(request: HttpRequest, slug: str, pk: int, fact_pk: int) -> HttpResponse:
    """Put back what was removed; looking at the address alone does nothing."""
    page, about = page_of(slug), asked(request)
    row = writable(page, about.user, pk)
    one = attachment_of(slug, row, about.user, fact_pk)
    if request.method == "POST" and one.removed_at is not None:
        try:
            keeping.restore(slug, row, one, about.user)
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            messages.success(request, f"已恢复附件“{one.name}”。")
    return redirect(f"{reverse('record', args=[slug, pk])}#attachments")


def attachment_of(slug: str, row: ScopedModel, user: User, pk: int) -> Attachment:
    """One attachment of this very record, for who may see it."""
    found: Attachment | None = Attachment.objects.visible_to(user).filter(keeping.attached_to(slug, row), pk=pk).first()
    if found is None:
        raise Http404("没有这个附件")
    return found
