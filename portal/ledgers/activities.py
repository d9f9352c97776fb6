"""The only place that declares the ledgers of activities and of stated figures."""

from typing import Final

from django.db.models import F, Q

from activities.models import Activity, ActivityKind
from metrics.indicators import percent
from metrics.models import Statement
from portal import filters, forms
from portal.ledgers.shape import (
    ALL_ROWS,
    Column,
    Ledger,
    View,
    attribute,
    different,
    n,
    on_the_day,
    organization_column,
    park_column,
    parks_first,
    rank,
    simply,
    stored,
    summed,
    whole,
)

MEETINGS: Final = (
    ActivityKind.MEMBER_MEETING,
    ActivityKind.COMMITTEE_MEETING,
    ActivityKind.GROUP_MEETING,
    ActivityKind.PARTY_LECTURE,
)

ACTIVITIES = Ledger(
    slug="activities",
    title="组织生活台账",
    noun="组织生活",
    unit="次",
    about="“三会一课”、主题党日、组织生活会、民主评议和其他活动，连同到会人数。",
    model=Activity,
    columns=(
        Column("title", "议题或主题", attribute("title"), sort=("title",), total=lambda t: whole(t, "次"), width=40),
        Column("held", "日期", attribute("held_on"), "date", sort=("held_on",), phone="", width=12),
        organization_column(),
        Column(
            "kind",
            "活动类型",
            attribute("get_kind_display"),
            sort=(rank("kind", ActivityKind.values),),
            phone="",
            width=18,
        ),
        Column("host", "主持人", attribute("host"), sort=("host",), personal="host", width=12),
        Column("mode", "方式", attribute("get_mode_display"), sort=("mode",), width=16),
        Column("due", "应到", attribute("due"), "number", sort=("due",), total=lambda t: t["due"], width=8),
        Column(
            "present", "实到", attribute("present"), "number", sort=("present",), total=lambda t: t["present"], width=8
        ),
        Column(
            "rate",
            "到会率",
            lambda row, day: percent(row.present, row.due),
            "percent",
            total=lambda t: percent(t["present"] or 0, t["due"] or 0),
            phone="到会",
            width=10,
        ),
    ),
    filterset=filters.ActivityFilter,
    form=forms.ActivityForm,
    prepare=on_the_day,
    load=simply("organization__park"),
    totals=lambda q, day: {
        "n": n(q),
        "organizations": different("organization", q),
        "due": summed("due", q),
        "present": summed("present", q),
    },
    order=("-held_on", "organization__order_key", "pk"),
    views=lambda day: (
        ALL_ROWS,
        View("meetings", "三会一课", Q(kind__in=MEETINGS)),
        View("theme-days", "主题党日", Q(kind=ActivityKind.THEME_DAY)),
        View("life", "组织生活会", Q(kind__in=[ActivityKind.ORG_LIFE_MEETING, ActivityKind.COMMITTEE_LIFE_MEETING])),
        View("appraisal", "民主评议", Q(kind=ActivityKind.APPRAISAL)),
    ),
    more=(
        stored("place", "地点", width=24),
        Column("leave", "请假", attribute("on_leave"), "number", sort=("on_leave",), phone="请假", width=8),
        Column("absent", "缺席", attribute("absent"), "number", sort=("absent",), phone="缺席", width=8),
        Column(
            "content", "主要内容和决议", attribute("content"), personal="content", phone="内容", wide=True, width=60
        ),
    ),
    park_column=park_column("organization.park"),
    needs="开完会当周登记：日期、类型、主题、应到实到和请假、缺席人数。",
)


# Statements


STATEMENTS = Ledger(
    slug="statements",
    title="成果指标台账",
    noun="成果指标",
    unit="项",
    about="公开资料里写明的数字，照原文保留“多”“以上”等限定，注明来源；不参与计算。",
    model=Statement,
    columns=(
        Column(
            "indicator", "指标", attribute("indicator"), sort=("indicator",), total=lambda t: whole(t, "项"), width=36
        ),
        Column("figure", "数字", lambda row, day: row.worded.text, sort=("value",), phone="", width=16),
        Column(
            "category",
            "类别",
            attribute("category"),
            sort=("category",),
            total=lambda t: f"{t['categories']:,}类",
            phone="",
            width=14,
        ),
        Column("period", "期间", attribute("period_text"), sort=("period_text",), phone="", width=18),
        Column("basis", "依据", attribute("get_basis_display"), sort=("basis",), width=14),
        Column(
            "source",
            "来源",
            lambda row, day: f"{row.source.publisher} {row.source.date_text}",
            sort=("source__publisher", "source__date_text"),
            total=lambda t: f"{t['sources']:,}篇资料",
            phone="来源",
            wide=True,
            width=34,
        ),
        Column("number", "编号", attribute("number"), "number", sort=("number",), width=8),
    ),
    filterset=filters.StatementFilter,
    form=forms.StatementForm,
    prepare=lambda queryset, day: queryset,
    load=simply("source", "park"),
    totals=lambda q, day: {"n": n(q), "categories": different("category", q), "sources": different("source", q)},
    order=(*parks_first(), F("number").asc(nulls_last=True), "pk"),
    more=(
        stored("unit", "单位", width=8),
        stored("title", "资料标题", "source.title", phone="资料", wide=True, width=40),
        stored("subject", "主体", "source.subject", width=24),
        stored("note", "说明", wide=True, width=30),
    ),
    park_column=park_column(),
    dated=False,
    needs="从报刊、网站或书里摘录，先登记资料来源，再照原文填写。",
)
