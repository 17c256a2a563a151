"""What the shop's catalogue can be filtered and sorted by."""

from typing import Any

import django_filters
from django import forms

from catalog.api.shop.filters import MAX_SEARCH_LENGTH, ProductFilter
from catalog.models import Product
from orderchainer.core.http.filters import Ordering


class _ShopForm(forms.Form):
    """Checks across parameters."""

    def clean(self) -> dict[str, Any]:
        """Refuse a range that contains no price. Raises ValidationError."""
        fields = super().clean() or {}
        least, most = fields.get("price_min"), fields.get("price_max")
        if least is not None and most is not None and least > most:
            self.add_error("price_max", "It is less than the lowest price.")
        return fields


class ShopFilter(ProductFilter):
    """The filters of the API, by the names that stand in the shop's addresses."""

    search = None
    featured = None  # type: ignore[assignment]  # takes the filter away
    ordering = None  # type: ignore[assignment]
    q = django_filters.CharFilter(method="untouched", max_length=MAX_SEARCH_LENGTH)
    sort = Ordering(("price", "name", "created_at"))

    class Meta:
        model = Product
        form = _ShopForm
        fields = ()
