"""`manage.py storefront`: show or choose the project that the storefront sells for."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Project
from accounts.services.storefront import set_storefront
from orderchainer.core.ids import uuid_in


class Command(BaseCommand):
    """Show the storefront's project, or choose another."""

    help = "Show which project the storefront sells for, or choose another."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the project and `--none`."""
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("project", nargs="?", help="The UUID of the project to sell for.")
        choice.add_argument("--none", action="store_true", help="Sell for no project.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show or choose."""
        if options["none"]:
            set_storefront(project=None)
        elif options["project"] is not None:
            uuid = uuid_in(options["project"])
            found = Project.objects.filter(uuid=uuid, is_active=True) if uuid else None
            project = found.first() if found is not None else None
            if project is None:
                msg = f"There is no open project {options['project']}."
                raise CommandError(msg)
            set_storefront(project=project)
        self._show()

    def _show(self) -> None:
        project = Project.objects.filter(is_storefront=True).first()
        if project is None:
            self.stdout.write("The storefront sells for no project.")
        else:
            off = "" if project.is_active else ", which is switched off"
            self.stdout.write(f"The storefront sells for {project.name} ({project.uuid}){off}.")
