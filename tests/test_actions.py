"""What is done for whom, as the notebook decides it."""

from segmentation import actions
from segmentation.vocabulary import GROUPS, SEGMENTS


def test_the_playbook_names_an_action_for_every_group(decisions):
    table = actions.playbook(decisions.ACTIONS)
    assert list(table.index) == list(GROUPS) and table.map(len).min().min() > 0


def test_every_segment_has_an_action_of_its_own(decisions):
    found = actions.by_segment(decisions.ACTIONS)
    assert set(found) == set(SEGMENTS)
    assert [found[name].goal for name in SEGMENTS] == ["Keep", "Grow", "Develop", "Win back"]


def test_an_assumed_success_is_a_share(decisions):
    assert all(0 < action.success < 1 for action in decisions.ACTIONS.values())
