"""One person through a video."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.apis.mesh_file import ImageMeshes
from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.structures import SMPL_FIELDS

_PARAMETERS = (*SMPL_FIELDS, 'transl')


@dataclass(frozen=True)
class PersonTrack:
    """The body of one person in the T frames where the person was found.

    Args:
        person_id: Id of the person.
        numbers: (T,) numbers of these frames, rising.
        global_orient: (T, 3) axis-angle, rad, camera axes.
        body_pose: (T, 23, 3) axis-angle, rad.
        betas: (T, 10).
        transl: (T, 3) m, camera axes.
    """

    person_id: int
    numbers: np.ndarray
    global_orient: Tensor
    body_pose: Tensor
    betas: Tensor
    transl: Tensor


def person_tracks(sequence: MeshSequence, body_model: nn.Module) -> list[PersonTrack]:
    """All persons of a sequence in the order in which they appear.

    Args:
        sequence: Photograph or video.
        body_model: The body model of its parameters.

    Raises:
        ValueError: there is no person, two persons of a frame have the same id, or the parameters
            belong to another body model.
    """
    numbers = defaultdict(list)
    values = defaultdict(list)
    for number, meshes in sequence.numbered_frames():
        check_body_model(meshes, body_model)
        for row, person in enumerate(check_persons(meshes)):
            numbers[person].append(number)
            values[person].append([getattr(meshes, name)[row] for name in _PARAMETERS])
    if not numbers:
        raise no_persons(sequence)
    return [_track(person, numbers[person], values[person]) for person in numbers]


def no_persons(sequence: MeshSequence) -> ValueError:
    """The error of a sequence in which nobody was found."""
    return ValueError(f'{sequence.name} has no persons, so there is nothing to export')


def check_persons(meshes: ImageMeshes) -> list[int]:
    """The ids of the persons, after a check that no two are the same.

    Raises:
        ValueError: two persons have the same id.
    """
    persons = [int(person) for person in meshes.person_ids]
    if len(set(persons)) != len(persons):
        raise ValueError(
            f'{meshes.image}: the ids of the persons of one image must differ, got {persons}'
        )
    return persons


def check_body_model(meshes: ImageMeshes, body_model: nn.Module) -> None:
    """Refuse a body model that the parameters were not made for.

    Raises:
        ValueError: the ids differ.
    """
    if meshes.body_model_id != body_model.model_id:
        raise ValueError(
            f'{meshes.image}: made with body model {meshes.body_model_id!r}, the one at hand is '
            f'{body_model.model_id!r}; same parameters, different bodies. Give the files of the '
            'former (--body-model of tools/export.py)'
        )


def _track(person: int, numbers: list[int], rows: list[list[np.ndarray]]) -> PersonTrack:
    stacked = (np.stack(column) for column in zip(*rows, strict=True))
    parameters = [torch.from_numpy(column).float() for column in stacked]
    return PersonTrack(person, np.array(numbers), *parameters)
