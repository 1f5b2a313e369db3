import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dpmesh_plugin.apis.exporters import BVHExporter, GLBExporter
from dpmesh_plugin.structures import get_keypoint_set

BLENDER_PYTHON = os.environ.get('BLENDER_PYTHON')


@pytest.mark.skipif(
    BLENDER_PYTHON is None,
    reason='set BLENDER_PYTHON to an interpreter with bpy (Blender as a module) to run this',
)
def test_blender_shows_the_joints_and_vertices_of_the_result(video, body, tmp_path):
    for exporter in (GLBExporter(), BVHExporter()):
        exporter.export(video, body, tmp_path / 'walk')
    expected = {
        'numbers': np.array(video.numbers),
        'names': np.array(get_keypoint_set('smpl_24').names),
    }
    for person in (4, 9):
        for field in ('skeleton', 'vertices'):
            expected[f'{field}_{person}'] = np.stack([_of(m, field, person) for m in video.frames])
    np.savez(tmp_path / 'expected.npz', **expected)
    script = Path(__file__).with_name('read_with_blender.py')
    subprocess.run([BLENDER_PYTHON, script, tmp_path], check=True, capture_output=True)
    found = json.loads((tmp_path / 'found.json').read_text())
    for person in (4, 9):
        glb = found[f'glb_{person}']
        assert glb['joints'] < 1e-5
        assert glb['vertices'] < 0.004
        assert found[f'bvh_{person}']['joints'] < 1e-5
    assert found['glb_9']['hidden'] == [True, False, False, True, True, False]


def _of(meshes, field, person):
    """The array of a person, NaN where it was not found."""
    rows = np.flatnonzero(meshes.person_ids == person)
    values = getattr(meshes, field)
    return values[rows[0]] if len(rows) else np.full(values.shape[1:], np.nan)
