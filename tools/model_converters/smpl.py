"""Convert the licensed SMPL pickles to npz, without chumpy and without running their code.

python tools/model_converters/smpl.py SMPL_python_v.1.1.0/ data/body_models/smpl
"""

import argparse
from pathlib import Path

import numpy as np

from dpmesh_plugin.converters.smpl_pickle import find_smpl_pickles, read_smpl_pickle
from dpmesh_plugin.utils.cli import bad_input_ends
from dpmesh_plugin.utils.io import atomic_write


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('input', help='folder with the published pickles')
    parser.add_argument('output', help='folder for SMPL_NEUTRAL.npz and the like')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        for gender, path in find_smpl_pickles(args.input).items():
            arrays = read_smpl_pickle(path)
            output = Path(args.output) / f'SMPL_{gender.upper()}.npz'
            with atomic_write(output) as temporary:
                np.savez(temporary, **arrays)
            print(f'{path} -> {output}')


if __name__ == '__main__':
    main()
