"""The only place for addresses: every route of the portal, public ones first."""

from django.conf import settings
from django.contrib import admin
from django.urls import path

from portal.views import (
    account,
    attachments,
    bulk,
    changes,
    comparisons,
    dashboard,
    grid,
    imports,
    indicators,
    ledgers,
    mending,
    merging,
    public,
    records,
    reports,
    saved,
    screen,
    tree,
)

urlpatterns = [
    # Public
    path("", public.home, name="home"),
    path("cases/", public.cases, name="cases"),
    path("cases/<slug:slug>/", public.case, name="case"),
    path("parks/", public.parks, name="parks"),
    path("coverage/", public.coverage, name="public-coverage"),
    path("definitions/", public.definitions, name="definitions"),
    path("login/", account.login, name="login"),
    path("logout/", account.logout, name="logout"),
    path("healthz", account.healthz, name="healthz"),
    path("screen/<str:token>/", screen.screen, name="screen"),
    # Signed in
    path("desk/", account.desk, name="desk"),
    path("ledgers/", ledgers.index, name="ledgers"),
    path("ledgers/organizations/tree/", tree.tree, name="organization-tree"),
    path("ledgers/activities/months/<slug:park>/<int:year>/<int:month>/", grid.month, name="activity-month"),
    path("ledgers/<slug:slug>/", ledgers.ledger, name="ledger"),
    path("ledgers/<slug:slug>/export/", ledgers.export, name="ledger-export"),
    path("ledgers/<slug:slug>/export/long/", ledgers.export_long, name="ledger-export-long"),
    path("ledgers/<slug:slug>/export/file/", ledgers.export_file, name="ledger-export-file"),
    path("ledgers/<slug:slug>/columns/", saved.columns, name="ledger-columns"),
    path("ledgers/<slug:slug>/select/", bulk.select, name="ledger-select"),
    path("ledgers/<slug:slug>/bulk/", bulk.bulk, name="ledger-bulk"),
    path("ledgers/<slug:slug>/views/", saved.views, name="ledger-views"),
    path("ledgers/<slug:slug>/views/new/", saved.view_new, name="ledger-view-new"),
    path("ledgers/<slug:slug>/views/<int:pk>/", saved.view, name="ledger-view"),
    path("ledgers/<slug:slug>/views/<int:pk>/edit/", saved.view_edit, name="ledger-view-edit"),
    path("ledgers/<slug:slug>/views/<int:pk>/delete/", saved.view_delete, name="ledger-view-delete"),
    path("ledgers/<slug:slug>/duplicates/", merging.duplicates, name="duplicates"),
    path("ledgers/<slug:slug>/duplicates/<int:pk>/back/", merging.look_again, name="duplicates-back"),
    path("ledgers/<slug:slug>/merges/new/", merging.new, name="merge-new"),
    path("ledgers/<slug:slug>/merges/<int:pk>/", merging.done, name="merge"),
    path("ledgers/<slug:slug>/merges/<int:pk>/undo/", merging.undo, name="merge-undo"),
    path("ledgers/<slug:slug>/new/", records.new, name="ledger-new"),
    path("ledgers/<slug:slug>/<int:pk>/", records.record, name="record"),
    path("ledgers/<slug:slug>/<int:pk>/edit/", records.edit, name="record-edit"),
    path("ledgers/<slug:slug>/<int:pk>/end/", records.end, name="record-end"),
    path("ledgers/<slug:slug>/<int:pk>/delete/", records.delete, name="record-delete"),
    # Before the facts: no fact has the kind “attachments”
    path("ledgers/<slug:slug>/<int:pk>/attachments/new/", attachments.new, name="record-attachment-new"),
    path("ledgers/<slug:slug>/<int:pk>/attachments/<int:fact_pk>/", attachments.file, name="record-attachment"),
    path(
        "ledgers/<slug:slug>/<int:pk>/attachments/<int:fact_pk>/delete/",
        attachments.delete,
        name="record-attachment-delete",
    ),
    path(
        "ledgers/<slug:slug>/<int:pk>/attachments/<int:fact_pk>/restore/",
        attachments.restore,
        name="record-attachment-restore",
    ),
    path("ledgers/<slug:slug>/<int:pk>/<slug:kind>/new/", records.fact_new, name="record-fact-new"),
    path("ledgers/<slug:slug>/<int:pk>/<slug:kind>/<int:fact_pk>/edit/", records.fact_edit, name="record-fact-edit"),
    path("ledgers/<slug:slug>/<int:pk>/<slug:kind>/<int:fact_pk>/end/", records.fact_end, name="record-fact-end"),
    path(
        "ledgers/<slug:slug>/<int:pk>/<slug:kind>/<int:fact_pk>/delete/",
        records.fact_delete,
        name="record-fact-delete",
    ),
    path("imports/", imports.index, name="imports"),
    path("imports/compare/", comparisons.index, name="compare"),
    path("imports/compare/exclusions/", comparisons.exclusions, name="compare-exclusions"),
    path("imports/compare/exclusions/<int:pk>/back/", comparisons.take_back, name="compare-take-back"),
    path("imports/compare/<int:pk>/", comparisons.comparison, name="compare-list"),
    path("imports/compare/<int:pk>/adopt/", comparisons.adopt, name="compare-adopt"),
    path("imports/compare/<int:pk>/exclude/", comparisons.exclude, name="compare-exclude"),
    path("imports/compare/<int:pk>/register/", comparisons.register, name="compare-register"),
    path("imports/compare/<int:pk>/export/", comparisons.export, name="compare-export"),
    path("imports/compare/<int:pk>/drop/", comparisons.drop, name="compare-drop"),
    path("imports/<slug:slug>/new/", imports.start, name="import-start"),
    path("imports/<slug:slug>/template/", imports.blank, name="import-template"),
    path("imports/<int:pk>/", imports.batch, name="import-batch"),
    path("imports/<int:pk>/check/", imports.again, name="import-check"),
    path("imports/<int:pk>/columns/", mending.columns, name="import-columns"),
    path("imports/<int:pk>/file/", imports.file, name="import-file"),
    path("imports/<int:pk>/rows/<int:number>/", mending.row, name="import-row"),
    path("imports/<int:pk>/confirm/", imports.confirm, name="import-confirm"),
    path("imports/<int:pk>/undo/", imports.take_back, name="import-undo"),
    path("imports/<int:pk>/drop/", imports.drop, name="import-drop"),
    path("imports/<int:pk>/marked/", imports.marked, name="import-marked"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/changes/", changes.changes, name="changes"),
    path("dashboard/changes/export/", changes.changes_export, name="changes-export"),
    path("indicators/", indicators.indicators, name="indicators"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<slug:slug>/", reports.report, name="report"),
    path("reports/<slug:slug>/export/", reports.report_export, name="report-export"),
    path("reports/<slug:slug>/freeze/", reports.report_freeze, name="report-freeze"),
    path("screens/", screen.screens, name="screens"),
    path("screens/<int:pk>/revoke/", screen.screen_revoke, name="screen-revoke"),
    path("admin/", admin.site.urls),
]

if settings.DEBUG:
    urlpatterns.append(path("design-kit/", account.design_kit, name="design-kit"))

handler400 = "portal.views.account.bad_request"
handler403 = "portal.views.account.forbidden"
handler404 = "portal.views.account.not_found"
handler500 = "portal.views.account.server_error"
