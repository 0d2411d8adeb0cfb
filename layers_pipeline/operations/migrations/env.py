"""Alembic's entry: migrates over the connection that ``Database.migrate`` hands over.

Belongs here: how Alembic is set up.
Does not belong here: the changes themselves (``versions``).
"""

from alembic import context

from layers_pipeline.operations import content_models, models, oauth_models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[
        models.Base.metadata,
        oauth_models.Base.metadata,
        content_models.Base.metadata,
    ],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
