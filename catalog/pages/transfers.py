"""Products as files: importing them after a preview, and exporting them."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.access import Operation
from accounts.services import answer_once, fingerprint_of
from catalog import services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.api.hub.filters import InventoryFilter, all_found
from catalog.carried import fingerprint_of as fingerprint_of_report
from catalog.carried import packed
from catalog.errors import ImportRefused
from catalog.models import ProductQuerySet
from catalog.pages.base import OfCatalog
from catalog.pages.forms import ApplyForm, UploadForm
from catalog.queries.inventory import products_of
from catalog.services import ImportReport
from catalog.services.importing import MAX_TOLD, ImportedRow, told
from catalog.services.sheets import KNOWN
from orderchainer.core.errors import Invalid, Stale
from orderchainer.core.http.downloads import csv_download
from orderchainer.core.limits.rates import UPLOAD, count, user_subject
from orderchainer.core.web.filters import read_filters
from orderchainer.core.web.forms import FormPage, IdempotencyKeyField
from orderchainer.core.web.page import SeeOther

ACTIONS = {"create": "Create", "update": "Change", "refuse": "Wrong"}
# The page adds a few fields to the packed file, and encodes some of its characters.
MOST_OF_A_FORM = 0.9


class ImportPage(OfCatalog, FormPage):
    """Shows what a file would do, then does exactly that, or nothing if others interfered."""

    template_name = "catalog/import.html"
    button = "Show what it would do"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_CATALOG, "POST": MANAGE_CATALOG}

    def form(self, **posted: Any) -> UploadForm:
        """Return the form for a file."""
        return UploadForm(**posted)

    def beside(self, form: Any) -> dict[str, Any]:
        """Return the columns that a file can have, and where Cancel leads."""
        return {"columns": KNOWN, "cancel": self.address("products")}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Preview an uploaded file, or import the one that the preview carries."""
        # Counted before anything reads the file, because that takes time.
        self.usage = count(UPLOAD, [user_subject(self.person.pk)]) or self.usage
        if "packed" in self.request.POST:
            return self._apply()
        return super().post(*args, **kwargs)

    def act(self, form: UploadForm) -> HttpResponse:
        """Show what the file would do."""
        content = form.cleaned_data["file"].read()
        return self._preview(content, form.cleaned_data["encoding"])

    def _preview(self, content: bytes, encoding: str, *, status: int = 200) -> HttpResponse:
        report = services.preview_import(
            project=self.its_project, content=content, encoding=encoding
        )
        pressed = packed(content)
        if len(pressed) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE * MOST_OF_A_FORM:
            raise Invalid({"file": ["The file is too large for this page. Split it."]})
        counts = {what: report.count(what) for what in ("create", "update", "unchanged", "refuse")}
        changing = [row for row in report.rows if row.action in {"create", "update"}]
        rows = [*report.refused, *changing][:MAX_TOLD]
        return self.show(
            {
                "counts": counts,
                "new_categories": report.new_categories,
                "rows": [_shown(row) for row in sorted(rows, key=lambda row: row.row)],
                "more": len(report.refused) + len(changing) - len(rows),
                "will_change": 0 if counts["refuse"] else counts["create"] + counts["update"],
                "was_overtaken": status == 412,
                "carried": {
                    "packed": pressed,
                    "encoding": encoding,
                    "seen": fingerprint_of_report(report),
                    "key": IdempotencyKeyField().initial(),
                },
                "again": self.request.path,
                "cancel": self.address("products"),
            },
            template="catalog/preview.html",
            status=status,
        )

    def _apply(self) -> HttpResponseBase:
        form = ApplyForm(self.request.POST)
        if not form.is_valid():
            raise Invalid({"file": ["Choose the file again."]}, "Choose the file again.")
        typed = form.cleaned_data
        content: bytes = typed["packed"]

        def require_as_seen(report: ImportReport) -> None:
            if fingerprint_of_report(report) != typed["seen"]:
                raise Stale

        def work() -> dict[str, int]:
            report = services.import_products(
                project=self.its_project,
                content=content,
                encoding=typed["encoding"],
                by=self.person,
                precondition=require_as_seen,
            )
            return {what: report.count(what) for what in ("create", "update")}

        sent = [self.request.path, sha256(content).hexdigest(), typed["encoding"], typed["seen"]]
        try:
            done = answer_once(
                user=self.person, key=typed["key"], fingerprint=fingerprint_of(sent), work=work
            ).value
        except (Stale, ImportRefused):
            # The page says so, and shows what the file would do now.
            return self._preview(content, typed["encoding"], status=412)
        words = f"Imported: {done['create']} created, {done['update']} changed."
        messages.success(self.request, words)
        return SeeOther(self.address("products"))


def _shown(row: ImportedRow) -> dict[str, Any]:
    """Return a row of the preview: what is wrong with it, or else what it changes."""
    plain = told(row)
    changes: Iterable[tuple[str, list[str | None]]] = plain["changes"].items()
    return {
        "row": row.row,
        "sku": row.sku,
        "action": ACTIONS[row.action],
        "is_wrong": bool(row.errors),
        "errors": [(name, " ".join(said)) for name, said in row.errors.items()],
        "changes": [
            (name, before, after)
            for name, (before, after) in changes
            # A new product has no old values, and what it does not have says nothing.
            if before is not None or after
        ],
    }


class ExportPage(OfCatalog):
    """Sends the products that the list shows, on all its pages, as a file to import again."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_CATALOG}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Stream the file while the rows are read."""
        project = self.its_project
        filters, found = read_filters(InventoryFilter, self.request.GET, products_of(project))
        text = filters.values.get("search", ("",))[0]
        # The file has an order of its own.
        products = all_found(cast(ProductQuerySet, found).order_by(), text)
        parts = services.export_products(project, products)
        return csv_download(self.request, parts, filename="products.csv")
