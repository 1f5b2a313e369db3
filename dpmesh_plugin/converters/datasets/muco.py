"""MuCo-3DHP composites with fits of NeuralAnnot."""

from pathlib import Path

import numpy as np

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.structures import get_keypoint_set
from dpmesh_plugin.utils.io import load_json

from .bodies import annotated_body, drop_bad_fits
from .coco_files import neural_annot_fit, people_by_image
from .schema_writer import Person, SchemaWriter

_MM = 1000


def convert_muco(
    *, annotations: str | Path, fits: str | Path | None, body_model: SMPL, out: str | Path
) -> SchemaWriter:
    """Convert ``MuCo-3DHP.json`` with its fits.

    As published, the person nearest to the camera is a sample and the others are neighbours, and a
    fit counts where its joints are less than 25 mm from the annotated ones.

    Args:
        annotations: ``MuCo-3DHP.json``: images with ``f`` and ``c`` (2,) px; annotations with
            ``keypoints_img`` (21, 2) px and ``keypoints_cam`` (21, 3) mm.
        fits: ``smpl_param.json`` by annotation id, ``trans`` in m and camera axes; None for joints
            only.
        body_model: Neutral body model of the fits.
        out: The JSON file to write.
    """
    table = load_json(fits) if fits else {}
    writer = SchemaWriter(
        name='MuCo-3DHP',
        subset='train',
        keypoint_set='muco_21',
        model_id=annotated_body(body_model),
    )
    root = get_keypoint_set('muco_21').index('pelvis')
    for image, people in people_by_image(annotations):
        camera = {'focal': image['f'], 'princpt': image['c']}
        writer.add_image(
            id=image['id'],
            file_name=image['file_name'],
            width=image['width'],
            height=image['height'],
            camera=camera,
        )
        depths = [person['keypoints_cam'][root][2] for person in people]
        for index, person in enumerate(people):
            pixels = np.array(person['keypoints_img'], np.float64)
            writer.add_person(
                Person(
                    person['id'],
                    image['id'],
                    person['bbox'],
                    np.column_stack([pixels, np.ones(len(pixels))]),
                    np.array(person['keypoints_cam'], np.float64) / _MM,
                    neural_annot_fit(table.get(str(person['id'])))[0],
                    sampled=index == int(np.argmin(depths)),
                )
            )
    drop_bad_fits(writer.people, body_model, 'muco_21')
    writer.write(out)
    return writer
