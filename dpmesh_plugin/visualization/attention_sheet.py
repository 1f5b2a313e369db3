"""The attention of all keypoint tokens of a crop on one sheet."""

import cv2
import numpy as np

from dpmesh_plugin.rendering import add_label
from dpmesh_plugin.structures import MeshDataSample, Visibility, get_keypoint_set

from .attention import TokenAttention
from .crop_bodies import to_numpy
from .keypoints import draw_keypoints
from .pictures import contact_sheet

VISIBLE_COLOR, HIDDEN_COLOR = (80, 190, 120), (245, 130, 50)
"""RGB of joints that can be seen and of those that cannot."""

_COLUMNS = 6
_GAP = 6  # px between panels
_STRIP = 5  # px of the coloured strip of a tile
_INK, _PAPER, _PALE = (40, 40, 40), (255, 255, 255), (225, 225, 225)


def draw_attention(
    image: np.ndarray, attention: TokenAttention, sample: MeshDataSample, *, tile: int = 200
) -> np.ndarray:
    """A tile per keypoint token, below the prompt, the person, and the shares of attention.

    Bright is where a token looks, on one scale for all tiles; the line is the person's silhouette;
    the ring is the keypoint that the token was made of, absent where the model was not given it.

    Args:
        image: The crop (h, w, 3) uint8 RGB.
        attention: Attention of its tokens.
        sample: The sample, with its prompt.
        tile: Width and height of a tile in px.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ValueError: the crop is not of the size of the silhouette.
    """
    if image.shape[:2] != attention.silhouette.shape:
        raise ValueError(
            f'expected the crop {attention.silhouette.shape} that the attention was measured on, '
            f'got {image.shape[:2]}'
        )
    wide = 2 * tile + _GAP
    limits = tuple(np.percentile(attention.contrast, [1, 99.5]))
    header = [
        add_label(_prompt_panel(image, sample, wide), 'what the model is given'),
        add_label(_person_panel(image, attention, wide), 'the person'),
        add_label(_shares_panel(attention, limits, wide), 'attention on the person'),
    ]
    names = get_keypoint_set(sample.keypoint_set).names
    tiles = [
        _tile(image, attention, sample, token, name, limits, tile)
        for token, name in enumerate(names)
    ]
    top = contact_sheet(header, len(header), gap=_GAP)
    below = contact_sheet(tiles, _COLUMNS, gap=_GAP)
    return np.vstack([top[:-_GAP], below])


def _tile(
    image: np.ndarray,
    attention: TokenAttention,
    sample: MeshDataSample,
    token: int,
    name: str,
    limits: tuple[float, float],
    side: int,
) -> np.ndarray:
    """One token: heat over the grey crop, silhouette, keypoint, and a label with the share."""
    low, high = limits
    heat = (attention.contrast[token] - low) / max(high - low, 1e-9)
    canvas = _over_grey(image, heat.clip(0, 1).astype(np.float32), side)
    _outline(canvas, attention.silhouette, (255, 255, 255))
    given = sample.prompt.keypoints_visible[0, token] > 0
    if given:
        factor = side / image.shape[1]
        x, y = (to_numpy(sample.prompt.keypoints[0, token]) + 0.5) * factor - 0.5
        place = round(float(x)), round(float(y))
        cv2.circle(canvas, place, 6, (0, 0, 0), 4, cv2.LINE_AA)
        cv2.circle(canvas, place, 6, (255, 255, 255), 2, cv2.LINE_AA)
    seen = attention.visibility[token] == Visibility.VISIBLE
    strip = np.full((_STRIP, side, 3), VISIBLE_COLOR if seen else HIDDEN_COLOR, np.uint8)
    label = f'{name.replace("_", " ")}  {attention.shares[token]:.1%}'
    label += '' if given else ', not given'
    return add_label(np.vstack([strip, canvas]), label)


def _over_grey(image: np.ndarray, heat: np.ndarray, side: int) -> np.ndarray:
    """Heat (h, w) in 0..1 over the darkened crop without its colours, (side, side, 3)."""
    size = side, side
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), cv2.COLOR_RGB2GRAY)
    heat = cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR)
    opacity = 0.3 + 0.4 * heat[..., None]
    mixed = grey[..., None] * (1 - opacity) + _heat_colors(heat) * opacity
    return np.rint(mixed).astype(np.uint8)


def _heat_colors(heat: np.ndarray) -> np.ndarray:
    """RGB (..., 3) uint8 of values in 0..1, dark to bright."""
    bytes_ = np.rint(heat * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(bytes_, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)


def _outline(canvas: np.ndarray, silhouette: np.ndarray, color: tuple[int, int, int]) -> None:
    mask = cv2.resize(silhouette.astype(np.float32), canvas.shape[1::-1]) > 0.5
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, contours, -1, color, 1, cv2.LINE_AA)


def _prompt_panel(image: np.ndarray, sample: MeshDataSample, side: int) -> np.ndarray:
    factor = side / image.shape[1]
    prompt = sample.prompt
    return draw_keypoints(
        cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC),
        (to_numpy(prompt.keypoints[0]) + 0.5) * factor - 0.5,
        to_numpy(prompt.keypoint_scores[0]),
        sample.keypoint_set,
        visible=to_numpy(prompt.keypoints_visible[0]) > 0,
    )


def _person_panel(image: np.ndarray, attention: TokenAttention, side: int) -> np.ndarray:
    """The crop, pale outside the silhouette."""
    inside = cv2.resize(attention.silhouette.astype(np.float32), (side, side))[..., None] > 0.5
    crop = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    canvas = np.where(inside, crop, 0.35 * crop + 0.65 * 255).astype(np.uint8)
    _outline(canvas, attention.silhouette, _INK)
    return canvas


def _shares_panel(attention: TokenAttention, limits: tuple[float, float], side: int) -> np.ndarray:
    """Mean share of attention of every group as a bar, and the scale of the tiles."""
    canvas = np.full((side, side, 3), _PAPER, np.uint8)
    left, right = 16, side - 16
    groups = attention.groups()
    step = min(52, (side - 130) // len(groups))
    for row, (name, members) in enumerate(groups.items()):
        top = 14 + row * step
        share = float(attention.shares[members].mean())
        times = f' ({share / attention.even_share:.2f} x even)' if attention.even_share else ''
        text = f'{name.replace("_", " ")}, {members.sum()} joints: {share:.1%}{times}'
        _write(canvas, text, (left, top + 13))
        color = VISIBLE_COLOR if name == 'visible' else HIDDEN_COLOR
        bar = top + 19, top + max(24, step - 16)
        canvas[slice(*bar), left:right] = _PALE
        canvas[slice(*bar), left : left + round(share * (right - left))] = color
        even = left + round(attention.even_share * (right - left))
        canvas[bar[0] - 2 : bar[1] + 2, even - 1 : even + 1] = _INK
    bottom = side - 92
    _write(canvas, f'line: {attention.even_share:.1%} of the crop are the person,', (left, bottom))
    _write(canvas, 'the share of a token that looks everywhere alike', (left, bottom + 16))
    ramp = np.linspace(0, 1, right - left, dtype=np.float32)[None].repeat(14, axis=0)
    canvas[bottom + 30 : bottom + 44, left:right] = _heat_colors(ramp)
    low, high = limits
    _write(canvas, f'{low:.2f}', (left, bottom + 60))
    _write(canvas, f'{high:.2f}', (right - 30, bottom + 60))
    _write(canvas, 'times the even attention', (left + 110, bottom + 60))
    return canvas


def _write(canvas: np.ndarray, text: str, place: tuple[int, int]) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
