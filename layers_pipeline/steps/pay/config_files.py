"""Files of payout configs: YAML that people write, checked against a schema.

Belongs here: the file's form, what is wrong in it and where.
Does not belong here: storing configs (``operations.payout_configs``).
"""

from collections.abc import Hashable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.payout_configs import LARGEST, PayoutTerms

SCHEMA: Final = Path(__file__).with_name("payout_configs.schema.json")
"""The JSON Schema of such a file, for editors; made from the models below."""
ERRORS_SHOWN: Final = 10


def _up_to(name: str, text: str, *, least: int = 0) -> Any:  # noqa: ANN401 - as pydantic has it
    return Field(ge=least, le=LARGEST[name], description=text)


Cap = Annotated[
    StrictInt | None, _up_to("cap_cents", "Most that is paid, in minor units; none: no cap.")
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BasePay(_Part):
    """Base pay of a period for required posts."""

    mode: Literal["prorata", "all_or_nothing"] = Field(
        description="prorata: the share of required posts that is there; all_or_nothing: only if "
        "all are."
    )
    amount_cents: StrictInt = _up_to("base_amount_cents", "Pay of a period in minor units.")
    required_posts: StrictInt = _up_to("required_posts", "Posts that it is for.", least=1)


class OrganicViews(_Part):
    """A bonus for organic views, post by post."""

    basis: Literal["organic_views"]
    per_1000_views_cents: StrictInt = _up_to("per_1000_views_cents", "Minor units per 1,000 views.")
    cap_per_post_cents: Cap = None
    cap_cents: Cap = None


class AttributedSpend(_Part):
    """A bonus that is a share of what ads spend on the creator's posts."""

    basis: Literal["attributed_spend"]
    share_bps: StrictInt = _up_to("spend_share_bps", "Hundredths of a percent: 250 is 2.5 %.")
    cap_cents: Cap = None


class Conversions(_Part):
    """A bonus for each conversion of ads on the creator's posts."""

    basis: Literal["conversions"]
    each_cents: StrictInt = _up_to("conversion_cents", "Minor units per conversion.")
    cap_cents: Cap = None


Bonus = Annotated[OrganicViews | AttributedSpend | Conversions, Field(discriminator="basis")]


class PayoutConfigEntry(_Part):
    """What one project pays from a day on."""

    project: StrictStr = Field(description="Short name of the project.")
    effective_from: date = Field(description="First day, the first of a period, YYYY-MM-DD.")
    period: Literal["week", "month"] = Field(
        default="month", description="What is settled at once: ISO weeks or months."
    )
    currency: StrictStr = Field(
        pattern="^[A-Z]{3}$", description="Currency of every amount (ISO 4217)."
    )
    base: BasePay | None = None
    bonuses: tuple[Bonus, ...] = Field(
        default=(), description="Bonuses, each basis once; without base and bonus nothing is paid."
    )
    cap_cents: Cap = None
    note: StrictStr | None = Field(default=None, max_length=280, description="Why.")


class PayoutConfigFile(_Part):
    """Payout configs of projects."""

    configs: tuple[PayoutConfigEntry, ...] = Field(min_length=1)


class _Loader(yaml.SafeLoader):
    """Plain YAML in which no key may come twice, which YAML would take in silence."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,
    ) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key.value!r} comes twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read_payout_configs(path: Path) -> list[tuple[str, PayoutTerms]]:
    """The terms of a file, by project.

    Raises:
        InputRefusedError: The file cannot be read, or something in it is wrong; each fault is
            named with its place.
    """
    try:
        text = path.read_text(encoding="utf-8")
        given = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise InputRefusedError(f"{path}: {said}. Mend the file and repeat.") from error
    try:
        read = PayoutConfigFile.model_validate(given)
    except ValidationError as error:
        raise InputRefusedError(f"{path}: {_faults(error)}. See {SCHEMA.name}.") from error
    return [
        (entry.project, terms_of(entry, place=f"{path}: {entry.project}")) for entry in read.configs
    ]


def terms_of(entry: PayoutConfigEntry, *, place: str) -> PayoutTerms:
    """An entry as it is stored."""
    bonuses: dict[str, Bonus] = {}
    for bonus in entry.bonuses:
        if bonus.basis in bonuses:
            raise InputRefusedError(f"{place}: bonus {bonus.basis} comes twice. Keep one.")
        bonuses[bonus.basis] = bonus
    base = entry.base
    return PayoutTerms(
        effective_from=entry.effective_from,
        period=entry.period,
        currency=entry.currency,
        base_mode=base and base.mode,
        base_amount_cents=base and base.amount_cents,
        required_posts=base and base.required_posts,
        cap_cents=entry.cap_cents,
        note=entry.note,
        **_of_bonuses(bonuses),
    )


def _of_bonuses(bonuses: Mapping[str, Bonus]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for bonus in bonuses.values():
        match bonus:
            case OrganicViews():
                found["per_1000_views_cents"] = bonus.per_1000_views_cents
                found["views_cap_per_post_cents"] = bonus.cap_per_post_cents
                found["views_cap_cents"] = bonus.cap_cents
            case AttributedSpend():
                found["spend_share_bps"] = bonus.share_bps
                found["spend_cap_cents"] = bonus.cap_cents
            case Conversions():
                found["conversion_cents"] = bonus.each_cents
                found["conversions_cap_cents"] = bonus.cap_cents
    return found


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False)
    shown = [
        f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
        f" (got {str(fault['input'])[:60]!r})"
        for fault in faults[:ERRORS_SHOWN]
    ]
    more = len(faults) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")
