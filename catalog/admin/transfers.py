"""Products as files: importing them after a preview, and exporting them."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from accounts.callers import caller_of
from accounts.models import Project
from catalog import services
from catalog.admin.shown import project_to_suggest
from catalog.carried import PackedField, fingerprint_of, packed
from catalog.errors import ImportRefused
from catalog.models import Product
from catalog.queries.inventory import products_of
from catalog.services import ImportReport
from catalog.services.importing import MAX_TOLD, told
from catalog.services.sheets import ENCODINGS, KNOWN, MAX_ROWS
from orderchainer.core.admin.panels import label
from orderchainer.core.admin.picking import PickOne
from orderchainer.core.admin.refusals import refused
from orderchainer.core.admin.service_admin import ServiceAdmin
from orderchainer.core.errors import DomainError, Stale
from orderchainer.core.http.downloads import csv_download

ACTION_COLOURS = {"create": "success", "update": "info", "refuse": "danger"}


class ProjectForm(forms.Form):
    """The project whose products to import or export."""

    project = forms.ModelChoiceField(
        Project.objects.filter(is_active=True),
        widget=PickOne(Product._meta.get_field("project"), admin.site),
    )


class UploadForm(ProjectForm):
    """A file to preview."""

    file = forms.FileField(
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        help_text=f"CSV, at most {MAX_ROWS} rows. Columns: {', '.join(KNOWN)}.",
    )
    encoding = forms.ChoiceField(
        required=False,
        choices=[("", "UTF-8, or as the file states"), *((it, it) for it in ENCODINGS)],
        widget=UnfoldAdminSelectWidget,
        help_text="Needed for files from old spreadsheet programs.",
    )


class ApplyForm(ProjectForm):
    """The same file, and a fingerprint of the preview."""

    packed = PackedField()
    encoding = forms.ChoiceField(
        required=False, choices=[("", ""), *((it, it) for it in ENCODINGS)]
    )
    seen = forms.CharField()


def import_page(page: ServiceAdmin, request: HttpRequest) -> HttpResponse:
    """Preview a file's changes, then make exactly these, or none if others interfered."""
    if request.method != "POST":
        return _ask(page, request, UploadForm(initial=project_to_suggest()))
    if "seen" in request.POST:
        return _apply(page, request)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _ask(page, request, form)
    content = form.cleaned_data["file"].read()
    try:
        return _preview(
            page,
            request,
            form.cleaned_data["project"],
            content,
            form.cleaned_data["encoding"],
        )
    except DomainError as refusal:
        return _ask(page, request, refused(UploadForm, refusal)(request.POST, request.FILES))


def _apply(page: ServiceAdmin, request: HttpRequest) -> HttpResponse:
    form = ApplyForm(request.POST)
    if not form.is_valid():
        page.message_user(request, "Choose the file again.", messages.ERROR)
        return HttpResponseRedirect(request.path)
    typed = form.cleaned_data
    project, content, encoding = typed["project"], typed["packed"], typed["encoding"]

    def require_as_seen(report: ImportReport) -> None:
        if fingerprint_of(report) != typed["seen"]:
            raise Stale

    try:
        report = services.import_products(
            project=project,
            content=content,
            encoding=encoding,
            by=caller_of(request),
            precondition=require_as_seen,
        )
    except (Stale, ImportRefused):
        page.message_user(
            request,
            "The catalogue has changed since, so nothing was imported. This is what the file would "
            "do now.",
            messages.ERROR,
        )
        return _preview(page, request, project, content, encoding)
    except DomainError as refusal:
        return _ask(page, request, refused(UploadForm, refusal)({"project": project.pk}))
    words = f"Imported: {report.count('create')} created, {report.count('update')} changed."
    page.log_change(request, project, f"Products from a file. {words}")
    page.message_user(request, words, messages.SUCCESS)
    return HttpResponseRedirect(reverse(f"{page.admin_site.name}:catalog_product_changelist"))


def _ask(page: ServiceAdmin, request: HttpRequest, form: forms.BaseForm) -> HttpResponse:
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": "Import products",
        "form": form,
        "media": page.media + form.media,
    }
    return TemplateResponse(request, "admin/catalog/product/import.html", context)


def _preview(
    page: ServiceAdmin,
    request: HttpRequest,
    project: Project,
    content: bytes,
    encoding: str,
) -> HttpResponse:
    report = services.preview_import(project=project, content=content, encoding=encoding)
    pressed = packed(content)
    counts = {what: report.count(what) for what in ("create", "update", "unchanged", "refuse")}
    is_too_large = len(pressed) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE * 0.9
    rows = [*report.refused, *_changing(report)][:MAX_TOLD]
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": f"Import products of {project}",
        "project": project,
        "counts": counts,
        "new_categories": report.new_categories,
        "table": {
            "headers": ["row", "SKU", "", "what changes"],
            "rows": [_cells(told(row)) for row in sorted(rows, key=lambda row: row.row)],
        },
        "shown": len(rows),
        "total": len(report.refused) + len(list(_changing(report))),
        "is_too_large": is_too_large,
        "can_apply": not counts["refuse"]
        and not is_too_large
        and bool(counts["create"] + counts["update"]),
        "packed": pressed,
        "encoding": encoding,
        "seen": fingerprint_of(report),
    }
    return TemplateResponse(request, "admin/catalog/product/preview.html", context)


def _changing(report: ImportReport) -> Iterable[Any]:
    return (row for row in report.rows if row.action in {"create", "update"})


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return the cells of a preview row: its errors, or else its changes."""
    lines = [f"{name}: {' '.join(said)}" for name, said in row["errors"].items()] or [
        f"{name}: {after or 'nothing'}"
        if before is None
        else f"{name}: {before or 'nothing'} → {after or 'nothing'}"
        for name, (before, after) in row["changes"].items()
    ]
    return (
        str(row["row"]),
        row["sku"],
        label(row["action"], ACTION_COLOURS),
        _lines(lines),
    )


def _lines(lines: Iterable[str]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines))


def export_page(page: ServiceAdmin, request: HttpRequest) -> HttpResponseBase:
    """Ask for the project, then send its products."""
    form = ProjectForm(request.GET or None, initial=project_to_suggest())
    if form.is_bound and form.is_valid():
        project = form.cleaned_data["project"]
        parts = services.export_products(project, products_of(project))
        return csv_download(request, parts, filename="products.csv")
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": "Export products",
        "form": form,
        "media": page.media + form.media,
    }
    return TemplateResponse(request, "admin/catalog/product/export.html", context)
