"""`manage.py demo`: an account to sign in with, a small chain of orders and a shop to look at."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from accounts.models import User
from orderchainer.demo.history import NAME as HISTORY
from orderchainer.demo.history import load_history
from orderchainer.demo.loading import Loaded, load_demo, load_pictures
from orderchainer.demo.sandbox import connect_sandbox
from orderchainer.demo.shop import NAME as SHOP
from orders.lifecycle import Status


class Command(BaseCommand):
    """Load the demo data. Calling it again adds nothing."""

    help = (
        "Load the demo account, its chain of orders and its shop. The password is shown only once, "
        "when the account is made; `manage.py changepassword` sets another."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option for a year of orders."""
        parser.add_argument(
            "--history",
            action="store_true",
            help="Also load a project with a year of made-up orders, to try reports with.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the data and say what there is."""
        # In the embedded mode the machine belongs to one person. A shared service must not make
        # anybody staff just because somebody loaded the demo.
        loaded = load_demo(as_staff=settings.EMBEDDED)
        if loaded.password is None:
            self.stdout.write(
                f"The demo account {loaded.email} is there, with {len(loaded.orders)} orders "
                f"and {loaded.products} products."
            )
        else:
            self._introduce(loaded)
        # Show the password first: loading pictures may fail, and the next call makes up for it.
        self.stdout.flush()
        load_pictures()
        if options["history"]:
            count = load_history(User.objects.get(email=loaded.email))
            self.stdout.write(f"The project {HISTORY} has {count:,} orders of a year.")
        if settings.SANDBOX:
            for sentence in connect_sandbox(User.objects.get(email=loaded.email)):
                self.stdout.write(sentence)

    def _introduce(self, loaded: Loaded) -> None:
        self.stdout.write(
            f"\nDemo account (its password is shown this once):\n"
            f"  e-mail    {loaded.email}\n"
            f"  password  {loaded.password}\n\n"
            "Its orders:"
        )
        for order in loaded.orders:
            status = str(order.status)
            title = order.title
            if order.is_mirrored:
                title = f"Shopify order {title}"
            elif status == Status.PENDING:
                status += ", waiting" if order.pk in loaded.waiting else ", ready"
            self.stdout.write(f"  #{order.pk} {title}: {status}")
        self.stdout.write(f"Its shop, {SHOP}, has {loaded.products} products.\n")
