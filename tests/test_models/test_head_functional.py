import math

import torch

from dpmesh_plugin.models.heads.functional import (
    depth_anchors,
    inverse_sigmoid,
    sine_grid,
    sine_table,
)


def test_sine_table_by_hand():
    table = sine_table(3, 4)
    expected = [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)]
    torch.testing.assert_close(table[1], torch.tensor(expected))


def test_sine_grid_puts_rows_before_columns():
    code = sine_grid(2, 4, 8, frequency_ladder=False).reshape(2, 4, 8)
    row, column = math.pi, 0.75 * 2 * math.pi
    expected = [math.sin(row), math.cos(row)] * 2 + [math.sin(column), math.cos(column)] * 2
    torch.testing.assert_close(code[0, 2], torch.tensor(expected), atol=1e-5, rtol=0)


def test_frequency_ladder_slows_the_later_channels():
    code = sine_grid(2, 4, 8, frequency_ladder=True).reshape(2, 4, 8)
    angle = 0.75 * 2 * math.pi
    expected = [math.sin(angle), math.cos(angle), math.sin(angle / 100), math.cos(angle / 100)]
    torch.testing.assert_close(code[0, 2, 4:], torch.tensor(expected), atol=1e-5, rtol=0)


def test_inverse_sigmoid_inverts_and_stays_finite():
    x = torch.tensor([-3.0, 0.0, 2.0], dtype=torch.float64)
    torch.testing.assert_close(inverse_sigmoid(x.sigmoid()), x)
    torch.testing.assert_close(
        inverse_sigmoid(torch.tensor([-1.0, 0.0, 1.0, 2.0])),
        math.log(1e5) * torch.tensor([-1.0, -1.0, 1.0, 1.0]),
    )


def test_depth_anchors_by_hand():
    anchors = depth_anchors(torch.tensor(3.0), (8, 2, 4))
    assert anchors.shape == (3, 8, 2, 4)
    assert anchors[:, 4, 1, 3].tolist() == [0.125, 0.5, 0.75]


def test_depth_anchors_give_the_exponent_a_finite_gradient():
    exponent = torch.tensor(3.0, requires_grad=True)
    depth_anchors(exponent, (8, 2, 2)).sum().backward()
    assert torch.isfinite(exponent.grad)
