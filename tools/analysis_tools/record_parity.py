"""Record this package's own numbers: python tools/analysis_tools/record_parity.py DIR.

Writes a small set in the layout of the reference set, made by the present code on the open body, to
be compared with later by check_parity.py --size tiny. It proves that a function has not changed,
not that it is the published one: record only where check_parity.py agrees with the official set.
"""

import argparse

from mmengine.registry import init_default_scope

from dpmesh_plugin.parity.recording import record_set
from dpmesh_plugin.utils.cli import bad_input_ends


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folder', metavar='DIR', help='directory to write')
    parser.add_argument('--salt', default='', metavar='TEXT', help='appended to every key')
    args = parser.parse_args()
    init_default_scope('dpmesh_plugin')
    with bad_input_ends():
        record_set(args.folder, args.salt)


if __name__ == '__main__':
    main()
