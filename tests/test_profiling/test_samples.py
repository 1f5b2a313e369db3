import torch

from dpmesh_plugin.profiling import random_batch
from dpmesh_plugin.registry import MODELS


def test_a_larger_batch_begins_like_a_smaller_one():
    small, large = random_batch(1), random_batch(3)
    assert len(large['inputs']) == len(large['data_samples']) == 3
    assert torch.equal(small['inputs'][0], large['inputs'][0])
    assert not torch.equal(large['inputs'][0], large['inputs'][1])
    one, other = (batch['data_samples'][0].prompt.keypoints for batch in (small, large))
    assert torch.equal(one, other)
    assert one.shape == (1, 30, 2)
    assert 0 <= one.min() < one.max() <= 256


def test_a_model_predicts_and_trains_on_it(tiny_config):
    model = MODELS.build(tiny_config)
    data = model.data_preprocessor(random_batch(1))
    assert all(torch.isfinite(loss).all() for loss in model(**data, mode='loss').values())
    (sample,) = model.eval()(**data, mode='predict')
    assert sample.pred_instances.vertices.isfinite().all()


def test_latents_take_the_place_of_crops(tiny_config):
    model = MODELS.build(tiny_config)
    channels = model.backbone.latent_channels
    side = model.backbone.encode_image(torch.zeros(1, 3, 256, 256)).shape[-1]
    batch = random_batch(2, latent_shape=(channels, side, side))
    assert sorted(batch) == ['data_samples', 'latents']
    losses = model(**model.data_preprocessor(batch), mode='loss')
    assert all(torch.isfinite(loss).all() for loss in losses.values())
