"""Test-time data preparation: boxes, crops, heatmaps, and 3DPW files through the data set."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.datasets import PW3DDataset, transforms
from dpmesh_plugin.geometry.affine import crop_affine, mirror_affine, warp_affine
from dpmesh_plugin.geometry.boxes import box_iou, box_is_usable, clip_box, keypoint_box, square_box
from dpmesh_plugin.models.necks.heatmaps import gaussian_heatmaps
from dpmesh_plugin.structures import SMPL_FIELDS, map_keypoints, with_derived_joints

from .parity_set import ParitySet, below
from .rows import Report

CROP = (256, 256)
CELLS, SIGMA = 32, 2.5
VERTEX_STEP = 53
# float32 coordinates of up to some thousand pixels.
BOX_LIMIT, MATRIX_LIMIT, VALUE_LIMIT, EXACT = 1e-5, 1e-5, 1e-4, 1e-6
VERTEX_LIMIT_MM = 0.1
# Order of the recorded keypoints as loaded.
LOADED_SETS = {'crowd': 'coco_19'}
CROWD_FILES = ('pw3d_crowd_annotations.json', 'pw3d_crowd_hhrnet.json')

Record = Mapping[str, np.ndarray]


def compare_preparation(parity: ParitySet, body: SMPL, report: Report) -> None:
    """Everything in ``preprocess.npz``."""
    record = parity.arrays('preprocess.npz')
    if record is None:
        report.notes.append('preprocess: preprocess.npz is not in the set')
        return
    groups = {
        'affine.': _compare_matrices,
        'warp.': _compare_warp,
        'crop.': _compare_crops,
        'box.': _compare_boxes,
        'keypoint_box.': _compare_keypoint_boxes,
        'iou.': _compare_overlaps,
        'heatmap.': _compare_heatmaps,
    }
    for prefix, compare in groups.items():
        if any(name.startswith(prefix) for name in record):
            compare(record, report)
        else:
            report.notes.append(f'preprocess: no {prefix}* in preprocess.npz')
    _compare_files(parity, record, body, report)


def _compare_matrices(record: Record, report: Report) -> None:
    ours = []
    for row, box in enumerate(record['affine.bbox']):
        flip, width = record['affine.flip'][row], int(record['affine.img_wh'][row, 0])
        forward, backward = crop_affine(
            box,
            CROP,
            scale=record['affine.scale'][row],
            rotation=record['affine.rot_deg'][row],
            mirror_width=width if flip else None,
        )
        if flip:  # the published matrices act on the mirrored image
            forward = mirror_affine(forward, width)
            backward[0] = [0, 0, width - 1] - backward[0]
        ours.append((forward, backward))
    for name, matrices in zip(('img2bb', 'bb2img'), zip(*ours, strict=True), strict=True):
        recorded = record[f'affine.{name}']
        report.add(f'preprocess/affine.{name}', np.stack(matrices), recorded, MATRIX_LIMIT)


def _compare_warp(record: Record, report: Report) -> None:
    image = record[f'crop.{int(record["warp.image_from_crop_key"])}.image_rgb'].astype(np.float32)
    scale, rotation, flip = record['warp.scale_rot_flip']
    forward, _ = crop_affine(
        record['warp.bbox'],
        CROP,
        scale=scale,
        rotation=rotation,
        mirror_width=image.shape[1] if flip else None,
    )
    crop = warp_affine(image, forward, CROP)
    report.add('preprocess/warp.patch', crop, record['warp.patch'], VALUE_LIMIT)


def _compare_crops(record: Record, report: Report) -> None:
    rows = sorted({int(name.split('.')[1]) for name in record if name.startswith('crop.')})
    for row in rows:
        image = record[f'crop.{row}.image_rgb']
        person = {
            'img': image,
            'ori_shape': image.shape[1::-1],
            'crop_box': record['pw3d.bbox'][row],
            'prompt_keypoints': record['pw3d.input_joints_image'][row, :, :2],
            'prompt_known': np.ones(30, bool),
            'prompt_visible': np.ones(30),
        }
        crop = transforms.TopdownAffine(dtype='float32').transform(person)['img']
        recorded = record[f'crop.{row}.patch'].transpose(1, 2, 0)
        report.add(f'preprocess/crop.{row}.patch', crop / 255, recorded, VALUE_LIMIT)


def _compare_boxes(record: Record, report: Report) -> None:
    size = tuple(record['box.image_wh'])
    boxes = record['box.input_xywh']
    ours = [square_box(clip_box(box, size), factor=1.1) for box in boxes]
    report.add('preprocess/box.test_rule', np.stack(ours), record['box.test_rule'], BOX_LIMIT)
    factor = 1 + record['box.train_rule_u'] / 5
    ours = [
        square_box(clip_box(box, size), factor=factor)
        if box_is_usable(box, size)
        else np.full(4, np.nan)
        for box in boxes
    ]
    recorded = record['box.train_rule_with_u']
    report.add('preprocess/box.train_rule_with_u', np.stack(ours), recorded, BOX_LIMIT)


def _compare_keypoint_boxes(record: Record, report: Report) -> None:
    rows = zip(record['keypoint_box.joints'], record['keypoint_box.valid'], strict=True)
    ours = [keypoint_box(joints, valid) for joints, valid in rows]
    report.add('preprocess/keypoint_box.bbox', ours, record['keypoint_box.bbox'], BOX_LIMIT)


def _compare_overlaps(record: Record, report: Report) -> None:
    ours = box_iou(record['iou.a'][0], record['iou.a'][1:])
    report.add('preprocess/iou', ours, record['iou.first_vs_rest'][0], EXACT)


def _compare_heatmaps(record: Record, report: Report) -> None:
    rows = record['heatmap.rows']
    points = torch.from_numpy(record['pw3d.joints'][rows][..., :2])
    maps = gaussian_heatmaps(points, CELLS, SIGMA).numpy()
    report.add('preprocess/heatmap.unmasked', maps, record['heatmap.unmasked'], VALUE_LIMIT)
    masked = maps * record['pw3d.joints_mask'][rows][..., None]
    report.add('preprocess/heatmap.masked', masked, record['heatmap.masked'], VALUE_LIMIT)


def _compare_files(parity: ParitySet, record: Record, body: SMPL, report: Report) -> None:
    """The recorded annotation files through :class:`PW3DDataset`."""
    crowd, hhrnet = CROWD_FILES
    cases = {
        'pw3d': ('pw3d_annotations.json', {}),
        'crowd': (crowd, {'subset': 'crowd', 'higherhrnet_file': hhrnet}),
        'crowd_as_eval_script': (crowd, {'subset': 'crowd', 'keypoint_source': 'openpose'}),
    }
    for name, (file, options) in cases.items():
        if not (parity.folder / file).is_file():
            report.notes.append(f'preprocess: {file} is not in the set, {name}.* not compared')
            continue
        expected = below(record, f'{name}.')
        with tempfile.TemporaryDirectory() as root:
            dataset = _dataset(parity.folder, Path(root), file, options)
            _compare_people(name, dataset, expected, report)
        if 'gt_joints30_cam' in expected:
            _compare_truth(name, dataset, body, expected, report)


def _dataset(folder: Path, root: Path, file: str, options: dict) -> PW3DDataset:
    """The data set of an annotation file, whose pictures are made up and black."""
    for image in json.loads((folder / file).read_text())['images']:
        path = root / 'imageFiles' / image['sequence'] / image['file_name']
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    if 'higherhrnet_file' in options:
        shutil.copy(folder / options['higherhrnet_file'], root)

    def black(results: dict) -> dict:
        width, height = results['ori_shape']
        return {**results, 'img': np.zeros((height, width, 3), np.uint8)}

    pipeline = [
        black,
        transforms.KeypointsToPrompt(),
        transforms.CropBox(),
        transforms.TopdownAffine(absent_keypoints='origin'),
        transforms.PackMeshInputs(),
    ]
    dataset = PW3DDataset(
        ann_file=str((folder / file).absolute()),
        data_root=str(root),
        pipeline=pipeline,
        test_mode=True,
        **options,
    )
    dataset.full_init()
    return dataset


def _compare_people(name: str, dataset: PW3DDataset, expected: Record, report: Report) -> None:
    """What every person of the file becomes."""
    rows = range(len(dataset))
    samples = [dataset[row]['data_samples'] for row in rows]
    people = [dataset.get_data_info(row) for row in rows]
    prompts = [transforms.KeypointsToPrompt().transform(dict(person)) for person in people]
    cells = np.concatenate([sample.prompt.keypoints for sample in samples]) / CROP[0] * CELLS
    scores = np.concatenate([sample.prompt.keypoint_scores for sample in samples])
    visible = np.concatenate([sample.prompt.keypoints_visible for sample in samples])
    loaded = [_loaded(person, LOADED_SETS.get(name, 'openpose_19')) for person in people]
    ours = {
        'ann_id': ([person['sample_idx'] for person in people], 0.0),
        'bbox': (np.stack([sample.bbox_xywh for sample in samples]), BOX_LIMIT),
        'img2bb': (np.stack([sample.warp_mat for sample in samples]), MATRIX_LIMIT),
        'bb2img': ([crop_affine(s.bbox_xywh, CROP)[1] for s in samples], MATRIX_LIMIT),
        'joints': (np.concatenate([cells, scores[..., None]], axis=-1), EXACT),
        'joints_mask': (visible[..., None], 0.0),
        'input_joints_image': (
            [np.c_[p['prompt_keypoints'], p['prompt_scores']] for p in prompts],
            EXACT,
        ),
        'focal': ([np.hypot(*sample.ori_shape) for sample in samples], EXACT),
        'loaded_keypoints': (loaded, EXACT),
    }
    for field, (values, limit) in ours.items():
        if field in expected:
            report.add(f'preprocess/{name}.{field}', values, expected[field], limit)


def _loaded(person: dict, keypoint_set: str) -> np.ndarray:
    """Keypoints (K, 3) with derived joints and scores, in the order of a set."""
    keypoints, scores, source = with_derived_joints(
        person['keypoints'], person['keypoint_scores'], person['keypoint_set']
    )
    return map_keypoints(np.c_[keypoints, scores], source, keypoint_set)


def _compare_truth(
    name: str, dataset: PW3DDataset, body: SMPL, expected: Record, report: Report
) -> None:
    """Joints and vertices of the annotated bodies."""
    people = [dataset.get_data_info(row) for row in range(len(dataset))]
    parameters = {
        key: torch.from_numpy(np.stack([person['smpl'][key] for person in people])).float()
        for key in (*SMPL_FIELDS, 'transl')
    }
    vertices = body(**parameters, gender=[person['gender'] for person in people]).vertices
    joints = body.regress(vertices, 'dpmesh_30')
    every_53rd = vertices[:, ::VERTEX_STEP]
    ours = {'gt_joints30_cam': joints, 'gt_mesh_every_53rd_vertex': every_53rd}
    in_mm = {'unit': 'mm', 'scale': 1000}
    for field, values in ours.items():
        row = f'preprocess/{name}.{field}'
        report.add(row, values, expected[field], VERTEX_LIMIT_MM, **in_mm)
