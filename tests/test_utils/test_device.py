import pytest

from dpmesh_plugin.utils.device import resolve_device


def test_devices_are_checked():
    assert resolve_device('cpu') == 'cpu'
    assert resolve_device('auto') in ('cpu', 'cuda', 'mps')
    with pytest.raises(ValueError, match="auto, cpu, cuda, cuda:N or mps, got 'gpu'"):
        resolve_device('gpu')


def test_a_device_that_is_not_there_is_refused():
    missing = {'cpu': 'cuda', 'cuda': 'mps', 'mps': 'cuda'}[resolve_device('auto')]
    with pytest.raises(ValueError, match=f"device '{missing}' was asked for, this machine offers"):
        resolve_device(missing)
