"""Human3.6M in the parsed files of its pose-estimation users, with fits of NeuralAnnot."""

from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.utils.io import load_json

from .bodies import RestPelvis, annotated_body, drop_bad_fits, into_camera
from .coco_files import neural_annot_fit, people_by_image
from .schema_writer import Person, SchemaWriter

# As published: subjects, every so many-th frame, cameras (None: all).
SUBSETS: dict[str, tuple[tuple[int, ...], int, tuple[int, ...] | None]] = {
    'train': ((1, 5, 6, 7, 8), 5, None),
    'test': ((9, 11), 64, (4,)),
}
FIT_FILE = 'Human36M_subject{subject}_SMPL_NeuralAnnot.json'
_MM = 1000


def convert_h36m(
    *,
    annotations: str | Path,
    body_model: SMPL,
    out: str | Path,
    subset: str = 'train',
    fit_file: str = FIT_FILE,
) -> SchemaWriter:
    """Convert ``Human36M_subject*_{data,camera,joint_3d}.json`` with their fits.

    A fit counts where its joints are less than 25 mm from the annotated ones.

    Args:
        annotations: Folder of the files. ``joint_3d``: by action, subaction and frame (17, 3) mm in
            the world; ``camera``: by camera ``R, t`` (mm), ``f, c`` (px); fits: by action,
            subaction and frame ``pose, shape, trans`` (m) in the world.
        body_model: Neutral body model of the fits.
        out: The JSON file to write.
        subset: A key of ``SUBSETS``.
        fit_file: Name of the files of the fits; a subject whose file is missing has none.

    Raises:
        KeyError: unknown subset, or a frame without joints.
    """
    if subset not in SUBSETS:
        raise KeyError(f'unknown subset {subset!r}; known: {", ".join(SUBSETS)}')
    subjects, every, cameras = SUBSETS[subset]
    writer = SchemaWriter(
        name='Human3.6M', subset=subset, keypoint_set='h36m_17', model_id=annotated_body(body_model)
    )
    pelvis = RestPelvis(body_model)
    for subject in subjects:
        _add_subject(writer, Path(annotations), subject, every, cameras, fit_file, pelvis)
    drop_bad_fits(writer.people, body_model, 'h36m_17')
    writer.write(out)
    return writer


def _add_subject(
    writer: SchemaWriter,
    folder: Path,
    subject: int,
    every: int,
    wanted: tuple[int, ...] | None,
    fit_file: str,
    pelvis: RestPelvis,
) -> None:
    stem = f'Human36M_subject{subject}'
    cameras, joints = (load_json(folder / f'{stem}_{kind}.json') for kind in ('camera', 'joint_3d'))
    path = folder / fit_file.format(subject=subject)
    fits = load_json(path) if path.is_file() else {}
    for image, people in people_by_image(folder / f'{stem}_data.json'):
        if image['frame_idx'] % every or (wanted and image['cam_idx'] not in wanted):
            continue
        camera = {
            key: np.array(value, np.float64)
            for key, value in cameras[str(image['cam_idx'])].items()
        }
        writer.add_image(
            id=image['id'],
            file_name=image['file_name'],
            width=image['width'],
            height=image['height'],
            camera={'focal': camera['f'], 'princpt': camera['c']},
        )
        world = _frame(joints, image)
        if world is None:
            raise KeyError(f'{folder}/{stem}_joint_3d.json has no joints for {image["file_name"]}')
        seen = (np.array(world, np.float64) @ camera['R'].T + camera['t'].reshape(3)) / _MM
        pixels = seen[:, :2] / seen[:, 2:] * camera['f'] + camera['c']
        fit = neural_annot_fit(_frame(fits, image))[0]
        if fit is not None:
            fit['pose'], fit['trans'] = into_camera(
                fit['pose'],
                fit['trans'],
                pelvis(fit['shape']),
                camera['R'],
                camera['t'].reshape(3) / _MM,
            )
        keypoints = np.column_stack([pixels, np.ones(len(pixels))])
        for person in people:
            writer.add_person(
                Person(person['id'], image['id'], person['bbox'], keypoints, seen, fit)
            )


def _frame(table: dict[str, Any], image: dict) -> Any:
    """What a table by action, subaction and frame has for an image, or None."""
    for key in ('action_idx', 'subaction_idx', 'frame_idx'):
        table = table.get(str(image[key]))
        if table is None:
            return None
    return table
