"""The one thing that people write here: an override of what the score decides (R41).

Belongs here: the form, storing what it says, showing every change of it.
Does not belong here: the rules of overrides (``operations.verdicts``), the login.
"""

from collections.abc import Sequence
from typing import Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown, states
from layers_pipeline.dashboard.content import ids
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.login import person
from layers_pipeline.dashboard.marks import aria
from layers_pipeline.dashboard.tables import heads, table
from layers_pipeline.errors import InputRefusedError, LayersError
from layers_pipeline.operations.model_base import NOTE_LENGTH
from layers_pipeline.operations.verdicts import ContentOverride
from layers_pipeline.views.detail import Detail, require_content
from transforms.vocabulary import OVERRIDES, Override

NONE: Final = "none"
WORD: Final = "override-word"
NOTE: Final = "override-note"
SAVE: Final = "override-save"
SAID: Final = "override-said"
CHANGES: Final = "override-changes"
OVERRIDDEN: Final = "Every override so far, newest first"


def form(found: Detail, changes: Sequence[ContentOverride]) -> Component:
    """Include, exclude or leave it to the score; why; every change so far."""
    now = changes[-1].override if changes else found.content["override"]
    words = [{"value": word, "label": word} for word in (*OVERRIDES, NONE)]
    return html.Div(
        [
            dmc.RadioGroup(
                dmc.Group([dmc.Radio(label=one["label"], value=one["value"]) for one in words]),
                id=WORD,
                label="Override in this project",
                description="Decides whatever the score is, but never over a failed safety review.",
                value=now or NONE,
                mt="sm",
                size="sm",
            ),
            dmc.Textarea(
                id=NOTE,
                label="Why",
                description=f"In {NOTE_LENGTH} characters at most; everybody can read it.",
                inputProps={"maxLength": NOTE_LENGTH},
                autosize=True,
                minRows=2,
                mt="xs",
            ),
            dmc.Button("Store the override", id=SAVE, mt="xs", size="xs"),
            html.Div(id=SAID, role="status"),
            html.Div(_listed(changes), id=CHANGES),
        ],
        className="override",
        role="group",
        **aria(label="Override"),
    )


def changes(deployment: Deployment, ads_content_id: str) -> list[ContentOverride]:
    """Every change of one content's override, oldest first, also those not yet published."""
    return deployment.operations.verdicts.overrides_of(ads_content_id)


def register(app: Dash, deployment: Deployment) -> None:
    """Store what the form says."""

    @app.callback(
        Output(SAID, "children"),
        Output(CHANGES, "children"),
        Output(NOTE, "value"),
        Input(SAVE, "n_clicks"),
        State(WORD, "value"),
        State(NOTE, "value"),
        State(ids.OPENED, "data"),
        State(ids.PROJECT, "data"),
        prevent_initial_call=True,
        hidden=True,
    )
    def store(
        _clicks: int | None, word: str, note: str | None, content: str, project_id: str
    ) -> object:
        try:
            said = stored(deployment, project_id, content, word=word, note=note or "")
        except LayersError as error:
            return states.failed(error), no_update, no_update
        return said, _listed(changes(deployment, content)), ""


def stored(
    deployment: Deployment, project_id: str, content: str, *, word: str, note: str
) -> Component:
    """Store an override by who is asking; what was stored, in words.

    Raises:
        InputRefusedError: The word is none, or the note is missing or too long.
        NotFoundError: The project has no such content.
    """
    if not note.strip():
        raise InputRefusedError("override: a note is missing. Say why.")
    require_content(deployment.views, project_id, content)
    override: Override | None = None if word == NONE else word  # pyright: ignore[reportAssignmentType] - the repository looks
    change = deployment.operations.verdicts.override(
        content, override, note=note, changed_by=person(), now=deployment.clock.now()
    )
    return dmc.Alert(
        f"Stored: {change.override or NONE}, by {change.changed_by}. It counts from the next tick "
        "on, and shows here after the publication that follows.",
        color="green",
        variant="outline",
        mt="xs",
    )


def _listed(made: Sequence[ContentOverride]) -> Component | None:
    if not made:
        return None
    rows = [
        (shown.instant(one.known_at), one.override or NONE, one.note, one.changed_by)
        for one in reversed(made)
    ]
    return html.Div(
        [
            dmc.Text(OVERRIDDEN, size="sm", fw=600, mt="sm"),
            table(OVERRIDDEN, heads("when", "override", "why", "by"), rows, is_titled=False),
        ]
    )
