"""Keyturn among its neighbours: nginx with TLS before it, PgBouncer behind it. `make test-deployment` runs these."""
