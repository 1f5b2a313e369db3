"""CrowdPose with fits of NeuralAnnot."""

from pathlib import Path

from dpmesh_plugin.utils.io import load_json

from .coco_files import default_camera, image_size, neural_annot_fit, people_by_image, with_pelvis
from .schema_writer import Person, SchemaWriter


def convert_crowdpose(
    *,
    annotations: str | Path,
    images: str | Path,
    fits: str | Path | None,
    out: str | Path,
    subset: str = 'train',
) -> SchemaWriter:
    """Convert ``crowdpose_train.json`` with its fits.

    Some copies of the annotations have width and height exchanged, so the sizes are those of the
    images. As published, people without annotated joints are left out, and a fit counts where it
    exists.

    Args:
        annotations: ``crowdpose_{subset}.json``.
        images: Folder of the images.
        fits: ``CrowdPose_{subset}_SMPL_NeuralAnnot.json``; None for joints only.
        out: The JSON file to write.
        subset: ``'train'``, ``'val'`` or ``'test'``.

    Raises:
        ValueError: an image has neither the annotated size nor that with its sides exchanged.
    """
    table = load_json(fits) if fits else {}
    writer = SchemaWriter(name='CrowdPose', subset=subset, keypoint_set='crowdpose_15')
    for image, people in people_by_image(annotations):
        path = Path(images) / image['file_name']
        width, height = size = image_size(path)
        annotated = (image['width'], image['height'])
        if size not in (annotated, annotated[::-1]):
            raise ValueError(
                f'{path} has (width, height) {size}, {annotations} says {annotated}: the images or '
                'the annotations are another version'
            )
        writer.add_image(id=image['id'], file_name=image['file_name'], width=width, height=height)
        for person in people:
            if not any(person['keypoints'][2::3]):
                continue
            smpl, camera = neural_annot_fit(table.get(str(person['id'])))
            joints = with_pelvis(person['keypoints'], 'crowdpose_14', 'crowdpose_15')
            camera = camera or default_camera(width, height)
            writer.add_person(
                Person(person['id'], image['id'], person['bbox'], joints, None, smpl, camera)
            )
    writer.write(out)
    return writer
