import runpy
import sys

import cv2
import pytest

CONFIG = """
default_scope = 'dpmesh_plugin'
test_dataloader = dict(
    dataset=dict(
        type='PW3DDataset',
        ann_file='people.json',
        data_root='{root}',
        pipeline=[
            dict(type='LoadMeshImage'),
            dict(type='RandomScaleRotateFlip'),
            dict(type='BodyModelKeypoints', body_model=body_model),
            dict(type='KeypointsToPrompt'),
            dict(type='CropBox'),
            dict(type='TopdownAffine'),
            dict(type='PackMeshInputs'),
        ],
    )
)
"""
BODY = "body_model = dict(type='SMPL', genders=('neutral', 'male', 'female'))"


@pytest.fixture
def browse(people, repo_root, tmp_path, monkeypatch):
    def run(*options: str) -> list:
        config = tmp_path / 'browse.py'
        config.write_text(BODY + CONFIG.format(root=people()['data_root']))
        out = tmp_path / 'pictures'
        arguments = [str(config), '--out', str(out), '--split', 'test', *options]
        monkeypatch.setattr(sys, 'argv', ['browse_dataset.py', *arguments])
        script = repo_root / 'tools' / 'analysis_tools' / 'browse_dataset.py'
        runpy.run_path(str(script), run_name='__main__')
        return sorted(out.iterdir())

    return run


def test_writes_a_picture_per_person(browse):
    pictures = browse('--number', '2', '--start', '1')
    assert [path.name for path in pictures] == ['test_00001_101.jpg', 'test_00002_102.jpg']
    sheet = cv2.imread(str(pictures[0]))
    assert sheet.shape[0] > 3 * 320  # two rows of stages and one of the packed sample
    assert sheet.std() > 30


def test_unknown_stage_is_named(browse):
    with pytest.raises(KeyError, match='no stage Crop; the pipeline has: LoadMeshImage, '):
        browse('--stages', 'Crop')
