"""Count what a model costs: python tools/analysis_tools/get_cost.py CONFIG [options].

The model is built without memory for its weights, so the largest one takes seconds. FLOPs are those
of one forward pass; activations are what a training step keeps for its backward pass.
"""

import argparse
from dataclasses import asdict

from mmengine.registry import init_default_scope
from rich.console import Console

from dpmesh_plugin.profiling import cost_table, crop_size, model_cost, total_cost
from dpmesh_plugin.registry import SCOPE
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.utils.io import dump_json


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--batch-size', type=int, default=1, help='crops per pass')
    parser.add_argument(
        '--input-size', type=int, help='side of a crop in px; that of the config if left out'
    )
    parser.add_argument('--out', help='json file for the numbers')
    add_config_options(parser, 'body_model.path=None')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    with bad_input_ends():
        cfg = load_config(args.config, args.cfg_options)
        input_size = args.input_size or crop_size(cfg.model)
        costs = model_cost(cfg.model, batch_size=args.batch_size, input_size=input_size)
        title = f'{args.config}, batch {args.batch_size}, {input_size} px'
        Console().print(cost_table(costs, title))
        if args.out:
            dump_json([asdict(cost) for cost in [*costs, total_cost(costs)]], args.out)


if __name__ == '__main__':
    main()
