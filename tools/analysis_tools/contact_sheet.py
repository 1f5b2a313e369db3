"""Pictures on one sheet: python tools/analysis_tools/contact_sheet.py FOLDER --out SHEET.png."""

import argparse
from pathlib import Path

from dpmesh_plugin.datasets.transforms.loading import read_image
from dpmesh_plugin.utils.cli import bad_input_ends
from dpmesh_plugin.visualization import contact_sheet, save_image

SUFFIXES = ('.jpg', '.jpeg', '.png')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', help='folder of pictures, for example that of --show-dir')
    parser.add_argument('--out', required=True, help='the sheet to write, .png or .jpg')
    parser.add_argument('--columns', type=int, default=1, help='pictures per row')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        paths = sorted(path for path in Path(args.folder).glob('*') if path.suffix in SUFFIXES)
        if not paths:
            raise FileNotFoundError(
                f'expected pictures ({", ".join(SUFFIXES)}) in {Path(args.folder).absolute()}'
            )
        pictures = [read_image(path) for path in paths]
        save_image(contact_sheet(pictures, args.columns), args.out)
        print(f'{len(paths)} pictures: {args.out}')


if __name__ == '__main__':
    main()
