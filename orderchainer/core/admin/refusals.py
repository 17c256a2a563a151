"""Show a service's refusal on the form that caused it."""

from django import forms

from orderchainer.core.admin.overtaken import OVERTAKEN
from orderchainer.core.errors import DomainError, Invalid, Stale


def refused(form: type[forms.BaseForm], refusal: DomainError) -> type[forms.BaseForm]:
    """Return `form` with `refusal` among its errors, at the fields that it names."""

    class Refused(form):  # type: ignore[valid-type,misc]  # a class made at run time, as Django's factories do
        def full_clean(self) -> None:
            super().full_clean()
            # A form may name a field differently than the service does: `called` maps the names. A
            # refusal that names no field goes to the field that `refused_at` gives.
            called = getattr(self, "called", {})
            if isinstance(refusal, Stale) and OVERTAKEN in self.non_field_errors():
                return  # the form has already noticed and shows what changed
            if not isinstance(refusal, Invalid):
                field = getattr(self, "refused_at", {}).get(refusal.code)
                self.add_error(field, refusal.page_message)
                return
            for name, found in refusal.errors.items():
                field = called.get(name, name)
                known = field in self.fields
                self.add_error(
                    field if known else None,
                    found if known else [f"{name}: {words}" for words in found],
                )

    return Refused


def words_of(refusal: DomainError) -> str:
    """Return the text of a refusal on one line."""
    if isinstance(refusal, Invalid):
        return " ".join(
            f"{field}: {message}" for field, found in refusal.errors.items() for message in found
        )
    return refusal.page_message
