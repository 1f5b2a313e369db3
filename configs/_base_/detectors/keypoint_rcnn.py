"""Keypoint R-CNN of torchvision; weights: https://download.pytorch.org/models/ and the name."""

detector = dict(
    type='TorchvisionKeypointRCNN',
    weights='data/detectors/keypointrcnn_resnet50_fpn_coco-fc266e95.pth',
)
