"""What the doors answer is what their description says, field by field."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields

from portal.checkin.schemas import DownloadSchema, RedeemedSchema, SearchSchema, StatusSchema
from tests.checkin.conftest import Gate, body


def undescribed(schema: Schema, value: dict[str, Any], path: str = "") -> list[str]:
    """The fields of an answer that the schema does not have, or in another order of nesting."""
    found = [f"{path}{name}" for name in value if name not in schema.fields]
    for name, field in schema.fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested) and value.get(name) is not None:
            entries = value[name] if isinstance(field, fields.List) else [value[name]]
            for entry in entries:
                found += undescribed(inner.schema, entry, f"{path}{name}.")
    return found


def test_answers_are_what_the_schemas_describe(gate: Gate) -> None:
    gate.question("C", options=("M", "L"))
    secret = gate.ticket(variation_id=gate.fair.variation)
    answers: list[tuple[Schema, Any]] = [
        (RedeemedSchema(), gate.redeem(secret, questions_supported="true")),
        (RedeemedSchema(), gate.redeem(secret)),
        (RedeemedSchema(), gate.redeem(secret)),
        (RedeemedSchema(), gate.redeem("nobody")),
        (SearchSchema(), body(gate.get("search", query="hopper"))),
        (DownloadSchema(), body(gate.get("download"))),
        (StatusSchema(), body(gate.get("status"))),
    ]
    for schema, answer in answers:
        assert schema.validate(answer) == {}
        assert undescribed(schema, answer) == []


def test_a_schema_would_notice_a_missing_field(gate: Gate) -> None:
    answer = body(gate.get("status"))
    del answer["event"]["organizer"]["slug"]
    with pytest.raises(ValidationError, match="slug"):
        StatusSchema().load(answer)
