"""What two rooms need of PostgreSQL: the views, advisory locks, and the database's roles."""
