"""`/o/12`: a short address of an order, for e-mails and chats."""

from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from accounts.pages.base import AccountPage
from accounts.pages.workspace import shown_projects
from orders import queries


class ShortLinkPage(AccountPage):
    """Leads members to the order in their workspace, and its customer to where they follow it."""

    template_name = "orders/without_page.html"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go there, or tell an owner who is neither that no page shows the order to them.

        Raises `OrderNotFound` to everybody else.
        """
        number = self.kwargs["number"]
        found = queries.whereabouts_of(self.person, number)
        if found.project is not None:
            return redirect("order-page", project_id=found.project, number=number)
        if found.is_bought:
            return redirect("shop-order", number=number)
        return self.show(
            {
                "name": f"#{number} {found.title}",
                "status_word": found.status,
                "projects": shown_projects(self.person),
            }
        )
