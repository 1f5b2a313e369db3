"""Say what is trained before training starts."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.console import Console
from rich.table import Table
from torch import nn

from dpmesh_plugin.models.trainable import part_of
from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.distributed import unwrapped

TABLE_WIDTH = 96
_COLUMNS = ('part', 'parameters', 'trained', 'learning rate', 'weight decay', 'clipped')


@HOOKS.register_module()
class ParameterTableHook(Hook):
    """Log a table when training starts: parameters and trained ones by part, rate and decay.

    Which parameters are trained is decided by ``model.backbone.trainable``, ``model.trainable`` and
    ``model.backbone.lora``; with which options, by ``PartOptimWrapperConstructor``.
    """

    def before_train(self, runner: Runner) -> None:
        """Log the table."""
        model = unwrapped(runner.model)
        table = parameter_table(model, runner.optim_wrapper.optimizer.param_groups)
        file = StringIO()
        Console(file=file, width=TABLE_WIDTH).print(table)
        runner.logger.info(f'what is trained:\n{file.getvalue()}')


def parameter_table(model: nn.Module, groups: list[Mapping[str, Any]]) -> Table:
    """One row for each part of a model, and the sum.

    Args:
        model: Estimator.
        groups: Parameter groups of its optimiser.
    """
    group_of = {id(parameter): group for group in groups for parameter in group['params']}
    rows: dict[str, list[Any]] = {}
    for name, parameter in model.named_parameters():
        total, trained, options = rows.setdefault(part_of(name), [0, 0, None])
        group = group_of.get(id(parameter)) if parameter.requires_grad else None
        size = parameter.numel()
        rows[part_of(name)] = [total + size, trained + size * (group is not None), options or group]
    table = Table()
    for column in _COLUMNS:
        table.add_column(column, justify='left' if column == 'part' else 'right')
    for part, (total, trained, group) in rows.items():
        options = _options(group) if group else ('', '', '')
        table.add_row(part, f'{total:,}', f'{trained:,}', *options)
    sums = (sum(row[column] for row in rows.values()) for column in range(2))
    table.add_section()
    table.add_row('all', *(f'{value:,}' for value in sums))
    return table


def _options(group: Mapping[str, Any]) -> tuple[str, str, str]:
    clipped = 'yes' if group.get('clip', True) else 'no'
    return f'{group["lr"]:g}', f'{group.get("weight_decay", 0):g}', clipped
