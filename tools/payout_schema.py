"""The JSON Schema of payout configs, made from the models that check them.

Belongs here: the schema's text, and writing it.
Does not belong here: the models (``layers_pipeline.steps.pay.config_files``).
"""

import json

from layers_pipeline.steps.pay.config_files import SCHEMA, PayoutConfigFile


def as_text() -> str:
    """The schema as the file holds it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **PayoutConfigFile.model_json_schema(),
    }
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(as_text(), encoding="utf-8")
