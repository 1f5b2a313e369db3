import pytest
import torch
from torch import nn

from dpmesh_plugin.models.keypoint_perceptron import KeypointPerceptron
from dpmesh_plugin.registry import MODELS

# As in the checkpoints: of a layer its weights, its normalisation and its statistics.
LINEAR = ('weight', 'bias')
NORM = (*LINEAR, 'running_mean', 'running_var', 'num_batches_tracked')
LAYERS = ('stem', 'blocks.0.0', 'blocks.0.1', 'blocks.1.0', 'blocks.1.1')
NAMES = {
    f'{layer}.{part}.{name}'
    for layer in LAYERS
    for part, names in (('0', LINEAR), ('1', NORM))
    for name in names
} | {'out.weight', 'out.bias'}


@pytest.mark.parametrize(
    ('config', 'prefix', 'shape'),
    [
        ({'type': 'PromptEmbedding', 'num_keypoints': 30, 'out_channels': 6}, '', (6, 8)),
        ({'type': 'KeypointLifter', 'body_model': nn.Identity()}, 'perceptron.', (14 * 3, 8)),
    ],
)
def test_models_keep_their_names(config, prefix, shape):
    state = MODELS.build({**config, 'width': 8}).state_dict()
    assert set(state) == {prefix + name for name in NAMES}
    assert state[f'{prefix}stem.0.weight'].shape == (8, 30 * 3)
    assert state[f'{prefix}out.weight'].shape == shape


def test_by_hand():
    perceptron = KeypointPerceptron(
        num_keypoints=1, out_channels=1, width=2, num_blocks=1, dropout=0.5
    ).eval()
    for name, values in perceptron.named_parameters():
        linear = values.ndim == 2
        nn.init.constant_(values, 1.0 if linear or name.endswith('1.weight') else 0.0)
    # The stem adds up 3, each layer of the pair doubles that, and the last layer adds both states.
    result = perceptron(torch.tensor([[[0.5, 1.5, 1.0]]]))
    torch.testing.assert_close(result, torch.tensor([[2 * (3.0 + 4 * 3.0)]]), rtol=1e-4, atol=0)
