"""HRNet-W32 in the boxes of RTMDet-m."""

_base_ = './rtmpose.py'

detector = dict(
    config='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
    checkpoint='data/detectors/td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth',
)
