"""The schema's history: ordered Alembic revisions and the environment that runs them on a given connection."""
