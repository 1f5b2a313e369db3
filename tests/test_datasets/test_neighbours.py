import numpy as np

from dpmesh_plugin.registry import DATASETS


def test_people_know_the_others_of_their_picture(people):
    def crowd(content):
        for annotation in content['annotations'][:3]:
            annotation['image_id'] = 0

    dataset = DATASETS.build(people(crowd) | {'with_neighbours': True})
    first, second, third, alone = (dataset[index] for index in range(4))
    assert first['neighbours'].shape == (2, 17, 3)
    assert alone['neighbours'].shape == (0, 17, 3)
    # nose is 0 and left_wrist 7 of openpose_18, 0 and 9 of coco_17
    np.testing.assert_array_equal(first['neighbours'][1, 9, :2], third['keypoints'][7])
    np.testing.assert_array_equal(second['neighbours'][0, 0, :2], first['keypoints'][0])
    np.testing.assert_array_equal(first['neighbour_boxes'][0], second['bbox_xywh'])
