"""The control: a shop as a good Django developer writes it in a day.

It has REST framework's viewsets and serializers, django-filter and simplejwt, and what a reviewer
would ask for: `select_related`, `prefetch_related`, indexes, and a checkout in one transaction that
locks what it sells. It writes no log, measures and announces nothing, keeps no ledger, limits no
caller and ends no session.

It is a Django project of its own. Its tables stand in their own schema of the run's database.
"""
