"""Tables of what happened to files and to rows on their way.

Belongs here: quarantine and imported files.
Does not belong here: what the rows say.
"""

from typing import Final

from layers_pipeline.lake.tables import kinds
from transforms.contracts import captures

# What happened to files and to rows on their way.
QUARANTINE: Final = kinds.whole_copy(name="quarantine", schema=captures.Quarantine, group="audit")
IMPORT_FILES: Final = kinds.whole_copy(
    name="import_files", schema=captures.ImportFiles, group="audit"
)
