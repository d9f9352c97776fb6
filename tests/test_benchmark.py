"""The only place that tests the benchmark: that it touches no database but its own, and that it still runs."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.management.commands.benchmark import SUBJECTS


def test_it_refuses_every_database_but_its_own(db: None, settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="只在自己的临时数据库里运行"):
        call_command("benchmark", "--inside")


def test_it_measures_every_page(capfd: pytest.CaptureFixture[str]) -> None:
    call_command("benchmark", "--rows", "10", "--runs", "1")
    told = capfd.readouterr().out
    assert all(subject.name in told for subject in SUBJECTS)
    assert "页面尚未提供" not in told


def test_it_refuses_nonsense() -> None:
    with pytest.raises(CommandError, match="至少"):
        call_command("benchmark", "--runs", "0")
