"""The tree of categories."""

from django.db import IntegrityError, transaction

from accounts.locks import lock_project
from accounts.models import Project
from catalog.errors import SlugTaken
from catalog.models import Category
from catalog.services.fields import check_row, free_slug, slug_of


@transaction.atomic
def create_category(
    *,
    project: Project,
    name: str,
    slug: str = "",
    parent: Category | None = None,
    position: int = 0,
) -> Category:
    """Create a category, at the top or within `parent`; without a slug it gets one of its name.

    Raises `Invalid` and `SlugTaken`.
    """
    lock_project(project)
    if not slug:
        taken = Category.objects.filter(project=project)
        slug = free_slug(slug_of(name), set(taken.values_list("slug", flat=True)))
    category = Category(
        project=project, name=name, slug=slug, parent=parent, position=position
    )
    check_row(category, ["name", "slug", "position"])
    try:
        with transaction.atomic():
            category.save(force_insert=True)
    except IntegrityError as exc:
        raise SlugTaken from exc
    return category
