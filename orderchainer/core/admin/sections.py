"""The sections of the back office: one for each app that has pages there."""

from dataclasses import dataclass

from orderchainer.core.registry import Registry


@dataclass(frozen=True)
class Section:
    """Where an app's pages stand, the lowest `place` first.

    The pages of the apps in `with_pages_of`, which have no section of their own, stand among them.
    """

    place: int
    with_pages_of: tuple[str, ...] = ()


# By the app's label. Apps that are not here follow after all others.
SECTIONS: Registry[str, Section] = Registry("section of the back office")
