"""A report as a page to read and print. It loads nothing, so people can save it and pass it on."""

from datetime import UTC

from django.template.loader import render_to_string

from reports.exports.contracts import Document
from reports.exports.shown import shown


def style() -> str:
    """Return the style sheet that stands in the page."""
    return render_to_string("reports/report.css")


def write_page(document: Document) -> str:
    """Return an HTML document."""
    return render_to_string(
        "reports/report.html",
        {"shown": shown(document), "made_at": document.made_at.astimezone(UTC), "style": style()},
    )
