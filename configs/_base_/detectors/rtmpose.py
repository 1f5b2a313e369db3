"""RTMPose-m in the boxes of RTMDet-m; both checkpoints are linked in the model zoos."""

detector = dict(
    type='MMPoseDetector',
    config='mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-m_8xb256-420e_aic-coco-256x192.py',
    checkpoint='data/detectors/'
    'rtmpose-m_simcc-aic-coco_pt-aic-coco_420e-256x192-63eb25f7_20230126.pth',
    persons=dict(
        type='MMDetPersonDetector',
        config='mmdet::rtmdet/rtmdet_m_8xb32-300e_coco.py',
        checkpoint='data/detectors/rtmdet_m_8xb32-300e_coco_20220719_112220-229f527c.pth',
    ),
)
