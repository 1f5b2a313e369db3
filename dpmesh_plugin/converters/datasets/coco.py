"""MSCOCO 2017 person keypoints with fits of NeuralAnnot."""

from pathlib import Path

from dpmesh_plugin.utils.io import load_json

from .coco_files import default_camera, neural_annot_fit, people_by_image, with_pelvis
from .schema_writer import Person, SchemaWriter


def convert_coco(
    *, annotations: str | Path, fits: str | Path | None, out: str | Path, subset: str = 'train'
) -> SchemaWriter:
    """Convert ``person_keypoints_train2017.json`` with its fits.

    As published, people who are crowds or have no annotated joint are left out, and a fit counts
    where it exists.

    Args:
        annotations: ``person_keypoints_{subset}2017.json``.
        fits: ``MSCOCO_train_SMPL_NeuralAnnot.json``: by annotation id ``smpl_param`` and
            ``cam_param``; None for joints only.
        out: The JSON file to write.
        subset: ``'train'`` or ``'val'``; images are in the folder ``{subset}2017``.
    """
    table = load_json(fits) if fits else {}
    writer = SchemaWriter(name='MSCOCO', subset=subset, keypoint_set='coco_18')
    for image, people in people_by_image(annotations):
        width, height = image['width'], image['height']
        writer.add_image(
            id=image['id'],
            file_name=f'{subset}2017/{image["file_name"]}',
            width=width,
            height=height,
        )
        for person in people:
            if person['iscrowd'] or person['num_keypoints'] == 0:
                continue
            smpl, camera = neural_annot_fit(table.get(str(person['id'])))
            joints = with_pelvis(person['keypoints'], 'coco_17', 'coco_18')
            camera = camera or default_camera(width, height)
            writer.add_person(
                Person(person['id'], image['id'], person['bbox'], joints, None, smpl, camera)
            )
    writer.write(out)
    return writer
