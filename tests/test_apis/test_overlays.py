from types import SimpleNamespace

import numpy as np

from dpmesh_plugin.apis import overlays


def test_a_very_large_image_is_drawn_smaller(monkeypatch):
    monkeypatch.setattr(overlays, 'MAX_PIXELS', 100 * 60)
    triangle = np.array([[[-1.0, -1, 2], [1, -1, 2], [0, 1, 2]]], np.float32)
    intrinsics = np.array([[100.0, 0, 100], [0, 100, 60], [0, 0, 1]])
    meshes = SimpleNamespace(
        vertices=triangle, faces=np.array([[0, 1, 2], [0, 2, 1]]), intrinsics=intrinsics
    )
    picture = overlays.draw_overlay(np.zeros((120, 200, 3), np.uint8), meshes)
    assert picture.shape == (60, 100, 3)
    assert picture[25, 50].any()
    assert not picture[55, 5].any()
