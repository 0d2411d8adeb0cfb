"""What ads show: whose they are, the platform's word before people's links, as of any moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.ads_builders import (
    POST,
    account,
    accounts,
    ad_set,
    ad_sets,
    content,
    contents,
    layer,
    layers,
    state,
    states,
)
from tests.worlds.creative_builders import ad, ads
from tests.worlds.data_builders import AS_OF, hours
from transforms.facts.ads_shown import ads_shown

LINKED = "brand/generated:c"
OWNERS = (account(),)
KNOWN = (content(),)


def shown(told=(), linked=(), *, owners=OWNERS, places=(), sets=(), known=KNOWN, as_of=AS_OF):
    """Of each ad: project, layer, content, and how that is known."""
    found = ads_shown(
        states(told),
        links=ads(linked),
        accounts=accounts(owners),
        layers=layers(places),
        ad_sets=ad_sets(sets),
        contents=contents(known),
        as_of=as_of,
    ).collect()
    wanted = ("project_id", "layer_id", "ads_content_id", "content_known_by")
    return {row["ad_id"]: tuple(row[name] for name in wanted) for row in found.to_dicts()}


NOTHING = state(shows_platform=None, shows_post_id=None)


@pytest.mark.parametrize(
    ("told", "linked", "expected"),
    [
        pytest.param([state()], [], (POST, "creative"), id="the platform names a post we know"),
        pytest.param([state()], [ad()], (POST, "creative"), id="its word goes before a link"),
        pytest.param([NOTHING], [ad()], (LINKED, "link"), id="a link where it names nothing"),
        pytest.param(
            [state(shows_post_id="x")], [ad()], (LINKED, "link"), id="a link where it is unknown"
        ),
        pytest.param([state(shows_post_id="x")], [], (None, None), id="nothing that we know"),
        pytest.param([], [ad()], (LINKED, "link"), id="only a link"),
        pytest.param(
            [NOTHING], [ad(content="other/generated:c")], (None, None), id="another project's link"
        ),
    ],
)
def test_the_platforms_word_goes_before_links_and_nothing_is_dropped(told, linked, expected):
    assert shown(told, linked) == {"ad": ("brand", None, *expected)}


@pytest.mark.parametrize(
    ("places", "sets", "expected"),
    [
        pytest.param([layer()], [ad_set()], ("brand", "layer"), id="its ad set is the layer's"),
        pytest.param([layer()], [], ("brand", "layer"), id="the account's only layer"),
        pytest.param([layer(), layer("two")], [], ("brand", None), id="one of two layers"),
        pytest.param(
            [layer(), layer("two")], [ad_set("two")], ("brand", "two"), id="of two, by its ad set"
        ),
        pytest.param(
            [layer(project_id="other")], [ad_set()], ("other", "layer"), id="another project's"
        ),
        pytest.param(
            [layer(project_id="other")], [], ("brand", None), id="another project's only layer"
        ),
        pytest.param([layer(is_ended=True)], [], ("brand", None), id="an ended layer"),
        pytest.param([layer(is_ended=True)], [ad_set()], ("brand", "layer"), id="its ended layer"),
        pytest.param([layer(ad_account_id="2")], [ad_set()], ("brand", None), id="not its account"),
        pytest.param([layer(known_at=hours(1))], [ad_set()], ("brand", None), id="not yet known"),
    ],
)
def test_an_ad_is_in_the_layer_of_its_ad_set_else_in_its_accounts_only_one(places, sets, expected):
    assert shown([state()], places=places, sets=sets)["ad"][:2] == expected


def test_content_that_came_later_was_not_shown_before():
    known = [content(created_at=hours(1))]
    assert shown([state()], known=known) == {"ad": ("brand", None, None, None)}
    assert shown([state()], known=known, as_of=hours(1)) == {
        "ad": ("brand", None, POST, "creative")
    }


def test_a_post_counts_for_the_project_whose_ads_content_it_is():
    both = [content(), content("other/instagram:9")]
    assert shown([state()], owners=[account("other")], known=both)["ad"][2] == "other/instagram:9"


CHANGES = st.lists(
    st.builds(
        lambda at, post, ad_id: state(
            ad_id,
            known_at=hours(at),
            shows_post_id=post,
            shows_platform=post and "instagram",
        ),
        st.integers(-5, 5),
        st.sampled_from([None, "9", "x"]),
        st.sampled_from(["a", "b"]),
    ),
    unique_by=lambda row: (row["ad_id"], row["known_at"]),
    max_size=8,
)
LINKS = st.lists(
    st.builds(
        lambda at, to, ad_id: ad(ad_id, to, known_at=hours(at)),
        st.integers(-5, 5),
        st.sampled_from([LINKED, "other/generated:c"]),
        st.sampled_from(["a", "b", "c"]),
    ),
    unique_by=lambda row: (row["ad_id"], row["known_at"]),
    max_size=6,
)


def by_loops(told, linked, as_of):
    """The same in plain Python."""
    said = {row["ad_id"]: row for row in sorted(told, key=at) if at(row) <= as_of}
    links = {
        row["ad_id"]: row["ads_content_id"] for row in sorted(linked, key=at) if at(row) <= as_of
    }
    found = {}
    for ad_id in {*said, *links}:
        link = links.get(ad_id)
        project = "brand" if ad_id in said else link.split("/")[0]
        if ad_id in said and said[ad_id]["shows_post_id"] == "9":
            found[ad_id] = (project, None, POST, "creative")
        elif link and link.split("/")[0] == project:
            found[ad_id] = (project, None, link, "link")
        else:
            found[ad_id] = (project, None, None, None)
    return found


def at(row):
    return row["known_at"]


@given(told=CHANGES, linked=LINKS, hour=st.integers(-6, 6), order=st.randoms(use_true_random=False))
def test_each_ad_has_one_row_as_plain_loops_have_it(told, linked, hour, order):
    as_of = hours(hour)
    expected = by_loops(told, linked, as_of)
    assert shown(told, linked, as_of=as_of) == expected
    shuffled = order.sample(told, len(told)), order.sample(linked, len(linked))
    assert shown(*shuffled, as_of=as_of) == expected


@given(told=CHANGES, linked=LINKS)
def test_what_is_known_later_changes_nothing_before(told, linked):
    early = [[row for row in rows if row["known_at"] <= AS_OF] for rows in (told, linked)]
    assert shown(told, linked) == shown(*early)
