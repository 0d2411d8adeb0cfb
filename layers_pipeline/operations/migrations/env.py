"""Alembic's entry: migrates over the connection that ``Database.migrate`` hands over.

Belongs here: how Alembic is set up.
Does not belong here: the changes themselves (``versions``).
"""

from alembic import context

from layers_pipeline.operations import store  # noqa: F401 - loads every model
from layers_pipeline.operations.model_base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
