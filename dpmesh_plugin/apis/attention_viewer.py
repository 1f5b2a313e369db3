"""What the keypoint tokens of a model look at, for persons of a data set or of photographs."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.rendering.overlay import to_uint8
from dpmesh_plugin.structures import (
    KeypointPrompt,
    MeshDataSample,
    Visibility,
    get_keypoint_set,
)
from dpmesh_plugin.visualization import TokenAttention, draw_attention, token_visibility
from dpmesh_plugin.visualization.crop_bodies import has_true_body, predicted_body, true_body

BodySource = Literal['auto', 'truth', 'prediction']


@dataclass(frozen=True)
class PersonAttention:
    """Attention for one person.

    Args:
        image: The crop (h, w, 3) uint8 RGB.
        sample: The person, with prompt and prediction.
        attention: Attention of the tokens.
        body: Whose silhouette the person's is: ``'truth'`` or ``'prediction'``.
    """

    image: np.ndarray
    sample: MeshDataSample
    attention: TokenAttention
    body: str

    def draw(self) -> np.ndarray:
        """The sheet; see :func:`~dpmesh_plugin.visualization.draw_attention`."""
        return draw_attention(self.image, self.attention, self.sample)

    def summary(self) -> dict[str, Any]:
        """The shares of attention as plain numbers."""
        attention = self.attention
        given = self.sample.prompt.keypoints_visible[0] > 0
        names = get_keypoint_set(self.sample.keypoint_set).names
        return {
            'image': str(self.sample.img_path),
            'sample_idx': self.sample.sample_idx,
            'body': self.body,
            'even_share': attention.even_share,
            'groups': {
                name: {
                    'joints': int(members.sum()),
                    'share': float(attention.shares[members].mean()),
                }
                for name, members in attention.groups().items()
            },
            'joints': {
                name: {
                    'share': float(attention.shares[joint]),
                    'visibility': Visibility(int(attention.visibility[joint])).name.lower(),
                    'given': bool(given[joint]),
                }
                for joint, name in enumerate(names)
            },
        }


@torch.no_grad()
def view_attention(
    model: nn.Module, batch: dict[str, Any], *, body: BodySource = 'auto'
) -> list[PersonAttention]:
    """Run a model on some crops and see where its keypoint tokens look.

    Args:
        model: A ``MeshEstimator`` in evaluation mode.
        batch: Crops and samples, collated.
        body: Whose silhouette is the person's: that of the annotated body, that of the predicted
            one, or (``'auto'``) the annotated where there is one.

    Returns:
        One per crop, in order.

    Raises:
        ValueError: the model does not attend to keypoint tokens, or the annotated body is asked for
            and there is none.
    """
    if not hasattr(model, 'perceive'):
        raise ValueError(
            'expected a MeshEstimator, whose backbone attends to keypoint tokens, got a '
            f'{type(model).__name__}'
        )
    data = model.data_preprocessor(batch)
    inputs, samples = data['inputs'], data['data_samples']
    prompt = KeypointPrompt.from_samples(samples, inputs)
    output, fused = model.perceive(prompt, inputs, None)
    if not output.attention:
        raise ValueError(
            f'the backbone {type(model.backbone).__name__} gives no attention maps: it takes no '
            'keypoint tokens; DiffusionPriorBackbone does'
        )
    predictions = model.head.predict(fused, samples, prompt)
    for sample, prediction in zip(samples, predictions, strict=True):
        sample.pred_instances = prediction
    body_model = model.body_model
    people = []
    for row, sample in enumerate(samples):
        source = _source(sample, body)
        truth = source == 'truth'
        placed = true_body(sample, body_model) if truth else predicted_body(sample)
        silhouette = placed.silhouette(body_model.faces.cpu().numpy(), sample.input_size)
        maps = [each[row].float().cpu().numpy() for each in output.attention]
        attention = TokenAttention.measure(maps, silhouette, token_visibility(sample))
        people.append(PersonAttention(_picture(inputs[row]), sample, attention, source))
    return people


def summarize(people: Iterable[PersonAttention]) -> dict[str, Any]:
    """Shares of attention over all joints of some people.

    Args:
        people: What :func:`view_attention` gave.

    Returns:
        For every group of joints (``visible``, ``hidden``, and the latter by cause): ``joints``,
        their number; ``share``, mean part of the attention of their tokens on the person;
        ``even_share``, what it would be if they looked everywhere alike; ``lift``, the ratio of the
        two, None where no person is inside the crop.
    """
    shares, even = defaultdict(list), defaultdict(list)
    for person in people:
        attention = person.attention
        for name, members in attention.groups().items():
            shares[name] += attention.shares[members].tolist()
            even[name] += [attention.even_share] * int(members.sum())
    table = {}
    for name, values in shares.items():
        share, even_share = float(np.mean(values)), float(np.mean(even[name]))
        table[name] = {
            'joints': len(values),
            'share': share,
            'even_share': even_share,
            'lift': share / even_share if even_share else None,
        }
    return table


def _source(sample: MeshDataSample, body: BodySource) -> str:
    if body not in get_args(BodySource):
        raise ValueError(f'expected a body of {get_args(BodySource)}, got {body!r}')
    if body == 'truth' and not has_true_body(sample):
        raise ValueError(
            f'{sample.img_path}, person {sample.sample_idx}, has no annotated body; ask for the '
            'predicted one'
        )
    if body == 'auto':
        return 'truth' if has_true_body(sample) else 'prediction'
    return body


def _picture(crop: Tensor) -> np.ndarray:
    """The crop (3, h, w) in [0, 1] as (h, w, 3) uint8."""
    return to_uint8(crop.permute(1, 2, 0).float().cpu().numpy())
