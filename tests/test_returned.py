"""The officer's own workbook handed back: what was wrong is marked, what was mended is in it, the rest is his."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from orgs.models import Park, Role, User
from portal.imports import batches
from portal.imports.plans import PLANS
from portal.models import ImportBatch
from tests.factories import grant, make_park, make_user

pytestmark = pytest.mark.django_db

HEADS = ("企业名称", "企业类型", "入驻日期", "经营状态", "职工数", "联系电话")
ONE = ("一号机械有限公司", "私营企", "2025-03-01", "正常经营", 12, "0477-1")
TWO = ("二号机械有限公司", "私营企业", "25.3.5", "正常经营", "很多", "")
GOOD = ("三号机械有限公司", "私营企业", "2025-03-05", "正常经营", 5, "")


@pytest.fixture
def park() -> Park:
    return make_park("returned")


@pytest.fixture
def officer(park: Park) -> User:
    user = make_user("returner")
    grant(user, Role.OFFICER, park)
    return user


@pytest.fixture
def browser(officer: User) -> Client:
    client = Client()
    client.force_login(officer)
    return client


def made(*rows: Sequence[Any]) -> Any:
    """A workbook with the heads over these rows."""
    book = Workbook()
    leaf: Any = book.active
    for row in (HEADS, *rows):
        leaf.append(list(row))
    return book


def packed(book: Any) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def opened(park: Park, officer: User, book: Any) -> ImportBatch:
    return batches.open_batch(PLANS["enterprises"], officer, park, "企业.xlsx", packed(book))


def returned(browser: Client, batch: ImportBatch) -> Any:
    """The workbook that comes back."""
    answer = browser.get(reverse("import-marked", args=[batch.pk]))
    assert answer.status_code == 200
    return load_workbook(BytesIO(answer.content), rich_text=True)


def sent_again(browser: Client, batch: ImportBatch, book: Any) -> list[str]:
    """What becomes of the rows of a workbook put into the batch instead of the one before."""
    file = SimpleUploadedFile("企业（标注）.xlsx", packed(book))
    browser.post(reverse("import-file", args=[batch.pk]), {"file": file})
    batch.refresh_from_db()
    return [one.kind for one in batches.outcomes_of(batch)]


def mend(browser: Client, batch: ImportBatch, row: int, **typed: str) -> None:
    browser.post(reverse("import-row", args=[batch.pk, row]), typed)
    batch.refresh_from_db()


# The two columns beside


def test_results_stand_in_the_row_of_the_heads_whatever_follows_it(park: Park, officer: User, browser: Client) -> None:
    batch = opened(park, officer, made(("合计", "", "", "", 12, ""), [], ONE))
    for _ in range(2):
        book = returned(browser, batch)
        leaf = book.active
        assert [cell.value for cell in leaf[1]] == [*HEADS, "结果", "说明"]
        assert [leaf.cell(row, 7).value for row in (2, 3, 4)] == ["不是记录", None, "错误"]
        assert sent_again(browser, batch, book) == ["rejected"]
