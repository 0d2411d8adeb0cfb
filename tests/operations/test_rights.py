"""Rights: every grant and revocation is kept, and a Spark code shows nowhere.

Belongs here: tests of the tables ``content_rights`` and ``spark_codes``.
Does not belong here: what a right clears (``tests/transforms/facts``).
"""

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.rights import RightOf, standing
from layers_pipeline.operations.secrets import TokenUnreadableError
from layers_pipeline.operations.spark_codes import sent
from layers_pipeline.operations.store import Operations
from tests.operations.world import CIPHER, MINUTE, NOW, add_project, each_database

POST = RightOf(project_id="brand", kind="spark_code", subject="post", subject_id="tiktok:7501")
CREATOR = RightOf(project_id="brand", kind="branded_content", subject="creator", subject_id="mia")
CODE = "#+a/b=nobody may see"


@pytest.fixture
def brand(operations: Operations) -> Operations:
    add_project(operations)
    return operations


def grant(operations: Operations, right: RightOf = POST, *, now=NOW, days=30, **changes) -> bool:
    period = {"starts_at": NOW, "ends_at": NOW + timedelta(days=days)} | changes
    return operations.rights.grant(right, **period, changed_by="ann", now=now)


@each_database
def test_a_grant_and_its_revocation_are_kept(brand):
    assert grant(brand)
    assert brand.rights.revoke(POST, changed_by="ben", note="left", now=NOW + MINUTE)
    first, last = brand.rights.all()
    assert (first.is_revoked, first.ends_at) == (False, NOW + timedelta(days=30))
    assert (last.is_revoked, last.known_at, last.note) == (True, NOW + MINUTE, "left")
    assert standing(brand.rights.all()) == [last]


def test_the_same_again_changes_nothing(brand):
    grant(brand)
    assert not grant(brand, now=NOW + MINUTE)
    brand.rights.revoke(POST, changed_by="ben", now=NOW)
    assert not brand.rights.revoke(POST, changed_by="ben", now=NOW + MINUTE)
    assert len(brand.rights.all()) == 2


@pytest.mark.parametrize(
    ("right", "period", "said"),
    [
        (POST, {"days": 0}, "Give an end after the start"),
        (RightOf(project_id="brand", kind="spark_code", subject="creator", subject_id="mia"), {},
         "not given for a creator"),
        (RightOf(project_id="brand", kind="spark_code", subject="post", subject_id="instagram:1"),
         {}, "Spark codes are of TikTok posts"),
        (RightOf(project_id="brand", kind="licence", subject="post", subject_id="tiktok:1"), {},
         "right 'licence' is not known"),
        (RightOf(project_id="brand", kind="byo_grant", subject="post", subject_id="mia"), {},
         "is no container"),
    ],
    ids=["no-period", "subject", "platform", "kind", "container"],
)  # fmt: skip
def test_what_cannot_be_granted_is_refused(brand, right, period, said):
    with pytest.raises(InputRefusedError, match=said):
        grant(brand, right, **period)


def test_what_was_never_granted_cannot_be_revoked(brand):
    with pytest.raises(NotFoundError, match="creator mia in project 'brand': it was never"):
        brand.rights.revoke(CREATOR, changed_by="ben", now=NOW)


@each_database
def test_a_code_is_stored_encrypted_and_opens_for_its_post_only(brand):
    brand.spark_codes.keep("brand", "tiktok:7501", SecretStr(CODE), CIPHER, now=NOW)
    brand.spark_codes.keep("brand", "tiktok:7502", SecretStr("other"), CIPHER, now=NOW)
    assert brand.spark_codes.get("brand", "tiktok:7501", CIPHER).get_secret_value() == CODE
    assert brand.spark_codes.posts() == [("brand", "tiktok:7501"), ("brand", "tiktok:7502")]
    swap = text(
        "UPDATE spark_codes SET encrypted_code ="
        " (SELECT max(encrypted_code) FROM spark_codes WHERE container_id = 'tiktok:7501')"
    )
    with brand.database.engine.begin() as connection:
        stored = connection.execute(text("SELECT * FROM spark_codes")).all()
        connection.execute(swap)
    assert CODE not in str(stored)
    with pytest.raises(TokenUnreadableError):
        brand.spark_codes.get("brand", "tiktok:7502", CIPHER)


def test_a_code_is_percent_encoded_where_it_is_sent():
    assert sent(SecretStr("#+a/b=")) == "%23%2Ba%2Fb%3D"


@pytest.mark.parametrize("code", ["", " a", "a\nb", "x" * 1001])
def test_no_message_shows_a_code(brand, code):
    with pytest.raises(InputRefusedError) as refused:
        brand.spark_codes.keep("brand", "tiktok:7501", SecretStr(code), CIPHER, now=NOW)
    assert "Spark code of tiktok:7501" in str(refused.value)
    assert "xxx" not in str(refused.value)
