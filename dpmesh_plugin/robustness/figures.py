"""Curves and maps as pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dpmesh_plugin.utils.io import atomic_write

COLORS = {'MPJPE': 'tab:blue', 'PA-MPJPE': 'tab:orange', 'MPVPE': 'tab:green'}
COLUMNS = 4
CELL = (3.4, 2.9)  # inches
DPI = 110
LEGEND_ROOM = 1.45  # height of a panel over that of its highest value


def draw_curves(curves: Mapping[str, Mapping[str, Any]], title: str, path: str | Path) -> None:
    """One panel per curve, all with the same height of the axis of errors.

    Args:
        curves: By name, as ``curves.curve`` or ``observed.observed_curve`` gives them.
        title: Above all.
        path: Picture to write.
    """
    figure, panels = _grid(len(curves))
    heights = [
        value
        for result in curves.values()
        for values in result['metrics'].values()
        for value in values
        if value is not None
    ]
    for axes, (name, result) in zip(panels, curves.items(), strict=False):
        _draw_curve(axes, name, result)
        axes.set_ylim(0, LEGEND_ROOM * max(heights, default=1))
    figure.suptitle(title, fontsize=10)
    _save(figure, path)


def draw_sensitivity(result: Mapping[str, Any], title: str, path: str | Path) -> None:
    """One panel per joint: where the square stands, over the mean crop, and how much it costs.

    Args:
        result: As ``sensitivity.sensitivity_map`` gives it.
        title: Above all.
        path: Picture to write.
    """
    rise, crop = np.array(result['rise'], float), np.array(result['crop'])
    names = [*result['joints'], 'mean of all']
    maps = np.concatenate([rise, rise.mean(axis=0, keepdims=True)])
    figure, panels = _grid(len(names))
    limit = max(float(np.abs(maps).max()), 1e-6)
    edge = result['side'] / 2
    picture = None
    for axes, name, values in zip(panels, names, maps, strict=False):
        axes.imshow(crop, cmap='gray', extent=(0, 1, 1, 0), vmin=0, vmax=255)
        smooth = cv2.resize(values.astype(np.float32), (64, 64), interpolation=cv2.INTER_LINEAR)
        step = (1 - 2 * edge) / (2 * (len(values) - 1))
        inner = (edge - step, 1 - edge + step)
        picture = axes.imshow(
            smooth,
            cmap='coolwarm',
            alpha=0.6,
            extent=(*inner, *inner[::-1]),
            vmin=-limit,
            vmax=limit,
        )
        axes.set(title=f'{name}: {values.max():+.0f} mm', xlim=(0, 1), ylim=(1, 0))
        axes.set_xticks([])
        axes.set_yticks([])
    figure.suptitle(title, fontsize=10)
    _save(figure, path, bar=picture, label='rise of the error, mm')


def _draw_curve(axes: Axes, name: str, result: Mapping[str, Any]) -> None:
    for metric, values in result['metrics'].items():
        points = [
            (x, y)
            for x, y in zip(result['severity'], values, strict=True)
            if x is not None and y is not None
        ]
        if points:
            area = result['area'][metric]
            mean = '' if area is None else f' {area:.1f}'
            x, y = np.array(points).T
            axes.plot(x, y, 'o-', color=COLORS.get(metric), markersize=3, label=f'{metric}{mean}')
    if isinstance(result['samples'], list):
        for x, count in zip(result['severity'], result['samples'], strict=True):
            if x is not None:
                axes.annotate(f'{count}', (x, 0), fontsize=6, color='gray', ha='center')
    axes.set_title(name.replace('_', ' '), fontsize=9)
    axes.set_xlabel(_wrapped(result['meaning']), fontsize=7)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=6, title='mean height, mm', title_fontsize=6, loc='upper left')


def _grid(count: int) -> tuple[Figure, list[Axes]]:
    """A figure with at least ``count`` panels, of which the rest is empty."""
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(columns * CELL[0], rows * CELL[1]), layout='constrained')
    FigureCanvasAgg(figure)
    panels = list(np.atleast_1d(figure.subplots(rows, columns)).ravel())
    for spare in panels[count:]:
        spare.set_axis_off()
    return figure, panels


def _wrapped(text: str, width: int = 38) -> str:
    lines = ['']
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append('')
        lines[-1] = f'{lines[-1]} {word}'.strip()
    return '\n'.join(lines)


def _save(figure: Figure, path: str | Path, bar: Any = None, label: str = '') -> None:
    if bar is not None:
        figure.colorbar(bar, ax=figure.axes, label=label, shrink=0.5)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=DPI)
