"""The base of every page: refusals become pages, and each answer has the headers of pages."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers
from django.views import View

from orderchainer.core.errors import DomainError, NotFound
from orderchainer.core.limits.rates import LimitExceeded, Usage
from orderchainer.core.web.fragments import render_page
from orderchainer.core.web.refusals import refusal
from orderchainer.core.web.security import HEADERS


class SeeOther(HttpResponseRedirect):
    """After a form: go there with GET."""

    status_code = 303


class Page(View):
    """A page for browsers. Subclasses have a `get`, a `post` or both.

    `parts` names the parts of the template that htmx may ask for.
    """

    http_method_names = ["get", "head", "post", "options"]  # noqa: RUF012 (Django declares it so)
    template_name: ClassVar[str]
    parts: ClassVar[Collection[str]] = ()
    usage: Usage | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request."""
        try:
            response = self.admit() or super().dispatch(request, *args, **kwargs)
        except Http404:
            response = self.refuse(NotFound())
        except DomainError as exc:
            if isinstance(exc, LimitExceeded):
                self.usage = exc.usage
            response = self.refuse(exc)
        return self.finish(response)

    def admit(self) -> HttpResponseBase | None:
        """Find out who asks, before any handler runs. An answer from here is the final one."""
        return None

    def refuse(self, exc: DomainError) -> HttpResponseBase:
        """Answer a refusal."""
        context = {**self.frame(), "way_out": self.way_out(exc), **self.explain(exc)}
        return refusal(self.request, exc, context)

    def explain(self, exc: DomainError) -> Mapping[str, Any]:
        """Return what the refusal shows besides: `blockers` are pairs of a text and a URL."""
        return {}

    def way_out(self, exc: DomainError) -> Mapping[str, str] | None:
        """Return a link for the reader of a refusal: its `label` and its `href`."""
        return None

    def finish(self, response: HttpResponseBase) -> HttpResponseBase:
        """Add what every answer has."""
        usage = self.usage.headers if self.usage else {}
        for name, value in {**HEADERS, **usage}.items():
            response.headers.setdefault(name, value)
        patch_vary_headers(response, ("Cookie",))
        # Only pages: the API's answers are small, and its clients rarely ask for this. Django hides
        # the length of what is secret by adding random bytes.
        return GZipMiddleware(lambda _request: response).process_response(self.request, response)

    def frame(self) -> Mapping[str, Any]:
        """Return what the frame of each page needs: who is signed in, the navigation."""
        return {}

    def show(
        self, context: Mapping[str, Any] | None = None, *, template: str = "", status: int = 200
    ) -> HttpResponse:
        """Show the page with this context."""
        return render_page(
            self.request,
            template or self.template_name,
            {**self.frame(), **(context or {})},
            parts=self.parts,
            status=status,
        )
