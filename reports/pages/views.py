"""The page behind the link in an e-mail with a report. The link is all that it asks for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from accounts.attempts import count_attempt
from accounts.pages.links import HEADERS
from orderchainer.core.http.clients import address_of
from orderchainer.core.limits.rates import STANDARD, LimitExceeded
from orderchainer.core.web.counted import too_many_requests
from reports.api.page_answer import page_of
from reports.errors import LinkInvalid
from reports.exports import document_of
from reports.links import report_in


class ReportPage(View):
    """A report to read and print."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show the report; a link that does not work gets a page that says so."""
        try:
            count_attempt(address_of(request), STANDARD, [])
            response = page_of(document_of(report_in(token)))
        except LimitExceeded as exceeded:
            response = too_many_requests(request, exceeded)
        except LinkInvalid as refusal:
            context = {"message": refusal.message}
            response = render(request, "reports/refused.html", context, status=404)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
