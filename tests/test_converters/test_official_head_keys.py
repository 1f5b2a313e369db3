import json
import re

import pytest

from dpmesh_plugin.converters.official_head_keys import (
    SNAPSHOT_ONLY,
    UNUSED_HEAD_NAMES,
    head_to_official,
)
from dpmesh_plugin.models import SMPLTokenHead


@pytest.fixture(scope='module')
def head():
    return SMPLTokenHead(
        in_channels=2048, body_model={'type': 'SMPL'}, pose_decoder={'type': 'VPoserDecoder'}
    )


def test_every_name_of_the_head_has_a_counterpart_of_the_same_shape(head, shared_dir):
    manifest = json.loads((shared_dir / 'parity/full/manifest.json').read_text())
    shapes = {
        row['key']: tuple(row['shape'])
        for row in manifest['keys']
        if not row['key'].startswith(('backbone.', 'kp_lifting.'))
    }
    for name, parameter in head.named_parameters():
        official = head_to_official(name)
        if official not in SNAPSHOT_ONLY:
            assert shapes.pop(official) == tuple(parameter.shape), name
    left = [
        name
        for name in shapes
        if not any(re.search(pattern, name) for pattern, _ in UNUSED_HEAD_NAMES)
    ]
    assert left == []


def test_names_are_told_apart(head):
    names = [name for name, _ in head.named_parameters()]
    assert len({head_to_official(name) for name in names}) == len(names)


def test_by_hand():
    assert head_to_official('betas_regressor.stages.2.bias') == 'cascade_shaoe_out.2.bias'


def test_unknown_name_is_refused():
    with pytest.raises(KeyError, match="no counterpart of the head parameter 'correction.weight'"):
        head_to_official('correction.weight')
