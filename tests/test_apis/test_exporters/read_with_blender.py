"""Opens a video's .glb and .bvh in Blender and prints what it finds as JSON.

Runs in an interpreter that has ``bpy``: python read_with_blender.py FOLDER. FOLDER/expected.npz
has ``numbers`` (T,), ``names`` (J,) of joints, and for person ID ``skeleton_ID`` (T, J, 3) and
``vertices_ID`` (T, V, 3), m, camera axes; NaN where the person was not found.
"""

import json
import sys
from pathlib import Path

import bpy
import numpy as np

# Blender has z up: (x, y, z) of glTF is (x, -z, y) there, so camera axes are (x, -z, y).
TO_CAMERA = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])


def _joints(armature, names):
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    heads = [evaluated.matrix_world @ evaluated.pose.bones[name].head for name in names]
    return np.array(heads) @ TO_CAMERA.T


def _vertices(mesh):
    evaluated = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    places = [evaluated.matrix_world @ vertex.co for vertex in evaluated.to_mesh().vertices]
    return np.array(places) @ TO_CAMERA.T


def _largest(distances):
    return float(np.nanmax(np.linalg.norm(distances, axis=-1)))


def _only(kind, prefix=''):
    objects = [o for o in bpy.data.objects if o.type == kind and o.name.startswith(prefix)]
    return next(o for o in objects if kind != 'MESH' or o.data.shape_keys)


def read_glb(path, expected, person):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 25
    bpy.ops.import_scene.gltf(filepath=str(path))
    armature = _only('ARMATURE', f'person_{person}')
    mesh = _only('MESH', f'person_{person}')
    joints, vertices, hidden = [], [], []
    for row, number in enumerate(expected['numbers'] - expected['numbers'][0]):
        bpy.context.scene.frame_set(int(number))
        joints.append(_joints(armature, expected['names']) - expected[f'skeleton_{person}'][row])
        vertices.append(_vertices(mesh) - expected[f'vertices_{person}'][row])
        hidden.append(float(armature.scale[0]) == 0)
    return {'joints': _largest(joints), 'vertices': _largest(vertices), 'hidden': hidden}


def read_bvh(path, expected, person):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_anim.bvh(filepath=str(path), axis_forward='-Z', axis_up='Y', frame_start=1)
    joints = []
    for row, number in enumerate(expected['numbers'] - expected['numbers'][0]):
        bpy.context.scene.frame_set(int(number) + 1)
        found = _joints(_only('ARMATURE'), expected['names'])
        joints.append(found - expected[f'skeleton_{person}'][row])
    return {'joints': _largest(joints)}


if __name__ == '__main__':
    folder = Path(sys.argv[1])
    with np.load(folder / 'expected.npz') as file:
        expected = dict(file)
    found = {}
    for person in (4, 9):
        found[f'glb_{person}'] = read_glb(folder / 'walk.glb', expected, person)
        found[f'bvh_{person}'] = read_bvh(folder / f'walk_person{person}.bvh', expected, person)
    (folder / 'found.json').write_text(json.dumps(found))
