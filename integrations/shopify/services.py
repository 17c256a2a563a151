"""Services for the tables that only Shopify has."""

from integrations.shopify.models import ShopifyToken


def reencrypt_credentials() -> int:
    """Encrypt every kept token with the first key, so that the older keys can go; return how many.

    Raises `Undecryptable` if no key fits one of them. Skips a token that is replaced meanwhile.
    """
    count = 0
    for kept in ShopifyToken.objects.only("token", "expires_at").iterator():
        same = ShopifyToken.objects.filter(pk=kept.pk, expires_at=kept.expires_at)
        count += same.update(token=kept.token.resealed())
    return count
