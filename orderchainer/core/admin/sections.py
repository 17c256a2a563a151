"""The sections of the back office: one for each app that has pages there."""

from dataclasses import dataclass

from orderchainer.core.registry import Registry


@dataclass(frozen=True)
class Section:
    """A section with an app's pages. The section with the lowest `place` comes first.

    It also shows the pages of the apps in `with_pages_of`, which have no section themselves.
    """

    place: int
    with_pages_of: tuple[str, ...] = ()


# By the app's label. Apps that are not here follow after all others.
SECTIONS: Registry[str, Section] = Registry("section of the back office")
