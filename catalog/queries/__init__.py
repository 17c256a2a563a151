"""What the catalogue can tell: `storefront` to customers, `inventory` to a project's members."""
