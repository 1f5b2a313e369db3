import json
import runpy
import sys

import numpy as np
import pytest
import torch

from dpmesh_plugin.apis.attention_viewer import summarize, view_attention
from dpmesh_plugin.models.estimators.mesh_estimator import MeshEstimator


@pytest.fixture
def crops(inferencer, photos):
    """The two persons of a photograph, collated."""
    from dpmesh_plugin.apis import read_keypoints
    from dpmesh_plugin.apis.image_inputs import open_images
    from dpmesh_plugin.apis.image_job import Camera

    keypoints = read_keypoints(photos / 'keypoints.json')
    images = {photos / 'a.jpg': None}
    jobs = open_images(images, keypoints, Camera(), [], [], apply_exif=False)
    return inferencer.collate_fn([crop for _, crop in inferencer.preprocess(jobs, [])])


def test_shares_of_the_predicted_person(inferencer, crops):
    people = view_attention(inferencer.model, crops)
    assert [person.body for person in people] == ['prediction'] * 2
    assert [person.sample.sample_idx for person in people] == [1, 2]
    for person in people:
        attention = person.attention
        inside = attention.distribution[:, attention.silhouette].sum(axis=1)
        np.testing.assert_allclose(attention.shares, inside, rtol=1e-6)
        # Initial weights look nearly everywhere alike.
        np.testing.assert_allclose(attention.shares, attention.even_share, rtol=0.5)
    facts = people[0].summary()
    assert facts['groups']['visible']['joints'] == 19
    assert facts['joints']['left_wrist'] == {
        'share': pytest.approx(facts['joints']['left_wrist']['share']),
        'visibility': 'visible',
        'given': True,
    }
    assert facts['joints']['chest']['visibility'] == 'unknown'
    table = summarize(people)
    assert (table['visible']['joints'], table['hidden']['joints']) == (38, 22)
    shares = [person.summary()['groups']['hidden']['share'] for person in people]
    assert table['hidden']['share'] == pytest.approx(np.mean(shares))
    assert people[0].draw().shape[1] == 6 * 206 + 6


def test_the_tokens_follow_their_keypoints(inferencer, crops):
    """The map of a token changes with its keypoint, so the tokens are told apart."""
    before = view_attention(inferencer.model, crops)[0].attention.distribution
    wrist = 20
    crops['data_samples'][0].prompt.keypoints[0, wrist] = torch.tensor([20.0, 230.0])
    after = view_attention(inferencer.model, crops)[0].attention.distribution
    change = np.abs(after - before).sum(axis=(1, 2))
    assert change.argmax() == wrist


def test_what_cannot_be_viewed_is_said(inferencer, crops, monkeypatch):
    with pytest.raises(ValueError, match='person 1, has no annotated body'):
        view_attention(inferencer.model, crops, body='truth')
    with pytest.raises(ValueError, match=r"expected a body of \('auto', 'truth'.*got 'mine'"):
        view_attention(inferencer.model, crops, body='mine')
    with pytest.raises(ValueError, match='expected a MeshEstimator.*got a Linear'):
        view_attention(torch.nn.Linear(1, 1), crops)
    monkeypatch.setattr(inferencer.model.backbone, 'map_levels', ())
    monkeypatch.setattr(inferencer.model.neck, 'attention_levels', ())
    monkeypatch.setattr(MeshEstimator, 'perceive', _without_attention)
    with pytest.raises(ValueError, match='DiffusionPriorBackbone gives no attention maps'):
        view_attention(inferencer.model, crops)


def _without_attention(self, prompt, inputs, latents):
    return self.backbone(inputs, self.neck.encode(prompt)), None


@pytest.fixture
def view(repo_root, monkeypatch):
    def run(*arguments):
        script = str(repo_root / 'tools' / 'analysis_tools' / 'view_attention.py')
        monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
        return runpy.run_path(script)['main']()

    return run


def test_the_tool_writes_pictures_and_numbers(view, config, checkpoint, photos, tmp_path, capsys):
    out = tmp_path / 'out'
    inputs = ['--image', photos / 'a.jpg', '--keypoints', photos / 'keypoints.json']
    assert view(config, checkpoint, '--out', out, '--device', 'cpu', *inputs) == 0
    names = {path.name for path in out.iterdir()}
    assert names == {'a_person1.png', 'a_person2.png', 'attention.json'}
    content = json.loads((out / 'attention.json').read_text())
    assert content['groups'].keys() == {'visible', 'hidden'}
    assert len(content['persons']) == 2
    assert '38 joints' in capsys.readouterr().out


def test_the_tool_says_in_one_line_what_is_wrong(
    view, config, checkpoint, photos, tmp_path, capsys
):
    with pytest.raises(SystemExit, match=r'view_attention: .*none\.pth'):
        view(config, photos / 'none.pth', '--out', tmp_path)
    with pytest.raises(SystemExit, match='2'):
        view(config, checkpoint, '--out', tmp_path, '--image', photos)
    assert '--image and --keypoints are needed together' in capsys.readouterr().err
