import torch
from torch.nn.functional import scaled_dot_product_attention

from dpmesh_plugin.profiling.flops import flop_counter


def test_attention_on_a_cpu_counts():
    """Two products of (5, 4) and (4, 7) for each of 3 heads, and five on the way back."""
    query, key = torch.randn(1, 3, 5, 4, requires_grad=True), torch.randn(1, 3, 7, 4)
    one_product = 2 * 3 * 5 * 4 * 7
    with flop_counter() as counter:
        mixed = scaled_dot_product_attention(query, key, key)
        forward = counter.get_total_flops()
        mixed.sum().backward()
    assert forward == 2 * one_product
    assert counter.get_total_flops() == forward + 5 * one_product
