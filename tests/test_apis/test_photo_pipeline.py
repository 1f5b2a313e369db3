from dpmesh_plugin.apis.photo_pipeline import LEAST_SHARE, photo_steps

STEPS = [{'type': 'LoadMeshImage'}, {'type': 'KeypointsToPrompt'}, {'type': 'CropBox', 'expand': 1}]


def test_the_image_is_not_read_again_and_given_boxes_count():
    assert photo_steps(STEPS) == [
        {'type': 'KeypointsToPrompt'},
        {'type': 'CropBox', 'expand': 1, 'least_share': LEAST_SHARE},
    ]
    assert 'least_share' not in STEPS[2]


def test_what_a_config_says_stays():
    steps = photo_steps([{'type': 'CropBox', 'least_share': 0.0}])
    assert steps == [{'type': 'CropBox', 'least_share': 0.0}]
