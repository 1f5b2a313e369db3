"""ViTPose-S in the boxes of RTMDet-m; its backbone is of mmpretrain, which mmpose asks for."""

_base_ = './rtmpose.py'

detector = dict(
    config='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_ViTPose-small_8xb64-210e_coco-256x192.py',
    checkpoint='data/detectors/td-hm_ViTPose-small_8xb64-210e_coco-256x192-62d7a712_20230314.pth',
)
