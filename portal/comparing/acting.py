"""The only place that acts on what differs without a page of its own: takes a list's writing over, or excludes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.datastructures import MultiValueDict

from orgs import journal
from orgs.journal import Via
from orgs.models import Enterprise, User
from portal.comparing import findings
from portal.comparing.findings import Item
from portal.comparing.outside import is_same, plain_key
from portal.entering import lock
from portal.forms.enterprises import EnterpriseForm
from portal.imports.check import as_sent, as_typed
from portal.models import Comparison, Exclusion

MOVED: Final = "台账刚才有了变化，没有写入。请看现在的差别，再点一次。"


class Refused(Exception):
    """Why nothing was written, in Chinese."""


def adopt(comparison: Comparison, user: User, key: str, pk: int, seen: Mapping[str, str]) -> Item:
    """Write what the list says of these fields (name → :attr:`Difference.seen`) into the ledger, through the
    entry form. ``key`` is that of the item, ``pk`` that of the enterprise.

    Only where the difference is still the one that was seen; the record is held until it is written. A name that is
    another one, not merely written otherwise, stays as 曾用名. Raises Refused.
    """
    with transaction.atomic():
        lock(Enterprise(pk=pk), user)
        item = findings.find(comparison, user).find(key)
        chosen = [one for one in item.adoptable if one.name in seen] if item is not None and item.pk == pk else []
        row = Enterprise.objects.visible_to(user).writable_by(user).filter(pk=pk).first()
        if item is None or row is None or not chosen or {one.name: one.seen for one in chosen} != dict(seen):
            raise Refused(MOVED)
        typed = as_typed(EnterpriseForm(instance=row, user=user))
        for one in chosen:
            if one.name == "name" and not is_same("name", row.name, one.value):
                typed["former_names"] = with_former(row.former_names, row.name)
            typed[one.name] = one.value
        form = EnterpriseForm(MultiValueDict(as_sent(typed)), instance=row, user=user)
        try:
            if form.is_valid():
                form.commit(Via.PAGE)
        except ValidationError:
            pass  # its sentences stand in the form
        if form.errors:
            told = "；".join(str(text).rstrip("。") for texts in form.errors.values() for text in texts)
            raise Refused(f"“{item.name}”没有改：{told}。请打开这家企业修改。")
    return item


def with_former(names: str, name: str) -> str:
    """The former names, one a line, and this one."""
    lines = [line for line in names.splitlines() if line.strip()]
    return "\n".join(lines if name in lines else [*lines, name])


def exclude(comparison: Comparison, user: User, key: str, kinds: Sequence[str], reason: str) -> Item:
    """Remember that these differences of an item are not to be raised again. Raises Refused."""
    item = findings.find(comparison, user).find(key)
    if item is None:
        raise Refused("这一项已经不在了，可能刚才在另一个窗口办理过。")
    reason = reason.strip()
    if not reason:
        raise Refused(f"请写明“{item.name}”为什么不再提示，如“注册在园区，实际不在”。")
    if len(reason) > 60:
        raise Refused(f"原因最多60个字，现在有{len(reason)}个，请删减。")
    offered = [one.name for one in item.diffs] or [item.kind]
    chosen = [kind for kind in offered if kind in kinds] if len(offered) > 1 else offered
    if not chosen:
        raise Refused(f"请勾选“{item.name}”哪几项不再提示。")
    with transaction.atomic():
        for kind in chosen:
            row = Exclusion(
                park=comparison.park,
                kind=kind,
                uscc=item.uscc,
                plain=plain_key(item.name),
                name=item.name,
                reason=reason,
                account=user.pk,
                made_by=str(user),
            )
            try:
                journal.save(row, user, Via.PAGE)
            except ValidationError as error:
                raise Refused(str(error.messages[0])) from None
    return item
