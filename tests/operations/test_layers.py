"""Layers and ad sets: every change is kept, a layer stays where it is.

Belongs here: tests of the tables ``layers`` and ``ad_sets``.
Does not belong here: files of layers (``tests/steps/ingest``), what is picked for them.
"""

from dataclasses import replace

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.layers import NewAdSet, NewLayer, Stated, standing
from layers_pipeline.operations.store import Operations
from tests.operations.world import MINUTE, NOW, add_project, each_database

LAYER = NewLayer(
    layer_id="brand-meta",
    project_id="brand",
    ad_platform="meta",
    mode="agency",
    ad_account_id="1234",
)
AD_SET = NewAdSet(layer_id="brand-meta", ad_set_id="77", name="Prospecting")


@pytest.fixture
def brand(operations: Operations) -> Operations:
    add_project(operations)
    return operations


def state(operations: Operations, *rows: NewLayer | NewAdSet, now=NOW) -> Stated:
    layers = [row for row in rows if isinstance(row, NewLayer)]
    ad_sets = [row for row in rows if isinstance(row, NewAdSet)]
    return operations.layers.state(layers, ad_sets, changed_by="ann", now=now)


@each_database
def test_a_layer_and_its_ad_set_are_given_back(brand):
    assert state(brand, LAYER, AD_SET) == Stated(layers=1, ad_sets=1)
    (layer,), (ad_set,) = brand.layers.all(), brand.layers.ad_sets()
    assert (layer.ad_account_id, layer.known_at, layer.changed_by) == ("1234", NOW, "ann")
    assert (ad_set.capacity, ad_set.slots_ugc, ad_set.needs_creatives) == (10, 3, True)


def test_the_same_again_changes_nothing(brand):
    state(brand, LAYER, AD_SET)
    assert state(brand, LAYER, AD_SET, now=NOW + MINUTE) == Stated()


def test_a_change_is_a_row_of_its_own(brand):
    state(brand, LAYER, AD_SET)
    state(brand, replace(LAYER, mode="byo"), replace(AD_SET, capacity=5), now=NOW + MINUTE)
    assert [row.mode for row in brand.layers.all()] == ["agency", "byo"]
    assert [row.capacity for row in standing(brand.layers.ad_sets())] == [5]


def test_changes_at_one_instant_do_not_meet(brand):
    state(brand, LAYER)
    state(brand, replace(LAYER, mode="byo"))
    assert [row.mode for row in standing(brand.layers.all())] == ["byo"]


def test_act_before_the_account_is_left_out(brand):
    state(brand, replace(LAYER, ad_account_id="act_1234"))
    assert brand.layers.get("brand-meta").ad_account_id == "1234"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(LAYER, layer_id="Brand Meta"), "'Brand Meta' is not a slug"),
        (replace(LAYER, mode="own"), "mode 'own' is not known"),
        (replace(LAYER, ad_platform="snap"), "ad platform 'snap' is not known"),
        (replace(LAYER, ad_account_id="12 34"), "'12 34' is no id"),
        (replace(AD_SET, capacity=51), "capacity is 51"),
        (replace(AD_SET, slots_ugc=-1), "-1 slots for ugc"),
        (replace(AD_SET, name=" "), "name is empty"),
    ],
)
def test_what_cannot_be_is_refused_by_name(brand, wrong, said):
    with pytest.raises(InputRefusedError, match=said):
        state(brand, LAYER, wrong)
    assert brand.layers.all() == []


def test_a_layer_does_not_move(brand):
    state(brand, LAYER)
    with pytest.raises(InputRefusedError, match="stays where it is"):
        state(brand, replace(LAYER, ad_platform="tiktok"))


def test_an_ad_set_is_of_one_layer(brand):
    other = replace(LAYER, layer_id="brand-meta-2")
    state(brand, LAYER, other, AD_SET)
    with pytest.raises(InputRefusedError, match="is in layer 'brand-meta'"):
        state(brand, replace(AD_SET, layer_id="brand-meta-2"))


def test_what_is_not_there_is_named(brand):
    with pytest.raises(NotFoundError, match="'nobody' does not exist"):
        state(brand, replace(LAYER, project_id="nobody"))
    with pytest.raises(NotFoundError, match="Known: none"):
        state(brand, AD_SET)
    with pytest.raises(NotFoundError, match="layer 'x' does not exist"):
        brand.layers.get("x")
