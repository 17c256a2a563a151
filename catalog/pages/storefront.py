"""What all pages of the shop share: its frame, and how they may be kept by caches."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.functional import cached_property

from accounts.attempts import count_attempt
from accounts.pages.base import AccountPage, SignedOut, VisitorPage, sign_in_address
from catalog.pages.shop_links import SHOP_LINKS
from catalog.queries.shopfront import Shopfront, shopfront
from orderchainer.core.errors import DomainError
from orderchainer.core.http.clients import address_of
from orderchainer.core.web.security import PAGES

# For pages that are the same for all visitors without a cookie.
FOR_EVERYBODY = "public, max-age=60"


class ShopPage(VisitorPage):
    """A page of the shop. Visitors may see it while `PUBLIC_CATALOG` is on."""

    def admit(self) -> HttpResponseBase | None:
        """Find out who asks. Raises `SignedOut` if the catalogue is not for visitors."""
        try:
            answer = super().admit()
        finally:
            if self.session is None:
                # Searching costs the database something, and so does the frame of a refusal.
                count_attempt(address_of(self.request), PAGES, [])
        if self._is_closed:
            raise SignedOut
        return answer

    @property
    def _is_closed(self) -> bool:
        """Whether the reader may not see the shop."""
        return self.session is None and not settings.PUBLIC_CATALOG

    @cached_property
    def shop(self) -> Shopfront:
        """The shop's name and its categories, read once for each page.

        Refusals have a frame too. While the shop is closed to the reader, it says nothing of it.
        """
        return Shopfront() if self._is_closed else shopfront()

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the shop, or to the sign-in and back here."""
        if isinstance(exc, SignedOut):
            return {"label": "Sign in", "href": sign_in_address(self.request.get_full_path())}
        return {"label": "Back to the shop", "href": reverse("shop")}

    def frame(self) -> Mapping[str, Any]:
        """Return the frame of a page, and what stands at the top of the shop."""
        return {
            **super().frame(),
            "shop": self.shop,
            "shop_links": list(self._links()),
            "sign_in_url": sign_in_address(self.request.get_full_path()),
            # Refusals show the frame of the shop too.
            "frame_of": "shop/base.html",
        }

    def _links(self) -> Iterator[dict[str, Any]]:
        """Yield what the apps above have registered for the top of the page."""
        user = self.session.user if self.session else None
        for name, link in sorted(SHOP_LINKS.items(), key=lambda each: each[1].place):
            url = reverse(name)
            words, count = link.told_to(user)
            is_current = self.request.path == url
            yield {
                "url": url,
                "icon": link.icon,
                "words": words,
                "count": count,
                "is_current": is_current,
            }

    def finish(self, response: HttpResponseBase) -> HttpResponseBase:
        """Let caches keep a page that is the same for every visitor without a cookie."""
        asked, made = self.request, response
        is_for_everybody = (
            asked.method in {"GET", "HEAD"}
            and isinstance(made, HttpResponse)
            and made.status_code == 200
            and self.session is None
            and not asked.COOKIES
            and not made.cookies
            # A page with a form has a token of its visitor.
            and "CSRF_COOKIE" not in asked.META
        )
        if is_for_everybody:
            assert isinstance(made, HttpResponse)
            etag = f'"{sha256(made.content).hexdigest()[:32]}"'
            made.headers["ETag"] = etag
            made.headers["Cache-Control"] = FOR_EVERYBODY
            made = get_conditional_response(asked, etag=etag, response=made) or made
            made.headers["Cache-Control"] = FOR_EVERYBODY
        return super().finish(made)


class CustomerPage(ShopPage, AccountPage):
    """A page of the shop for customers who have signed in. Visitors are asked to."""
