import numpy as np

from dpmesh_plugin.rendering import Mesh, render_depth
from dpmesh_plugin.synthesis.camera import sample_camera
from dpmesh_plugin.synthesis.clothing import Wardrobe
from dpmesh_plugin.synthesis.meshes import facing_camera
from dpmesh_plugin.synthesis.people import NEAREST, PERSONAL_SPACE, Casting
from dpmesh_plugin.synthesis.photo import develop


def test_outfits_cover_the_body_and_differ(poser):
    wardrobe = Wardrobe(poser)
    outfits = [wardrobe.dress(np.random.default_rng(seed)) for seed in range(20)]
    for outfit in outfits:
        assert outfit.colors.shape == poser.rest_vertices.shape
        assert ((outfit.colors >= 0) & (outfit.colors <= 1)).all()
        assert 0 <= outfit.thickness.min() <= outfit.thickness.max() <= 0.03
    assert len({outfit.colors.tobytes() for outfit in outfits}) == 20


def test_hands_and_face_stay_bare(poser):
    marks = poser.model.landmarks
    for seed in range(20):
        thickness = Wardrobe(poser).dress(np.random.default_rng(seed)).thickness
        assert thickness[[marks['nose'], marks['lindex'], marks['rindex']]].max() == 0


def test_companions_keep_their_distance(poser):
    casting, met = Casting(poser), 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        framed = casting.main_person(rng, sample_camera(rng, 128))
        if framed is None:
            continue
        person, camera = framed
        companion = casting.companion(rng, camera, [person])
        if companion is not None:
            met += 1
            gap = np.linalg.norm(person.joints[:, None] - companion.joints, axis=-1)
            assert gap.min() >= PERSONAL_SPACE
            assert companion.vertices[:, 2].min() > NEAREST
    assert met >= 6


def test_front_faces_give_the_same_picture(poser):
    rng = np.random.default_rng(1)
    person, camera = Casting(poser).main_person(rng, sample_camera(rng, 128))
    front = facing_camera(person.vertices, poser.faces)
    assert len(front) < 0.6 * len(poser.faces)
    whole, half = (
        render_depth([Mesh(person.vertices, faces)], camera.intrinsics, (128, 128))
        for faces in (poser.faces, front)
    )
    np.testing.assert_array_equal(np.isfinite(half), np.isfinite(whole))
    np.testing.assert_allclose(half[np.isfinite(half)], whole[np.isfinite(whole)], atol=5e-3)


def test_developing_keeps_the_picture():
    picture = np.full((64, 64, 3), 0.5, np.float32)
    picture[:, 32:] = 0.2
    for seed in range(8):
        photo = develop(np.random.default_rng(seed), picture)
        assert photo.dtype == np.uint8
        assert photo[:, :28].mean() > photo[:, 36:].mean() + 30
