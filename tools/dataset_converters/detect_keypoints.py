"""Write the keypoints of a detector into an annotation file, to evaluate with them.

  python tools/dataset_converters/detect_keypoints.py CONFIG data/synth_oc/synth_oc_test.json

CONFIG is any config with detector=dict(type=...), see docs/detectors.md. The file keeps all that is
in it, and gains a keypoint source, which PW3DDataset takes by its name:
  python tools/test.py CONFIG CHECKPOINT \
      --cfg-options test_dataloader.dataset.keypoint_source=detector
"""

import argparse
from pathlib import Path

from mmengine.registry import init_default_scope
from rich.progress import track

from dpmesh_plugin.apis.annotated_people import add_source, detect_annotated
from dpmesh_plugin.apis.detectors import build_detector
from dpmesh_plugin.registry import SCOPE
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.utils.device import resolve_device
from dpmesh_plugin.utils.io import dump_json, load_json


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config with an entry detector')
    parser.add_argument('annotations', type=Path, help='COCO-style json with boxes')
    parser.add_argument('--images', type=Path, help='their folder; imageFiles beside the json')
    parser.add_argument('--out', type=Path, help='file to write; by default the same')
    parser.add_argument('--name', default='detector', help='name of the keypoint source')
    parser.add_argument(
        '--find-people',
        action='store_true',
        help='let also a top-down detector find the people, not look into the annotated boxes',
    )
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps')
    add_config_options(parser, 'detector.weights=FILE')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    with bad_input_ends():
        config = load_config(args.config, args.cfg_options).get('detector')
        content = load_json(args.annotations)
        for key in ('images', 'annotations'):
            if key not in content:
                raise KeyError(f'{args.annotations} has no list {key!r}: expected COCO-style json')
        detector = build_detector(config, device=resolve_device(args.device))
        folder = args.images or args.annotations.parent / 'imageFiles'
        people = detect_annotated(content, folder, detector, in_given_boxes=not args.find_people)
        found = {}
        total = len({annotation['image_id'] for annotation in content['annotations']})
        for persons in track(people, 'images', total):
            found |= persons
        facts = {'detector': config.to_dict(), 'find_people': args.find_people}
        entry = add_source(content, args.name, found, facts)
        out = args.out or args.annotations
        dump_json(content, out, indent=None)
    print(
        f'{out}: keypoint source {args.name!r} with {entry["keypoint_set"]} of '
        f'{entry["found"]} of {entry["people"]} people'
    )


if __name__ == '__main__':
    main()
