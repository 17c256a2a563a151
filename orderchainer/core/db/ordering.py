"""The order of lists that begin with the newest row."""

from django.db.models.functions import Abs

# For a table whose index has an owner and then this expression. `abs(id)` never differs from `id`,
# but PostgreSQL cannot read it from the primary key. With `-id` it may: for an owner with a good
# share of all rows it expects to find enough of them soon, and if that owner has been quiet since,
# it walks through the newer rows of all others.
NEWEST_FIRST = Abs("id").desc()
