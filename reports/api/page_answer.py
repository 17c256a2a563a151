"""The answer that shows a report or statistics as a page, on the hub and behind links."""

from collections.abc import Mapping

from django.http import HttpResponse

from orderchainer.core.web.content_policy import HEADER, policy_with_style
from reports import exports

PAGE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def page_of(document: exports.Document) -> HttpResponse:
    """Answer with the page of a report or of statistics.

    The page may load nothing, and only its own styles apply.
    """
    return HttpResponse(
        exports.write_page(document),
        headers={**PAGE_HEADERS, HEADER: policy_with_style(exports.style())},
    )
