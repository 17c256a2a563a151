"""`manage.py storefront`: which project the storefront sells for."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Activity, Project
from accounts.services import create_project
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


def storefront(*arguments: str) -> str:
    """Run the command and return what it says."""
    out = StringIO()
    call_command("storefront", *arguments, stdout=out)
    return out.getvalue()


def make_project(name: str = "My Store") -> Project:
    """Create a project."""
    return create_project(owner=make_user(), name=name)


def test_without_a_storefront_it_says_so() -> None:
    make_project()

    assert storefront() == "The storefront sells for no project.\n"


def test_chooses_a_project_instead_of_another() -> None:
    old, new = make_project("Old"), make_project("New")
    storefront(str(old.uuid))

    said = storefront(str(new.uuid))

    assert said == f"The storefront sells for New ({new.uuid}).\n"
    assert storefront() == said
    assert Project.objects.get(is_storefront=True) == new
    changes = Activity.objects.filter(type="project_changed").order_by("pk")
    assert list(changes.values_list("project_id", flat=True)) == [
        old.pk,
        old.pk,
        new.pk,
    ]


def test_closes_the_storefront() -> None:
    storefront(str(make_project().uuid))

    assert storefront("--none") == "The storefront sells for no project.\n"
    assert not Project.objects.filter(is_storefront=True).exists()


def test_says_that_the_project_is_switched_off() -> None:
    project = make_project()
    storefront(str(project.uuid))
    Project.objects.filter(pk=project.pk).update(is_active=False)

    assert storefront().endswith(f"({project.uuid}), which is switched off.\n")


@pytest.mark.parametrize("which", ["unknown", "no UUID", "switched off"])
def test_refuses_a_project_that_is_not_open(which: str) -> None:
    chosen, off = make_project(), make_project()
    storefront(str(chosen.uuid))
    Project.objects.filter(pk=off.pk).update(is_active=False)
    name = {"unknown": str(uuid4()), "no UUID": "1", "switched off": str(off.uuid)}

    with pytest.raises(CommandError) as refused:
        storefront(name[which])

    assert str(refused.value) == f"There is no open project {name[which]}."
    assert Project.objects.get(is_storefront=True) == chosen
