"""`manage.py demo`: an account to sign in with, a small chain of orders and a shop to look at."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from accounts.models import User
from orderchainer.demo.history import NAME as HISTORY
from orderchainer.demo.history import load_history
from orderchainer.demo.loading import EMAIL, Loaded, load_demo, load_pictures, new_password_of
from orderchainer.demo.shop import NAME as SHOP
from orders.lifecycle import Status


class Command(BaseCommand):
    """Load the demo data. Calling it again adds nothing."""

    help = (
        "Load the demo account, its chain of orders and its shop. The password is shown only once, "
        "when the account is made; --new-password makes another."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option for a year of orders."""
        parser.add_argument(
            "--history",
            action="store_true",
            help="Also load a project with a year of made-up orders, to try reports with.",
        )

        parser.add_argument(
            "--new-password",
            action="store_true",
            help="Only give the account a new password, and show it. This ends its sessions.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the data and say what there is. The account comes last, where people find it."""
        if options["new_password"] and (user := User.objects.filter(email=EMAIL).first()):
            self._show_account(new_password_of(user))
            return
        # In the embedded mode the machine belongs to one person. A shared service must not make
        # anybody staff just because somebody loaded the demo.
        loaded = load_demo(as_staff=settings.EMBEDDED)
        if loaded.password is None:
            self.stdout.write(
                f"The demo account {EMAIL} is there, with {len(loaded.orders)} orders "
                f"and {loaded.products} products. `make demo-password` gives it a new password."
            )
        else:
            self._introduce(loaded)
        self.stdout.flush()
        try:
            load_pictures()
            if options["history"]:
                count = load_history(User.objects.get(email=EMAIL))
                self.stdout.write(f"The project {HISTORY} has {count:,} orders of a year.")
            if settings.SANDBOX:
                # Only here, because it imports all pretend providers.
                from orderchainer.demo.sandbox import connect_sandbox

                for sentence in connect_sandbox(User.objects.get(email=EMAIL)):
                    self.stdout.write(sentence)
        finally:
            # Only we know the password, and what failed above can be repeated.
            if loaded.password is not None:
                self._show_account(loaded.password)

    def _introduce(self, loaded: Loaded) -> None:
        self.stdout.write("The demo account has these orders:")
        for order in loaded.orders:
            status = str(order.status)
            title = order.title
            if order.is_mirrored:
                title = f"Shopify order {title}"
            elif status == Status.PENDING:
                status += ", waiting" if order.pk in loaded.waiting else ", ready"
            self.stdout.write(f"  #{order.pk} {title}: {status}")
        self.stdout.write(f"Its shop, {SHOP}, has {loaded.products} products.")

    def _show_account(self, password: str) -> None:
        self.stdout.write(
            f"\nSign in at {settings.PUBLIC_URL}/app/ with the demo account. "
            "Its password is shown only now,\nand `make demo-password` makes a new one.\n"
            f"  e-mail    {EMAIL}\n"
            f"  password  {password}"
        )
