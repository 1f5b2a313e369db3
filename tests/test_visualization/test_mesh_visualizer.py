import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.geometry.affine import crop_affine, warp_affine
from dpmesh_plugin.geometry.rotation import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    mirror_pose,
)
from dpmesh_plugin.registry import VISUALIZERS
from dpmesh_plugin.rendering import Mesh, render
from dpmesh_plugin.structures import MeshDataSample
from dpmesh_plugin.visualization import MeshVisualizer

WIDTH, HEIGHT, FOCAL = 1280, 960, 1400.0
PRINCIPAL_POINT = np.array([660.0, 488.0])
BOX = np.array([320.0, 80.0, 800.0, 800.0])
BAR, GAP = 22, 4


@pytest.fixture(scope='module')
def body_model():
    return SMPL()


@pytest.fixture
def visualizer(body_model):
    return MeshVisualizer(body_model=body_model, panel_height=256, alpha=1.0)


def body_parameters():
    generator = torch.Generator().manual_seed(0)
    return {
        'global_orient': torch.tensor([[3.0, 0.3, 0.4]]),
        'body_pose': 0.2 * torch.randn(1, 23, 3, generator=generator),
        'betas': torch.randn(1, 10, generator=generator),
    }


def turned(body_model, parameters, turn, mirrored):
    """The parameters of the same body in camera axes turned by ``turn`` (3, 3)."""
    root = body_model(**parameters).joints[0, 0]
    pose = torch.cat([parameters['global_orient'][:, None], parameters['body_pose']], dim=1)
    pose = mirror_pose(pose) if mirrored else pose
    roll = torch.tensor(turn * [-1, 1, 1] if mirrored else turn, dtype=torch.float32)
    orient = matrix_to_axis_angle(roll @ axis_angle_to_matrix(pose[:, 0]))
    shift = torch.tensor(turn, dtype=torch.float32) @ root - (root - parameters['transl'][0])
    return parameters | {
        'global_orient': orient,
        'body_pose': pose[:, 1:],
        'transl': shift[None],
    }


def make_sample(body_model, rotation=0.0, mirrored=False):
    """A photograph of a white body on black, cropped, and its sample."""
    parameters = body_parameters() | {'transl': torch.tensor([[0.1, 0.2, 3.5]])}
    vertices = body_model(**parameters).vertices[0].numpy()
    camera = np.array([[FOCAL, 0, 0], [0, FOCAL, 0], [0, 0, 1]])
    camera[:2, 2] = PRINCIPAL_POINT
    body = Mesh(vertices, body_model.faces.numpy())
    inside = render([body], camera, (WIDTH, HEIGHT)).index == 0
    photo = (inside[..., None] * [255, 255, 255]).astype(np.uint8)
    matrix, _ = crop_affine(
        BOX, (256, 256), rotation=rotation, mirror_width=WIDTH if mirrored else None
    )
    cosine, sine = np.cos(np.deg2rad(rotation)), np.sin(np.deg2rad(rotation))
    turn = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    turn = turn * [-1, 1, 1] if mirrored else turn
    sample = MeshDataSample(
        metainfo={
            'img_path': 'photo.jpg',
            'ori_shape': (WIDTH, HEIGHT),
            'input_size': (256, 256),
            'warp_mat': matrix.astype(np.float32),
            'focal_length': np.array([FOCAL, FOCAL]),
            'principal_point': PRINCIPAL_POINT,
            'gender': 'neutral',
        },
        gt_instances=InstanceData(
            **turned(body_model, parameters, turn, mirrored), smpl_valid=torch.ones(1)
        ),
        prompt=InstanceData(
            keypoints=torch.full((1, 30, 2), 100.0),
            keypoint_scores=torch.ones(1, 30),
            keypoints_visible=torch.ones(1, 30),
        ),
    )
    return warp_affine(photo, matrix, (256, 256)), sample


def predict(sample, body_model, transl):
    """A prediction as the head gives it: vertices about the pelvis, and the pelvis apart."""
    vertices = body_model(**body_parameters()).vertices
    pelvis = body_model.regress(vertices, 'dpmesh_30')[:, :1]
    sample.pred_instances = InstanceData(
        vertices=vertices - pelvis,
        pelvis=pelvis[:, 0],
        view=torch.eye(3)[None],
        transl=torch.tensor([transl]),
    )


def split(picture, count):
    """Panels (256, 256, 3) of a picture without bars and gaps."""
    assert picture.shape == (BAR + 256 + 2 * GAP, count * (256 + GAP) + GAP, 3)
    starts = [GAP + number * (256 + GAP) for number in range(count)]
    return [picture[GAP + BAR : -GAP, start : start + 256] for start in starts]


def assert_truth_covers(visualizer, photographed, sample):
    """The true mesh (drawn over black and over white, for its rims) lies on the body."""
    size = visualizer.panel_height
    over_black, over_white = (
        visualizer.draw(np.full((256, 256, 3), grey, np.uint8), sample)[
            GAP + BAR : -GAP, -size - GAP : -GAP, 0
        ].astype(float)
        for grey in (0, 255)
    )
    coverage = 1 - (over_white - over_black) / 255
    drawn = cv2.resize(coverage, (256, 256), interpolation=cv2.INTER_AREA) > 0.5
    assert (drawn & photographed).sum() / (drawn | photographed).sum() > 0.97
    centres = [np.argwhere(mask).mean(axis=0) for mask in (drawn, photographed)]
    np.testing.assert_allclose(*centres, atol=0.15)


def test_panels_and_their_order(visualizer, body_model):
    image, sample = make_sample(body_model)
    predict(sample, body_model, [0.0, 0.0, 12.0])
    panels = split(visualizer.add_datasample('a', image, sample), 5)
    np.testing.assert_array_equal(panels[0], image)
    assert (panels[1][100, 100] == (60, 180, 75)).all()
    assert (panels[3][2, 2] == 255).all()
    without_truth = split(visualizer.add_datasample('a', image, sample, draw_gt=False), 4)
    np.testing.assert_array_equal(without_truth, panels[:4])
    without_prediction = split(visualizer.add_datasample('a', image, sample, draw_pred=False), 3)
    np.testing.assert_array_equal(without_prediction, [panels[0], panels[1], panels[4]])


@pytest.mark.parametrize(
    ('rotation', 'mirrored'), [(0, False), (25, False), (0, True), (-40, True)]
)
def test_the_true_mesh_covers_the_body_of_the_photograph(
    visualizer, body_model, rotation, mirrored
):
    image, sample = make_sample(body_model, rotation, mirrored)
    assert_truth_covers(visualizer, image[..., 0] > 127, sample)


def test_the_prediction_is_projected_by_the_camera_of_the_crop(visualizer, body_model):
    image, sample = make_sample(body_model)
    predict(sample, body_model, [0.1, -0.05, 16.0])
    panel = split(visualizer.add_datasample('a', np.zeros_like(image), sample), 5)[2]
    points = body_model(**body_parameters()).vertices[0] + torch.tensor([0.1, -0.05, 16.0])
    # Focal length 1600 px is the diagonal of the 1280x960 photograph.
    pixels = (points[:, :2] / (points[:, 2:] + 1e-4) * 1600 + 128).numpy()
    rows, columns = np.nonzero(panel.any(axis=2))
    np.testing.assert_allclose([columns.min(), rows.min()], pixels.min(axis=0), atol=1)
    np.testing.assert_allclose([columns.max(), rows.max()], pixels.max(axis=0), atol=1)


def test_panels_are_scaled_about_pixel_corners(body_model):
    image, sample = make_sample(body_model)
    larger = MeshVisualizer(body_model=body_model, panel_height=512, alpha=1.0)
    assert_truth_covers(larger, image[..., 0] > 127, sample)


def test_a_sample_without_valid_smpl_has_no_true_mesh(visualizer, body_model):
    image, sample = make_sample(body_model)
    others = split(visualizer.add_datasample('a', image, sample), 3)[:2]
    sample.gt_instances.smpl_valid = torch.zeros(1)
    np.testing.assert_array_equal(split(visualizer.draw(image, sample), 2), others)
    del sample.gt_instances
    np.testing.assert_array_equal(split(visualizer.draw(image, sample), 2), others)


def test_pictures_go_to_a_file_or_to_the_backends(body_model, tmp_path):
    visualizer = VISUALIZERS.build(
        {
            'type': 'MeshVisualizer',
            'name': 'test_pictures',
            'body_model': {'type': 'SMPL'},
            'vis_backends': [{'type': 'LocalVisBackend'}],
            'save_dir': str(tmp_path / 'run'),
        }
    )
    image, sample = make_sample(body_model)
    visualizer.add_datasample('a', image, sample, out_file=str(tmp_path / 'a.jpg'))
    assert [path.name for path in tmp_path.iterdir()] == ['a.jpg']
    visualizer.add_datasample('b', image, sample, step=7)
    assert [path.name for path in tmp_path.rglob('*.png')] == ['b_7.png']


def test_crops_that_are_not_rounded_are_drawn_too(visualizer, body_model):
    image, sample = make_sample(body_model)
    panels = split(visualizer.draw(image * np.float32(0.999), sample), 3)
    np.testing.assert_array_equal(panels[0], np.rint(image * 0.999))


def test_truth_of_another_body_model_is_refused(visualizer, body_model):
    image, sample = make_sample(body_model)
    sample.set_metainfo({'body_model_id': 'smpl'})
    with pytest.raises(ValueError, match=f"'smpl', but the one at hand is '{body_model.model_id}'"):
        visualizer.add_datasample('a', image, sample)
    split(visualizer.add_datasample('a', image, sample, draw_gt=False), 2)


def test_what_cannot_be_drawn_is_named(visualizer, body_model):
    image, sample = make_sample(body_model)
    with pytest.raises(ValueError, match=r"'a7' \(photo.jpg\) .* expected the crop"):
        visualizer.add_datasample('a7', image[:100], sample)
    predict(sample, body_model, [0.0, 0.0, float('nan')])
    with pytest.raises(ValueError, match=r"'a7' \(photo.jpg\) .* values not finite"):
        visualizer.add_datasample('a7', image, sample)
    del sample.pred_instances.pelvis
    with pytest.raises(ValueError, match=r"'a7' .*pelvis"):
        visualizer.add_datasample('a7', image, sample)
    del sample.pred_instances, sample.gt_instances.transl
    with pytest.raises(ValueError, match=r"'a7' .*transl"):
        visualizer.add_datasample('a7', image, sample)
