"""The head of an annotation file in the schema of docs/data.md."""

from dataclasses import dataclass

from dpmesh_plugin.structures import get_keypoint_set

from .annotation_file import AnnotationFile

# Version of the schema (``info.version``) that this package writes and reads.
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class SchemaInfo:
    """What a file says about itself.

    Args:
        name: Name of the data set.
        keypoint_set: Set of ``keypoints`` and ``keypoints_3d``.
        subset: Name of the subset.
        model_id: Body model of ``smpl_param``.
        detection_set: Set of ``detections``; None where there are none.
    """

    name: str
    keypoint_set: str
    subset: str
    model_id: str
    detection_set: str | None = None


def read_schema_info(file: AnnotationFile) -> SchemaInfo:
    """Read ``info`` of a file.

    Raises:
        KeyError: an entry is missing, or a keypoint set is unknown.
        ValueError: the file has another version of the schema.
    """
    info = file.info
    missing = [
        key
        for key in ('version', 'name', 'keypoint_set', 'subset', 'model_id')
        if not isinstance(info, dict) or key not in info
    ]
    if missing:
        raise KeyError(
            f'{file.path}: info lacks {", ".join(missing)}; expected the schema of docs/data.md. '
            'Convert the original files with tools/dataset_converters'
        )
    if info['version'] != SCHEMA_VERSION:
        raise ValueError(
            f'{file.path} has version {info["version"]!r} of the schema, this package reads '
            f'{SCHEMA_VERSION}. Convert the original files again, or update dpmesh_plugin'
        )
    for key in ('keypoint_set', 'detection_set'):
        if info.get(key) is not None:
            try:
                get_keypoint_set(info[key])
            except KeyError as error:
                raise KeyError(f'{file.path}: info.{key}: {error.args[0]}') from None
    return SchemaInfo(
        info['name'],
        info['keypoint_set'],
        info['subset'],
        info['model_id'],
        info.get('detection_set'),
    )


def check_against(
    file: AnnotationFile,
    info: SchemaInfo,
    *,
    name: str | None,
    subset: str | None,
    keypoint_set: str | None,
    in_space: bool | None,
) -> None:
    """Compare a file with what a data set expects of it; None expects nothing.

    Raises:
        ValueError: the file belongs to another data set, subset or keypoint set.
        KeyError: joints in space are expected and missing.
    """
    expected = {'name': name, 'subset': subset, 'keypoint_set': keypoint_set}
    for key, value in expected.items():
        found = getattr(info, key)
        if value is not None and found != value:
            raise ValueError(
                f'{file.path}: info.{key} is {found!r}, expected {value!r}; set ann_file (and '
                'subset) of the dataset to the file meant'
            )
    if in_space and len(file) and not file.has('keypoints_3d'):
        raise KeyError(
            f'{file.where(0)} has no field {"keypoints_3d"!r}, which {info.name} needs; convert '
            'the original files again'
        )
