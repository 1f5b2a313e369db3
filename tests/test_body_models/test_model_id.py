import pytest

from dpmesh_plugin.body_models import check_annotated_body, is_smpl


@pytest.mark.parametrize('annotated', [None, 'smpl-0a1b', 'smpl'])
def test_the_same_body_or_its_family_is_accepted(annotated):
    check_annotated_body(annotated, 'smpl-0a1b', 'here')


@pytest.mark.parametrize('annotated', ['smpl-ffff', 'smp', 'openbody-1'])
def test_another_body_is_refused(annotated):
    message = f"image 7: annotated with body model '{annotated}'.*'smpl-0a1b'"
    with pytest.raises(ValueError, match=message):
        check_annotated_body(annotated, 'smpl-0a1b', 'image 7')


def test_smpl_is_the_family_and_its_copies():
    names = ('smpl', 'smpl-0a1b', 'smplx-0a1b', 'openbody-1')
    assert [is_smpl(name) for name in names] == [True, True, False, False]
