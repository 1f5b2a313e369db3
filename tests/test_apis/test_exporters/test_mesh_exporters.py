import numpy as np
import pytest
import torch
import trimesh

from dpmesh_plugin.registry import EXPORTERS


def _read(path):
    """Vertices back in camera axes, and faces, as trimesh reads them."""
    mesh = trimesh.load(path, process=False)
    return np.asarray(mesh.vertices) * [1, -1, -1], mesh


@pytest.mark.parametrize('suffix', ['obj', 'ply'])
def test_trimesh_finds_the_joints_of_the_result(suffix, photograph, body, tmp_path):
    exporter = EXPORTERS.build({'type': suffix})
    paths = exporter.export(photograph, body, tmp_path / 'photo')
    assert [path.name for path in paths] == [f'photo_person4.{suffix}', f'photo_person9.{suffix}']
    (meshes,) = photograph.frames
    for row, path in enumerate(paths):
        vertices, mesh = _read(path)
        np.testing.assert_array_equal(mesh.faces, meshes.faces)
        joints = body.regress(torch.from_numpy(vertices)[None], 'dpmesh_30')[0].numpy()
        assert np.abs(joints - meshes.joints[row]).max() < 1e-5
        # Faces look outwards, which is why the volume is that of a body and not its negative.
        assert 0.03 < mesh.volume < 0.2


def test_a_video_is_a_folder_of_numbered_files(video, body, tmp_path):
    paths = EXPORTERS.build({'type': 'obj'}).export(video, body, tmp_path / 'walk')
    names = [path.relative_to(tmp_path).as_posix() for path in paths]
    assert len(names) == 6 + 3
    assert names[:3] == [
        f'walk_obj/person{who}.obj' for who in ('4_000010', '4_000011', '9_000011')
    ]
    vertices, _ = _read(paths[2])
    np.testing.assert_allclose(vertices, video.frames[1].vertices[1], atol=1e-6)


def test_heads_are_up(photograph, body, tmp_path):
    path, _ = EXPORTERS.build({'type': 'ply'}).export(photograph, body, tmp_path / 'photo')
    mesh = trimesh.load(path, process=False)
    head, left_toe = body.landmarks['head_top'], 10
    toes = mesh.vertices[body.vertex_parts.numpy() == left_toe]
    assert mesh.vertices[head, 1] > toes[:, 1].max() + 0.8
    assert (mesh.vertices[:, 2] < -2).all()
