import pytest
import torch

from dpmesh_plugin.geometry.kalman import kalman_update


def test_a_length_measured_once():
    jacobian, residual = torch.tensor([[[2.0]]]), torch.tensor([[5.0]])
    assert kalman_update(jacobian, residual, torch.ones(1, 1)).item() == pytest.approx(2.0)


def test_it_is_the_mean_of_the_posterior():
    """The most probable correction: noise and correction in their deviations are least squares."""
    torch.manual_seed(0)
    jacobian, residual = torch.randn(4, 6, 9).double(), torch.randn(4, 6).double()
    variance = torch.rand(4, 6).double() + 0.1
    scaled = torch.cat([jacobian / variance.sqrt()[..., None], torch.eye(9).expand(4, 9, 9)], dim=1)
    aim = torch.cat([residual / variance.sqrt(), torch.zeros(4, 9)], dim=1)
    expected = torch.linalg.lstsq(scaled, aim[..., None]).solution[..., 0]
    torch.testing.assert_close(kalman_update(jacobian, residual, variance), expected)


def test_what_is_not_measured_changes_nothing():
    jacobian, residual = torch.ones(1, 2, 3), torch.tensor([[1.0, 100.0]])
    alone = kalman_update(jacobian[:, :1], residual[:, :1], torch.ones(1, 1))
    both = kalman_update(jacobian, residual, torch.tensor([[1.0, 1e9]]))
    torch.testing.assert_close(both, alone)


def test_many_exact_measurements_of_the_same_have_a_solution():
    torch.manual_seed(0)
    lengths = 30 * torch.randn(8, 4, 20)
    jacobian, truth = lengths.repeat(1, 15, 1), torch.randn(8, 20)
    residual = (jacobian @ truth[..., None])[..., 0]
    found = kalman_update(jacobian, residual, torch.full((8, 60), 1e-9))
    explained = (jacobian @ found[..., None])[..., 0]
    torch.testing.assert_close(explained, residual, rtol=0, atol=0.01 * residual.abs().max().item())
