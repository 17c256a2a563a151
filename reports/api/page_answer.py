"""The answer that shows a report as a page, on the hub and behind links."""

from collections.abc import Mapping

from django.http import HttpResponse

from orderchainer.core.web.content_policy import HEADER, policy_with_style
from reports import exports
from reports.models import Report

PAGE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def page_of(report: Report) -> HttpResponse:
    """Answer with the page of a report. It may load nothing, and only its own styles apply."""
    return HttpResponse(
        exports.write_page(report),
        headers={**PAGE_HEADERS, HEADER: policy_with_style(exports.style())},
    )
