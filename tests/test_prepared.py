"""A question put into SQL once gives what the queryset gives, for any number of keys."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orgs.models import BusinessState, Enterprise
from orgs.prepared import STAND_IN, Prepared
from tests.factories import again, make_enterprise, make_park

pytestmark = pytest.mark.django_db

NAMED = Prepared(
    lambda keys: Enterprise.objects.filter(pk__among=keys).order_by("pk").values_list("pk", "name", "left_on")
)
STATED = Prepared(
    lambda keys: (
        BusinessState.objects.filter(enterprise__among=keys, state="operating")
        .order_by("pk")
        .values_list("enterprise__park", "since", "has_operations")
    )
)


@pytest.fixture
def keys(db: None) -> list[int]:
    return again(nine)


def nine() -> list[int]:
    park = make_park()
    return [make_enterprise(park).pk for _ in range(9)]


@pytest.mark.parametrize("number", [0, 1, 2, 9])
def test_as_the_queryset(keys: list[int], number: int) -> None:
    for question in (NAMED, STATED):
        some = keys[:number]
        assert list(question(some)) == list(question.of(some))
        assert list(question(some[::-1])) == list(question.of(some))
    assert len(list(NAMED(keys[:number]))) == number
    found = Enterprise.objects.filter(pk__in=keys[:number]).order_by("pk")
    assert list(NAMED(keys[:number])) == list(found.values_list("pk", "name", "left_on"))


def test_put_into_sql_once_and_asked_again(keys: list[int]) -> None:
    made: list[int] = []

    def of(several):  # type: ignore[no-untyped-def]
        made.append(len(several))
        return Enterprise.objects.filter(pk__among=several).values_list("pk")

    question = Prepared(of)
    with CaptureQueriesContext(connection) as asked:
        for some in ([keys[0]], [keys[1]], keys[:3], keys[3:7]):
            assert sorted(question(some)) == [(key,) for key in some]
    assert made == [1]
    assert len(asked) == 4


def test_what_is_written_in_between_is_seen(keys: list[int]) -> None:
    assert len(list(NAMED(keys[:1]))) == 1
    Enterprise.objects.filter(pk=keys[0]).update(name="后来的名字")
    assert [row[1] for row in NAMED(keys[:1])] == ["后来的名字"]


def test_no_key_and_no_value_of_ours_stands_in() -> None:
    assert STAND_IN < -(2**31)
