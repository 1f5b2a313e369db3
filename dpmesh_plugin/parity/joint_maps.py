"""Keypoint sets: maps between them, mirror pairs, skeletons."""

from collections.abc import Iterable
from typing import Any

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.structures import get_keypoint_set, keypoint_map

from .parity_set import ParitySet
from .rows import Report, Row

NAMES = {
    'smpl30': 'dpmesh_30',
    'graph15': 'dpmesh_15',
    'coco19': 'coco_19',
    'h36m17': 'h36m_17',
    'openpose19': 'openpose_19',
    'crowdpose15': 'crowdpose_15',
    'muco21': 'muco_21',
}
FLIPS = {'smpl30': 'dpmesh_30', 'coco': 'coco_17', 'muco': 'muco_21', 'h36m': 'h36m_17'}
FACE = {
    'Nose': 'nose',
    'L_Eye': 'left_eye',
    'R_Eye': 'right_eye',
    'L_Ear': 'left_ear',
    'R_Ear': 'right_ear',
}


def compare_joint_maps(parity: ParitySet, body: SMPL, report: Report) -> None:
    """Everything in ``joint_maps.json``; a row's error is 1 where a table differs."""
    recorded = parity.content('joint_maps.json')
    if recorded is None:
        report.notes.append('joint maps: joint_maps.json is not in the set')
        return

    def add(name: str, ours: Any, expected: Any) -> None:
        report.rows.append(Row(f'joint maps/{name}', float(ours != expected), 0.0, 'differs'))

    for key, expected in recorded['index_maps_destination_to_source'].items():
        source, target = key.split('->')
        add(key, keypoint_map(NAMES[source], NAMES[target]).tolist(), expected)
    for key, name in FLIPS.items():
        flip = get_keypoint_set(name).flip_indices
        ours = [(i, int(j)) for i, j in enumerate(flip) if i != j]
        add(f'{key}_flip_pairs', _pairs(ours), _pairs(recorded[f'{key}_flip_pairs']))
    graph = keypoint_map('dpmesh_30', 'dpmesh_15').tolist()
    add('smpl30_to_graph15', graph, recorded['smpl30_to_graph15'])
    evaluated = keypoint_map('h36m_17', 'h36m_14').tolist()
    add('h36m_eval_joints', evaluated, recorded['h36m_eval_joints'])
    add('smpl24_parents', list(body.parents), recorded['smpl24_parents'])
    for key, name in (('smpl30', 'dpmesh_30'), ('graph15', 'dpmesh_15')):
        links = get_keypoint_set(name).links
        add(f'{key}_skeleton', _pairs(links), _pairs(recorded[f'{key}_skeleton']))
    regressor = dict(body.regressors.named_buffers())['dpmesh_30']
    joints = get_keypoint_set('dpmesh_30')
    ours = {key: int(regressor[joints.index(name)].argmax()) for key, name in FACE.items()}
    add('face_vertex_ids', ours, recorded['face_vertex_ids'])


def _pairs(links: Iterable[Iterable[int]]) -> set[frozenset[int]]:
    return {frozenset(link) for link in links}
