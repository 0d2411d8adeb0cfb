"""What a comparison of two versions of the rules says.

Belongs here: reports that compare scores with scores.
Does not belong here: the scores themselves (``contracts.scoring``).
"""

import dataframely as dy

from transforms.contracts.columns import instant, key, number, whole


class ScoreDrift(dy.Schema):
    """Grain: one row per project, tick and pair of versions: what its scores become."""

    scored_at = instant("The tick.", in_key=True)
    version_before = key("Version of the rules that is in force.")
    version_after = key("Version that may replace it.")
    project_id = key("Project.")
    scores = whole("Scores that both versions give.")
    only_before = whole("Content that only the version in force gives a row.")
    only_after = whole("Content that only the other version gives a row.")
    changed = whole("Scores that differ by more than a billionth of a point.")
    mean_change_points = number("Mean size of those changes; null if nothing changes.", min=0)
    max_change_points = number("Largest of those changes; null if nothing changes.", min=0)
    crossed_up = whole("Scores that reach the threshold under the other version only.")
    crossed_down = whole("Scores that fall below the threshold under the other version.")
    rank_correlation = number(
        "Spearman's, of content that both versions score, ties sharing their mean rank; null for "
        "fewer than 3, or where either version gives all the same score.",
        min=-1,
        max=1,
    )
