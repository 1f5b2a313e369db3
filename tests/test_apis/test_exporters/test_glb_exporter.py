import numpy as np
import pygltflib
import pytest
import trimesh

from dpmesh_plugin.apis.exporters import GLBExporter
from dpmesh_plugin.structures import get_keypoint_set

COMPONENTS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {'SCALAR': (), 'VEC3': (3,), 'VEC4': (4,), 'MAT4': (4, 4)}


class Reader:
    """Poses and skins the persons of a file as the specification of glTF says."""

    def __init__(self, path):
        self.gltf = pygltflib.GLTF2().load(str(path))
        self.blob = self.gltf.binary_blob()
        self.nodes = self.gltf.nodes
        self.parents = {
            child: parent for parent, node in enumerate(self.nodes) for child in node.children or ()
        }

    def array(self, index):
        accessor = self.gltf.accessors[index]
        view = self.gltf.bufferViews[accessor.bufferView]
        data = self.blob[view.byteOffset : view.byteOffset + view.byteLength]
        shape = (accessor.count, *WIDTHS[accessor.type])
        values = np.frombuffer(data, COMPONENTS[accessor.componentType]).reshape(shape)
        return values.swapaxes(1, 2) if accessor.type == 'MAT4' else values

    def node(self, name):
        return next(i for i, node in enumerate(self.nodes) if node.name == name)

    def channels(self, node):
        (animation,) = self.gltf.animations
        found = {}
        for channel in animation.channels:
            if channel.target.node == node:
                sampler = animation.samplers[channel.sampler]
                times = self.array(sampler.input)
                values = self.array(sampler.output).reshape(len(times), -1)
                found[channel.target.path] = (times, values, sampler.interpolation)
        return found

    def value(self, node, path, second, default):
        """At a keyframe; between keyframes only for steps."""
        if path not in self.channels(node):
            still = getattr(self.nodes[node], path)
            return np.array(default if still is None else still, float)
        times, values, kind = self.channels(node)[path]
        key = np.searchsorted(times, second + 1e-4) - 1
        assert kind == 'STEP' or abs(times[key] - second) < 1e-4
        return values[key].astype(float)

    def world(self, node, second):
        turn = self.value(node, 'rotation', second, [0, 0, 0, 1])
        x, y, z, w = turn
        assert np.linalg.norm(turn) == pytest.approx(1, abs=1e-5)
        matrix = np.eye(4)
        matrix[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
        matrix[:3, :3] *= self.value(node, 'scale', second, [1, 1, 1])
        matrix[:3, 3] = self.value(node, 'translation', second, [0, 0, 0])
        above = self.parents.get(node)
        return matrix if above is None else self.world(above, second) @ matrix

    def posed(self, person, second, *, targets=True):
        """Joints by name and vertices (V, 3) in camera axes."""
        mesh_node = self.node(f'person_{person}_mesh')
        skin = self.gltf.skins[self.nodes[mesh_node].skin]
        worlds = np.stack([self.world(joint, second) for joint in skin.joints])
        (primitive,) = self.gltf.meshes[self.nodes[mesh_node].mesh].primitives
        vertices = self.array(primitive.attributes.POSITION).astype(float)
        if targets:
            shares = self.value(mesh_node, 'weights', second, [])
            for target, share in zip(primitive.targets, shares, strict=True):
                vertices = vertices + share * self.array(target['POSITION'])
        matrices = worlds @ self.array(skin.inverseBindMatrices)
        weights = self.array(primitive.attributes.WEIGHTS_0)
        blended = np.einsum(
            'vk,vkij->vij', weights, matrices[self.array(primitive.attributes.JOINTS_0)]
        )
        vertices = np.einsum('vij,vj->vi', blended[:, :3, :3], vertices) + blended[:, :3, 3]
        names = [self.nodes[joint].name for joint in skin.joints]
        flip = [1, -1, -1]
        return dict(zip(names, worlds[:, :3, 3] * flip, strict=True)), vertices * flip


def _export(sequence, body, folder, **options):
    (path,) = GLBExporter(**options).export(sequence, body, folder / sequence.name)
    return path


def _errors(reader, sequence, **options):
    """Largest distances of joints, vertices, and mean distance of vertices, m."""
    names = get_keypoint_set('smpl_24').names
    joints, vertices = [], []
    for number, meshes in sequence.numbered_frames():
        second = sequence.seconds(np.array([number]))[0]
        for row, person in enumerate(meshes.person_ids):
            found, skin = reader.posed(person, second, **options)
            assert tuple(found) == names
            joints.append(np.stack(list(found.values())) - meshes.skeleton[row])
            vertices.append(skin - meshes.vertices[row])
    joints, vertices = (np.linalg.norm(np.concatenate(d), axis=1) for d in (joints, vertices))
    return joints.max(), vertices.max(), vertices.mean()


def test_joints_and_vertices_of_a_photograph(photograph, body, tmp_path):
    reader = Reader(_export(photograph, body, tmp_path))
    joints, furthest, mean = _errors(reader, photograph)
    assert joints < 1e-5
    # What is left is the weight of a fifth joint and more.
    assert furthest < 0.003
    assert mean < 1e-5


def test_joints_and_vertices_of_a_video(video, body, tmp_path):
    reader = Reader(_export(video, body, tmp_path))
    joints, furthest, mean = _errors(reader, video)
    assert joints < 1e-5
    assert furthest < 0.004
    assert mean < 2e-4


def test_joints_hold_where_the_shape_changes(video_of_changing_shape, body, tmp_path):
    reader = Reader(_export(video_of_changing_shape, body, tmp_path))
    joints, _, mean = _errors(reader, video_of_changing_shape)
    assert joints < 1e-5
    assert mean < 1e-3


def test_morph_targets_hold_what_skinning_leaves_out(video, body, tmp_path):
    reader = Reader(_export(video, body, tmp_path, tolerance=1e-4))
    _, with_targets, _ = _errors(reader, video)
    _, without, _ = _errors(reader, video, targets=False)
    assert without > 2 * with_targets
    one = Reader(_export(video, body, tmp_path, max_targets=1))
    assert [len(mesh.weights) for mesh in one.gltf.meshes] == [1, 1]
    for person in (4, 9):
        _, values, _ = reader.channels(reader.node(f'person_{person}_mesh'))['weights']
        # Blender clips what lies outside.
        assert values.min() >= -1e-6
        assert values.max() <= 1 + 1e-6


def test_a_person_is_hidden_where_it_was_not_found(video, body, tmp_path):
    reader = Reader(_export(video, body, tmp_path))
    times, scale, kind = reader.channels(reader.node('person_9'))['scale']
    np.testing.assert_allclose(times, [0, 0.04, 0.12, 0.2], atol=1e-6)
    np.testing.assert_array_equal(scale, np.repeat([[0], [1], [0], [1]], 3, axis=1))
    assert kind == 'STEP'
    assert 'scale' not in reader.channels(reader.node('person_4'))


def test_the_file_is_what_programs_expect(video, body, tmp_path):
    gltf = Reader(_export(video, body, tmp_path)).gltf
    reader = Reader(tmp_path / 'walk.glb')
    assert gltf.asset.extras == {'source': 'walk', 'body_model_id': body.model_id}
    roots = [gltf.nodes[node].name for node in gltf.scenes[gltf.scene].nodes]
    assert roots == ['person_4', 'person_9', 'camera']
    colors = [tuple(m.pbrMetallicRoughness.baseColorFactor) for m in gltf.materials]
    assert colors[0] != colors[1]
    for skin in gltf.skins:
        (primitive,) = gltf.meshes[gltf.skins.index(skin)].primitives
        weights = reader.array(primitive.attributes.WEIGHTS_0)
        np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
        assert reader.array(primitive.attributes.JOINTS_0).max() == 23
        normals = reader.array(primitive.attributes.NORMAL)
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
        for joint in skin.joints:
            turns = reader.channels(joint)['rotation'][1]
            assert ((turns[1:] * turns[:-1]).sum(1) > 0).all()
    betas = gltf.nodes[reader.node('person_4')].extras['betas']
    np.testing.assert_allclose(betas, video.frames[0].betas[0], atol=1e-5)


def test_the_camera_sees_what_the_picture_shows(photograph, body, tmp_path):
    reader = Reader(_export(photograph, body, tmp_path))
    (camera,) = reader.gltf.cameras
    (meshes,) = photograph.frames
    joints, _ = reader.posed(4, 0)
    x, y, z = joints['left_wrist'] * [1, -1, -1]
    high = np.tan(camera.perspective.yfov / 2)
    wide = high * camera.perspective.aspectRatio
    seen = [(x / -z / wide + 1) / 2 * 640, (1 - y / -z / high) / 2 * 480]
    wrist = meshes.skeleton[0, get_keypoint_set('smpl_24').index('left_wrist')]
    pixel = meshes.intrinsics @ wrist / wrist[2]
    np.testing.assert_allclose(seen, pixel[:2], atol=0.01)


def test_trimesh_opens_it_at_rest(photograph, body, tmp_path):
    scene = trimesh.load(_export(photograph, body, tmp_path))
    assert sorted(scene.geometry) == ['person_4', 'person_9']
    for mesh in scene.geometry.values():
        assert mesh.vertices.shape == (body.num_vertices, 3)
        assert 1.3 < np.ptp(mesh.vertices[:, 1]) < 2.2
        assert mesh.volume > 0.03
