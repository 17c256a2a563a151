"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views.generic import TemplateView

from accounts.pages.views import ConfirmEmailPage, InvitationPage, ResetPasswordPage

_PAGES = {
    "confirm-email": ConfirmEmailPage,
    "reset-password": ResetPasswordPage,
    "invitations": InvitationPage,
}


def _pages(slash: str) -> list[URLPattern]:
    patterns = []
    for start, page in _PAGES.items():
        patterns += [
            path(f"{start}/<uuid:link>{slash}", page.as_view(), name=start),
            path(
                f"{start}/done{slash}",
                TemplateView.as_view(
                    template_name="accounts/done.html",
                    extra_context={"done": page.done},
                ),
                name=page.done,
            ),
        ]
    return patterns


# `reverse` uses the last path with a name.
urlpatterns = [*_pages("/"), *_pages("")]
