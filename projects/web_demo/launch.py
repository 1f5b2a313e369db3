"""The web page: python projects/web_demo/launch.py [options], then open http://127.0.0.1:7860.

Without options it shows the small model of this repository on the CPU. People come from a keypoint
file that is dropped on the page, are added by hand, or are found by the detector of the config:
its entry detector=dict(type=...), which --cfg-options may set.
"""

import argparse
import tempfile
from pathlib import Path

from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends


def parse_args() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--config', help='config file; that of the small model by default')
    parser.add_argument('--checkpoint', help='checkpoint file; the small model by default')
    parser.add_argument('--device', default='cpu', help='auto, cpu, cuda, cuda:N or mps')
    parser.add_argument('--host', default='127.0.0.1', help='0.0.0.0 opens it to the network')
    parser.add_argument('--port', type=int, default=7860)
    add_config_options(parser, 'body_model.path=data/body_models/smpl')
    args = parser.parse_args()
    if bool(args.config) != bool(args.checkpoint):
        parser.error('--config and --checkpoint are needed together, or neither')
    return args


def main() -> None:
    """Serve the page until it is stopped."""
    args = parse_args()
    # These take seconds; --help should not.
    from web_demo.app import WebDemo
    from web_demo.default_model import default_model
    from web_demo.demo_model import DemoModel

    with bad_input_ends(), tempfile.TemporaryDirectory(prefix='web_demo_') as folder:
        config, checkpoint = (
            (args.config, args.checkpoint) if args.config else map(str, default_model())
        )
        model = DemoModel(
            config=config,
            checkpoint=checkpoint,
            device=args.device,
            cfg_options=args.cfg_options,
        )
        page = WebDemo(model=model, folder=Path(folder)).build()
        page.launch(server_name=args.host, server_port=args.port)


if __name__ == '__main__':
    main()
