"""Parts of an API that get no calls for a while, such as all that our app may ask.

Belongs here: statements on ``api_pauses``.
Does not belong here: waits of single accounts (``retry_at`` of their sync states).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from layers_pipeline.operations.checks import message_to_keep, require_key
from layers_pipeline.operations.oauth_models import ApiPause
from layers_pipeline.operations.oauth_rows import PauseRow
from layers_pipeline.operations.statements import fetch, select_rows, upsert


def pause_api(session: Session, scope: str, *, until: datetime, reason: str, now: datetime) -> bool:
    """Pause the scope; False if it is paused for as long or longer, which stays so."""
    pause = {
        "scope": require_key(scope, what="scope of a pause"),
        "until": until,
        "reason": message_to_keep(reason),
        "set_at": now,
    }
    return upsert(session, ApiPause, pause, key="scope", later="until")


def api_pause(session: Session, scope: str, *, now: datetime) -> PauseRow | None:
    """The pause that the scope is in; null: it may be called."""
    running = select_rows(PauseRow, ApiPause).where(ApiPause.scope == scope, ApiPause.until > now)
    return next(iter(fetch(session, PauseRow, running)), None)
