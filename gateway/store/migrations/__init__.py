"""How the tables came to be as they are, step by step; read by Alembic, which records the last one in the database."""
