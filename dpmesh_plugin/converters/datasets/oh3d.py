"""3DOH50K."""

from pathlib import Path

import numpy as np

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.utils.io import load_json

from .bodies import annotated_body, body_joints, into_camera, translation_from_image
from .coco_files import image_size
from .schema_writer import Person, SchemaWriter

# Farther from its own joints in the image, median in px, a body is not that of the annotation.
MAX_OFFSET = 20.0


def convert_oh3d(
    *, root: str | Path, body_model: SMPL, out: str | Path, subset: str = 'test'
) -> SchemaWriter:
    """Convert ``{subset}set/annots.json``.

    The files place bodies in units of their own (``scale``, ``trans``), so the translation is
    solved here: the one, in metres, that brings the joints of the body onto the annotated pixels
    under the annotated camera. Orientation and shape are those of the file. Where the body then
    still misses its joints by more than ``MAX_OFFSET``, it does not count.

    Args:
        root: Folder with ``testset`` and ``trainset``. An entry has ``img_path``, ``bbox`` (2, 2)
            corners px, ``pose`` (72), ``betas`` (10), ``smpl_joints_2d`` (24, 2) px, ``intri``
            (3, 3), ``extri`` (4, 4).
        body_model: Neutral body model of the fits.
        out: The JSON file to write.
        subset: ``'test'`` or ``'train'``.
    """
    folder = f'{subset}set'
    entries = load_json(Path(root) / folder / 'annots.json')
    writer = SchemaWriter(
        name='3DOH50K', subset=subset, keypoint_set='smpl_24', model_id=annotated_body(body_model)
    )
    for number, (key, entry) in enumerate(entries.items()):
        name = f'{folder}/{entry["img_path"]}'.replace('\\', '/')
        width, height = image_size(Path(root) / name)
        matrix = np.array(entry['intri'], np.float64)
        focal, centre = matrix[[0, 1], [0, 1]], matrix[:2, 2]
        writer.add_image(
            id=number,
            file_name=name,
            width=width,
            height=height,
            camera={'focal': focal, 'princpt': centre},
        )
        low, high = np.array(entry['bbox'], np.float64).reshape(2, 2)
        pixels = np.array(entry['smpl_joints_2d'], np.float64)[:, :2]
        writer.add_person(
            Person(
                int(key) if key.isdigit() else number,
                number,
                [*low, *(high - low)],
                np.column_stack([pixels, np.ones(len(pixels))]),
                smpl=_body(entry, pixels, focal, centre, body_model),
            )
        )
    writer.write(out)
    return writer


def _body(
    entry: dict, pixels: np.ndarray, focal: np.ndarray, centre: np.ndarray, body_model: SMPL
) -> dict | None:
    rotation = np.array(entry['extri'], np.float64)[:3, :3]
    pose, _ = into_camera(entry['pose'], np.zeros(3), np.zeros(3), rotation, np.zeros(3))
    fit = {'pose': pose, 'shape': np.reshape(entry['betas'], -1), 'trans': np.zeros(3)}
    joints = body_joints(body_model, [fit], 'smpl_24')[0]
    fit['trans'] = translation_from_image(joints, pixels, focal, centre)
    seen = joints + fit['trans']
    offset = np.linalg.norm(seen[:, :2] / seen[:, 2:] * focal + centre - pixels, axis=1)
    good = seen[:, 2].min() > 0 and np.median(offset) < MAX_OFFSET
    return {**fit, 'gender': 'neutral'} if good else None
