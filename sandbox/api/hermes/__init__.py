"""A small HERMES: its routes over a real PostgreSQL and Redis, with faults that can be switched on."""
