import runpy
import sys

import cv2
import pytest

PIPELINE = [
    {'type': 'LoadMeshImage'},
    {'type': 'RandomScaleRotateFlip'},
    {
        'type': 'BodyModelKeypoints',
        'body_model': {'type': 'SMPL', 'genders': ('neutral', 'male', 'female')},
    },
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox'},
    {'type': 'TopdownAffine'},
    {'type': 'PackMeshInputs'},
]
BLIND = [
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox'},
    {'type': 'TopdownCoordinates'},
    {'type': 'PackMeshInputs', 'image': False},
]


@pytest.fixture
def browse(people, repo_root, tmp_path, monkeypatch):
    def run(*options: str, pipeline=PIPELINE, wrap=lambda part: part) -> list:
        config = tmp_path / 'browse.py'
        dataset = wrap({**people(), 'pipeline': pipeline})
        config.write_text(
            f"default_scope = 'dpmesh_plugin'\ntest_dataloader = dict(dataset={dataset!r})\n"
        )
        out = tmp_path / 'pictures'
        arguments = [str(config), '--out', str(out), '--split', 'test', *options]
        monkeypatch.setattr(sys, 'argv', ['browse_dataset.py', *arguments])
        script = repo_root / 'tools' / 'analysis_tools' / 'browse_dataset.py'
        runpy.run_path(str(script), run_name='__main__')
        return sorted(out.iterdir())

    return run


def test_writes_a_picture_per_person(browse):
    pictures = browse('--samples', '2', '--start', '1')
    assert [path.name for path in pictures] == ['test_00001_101.jpg', 'test_00002_102.jpg']
    sheet = cv2.imread(str(pictures[0]))
    assert sheet.shape[0] > 3 * 320  # two rows of stages and one of the packed sample
    assert sheet.std() > 30


def test_unknown_stage_is_named(browse):
    with pytest.raises(
        SystemExit, match='browse_dataset: no stage Crop; the pipeline has: LoadMeshImage, '
    ):
        browse('--stages', 'Crop')


@pytest.mark.parametrize(
    'wrapper',
    [{'type': 'PreparedDataset'}, {'type': 'LatentCacheDataset', 'cache': 'not_yet_written'}],
)
def test_what_wraps_a_data_set_is_taken_off(browse, wrapper):
    (picture,) = browse('--samples', '1', wrap=lambda part: {**wrapper, 'dataset': part})
    assert picture.name == 'test_00000_100.jpg'


def test_parts_of_a_mixture_follow_each_other(browse):
    pictures = browse(
        *('--samples', '2', '--start', '3', '--stages', 'CropBox'),
        wrap=lambda part: {'type': 'MixedMeshDataset', 'groups': {'a': [part], 'b': [part]}},
    )
    assert [path.name for path in pictures] == ['test_00003_103.jpg', 'test_00004_100.jpg']


@pytest.mark.parametrize('options', [(), ('--stages', 'CropBox')])
def test_a_pipeline_without_pictures_is_refused(browse, options):
    with pytest.raises(SystemExit, match='the pipeline of PW3DDataset reads no pictures'):
        browse(*options, pipeline=BLIND)
