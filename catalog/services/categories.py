"""The tree of categories.

Every change of the tree's shape locks the project's row. Otherwise two moves at once could close a
cycle together. Writers who put a product into a category lock the category's row, so that nobody
deletes it meanwhile. They lock it after the project and before any product.
"""

from django.db import transaction
from django.utils import timezone

from accounts.locks import lock_project
from accounts.models import Project
from catalog.errors import (
    CategoryInItself,
    CategoryNotEmpty,
    CategoryNotFound,
    SlugTaken,
)
from catalog.models import Category
from catalog.queries.inventory import LEVEL_MARK, place_of
from catalog.services.fields import CategoryFields, Slugs, errors_in
from orderchainer.core.errors import Invalid

# The whole tree is read and shown at once.
MAX_CATEGORIES = 2000
# A path with so many levels still fits on a line.
MAX_LEVELS = 10
UPDATABLE = CategoryFields.__optional_keys__


@transaction.atomic
def create_category(
    *,
    project: Project,
    name: str,
    slug: str = "",
    parent: Category | None = None,
    position: int = 0,
) -> Category:
    """Create a category at the top or inside `parent`; an empty slug is derived from the name.

    Raises `Invalid` and `SlugTaken`.
    """
    category = Category(project=project, name=name, slug=slug, parent=parent, position=position)
    Tree(lock_project(project)).add(category)
    return category


@transaction.atomic
def update_category(*, category: Category, changes: CategoryFields) -> Category:
    """Rename or move a category with everything in it, and return it.

    An empty slug is derived from the name again. Setting the same values again is no change. Raises
    `CategoryNotFound`, `CategoryInItself`, `Invalid` and `SlugTaken`.
    """
    if unknown := changes.keys() - UPDATABLE:
        msg = f"update_category changes no {sorted(unknown)}"
        raise TypeError(msg)
    tree = Tree(lock_project(category.project))
    row = tree.rows.get(category.pk)
    if row is None:
        raise CategoryNotFound
    before = {name: getattr(row, name) for name in changes}
    if all(before[name] == value for name, value in changes.items()):
        return row
    for name, value in changes.items():
        setattr(row, name, value)
    tree.save(row, is_new=False)
    return row


@transaction.atomic
def shift_category(*, category: Category, by: int) -> None:
    """Move a category down by so many places among its siblings, or up if `by` is negative.

    It stops at either end. The siblings are renumbered. Raises `CategoryNotFound`.
    """
    tree = Tree(lock_project(category.project))
    row = tree.rows.get(category.pk)
    if row is None:
        raise CategoryNotFound
    siblings = [it for it in tree.rows.values() if it.parent_id == row.parent_id]
    siblings.sort(key=place_of)
    place = siblings.index(row) + by
    siblings.remove(row)
    siblings.insert(max(place, 0), row)
    moved = []
    for position, sibling in enumerate(siblings):
        if sibling.position != position:
            sibling.position = position
            sibling.updated_at = timezone.now()
            moved.append(sibling)
    Category.objects.bulk_update(moved, ["position", "updated_at"], batch_size=500)


@transaction.atomic
def delete_category(*, category: Category) -> None:
    """Delete an empty category. Raises `CategoryNotFound` and `CategoryNotEmpty`."""
    lock_project(category.project)
    # Lock its row too: writers who put a product into it lock this row and not the project.
    row = Category.objects.select_for_update(no_key=True).filter(pk=category.pk).first()
    if row is None:
        raise CategoryNotFound
    if row.children.exists() or row.products.exists():
        raise CategoryNotEmpty
    row.delete()


class Tree:
    """The categories of a project that the caller has locked."""

    def __init__(self, project: Project) -> None:
        self.rows = {row.pk: row for row in project.categories.all()}

    def add(self, category: Category) -> None:
        """Insert a category. Raises `Invalid` and `SlugTaken`."""
        if len(self.rows) >= MAX_CATEGORIES:
            msg = f"A project has at most {MAX_CATEGORIES} categories."
            raise Invalid({"name": [msg]})
        self.save(category, is_new=True)
        self.rows[category.pk] = category

    def save(self, category: Category, *, is_new: bool) -> None:
        """Insert or update a category; an empty slug is derived from the name."""
        others = {row.slug for row in self.rows.values() if row.pk != category.pk}
        if not category.slug:
            category.slug = Slugs(others).new_for(category.name)
        errors = errors_in(category, {"name", "slug", "position"})
        if LEVEL_MARK in category.name:
            errors["name"] = [
                f"A name cannot contain {LEVEL_MARK}, which separates the levels of a path."
            ]
        if problem := self._problem_of_place(category):
            errors["parent"] = [problem]
        if errors:
            raise Invalid(errors)
        if category.slug in others:
            raise SlugTaken
        category.save(force_insert=is_new)

    def _problem_of_place(self, category: Category) -> str | None:
        """Return why the category cannot be there, or None. Raises `CategoryInItself`."""
        if category.parent_id is None:
            return None
        if category.parent_id not in self.rows:
            return "There is no such category in this project."
        levels = 0
        above: int | None = category.parent_id
        while above is not None:
            if above == category.pk:
                raise CategoryInItself
            levels += 1
            above = self.rows[above].parent_id
        if levels + self._levels_of(category) > MAX_LEVELS:
            return f"Categories can be at most {MAX_LEVELS} levels deep."
        return None

    def _levels_of(self, category: Category) -> int:
        """Return how many levels the category has, with everything inside it."""
        level, levels = {category.pk} & self.rows.keys(), 0
        while level:
            levels += 1
            level = {row.pk for row in self.rows.values() if row.parent_id in level}
        # A new category is not among the rows yet.
        return max(levels, 1)
